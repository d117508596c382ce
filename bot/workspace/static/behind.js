// What stands behind the scenes: the clock, faults on demand, and who is in the channel.

import { post } from "./api.js";
import { dayOf, instantOf, nextAt, shortInstant, timeOf } from "./dates.js";
import { el } from "./dom.js";
import { attempt } from "./popup.js";

const button = (label, onclick, attributes = {}) => el("button", { type: "button", class: "button small", onclick, ...attributes }, label);

export function clockPanel(world) {
  const shown = el("output", { class: "clock-face" });
  const detail = el("p", { class: "note" });
  const instant = el("input", { type: "datetime-local", "aria-label": "Any instant", step: "60" });
  const move = (body) => attempt(() => post("clock", body));
  const to = (at) => move({ to: new Date(at).toISOString().replace("Z", "+00:00") });
  const go = button("Go", () => {
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
      button("+1 hour", () => move({ seconds: 3600 })),
      button("+1 day", () => move({ seconds: 86_400 })),
      button("Next 09:30", () => to(nextAt("09:30", world.zone, world.now()))),
      button("Back to real time", () => move({ seconds: -world.offset() })),
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

const FAULTS = [
  ["Refuse the next post", { method: "chat.postMessage", kind: "refuse", error: "internal_error" }],
  ["Post, then cut the line", { method: "chat.postMessage", kind: "drop_after" }],
  ["Post, then answer 500", { method: "chat.postMessage", kind: "status", status: 500, after: true }],
  ["Too many requests (429)", { method: "chat.postMessage", kind: "ratelimit", seconds: 5 }],
  ["Every call takes 2 s", { method: "*", kind: "delay", seconds: 2, times: 20 }],
];
const FIELDS = { refuse: ["error"], delay: ["seconds"], drop_after: [], status: ["status"], ratelimit: ["seconds"] };
const METHODS = ["*", "chat.postMessage", "chat.update", "conversations.history", "conversations.info", "users.info", "views.open", "views.publish"];

export function faultsPanel(world) {
  const list = el("ul", { class: "faults" });
  const method = el("input", { list: "methods", value: "chat.postMessage" });
  const kind = el("select", {}, Object.keys(FIELDS).map((name) => el("option", { value: name }, name)));
  const inputs = {
    error: el("input", { value: "internal_error" }),
    seconds: el("input", { type: "number", value: "2", min: "0", step: "any" }),
    status: el("input", { type: "number", value: "503", min: "400", max: "599" }),
    times: el("input", { type: "number", value: "1", min: "1" }),
  };
  const labels = Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, el("label", {}, name, input)]));
  const choose = () => {
    for (const name of ["error", "seconds", "status"]) labels[name].hidden = !FIELDS[kind.value].includes(name);
  };
  kind.addEventListener("change", choose);
  choose();

  async function add(fault) {
    const answer = await attempt(() => post("faults", fault));
    if (answer) draw(answer.faults);
  }

  function own() {
    const fault = { method: method.value.trim() || "*", kind: kind.value, times: Number(inputs.times.value) };
    for (const name of FIELDS[kind.value]) fault[name] = name === "error" ? inputs.error.value : Number(inputs[name].value);
    return add(fault);
  }

  function draw(faults) {
    list.replaceChildren(...faults.map((one) => el("li", {}, el("strong", {}, one.kind), ` ${one.method} × ${one.times}`)));
    if (!faults.length) list.append(el("li", { class: "empty" }, "Nothing is set to go wrong."));
  }

  const node = el(
    "div",
    {},
    el("p", { class: "note" }, `What would ${world.appName()} do if Slack failed? Choose a fault, then try something.`),
    el("div", { class: "row" }, FAULTS.map(([label, fault]) => button(label, () => add(fault)))),
    el("h4", {}, "Set to go wrong"),
    list,
    button("Clear all", () => add({ clear: true })),
    el("h4", {}, "Another fault"),
    el("datalist", { id: "methods" }, METHODS.map((name) => el("option", { value: name }))),
    el(
      "form",
      {
        class: "fault-form",
        onsubmit: (event) => {
          event.preventDefault();
          own();
        },
      },
      el("label", {}, "method", method),
      el("label", {}, "kind", kind),
      Object.values(labels),
      el("button", { type: "submit", class: "button small" }, "Add"),
    ),
  );
  return { node, draw };
}

export function channelPanel(world) {
  const node = el("div", {});
  function draw() {
    const channel = world.current();
    const app = world.appName();
    if (!channel || channel.kind === "im") {
      node.replaceChildren(el("p", { class: "note" }, `${app} is always in its own direct messages.`));
      return;
    }
    const set = (user, member) => attempt(() => post("membership", { channel: channel.id, user, member }));
    const { bot_is_member: isIn, is_member: amIn } = channel;
    node.replaceChildren(
      el("p", {}, isIn ? `${app} is in #${channel.name}.` : `${app} is not in #${channel.name}: it cannot post here.`),
      button(isIn ? `Remove ${app}` : `Invite ${app}`, () => set(world.appUser(), !isIn)),
      el("p", {}, amIn ? `You are in #${channel.name}.` : `You are not in #${channel.name}.`),
      button(amIn ? "Leave" : "Join", () => set(world.me.id, !amIn)),
      el("p", { class: "note" }, `As in Slack, /invite @${app} and /remove @${app} do the same.`),
    );
  }
  return { node, draw };
}
