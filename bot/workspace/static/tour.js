// The welcome for newcomers, with things to try.

import { el, icon } from "./dom.js";

// *tour* is {title, intro, steps: [{title, text, try}], notes: [{title, text}]}.
export function tourPanel(tour, fillComposer) {
  return el(
    "div",
    { class: "tour" },
    el("p", { class: "intro" }, tour.intro),
    el(
      "ol",
      {},
      tour.steps.map((step) =>
        el(
          "li",
          {},
          el("h3", {}, step.title),
          el("p", {}, step.text),
          el(
            "button",
            { type: "button", class: "try", title: "Put this into the message box", onclick: () => fillComposer(step.try) },
            el("code", {}, step.try),
            el("span", {}, "Try it", icon("reply")),
          ),
        ),
      ),
    ),
    (tour.notes || []).map((note) => el("section", {}, el("h3", {}, note.title), el("p", {}, withCode(note.text)))),
  );
}

function withCode(text) {
  return text.split("`").map((part, index) => (index % 2 ? el("code", {}, part) : part));
}
