// The entry point: loads the workspace's state, renders the page, and applies live events to it.

import { get, post, subscribe } from "./api.js";
import { conversation } from "./conversation.js";
import { el } from "./dom.js";
import { isReply } from "./message.js";
import { sidePane } from "./pane.js";
import { attempt, notice } from "./popup.js";
import { sidebar } from "./sidebar.js";
import { appHome, modals, readViews } from "./views.js";
import { makeWorkspace } from "./workspace.js";

const CLOCK_MS = 15_000;

const workspace = makeWorkspace({
  open: (id) => navigate({ channel: id }),
  openThread: (ts) => attempt(() => pane.openThread(ts)),
  focusComposer: () => main.focus(),
});
const openModals = modals(workspace);
const home = appHome(workspace);
const channelSidebar = sidebar(workspace, { switchUser: (user) => navigate({ user }), open: (channel) => navigate({ channel }) });
const main = conversation(workspace, home, {
  send: (text) => send(text),
  use: (shortcut) => attempt(() => post("shortcut", { user: workspace.me.id, callback_id: shortcut.callback_id })),
  join: () => attempt(() => post("membership", { channel: workspace.current().id, user: workspace.me.id, member: true })),
  openTour: () => pane.openTour(),
  openControls: (tab) => pane.openControls(tab),
  openTab: (tab) => navigate({ tab }),
});
const pane = sidePane(workspace, {
  fillComposer,
  send,
});
const offlineBanner = el("div", { class: "offline", role: "alert", hidden: true }, "The workspace does not answer. Trying again…");
let unsubscribe = () => {};
let viewChanges = 0;
let actingAs;

// The URL fragment holds the location, #user/channel/tab, so that a reload or a second window works.
function readLocation() {
  const [user, channel, tab] = location.hash.slice(1).split("/");
  return { user, channel, tab };
}

function navigate({ user = workspace.me.id, channel = null, tab = null }) {
  const isSameUser = user === workspace.me.id;
  const to = channel || (isSameUser || workspace.channel(workspace.current()?.id)?.kind === "public" ? workspace.current()?.id : "") || "";
  const hash = `#${user}/${to}${tab ? `/${tab}` : ""}`;
  if (hash === location.hash) return main.focus();
  history.pushState(null, "", hash);
  return attempt(showLocation);
}

async function showLocation() {
  const { hash } = location;
  const { user, channel, tab } = readLocation();
  if (!workspace.me || (user && user !== workspace.me.id)) await switchUser(user);
  if (hash !== location.hash) return;
  const found = workspace.channel(channel) || workspace.channel(workspace.tour()?.channel) || workspace.channels()[0];
  if (found.id !== workspace.current()?.id && pane.shown() === "thread") pane.close();
  workspace.setCurrent(found);
  document.title = `${found.kind === "im" ? workspace.appName() : found.name} · ${workspace.teamName()}`;
  channelSidebar.close();
  channelSidebar.render();
  pane.refresh();
  const isApp = found.kind === "im" && found.bot_is_member;
  const shown = isApp && workspace.hasHome() && tab !== "messages" ? "home" : "messages";
  await attempt(() => main.open(shown));
  if (shown === "home") await home.open();
  else if (isApp) await attempt(() => post("messages-tab", { user: workspace.me.id }));
  main.focus();
}

async function switchUser(user) {
  unsubscribe();
  if (pane.shown() === "thread") pane.close();
  actingAs = user || undefined;
  await loadState();
  unsubscribe = subscribe(workspace.me.id, { onopen: refresh, onevent: handleEvent, onlost: () => setLive(false) });
}

// A switch of user during a refresh stays.
async function loadState() {
  const user = actingAs;
  const state = await get("state", { user });
  if (user === actingAs) workspace.setState(state);
}

function setLive(isLive) {
  workspace.setLive(isLive);
  offlineBanner.hidden = isLive;
  document.body.toggleAttribute("data-live", isLive);
  if (isLive) for (const box of document.querySelectorAll(".composer-error")) box.replaceChildren();
  channelSidebar.render();
}

// Reloads everything when the connection opens, the first time or after it was lost.
async function refresh() {
  await attempt(async () => {
    await loadState();
    setLive(true);
    // A view that changes while the answer is on its way is newer than the answer.
    let views, changes;
    do {
      changes = viewChanges;
      views = await readViews(workspace.me.id);
    } while (changes !== viewChanges);
    openModals.set(views.modals);
    home.show(views.home);
    if (!workspace.current()) return;
    main.renderHead();
    await Promise.all([main.reread(), pane.reread()]);
  });
}

function handleEvent(event) {
  if (["view", "view_closed", "home"].includes(event.type)) viewChanges += 1;
  EVENT_HANDLERS[event.type]?.(event);
}

const EVENT_HANDLERS = {
  message({ message }) {
    if (message.channel === workspace.current()?.id && main.tab() === "messages") main.show(message);
    else if (!isReply(message) && !workspace.unread().has(message.channel)) {
      workspace.unread().add(message.channel);
      channelSidebar.render();
      main.renderHead();
    }
    pane.show(message);
    if (isAgentAnswer(message) && pane.thread() !== message.thread_ts) attempt(() => pane.openThread(message.thread_ts));
  },
  changed({ message }) {
    if (message.channel === workspace.current()?.id) main.show(message);
    pane.show(message);
  },
  removed({ channel, ts }) {
    if (channel === workspace.current()?.id) main.remove(ts);
    pane.remove(channel, ts);
  },
  membership: reloadState,
  channel: reloadState,
  person: reloadState,
  installed: reloadState,
  connected({ connected }) {
    workspace.setConnected(connected);
    channelSidebar.render();
    pane.refresh();
  },
  clock(time) {
    workspace.setClock(time);
    main.renderHead();
    pane.refresh();
  },
  feed: () => pane.refresh(),
  call: ({ call }) => pane.addCall(call),
  prompts: (event) => main.suggest(event),
  view: ({ view }) => openModals.opened(view),
  view_closed: (event) => openModals.closed(event.view_id),
  home: ({ view }) => home.show(view),
};

// The agent panel shows each conversation as a thread, so an answer opens its thread.
function isAgentAnswer(message) {
  const isHere = message.channel === workspace.current()?.id && workspace.current().kind === "im";
  return workspace.hasAgent() && isHere && isReply(message) && message.user === workspace.appUser();
}

// Reloads the people and channels after a change to them. Every date follows the reader's zone.
async function reloadState() {
  const [before, zone] = [workspace.current(), workspace.zone];
  await loadState();
  if (zone !== workspace.zone) return refresh();
  const now = workspace.current();
  if (!now) return showLocation();
  if (before.is_member !== now.is_member || before.is_archived !== now.is_archived) await main.open(main.tab());
  else main.renderHead();
  channelSidebar.render();
  pane.refresh();
}

// Sends *text* from a composer. Returns null, or the error message if it was not sent.
async function send(text, threadTs = null) {
  const channel = workspace.current();
  const command = /^\/(invite|remove)\s+@?([\w.-]+)\s*$/i.exec(text);
  try {
    if (command) return await invite(channel, command[2].toLowerCase(), command[1].toLowerCase() === "invite");
    const answer = await post("type", { user: workspace.me.id, channel: channel.id, text, thread_ts: threadTs });
    return answer.error || null;
  } catch (error) {
    return error.message;
  }
}

async function invite(channel, name, isMember) {
  const person = workspace.people().find((member) => member.name === name);
  if (!person) return `Nobody here is called @${name}.`;
  await post("membership", { channel: channel.id, user: person.id, member: isMember, by: workspace.me.id });
  return null;
}

async function fillComposer(text) {
  const isWritable = (channel) => channel.is_member && !channel.is_archived && channel.kind !== "im";
  if (!isWritable(workspace.current()) || main.tab() !== "messages") {
    await navigate({ channel: workspace.channels().find(isWritable).id });
  }
  main.fillComposer(text);
}

function onKey(event) {
  if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
  if (event.altKey && ["ArrowUp", "ArrowDown"].includes(event.key)) {
    const channels = workspace.channels();
    const index = channels.findIndex((channel) => channel.id === workspace.current().id) + (event.key === "ArrowDown" ? 1 : -1);
    if (channels[index]) navigate({ channel: channels[index].id });
    event.preventDefault();
  } else if (event.key === "Escape" && pane.shown()) {
    pane.close();
  } else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey && event.key !== " ") {
    // A key typed outside of any field goes to the composer, as in other chat apps.
    if (event.target.closest("input, textarea, select, .menu")) return;
    main.insertKey(event.key);
    event.preventDefault();
  }
}

async function start() {
  document.getElementById("app").append(offlineBanner, channelSidebar.node, main.node, pane.node);
  // First, because somebody may go back while the page opens.
  addEventListener("hashchange", () => attempt(showLocation));
  await showLocation();
  if (workspace.tour() && innerWidth > 1000) pane.openTour();
  addEventListener("keydown", onKey);
  setInterval(() => main.renderHead(), CLOCK_MS);
  main.focus();
}

start().catch((error) => notice(error.message));
