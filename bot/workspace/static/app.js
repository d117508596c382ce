// The page as a whole: reads the workspace, draws it, and follows what happens in it.

import { get, live, post } from "./api.js";
import { conversation } from "./conversation.js";
import { el } from "./dom.js";
import { isReply } from "./message.js";
import { sidePane } from "./pane.js";
import { attempt, notice } from "./popup.js";
import { sidebar } from "./sidebar.js";
import { appHome, modals, readViews } from "./views.js";
import { makeWorld } from "./world.js";

const CLOCK_MS = 15_000;

const world = makeWorld({
  open: (id) => go({ channel: id }),
  openThread: (ts) => attempt(() => pane.openThread(ts)),
  focusComposer: () => main.focus(),
});
const forms = modals(world);
const home = appHome(world);
const side = sidebar(world, { act: (user) => go({ user }), open: (channel) => go({ channel }) });
const main = conversation(world, home, {
  send: (text) => send(text),
  use: (shortcut) => attempt(() => post("shortcut", { user: world.me.id, callback_id: shortcut.callback_id })),
  join: () => attempt(() => post("membership", { channel: world.current().id, user: world.me.id, member: true })),
  openTour: () => pane.openTour(),
  openBehind: (tab) => pane.openBehind(tab),
  openTab: (tab) => go({ tab }),
});
const pane = sidePane(world, {
  put: (text) => put(text),
  send,
});
const lost = el("div", { class: "lost", role: "alert", hidden: true }, "The workspace does not answer. Trying again…");
let stopLive = () => {};

// Where one is stands in the address: #user/channel/tab. So a reload, or a second window, works.
function here() {
  const [user, channel, tab] = location.hash.slice(1).split("/");
  return { user, channel, tab };
}

function go({ user = world.me.id, channel = null, tab = null }) {
  const isSame = user === world.me.id;
  const to = channel || (isSame || world.channel(world.current()?.id)?.kind === "public" ? world.current()?.id : "") || "";
  const hash = `#${user}/${to}${tab ? `/${tab}` : ""}`;
  if (hash === location.hash) return main.focus();
  history.pushState(null, "", hash);
  return attempt(arrive);
}

async function arrive() {
  const { user, channel, tab } = here();
  if (!world.me || (user && user !== world.me.id)) await become(user);
  const found = world.channel(channel) || world.channel(world.tour()?.channel) || world.channels()[0];
  if (found.id !== world.current()?.id && pane.shows() === "thread") pane.close();
  world.enter(found);
  document.title = `${found.kind === "im" ? world.appName() : found.name} · ${world.teamName()}`;
  side.draw();
  pane.changed();
  const isApp = found.kind === "im" && found.bot_is_member;
  const shown = isApp && world.hasHome() && tab !== "messages" ? "home" : "messages";
  await attempt(() => main.open(shown));
  if (shown === "home") await home.open();
  else if (isApp) await attempt(() => post("messages-tab", { user: world.me.id }));
  main.focus();
}

async function become(user) {
  stopLive();
  if (pane.shows() === "thread") pane.close();
  await learn(user);
  stopLive = live(world.me.id, { onopen: refresh, onevent: happened, onlost: () => setLive(false) });
}

async function learn(user) {
  world.learn(await get("state", { user: user || undefined }));
}

function setLive(is) {
  world.setLive(is);
  lost.hidden = is;
  document.body.toggleAttribute("data-live", is);
  side.draw();
}

// Reads everything anew: on arrival, and after the connection was lost.
async function refresh() {
  await attempt(async () => {
    await learn(world.me.id);
    setLive(true);
    const views = await readViews(world.me.id);
    forms.set(views.modals);
    home.show(views.home);
    if (!world.current()) return;
    main.drawHead();
    await Promise.all([main.reread(), pane.reread()]);
  });
}

function happened(event) {
  HAPPENED[event.type]?.(event);
}

const HAPPENED = {
  message({ message }) {
    if (message.channel === world.current()?.id && main.tab() === "messages") main.show(message);
    else if (!isReply(message) && !world.unread().has(message.channel)) {
      world.unread().add(message.channel);
      side.draw();
    }
    pane.show(message);
  },
  changed({ message }) {
    if (message.channel === world.current()?.id) main.show(message);
    pane.show(message);
  },
  removed({ channel, ts }) {
    if (channel === world.current()?.id) main.remove(ts);
    pane.remove(channel, ts);
  },
  membership: relearn,
  channel: relearn,
  person: relearn,
  installed: relearn,
  connected({ connected }) {
    world.setConnected(connected);
    side.draw();
    pane.changed();
  },
  clock(time) {
    world.moved(time);
    main.drawHead();
    pane.changed();
  },
  call: ({ call }) => pane.called(call),
  prompts: (event) => main.suggest(event),
  view: ({ view }) => forms.opened(view),
  view_closed: (event) => forms.closed(event.view_id),
  home: ({ view }) => home.show(view),
};

// Reads who is here and where they talk, when that has changed.
async function relearn() {
  const before = world.current();
  await learn(world.me.id);
  const now = world.current();
  if (!now) return arrive();
  if (before.is_member !== now.is_member || before.is_archived !== now.is_archived) await main.open(main.tab());
  else main.drawHead();
  side.draw();
  pane.changed();
}

// Sends a text from a composer; gives null, or the sentence why it was not sent.
async function send(text, threadTs = null) {
  const channel = world.current();
  const own = /^\/(invite|remove)\s+@?([\w.-]+)\s*$/i.exec(text);
  try {
    if (own) return await invite(channel, own[2].toLowerCase(), own[1].toLowerCase() === "invite");
    const answer = await post("type", { user: world.me.id, channel: channel.id, text, thread_ts: threadTs });
    return answer.error || null;
  } catch (error) {
    return error.message;
  }
}

async function invite(channel, name, isMember) {
  const person = world.people().find((one) => one.name === name);
  if (!person) return `Nobody here is called @${name}.`;
  await post("membership", { channel: channel.id, user: person.id, member: isMember });
  return null;
}

async function put(text) {
  const isWritable = (one) => one.is_member && !one.is_archived && one.kind !== "im";
  if (!isWritable(world.current()) || main.tab() !== "messages") {
    await go({ channel: world.channels().find(isWritable).id });
  }
  main.put(text);
}

function onKey(event) {
  if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
  if (event.altKey && ["ArrowUp", "ArrowDown"].includes(event.key)) {
    const channels = world.channels();
    const at = channels.findIndex((one) => one.id === world.current().id) + (event.key === "ArrowDown" ? 1 : -1);
    if (channels[at]) go({ channel: channels[at].id });
    event.preventDefault();
  } else if (event.key === "Escape" && pane.shows()) {
    pane.close();
  } else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey && event.key !== " ") {
    // What is typed beside every field is meant for the composer, as in other chats.
    if (event.target.closest("input, textarea, select, .menu")) return;
    main.typed(event.key);
    event.preventDefault();
  }
}

async function start() {
  document.getElementById("app").append(lost, side.node, main.node, pane.node);
  await arrive();
  if (world.tour() && innerWidth > 1000) pane.openTour();
  addEventListener("hashchange", () => attempt(arrive));
  addEventListener("keydown", onKey);
  setInterval(() => main.drawHead(), CLOCK_MS);
  main.focus();
}

start().catch((error) => notice(error.message));
