// Renders rich_text blocks, and the Markdown that Slack supports in markdown blocks.

import { el } from "./dom.js";
import { broadcast, channelMention, dateNode, emoji, link, userMention } from "./mrkdwn.js";

export function richText(block, workspace) {
  return el("div", { class: "rich-text" }, block.elements.map((element) => part(element, workspace)));
}

function part(element, workspace) {
  const children = element.elements || [];
  switch (element.type) {
    case "rich_text_quote":
      return el("blockquote", {}, spans(children, workspace));
    case "rich_text_preformatted":
      return el("pre", { class: element.border ? "bordered" : null }, children.map((element) => element.text ?? element.url ?? ""));
    case "rich_text_list": {
      const tag = element.style === "ordered" ? "ol" : "ul";
      const start = tag === "ol" && element.offset ? element.offset + 1 : null;
      // Three markers take turns with the depth, as in Slack.
      const indent = element.indent || 0;
      const list = el(tag, { start, class: `level-${indent % 3} ${element.border ? "bordered" : ""}` });
      list.style.marginLeft = `${indent * 26}px`;
      list.append(...children.map((item) => el("li", {}, spans(item.elements || [], workspace))));
      return list;
    }
    default:
      return el("p", {}, spans(children, workspace));
  }
}

function spans(elements, workspace) {
  return elements.flatMap((element) => styled(span(element, workspace), element.style || {}));
}

function span(element, workspace) {
  switch (element.type) {
    case "text":
      return lineBreaks(element.text);
    case "link":
      return [(!element.style?.unlink && link(element.url, element.text)) || element.text || element.url];
    case "emoji":
      return [element.unicode ? fromUnicode(element.unicode) : emoji(element.name)];
    case "user":
      return [userMention(element.user_id, workspace)];
    case "channel":
      return [channelMention(element.channel_id, workspace)];
    case "usergroup":
      return [el("span", { class: "mention" }, "@group")];
    case "broadcast":
      return [broadcast(element.range)];
    case "date":
      return [dateNode(element.timestamp, element.format, element.url, element.fallback, workspace)];
    case "color":
      return [el("code", {}, element.value)];
    default:
      return [];
  }
}

function styled(nodes, style) {
  const tags = { code: "code", highlight: "mark", client_highlight: "mark", strike: "s", underline: "u", italic: "em", bold: "strong" };
  return Object.entries(tags).reduce((children, [name, tag]) => (style[name] ? [el(tag, {}, children)] : children), nodes);
}

function lineBreaks(text) {
  return text.split("\n").flatMap((line, index) => (index ? [el("br"), line] : [line]));
}

function fromUnicode(code) {
  try {
    return String.fromCodePoint(...code.split("-").map((hex) => parseInt(hex, 16)));
  } catch {
    return "";
  }
}

const INLINE = /`([^`]+)`|\[([^\]]+)\]\(([^)\s]+)\)|\*\*(.+?)\*\*|~~(.+?)~~|\*(\S(?:.*?\S)?)\*|\b_(\S(?:.*?\S)?)_\b/;

export function markdown(text) {
  const container = el("div", { class: "rich-text" });
  const parts = text.split(/^```\w*\n([\s\S]*?)\n?```$/m);
  parts.forEach((part, index) => {
    if (index % 2) container.append(el("pre", {}, part));
    else for (const paragraph of part.split(/\n{2,}/)) container.append(...paragraphs(paragraph));
  });
  return container;
}

function paragraphs(text) {
  const nodes = [];
  for (const line of text.split("\n").filter((part) => part.trim())) {
    const [, heading] = /^#{1,6} +(.*)/.exec(line) || [];
    const [, mark, item] = /^\s*([-*+]|\d+[.)]) +(.*)/.exec(line) || [];
    const [, quote] = /^> ?(.*)/.exec(line) || [];
    const last = nodes.at(-1);
    if (heading !== undefined) nodes.push(el("p", { class: "heading" }, inline(heading)));
    else if (mark !== undefined) {
      const tag = /\d/.test(mark) ? "OL" : "UL";
      if (last?.tagName !== tag) nodes.push(el(tag));
      nodes.at(-1).append(el("li", {}, inline(item)));
    } else {
      const tag = quote === undefined ? "P" : "BLOCKQUOTE";
      if (last?.tagName === tag && !last.className) last.append(el("br"));
      else nodes.push(el(tag));
      nodes.at(-1).append(...inline(quote ?? line));
    }
  }
  return nodes;
}

function inline(text) {
  const nodes = [];
  let rest = text;
  for (let found = INLINE.exec(rest); found; found = INLINE.exec(rest)) {
    nodes.push(rest.slice(0, found.index));
    const [whole, code, label, address, bold, strike, star, under] = found;
    if (code !== undefined) nodes.push(el("code", {}, code));
    else if (label !== undefined) nodes.push(link(address, label) ?? label);
    else if (bold !== undefined) nodes.push(el("strong", {}, inline(bold)));
    else if (strike !== undefined) nodes.push(el("s", {}, inline(strike)));
    else nodes.push(el("em", {}, inline(star ?? under)));
    rest = rest.slice(found.index + whole.length);
  }
  nodes.push(rest);
  return nodes;
}
