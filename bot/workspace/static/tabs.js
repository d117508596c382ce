// The tabs behind the scenes: calls, clock, faults, place, app.

import { clockPanel } from "./clock.js";
import { el } from "./dom.js";
import { faultsPanel } from "./faults.js";
import { appPanel } from "./install.js";
import { inspector } from "./inspector.js";
import { placePanel } from "./place.js";
import { attempt } from "./popup.js";

const TABS = { calls: "Calls", clock: "Clock", faults: "Faults", place: "Place", app: "App" };

export function behindTabs(world) {
  let panels = null;
  let chosen = "calls";
  const buttons = Object.fromEntries(
    Object.entries(TABS).map(([name, label]) => [
      name,
      el("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": "behind", onclick: () => open(name) }, label),
    ]),
  );
  const bar = el("div", { class: "tabs", role: "tablist", "aria-label": "Behind the scenes", onkeydown: step }, Object.values(buttons));
  const panel = el("div", { class: "pane-body", role: "tabpanel", id: "behind", tabindex: "0" });
  const node = el("div", { class: "behind" }, bar, panel);

  function step(event) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    const names = Object.keys(TABS);
    open(names[(names.indexOf(chosen) + by + names.length) % names.length]);
    buttons[chosen].focus();
  }

  function make() {
    panels ||= {
      calls: inspector(world),
      clock: clockPanel(world),
      faults: faultsPanel(world),
      place: placePanel(world),
      app: appPanel(world),
    };
    return panels;
  }

  function open(name = chosen) {
    chosen = name;
    for (const [key, button] of Object.entries(buttons)) {
      button.setAttribute("aria-selected", String(key === name));
      button.tabIndex = key === name ? 0 : -1;
    }
    panel.setAttribute("aria-labelledby", `tab-${name}`);
    panel.replaceChildren(make()[name].node);
    if (name === "calls") attempt(() => panels.calls.read());
    else changed();
  }

  function changed() {
    panels[chosen].draw();
  }

  function called(call) {
    panels?.calls.add(call);
    const isUsedUp = call.direction === "call" && chosen === "faults" && panel.isConnected;
    if (isUsedUp) panels.faults.draw();
  }

  setInterval(() => chosen === "clock" && panel.isConnected && panels.clock.draw(), 1000);
  return { node, open, changed, called };
}
