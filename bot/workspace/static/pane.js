// The pane on the right: the tour, a thread, or "Behind the scenes".

import { get } from "./api.js";
import { composer } from "./composer.js";
import { controlTabs } from "./controls.js";
import { el, iconButton } from "./dom.js";
import { isReply } from "./message.js";
import { messageList } from "./messages.js";
import { tourPanel } from "./tour.js";

// *fillComposer* puts a text into the main composer; *send* sends a reply in a thread.
export function sidePane(workspace, { fillComposer, send }) {
  const controls = controlTabs(workspace);
  const node = el("aside", { class: "pane", hidden: true });
  let shown = null;
  let thread = null;

  function open(kind, title, subtitle, ...content) {
    shown = kind;
    node.hidden = false;
    node.setAttribute("aria-label", title);
    document.body.dataset.pane = kind;
    const heading = el("h2", {}, title, subtitle && el("small", {}, subtitle));
    node.replaceChildren(el("header", {}, heading, iconButton("close", `Close ${title}`, close)), ...content);
  }

  function close() {
    const hadFocus = node.contains(document.activeElement);
    shown = null;
    thread = null;
    node.hidden = true;
    node.replaceChildren();
    delete document.body.dataset.pane;
    if (hadFocus) workspace.focusComposer();
  }

  async function openThread(ts) {
    const channel = workspace.current();
    const name = channel.kind === "im" ? workspace.appName() : `#${channel.name}`;
    const list = messageList(workspace, {
      label: `Thread in ${name}`,
      isInThread: true,
      load: () => get("messages", { user: workspace.me.id, channel: channel.id, thread_ts: ts }),
      beginning: () => "",
    });
    const replyBox = composer(workspace, {
      label: "Reply…",
      send: (text) => {
        list.toEnd();
        return send(text, ts);
      },
    });
    thread = { ts, list, channel: channel.id };
    open("thread", "Thread", name, list.node, replyBox.node);
    await list.read();
    replyBox.focus();
  }

  return {
    node,
    close,
    openThread,
    shown: () => shown,
    thread: () => thread?.ts,
    openTour() {
      if (workspace.tour()) open("tour", workspace.tour().title, null, tourPanel(workspace.tour(), fillComposer));
    },
    openControls(tab) {
      if (shown === "controls" && !tab) return close();
      open("controls", "Behind the scenes", null, controls.node);
      return controls.open(tab);
    },
    // Shows a new or changed message if it belongs to the open thread.
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
    addCall: controls.addCall,
    refresh: () => shown === "controls" && controls.refresh(),
  };
}
