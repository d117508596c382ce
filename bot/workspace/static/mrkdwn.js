// Draws Slack's mrkdwn: escapes, links, mentions, dates, code, quotes, bold, italic, strike.

import { slackDate } from "./dates.js";
import { el } from "./dom.js";

const CODE_BLOCK = /```\n?([\s\S]+?)\n?```/g;
const QUOTED = /^(?:&gt;|>) ?/;
// A mark opens after anything but a letter or digit, and closes before anything but one.
const marked = (mark) => `(?<![\\p{L}\\p{N}${mark}])${mark}(?=\\S)([^${mark}\\n]*[^${mark}\\s])${mark}(?![\\p{L}\\p{N}])`;
const INLINE = new RegExp(
  ["`([^`\\n]+)`", "<([^<>\\n]+)>", ...["\\*", "_", "~"].map(marked), ":([a-z0-9_+-]+):"].join("|"),
  "u",
);
const EMOJI = {
  white_check_mark: "✅", x: "❌", warning: "⚠️", tada: "🎉", wave: "👋", eyes: "👀", bulb: "💡",
  newspaper: "📰", speech_balloon: "💬", calendar: "📅", date: "📅", clock9: "🕘", mag: "🔍", bell: "🔔",
  thumbsup: "👍", "+1": "👍", "-1": "👎", heart: "❤️", smile: "😄", thinking_face: "🤔", rocket: "🚀",
  books: "📚", book: "📖", question: "❓", memo: "📝", gear: "⚙️", fire: "🔥", arrow_right: "➡️",
};

export function emoji(name) {
  return EMOJI[name] || `:${name}:`;
}

export function withEmoji(text) {
  return text.replace(/:([a-z0-9_+-]+):/g, (_, name) => emoji(name));
}

export function unescape(text) {
  return text.replace(/&(amp|lt|gt);/g, (_, name) => ({ amp: "&", lt: "<", gt: ">" })[name]);
}

// Gives nodes for *text*. *world* names people and channels, and knows the zone and the time.
export function mrkdwn(text, world) {
  const nodes = [];
  let end = 0;
  for (const block of text.matchAll(CODE_BLOCK)) {
    nodes.push(...lines(text.slice(end, block.index).replace(/\n$/, ""), world));
    nodes.push(el("pre", {}, unescape(block[1])));
    end = block.index + block[0].length;
  }
  nodes.push(...lines(end ? text.slice(end).replace(/^\n/, "") : text, world));
  return nodes;
}

function lines(text, world) {
  if (!text) return [];
  const nodes = [];
  let quote = null;
  let isFirst = true;
  for (const line of text.split("\n")) {
    if (QUOTED.test(line)) {
      if (quote) quote.append(el("br"));
      else nodes.push((quote = el("blockquote")));
      quote.append(...inline(line.replace(QUOTED, ""), world));
    } else {
      if (!isFirst && !quote) nodes.push(el("br"));
      quote = null;
      nodes.push(...inline(line, world));
    }
    isFirst = false;
  }
  return nodes;
}

function inline(text, world) {
  const nodes = [];
  let rest = text;
  for (let found = INLINE.exec(rest); found; found = INLINE.exec(rest)) {
    if (found.index) nodes.push(unescape(rest.slice(0, found.index)));
    const [whole, code, angled, bold, italic, strike, face] = found;
    if (code !== undefined) nodes.push(el("code", {}, unescape(code)));
    else if (angled !== undefined) nodes.push(special(angled, world) ?? unescape(whole));
    else if (bold !== undefined) nodes.push(el("strong", {}, inline(bold, world)));
    else if (italic !== undefined) nodes.push(el("em", {}, inline(italic, world)));
    else if (strike !== undefined) nodes.push(el("s", {}, inline(strike, world)));
    else nodes.push(emoji(face));
    rest = rest.slice(found.index + whole.length);
  }
  if (rest) nodes.push(unescape(rest));
  return nodes;
}

function special(inside, world) {
  const [target, label] = cut(inside, "|");
  if (/^@[UW]\w+$/.test(target)) return userMention(target.slice(1), world, label);
  if (/^#C\w+$/.test(target)) return channelMention(target.slice(1), world, label);
  if (target.startsWith("!date^")) return date(target.slice(6), label, world);
  if (target.startsWith("!subteam^")) return el("span", { class: "mention" }, unescape(label || "@group"));
  if (/^!(here|channel|everyone)$/.test(target)) return broadcast(target.slice(1));
  return link(unescape(target), label === null ? null : unescape(label));
}

function cut(text, at) {
  const place = text.indexOf(at);
  return place < 0 ? [text, null] : [text.slice(0, place), text.slice(place + 1)];
}

export function userMention(id, world, label = null) {
  const person = world.person(id);
  const isMe = id === world.me?.id ? " me" : "";
  return el("span", { class: `mention${isMe}` }, `@${person?.real_name || unescape(label || "unknown")}`);
}

export function channelMention(id, world, label = null) {
  const channel = world.channel(id);
  if (!channel) return el("span", { class: "mention" }, `#${unescape(label || "private channel")}`);
  return el("button", { type: "button", class: "mention", onclick: () => world.open(id) }, `#${channel.name}`);
}

export function broadcast(range) {
  return el("span", { class: "mention me" }, `@${range}`);
}

export function link(address, label = null) {
  if (!/^(https?:\/\/|mailto:|tel:)/i.test(address)) return null;
  return el("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, label || address.replace(/^(mailto|tel):/, ""));
}

function date(inside, fallback, world) {
  const [seconds, tokens, address] = inside.split("^");
  const at = Number(seconds) * 1000;
  const said = Number.isFinite(at) && tokens ? slackDate(tokens, at, world.zone, world.now()) : unescape(fallback || "");
  const shown = el("time", { title: Number.isFinite(at) ? new Date(at).toISOString() : null }, said);
  return (address && link(unescape(address), said)) || shown;
}
