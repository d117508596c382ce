// A searchable select of one option or several, from a fixed list or from the app.

import { el, newId } from "./dom.js";
import { openBeside } from "./popup.js";

const TYPING_PAUSE_MS = 150;

// *search* takes the typed text and returns groups [{label, options: [{text, detail, value}]}], or a
// promise of them. *chosen* are the options chosen at first. Returns {node, read}.
export function combobox({ label, placeholder, isMany, search, minLength = 0, chosen, maxChosen, onchange, focusKey, aria }) {
  let picked = [...chosen];
  let shown = [];
  let active = -1;
  let lastSearch = 0;
  let timer = 0;
  const listId = newId("list");
  const chips = el("span", { class: "chips" });
  const input = el("input", {
    type: "text",
    role: "combobox",
    autocomplete: "off",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": listId,
    "data-focus-key": focusKey,
    placeholder,
    ...aria,
    "aria-label": label,
  });
  const list = el("div", { class: "listbox", role: "listbox", id: listId, popover: "manual", "aria-label": label || placeholder });
  if (isMany) list.setAttribute("aria-multiselectable", "true");
  const node = el("div", { class: `select ${isMany ? "many" : ""}` }, chips, input, list);

  function show() {
    if (!isMany) input.value = picked[0]?.text || "";
    else {
      chips.replaceChildren(
        ...picked.map((option) =>
          el("button", { type: "button", class: "chip", onmousedown: keepFocus, onclick: () => drop(option) }, el("span", { class: "unseen" }, "Remove "), option.text, el("span", { "aria-hidden": "true" }, " ×")),
        ),
      );
      input.value = "";
      input.placeholder = picked.length ? "" : placeholder;
    }
  }

  // A click must not blur the input: that would render the chips again before the click arrives.
  const keepFocus = (event) => event.preventDefault();
  const isSame = (option, other) => option.value === other.value;
  const isPicked = (option) => picked.some((other) => isSame(other, option));

  function change(next) {
    const before = picked;
    picked = next;
    show();
    onchange?.(() => {
      picked = before;
      show();
    });
  }

  function drop(option) {
    change(picked.filter((other) => !isSame(other, option)));
    input.focus();
  }

  function pick(option) {
    if (!isMany) {
      close();
      change([option]);
    } else if (isPicked(option)) drop(option);
    else if (!maxChosen || picked.length < maxChosen) change([...picked, option]);
    if (isMany) runSearch("");
  }

  async function runSearch(text) {
    lastSearch += 1;
    const serial = lastSearch;
    if (text.length < minLength) return renderOptions([], `Type ${minLength === 1 ? "a letter" : `${minLength} letters`} or more`);
    const groups = await search(text);
    if (serial === lastSearch && document.activeElement === input) renderOptions(groups, "No results");
  }

  function renderOptions(groups, empty) {
    shown = groups.flatMap((group) => group.options);
    active = shown.length ? 0 : -1;
    let index = -1;
    const rows = groups.flatMap((group) => [
      group.label && el("div", { class: "group", role: "presentation" }, group.label),
      ...group.options.map((option) => {
        index += 1;
        return row(option, index);
      }),
    ]);
    list.replaceChildren(...rows.filter(Boolean));
    if (!shown.length) list.append(el("div", { class: "empty", role: "status" }, empty));
    input.setAttribute("aria-expanded", "true");
    openBeside(list, input, { isWide: true });
    highlight();
  }

  function row(option, index) {
    const attributes = {
      role: "option",
      id: `${listId}-${index}`,
      "aria-selected": String(isPicked(option)),
      onmousedown: keepFocus,
      onclick: () => pick(option),
    };
    return el("div", attributes, el("span", {}, option.text), option.detail && el("small", {}, option.detail));
  }

  function highlight() {
    for (const option of list.querySelectorAll("[role=option]")) {
      const isActive = option.id === `${listId}-${active}`;
      option.classList.toggle("active", isActive);
      if (isActive) option.scrollIntoView({ block: "nearest" });
    }
    if (active < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", `${listId}-${active}`);
  }

  const isOpen = () => input.getAttribute("aria-expanded") === "true";

  function close() {
    clearTimeout(timer);
    lastSearch += 1;
    if (isOpen()) list.hidePopover();
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  input.addEventListener("click", () => isOpen() || runSearch(""));
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => runSearch(input.value), TYPING_PAUSE_MS);
  });
  input.addEventListener("blur", () => {
    close();
    if (!isMany && !input.value && picked.length) change([]);
    else show();
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!isOpen()) runSearch("");
      else if (shown.length) {
        active = (active + (event.key === "ArrowDown" ? 1 : -1) + shown.length) % shown.length;
        highlight();
      }
    } else if (event.key === "Enter") {
      if (isOpen() && active >= 0) pick(shown[active]);
    } else if (event.key === "Escape" && isOpen()) {
      close();
      show();
    } else if (event.key === "Backspace" && isMany && !input.value && picked.length) {
      drop(picked.at(-1));
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
  show();
  return { node, read: () => picked };
}

// Returns a *search* function over fixed *groups* that matches any part of an option's text.
export function searchGroups(groups) {
  return (text) => {
    const query = text.toLowerCase();
    return groups
      .map((group) => ({ ...group, options: group.options.filter((option) => option.text.toLowerCase().includes(query)) }))
      .filter((group) => group.options.length);
  };
}
