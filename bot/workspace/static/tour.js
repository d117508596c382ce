// Welcomes a newcomer, with things to try.

import { el, icon } from "./dom.js";

// *tour* is {title, intro, steps: [{title, text, try}], notes: [{title, text}]}; *put* takes a text
// into the composer.
export function tourPanel(tour, put) {
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
            { type: "button", class: "try", "aria-label": `Put ${step.try} into the composer`, onclick: () => put(step.try) },
            el("code", {}, step.try),
            el("span", {}, "Try it", icon("reply")),
          ),
        ),
      ),
    ),
    (tour.notes || []).map((note) => el("section", {}, el("h3", {}, note.title), el("p", {}, inCode(note.text)))),
  );
}

function inCode(text) {
  return text.split("`").map((part, place) => (place % 2 ? el("code", {}, part) : part));
}
