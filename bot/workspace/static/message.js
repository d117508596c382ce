// Renders one message with its author, time, content and toolbar.

import { post } from "./api.js";
import { renderBlocks } from "./blocks.js";
import { dayOf, longDay, longInstant, timeOf } from "./dates.js";
import { avatar, el, icon, iconButton } from "./dom.js";
import { mrkdwn } from "./mrkdwn.js";
import { attempt, menu } from "./popup.js";

const GROUP_SECONDS = 300;

export const isReply = (message) => Boolean(message.thread_ts) && message.thread_ts !== message.ts;

// With *isInThread*, the thread cannot be opened from the message.
export function renderMessage(message, workspace, { isInThread }) {
  const author = workspace.person(message.user) || { real_name: message.name, is_bot: true };
  const at = Number(message.ts) * 1000;
  const time = timeOf(at, workspace.zone);
  return el(
    "article",
    {
      class: `message ${message.ephemeral ? "ephemeral" : ""}`,
      tabindex: "-1",
      "data-ts": message.ts,
      "data-user": message.user,
      "data-day": dayOf(at, workspace.zone),
      "aria-label": `${message.name}, ${time}${message.ephemeral ? ", only visible to you" : ""}`,
    },
    el("div", { class: "day" }, el("span", {}, longDay(at, workspace.zone))),
    el(
      "div",
      { class: "message-row" },
      avatar(author),
      el("time", { class: "gutter-time", "aria-hidden": "true" }, time),
      el(
        "div",
        { class: "message-body" },
        message.ephemeral && el("p", { class: "only-you" }, icon("eye"), "Only visible to you"),
        el(
          "p",
          { class: "byline" },
          el("strong", {}, message.name),
          author.is_bot && el("span", { class: "badge" }, "APP"),
          author.is_stranger && el("span", { class: "badge" }, "EXTERNAL"),
          el("time", { datetime: new Date(at).toISOString(), title: longInstant(at, workspace.zone) }, time),
        ),
        content(message, workspace, isInThread ? 3 : 2),
        !isInThread && message.reply_count > 0 && thread(message, workspace),
      ),
      toolbar(message, workspace, isInThread),
    ),
  );
}

function content(message, workspace, headingLevel) {
  const surface = {
    workspace,
    headingLevel,
    sendAction: (element, block, chosen) => attempt(() => post("press", { ...target(element, block), ...chosen })),
    loadOptions: (element, block, value) => attempt(() => post("options", { ...target(element, block), value })),
  };
  const target = (element, block) => ({
    user: workspace.me.id,
    channel: message.channel,
    ts: message.ts,
    block_id: block.block_id,
    action_id: element.action_id,
  });
  const files = message.files?.map((file) => el("span", { class: "file" }, icon("file"), file.name));
  const edited = message.edited && el("small", { class: "edited" }, " (edited)");
  if (message.blocks.length) return [renderBlocks(message.blocks, surface), edited, files];
  const text = message.is_command_echo ? el("code", { class: "echo" }, mrkdwn(message.text, workspace)) : mrkdwn(message.text, workspace);
  return [el("div", { class: "text" }, text, edited), files];
}

function thread(message, workspace) {
  const faces = message.reply_users.slice(0, 4).map((id) => avatar(workspace.person(id), "small"));
  const count = `${message.reply_count} ${message.reply_count === 1 ? "reply" : "replies"}`;
  return el(
    "button",
    { type: "button", class: "thread-button", "data-focus-key": "thread", onclick: () => workspace.openThread(message.ts) },
    faces,
    el("strong", {}, count),
    el("span", { class: "thread-hint", "aria-hidden": "true" }, "View thread"),
  );
}

function toolbar(message, workspace, isInThread) {
  if (message.ephemeral) return null;
  const buttons = [];
  if (!isInThread) buttons.push(iconButton("reply", "Reply in thread", () => workspace.openThread(message.ts)));
  const shortcuts = workspace.messageShortcuts();
  if (shortcuts.length) {
    const more = iconButton("more", "More actions", () =>
      menu(more, "More actions", [
        { isTitle: true, label: workspace.appName() },
        ...shortcuts.map((shortcut) => ({ label: shortcut.name, run: () => useShortcut(shortcut, message, workspace) })),
      ]),
    );
    more.setAttribute("aria-haspopup", "menu");
    buttons.push(more);
  }
  return buttons.length ? el("div", { class: "toolbar" }, buttons) : null;
}

function useShortcut(shortcut, message, workspace) {
  const { channel, ts } = message;
  return attempt(() => post("shortcut", { user: workspace.me.id, callback_id: shortcut.callback_id, channel, ts }));
}

// Hides the author of *node* if they also wrote *previous* shortly before, and adds a date line if
// the day changed. Ephemeral messages are never grouped: each answers something else.
export function groupWithPrevious(node, previous) {
  const isNewDay = !previous || previous.dataset.day !== node.dataset.day;
  const isSoon = previous && Number(node.dataset.ts) - Number(previous.dataset.ts) < GROUP_SECONDS;
  const isSameAuthor = previous && previous.dataset.user === node.dataset.user;
  const isPlain = previous && ![previous, node].some((element) => element.classList.contains("ephemeral"));
  node.classList.toggle("new-day", isNewDay);
  node.classList.toggle("follows", Boolean(!isNewDay && isSoon && isSameAuthor && isPlain));
}

