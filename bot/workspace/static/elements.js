// Renders Block Kit's interactive elements and reads their values.

import { dayOf, instantOf, timeOf } from "./dates.js";
import { el, iconButton, newId } from "./dom.js";
import { mrkdwn, unescape, withEmoji } from "./mrkdwn.js";
import { confirm, menu } from "./popup.js";
import { combobox, searchGroups } from "./select.js";

const TYPING_PAUSE_MS = 300;

// *surface* is the message or view that shows *element*:
//   workspace: the page's model
//   headingLevel: the level of its headers among the page's headings
//   sendAction(element, block, value): sends a block action to the app
//   loadOptions(element, block, text): asks the app for the options of an external select
//   fields (views only): a list to which input elements add {block, element, input, read}
//   values (views only): what was typed before the view was rendered again
// *aria* are the attributes that label the element.
export function renderElement(element, block, surface, aria = {}) {
  const render = RENDERERS[element.type];
  if (!render) return el("span", { class: "unsupported" }, `${element.type} is not shown here`);
  return render(element, block, surface, aria);
}

export function renderText(text, workspace) {
  if (text.type === "mrkdwn") return mrkdwn(text.text, workspace);
  return text.emoji === false ? [text.text] : [withEmoji(text.text)];
}

const labelAttributes = (element, aria) => ({
  ...aria,
  "aria-label": aria["aria-labelledby"] ? null : element.placeholder?.text || element.type.replaceAll("_", " "),
});

async function sendAction(element, block, surface, chosen) {
  if (element.confirm && !(await confirm(element.confirm, (text) => renderText(text, surface.workspace)))) return false;
  await surface.sendAction(element, block, chosen);
  return true;
}

// Returns what was typed before the view was rendered again, else the element's initial value.
function currentValue(element, block, surface, key, initialKey) {
  const state = surface.values?.[block.block_id]?.[element.action_id];
  return (state && key in state ? state[key] : element[initialKey]) ?? null;
}

const isSentOnChange = (block) => block.type !== "input" || block.dispatch_action;

function button(element, block, surface) {
  const node = el(
    "button",
    {
      type: "button",
      class: `button ${element.style || ""}`,
      "aria-label": element.accessibility_label,
      "data-focus-key": element.action_id,
    },
    renderText(element.text, surface.workspace),
  );
  node.addEventListener("click", async () => {
    if (node.getAttribute("aria-busy")) return;
    if (element.url && /^https?:/.test(element.url)) window.open(element.url, "_blank", "noopener,noreferrer");
    node.setAttribute("aria-busy", "true");
    await sendAction(element, block, surface, {});
    node.removeAttribute("aria-busy");
  });
  return node;
}

function overflow(element, block, surface) {
  const open = iconButton("more", "More options", () =>
    menu(
      open,
      "More options",
      element.options.map((option) => ({
        label: renderText(option.text, surface.workspace),
        detail: option.description?.text,
        run: () => sendAction(element, block, surface, { selected_option: option }),
      })),
    ),
  );
  open.dataset.focusKey = element.action_id;
  open.setAttribute("aria-haspopup", "menu");
  return el("span", {}, open);
}

const toChoice = (option) => ({ text: unescape(option.text.text), detail: option.description?.text, value: option.value, option });
const optionGroups = (answer) => {
  const groups = answer.option_groups || [{ options: answer.options || [] }];
  return groups.map((group) => ({ label: group.label?.text, options: group.options.map(toChoice) }));
};

const KINDS = { public: "public", private: "private", im: "im" };

function conversations(element, workspace, isChannels) {
  const kinds = isChannels ? ["public"] : element.filter?.include || Object.keys(KINDS);
  return workspace
    .channels()
    .filter((channel) => kinds.includes(channel.kind) && !channel.is_archived)
    .map((channel) => ({ text: channel.kind === "im" ? workspace.appName() : `#${channel.name}`, value: channel.id }));
}

function people(workspace) {
  return workspace.people().filter((person) => !person.is_bot).map((person) => ({ text: person.real_name, detail: `@${person.name}`, value: person.id }));
}

function select(element, block, surface, aria) {
  const isMany = element.type.startsWith("multi_");
  const kind = element.type.replace(/^multi_|_select$/g, "");
  const { workspace } = surface;
  const noun = { static: "option", external: "option", users: "user", conversations: "conversation", channels: "channel" }[kind];
  const name = `selected_${noun}${isMany ? "s" : ""}`;
  const isOption = noun === "option";
  const choices = { users: () => people(workspace), channels: () => conversations(element, workspace, true), conversations: () => conversations(element, workspace, false) };
  const search = {
    static: () => searchGroups(optionGroups(element)),
    external: () => async (text) => optionGroups((await surface.loadOptions(element, block, text)) || {}),
  }[kind]?.() || ((text) => searchGroups([{ options: choices[kind]() }])(text));

  let initial = currentValue(element, block, surface, name, `initial_${noun}${isMany ? "s" : ""}`);
  if (!initial && element.default_to_current_conversation) {
    // A conversation that the filter leaves out is not chosen.
    initial = choices[kind]().find((choice) => choice.value === workspace.current()?.id)?.value ?? null;
  }
  const chosen = [initial ?? []].flat().map((value) =>
    isOption ? toChoice(value) : choices[kind]().find((choice) => choice.value === value) || { text: value, value },
  );
  const state = () => {
    const values = box.read().map((choice) => (isOption ? choice.option : choice.value));
    return { [name]: isMany ? values : (values[0] ?? null) };
  };
  const box = combobox({
    label: labelAttributes(element, aria)["aria-label"],
    aria,
    placeholder: element.placeholder?.text || (isMany ? "Choose some" : "Choose one"),
    isMany,
    search,
    minLength: kind === "external" ? (element.min_query_length ?? 3) : 0,
    chosen,
    maxChosen: element.max_selected_items,
    focusKey: element.action_id,
    onchange: async (undo) => {
      if (isSentOnChange(block) && !(await sendAction(element, block, surface, state()))) undo();
    },
  });
  surface.fields?.push({ block, element, read: state });
  return box.node;
}

function choices(element, block, surface, aria) {
  const isMany = element.type === "checkboxes";
  const name = isMany ? "selected_options" : "selected_option";
  const initial = [currentValue(element, block, surface, name, isMany ? "initial_options" : "initial_option") ?? []].flat();
  const group = newId("choice");
  const inputs = element.options.map((option) =>
    el("input", { type: isMany ? "checkbox" : "radio", name: group, checked: initial.some((chosen) => chosen.value === option.value) }),
  );
  const state = () => {
    const picked = element.options.filter((_, index) => inputs[index].checked);
    return { [name]: isMany ? picked : (picked[0] ?? null) };
  };
  inputs.forEach((input, index) => {
    input.dataset.focusKey = `${element.action_id}/${index}`;
    input.addEventListener("change", async () => {
      if (isSentOnChange(block) && !(await sendAction(element, block, surface, state()))) input.checked = !input.checked;
    });
  });
  surface.fields?.push({ block, element, read: state });
  const attributes = { class: "choices", role: isMany ? "group" : "radiogroup", ...labelAttributes(element, aria) };
  // ARIA knows required radio groups, and no other required groups.
  if (isMany) delete attributes["aria-required"];
  return el(
    "div",
    attributes,
    element.options.map((option, index) =>
      el(
        "label",
        {},
        inputs[index],
        el("span", {}, renderText(option.text, surface.workspace), option.description && el("small", {}, renderText(option.description, surface.workspace))),
      ),
    ),
  );
}

function picker(element, block, surface, aria) {
  const [type, name, initialKey] = {
    datepicker: ["date", "selected_date", "initial_date"],
    timepicker: ["time", "selected_time", "initial_time"],
    datetimepicker: ["datetime-local", "selected_date_time", "initial_date_time"],
  }[element.type];
  const { zone } = surface.workspace;
  const isInstant = type === "datetime-local";
  const initial = currentValue(element, block, surface, name, initialKey);
  const input = el("input", { type, "data-focus-key": element.action_id, ...labelAttributes(element, aria) });
  input.value = initial && isInstant ? `${dayOf(initial * 1000, zone)}T${timeOf(initial * 1000, zone)}` : initial || "";
  const state = () => {
    const value = input.value || null;
    return { [name]: value && isInstant ? instantOf(...value.split("T"), zone) / 1000 : value };
  };
  input.addEventListener("change", () => isSentOnChange(block) && sendAction(element, block, surface, state()));
  surface.fields?.push({ block, element, input, read: state });
  return input;
}

const TYPES = { email_text_input: "email", url_text_input: "url", number_input: "number" };

function textInput(element, block, surface, aria) {
  const isRich = element.type === "rich_text_input";
  const name = isRich ? "rich_text_value" : "value";
  const initial = currentValue(element, block, surface, name, "initial_value");
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
    ...labelAttributes(element, aria),
  });
  input.value = (isRich ? richToPlain(initial) : initial) ?? "";
  const state = () => ({ [name]: input.value ? (isRich ? plainToRich(input.value) : input.value) : null });
  if (block.dispatch_action) {
    const on = element.dispatch_action_config?.trigger_actions_on || ["on_enter_pressed"];
    let timer = 0;
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing || !on.includes("on_enter_pressed")) return;
      event.preventDefault();
      sendAction(element, block, surface, state());
    });
    input.addEventListener("input", () => {
      clearTimeout(timer);
      if (on.includes("on_character_entered")) timer = setTimeout(() => sendAction(element, block, surface, state()), TYPING_PAUSE_MS);
    });
  }
  surface.fields?.push({ block, element, input, read: state });
  return input;
}

function plainToRich(text) {
  return { type: "rich_text", elements: [{ type: "rich_text_section", elements: [{ type: "text", text }] }] };
}

function richToPlain(value) {
  return value?.elements?.flatMap((section) => section.elements || []).map((span) => span.text || "").join("");
}

const RENDERERS = {
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
  RENDERERS[`${kind}_select`] = select;
  RENDERERS[`multi_${kind}_select`] = select;
}
