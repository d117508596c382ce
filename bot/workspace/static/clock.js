// The clock that the bot reads, and buttons to move it.

import { post } from "./api.js";
import { dayOf, instantOf, nextAt, shortInstant, timeOf } from "./dates.js";
import { el, smallButton } from "./dom.js";
import { attempt } from "./popup.js";

export function clockPanel(world) {
  const shown = el("output", { class: "clock-face" });
  const detail = el("p", { class: "note" });
  const instant = el("input", { type: "datetime-local", "aria-label": "Any instant", step: "60" });
  const move = (body) => attempt(() => post("clock", body));
  const to = (at) => move({ to: new Date(at).toISOString().replace("Z", "+00:00") });
  const go = smallButton("Go", () => {
    if (!instant.value) return instant.focus();
    return to(instantOf(...instant.value.split("T"), world.zone));
  });
  const node = el(
    "div",
    {},
    el("p", { class: "note" }, "The bot reads this clock. Move it, and see what was due arrive."),
    shown,
    detail,
    el(
      "div",
      { class: "row" },
      smallButton("+1 hour", () => move({ seconds: 3600 })),
      smallButton("+1 day", () => move({ seconds: 86_400 })),
      smallButton("Next 09:30", () => to(nextAt("09:30", world.zone, world.now()))),
      smallButton("Back to real time", () => move({ seconds: -world.offset() })),
    ),
    el("div", { class: "row" }, instant, go),
  );
  function draw() {
    const now = world.now();
    shown.textContent = shortInstant(now, world.zone);
    const moved = Math.round(world.offset() / 60);
    const distance = moved ? `, ${span(Math.abs(moved))} ${moved > 0 ? "ahead of" : "behind"} real time` : "";
    detail.textContent = `for ${world.me.real_name} in ${world.zone}; ${timeOf(now, "UTC")} UTC${distance}`;
    if (!instant.value) instant.value = `${dayOf(now, world.zone)}T${timeOf(now, world.zone)}`;
  }
  return { node, draw };
}

function span(minutes) {
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60];
  return [days && `${days} d`, hours && `${hours} h`, rest && `${rest} min`].filter(Boolean).join(" ");
}
