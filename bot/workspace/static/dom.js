// Builds elements. Text always becomes a text node: nothing here parses HTML.

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "value") node.value = value;
    else if (name === "checked" || name === "disabled") node[name] = true;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

let lastId = 0;

export function newId(prefix) {
  lastId += 1;
  return `${prefix}-${lastId}`;
}

const ICONS = {
  hash: "M9 3 7 21M17 3l-2 18M4 8.5h17M3 15.5h17",
  lock: "M7 11V7.5a5 5 0 0 1 10 0V11M5.5 11h13v9.5h-13z",
  archive: "M3 4h18v4.5H3zM5 8.5v11h14v-11M10 12.5h4",
  send: "M4 4.5 20.5 12 4 19.5 6.5 12zM6.5 12h8",
  close: "M6 6l12 12M18 6 6 18",
  back: "M14.5 5 8 12l6.5 7",
  down: "m6 9 6 6 6-6",
  menu: "M4 6.5h16M4 12h16M4 17.5h16",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  reply: "M4 5h16v11H12l-5 4v-4H4z",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z",
  bolt: "M13 3 5 13.5h6L10 21l8.5-11H12z",
  clock: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 7.5V12l3 2",
  help: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM9.5 9.6a2.5 2.5 0 1 1 3.4 2.3c-.6.3-.9.7-.9 1.4v.4M12 16.6h.01",
  panel: "M3.5 5h17v14h-17zM14.5 5v14",
  check: "m5 12.5 4.5 4.5L19 7.5",
  warn: "M12 4 2.5 20h19zM12 10v4.5M12 17h.01",
  clip: "M20 11.5 11.7 19.8a5 5 0 0 1-7.1-7.1L13.3 4a3.4 3.4 0 0 1 4.8 4.8l-8.6 8.6a1.7 1.7 0 0 1-2.4-2.4L15 7.1",
  file: "M6 3h8l5 5v13H6zM14 3v5h5",
  picture: "M3.5 5h17v14h-17zM8 11a1.6 1.6 0 1 0 0-3.2A1.6 1.6 0 0 0 8 11zM4 18l5.5-5 3.5 3 3-2.5 4.5 4",
};

export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", class: `icon icon-${name}`, "aria-hidden": "true" })) {
    svg.setAttribute(key, value);
  }
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

export function iconButton(name, label, onclick, attributes = {}) {
  return el("button", { type: "button", class: "icon-button", "aria-label": label, title: label, onclick, ...attributes }, icon(name));
}

export function smallButton(label, onclick) {
  return el("button", { type: "button", class: "button small", onclick }, label);
}

export function avatar(person, size = "") {
  const initials = person.is_bot
    ? person.real_name.slice(0, 1)
    : person.real_name.split(/\s+/).map((word) => word[0]).slice(0, 2).join("");
  const face = el("span", { class: `avatar ${size} ${person.is_bot ? "bot" : ""}`, "aria-hidden": "true" }, initials.toUpperCase());
  if (!person.is_bot && /^[0-9a-f]{6}$/i.test(person.color)) face.style.background = `#${person.color}`;
  return face;
}

// Returns the element in *node* that has the keyboard focus, or null.
export function focusedIn(node) {
  const focused = /** @type {HTMLInputElement | null} */ (document.activeElement);
  return node.contains(focused) ? focused : null;
}

// Replaces *old* with *fresh*, and keeps the keyboard focus and the caret where they were.
export function replaceKeepingFocus(old, fresh) {
  const focused = focusedIn(old);
  const key = focused?.dataset.focusKey;
  const sameKey = (node) => [...node.querySelectorAll("[data-focus-key]")].filter((element) => element.dataset.focusKey === key);
  const index = key === undefined ? -1 : sameKey(old).indexOf(focused);
  const caret = focused?.selectionStart;
  old.replaceWith(fresh);
  if (!focused) return;
  const target = sameKey(fresh)[index] || fresh.querySelector("[data-focus-key]") || fresh;
  target.focus();
  if (typeof caret === "number" && target.value?.length >= caret) target.setSelectionRange?.(caret, caret);
}
