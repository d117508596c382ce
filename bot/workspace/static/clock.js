// Shows the workspace's clock, which the bot reads, and moves it.

import { post } from "./api.js";
import { dayOf, instantOf, nextAt, shortInstant, timeOf } from "./dates.js";
import { el, smallButton } from "./dom.js";
import { attempt } from "./popup.js";

export function clockPanel(workspace) {
  const shown = el("output", { class: "clock-face" });
  const detail = el("p", { class: "note" });
  let isChosen = false;
  const instant = el("input", { type: "datetime-local", "aria-label": "Any instant", step: "60", oninput: () => (isChosen = true) });
  const move = (body) => attempt(() => post("clock", body));
  const to = (at) => move({ to: new Date(at).toISOString().replace("Z", "+00:00") });
  const go = smallButton("Go", () => {
    if (!instant.value) return instant.focus();
    isChosen = false;
    return to(instantOf(...instant.value.split("T"), workspace.zone));
  });
  const node = el(
    "div",
    {},
    el("p", { class: "note" }, "The bot reads this clock. Move it, and see what was due arrive."),
    workspace.tour()?.clock && el("p", { class: "note" }, workspace.tour().clock),
    shown,
    detail,
    el(
      "div",
      { class: "row" },
      smallButton("+1 hour", () => move({ seconds: 3600 })),
      smallButton("+1 day", () => move({ seconds: 86_400 })),
      smallButton("Next 09:30", () => to(nextAt("09:30", workspace.zone, workspace.now()))),
      smallButton("Back to real time", () => move({ seconds: -workspace.offset() })),
    ),
    el("div", { class: "row" }, instant, go),
  );
  function render() {
    const now = workspace.now();
    shown.textContent = shortInstant(now, workspace.zone);
    const moved = Math.round(workspace.offset() / 60);
    const distance = moved ? `, ${formatMinutes(Math.abs(moved))} ${moved > 0 ? "ahead of" : "behind"} real time` : "";
    detail.textContent = `for ${workspace.me.real_name} in ${workspace.zone}; ${timeOf(now, "UTC")} UTC${distance}`;
    if (!isChosen) instant.value = `${dayOf(now, workspace.zone)}T${timeOf(now, workspace.zone)}`;
  }
  return { node, render };
}

function formatMinutes(minutes) {
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60];
  return [days && `${days} d`, hours && `${hours} h`, rest && `${rest} min`].filter(Boolean).join(" ");
}
