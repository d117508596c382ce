// Where messages and slash commands are written; it completes commands, people and channels.

import { avatar, el, icon, iconButton, newId } from "./dom.js";

// *send* takes the text and gives null, or the sentence why it was not sent. Gives {node, fill, focus}.
export function composer(world, { label, send, tools = [] }) {
  const listId = newId("completions");
  let offers = [];
  let active = -1;
  let last = "";
  const list = el("div", { class: "completions", role: "listbox", id: listId, "aria-label": "Completions", hidden: true });
  const hint = el("div", { class: "usage", role: "status" });
  const trouble = el("div", { class: "trouble", role: "alert" });
  const input = el("textarea", {
    rows: "1",
    placeholder: label,
    "aria-label": label,
    role: "combobox",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": listId,
    "data-focus-key": "composer",
  });
  const button = iconButton("send", "Send now", submit, { class: "icon-button send", disabled: true });
  const node = el(
    "div",
    { class: "composer" },
    list,
    hint,
    trouble,
    el("div", { class: "composer-box" }, input, el("div", { class: "composer-tools" }, tools, el("span", { class: "spacer" }), button)),
  );

  function grow() {
    input.style.height = "auto";
    input.style.height = `${Math.min(input.scrollHeight, 200)}px`;
    button.disabled = !input.value.trim();
    const known = world.commands().find((one) => input.value.startsWith(`${one.command} `));
    hint.replaceChildren(...(known ? [el("code", {}, known.command), ` ${known.usage_hint}`] : []));
  }

  // What could stand where the caret is: [{lead, name, hint, detail, from, text}].
  function find() {
    const before = input.value.slice(0, input.selectionStart);
    const command = /^\/\S*$/.exec(before);
    if (command) {
      return world
        .commands()
        .filter((one) => one.command.startsWith(before.toLowerCase()))
        .map((one) => ({ lead: icon("bolt"), name: one.command, hint: one.usage_hint, detail: one.description, from: 0, text: `${one.command} ` }));
    }
    const [, sign, word] = /(?:^|\s)([@#])([\w.-]*)$/.exec(before) || [];
    if (!sign) return [];
    const from = before.length - word.length - 1;
    const wanted = word.toLowerCase();
    if (sign === "@") {
      return world
        .people()
        .filter((one) => `${one.name} ${one.real_name}`.toLowerCase().includes(wanted))
        .map((one) => ({ lead: avatar(one, "small"), name: one.real_name, detail: `@${one.name}`, from, text: `@${one.name} ` }));
    }
    return world
      .channels()
      .filter((one) => one.kind !== "im" && one.name.includes(wanted))
      .map((one) => ({ lead: icon(one.kind === "private" ? "lock" : "hash"), name: one.name, detail: "", from, text: `#${one.name} ` }));
  }

  function offer(found) {
    offers = found;
    active = found.length ? 0 : -1;
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(found.length > 0));
    list.replaceChildren(
      ...found.map((one, at) =>
        el(
          "div",
          { role: "option", id: `${listId}-${at}`, onmousedown: (event) => event.preventDefault(), onclick: () => take(one) },
          one.lead,
          el("span", {}, el("strong", {}, one.name), one.hint && ` ${one.hint}`),
          el("span", { class: "menu-detail" }, one.detail),
        ),
      ),
    );
    mark();
  }

  function mark() {
    [...list.children].forEach((row, at) => {
      row.classList.toggle("active", at === active);
      row.setAttribute("aria-selected", String(at === active));
    });
    list.children[active]?.scrollIntoView({ block: "nearest" });
    if (active < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", `${listId}-${active}`);
  }

  function take(one) {
    const rest = input.value.slice(input.selectionStart);
    input.value = input.value.slice(0, one.from) + one.text + rest.trimStart();
    input.selectionStart = input.selectionEnd = one.from + one.text.length;
    offer([]);
    grow();
    input.focus();
  }

  async function submit() {
    const text = input.value.trim();
    if (!text) return;
    fill("");
    last = text;
    const error = await send(text);
    if (!error) return;
    if (!input.value) fill(text);
    trouble.replaceChildren(icon("warn"), el("span", {}, error));
  }

  function fill(text) {
    input.value = text;
    trouble.replaceChildren();
    offer([]);
    grow();
  }

  input.addEventListener("input", () => {
    trouble.replaceChildren();
    grow();
    offer(find());
  });
  input.addEventListener("blur", () => offer([]));
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const isOffering = offers.length > 0;
    const offered = isOffering ? offers[active] : null;
    const isWhole = offered?.text.trim().toLowerCase() === input.value.slice(offered?.from).trim().toLowerCase();
    if (isOffering && ["ArrowDown", "ArrowUp"].includes(event.key)) {
      active = (active + (event.key === "ArrowDown" ? 1 : -1) + offers.length) % offers.length;
      mark();
    } else if (isOffering && (event.key === "Tab" || (event.key === "Enter" && !isWhole))) take(offers[active]);
    else if (isOffering && event.key === "Escape") offer([]);
    else if (event.key === "Enter" && !event.shiftKey) submit();
    else if (event.key === "ArrowUp" && !event.altKey && !input.value && last) fill(last);
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
    add: (key) => {
      input.focus();
      input.setRangeText(key, input.selectionStart, input.selectionEnd, "end");
      input.dispatchEvent(new Event("input"));
    },
  };
}
