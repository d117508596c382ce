// The page's model of the workspace: its last known state, and questions about it.

// Slack's own commands, offered next to the app's.
const SLACK_COMMANDS = [
  { command: "/invite", description: "Let somebody into this channel", usage_hint: "@somebody" },
  { command: "/remove", description: "Take somebody out of this channel", usage_hint: "@somebody" },
];

// *actions* are what messages and panels may ask of the page: open, openThread, focusComposer.
export function makeWorkspace(actions) {
  let state = null;
  let current = null;
  let isLive = false;
  let skew = 0;
  const unread = new Set();
  return {
    ...actions,
    get me() {
      return state?.user;
    },
    get zone() {
      return state.user.tz;
    },
    setState(newState) {
      state = newState;
      skew = Date.parse(state.now) - Date.now();
      current = current && (state.channels.find((channel) => channel.id === current.id) ?? null);
    },
    now: () => Date.now() + skew,
    offset: () => state.offset_seconds,
    setClock(time) {
      state.offset_seconds = time.offset_seconds;
      skew = Date.parse(time.now) - Date.now();
    },
    person: (id) => state.people.find((person) => person.id === id),
    people: () => state.people,
    channel: (id) => state.channels.find((channel) => channel.id === id),
    channels: () => state.channels,
    current: () => current,
    setCurrent(channel) {
      current = channel;
      unread.delete(channel.id);
    },
    unread: () => unread,
    teamName: () => state.team.name,
    appName: () => state.app.name,
    appUser: () => state.app.bot_user_id,
    commands: () => [...state.commands, ...SLACK_COMMANDS],
    messageShortcuts: () => state.message_shortcuts,
    shortcuts: () => state.shortcuts,
    hasHome: () => state.home_enabled,
    hasAgent: () => state.has_agent,
    tour: () => state.tour,
    isConnected: () => isLive && state.connected,
    isInstalled: () => state.installed,
    setConnected(isConnected) {
      state.connected = isConnected;
    },
    setLive(value) {
      isLive = value;
    },
  };
}
