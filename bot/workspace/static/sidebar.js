// The channels on the left, and who one acts as.

import { avatar, el, focusedIn, icon } from "./dom.js";
import { menu } from "./popup.js";

// *act* changes who one is, *open* the channel. Gives {node, draw}.
export function sidebar(world, { act, open }) {
  const head = el("header", { class: "team" });
  const lists = el("div", { class: "channel-lists" });
  const who = el("div", { class: "who" });
  const node = el("nav", { class: "sidebar", "aria-label": "Channels and people" }, head, lists, who);

  function group(title, channels) {
    if (!channels.length) return null;
    return el("section", {}, el("h2", {}, title), el("ul", {}, channels.map((channel) => el("li", {}, row(channel)))));
  }

  function row(channel) {
    const isApp = channel.kind === "im" && channel.bot_is_member;
    const isHere = channel.id === world.current()?.id;
    const isUnread = world.unread().has(channel.id);
    const name = isApp ? world.appName() : channel.name;
    const mark = isApp
      ? avatar(world.person(world.appUser()), "small")
      : icon(channel.is_archived ? "archive" : channel.kind === "private" ? "lock" : "hash");
    const state = [channel.is_archived && "archived", !channel.is_member && "not joined"].filter(Boolean);
    return el(
      "button",
      {
        type: "button",
        class: `${isUnread ? "unread" : ""} ${state.length ? "dim" : ""}`,
        "aria-current": isHere ? "page" : null,
        "aria-label": `${name}${isUnread ? ", unread" : ""}${state.length ? `, ${state.join(", ")}` : ""}`,
        "data-channel": channel.id,
        "data-focus-key": channel.id,
        onclick: () => open(channel.id),
      },
      mark,
      el("span", {}, name),
    );
  }

  function people() {
    const button = el(
      "button",
      { type: "button", class: "who-button", "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": `Acting as ${world.me.real_name}: change`, onclick: choose },
      avatar(world.me),
      el("span", { class: "who-name" }, el("small", {}, "Acting as"), el("strong", {}, world.me.real_name)),
      icon("down"),
    );
    function choose() {
      menu(
        button,
        "Act as",
        world
          .people()
          .filter((one) => !one.is_bot && !one.is_deleted)
          .map((one) => ({
            lead: avatar(one, "small"),
            label: one.real_name,
            detail: [one.tz, one.is_admin && "admin", one.is_guest && "guest"].filter(Boolean).join(", "),
            isChosen: one.id === world.me.id,
            run: () => act(one.id),
          })),
      );
    }
    return button;
  }

  return {
    node,
    draw() {
      const focused = focusedIn(node)?.dataset.focusKey;
      const channels = world.channels();
      const isDm = (one) => one.kind === "im";
      const isThere = world.isConnected() && world.isInstalled();
      const state = `${world.appName()} is ${isThere ? "" : "not "}${world.isInstalled() ? "connected" : "installed"}`;
      head.replaceChildren(
        el("strong", {}, world.teamName()),
        el("span", { class: `connection ${isThere ? "on" : "off"}`, role: "status" }, state),
      );
      lists.replaceChildren(
        ...[
          group("Channels", channels.filter((one) => !isDm(one))),
          group("Direct messages", channels.filter((one) => isDm(one) && !one.bot_is_member)),
          group("Apps", channels.filter((one) => isDm(one) && one.bot_is_member)),
        ].filter(Boolean),
      );
      who.replaceChildren(people());
      if (focused) node.querySelector(`[data-focus-key="${CSS.escape(focused)}"]`)?.focus();
    },
  };
}
