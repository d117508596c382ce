"""Notices: posts to one person about their schedule, their post or the corpus.

A notice is planned in the same transaction as the change that it reports, so that each change has
exactly one notice, even if the process is killed.
"""

import logging
from dataclasses import dataclass
from datetime import datetime

from store.db import Connection, to_text
from store.posting.record import NewPost, fetch_post, plan_post
from store.types import About, ChannelId, Post, PostKind, PostState, TeamId, UserId

log = logging.getLogger(__name__)

READY_AGAIN = "ready_again"
"""Stored as the reason for a stop after Parley can post in the channel again: the schedule stays
stopped until a person resumes it."""

_OWNERS = """
SELECT organiser_id FROM schedule
WHERE team_id = $1 AND channel_id = $2 AND organiser_id <> '' AND $3 IN (id, '')
ORDER BY name
"""
_STOP = """
UPDATE schedule SET stopped = $3
WHERE team_id = $1 AND channel_id = $2 AND {which} RETURNING id, organiser_id
"""
_NOT_YET = "(stopped IS NULL OR stopped <> $3)"
_STOPPED = "stopped <> $3"
"""A schedule that somebody has resumed since then goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What people are told when a schedule is changed."""

    about: About
    by: UserId | None
    """Who changes it; None for Parley itself."""
    now: datetime
    changed_by: UserId | None = None
    """Who made the change that is taken back now; None if it is a new change."""
    mark: str = ""
    """Which of their changes that is."""

    async def notify_owner(
        self, connection: Connection, kind: PostKind, team_id: TeamId, owner_id: str
    ) -> None:
        """Plan the notice, unless there is no owner or they changed it themselves."""
        if owner_id and owner_id != self.by:
            to, about = UserId(owner_id), self.about
            await plan_notice(connection, team_id, kind, to, about, now=self.now, by=self.by)

    async def notify_changer(self, connection: Connection, team_id: TeamId) -> None:
        """Plan the notice to who made the change that is taken back, once for each change."""
        if self.changed_by and self.changed_by != self.by:
            to, about, now = self.changed_by, self.about, self.now
            kind, mark, by = PostKind.RESTORED, self.mark, self.by
            await plan_notice(connection, team_id, kind, to, about, now=now, mark=mark, by=by)


async def plan_unknown_outcome_notice(connection: Connection, post: Post, *, now: datetime) -> None:
    """Plan a notice that asks a person whether *post* arrived.

    It goes to the person who asked for the post, or else to the owner of its schedule. If that
    schedule was ended since, or the post has none, an owner of another one in its channel gets it.
    """
    user_id = post.asked_by
    for schedule_id in (post.schedule_id or "", ""):
        if user_id is None:
            rows = await connection.fetch(_OWNERS, post.team_id, post.channel_id, schedule_id)
            user_id = rows[0]["organiser_id"] if rows else None
    about = About(channel_id=post.channel_id, post_key=post.key, error=post.error or "")
    await plan_notice(connection, post.team_id, PostKind.UNSURE, user_id, about, now=now)


async def stop_schedules(
    connection: Connection, team_id: TeamId, channel_id: ChannelId, *, error: str, now: datetime
) -> bool:
    """Stop the channel's schedules because of *error*, and plan one notice to each owner.

    Return False if there is no schedule that is not yet stopped because of *error*.
    """
    sql = _STOP.format(which=_STOPPED if error == READY_AGAIN else _NOT_YET)
    rows = await connection.fetch(sql, team_id, channel_id, error)
    kind = PostKind.READY if error == READY_AGAIN else PostKind.STOPPED
    for owner_id, schedule_id in {row["organiser_id"]: row["id"] for row in rows}.items():
        about = About(channel_id=channel_id, schedule_id=schedule_id, error=error)
        await plan_notice(connection, team_id, kind, owner_id, about, now=now)
    return bool(rows)


async def plan_notice(
    connection: Connection,
    team_id: TeamId,
    kind: PostKind,
    user_id: UserId | None,
    about: About,
    *,
    now: datetime,
    mark: str = "",
    by: UserId | None = None,
) -> None:
    """Plan a notice of *kind* to the person *user_id*, perhaps about what *by* has done.

    There is at most one such notice for each *mark*; without a mark, for each *now*.
    """
    subject = about.schedule_id or f"{about.post_key or team_id}:{about.channel_id}"
    if not user_id:
        # The owner's data was deleted. `/digest next` and `/digest list` still show the state.
        log.warning("schedule %s has no owner: a notice (%s) is not sent", subject, kind)
        return
    key = f"{subject}:{kind}:{mark or to_text(now)}"
    planned = await fetch_post(connection, key)
    if planned and planned.state is PostState.FAILED:
        # Slack does not let us write to this person: do not try the same notice again.
        return
    to = ChannelId(user_id)  # Slack posts to a person's direct message
    notice = NewPost(
        key=key,
        team_id=team_id,
        channel_id=to,
        kind=kind,
        about=about,
        due_at=now,
        asked_by=by,
    )
    await plan_post(connection, notice, now=now)
