"""Who somebody is: what Slack says about a person, and what that allows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A user, as Slack describes them (docs.slack.dev: users.info, user object)."""

    is_colleague: bool
    """Whether they are a person of this workspace, guests included, whose account is active."""
    is_guest: bool
    is_admin: bool
    """Whether they are an admin or owner of this workspace."""
    zone: str
    """Their time zone as Slack names it; "" if it names none."""

    @classmethod
    def of(cls, user: object, *, team_id: str) -> Self:
        """Read the `user` of an answer, as seen from the workspace *team_id*.

        Raises `ValueError` if it does not say which workspace they belong to.
        """
        if not isinstance(user, Mapping) or not isinstance(user.get("team_id"), str):
            raise ValueError("users.info describes no user")
        # In an Enterprise organisation, somebody may belong to several workspaces.
        teams = (user.get("enterprise_user") or {}).get("teams") or ()
        # `is_stranger` is not set for those who share a channel with us.
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
    """Somebody of this workspace, perhaps a guest, who is known and may change something.

    Only `Directory` makes one. Whatever changes something takes a `Colleague` or a `FullMember`
    instead of a user id, so that no path to it can forget to check who is asking.
    """

    team_id: str
    user_id: str
    is_admin: bool
    """Whether they are an admin of the workspace, or listed in ADMIN_USER_IDS."""
    is_guest: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FullMember(Colleague):
    """A colleague who is not a guest."""
