// Controls for the current channel and the current user: membership, archiving, roles.

import { post } from "./api.js";
import { el, smallButton } from "./dom.js";
import { attempt } from "./popup.js";

export function channelPanel(workspace) {
  const node = el("div", {});

  function channelPart() {
    const channel = workspace.current();
    const app = workspace.appName();
    if (!channel || channel.kind === "im") return [el("p", { class: "note" }, `${app} is always in its own direct messages.`)];
    const setMember = (user, member) => attempt(() => post("membership", { channel: channel.id, user, member, by: workspace.me.id }));
    const changeChannel = (name) => attempt(() => post("channel", { channel: channel.id, user: workspace.me.id, act: name }));
    const { bot_is_member: isIn, is_member: amIn, is_archived: isArchived, is_read_only: isReadOnly } = channel;
    return [
      el("p", {}, isIn ? `${app} is in #${channel.name}.` : `${app} is not in #${channel.name}: it cannot post here.`),
      el(
        "div",
        { class: "row" },
        smallButton(isIn ? `Remove ${app}` : `Invite ${app}`, () => setMember(workspace.appUser(), !isIn)),
        smallButton(amIn ? "Leave" : "Join", () => setMember(workspace.me.id, !amIn)),
        smallButton(isArchived ? "Unarchive" : "Archive", () => changeChannel(isArchived ? "unarchive" : "archive")),
        smallButton(isReadOnly ? "Let everybody post" : "Restrict posting", () => changeChannel(isReadOnly ? "open" : "restrict")),
      ),
      el("p", { class: "note" }, `As in Slack, /invite @${app} and /remove @${app} do the same.`),
    ];
  }

  function personPart() {
    const { id, real_name: name, tz, is_admin: isAdmin, is_guest: isGuest, is_stranger: isStranger } = workspace.me;
    const changePerson = (changes) => attempt(() => post("person", { user: id, changes }));
    return [
      el("h3", {}, name),
      isStranger
        ? el("p", { class: "note" }, "Works at another company, and is here through a shared channel.")
        : el(
            "div",
            { class: "row" },
            smallButton(isAdmin ? "Remove admin" : "Make an admin", () => changePerson({ is_admin: !isAdmin })),
            smallButton(isGuest ? "Make a member" : "Make a guest", () => changePerson({ is_restricted: !isGuest })),
          ),
      el("label", { class: "row" }, "Time zone", zoneSelect(tz, (chosen) => changePerson({ tz: chosen }))),
      el("p", { class: "note" }, `Dates in messages are shown in this zone. ${workspace.appName()} may remember zones and roles for some minutes.`),
    ];
  }

  function zoneSelect(tz, change) {
    const zones = [...new Set([tz, ...Intl.supportedValuesOf("timeZone")])].sort();
    const select = el("select", { onchange: () => change(select.value) }, zones.map((zone) => el("option", { value: zone }, zone)));
    select.value = tz;
    return select;
  }

  return { node, render: () => node.replaceChildren(...channelPart(), ...personPart()) };
}
