// A list of messages that stays fast in a long channel: it renders the newest, and loads older ones
// when somebody scrolls up.

import { el, replaceKeepingFocus } from "./dom.js";
import { groupWithPrevious, renderMessage } from "./message.js";

const PAGE_SIZE = 100;
const MAX_SHOWN = 400;
const NEAR_PX = 60;

// *load* takes {limit, before} and returns {messages, has_more}. Returns {node, read, show, remove, toEnd}.
export function messageList(workspace, { label, load, beginning, isInThread = false }) {
  const nodes = new Map();
  let hasMore = false;
  let isReading = false;
  let reading = 0;
  let changesWhileReading = null;
  const start = el("div", { class: "beginning" });
  const items = el("div", { class: "items" });
  const node = el("div", { class: "messages", role: "log", "aria-label": label, tabindex: "0" }, start, items);

  let isPinnedToEnd = true;
  let lastScrollTop = 0;
  const isAtEnd = () => node.scrollHeight - node.scrollTop - node.clientHeight < NEAR_PX;
  const scrollToEnd = () => {
    node.scrollTop = node.scrollHeight;
    lastScrollTop = node.scrollTop;
  };

  // Stay at the end when the list or its content changes size.
  const resizeObserver = new ResizeObserver(() => isPinnedToEnd && scrollToEnd());
  resizeObserver.observe(items);
  resizeObserver.observe(node);

  async function read() {
    reading += 1;
    const serial = reading;
    // The answer may lack changes that arrive while it is loading, so they are applied again after it.
    changesWhileReading = [];
    const answer = await load({ limit: PAGE_SIZE });
    if (serial !== reading) return;
    nodes.clear();
    items.replaceChildren(...answer.messages.map(renderItem));
    regroup([...items.children]);
    setHasMore(answer.has_more);
    const changes = changesWhileReading;
    changesWhileReading = null;
    for (const change of changes) change();
    toEnd();
  }

  // Scrolls to the newest message, and stays there.
  function toEnd() {
    isPinnedToEnd = true;
    scrollToEnd();
  }

  async function readOlder() {
    if (!hasMore || isReading) return;
    isReading = true;
    const serial = reading;
    try {
      const answer = await load({ limit: PAGE_SIZE, before: items.firstElementChild?.dataset.ts });
      if (serial !== reading) return;
      const fromEnd = node.scrollHeight - node.scrollTop;
      items.prepend(...answer.messages.map(renderItem));
      regroup([...items.children].slice(0, answer.messages.length + 1));
      setHasMore(answer.has_more);
      node.scrollTop = node.scrollHeight - fromEnd;
    } finally {
      isReading = false;
    }
  }

  function setHasMore(more) {
    hasMore = more;
    start.replaceChildren(hasMore ? el("p", { class: "older" }, "Older messages are above") : beginning());
  }

  function renderItem(message) {
    const item = renderMessage(message, workspace, { isInThread });
    nodes.set(message.ts, item);
    return item;
  }

  function regroup(elements) {
    for (const element of elements) {
      const previous = element.previousElementSibling;
      const isFirstReply = isInThread && previous && previous === items.firstElementChild;
      groupWithPrevious(element, isFirstReply ? null : previous);
    }
  }

  // Adds a new message, or replaces one that changed.
  function show(message) {
    changesWhileReading?.push(() => show(message));
    const old = nodes.get(message.ts);
    if (!old && hasMore && message.ts < items.firstElementChild?.dataset.ts) return;
    const item = renderItem(message);
    if (old) replaceKeepingFocus(old, item);
    else {
      let before = items.lastElementChild;
      while (before && before.dataset.ts > message.ts) before = before.previousElementSibling;
      if (before) before.after(item);
      else items.prepend(item);
    }
    regroup([item, item.nextElementSibling].filter(Boolean));
    if (items.childElementCount > MAX_SHOWN && isPinnedToEnd) dropOldest();
  }

  function dropOldest() {
    for (const oldest of [...items.children].slice(0, -MAX_SHOWN / 2)) {
      nodes.delete(oldest.dataset.ts);
      oldest.remove();
    }
    regroup([items.firstElementChild]);
    setHasMore(true);
    scrollToEnd();
  }

  function remove(ts) {
    changesWhileReading?.push(() => remove(ts));
    const old = nodes.get(ts);
    if (!old) return;
    const next = old.nextElementSibling;
    const hadFocus = old.contains(document.activeElement);
    old.remove();
    nodes.delete(ts);
    if (next) regroup([next]);
    if (hadFocus) workspace.focusComposer();
  }

  node.addEventListener("scroll", () => {
    // Only scrolling up leaves the end; a new message below does not.
    isPinnedToEnd = isAtEnd() || (isPinnedToEnd && node.scrollTop >= lastScrollTop);
    lastScrollTop = node.scrollTop;
    if (node.scrollTop < 400) readOlder();
  });
  node.addEventListener("keydown", (event) => {
    if (!["ArrowUp", "ArrowDown"].includes(event.key) || event.altKey) return;
    if (event.target.closest("input, textarea, select")) return;
    const here = event.target.closest(".message");
    const next = event.key === "ArrowUp" ? (here ? here.previousElementSibling : items.lastElementChild) : here?.nextElementSibling;
    if (!next) return;
    next.focus();
    event.preventDefault();
  });
  return { node, read, show, remove, toEnd };
}
