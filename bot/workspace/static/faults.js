// Makes the Web API fail on demand.

import { get, post } from "./api.js";
import { el, smallButton } from "./dom.js";
import { attempt } from "./popup.js";

const PRESETS = [
  ["Refuse the next post", { method: "chat.postMessage", kind: "refuse", error: "internal_error" }],
  ["Post, then cut the line", { method: "chat.postMessage", kind: "drop_after" }],
  ["Post, then answer 500", { method: "chat.postMessage", kind: "status", status: 500, after: true }],
  ["Too many requests (429)", { method: "chat.postMessage", kind: "ratelimit", seconds: 5 }],
  ["Every call takes 2 s", { method: "*", kind: "delay", seconds: 2, times: 20 }],
  ["History lags by a minute", { method: "conversations.history", kind: "lag", seconds: 60, times: 20 }],
  ["History once a minute", { method: "conversations.history", kind: "strict", times: 100 }],
];
const METHODS = ["*", "chat.*", "chat.postMessage", "conversations.history", "conversations.info", "users.info", "views.open", "views.publish"];
const withLabel = (label, input) => el("label", {}, label, input);

export function faultsPanel(workspace) {
  let kinds = [];
  const list = el("ul", { class: "faults" });
  const method = el("input", { list: "methods", value: "chat.postMessage" });
  const kind = el("select", { onchange: showFields });
  const inputs = {
    error: el("input", { value: "internal_error" }),
    seconds: el("input", { type: "number", value: "2", min: "0", step: "any" }),
    status: el("input", { type: "number", value: "503", min: "400", max: "599" }),
    after: el("input", { type: "checkbox" }),
  };
  const times = el("input", { type: "number", value: "1", min: "1" });
  const labels = Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, withLabel(name, input)]));

  const chosenFields = () => kinds.find((known) => known.kind === kind.value)?.fields || [];

  function showFields() {
    for (const [name, label] of Object.entries(labels)) label.hidden = !chosenFields().includes(name);
  }

  async function readKinds() {
    if (kinds.length) return;
    ({ kinds } = await get("fault-kinds"));
    kind.replaceChildren(...kinds.map((known) => el("option", { value: known.kind }, known.label)));
    showFields();
  }

  async function add(fault) {
    const answer = await attempt(() => post("faults", fault));
    if (answer) show(answer.faults);
  }

  function addCustom() {
    const fault = { method: method.value.trim() || "*", kind: kind.value, times: Number(times.value) };
    for (const name of chosenFields()) {
      const input = inputs[name];
      fault[name] = name === "after" ? input.checked : name === "error" ? input.value : Number(input.value);
    }
    return add(fault);
  }

  function show(faults) {
    list.replaceChildren(...faults.map((fault) => el("li", {}, el("strong", {}, fault.kind), ` ${fault.method} × ${fault.times ?? "∞"}`)));
    if (!faults.length) list.append(el("li", { class: "empty" }, "Nothing is set to go wrong."));
  }

  const form = el(
    "form",
    {
      class: "fault-form",
      onsubmit: (event) => {
        event.preventDefault();
        addCustom();
      },
    },
    withLabel("what happens", kind),
    withLabel("to the method", method),
    Object.values(labels),
    withLabel("how many times", times),
    el("button", { type: "submit", class: "button small" }, "Add"),
  );
  const node = el(
    "div",
    {},
    el("p", { class: "note" }, `What would ${workspace.appName()} do if Slack failed? Choose a fault, then try something.`),
    el("div", { class: "row" }, PRESETS.map(([label, fault]) => smallButton(label, () => add(fault)))),
    el("h3", {}, "Set to go wrong"),
    list,
    smallButton("Clear all", () => add({ clear: true })),
    el("h3", {}, "Another fault"),
    el("datalist", { id: "methods" }, METHODS.map((name) => el("option", { value: name }))),
    form,
  );
  function render() {
    attempt(async () => {
      await readKinds();
      show((await get("state", { user: workspace.me.id })).faults);
    });
  }
  return { node, render };
}
