// Renders Block Kit's layout blocks.

import { el, icon, newId } from "./dom.js";
import { renderElement, renderText } from "./elements.js";
import { link } from "./mrkdwn.js";
import { markdown, richText } from "./richtext.js";

// *surface* is described at renderElement() in elements.js.
export function renderBlocks(blocks, surface) {
  return el("div", { class: "blocks" }, blocks.map((block) => RENDERERS[block.type]?.(block, surface) ?? unknown(block)));
}

const unknown = (block) => el("p", { class: "unsupported" }, `a block of type ${block.type} is not shown here`);

function section(block, surface) {
  const { accessory } = block;
  return el(
    "div",
    { class: "section" },
    el(
      "div",
      { class: "section-text" },
      block.text && el("div", { class: "text" }, renderText(block.text, surface.workspace)),
      block.fields && el("div", { class: "fields" }, block.fields.map((field) => el("div", { class: "text" }, renderText(field, surface.workspace)))),
    ),
    accessory && el("div", { class: "accessory" }, accessory.type === "image" ? picture(accessory) : renderElement(accessory, block, surface)),
  );
}

function context(block, surface) {
  const parts = block.elements.map((element) => (element.type === "image" ? picture(element) : el("span", {}, renderText(element, surface.workspace))));
  return el("div", { class: "context" }, parts);
}

function actions(block, surface) {
  return el("div", { class: "actions" }, block.elements.map((element) => renderElement(element, block, surface)));
}

// Shows the alt text instead of a remote image: the page makes no requests outside this computer.
function picture(spec) {
  const address = spec.image_url || spec.slack_file?.url || "";
  if (address.startsWith("data:image/") || address.startsWith(`${location.origin}/`)) {
    return el("img", { src: address, alt: spec.alt_text });
  }
  const words = el("span", {}, spec.alt_text || "picture");
  return el("span", { class: "picture", role: "img", "aria-label": spec.alt_text, title: address }, icon("picture"), words);
}

function image(block, surface) {
  const address = block.image_url || "";
  const open = link(address, "open the picture");
  return el(
    "figure",
    {},
    block.title && el("figcaption", {}, renderText(block.title, surface.workspace)),
    picture(block),
    open && !address.startsWith(`${location.origin}/`) && el("small", {}, open),
  );
}

function input(block, surface) {
  const [labelId, hintId, errorId] = ["label", "hint", "error"].map(newId);
  const aria = { "aria-labelledby": labelId, "aria-describedby": block.hint ? `${hintId} ${errorId}` : errorId };
  if (!block.optional) aria["aria-required"] = "true";
  return el(
    "div",
    { class: "input", "data-block": block.block_id },
    el(
      "div",
      { class: "label", id: labelId },
      renderText(block.label, surface.workspace),
      block.optional && el("small", {}, " (optional)"),
    ),
    renderElement(block.element, block, surface, aria),
    block.hint && el("div", { class: "hint", id: hintId }, renderText(block.hint, surface.workspace)),
    el("div", { class: "error", id: errorId, role: "alert" }),
  );
}

const RENDERERS = {
  section,
  context,
  actions,
  image,
  input,
  header: (block, surface) => el(`h${surface.headingLevel}`, { class: "header" }, renderText(block.text, surface.workspace)),
  divider: () => el("hr"),
  rich_text: (block, surface) => richText(block, surface.workspace),
  markdown: (block) => markdown(block.text),
};

// Returns the values of *fields* as {block_id: {action_id: state}}.
export function readFields(fields) {
  const values = {};
  for (const { block, element, read } of fields) {
    (values[block.block_id] ||= {})[element.action_id] = read();
  }
  return values;
}

// Shows *errors* ({block_id: message}) under their inputs in *form*, and focuses the first.
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
  // The focus shows the field, and its error is below it.
  form.querySelector(".wrong > .error")?.scrollIntoView({ block: "nearest" });
}
