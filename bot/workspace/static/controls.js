// The tabs of "Behind the scenes": calls, clock, faults, feed, channel and person, app.

import { channelPanel } from "./channel.js";
import { clockPanel } from "./clock.js";
import { el } from "./dom.js";
import { faultsPanel } from "./faults.js";
import { feedPanel } from "./feed.js";
import { inspector } from "./inspector.js";
import { appPanel } from "./install.js";
import { attempt } from "./popup.js";

const TABS = { calls: "Calls", clock: "Clock", faults: "Faults", feed: "Feed", channel: "Place", app: "App" };

export function controlTabs(workspace) {
  let panels = null;
  let chosen = "calls";
  const buttons = Object.fromEntries(
    Object.entries(TABS).map(([name, label]) => [
      name,
      el("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": "controls", onclick: () => open(name) }, label),
    ]),
  );
  const bar = el("div", { class: "tabs", role: "tablist", "aria-label": "Behind the scenes", onkeydown: onTabKey }, Object.values(buttons));
  const panel = el("div", { class: "pane-body", role: "tabpanel", id: "controls", tabindex: "0" });
  const node = el("div", { class: "controls" }, bar, panel);

  function onTabKey(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const names = Object.keys(TABS);
    open(names[(names.indexOf(chosen) + step + names.length) % names.length]);
    buttons[chosen].focus();
  }

  function makePanels() {
    panels ||= {
      calls: inspector(workspace),
      clock: clockPanel(workspace),
      faults: faultsPanel(workspace),
      feed: feedPanel(workspace),
      channel: channelPanel(workspace),
      app: appPanel(workspace),
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
    panel.replaceChildren(makePanels()[name].node);
    if (name === "calls") attempt(() => panels.calls.read());
    else refresh();
  }

  function refresh() {
    panels[chosen].render();
  }

  function addCall(call) {
    panels?.calls.add(call);
    const isUsedUp = call.direction === "call" && chosen === "faults" && panel.isConnected;
    if (isUsedUp) panels.faults.render();
  }

  setInterval(() => chosen === "clock" && panel.isConnected && panels.clock.render(), 1000);
  return { node, open, refresh, addCall };
}
