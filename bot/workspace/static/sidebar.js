// The sidebar: the channels, and the menu that switches the user. In a narrow window it is a drawer
// that the button with popovertarget="sidebar" opens.

import { avatar, el, focusedIn, icon } from "./dom.js";
import { menu } from "./popup.js";

const NARROW = matchMedia("(max-width: 760px)");

// *switchUser* takes a user id, *open* a channel id. Returns {node, render, close}.
export function sidebar(workspace, { switchUser, open }) {
  const head = el("header", { class: "team" });
  const lists = el("div", { class: "channel-lists" });
  const account = el("div", { class: "who" });
  const node = el("nav", { class: "sidebar", id: "sidebar", "aria-label": "Channels and people" }, head, lists, account);

  function fit() {
    if (NARROW.matches) node.setAttribute("popover", "auto");
    else node.removeAttribute("popover");
  }

  NARROW.addEventListener("change", fit);
  fit();

  function group(title, channels) {
    if (!channels.length) return null;
    return el("section", {}, el("h2", {}, title), el("ul", {}, channels.map((channel) => el("li", {}, row(channel)))));
  }

  function row(channel) {
    const isApp = channel.kind === "im" && channel.bot_is_member;
    const isHere = channel.id === workspace.current()?.id;
    const isUnread = workspace.unread().has(channel.id);
    const name = isApp ? workspace.appName() : channel.name;
    const mark = isApp
      ? avatar(workspace.person(workspace.appUser()), "small")
      : icon(channel.is_archived ? "archive" : channel.kind === "private" ? "lock" : "hash");
    const isDim = channel.is_archived || !channel.is_member;
    const state = [isUnread && "unread", channel.is_archived && "archived", !channel.is_member && "not joined"].filter(Boolean);
    return el(
      "button",
      {
        type: "button",
        class: `${isUnread ? "unread" : ""} ${isDim ? "dim" : ""}`,
        "aria-current": isHere ? "page" : null,
        "data-channel": channel.id,
        "data-focus-key": channel.id,
        onclick: () => open(channel.id),
      },
      mark,
      el("span", {}, name, el("span", { class: "unseen" }, state.map((word) => `, ${word}`))),
    );
  }

  function userButton() {
    const button = el(
      "button",
      { type: "button", class: "who-button", "aria-haspopup": "menu", "aria-expanded": "false", onclick: choose },
      avatar(workspace.me),
      el("span", { class: "who-name" }, el("small", {}, "Acting as "), el("strong", {}, workspace.me.real_name)),
      icon("down"),
    );
    function choose() {
      menu(
        button,
        "Act as",
        workspace
          .people()
          .filter((person) => !person.is_bot && !person.is_deleted)
          .map((person) => ({
            lead: avatar(person, "small"),
            label: person.real_name,
            detail: [person.tz, person.is_admin && "admin", person.is_guest && "guest", person.is_stranger && "another company"].filter(Boolean).join(", "),
            isChosen: person.id === workspace.me.id,
            run: () => switchUser(person.id),
          })),
      );
    }
    return button;
  }

  return {
    node,
    close: () => node.matches(":popover-open") && node.hidePopover(),
    render() {
      const focused = focusedIn(node)?.dataset.focusKey;
      const channels = workspace.channels();
      const isDm = (channel) => channel.kind === "im";
      const isThere = workspace.isConnected() && workspace.isInstalled();
      const state = `${workspace.appName()} is ${isThere ? "" : "not "}${workspace.isInstalled() ? "connected" : "installed"}`;
      head.replaceChildren(
        el("strong", {}, workspace.teamName()),
        el("span", { class: `connection ${isThere ? "on" : "off"}`, role: "status" }, state),
      );
      lists.replaceChildren(
        ...[
          group("Channels", channels.filter((channel) => !isDm(channel))),
          group("Direct messages", channels.filter((channel) => isDm(channel) && !channel.bot_is_member)),
          group("Apps", channels.filter((channel) => isDm(channel) && channel.bot_is_member)),
        ].filter(Boolean),
      );
      account.replaceChildren(userButton());
      if (focused) node.querySelector(`[data-focus-key="${CSS.escape(focused)}"]`)?.focus();
    },
  };
}
