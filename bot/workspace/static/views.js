// The views that the app builds: a stack of modals, and the App Home.

import { get, post } from "./api.js";
import { readFields, renderBlocks, showErrors } from "./blocks.js";
import { el, iconButton, replaceKeepingFocus } from "./dom.js";
import { attempt, confirm, notice } from "./popup.js";

const DISCARD = {
  title: { text: "Close without saving?" },
  text: "What you have typed or chosen here will be lost.",
  confirm: { text: "Close" },
  deny: { text: "Keep editing" },
  style: "danger",
};

// *drafts* are values typed before an update of the view, which win over those of its state. Returns
// {node, fields, values}.
function renderView(view, workspace, drafts) {
  const fields = [];
  const values = () => readFields(fields);
  const target = (element, block) => ({
    user: workspace.me.id,
    view_id: view.id,
    block_id: block.block_id,
    action_id: element.action_id,
  });
  const surface = {
    workspace,
    headingLevel: view.type === "home" ? 2 : 3,
    fields,
    values: mergeValues(view.state.values, drafts),
    sendAction: (element, block, chosen) => attempt(() => post("press", { ...target(element, block), values: values(), ...chosen })),
    loadOptions: (element, block, value) => attempt(() => post("options", { ...target(element, block), value })),
  };
  return { node: renderBlocks(view.blocks, surface), fields, values };
}

function mergeValues(values, drafts = {}) {
  const all = { ...values };
  for (const [block, actions] of Object.entries(drafts)) all[block] = { ...all[block], ...actions };
  return all;
}

export function modals(workspace) {
  let stack = [];
  let shown = null;
  const drafts = new Map();
  // The ids of views in which something was typed or chosen, and not saved.
  const edited = new Set();
  const dialog = el("dialog", { class: "modal", "aria-labelledby": "modal-title" });
  document.body.append(dialog);
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    leave(stack.at(-1));
  });
  // The browser closes a dialog at a second Escape, whatever the page says.
  dialog.addEventListener("close", () => {
    if (!stack.length || dialog.open) return;
    dialog.showModal();
    leave(stack.at(-1));
  });

  dialog.addEventListener("input", () => edited.add(shown.view.id));

  const close = (view) => attempt(() => post("close", { user: workspace.me.id, view_id: view.id }));

  // Closes *view*, but asks first if something was typed.
  async function leave(view) {
    if (edited.has(shown.view.id) && !(await confirm(DISCARD, (text) => text))) return;
    close(view);
  }

  function show() {
    if (shown) drafts.set(shown.view.id, shown.form.values());
    const view = stack.at(-1);
    if (!view) {
      shown = null;
      drafts.clear();
      dialog.close();
      dialog.replaceChildren();
      return;
    }
    const form = renderView(view, workspace, drafts.get(view.id));
    const isSame = shown?.view.id === view.id;
    const fresh = frame(view, form);
    shown = { view, form };
    if (isSame && dialog.firstChild) replaceKeepingFocus(dialog.firstChild, fresh);
    else dialog.replaceChildren(fresh);
    if (!dialog.open) dialog.showModal();
    if (!isSame) firstField(view, fresh)?.focus();
  }

  function firstField(view, node) {
    const wanted = view.blocks.map((block) => block.element || block.accessory).find((element) => element?.focus_on_load);
    const key = wanted && [...node.querySelectorAll("[data-focus-key]")].find((field) => field.dataset.focusKey.includes(wanted.action_id));
    return key || node.querySelector(".modal-body :is(input, textarea, select, button:not(.mention))") || node.querySelector("footer button");
  }

  function frame(view, form) {
    const errorLine = el("p", { class: "modal-error", role: "alert" });
    const submit = view.submit && el("button", { type: "submit", class: "button primary" }, view.submit.text);
    const node = el(
      "form",
      { novalidate: true, onsubmit: (event) => send(event, view, form, node, errorLine, submit) },
      el(
        "header",
        {},
        stack.length > 1 && iconButton("back", "Back", () => close(view)),
        el("h2", { id: "modal-title" }, view.title?.text),
        iconButton("close", "Close", () => leave(stack[0])),
      ),
      el("div", { class: "modal-body" }, form.node),
      el(
        "footer",
        {},
        errorLine,
        el("button", { type: "button", class: "button", onclick: () => close(view) }, view.close?.text || (submit ? "Cancel" : "Close")),
        submit,
      ),
    );
    return node;
  }

  async function send(event, view, form, node, errorLine, submit) {
    event.preventDefault();
    if (!submit || submit.getAttribute("aria-busy")) return;
    const invalid = form.fields.filter(({ input }) => input && !input.validity.valid);
    const errors = Object.fromEntries(invalid.map(({ block, input }) => [block.block_id, input.validationMessage]));
    showErrors(node, errors);
    errorLine.textContent = "";
    if (invalid.length) return;
    submit.setAttribute("aria-busy", "true");
    const answer = await attempt(() => post("submit", { user: workspace.me.id, view_id: view.id, values: form.values() }));
    submit.removeAttribute("aria-busy");
    if (answer?.errors) showErrors(node, answer.errors);
    else if (answer?.error) errorLine.textContent = answer.error;
    else if (answer) edited.delete(view.id);
  }

  return {
    set(views) {
      stack = views;
      show();
    },
    opened(view) {
      const index = stack.findIndex((other) => other.id === view.id);
      if (index >= 0) stack[index] = view;
      else stack = view.previous_view_id ? [...stack, view] : [view];
      show();
    },
    closed(id) {
      stack = stack.filter((view) => view.id !== id);
      drafts.delete(id);
      if (shown?.view.id === id) shown = null;
      show();
    },
  };
}

// Returns {node, show(view), open()}.
export function appHome(workspace) {
  let form = null;
  let id = null;
  let content = el("p", { class: "empty" }, "Nothing is published here yet.");
  const node = el("section", { class: "home", "aria-label": "App Home" }, content);
  return {
    node,
    show(view) {
      const drafts = view?.id === id ? form?.values() : undefined;
      id = view?.id;
      form = view ? renderView(view, workspace, drafts) : null;
      const fresh = form?.node || el("p", { class: "empty" }, "Nothing is published here yet.");
      replaceKeepingFocus(content, fresh);
      content = fresh;
    },
    open: () => attempt(() => post("home", { user: workspace.me.id })),
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
