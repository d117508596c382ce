// Draws Block Kit's interactive elements, and says what is chosen in them.

import { dayOf, instantOf, timeOf } from "./dates.js";
import { el, iconButton, newId } from "./dom.js";
import { mrkdwn, unescape, withEmoji } from "./mrkdwn.js";
import { confirm, menu } from "./popup.js";
import { among, combobox } from "./select.js";

const PAUSE_MS = 300;

// Draws *element*. *place* takes its value when a form is sent (`fields`), and what happens to it
// (`press`, `options`); *describe* are the aria attributes that name it.
export function drawElement(element, block, place, describe = {}) {
  const make = MAKERS[element.type];
  if (!make) return el("span", { class: "unsupported" }, `${element.type} is not drawn here`);
  return make(element, block, place, describe);
}

export function drawText(text, world) {
  if (text.type === "mrkdwn") return mrkdwn(text.text, world);
  return text.emoji === false ? [text.text] : [withEmoji(text.text)];
}

const named = (element, describe) => ({
  ...describe,
  "aria-label": describe["aria-labelledby"] ? null : element.placeholder?.text || element.type.replaceAll("_", " "),
});

async function send(element, block, place, chosen) {
  if (element.confirm && !(await confirm(element.confirm, (text) => drawText(text, place.world)))) return false;
  await place.press(element, block, chosen);
  return true;
}

// What the element holds now: what was typed before it was drawn anew, or what the app put there.
function held(element, block, place, name, initial) {
  const state = place.values?.[block.block_id]?.[element.action_id];
  return (state && name in state ? state[name] : element[initial]) ?? null;
}

const isSentAtOnce = (block) => block.type !== "input" || block.dispatch_action;

function button(element, block, place) {
  const node = el(
    "button",
    {
      type: "button",
      class: `button ${element.style || ""}`,
      "aria-label": element.accessibility_label,
      "data-focus-key": element.action_id,
    },
    drawText(element.text, place.world),
  );
  node.addEventListener("click", async () => {
    if (node.getAttribute("aria-busy")) return;
    if (element.url && /^https?:/.test(element.url)) window.open(element.url, "_blank", "noopener,noreferrer");
    node.setAttribute("aria-busy", "true");
    await send(element, block, place, {});
    node.removeAttribute("aria-busy");
  });
  return node;
}

function overflow(element, block, place) {
  const open = iconButton("more", "More options", () =>
    menu(
      open,
      "More options",
      element.options.map((option) => ({
        label: drawText(option.text, place.world),
        detail: option.description?.text,
        run: () => send(element, block, place, { selected_option: option }),
      })),
    ),
  );
  open.dataset.focusKey = element.action_id;
  open.setAttribute("aria-haspopup", "menu");
  return el("span", {}, open);
}

const asChoice = (option) => ({ text: unescape(option.text.text), detail: option.description?.text, value: option.value, option });
const grouped = (answer) => {
  const groups = answer.option_groups || [{ options: answer.options || [] }];
  return groups.map((group) => ({ label: group.label?.text, options: group.options.map(asChoice) }));
};

const KINDS = { public: "public", private: "private", im: "im" };

function conversations(element, world, isChannels) {
  const kinds = isChannels ? ["public"] : element.filter?.include || Object.keys(KINDS);
  return world
    .channels()
    .filter((channel) => kinds.includes(channel.kind) && !channel.is_archived)
    .map((channel) => ({ text: channel.kind === "im" ? world.appName() : `#${channel.name}`, value: channel.id }));
}

function people(world) {
  return world.people().filter((one) => !one.is_bot).map((one) => ({ text: one.real_name, detail: `@${one.name}`, value: one.id }));
}

function select(element, block, place, describe) {
  const isMany = element.type.startsWith("multi_");
  const kind = element.type.replace(/^multi_|_select$/g, "");
  const { world } = place;
  const noun = { static: "option", external: "option", users: "user", conversations: "conversation", channels: "channel" }[kind];
  const name = `selected_${noun}${isMany ? "s" : ""}`;
  const isOption = noun === "option";
  const choices = { users: () => people(world), channels: () => conversations(element, world, true), conversations: () => conversations(element, world, false) };
  const search = {
    static: () => among(grouped(element)),
    external: () => async (text) => grouped((await place.options(element, block, text)) || {}),
  }[kind]?.() || ((text) => among([{ options: choices[kind]() }])(text));

  let first = held(element, block, place, name, `initial_${noun}${isMany ? "s" : ""}`);
  if (!first && element.default_to_current_conversation) first = world.current()?.id ?? null;
  const chosen = [first ?? []].flat().map((one) =>
    isOption ? asChoice(one) : choices[kind]().find((choice) => choice.value === one) || { text: one, value: one },
  );
  const state = () => {
    const values = box.read().map((one) => (isOption ? one.option : one.value));
    return { [name]: isMany ? values : (values[0] ?? null) };
  };
  const box = combobox({
    label: named(element, describe)["aria-label"],
    describe,
    placeholder: element.placeholder?.text || (isMany ? "Choose some" : "Choose one"),
    isMany,
    search,
    least: kind === "external" ? (element.min_query_length ?? 3) : 0,
    chosen,
    most: element.max_selected_items,
    focusKey: element.action_id,
    onchange: async (undo) => {
      if (isSentAtOnce(block) && !(await send(element, block, place, state()))) undo();
    },
  });
  place.fields?.push({ block, element, read: state });
  return box.node;
}

function choices(element, block, place, describe) {
  const isMany = element.type === "checkboxes";
  const name = isMany ? "selected_options" : "selected_option";
  const first = [held(element, block, place, name, isMany ? "initial_options" : "initial_option") ?? []].flat();
  const group = newId("choice");
  const inputs = element.options.map((option) =>
    el("input", { type: isMany ? "checkbox" : "radio", name: group, checked: first.some((one) => one.value === option.value) }),
  );
  const state = () => {
    const picked = element.options.filter((_, at) => inputs[at].checked);
    return { [name]: isMany ? picked : (picked[0] ?? null) };
  };
  inputs.forEach((input, at) => {
    input.dataset.focusKey = `${element.action_id}/${at}`;
    input.addEventListener("change", async () => {
      if (isSentAtOnce(block) && !(await send(element, block, place, state()))) input.checked = !input.checked;
    });
  });
  place.fields?.push({ block, element, read: state });
  const role = isMany ? "group" : "radiogroup";
  return el(
    "div",
    { class: "choices", role, ...named(element, describe) },
    element.options.map((option, at) =>
      el(
        "label",
        {},
        inputs[at],
        el("span", {}, drawText(option.text, place.world), option.description && el("small", {}, drawText(option.description, place.world))),
      ),
    ),
  );
}

function picker(element, block, place, describe) {
  const [type, name, initial] = {
    datepicker: ["date", "selected_date", "initial_date"],
    timepicker: ["time", "selected_time", "initial_time"],
    datetimepicker: ["datetime-local", "selected_date_time", "initial_date_time"],
  }[element.type];
  const { zone } = place.world;
  const isInstant = type === "datetime-local";
  const first = held(element, block, place, name, initial);
  const input = el("input", { type, "data-focus-key": element.action_id, ...named(element, describe) });
  input.value = first && isInstant ? `${dayOf(first * 1000, zone)}T${timeOf(first * 1000, zone)}` : first || "";
  const state = () => {
    const value = input.value || null;
    return { [name]: value && isInstant ? instantOf(...value.split("T"), zone) / 1000 : value };
  };
  input.addEventListener("change", () => isSentAtOnce(block) && send(element, block, place, state()));
  place.fields?.push({ block, element, input, read: state });
  return input;
}

const TYPES = { email_text_input: "email", url_text_input: "url", number_input: "number" };

function textInput(element, block, place, describe) {
  const isRich = element.type === "rich_text_input";
  const name = isRich ? "rich_text_value" : "value";
  const first = held(element, block, place, name, "initial_value");
  const input = el(element.multiline || isRich ? "textarea" : "input", {
    type: element.multiline || isRich ? null : TYPES[element.type] || "text",
    rows: element.multiline || isRich ? 4 : null,
    placeholder: element.placeholder?.text,
    minlength: element.min_length,
    maxlength: element.max_length,
    min: element.min_value,
    max: element.max_value,
    step: element.is_decimal_allowed ? "any" : null,
    autocomplete: "off",
    "data-focus-key": element.action_id,
    ...named(element, describe),
  });
  input.value = (isRich ? plainOf(first) : first) ?? "";
  const state = () => ({ [name]: input.value ? (isRich ? richOf(input.value) : input.value) : null });
  if (block.dispatch_action) {
    const on = element.dispatch_action_config?.trigger_actions_on || ["on_enter_pressed"];
    let timer = 0;
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing || !on.includes("on_enter_pressed")) return;
      event.preventDefault();
      send(element, block, place, state());
    });
    input.addEventListener("input", () => {
      clearTimeout(timer);
      if (on.includes("on_character_entered")) timer = setTimeout(() => send(element, block, place, state()), PAUSE_MS);
    });
  }
  place.fields?.push({ block, element, input, read: state });
  return input;
}

function richOf(text) {
  return { type: "rich_text", elements: [{ type: "rich_text_section", elements: [{ type: "text", text }] }] };
}

function plainOf(value) {
  return value?.elements?.flatMap((one) => one.elements || []).map((one) => one.text || "").join("");
}

const MAKERS = {
  button,
  overflow,
  checkboxes: choices,
  radio_buttons: choices,
  datepicker: picker,
  timepicker: picker,
  datetimepicker: picker,
  plain_text_input: textInput,
  rich_text_input: textInput,
  email_text_input: textInput,
  url_text_input: textInput,
  number_input: textInput,
};
for (const kind of ["static", "external", "users", "conversations", "channels"]) {
  MAKERS[`${kind}_select`] = select;
  MAKERS[`multi_${kind}_select`] = select;
}
