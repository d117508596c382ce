// The workspace's feed of news: publish stories, edit them, and break the feed.

import { get, post } from "./api.js";
import { shortInstant } from "./dates.js";
import { el, smallButton } from "./dom.js";
import { attempt } from "./popup.js";

// Seconds: longer than the half hour after which a feed is polled again, with its jitter.
const LATER = 2100;

export function feedPanel(workspace) {
  let edited = null;
  const title = el("input", { type: "text", required: true });
  const text = el("textarea", { rows: "4", required: true });
  // The second click of a double click would publish the next draft.
  const save = el("button", { type: "submit", class: "button small", onclick: (event) => event.detail > 1 && event.preventDefault() });
  const cancel = smallButton("Cancel", () => edit(null));
  const about = el("p", { class: "note" });
  const requested = el("p", { role: "status" });
  const outcome = el("p", { role: "status" });
  const breaking = smallButton("Break", () => act({ act: isBroken ? "repair" : "break" }));
  const health = el("p", { class: "note" });
  const list = el("ul", { class: "feed" });
  let draft = ["", ""];
  let isBroken = false;

  async function act(body) {
    const isDone = (await attempt(() => post("feed", body)))?.ok === true;
    if (isDone) await attempt(read);
    return isDone;
  }

  // Shows *entry* in the form, or, if it is null, the next draft.
  function edit(entry) {
    edited = entry;
    [title.value, text.value] = entry ? [entry.title, entry.text] : draft;
    save.textContent = entry ? "Save" : "Publish";
    cancel.hidden = !entry;
  }

  async function submit(event) {
    event.preventDefault();
    const story = { title: title.value.trim(), text: text.value.trim() };
    if (!story.title || !story.text) {
      outcome.textContent = "A story needs a title and a text.";
      (story.title ? text : title).focus();
      return;
    }
    save.disabled = true;
    const isDone = await act(edited ? { act: "edit", number: edited.number, ...story } : { act: "publish", ...story });
    save.disabled = false;
    if (!isDone) return;
    outcome.textContent = `${edited ? "Saved" : "Published"}: ${story.title}. ${workspace.appName()} reads it when it next asks.`;
    edit(null);
  }

  async function read() {
    const feed = await get("feed");
    const isUntouched = !edited && title.value === draft[0] && text.value === draft[1];
    draft = feed.draft;
    if (isUntouched) edit(null);
    about.replaceChildren(`${feed.title} is a feed of this workspace: `, el("code", {}, feed.url));
    requested.textContent = lastRequest(feed.last_request);
    isBroken = feed.is_broken;
    breaking.textContent = isBroken ? "Repair" : "Break";
    health.textContent = isBroken
      ? "The feed is broken: every request fails, as when a server is down. Repair ends that."
      : "Break makes every request fail, as when a server is down: the stories stay, and the list of feeds names the problem.";
    list.replaceChildren(
      ...feed.entries.map((entry) =>
        el("li", {}, el("span", {}, entry.title), el("button", { type: "button", class: "button small", "aria-label": `Edit ${entry.title}`, onclick: () => edit(entry) }, "Edit")),
      ),
    );
  }

  function lastRequest(request) {
    if (!request) return `${workspace.appName()} has not asked for it yet.`;
    const outcome = { 200: "and read it", 304: "and nothing was new", 500: "and it was broken" }[request.status];
    return `${workspace.appName()} last asked for it on ${shortInstant(Date.parse(request.at), workspace.zone)}, ${outcome}.`;
  }

  const node = el(
    "div",
    {},
    about,
    requested,
    el("p", { class: "note" }, "It asks again half an hour later, by the workspace's clock. Its new stories can be found right after that."),
    el("div", { class: "row" }, smallButton("+35 minutes", () => attempt(() => post("clock", { seconds: LATER }))), breaking),
    health,
    el("form", { class: "step", "aria-label": "A story", novalidate: true, onsubmit: submit }, el("label", {}, "Title", title), el("label", {}, "Text", text), el("div", { class: "row" }, save, cancel), outcome),
    el("h3", {}, "In the feed"),
    list,
  );
  edit(null);
  return { node, render: () => attempt(read) };
}
