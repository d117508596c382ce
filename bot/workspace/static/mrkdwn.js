// Renders Slack's mrkdwn: escapes, links, mentions, dates, code, quotes, bold, italic, strike.

import { longInstant, slackDate } from "./dates.js";
import { el } from "./dom.js";

const CODE_BLOCK = /```\n?([\s\S]+?)\n?```/g;
const QUOTED = /^(?:&gt;|>) ?/;
const QUOTED_TO_THE_END = /^(?:&gt;|>){3} ?/;
// A letter or digit just outside the marks keeps them literal, as in snake_case_names.
const delimited = (mark) => `(?<![\\p{L}\\p{N}${mark}])${mark}(?=\\S)([^${mark}\\n]*[^${mark}\\s])${mark}(?![\\p{L}\\p{N}])`;
const INLINE = new RegExp(
  ["`([^`\\n]+)`", "<([^<>\\n]+)>", ...["\\*", "_", "~"].map(delimited), ":([a-z0-9_+-]+):"].join("|"),
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

// Returns a list of nodes. Of *workspace* it uses me, person(), channel(), open(), zone and now().
export function mrkdwn(text, workspace) {
  const nodes = [];
  let end = 0;
  for (const block of text.matchAll(CODE_BLOCK)) {
    nodes.push(...lines(text.slice(end, block.index).replace(/\n$/, ""), workspace));
    nodes.push(el("pre", {}, unescape(block[1])));
    end = block.index + block[0].length;
  }
  nodes.push(...lines(end ? text.slice(end).replace(/^\n/, "") : text, workspace));
  return nodes;
}

function lines(text, workspace) {
  if (!text) return [];
  const nodes = [];
  let quote = null;
  let isFirst = true;
  let isQuotedToTheEnd = false;
  for (const line of text.split("\n")) {
    isQuotedToTheEnd ||= QUOTED_TO_THE_END.test(line);
    if (isQuotedToTheEnd || QUOTED.test(line)) {
      if (quote) quote.append(el("br"));
      else nodes.push((quote = el("blockquote")));
      quote.append(...inline(line.replace(isQuotedToTheEnd ? QUOTED_TO_THE_END : QUOTED, ""), workspace));
    } else {
      if (!isFirst && !quote) nodes.push(el("br"));
      quote = null;
      nodes.push(...inline(line, workspace));
    }
    isFirst = false;
  }
  return nodes;
}

function inline(text, workspace) {
  const nodes = [];
  let rest = text;
  for (let found = INLINE.exec(rest); found; found = INLINE.exec(rest)) {
    if (found.index) nodes.push(unescape(rest.slice(0, found.index)));
    const [whole, code, bracketed, bold, italic, strike, emojiName] = found;
    if (code !== undefined) nodes.push(el("code", {}, unescape(code)));
    else if (bracketed !== undefined) nodes.push(angleBrackets(bracketed, workspace) ?? unescape(whole));
    else if (bold !== undefined) nodes.push(el("strong", {}, inline(bold, workspace)));
    else if (italic !== undefined) nodes.push(el("em", {}, inline(italic, workspace)));
    else if (strike !== undefined) nodes.push(el("s", {}, inline(strike, workspace)));
    else nodes.push(emoji(emojiName));
    rest = rest.slice(found.index + whole.length);
  }
  if (rest) nodes.push(unescape(rest));
  return nodes;
}

function angleBrackets(content, workspace) {
  const [target, label] = splitOnce(content, "|");
  if (/^@[UW]\w+$/.test(target)) return userMention(target.slice(1), workspace, label);
  if (/^#C\w+$/.test(target)) return channelMention(target.slice(1), workspace, label);
  if (target.startsWith("!date^")) return date(target.slice(6), label, workspace);
  if (target.startsWith("!subteam^")) return el("span", { class: "mention" }, unescape(label || "@group"));
  if (/^!(here|channel|everyone)$/.test(target)) return broadcast(target.slice(1));
  return link(unescape(target), label === null ? null : unescape(label));
}

function splitOnce(text, separator) {
  const index = text.indexOf(separator);
  return index < 0 ? [text, null] : [text.slice(0, index), text.slice(index + 1)];
}

export function userMention(id, workspace, label = null) {
  const person = workspace.person(id);
  const isMe = id === workspace.me?.id ? " me" : "";
  return el("span", { class: `mention${isMe}` }, `@${person?.real_name || unescape(label || "unknown")}`);
}

export function channelMention(id, workspace, label = null) {
  const channel = workspace.channel(id);
  if (!channel) return el("span", { class: "mention" }, `#${unescape(label || "private channel")}`);
  return el("button", { type: "button", class: "mention", onclick: () => workspace.open(id) }, `#${channel.name}`);
}

export function broadcast(range) {
  return el("span", { class: "mention me" }, `@${range}`);
}

export function link(address, label = null) {
  if (!/^(https?:\/\/|mailto:|tel:)/i.test(address)) return null;
  return el("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, label || address.replace(/^(mailto|tel):/, ""));
}

function date(content, fallback, workspace) {
  const [seconds, tokens, address] = content.split("^").map(unescape);
  return dateNode(Number(seconds), tokens, address, unescape(fallback || ""), workspace);
}

// Renders an instant in the reader's zone: *tokens* as in {date_short}, *address* a link or null.
export function dateNode(seconds, tokens, address, fallback, workspace) {
  const at = seconds * 1000;
  if (!Number.isFinite(at) || !tokens) return el("time", {}, fallback);
  const label = slackDate(tokens, at, workspace.zone, workspace.now());
  const time = el("time", { datetime: new Date(at).toISOString(), title: longInstant(at, workspace.zone) }, label);
  return (address && link(address, time)) || time;
}
