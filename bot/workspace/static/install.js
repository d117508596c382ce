// The app itself: how it is reached, its steps for workflows, and taking it out of the workspace.

import { get, post } from "./api.js";
import { el, smallButton } from "./dom.js";
import { attempt } from "./popup.js";
import { stepForm } from "./steps.js";

export function appPanel(world) {
  const node = el("div", {});
  const forms = new Map();
  let drawn = "";

  async function read() {
    const about = await get("app");
    // What is drawn already stays, and with it the keyboard where it is.
    if (JSON.stringify(about) === drawn) return;
    drawn = JSON.stringify(about);
    node.replaceChildren(...reached(about.delivery), ...(about.installed ? steps(about.functions) : []), ...installation(about));
  }

  function reached({ way, sockets, urls }) {
    if (way === "http") {
      return [
        el("p", {}, `What happens is sent to ${world.appName()} by signed HTTP, to its request URL:`),
        el("ul", { class: "urls" }, urls.map((url) => el("li", {}, el("code", {}, url)))),
      ];
    }
    const open = sockets === 1 ? "one socket" : `${sockets || "no"} sockets`;
    return [
      el("p", {}, `${world.appName()} is reached by Socket Mode, and has ${open} open.`),
      el("div", { class: "row" }, smallButton("Ask it to connect anew", () => attempt(() => post("disconnect", {})))),
    ];
  }

  function steps(functions) {
    if (!functions.length) return [];
    for (const one of functions) if (!forms.has(one.callback_id)) forms.set(one.callback_id, stepForm(world, one));
    return [
      el("h4", {}, "Workflow steps"),
      el("p", { class: "note" }, "In Workflow Builder each is a step, whose texts go on to the steps after it."),
      ...functions.map((one) => forms.get(one.callback_id)),
    ];
  }

  function installation({ installed, scopes }) {
    const button = installed
      ? smallButton(`Uninstall ${world.appName()}`, () => attempt(() => post("uninstall", {})))
      : smallButton(`Install ${world.appName()}`, () => attempt(() => post("install", {})));
    const note = installed
      ? `It may do this: ${scopes.join(", ")}.`
      : "Slack would give it another token. Here the old one is good again, so that you can go on; invite it to its channels.";
    return [
      el("h4", {}, installed ? "Installed" : "Not installed"),
      el("p", { class: "note" }, note),
      el("div", { class: "row" }, button),
    ];
  }

  return { node, draw: () => attempt(read) };
}
