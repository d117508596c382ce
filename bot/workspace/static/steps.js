// A form that runs one of the app's functions as a workflow step and shows its outputs.

import { post } from "./api.js";
import { el } from "./dom.js";
import { attempt } from "./popup.js";

// *step* is {callback_id, title, description, inputs: [{name, type, title, description, is_required}]}.
export function stepForm(workspace, step) {
  const fields = step.inputs.map((spec) => ({ ...spec, input: field(workspace, spec) }));
  const result = el("div", { class: "step-result", role: "status" });
  const run = el("button", { type: "submit", class: "button small" }, "Run");

  async function start(event) {
    event.preventDefault();
    if (run.getAttribute("aria-busy")) return;
    const filled = fields.filter(({ input }) => input.value.trim());
    const inputs = Object.fromEntries(filled.map(({ name, input }) => [name, input.value.trim()]));
    run.setAttribute("aria-busy", "true");
    result.replaceChildren();
    await attempt(async () => {
      const answer = await post("step", { function: step.callback_id, inputs });
      if (answer.error) result.append(el("p", { class: "error" }, answer.error));
      else result.append(el("dl", {}, Object.entries(answer.outputs).map(([name, value]) => [el("dt", {}, name), el("dd", {}, String(value))])));
    });
    run.removeAttribute("aria-busy");
  }

  return el(
    "form",
    { class: "step", "aria-label": step.title, onsubmit: start },
    el("strong", {}, step.title),
    el("p", { class: "note" }, step.description),
    fields.map(({ title, is_required: isRequired, input }) => el("label", {}, isRequired ? title : `${title} (optional)`, input)),
    el("div", { class: "row" }, run),
    result,
  );
}

function field(workspace, { type, description, is_required: isRequired }) {
  if (type !== "slack#/types/channel_id") return el("input", { type: "text", title: description, required: isRequired });
  const channels = workspace.channels().filter((channel) => channel.kind !== "im");
  return el("select", { title: description, required: isRequired }, channels.map((channel) => el("option", { value: channel.id }, `#${channel.name}`)));
}
