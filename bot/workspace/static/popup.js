// What opens over the page: menus, questions to confirm, and short notices.

import { el, icon } from "./dom.js";

// Opens *box* in the top layer beside *anchor*, above it where there is no room below.
export function place(box, anchor, { isWide = false } = {}) {
  box.showPopover();
  const at = anchor.getBoundingClientRect();
  if (isWide) box.style.minWidth = `${at.width}px`;
  const { width, height } = box.getBoundingClientRect();
  const isBelow = at.bottom + height + 8 < innerHeight || at.top < height + 8;
  box.style.top = `${Math.max(8, isBelow ? at.bottom + 4 : at.top - height - 4)}px`;
  box.style.left = `${Math.max(8, Math.min(at.left, innerWidth - width - 8))}px`;
}

// Opens a menu of *items* ({label, detail, isChosen, isTitle, lead, run}) beside *button*.
export function menu(button, label, items) {
  const box = el("div", { class: "menu", role: "menu", popover: "auto", "aria-label": label });
  const entries = items.map((item) => entry(item, close));
  box.append(...entries);
  const able = entries.filter((node) => node.tagName === "BUTTON");

  function close() {
    box.remove();
    button.setAttribute("aria-expanded", "false");
    button.focus();
  }

  box.addEventListener("keydown", (event) => {
    const here = able.indexOf(document.activeElement);
    const next = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: -1 }[event.key];
    if (next !== undefined) able.at(next % able.length)?.focus();
    else if (event.key === "Escape" || event.key === "Tab") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  box.addEventListener("toggle", (event) => {
    if (event.newState === "closed" && box.isConnected) {
      box.remove();
      button.setAttribute("aria-expanded", "false");
    }
  });
  button.after(box);
  button.setAttribute("aria-expanded", "true");
  place(box, button);
  (able.find((node) => node.getAttribute("aria-checked") === "true") || able[0])?.focus();
}

function entry(item, close) {
  if (item.isTitle) return el("div", { class: "menu-title", role: "presentation" }, item.label);
  const role = item.isChosen === undefined ? "menuitem" : "menuitemradio";
  const checked = item.isChosen === undefined ? null : String(item.isChosen);
  const onclick = () => {
    close();
    item.run();
  };
  return el(
    "button",
    { type: "button", role, "aria-checked": checked, tabindex: "-1", onclick },
    item.lead,
    el("span", { class: "menu-label" }, item.label),
    item.detail && el("span", { class: "menu-detail" }, item.detail),
    item.isChosen && icon("check"),
  );
}

// Asks what a confirmation object says; gives whether the person agreed.
export function confirm(spec, draw) {
  return new Promise((done) => {
    const finish = (answer) => {
      dialog.remove();
      done(answer);
    };
    const style = spec.style === "danger" ? "danger" : "primary";
    const yes = el(
      "button",
      { type: "button", class: `button ${style}`, onclick: () => finish(true) },
      spec.confirm?.text || "Yes",
    );
    const no = el(
      "button",
      { type: "button", class: "button", onclick: () => finish(false) },
      spec.deny?.text || "Cancel",
    );
    const title = el("h2", { id: "confirm-title" }, spec.title?.text || "Are you sure?");
    const dialog = el(
      "dialog",
      { class: "confirm", "aria-labelledby": "confirm-title", oncancel: () => finish(false) },
      title,
      el("div", { class: "confirm-text" }, draw(spec.text)),
      el("footer", {}, no, yes),
    );
    document.body.append(dialog);
    dialog.showModal();
    yes.focus();
  });
}

let hide = 0;

// Says *text* in a corner for a while, over modals too.
export function notice(text) {
  document.querySelector(".notice")?.remove();
  clearTimeout(hide);
  const box = el("div", { class: "notice", role: "alert", popover: "manual" });
  (document.querySelector("dialog[open]:last-of-type") || document.body).append(box);
  box.showPopover();
  box.append(icon("warn"), el("span", {}, text));
  hide = setTimeout(() => box.remove(), 8000);
}

// Does *work*, and says what went wrong with it; gives its result, or null.
export async function attempt(work) {
  try {
    const answer = await work();
    if (answer?.error) notice(answer.error);
    return answer;
  } catch (error) {
    notice(error.message);
    return null;
  }
}
