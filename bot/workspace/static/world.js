// What the page knows of the workspace, and the names that everything drawn asks of it.

// Slack's own commands: they let the app into a channel, and out of it.
const OWN_COMMANDS = [
  { command: "/invite", description: "Let somebody into this channel", usage_hint: "@somebody" },
  { command: "/remove", description: "Take somebody out of this channel", usage_hint: "@somebody" },
];

// *act* holds what a message or a panel may ask of the page: open, openThread, focusComposer.
export function makeWorld(act) {
  let info = null;
  let current = null;
  let isLive = false;
  let skew = 0;
  const unread = new Set();
  return {
    ...act,
    get me() {
      return info?.user;
    },
    get zone() {
      return info.user.tz;
    },
    learn(state) {
      info = state;
      skew = Date.parse(state.now) - Date.now();
      current = current && (info.channels.find((one) => one.id === current.id) ?? null);
    },
    now: () => Date.now() + skew,
    offset: () => info.offset_seconds,
    moved(time) {
      info.offset_seconds = time.offset_seconds;
      skew = Date.parse(time.now) - Date.now();
    },
    person: (id) => info.people.find((one) => one.id === id),
    people: () => info.people,
    channel: (id) => info.channels.find((one) => one.id === id),
    channels: () => info.channels,
    current: () => current,
    enter(channel) {
      current = channel;
      unread.delete(channel.id);
    },
    unread: () => unread,
    teamName: () => info.team.name,
    appName: () => info.app.name,
    appUser: () => info.app.bot_user_id,
    commands: () => [...info.commands, ...OWN_COMMANDS],
    messageShortcuts: () => info.message_shortcuts,
    shortcuts: () => info.shortcuts,
    hasHome: () => info.home_enabled,
    tour: () => info.tour,
    isConnected: () => isLive && info.connected,
    isInstalled: () => info.installed,
    setConnected(is) {
      info.connected = is;
    },
    setLive(is) {
      isLive = is;
    },
  };
}
