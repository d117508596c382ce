// Draws one message: who, when, what, and what can be done with it.

import { post } from "./api.js";
import { drawBlocks } from "./blocks.js";
import { dayOf, longDay, timeOf } from "./dates.js";
import { avatar, el, icon, iconButton } from "./dom.js";
import { mrkdwn } from "./mrkdwn.js";
import { attempt, menu } from "./popup.js";

const TOGETHER_SECONDS = 300;

export const isReply = (message) => Boolean(message.thread_ts) && message.thread_ts !== message.ts;

// Draws *message* as *world*.me sees it; without *isInThread* its thread can be opened.
export function drawMessage(message, world, { isInThread }) {
  const author = world.person(message.user) || { real_name: message.name, is_bot: true };
  const at = Number(message.ts) * 1000;
  const time = timeOf(at, world.zone);
  return el(
    "article",
    {
      class: `message ${message.ephemeral ? "ephemeral" : ""}`,
      tabindex: "-1",
      "data-ts": message.ts,
      "data-user": message.user,
      "data-day": dayOf(at, world.zone),
      "aria-label": `${message.name}, ${time}${message.ephemeral ? ", only visible to you" : ""}`,
    },
    el("div", { class: "day" }, el("span", {}, longDay(at, world.zone))),
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
          el("time", { title: new Date(at).toISOString() }, time),
        ),
        content(message, world),
        !isInThread && message.reply_count > 0 && thread(message, world),
      ),
      toolbar(message, world, isInThread),
    ),
  );
}

function content(message, world) {
  const place = {
    world,
    press: (element, block, chosen) => attempt(() => post("press", { ...where(element, block), ...chosen })),
    options: (element, block, value) => attempt(() => post("options", { ...where(element, block), value })),
  };
  const where = (element, block) => ({
    user: world.me.id,
    channel: message.channel,
    ts: message.ts,
    block_id: block.block_id,
    action_id: element.action_id,
  });
  const files = message.files?.map((file) => el("span", { class: "file" }, icon("file"), file.name));
  const edited = message.edited && el("small", { class: "edited" }, " (edited)");
  if (message.blocks.length) return [drawBlocks(message.blocks, place), edited, files];
  const text = message.is_command_echo ? el("code", { class: "echo" }, mrkdwn(message.text, world)) : mrkdwn(message.text, world);
  return [el("div", { class: "text" }, text, edited), files];
}

function thread(message, world) {
  const faces = message.reply_users.slice(0, 4).map((id) => avatar(world.person(id), "small"));
  const count = `${message.reply_count} ${message.reply_count === 1 ? "reply" : "replies"}`;
  return el(
    "button",
    { type: "button", class: "thread-button", "data-focus-key": "thread", onclick: () => world.openThread(message.ts) },
    faces,
    el("strong", {}, count),
    el("span", { class: "thread-hint", "aria-hidden": "true" }, "View thread"),
  );
}

function toolbar(message, world, isInThread) {
  if (message.ephemeral) return null;
  const buttons = [];
  if (!isInThread) buttons.push(iconButton("reply", "Reply in thread", () => world.openThread(message.ts)));
  const shortcuts = world.messageShortcuts();
  if (shortcuts.length) {
    const more = iconButton("more", "More actions", () =>
      menu(more, "More actions", [
        { isTitle: true, label: world.appName() },
        ...shortcuts.map((one) => ({ label: one.name, run: () => useShortcut(one, message, world) })),
      ]),
    );
    more.setAttribute("aria-haspopup", "menu");
    buttons.push(more);
  }
  return buttons.length ? el("div", { class: "toolbar" }, buttons) : null;
}

function useShortcut(shortcut, message, world) {
  const { channel, ts } = message;
  return attempt(() => post("shortcut", { user: world.me.id, callback_id: shortcut.callback_id, channel, ts }));
}

// Tells *node* what comes before it: the same author does not need naming twice in a row. What only
// one person sees stands by itself, as each is the answer to something else.
export function follow(node, previous) {
  const isNewDay = !previous || previous.dataset.day !== node.dataset.day;
  const isSoon = previous && Number(node.dataset.ts) - Number(previous.dataset.ts) < TOGETHER_SECONDS;
  const isAlike = previous && previous.dataset.user === node.dataset.user;
  const isPlain = previous && ![previous, node].some((one) => one.classList.contains("ephemeral"));
  node.classList.toggle("new-day", isNewDay);
  node.classList.toggle("follows", Boolean(!isNewDay && isSoon && isAlike && isPlain));
}

