// The middle of the page: a channel's name, its messages, and the composer; or the App Home.

import { get } from "./api.js";
import { attachButton } from "./attach.js";
import { composer } from "./composer.js";
import { shortInstant } from "./dates.js";
import { el, icon, iconButton, smallButton } from "./dom.js";
import { isReply } from "./message.js";
import { messageList } from "./messages.js";
import { menu } from "./popup.js";

// *act*: send(text), use(shortcut), join(), openTour(), openBehind(tab), openTab(name).
export function conversation(world, home, act) {
  const head = el("header", { class: "channel-head" });
  const body = el("div", { class: "channel-body" });
  const node = el("main", { class: "conversation" }, head, body);
  const suggestions = el("div", { class: "row suggestions" });
  const drafts = new Map();
  let keepDraft = () => {};
  let list = null;
  let box = null;
  let tab = "messages";

  const nameOf = (channel) => (channel.kind === "im" ? world.appName() : `#${channel.name}`);

  function drawHead() {
    const channel = world.current();
    const isApp = channel.kind === "im" && channel.bot_is_member;
    const tabs = isApp && world.hasHome() && el("div", { class: "tabs", role: "tablist", "aria-label": nameOf(channel) }, tabButton("home", "Home"), tabButton("messages", "Messages"));
    const isMoved = Math.abs(world.offset()) >= 60;
    const clock = el(
      "button",
      { type: "button", class: `clock-chip ${isMoved ? "moved" : ""}`, title: "The clock of this workspace", onclick: () => act.openBehind("clock") },
      icon("clock"),
      shortInstant(world.now(), world.zone),
    );
    head.replaceChildren(
      ...[
        el(
          "div",
          { class: "channel-title" },
          el("h1", {}, channel.kind !== "im" && icon(channel.kind === "private" ? "lock" : "hash"), isApp ? world.appName() : channel.name),
          channel.topic && el("p", {}, channel.topic),
        ),
        tabs,
        el(
          "div",
          { class: "channel-tools" },
          clock,
          world.tour() && iconButton("help", "Things to try", act.openTour),
          el("button", { type: "button", class: "button small", onclick: () => act.openBehind() }, icon("panel"), el("span", {}, "Behind the scenes")),
        ),
      ].filter(Boolean),
    );
  }

  function tabButton(name, label) {
    return el("button", { type: "button", role: "tab", "aria-selected": String(tab === name), onclick: () => act.openTab(name) }, label);
  }

  function beginning(channel) {
    const name = nameOf(channel);
    const text = channel.kind === "im" ? `This is your conversation with ${name}.` : `This is the very beginning of ${name}.`;
    return el("div", { class: "very-beginning" }, el("h2", {}, name), el("p", {}, text));
  }

  function foot(channel) {
    if (channel.is_archived) return el("p", { class: "instead" }, `#${channel.name} is archived: nobody can write here.`);
    if (!channel.is_member) {
      const join = el("button", { type: "button", class: "button primary", onclick: act.join }, "Join channel");
      return el("div", { class: "instead" }, el("span", {}, `You are looking at #${channel.name}.`), join);
    }
    box = composer(world, { label: `Message ${nameOf(channel)}`, send: act.send, tools: tools() });
    return box.node;
  }

  function tools() {
    const slash = iconButton("bolt", "Commands and shortcuts", () => {
      const commands = world.commands().map((one) => ({ label: one.command, detail: one.description, run: () => box.fill(`${one.command} `) }));
      const shortcuts = world.shortcuts().map((one) => ({ label: one.name, detail: world.appName(), run: () => act.use(one) }));
      const title = (label, items) => (items.length ? [{ isTitle: true, label }, ...items] : []);
      menu(slash, "Commands and shortcuts", [...title("Shortcuts", shortcuts), ...title("Commands", commands)]);
    });
    slash.setAttribute("aria-haspopup", "menu");
    const take = () => {
      const text = box.text();
      box.fill("");
      return text;
    };
    return [slash, ...attachButton(world, take)];
  }

  // Shows what the app suggests to ask: {title, prompts: [{title, message}]}.
  function suggest({ title, prompts }) {
    suggestions.replaceChildren(
      ...[
        prompts.length > 0 && title && el("p", { class: "note" }, title),
        ...prompts.map((one) => smallButton(one.title, () => act.send(one.message))),
      ].filter(Boolean),
    );
  }

  // Draws the current channel anew, as *name* ("messages" or "home").
  async function open(name) {
    const channel = world.current();
    keepDraft();
    tab = name;
    box = null;
    drawHead();
    if (tab === "home") {
      list = null;
      body.replaceChildren(home.node);
      return;
    }
    list = messageList(world, {
      label: `Messages in ${nameOf(channel)}`,
      load: (query) => get("messages", { user: world.me.id, channel: channel.id, ...query }),
      beginning: () => beginning(channel),
    });
    suggestions.replaceChildren();
    body.replaceChildren(list.node, suggestions, foot(channel));
    const [draft, key] = [box, `${world.me.id}/${channel.id}`];
    if (drafts.get(key)) draft?.fill(drafts.get(key));
    keepDraft = () => drafts.set(key, draft?.text() ?? "");
    await list.read();
    if (channel.kind === "im") suggest(await get("prompts", { channel: channel.id }));
  }

  return {
    node,
    open,
    drawHead,
    tab: () => tab,
    suggest: (event) => event.channel === world.current()?.id && suggest(event),
    reread: () => list?.read(),
    show: (message) => list && !isReply(message) && list.show(message),
    remove: (ts) => list?.remove(ts),
    put: (text) => box?.fill(text),
    focus: () => (box ? box.focus() : node.querySelector("button")?.focus()),
    typed: (key) => box?.add(key),
  };
}
