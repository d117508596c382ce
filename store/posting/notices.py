"""Notices: what one person is told about their schedule, their post or the corpus, as posts.

Each is planned in the transaction of what it tells of, so that a change of state has one notice,
however the process ends.
"""

import logging
from datetime import datetime

from store.db import Connection, to_text
from store.posting.record import NewPost, fetch_post, plan_post
from store.types import About, Post, PostKind, PostState

log = logging.getLogger(__name__)

READY_AGAIN = "ready_again"
"""What stops a schedule whose channel lets Parley in again, until somebody resumes it."""

_ORGANISER = "SELECT organiser_id FROM schedule WHERE team_id = $1 AND channel_id = $2"
_STOP = """
UPDATE schedule SET stopped = $3
WHERE team_id = $1 AND channel_id = $2 AND (stopped IS NULL OR stopped <> $3)
RETURNING organiser_id
"""


async def plan_unknown_outcome_notice(connection: Connection, post: Post, *, now: datetime) -> None:
    """Ask whoever *post* is of whether it arrived."""
    who = post.asked_by
    if who is None:
        rows = await connection.fetch(_ORGANISER, post.team_id, post.channel_id)
        who = rows[0]["organiser_id"] if rows else None
    about = About(channel_id=post.channel_id, post_key=post.key, error=post.error or "")
    await _note(connection, post.team_id, PostKind.UNSURE, who, about, now=now)


async def stop_schedule(
    connection: Connection, team_id: str, channel_id: str, *, error: str, now: datetime
) -> bool:
    """Stop the channel's schedule for *error* and tell its organiser; False where it is known."""
    rows = await connection.fetch(_STOP, team_id, channel_id, error)
    for row in rows:
        kind = PostKind.READY if error == READY_AGAIN else PostKind.STOPPED
        about = About(channel_id=channel_id, error=error)
        await _note(connection, team_id, kind, row["organiser_id"], about, now=now)
    return bool(rows)


async def plan_low_notice(
    connection: Connection,
    team_id: str,
    channel_id: str,
    owner_id: str | None,
    *,
    left: int,
    days: int,
    mark: str,
    now: datetime,
) -> None:
    """Tell the organiser, once for each *mark*, how many *days* the channel's questions last."""
    about = About(channel_id=channel_id, left=left, days=days)
    await _note(connection, team_id, PostKind.LOW, owner_id, about, now=now, mark=mark)


async def plan_failed_load_notice(
    connection: Connection,
    team_id: str,
    user_id: str,
    problem: str,
    more: int,
    *,
    mark: str,
    now: datetime,
) -> None:
    """Tell an admin, once for each *mark*, why the watched folder cannot be loaded."""
    about = About(channel_id=user_id, error=problem, more=more)
    await _note(connection, team_id, PostKind.REFUSED, user_id, about, now=now, mark=mark)


async def _note(
    connection: Connection,
    team_id: str,
    kind: PostKind,
    who: str | None,
    about: About,
    *,
    now: datetime,
    mark: str = "",
) -> None:
    if not who:
        # The owner of the schedule was forgotten; `/digest next` and `/digest list` still say it.
        log.warning("%s:%s has no owner who could be told: %s", team_id, about.channel_id, kind)
        return
    key = f"{about.post_key or team_id}:{about.channel_id}:{kind}:{mark or to_text(now)}"
    noted = await fetch_post(connection, key)
    if noted and noted.state is PostState.FAILED:
        # Whom Slack does not let us reach is not tried again each time that it is noted.
        return
    plan = NewPost(
        key=key,
        team_id=team_id,
        channel_id=who,
        kind=kind,
        about=about,
        due_at=now,
    )
    await plan_post(connection, plan, now=now)
