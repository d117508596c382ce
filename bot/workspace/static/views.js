// Modals, one on top of another, and the App Home: forms that the app draws.

import { get, post } from "./api.js";
import { drawBlocks, readFields, showErrors } from "./blocks.js";
import { el, iconButton, replaceKeepingFocus } from "./dom.js";
import { attempt, notice } from "./popup.js";

// Draws the blocks of *view* with what was typed into them; gives {node, fields, values}.
function draw(view, world, typed) {
  const fields = [];
  const values = () => readFields(fields);
  const where = (element, block) => ({
    user: world.me.id,
    view_id: view.id,
    block_id: block.block_id,
    action_id: element.action_id,
  });
  const place = {
    world,
    fields,
    values: merged(view.state.values, typed),
    press: (element, block, chosen) => attempt(() => post("press", { ...where(element, block), values: values(), ...chosen })),
    options: (element, block, value) => attempt(() => post("options", { ...where(element, block), value })),
  };
  return { node: drawBlocks(view.blocks, place), fields, values };
}

function merged(values, typed = {}) {
  const all = { ...values };
  for (const [block, actions] of Object.entries(typed)) all[block] = { ...all[block], ...actions };
  return all;
}

export function modals(world) {
  let stack = [];
  let shown = null;
  const typed = new Map();
  const dialog = el("dialog", { class: "modal", "aria-labelledby": "modal-title" });
  document.body.append(dialog);
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    if (stack.length) close(stack.at(-1));
  });

  const close = (view) => attempt(() => post("close", { user: world.me.id, view_id: view.id }));

  function show() {
    if (shown) typed.set(shown.view.id, shown.form.values());
    const view = stack.at(-1);
    if (!view) {
      shown = null;
      typed.clear();
      dialog.close();
      dialog.replaceChildren();
      return;
    }
    const form = draw(view, world, typed.get(view.id));
    const isSame = shown?.view.id === view.id;
    const fresh = frame(view, form);
    shown = { view, form, node: fresh };
    if (isSame && dialog.firstChild) replaceKeepingFocus(dialog.firstChild, fresh);
    else dialog.replaceChildren(fresh);
    if (!dialog.open) dialog.showModal();
    if (!isSame) first(view, fresh)?.focus();
  }

  function first(view, node) {
    const wanted = view.blocks.map((block) => block.element || block.accessory).find((one) => one?.focus_on_load);
    const key = wanted && [...node.querySelectorAll("[data-focus-key]")].find((one) => one.dataset.focusKey.includes(wanted.action_id));
    return key || node.querySelector(".modal-body :is(input, textarea, select, button)") || node.querySelector("footer button");
  }

  function frame(view, form) {
    const trouble = el("p", { class: "modal-trouble", role: "alert" });
    const submit = view.submit && el("button", { type: "submit", class: "button primary" }, view.submit.text);
    const node = el(
      "form",
      { novalidate: true, onsubmit: (event) => send(event, view, form, node, trouble, submit) },
      el(
        "header",
        {},
        stack.length > 1 && iconButton("back", "Back", () => close(view)),
        el("h2", { id: "modal-title" }, view.title?.text),
        iconButton("close", "Close", () => close(stack[0])),
      ),
      el("div", { class: "modal-body" }, form.node),
      el(
        "footer",
        {},
        trouble,
        el("button", { type: "button", class: "button", onclick: () => close(view) }, view.close?.text || (submit ? "Cancel" : "Close")),
        submit,
      ),
    );
    return node;
  }

  async function send(event, view, form, node, trouble, submit) {
    event.preventDefault();
    if (!submit || submit.getAttribute("aria-busy")) return;
    const wrong = form.fields.filter(({ input }) => input && !input.validity.valid);
    const own = Object.fromEntries(wrong.map(({ block, input }) => [block.block_id, input.validationMessage]));
    showErrors(node, own);
    trouble.textContent = "";
    if (wrong.length) return;
    submit.setAttribute("aria-busy", "true");
    const answer = await attempt(() => post("submit", { user: world.me.id, view_id: view.id, values: form.values() }));
    submit.removeAttribute("aria-busy");
    if (answer?.errors) showErrors(node, answer.errors);
    else if (answer?.error) trouble.textContent = answer.error;
  }

  return {
    set(views) {
      stack = views;
      show();
    },
    opened(view) {
      const at = stack.findIndex((one) => one.id === view.id);
      if (at >= 0) stack[at] = view;
      else stack = view.previous_view_id ? [...stack, view] : [view];
      show();
    },
    closed(id) {
      stack = stack.filter((view) => view.id !== id);
      typed.delete(id);
      if (shown?.view.id === id) shown = null;
      show();
    },
  };
}

// Gives the App Home: {node, show(view), open()}.
export function appHome(world) {
  let form = null;
  let id = null;
  let content = el("p", { class: "empty" }, "Nothing is published here yet.");
  const node = el("section", { class: "home", "aria-label": "App Home" }, content);
  return {
    node,
    show(view) {
      const typed = view?.id === id ? form?.values() : undefined;
      id = view?.id;
      form = view ? draw(view, world, typed) : null;
      const fresh = form?.node || el("p", { class: "empty" }, "Nothing is published here yet.");
      replaceKeepingFocus(content, fresh);
      content = fresh;
    },
    open: () => attempt(() => post("home", { user: world.me.id })),
  };
}

export async function readViews(user) {
  try {
    return await get("views", { user });
  } catch (error) {
    notice(error.message);
    return { modals: [], home: null };
  }
}
