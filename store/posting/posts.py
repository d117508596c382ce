"""Posts by their delivery key: planned, claimed, sent, and what else becomes of them.

Each verb here is a move in `store.posting.record`, and does in the same transaction what follows
from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from store.db import Connection, Database, places, to_text
from store.guards.installed import Installed
from store.posting.notices import note_stopped, note_unsure
from store.posting.record import (
    LEASE,
    NEVER,
    PERSON,
    Plan,
    delete_old_posts,
    erase,
    fetch_team_post,
    forget_who_asked,
    move,
    plan_post,
    to_post,
)
from store.rows import QueueReader
from store.types import Post, PostKind, PostState

_OPEN = """
SELECT * FROM post WHERE state IN ('planned', 'sending', 'unknown') AND not_before <= $1{but}
ORDER BY due_at, key LIMIT $2
"""
_BATCH = 100
"""How many posts one transaction deletes: the writer is not kept from others for long."""
_STORIES = """
SELECT s.article_id FROM post_story s JOIN post p ON p.key = s.post_key
WHERE p.team_id = $1 AND p.key = $2 ORDER BY s.place
"""
_BY_MESSAGE = """
SELECT * FROM post WHERE team_id = $1 AND channel_id = $2 AND message_ts = $3 ORDER BY key LIMIT 1
"""
_TURNS = """
SELECT * FROM post WHERE team_id = $1 AND channel_id = $2 AND due_on >= $3 ORDER BY due_on, key
"""
_LAST_TURN = """
SELECT * FROM post WHERE team_id = $1 AND channel_id = $2 AND due_on IS NOT NULL AND due_at <= $3
ORDER BY due_at DESC, key DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to send one post, for the length of a lease."""

    post: Post
    may_have_arrived: bool
    """An earlier claim ended without a record: look for the message before sending it."""
    at: datetime
    until: datetime
    """When the lease ends."""


class Posts:
    """The posts of every channel."""

    def __init__(self, database: Database, installed: Installed) -> None:
        self._database = database
        self._installed = installed
        self._queue = QueueReader(to_post, "post", "key")

    async def plan(self, plan: Plan, *, now: datetime) -> Post | None:
        """Write down a post that is to go out; see `store.posting.record.plan_post`.

        Raises `GoneError`.
        """
        async with self._installed.writing(plan.team_id) as connection:
            return await plan_post(connection, plan, now=now)

    async def get(self, team_id: str, key: str) -> Post | None:
        """Give the team's post with that delivery key; None where it has none."""
        return await fetch_team_post(self._database, team_id, key)

    async def by_message(self, team_id: str, channel_id: str, message_ts: str) -> Post | None:
        """Give the post that this message is; None where it is another's."""
        rows = await self._database.fetch(_BY_MESSAGE, team_id, channel_id, message_ts)
        return to_post(rows[0]) if rows else None

    async def stories(self, team_id: str, key: str) -> Sequence[str]:
        """Give the ids of a digest's articles, in their order."""
        return [row["article_id"] for row in await self._database.fetch(_STORIES, team_id, key)]

    async def open(
        self, now: datetime, *, but: Sequence[str] = (), limit: int = 1000
    ) -> Sequence[Post]:
        """Give the posts that wait to be claimed, of every team *but* these, the oldest first.

        A row that cannot be read is left out.
        """
        sql = _OPEN.format(but=f" AND team_id NOT IN ({places(but, start=3)})" if but else "")
        rows = await self._database.fetch(sql, to_text(now), limit + self._queue.bad, *but)
        return self._queue.read(rows)

    async def turns(self, team_id: str, channel_id: str, *, since: date) -> Sequence[Post]:
        """Give the channel's scheduled posts for local dates from *since* on."""
        rows = await self._database.fetch(_TURNS, team_id, channel_id, since.isoformat())
        return [to_post(row) for row in rows]

    async def last_turn(self, team_id: str, channel_id: str, *, now: datetime) -> Post | None:
        """Give the channel's latest scheduled post whose time has come; None before the first."""
        rows = await self._database.fetch(_LAST_TURN, team_id, channel_id, to_text(now))
        return to_post(rows[0]) if rows else None

    async def claim(self, post: Post, *, owner: str, now: datetime) -> Claim | None:
        """Take the right to send *post*; None where somebody else has it, or it is done."""
        is_broken_off = post.state is PostState.SENDING
        async with self._database.transaction() as connection:
            claimed = await move(
                connection,
                post,
                PostState.SENDING,
                now=now,
                attempts=post.attempts + 1,
                doubts=post.doubts + is_broken_off,
                looks=0 if is_broken_off else post.looks,
                not_before=now + LEASE,
                called_at=post.called_at or now,
                owner=owner,
                error=post.error,
            )
        if claimed is None:
            return None
        may_have_arrived = is_broken_off or post.state is PostState.UNKNOWN
        return Claim(post=claimed, may_have_arrived=may_have_arrived, at=now, until=now + LEASE)

    async def sent(self, claim: Claim, *, message_ts: str | None, now: datetime) -> None:
        """Record that the message is in the channel; the stories of its thread are planned.

        *message_ts* is None where Slack did not say, and then there is no thread.
        """
        async with self._database.transaction() as connection:
            await _sent(connection, claim.post, message_ts=message_ts, now=now)

    async def put_off(self, claim: Claim, *, error: str, until: datetime, now: datetime) -> None:
        """Record that Slack certainly did not deliver, and that it is to be tried again."""
        async with self._database.transaction() as connection:
            await move(
                connection, claim.post, PostState.PLANNED, now=now, error=error, not_before=until
            )

    async def in_doubt(self, claim: Claim, *, error: str, until: datetime, now: datetime) -> None:
        """Record that the call ended without an answer, and when to look for the message."""
        async with self._database.transaction() as connection:
            await move(
                connection,
                claim.post,
                PostState.UNKNOWN,
                now=now,
                error=error,
                not_before=until,
                doubts=claim.post.doubts + 1,
                looks=0,
            )

    async def look_again(
        self, claim: Claim, *, error: str, until: datetime, now: datetime, is_absent: bool
    ) -> None:
        """Record a look that found nothing (*is_absent*) or could not be had; look again then."""
        async with self._database.transaction() as connection:
            await move(
                connection,
                claim.post,
                PostState.UNKNOWN,
                now=now,
                error=error,
                not_before=until,
                looks=claim.post.looks + is_absent,
            )

    async def give_up(self, claim: Claim, *, error: str, now: datetime) -> None:
        """Record that looking will not tell, and ask the one whose post it is.

        A notice is failed instead: nobody is asked about it, so it would stay open for ever.
        """
        if claim.post.kind.is_notice:
            await self.failed(claim, error=error, now=now)
            return
        async with self._database.transaction() as connection:
            post = await move(
                connection, claim.post, PostState.UNKNOWN, now=now, error=error, not_before=NEVER
            )
            if post:
                await note_unsure(connection, post, now=now)

    async def failed(self, claim: Claim, *, error: str, now: datetime) -> None:
        """Record that it cannot be sent."""
        async with self._database.transaction() as connection:
            await move(connection, claim.post, PostState.FAILED, now=now, error=error)

    async def shut_out(self, claim: Claim, *, error: str, now: datetime) -> None:
        """Record that the channel does not let Parley in; its schedule stops until it does."""
        post = claim.post
        async with self._database.transaction() as connection:
            await move(connection, post, PostState.FAILED, now=now, error=error)
            await note_stopped(connection, post.team_id, post.channel_id, error=error, now=now)

    async def missed(self, claim: Claim, *, error: str, now: datetime) -> None:
        """Record that its time went by."""
        async with self._database.transaction() as connection:
            await move(connection, claim.post, PostState.MISSED, now=now, error=error)

    async def seen(self, team_id: str, key: str, *, now: datetime) -> bool:
        """Record that a person sees the message; False where its outcome is not open."""
        async with self._database.transaction() as connection:
            post = await _open_outcome(connection, team_id, key)
            if post is None:
                return False
            return bool(await _sent(connection, post, message_ts=None, now=now, owner=PERSON))

    async def not_there(self, team_id: str, key: str, *, now: datetime) -> Post | None:
        """Plan anew what a person does not see; None where its outcome is not open."""
        async with self._database.transaction() as connection:
            post = await _open_outcome(connection, team_id, key)
            if post is None:
                return None
            return await move(
                connection,
                post,
                PostState.PLANNED,
                now=now,
                not_before=now + LEASE,
                doubts=0,
                looks=0,
                owner=PERSON,
            )

    async def skip(self, plan: Plan, *, now: datetime) -> bool:
        """Write down that a turn is skipped; False where its post is under way or done.

        Raises `GoneError`.
        """
        async with self._installed.writing(plan.team_id) as connection:
            post = await fetch_team_post(connection, plan.team_id, plan.key)
            if post is None:
                return bool(await plan_post(connection, plan, now=now))
            if post.state is not PostState.PLANNED:
                return post.state is PostState.SKIPPED
            return bool(
                await move(
                    connection,
                    post,
                    PostState.SKIPPED,
                    now=now,
                    owner=PERSON,
                    error=plan.error,
                )
            )

    async def delete_old(self, *, before: datetime) -> int:
        """Delete every team's posts that are done and were due before then; return how many.

        Articles that the channels have had stay on record, so that nothing is repeated. A post
        that is open stays, without the person who asked for it.
        """
        deleted = 0
        while True:
            async with self._database.transaction() as connection:
                number = await delete_old_posts(connection, before=before, limit=_BATCH)
            deleted += number
            if not number:
                break
        async with self._database.transaction() as connection:
            await forget_who_asked(connection, before=before)
        return deleted

    async def unskip(self, team_id: str, key: str) -> bool:
        """Take a skip back, as if nothing had been said; False where it is not skipped."""
        async with self._database.transaction() as connection:
            return await erase(connection, team_id, key)


async def _open_outcome(connection: Connection, team_id: str, key: str) -> Post | None:
    """Give the team's post if nobody knows whether it arrived; None for any other."""
    post = await fetch_team_post(connection, team_id, key)
    return post if post and post.state is PostState.UNKNOWN else None


async def _sent(
    connection: Connection,
    post: Post,
    *,
    message_ts: str | None,
    now: datetime,
    owner: str | None = None,
) -> Post | None:
    sent = await move(connection, post, PostState.SENT, now=now, message_ts=message_ts, owner=owner)
    if sent and message_ts and sent.kind in (PostKind.QUESTION, PostKind.DIGEST):
        thread = Plan(
            key=f"{sent.key}:story",
            team_id=sent.team_id,
            channel_id=sent.channel_id,
            kind=PostKind.STORY,
            article_id=sent.article_id,
            revision=sent.revision,
            parent_key=sent.key,
            # What is sent no longer says who asked for it; its story is still to be sent.
            asked_by=post.asked_by,
            due_at=now,
        )
        await plan_post(connection, thread, now=now)
    return sent
