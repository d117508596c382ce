// Controls for the app: its connection, its workflow steps, installing and uninstalling it.

import { get, post } from "./api.js";
import { el, smallButton } from "./dom.js";
import { attempt } from "./popup.js";
import { stepForm } from "./steps.js";

export function appPanel(workspace) {
  const node = el("div", {});
  const forms = new Map();
  let rendered = "";

  async function read() {
    const app = await get("app");
    // Rendering again would lose the keyboard focus.
    if (JSON.stringify(app) === rendered) return;
    rendered = JSON.stringify(app);
    node.replaceChildren(...connection(app.delivery), ...(app.installed ? steps(app.functions) : []), ...installation(app));
  }

  function connection({ way, sockets, urls }) {
    if (way === "http") {
      return [
        el("p", {}, `What happens is sent to ${workspace.appName()} by signed HTTP, to its request URL:`),
        el("ul", { class: "urls" }, urls.map((url) => el("li", {}, el("code", {}, url)))),
      ];
    }
    const open = sockets === 1 ? "one socket" : `${sockets || "no"} sockets`;
    return [
      el("p", {}, `${workspace.appName()} is reached by Socket Mode, and has ${open} open.`),
      el("div", { class: "row" }, smallButton("Reconnect", () => attempt(() => post("disconnect", {})))),
    ];
  }

  function steps(functions) {
    if (!functions.length) return [];
    for (const step of functions) if (!forms.has(step.callback_id)) forms.set(step.callback_id, stepForm(workspace, step));
    return [
      el("h3", {}, "Workflow steps"),
      el("p", { class: "note" }, "In Workflow Builder each is a step, whose texts go on to the steps after it."),
      ...functions.map((step) => forms.get(step.callback_id)),
    ];
  }

  function installation({ installed, scopes }) {
    const button = installed
      ? smallButton(`Uninstall ${workspace.appName()}`, () => attempt(() => post("uninstall", {})))
      : smallButton(`Install ${workspace.appName()}`, () => attempt(() => post("install", {})));
    const note = installed
      ? `It may do this: ${scopes.join(", ")}.`
      : "Slack would give it another token. Here the old one is good again, so that you can go on; invite it to its channels.";
    return [
      el("h3", {}, installed ? "Installed" : "Not installed"),
      el("p", { class: "note" }, note),
      el("div", { class: "row" }, button),
    ];
  }

  return { node, render: () => attempt(read) };
}
