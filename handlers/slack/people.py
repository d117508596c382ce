"""Users: what Slack says about them, and what they may do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from store.types import TeamId, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A user, as Slack describes them (docs.slack.dev: users.info, user object)."""

    is_colleague: bool
    """Whether they are an active human user of this workspace; guests included."""
    is_guest: bool
    is_admin: bool
    """Whether they are an admin or owner of this workspace."""
    zone: str
    """Their IANA time zone from Slack; "" if Slack sends none."""

    @classmethod
    def of(cls, user: object, *, team_id: TeamId) -> Self:
        """Parse the `user` of a response, as seen from the workspace *team_id*.

        Raises `ValueError` if it names no workspace.
        """
        if not isinstance(user, Mapping) or not isinstance(user.get("team_id"), str):
            raise ValueError("users.info describes no user")
        # In an Enterprise organization, a user may belong to several workspaces.
        teams = (user.get("enterprise_user") or {}).get("teams") or ()
        # `is_stranger` is not set for users who share a channel with the app.
        is_ours = team_id in (user["team_id"], *teams) and not user.get("is_stranger")
        is_colleague = is_ours and not (user.get("deleted") or user.get("is_bot"))
        return cls(
            is_colleague=is_colleague,
            is_guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
            is_admin=is_colleague and bool(user.get("is_admin") or user.get("is_owner")),
            zone=str(user.get("tz") or ""),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """A checked user of this workspace, perhaps a guest, who may change something.

    Only `Directory` creates one. Functions that change something take a `Colleague` or a
    `FullMember` instead of a user id, so that no caller can forget the check.
    """

    team_id: TeamId
    user_id: UserId
    is_admin: bool
    """Whether they are an admin of the workspace, or listed in ADMIN_USER_IDS."""
    is_guest: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FullMember(Colleague):
    """A colleague who is not a guest."""
