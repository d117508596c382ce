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
  const save = el("button", { type: "submit", class: "button small" });
  const cancel = smallButton("Cancel", () => edit(null));
  const about = el("p", { class: "note" });
  const requested = el("p", { role: "status" });
  const breaking = smallButton("Break", () => act({ act: isBroken ? "mend" : "break" }));
  const list = el("ul", { class: "feed" });
  let draft = ["", ""];
  let isBroken = false;

  async function act(body) {
    if (await attempt(() => post("feed", body))) await attempt(read);
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
    const story = { title: title.value, text: text.value };
    if (edited) await act({ act: "edit", number: edited.number, ...story });
    else await act({ act: "publish", ...story });
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
    breaking.textContent = isBroken ? "Mend" : "Break";
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
    el("form", { class: "step", "aria-label": "A story", onsubmit: submit }, el("label", {}, "Title", title), el("label", {}, "Text", text), el("div", { class: "row" }, save, cancel)),
    el("h3", {}, "In the feed"),
    list,
  );
  edit(null);
  return { node, render: () => attempt(read) };
}
