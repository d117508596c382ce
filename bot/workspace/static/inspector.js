// Lists the app's API calls and the envelopes it received, newest first.

import { get } from "./api.js";
import { timeOf } from "./dates.js";
import { el } from "./dom.js";

const MAX_CALLS = 300;

export function inspector(workspace) {
  let calls = [];
  const filter = el("input", { type: "search", placeholder: "Filter, such as chat. or error", "aria-label": "Filter the calls" });
  const clear = el("button", { type: "button", class: "button small" }, "Clear");
  const list = el("div", { class: "calls" });
  const node = el(
    "div",
    {},
    el("p", { class: "note" }, "What the bot asks of Slack, and what Slack sends the bot. Open a line to see it in full."),
    el("div", { class: "row" }, filter, clear),
    list,
  );

  const matchesFilter = (call) => {
    const words = filter.value.trim().toLowerCase();
    return !words || `${call.name} ${JSON.stringify(call.response)}`.toLowerCase().includes(words);
  };

  function render() {
    list.replaceChildren(...calls.filter(matchesFilter).map((call) => renderCall(call, workspace)).reverse());
    if (!list.childElementCount) list.append(el("p", { class: "empty" }, "Nothing yet."));
  }

  filter.addEventListener("input", render);
  clear.addEventListener("click", () => {
    calls = [];
    render();
  });
  return {
    node,
    async read() {
      calls = (await get("calls")).calls;
      render();
    },
    add(call) {
      calls.push(call);
      if (calls.length > MAX_CALLS) calls.shift();
      if (!node.isConnected || !matchesFilter(call)) return;
      if (calls.length === 1) list.replaceChildren();
      list.prepend(renderCall(call, workspace));
      if (list.childElementCount > MAX_CALLS) list.lastChild.remove();
    },
    render,
  };
}

function renderCall(call, workspace) {
  const isEnvelope = call.direction === "envelope";
  const status = call.ok ? "ok" : call.response?.error || call.status || "no ack";
  const body = el("div", { class: "call-body" });
  const box = el(
    "details",
    { class: `call ${call.ok ? "" : "failed"}` },
    el(
      "summary",
      {},
      el("span", { class: "call-direction", title: isEnvelope ? "Slack to the bot" : "the bot to Slack" }, isEnvelope ? "→ bot" : "→ Slack"),
      el("span", { class: "call-name" }, call.name),
      el("span", { class: "call-status" }, status),
      el("span", { class: "call-ms" }, `${Math.round(call.ms)} ms`),
    ),
    body,
  );
  box.addEventListener("toggle", () => {
    if (!box.open || body.childElementCount) return;
    body.append(
      el("p", { class: "note" }, `No. ${call.n}, at ${timeOf(Date.parse(call.at), workspace.zone, true)}, HTTP ${call.status}`),
      el("h3", {}, isEnvelope ? "Envelope" : "Arguments"),
      el("pre", { tabindex: "0" }, JSON.stringify(call.request, null, 2)),
      el("h3", {}, isEnvelope ? "Ack" : "Answer"),
      el("pre", { tabindex: "0" }, JSON.stringify(call.response, null, 2) ?? "none"),
    );
  });
  return box;
}
