// The middle of the page: the channel's header, its messages and the composer, or the App Home.

import { get } from "./api.js";
import { attachButton } from "./attach.js";
import { composer } from "./composer.js";
import { shortInstant } from "./dates.js";
import { el, icon, iconButton, replaceKeepingFocus, smallButton } from "./dom.js";
import { isReply } from "./message.js";
import { messageList } from "./messages.js";
import { menu } from "./popup.js";

// *actions*: send(text), use(shortcut), join(), openTour(), openControls(tab), openTab(name).
export function conversation(workspace, home, actions) {
  let head = el("header", { class: "channel-head" });
  const body = el("div", { class: "channel-body" });
  const node = el("main", { class: "conversation" }, head, body);
  const suggestions = el("div", { class: "row suggestions" });
  const drafts = new Map();
  let keepDraft = () => {};
  let list = null;
  let box = null;
  let tab = "messages";

  const nameOf = (channel) => (channel.kind === "im" ? workspace.appName() : `#${channel.name}`);

  function renderHead() {
    const channel = workspace.current();
    if (!channel) return;
    const isApp = channel.kind === "im" && channel.bot_is_member;
    const tabs = isApp && workspace.hasHome() && el("div", { class: "tabs", role: "tablist", "aria-label": nameOf(channel) }, tabButton("home", "Home"), tabButton("messages", "Messages"));
    const isMoved = Math.abs(workspace.offset()) >= 60;
    const clock = el(
      "button",
      { type: "button", class: `clock-chip ${isMoved ? "moved" : ""}`, title: "The clock of this workspace", "data-focus-key": "clock", onclick: () => actions.openControls("clock") },
      icon("clock"),
      el("span", {}, shortInstant(workspace.now(), workspace.zone)),
    );
    const fresh = el(
      "header",
      { class: "channel-head" },
      iconButton("menu", "Channels and people", null, { class: `icon-button drawer-button ${workspace.unread().size ? "unread" : ""}`, popovertarget: "sidebar", "data-focus-key": "drawer" }),
      el(
        "div",
        { class: "channel-title" },
        el("h1", {}, channel.kind !== "im" && icon(channel.kind === "private" ? "lock" : "hash"), el("span", {}, isApp ? workspace.appName() : channel.name)),
        channel.topic && el("p", {}, channel.topic),
      ),
      tabs,
      el(
        "div",
        { class: "channel-tools" },
        clock,
        workspace.tour() && iconButton("help", "Things to try", actions.openTour, { "data-focus-key": "tour" }),
        el("button", { type: "button", class: "button small", title: "Behind the scenes", "data-focus-key": "controls", onclick: () => actions.openControls() }, icon("panel"), el("span", {}, "Behind the scenes")),
      ),
    );
    replaceKeepingFocus(head, fresh);
    head = fresh;
  }

  function tabButton(name, label) {
    return el("button", { type: "button", role: "tab", "aria-selected": String(tab === name), "data-focus-key": name, onclick: () => actions.openTab(name) }, label);
  }

  function beginning(channel) {
    const name = nameOf(channel);
    const text = channel.kind === "im" ? `This is your conversation with ${name}.` : `This is the very beginning of ${name}.`;
    return el("div", { class: "very-beginning" }, el("h2", {}, name), el("p", {}, text));
  }

  function footer(channel) {
    if (channel.is_archived) return el("p", { class: "instead" }, `#${channel.name} is archived: nobody can write here.`);
    if (!channel.is_member) {
      const join = el("button", { type: "button", class: "button primary", onclick: actions.join }, "Join channel");
      return el("div", { class: "instead" }, el("span", {}, `You are looking at #${channel.name}.`), join);
    }
    box = composer(workspace, { label: `Message ${nameOf(channel)}`, send, tools: tools() });
    return box.node;
  }

  // People who send something want to see the answer.
  function send(text) {
    list.toEnd();
    return actions.send(text);
  }

  function tools() {
    const slash = iconButton("bolt", "Commands and shortcuts", () => {
      const commands = workspace.commands().map((command) => ({ label: command.command, detail: command.description, run: () => box.fill(`${command.command} `) }));
      const shortcuts = workspace.shortcuts().map((shortcut) => ({ label: shortcut.name, detail: workspace.appName(), run: () => actions.use(shortcut) }));
      const title = (label, items) => (items.length ? [{ isTitle: true, label }, ...items] : []);
      menu(slash, "Commands and shortcuts", [...title("Shortcuts", shortcuts), ...title("Commands", commands)]);
    });
    slash.setAttribute("aria-haspopup", "menu");
    const takeText = () => {
      const text = box.text();
      box.fill("");
      return text;
    };
    return [slash, ...attachButton(workspace, takeText)];
  }

  // Shows the prompts that the app suggests: {title, prompts: [{title, message}]}.
  function suggest({ title, prompts }) {
    suggestions.replaceChildren(
      ...[
        prompts.length > 0 && title && el("p", { class: "note" }, title),
        ...prompts.map((prompt) => smallButton(prompt.title, () => send(prompt.message))),
      ].filter(Boolean),
    );
  }

  // Renders the current channel with the tab *name* ("messages" or "home").
  async function open(name) {
    const channel = workspace.current();
    keepDraft();
    tab = name;
    box = null;
    renderHead();
    if (tab === "home") {
      list = null;
      body.replaceChildren(home.node);
      return;
    }
    list = messageList(workspace, {
      label: `Messages in ${nameOf(channel)}`,
      load: (query) => get("messages", { user: workspace.me.id, channel: channel.id, ...query }),
      beginning: () => beginning(channel),
    });
    suggestions.replaceChildren();
    body.replaceChildren(list.node, suggestions, footer(channel));
    const [draft, key] = [box, `${workspace.me.id}/${channel.id}`];
    if (drafts.get(key)) draft?.fill(drafts.get(key));
    keepDraft = () => drafts.set(key, draft?.text() ?? "");
    await list.read();
    if (channel.kind !== "im") return;
    const known = await get("prompts", { channel: channel.id });
    // Newer ones may have come while this was on its way.
    if (!suggestions.hasChildNodes()) suggest(known);
  }

  return {
    node,
    open,
    renderHead,
    tab: () => tab,
    suggest: (event) => event.channel === workspace.current()?.id && suggest(event),
    reread: () => list?.read(),
    show: (message) => list && !isReply(message) && list.show(message),
    remove: (ts) => list?.remove(ts),
    fillComposer: (text) => box?.fill(text),
    focus: () => (box ? box.focus() : node.querySelector("button")?.focus()),
    insertKey: (key) => box?.insert(key),
  };
}
