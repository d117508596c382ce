// Menus, confirmation dialogs and notices, which open over the page.

import { el, icon } from "./dom.js";

// Opens *box* in the top layer below *anchor*, or above it if there is no room below.
export function openBeside(box, anchor, { isWide = false } = {}) {
  box.showPopover();
  const rect = anchor.getBoundingClientRect();
  if (isWide) box.style.minWidth = `${rect.width}px`;
  box.style.maxHeight = "";
  // In a modal, its buttons below stay free.
  const bottom = anchor.closest("dialog")?.querySelector("footer")?.getBoundingClientRect().top ?? innerHeight;
  const [below, above] = [bottom - rect.bottom - 8, rect.top - 12];
  const isBelow = box.offsetHeight <= below || below >= above;
  if (box.offsetHeight > (isBelow ? below : above)) box.style.maxHeight = `${isBelow ? below : above}px`;
  const { width, height } = box.getBoundingClientRect();
  box.style.top = `${isBelow ? rect.bottom + 4 : rect.top - height - 4}px`;
  box.style.left = `${Math.max(8, Math.min(rect.left, innerWidth - width - 8))}px`;
}

// Opens a menu of *items* ({label, detail, isChosen, isTitle, lead, run}) at *button*.
export function menu(button, label, items) {
  const box = el("div", { class: "menu", role: "menu", popover: "auto", "aria-label": label });
  const entries = items.map((item) => entry(item, close));
  box.append(...entries);
  const buttons = entries.filter((node) => node.tagName === "BUTTON");

  function close() {
    box.remove();
    button.setAttribute("aria-expanded", "false");
    button.focus();
  }

  box.addEventListener("keydown", (event) => {
    const here = buttons.indexOf(document.activeElement);
    const next = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: -1 }[event.key];
    if (next !== undefined) buttons.at(next % buttons.length)?.focus();
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
  openBeside(box, button);
  (buttons.find((node) => node.getAttribute("aria-checked") === "true") || buttons[0])?.focus();
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

// Shows a dialog for the confirmation object *spec*. Resolves to true if the person confirms.
export function confirm(spec, renderText) {
  return new Promise((resolve) => {
    const close = (answer) => {
      dialog.remove();
      resolve(answer);
    };
    const style = spec.style === "danger" ? "danger" : "primary";
    const confirmButton = el(
      "button",
      { type: "button", class: `button ${style}`, onclick: () => close(true) },
      spec.confirm?.text || "Yes",
    );
    const cancelButton = el(
      "button",
      { type: "button", class: "button", onclick: () => close(false) },
      spec.deny?.text || "Cancel",
    );
    const title = el("h2", { id: "confirm-title" }, spec.title?.text || "Are you sure?");
    const dialog = el(
      "dialog",
      { class: "confirm", "aria-labelledby": "confirm-title", oncancel: () => close(false) },
      title,
      el("div", { class: "confirm-text" }, renderText(spec.text)),
      el("footer", {}, cancelButton, confirmButton),
    );
    document.body.append(dialog);
    dialog.showModal();
    // A key that is pressed too often must not lose anything.
    (style === "danger" ? cancelButton : confirmButton).focus();
  });
}

let hideTimer = 0;

// Shows *text* in a corner for eight seconds, on top of modals too.
export function notice(text) {
  document.querySelector(".notice")?.remove();
  clearTimeout(hideTimer);
  const box = el("div", { class: "notice", role: "alert", popover: "manual" });
  (document.querySelector("dialog[open]:last-of-type") || document.body).append(box);
  box.showPopover();
  box.append(icon("warn"), el("span", {}, text));
  hideTimer = setTimeout(() => box.remove(), 8000);
}

// Runs *work* and shows its error, if any. Returns its result, or null if it threw.
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
