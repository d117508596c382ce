// Draws Block Kit's layout blocks.

import { el, icon, newId } from "./dom.js";
import { drawElement, drawText } from "./elements.js";
import { link } from "./mrkdwn.js";
import { markdown, richText } from "./richtext.js";

// Draws *blocks*; for *place* see elements.js.
export function drawBlocks(blocks, place) {
  return el("div", { class: "blocks" }, blocks.map((block) => DRAW[block.type]?.(block, place) ?? unknown(block)));
}

const unknown = (block) => el("p", { class: "unsupported" }, `a block of type ${block.type} is not drawn here`);

function section(block, place) {
  const { accessory } = block;
  return el(
    "div",
    { class: "section" },
    el(
      "div",
      { class: "section-text" },
      block.text && el("div", { class: "text" }, drawText(block.text, place.world)),
      block.fields && el("div", { class: "fields" }, block.fields.map((field) => el("div", { class: "text" }, drawText(field, place.world)))),
    ),
    accessory && el("div", { class: "accessory" }, accessory.type === "image" ? picture(accessory) : drawElement(accessory, block, place)),
  );
}

function context(block, place) {
  const parts = block.elements.map((one) => (one.type === "image" ? picture(one) : el("span", {}, drawText(one, place.world))));
  return el("div", { class: "context" }, parts);
}

function actions(block, place) {
  return el("div", { class: "actions" }, block.elements.map((element) => drawElement(element, block, place)));
}

// A picture from elsewhere would be an address outside this computer, so its words stand for it.
function picture(spec) {
  const address = spec.image_url || spec.slack_file?.url || "";
  if (address.startsWith("data:image/") || address.startsWith(`${location.origin}/`)) {
    return el("img", { src: address, alt: spec.alt_text });
  }
  const words = el("span", {}, spec.alt_text || "picture");
  return el("span", { class: "picture", role: "img", "aria-label": spec.alt_text, title: address }, icon("picture"), words);
}

function image(block, place) {
  const address = block.image_url || "";
  const open = link(address, "open the picture");
  return el(
    "figure",
    {},
    block.title && el("figcaption", {}, drawText(block.title, place.world)),
    picture(block),
    open && !address.startsWith(`${location.origin}/`) && el("small", {}, open),
  );
}

function input(block, place) {
  const [labelId, hintId, errorId] = ["label", "hint", "error"].map(newId);
  const describe = { "aria-labelledby": labelId, "aria-describedby": block.hint ? `${hintId} ${errorId}` : errorId };
  if (!block.optional) describe["aria-required"] = "true";
  return el(
    "div",
    { class: "input", "data-block": block.block_id },
    el(
      "div",
      { class: "label", id: labelId },
      drawText(block.label, place.world),
      block.optional && el("small", {}, " (optional)"),
    ),
    drawElement(block.element, block, place, describe),
    block.hint && el("div", { class: "hint", id: hintId }, drawText(block.hint, place.world)),
    el("div", { class: "error", id: errorId, role: "alert" }),
  );
}

const DRAW = {
  section,
  context,
  actions,
  image,
  input,
  header: (block, place) => el("h3", { class: "header" }, drawText(block.text, place.world)),
  divider: () => el("hr"),
  rich_text: (block, place) => richText(block, place.world),
  markdown: (block) => markdown(block.text),
};

// Gives what the fields hold: {block_id: {action_id: state}}.
export function readFields(fields) {
  const values = {};
  for (const { block, element, read } of fields) {
    (values[block.block_id] ||= {})[element.action_id] = read();
  }
  return values;
}

// Says *errors* ({block_id: sentence}) under their inputs in *form*, and goes to the first.
export function showErrors(form, errors) {
  let first = null;
  for (const box of form.querySelectorAll("[data-block]")) {
    const sentence = Object.hasOwn(errors, box.dataset.block) ? errors[box.dataset.block] : "";
    const control = box.querySelector("input, textarea, [role=radiogroup], [role=group]");
    box.classList.toggle("wrong", Boolean(sentence));
    box.querySelector(".error").textContent = sentence;
    if (sentence) control?.setAttribute("aria-invalid", "true");
    else control?.removeAttribute("aria-invalid");
    if (sentence && !first) first = control;
  }
  (first?.matches("input, textarea") ? first : first?.querySelector("input"))?.focus();
}
