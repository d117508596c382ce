// The pane on the right: the welcome, a thread, or what stands behind the scenes.

import { get } from "./api.js";
import { composer } from "./composer.js";
import { el, iconButton } from "./dom.js";
import { isReply } from "./message.js";
import { messageList } from "./messages.js";
import { behindTabs } from "./tabs.js";
import { tourPanel } from "./tour.js";

// *put* takes a text into the main composer, *send* sends one. Gives {node, …} of what it shows.
export function sidePane(world, { put, send }) {
  const behind = behindTabs(world);
  const node = el("aside", { class: "pane", hidden: true });
  let shows = null;
  let thread = null;

  function open(kind, title, subtitle, ...content) {
    shows = kind;
    node.hidden = false;
    node.setAttribute("aria-label", title);
    document.body.dataset.pane = kind;
    const heading = el("h2", {}, title, subtitle && el("small", {}, subtitle));
    node.replaceChildren(el("header", {}, heading, iconButton("close", `Close ${title}`, close)), ...content);
  }

  function close() {
    const hadFocus = node.contains(document.activeElement);
    shows = null;
    thread = null;
    node.hidden = true;
    node.replaceChildren();
    delete document.body.dataset.pane;
    if (hadFocus) world.focusComposer();
  }

  async function openThread(ts) {
    const channel = world.current();
    const name = channel.kind === "im" ? world.appName() : `#${channel.name}`;
    const list = messageList(world, {
      label: `Thread in ${name}`,
      isInThread: true,
      load: () => get("messages", { user: world.me.id, channel: channel.id, thread_ts: ts }),
      beginning: () => "",
    });
    const box = composer(world, {
      label: "Reply…",
      send: (text) => send(text, ts),
    });
    thread = { ts, list, channel: channel.id, box };
    open("thread", "Thread", name, list.node, box.node);
    await list.read();
    box.focus();
  }

  return {
    node,
    close,
    openThread,
    shows: () => shows,
    openTour() {
      if (world.tour()) open("tour", world.tour().title, null, tourPanel(world.tour(), put));
    },
    openBehind(tab) {
      if (shows === "behind" && !tab) return close();
      open("behind", "Behind the scenes", null, behind.node);
      return behind.open(tab);
    },
    // Takes a message that is new or reads otherwise, if it is in the thread that is shown.
    show(message) {
      if (!thread || message.channel !== thread.channel) return;
      if (message.ts === thread.ts || (isReply(message) && message.thread_ts === thread.ts)) thread.list.show(message);
    },
    remove(channel, ts) {
      if (thread?.channel !== channel) return;
      if (thread.ts === ts) close();
      else thread.list.remove(ts);
    },
    reread: () => thread?.list.read(),
    called: behind.called,
    changed: () => shows === "behind" && behind.changed(),
  };
}
