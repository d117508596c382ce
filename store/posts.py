"""Posts: one row for each message to a channel, written before the message leaves.

Slack knows no idempotency key, so the row is what keeps a message from going out twice: whoever
moves it to `sending` may send, for as long as the lease lasts, and nobody else. A row that is found
in `sending` after its lease, or in `unknown`, may have arrived: look before sending it again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from store.db import Connection, Database, Row, to_instant, to_text
from store.types import Post, PostKind, PostState

LEASE = timedelta(seconds=60)
"""How long a claim lasts; longer than any call to Slack may take."""

MOVES: dict[PostState, frozenset[PostState]] = {
    PostState.PLANNED: frozenset({PostState.SENDING}),
    PostState.SENDING: frozenset(
        {
            PostState.SENDING,  # the lease ran out: another claim
            PostState.SENT,
            PostState.PLANNED,  # refused for now, and certainly not delivered
            PostState.UNKNOWN,
            PostState.FAILED,
            PostState.MISSED,
        }
    ),
    PostState.UNKNOWN: frozenset({PostState.SENDING}),
    PostState.SENT: frozenset(),
    PostState.FAILED: frozenset({PostState.PLANNED}),  # somebody asks again
    PostState.MISSED: frozenset({PostState.PLANNED}),
}
"""Every legal move; a post starts as planned, or as missed when its turn was found too late."""

_PLAN = """
INSERT INTO post (key, team_id, channel_id, kind, article_id, state, due_on, due_at, parent_key,
                  asked_by, not_before)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (key) DO UPDATE SET
    article_id = excluded.article_id, state = excluded.state, due_at = excluded.due_at,
    asked_by = excluded.asked_by, not_before = excluded.not_before
WHERE post.state IN ('failed', 'missed') AND excluded.state = 'planned' RETURNING *
"""
_OPEN = """
SELECT * FROM post WHERE state IN ('planned', 'sending', 'unknown') AND not_before <= $1
ORDER BY due_at, key
"""
_MOVE = """
UPDATE post SET state = $4, attempts = $5, not_before = $6, owner = $7, message_ts = $8, error = $9
WHERE key = $1 AND state = $2 AND attempts = $3 RETURNING *
"""
_GET = "SELECT * FROM post WHERE key = $1"
_TURNS = """
SELECT * FROM post WHERE team_id = $1 AND channel_id = $2 AND due_on >= $3 ORDER BY due_on
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to send one post, for the length of a lease."""

    post: Post
    may_have_arrived: bool
    """An earlier claim ended without a record: look for the message before sending it."""


class Posts:
    """The posts of every channel, by delivery key."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def plan(
        self,
        *,
        key: str,
        team_id: str,
        channel_id: str,
        kind: PostKind,
        article_id: str | None,
        due_at: datetime,
        due_on: date | None = None,
        asked_by: str | None = None,
        not_before: datetime | None = None,
        state: PostState = PostState.PLANNED,
    ) -> Post | None:
        """Write down a post that is to go out at *due_at*.

        A post of that key that failed or was missed is planned anew; None where it is open or sent.
        *not_before* is when `open` may give it out, *due_at* unless said otherwise. *state* is
        MISSED for a turn that is found too late to be sent.
        """
        async with self._database.transaction() as connection:
            rows = await connection.fetch(
                _PLAN,
                key,
                team_id,
                channel_id,
                kind,
                article_id,
                state,
                due_on.isoformat() if due_on else None,
                to_text(due_at),
                None,
                asked_by,
                to_text(not_before or due_at),
            )
        return _post(rows[0]) if rows else None

    async def get(self, key: str) -> Post | None:
        """Give the post with that delivery key; None where there is none."""
        async with self._database.reading() as connection:
            rows = await connection.fetch(_GET, key)
        return _post(rows[0]) if rows else None

    async def open(self, now: datetime) -> Sequence[Post]:
        """Give the posts that wait to be claimed, the oldest first."""
        async with self._database.reading() as connection:
            return [_post(row) for row in await connection.fetch(_OPEN, to_text(now))]

    async def claim(self, post: Post, *, owner: str, now: datetime) -> Claim | None:
        """Take the right to send *post*; None where somebody else has it, or it is done."""
        async with self._database.transaction() as connection:
            moved = await _move(
                connection,
                post,
                PostState.SENDING,
                attempts=post.attempts + 1,
                not_before=now + LEASE,
                owner=owner,
                error=post.error,
            )
        may_have_arrived = post.state in (PostState.SENDING, PostState.UNKNOWN)
        return Claim(post=moved, may_have_arrived=may_have_arrived) if moved else None

    async def sent(self, claim: Claim, *, message_ts: str, now: datetime) -> None:
        """Record that the message is in the channel; a question's story is planned with it."""
        async with self._database.transaction() as connection:
            post = await _move(connection, claim.post, PostState.SENT, message_ts=message_ts)
            if post and post.kind is PostKind.QUESTION:
                await connection.fetch(
                    _PLAN,
                    f"{post.key}:story",
                    post.team_id,
                    post.channel_id,
                    PostKind.STORY,
                    post.article_id,
                    PostState.PLANNED,
                    None,
                    to_text(now),
                    post.key,
                    post.asked_by,
                    to_text(now),
                )

    async def put_off(self, claim: Claim, *, error: str, until: datetime) -> None:
        """Record that Slack certainly did not deliver, and that it is to be tried again."""
        await self._settle(claim, PostState.PLANNED, error=error, not_before=until)

    async def unknown(self, claim: Claim, *, error: str, until: datetime) -> None:
        """Record that nobody knows whether it arrived, and when to look again."""
        await self._settle(claim, PostState.UNKNOWN, error=error, not_before=until)

    async def failed(self, claim: Claim, *, error: str) -> None:
        """Record that it cannot be sent."""
        await self._settle(claim, PostState.FAILED, error=error)

    async def missed(self, claim: Claim, *, error: str) -> None:
        """Record that its time went by."""
        await self._settle(claim, PostState.MISSED, error=error)

    async def turns(self, team_id: str, channel_id: str, *, since: date) -> Sequence[Post]:
        """Give the channel's scheduled posts for local dates from *since* on."""
        async with self._database.reading() as connection:
            rows = await connection.fetch(_TURNS, team_id, channel_id, since.isoformat())
        return [_post(row) for row in rows]

    async def _settle(
        self, claim: Claim, to: PostState, *, error: str, not_before: datetime | None = None
    ) -> None:
        async with self._database.transaction() as connection:
            await _move(connection, claim.post, to, error=error, not_before=not_before)


async def _move(
    connection: Connection,
    post: Post,
    to: PostState,
    *,
    attempts: int | None = None,
    not_before: datetime | None = None,
    owner: str | None = None,
    message_ts: str | None = None,
    error: str | None = None,
) -> Post | None:
    """Move *post* to another state; None where it is no longer as *post* says.

    The count of attempts rises with every claim and so is the fence: a claim that was overtaken
    finds another count and writes nothing.
    """
    if to not in MOVES[post.state]:
        raise ValueError(f"a post does not go from {post.state} to {to}")
    rows = await connection.fetch(
        _MOVE,
        post.key,
        post.state,
        post.attempts,
        to,
        post.attempts if attempts is None else attempts,
        to_text(not_before or post.due_at),
        owner,
        message_ts,
        error,
    )
    return _post(rows[0]) if rows else None


def _post(row: Row) -> Post:
    return Post(
        key=row["key"],
        team_id=row["team_id"],
        channel_id=row["channel_id"],
        kind=PostKind(row["kind"]),
        article_id=row["article_id"],
        state=PostState(row["state"]),
        due_on=date.fromisoformat(row["due_on"]) if row["due_on"] else None,
        due_at=to_instant(row["due_at"]),
        parent_key=row["parent_key"],
        asked_by=row["asked_by"],
        attempts=row["attempts"],
        message_ts=row["message_ts"],
        error=row["error"],
    )
