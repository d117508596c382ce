// The message box, with completion of commands, people and channels.

import { avatar, el, icon, iconButton, newId } from "./dom.js";

// *send* takes the text and returns null, or the error message if it was not sent. Returns
// {node, fill, text, focus, insert}.
export function composer(workspace, { label, send, tools = [] }) {
  const listId = newId("completions");
  let completions = [];
  let active = -1;
  let lastSent = "";
  const list = el("div", { class: "completions", role: "listbox", id: listId, "aria-label": "Completions", tabindex: "0", hidden: true });
  const hint = el("div", { class: "usage", role: "status" });
  const errorBox = el("div", { class: "composer-error", role: "alert" });
  const input = el("textarea", {
    rows: "1",
    placeholder: label,
    "aria-label": label,
    "aria-autocomplete": "list",
    "aria-haspopup": "listbox",
    "aria-controls": listId,
    "data-focus-key": "composer",
  });
  const button = iconButton("send", "Send now", submit, { class: "icon-button send", disabled: true });
  const node = el(
    "div",
    { class: "composer" },
    list,
    hint,
    errorBox,
    el("div", { class: "composer-box" }, input, el("div", { class: "composer-tools" }, tools, el("span", { class: "spacer" }), button)),
  );

  function update() {
    input.style.height = "auto";
    input.style.height = `${Math.min(input.scrollHeight, 200)}px`;
    button.disabled = !input.value.trim();
    const command = workspace.commands().find((known) => input.value.startsWith(`${known.command} `));
    hint.replaceChildren(...(command ? [el("code", {}, command.command), ` ${command.usage_hint}`] : []));
  }

  // Returns the completions for the word before the caret. *text* replaces the input from index *from*.
  function findCompletions() {
    const before = input.value.slice(0, input.selectionStart);
    const command = /^\/\S*$/.exec(before);
    if (command) {
      return workspace
        .commands()
        .filter((known) => known.command.startsWith(before.toLowerCase()))
        .map((known) => ({ lead: icon("bolt"), name: known.command, hint: known.usage_hint, detail: known.description, from: 0, text: `${known.command} ` }));
    }
    const [, sign, word] = /(?:^|\s)([@#])([\w.-]*)$/.exec(before) || [];
    if (!sign) return [];
    const from = before.length - word.length - 1;
    const query = word.toLowerCase();
    if (sign === "@") {
      return workspace
        .people()
        .filter((person) => `${person.name} ${person.real_name}`.toLowerCase().includes(query))
        .map((person) => ({ lead: avatar(person, "small"), name: person.real_name, detail: `@${person.name}`, from, text: `@${person.name} ` }));
    }
    return workspace
      .channels()
      .filter((channel) => channel.kind !== "im" && channel.name.includes(query))
      .map((channel) => ({ lead: icon(channel.kind === "private" ? "lock" : "hash"), name: channel.name, detail: "", from, text: `#${channel.name} ` }));
  }

  function showCompletions(found) {
    completions = found;
    active = found.length ? 0 : -1;
    list.hidden = !found.length;
    list.replaceChildren(
      ...found.map((completion, index) =>
        el(
          "div",
          { role: "option", id: `${listId}-${index}`, onmousedown: (event) => event.preventDefault(), onclick: () => accept(completion) },
          completion.lead,
          el("span", {}, el("strong", {}, completion.name), completion.hint && ` ${completion.hint}`),
          el("span", { class: "menu-detail" }, completion.detail),
        ),
      ),
    );
    highlight();
  }

  function highlight() {
    [...list.children].forEach((row, index) => {
      row.classList.toggle("active", index === active);
      row.setAttribute("aria-selected", String(index === active));
    });
    list.children[active]?.scrollIntoView({ block: "nearest" });
    if (active < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", `${listId}-${active}`);
  }

  function accept(completion) {
    const rest = input.value.slice(input.selectionStart);
    input.value = input.value.slice(0, completion.from) + completion.text + rest.trimStart();
    input.selectionStart = input.selectionEnd = completion.from + completion.text.length;
    showCompletions([]);
    update();
    input.focus();
  }

  async function submit() {
    const text = input.value.trim();
    if (!text) return;
    fill("");
    lastSent = text;
    const error = await send(text);
    if (!error) return;
    if (!input.value) fill(text);
    errorBox.replaceChildren(icon("warn"), el("span", {}, error));
  }

  function fill(text) {
    input.value = text;
    errorBox.replaceChildren();
    showCompletions([]);
    update();
  }

  input.addEventListener("input", () => {
    errorBox.replaceChildren();
    update();
    showCompletions(findCompletions());
  });
  input.addEventListener("blur", () => showCompletions([]));
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const isOpen = completions.length > 0;
    const highlighted = isOpen ? completions[active] : null;
    const isWhole = highlighted?.text.trim().toLowerCase() === input.value.slice(highlighted?.from).trim().toLowerCase();
    if (isOpen && ["ArrowDown", "ArrowUp"].includes(event.key)) {
      active = (active + (event.key === "ArrowDown" ? 1 : -1) + completions.length) % completions.length;
      highlight();
    } else if (isOpen && (event.key === "Tab" || (event.key === "Enter" && !isWhole))) accept(completions[active]);
    else if (isOpen && event.key === "Escape") showCompletions([]);
    else if (event.key === "Enter" && !event.shiftKey) submit();
    else if (event.key === "ArrowUp" && !event.altKey && !input.value && lastSent) fill(lastSent);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  return {
    node,
    fill: (text) => {
      fill(text);
      input.focus();
    },
    text: () => input.value,
    focus: () => input.focus(),
    insert: (key) => {
      input.focus();
      input.setRangeText(key, input.selectionStart, input.selectionEnd, "end");
      input.dispatchEvent(new Event("input"));
    },
  };
}
