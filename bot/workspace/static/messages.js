// A list of messages that stays quick however many there are: the newest are drawn, older ones when
// somebody scrolls up to them.

import { el, replaceKeepingFocus } from "./dom.js";
import { drawMessage, follow } from "./message.js";

const PAGE = 100;
const MOST = 400;
const NEAR_PX = 60;

// *load* takes {limit, before} and gives {messages, has_more}. Gives {node, read, show, remove}.
export function messageList(world, { label, load, beginning, isInThread = false }) {
  const nodes = new Map();
  let hasMore = false;
  let isReading = false;
  let reading = 0;
  let late = null;
  const start = el("div", { class: "beginning" });
  const items = el("div", { class: "items" });
  const node = el("div", { class: "messages", role: "log", "aria-label": label, tabindex: "0" }, start, items);

  let sticks = true;
  let top = 0;
  const isAtEnd = () => node.scrollHeight - node.scrollTop - node.clientHeight < NEAR_PX;
  const toEnd = () => {
    node.scrollTop = node.scrollHeight;
    top = node.scrollTop;
  };

  // Who looks at the end goes on looking at it, whatever grows or shrinks.
  const sizes = new ResizeObserver(() => sticks && toEnd());
  sizes.observe(items);
  sizes.observe(node);

  async function read() {
    reading += 1;
    const serial = reading;
    // What happens while the answer is under way may not be in it.
    late = [];
    const answer = await load({ limit: PAGE });
    if (serial !== reading) return;
    nodes.clear();
    items.replaceChildren(...answer.messages.map(make));
    arrange([...items.children]);
    mark(answer.has_more);
    const missed = late;
    late = null;
    for (const change of missed) change();
    sticks = true;
    toEnd();
  }

  async function readOlder() {
    if (!hasMore || isReading) return;
    isReading = true;
    const serial = reading;
    try {
      const answer = await load({ limit: PAGE, before: items.firstElementChild?.dataset.ts });
      if (serial !== reading) return;
      const fromEnd = node.scrollHeight - node.scrollTop;
      items.prepend(...answer.messages.map(make));
      arrange([...items.children].slice(0, answer.messages.length + 1));
      mark(answer.has_more);
      node.scrollTop = node.scrollHeight - fromEnd;
    } finally {
      isReading = false;
    }
  }

  function mark(more) {
    hasMore = more;
    start.replaceChildren(hasMore ? el("p", { class: "older" }, "Older messages are above") : beginning());
  }

  function make(message) {
    const made = drawMessage(message, world, { isInThread });
    nodes.set(message.ts, made);
    return made;
  }

  function arrange(some) {
    for (const one of some) {
      const previous = one.previousElementSibling;
      const isFirstReply = isInThread && previous && previous === items.firstElementChild;
      follow(one, isFirstReply ? null : previous);
    }
  }

  // Shows a new message, or an old one that reads otherwise now.
  function show(message) {
    late?.push(() => show(message));
    const old = nodes.get(message.ts);
    if (!old && hasMore && message.ts < items.firstElementChild?.dataset.ts) return;
    const made = make(message);
    if (old) replaceKeepingFocus(old, made);
    else {
      let before = items.lastElementChild;
      while (before && before.dataset.ts > message.ts) before = before.previousElementSibling;
      if (before) before.after(made);
      else items.prepend(made);
    }
    arrange([made, made.nextElementSibling].filter(Boolean));
    if (items.childElementCount > MOST && sticks) dropOldest();
  }

  function dropOldest() {
    for (const one of [...items.children].slice(0, -MOST / 2)) {
      nodes.delete(one.dataset.ts);
      one.remove();
    }
    arrange([items.firstElementChild]);
    mark(true);
    toEnd();
  }

  function remove(ts) {
    late?.push(() => remove(ts));
    const old = nodes.get(ts);
    if (!old) return;
    const next = old.nextElementSibling;
    const hadFocus = old.contains(document.activeElement);
    old.remove();
    nodes.delete(ts);
    if (next) arrange([next]);
    if (hadFocus) world.focusComposer();
  }

  node.addEventListener("scroll", () => {
    // Only going up leaves the end; that more has come below does not.
    sticks = isAtEnd() || (sticks && node.scrollTop >= top);
    top = node.scrollTop;
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
  return { node, read, show, remove };
}
