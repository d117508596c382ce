"""Posts by delivery key: planned, claimed, sent, failed and so on.

Most methods of `Posts` are one change of state in `store.posting.record`, with its consequences in
the same transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from datetime import date, datetime
from functools import partial
from itertools import chain
from typing import NamedTuple

from store.articles.by_id import fetch_articles
from store.db import Connection, Database, places, to_text
from store.guards.installed import Installed
from store.posting.group_commit import GroupCommit
from store.posting.notices import plan_unknown_outcome_notice, stop_schedules
from store.posting.record import (
    ASKING,
    IS_THERE,
    LEASE,
    NEVER,
    OPEN,
    PERSON,
    Move,
    NewPost,
    delete_old_posts,
    erase,
    fetch_posts,
    fetch_team_post,
    forget_who_asked,
    move,
    move_all,
    plan_post,
    plan_posts,
    take_back,
    to_post,
)
from store.posting.reply_counts import plan_counts
from store.rows import QueueReader
from store.types import (
    Article,
    ChannelId,
    ParleyError,
    Post,
    PostKind,
    PostState,
    Schedule,
    TeamId,
)

_OPEN = """
SELECT * FROM post WHERE state IN ('planned', 'sending', 'unknown') AND not_before <= $1{but}
ORDER BY due_at, key LIMIT $2
"""
_BATCH = 100
"""How many posts one transaction deletes. Only one transaction can write at a time."""
_STORIES = "SELECT post_key, article_id FROM post_story WHERE post_key IN ({keys}) ORDER BY place"
_BY_MESSAGE = """
SELECT * FROM post WHERE team_id = $1 AND channel_id = $2 AND message_ts = $3 ORDER BY key LIMIT 1
"""
_EXTRA = """
SELECT key FROM post
WHERE team_id = $1 AND channel_id = $2 AND schedule_id = $3 AND due_on IS NULL
  AND due_at >= $4 AND key <> $5 AND {is_there} LIMIT 1
"""
_OF_PARENT = "SELECT * FROM post WHERE team_id = $1 AND parent_key = $2"
_SCHEDULED = """
SELECT * FROM post WHERE team_id = $1 AND channel_id = $2 AND due_on >= $3 ORDER BY due_on, key
"""
_LAST_SCHEDULED = """
SELECT * FROM post
WHERE team_id = $1 AND channel_id = $2 AND schedule_id = $3 AND due_on IS NOT NULL AND due_at <= $4
ORDER BY due_at DESC, key DESC LIMIT 1
"""

_SAME = """
SELECT * FROM post
WHERE team_id = $1 AND channel_id = $2 AND article_id = $3 AND key <> $4 AND due_at > $5
  AND kind IN ({kinds}) AND {is_there}
ORDER BY due_at DESC, key
"""


class PostedBeforeError(ParleyError):
    """Raised if the channel has the same from another press; *post* is the latest of them."""

    def __init__(self, post: Post) -> None:
        super().__init__("That was posted here before.")
        self.post = post


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to send one post until the lease ends."""

    post: Post
    may_have_arrived: bool
    """Whether an earlier call has an unknown outcome. If so, check the channel's history for the
    message before sending it."""
    parent: Post | None
    """The post in whose thread it belongs."""
    story_ids: Sequence[str]
    """The stories of the post and its thread: one, or all of a digest; none if none is new."""
    articles: Sequence[Article]
    """Those of them that are in the corpus."""
    at: datetime
    until: datetime
    """When the lease ends."""

    @property
    def has_thread(self) -> bool:
        """Whether the post gets its stories in its thread once it is sent."""
        return self.post.kind in ASKING and bool(self.story_ids)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a claimed post."""

    state: PostState
    """SENT; PLANNED if it was certainly not delivered and is sent again at *until*; UNKNOWN if it
    may have arrived; FAILED or MISSED."""
    _: KW_ONLY
    error: str | None = None
    message_ts: str | None = None
    """The timestamp of the sent message; without it there is no thread."""
    until: datetime | None = None
    """When it is sent again, or when the history is checked; None for UNKNOWN asks a person."""
    is_unanswered: bool = False
    """Whether the call to Slack ended without an answer."""
    is_absent: bool = False
    """Whether a check of the history did not find the message."""
    story_may_be_there: bool = False
    """Whether its story may be in the thread although no call is recorded; see `Posts.claim`."""
    stops_schedule: bool = False
    """Whether the channel refuses posts, so that its schedule is stopped."""

    @property
    def asks_person(self) -> bool:
        """Whether only a person can find out if the message arrived."""
        return self.state is PostState.UNKNOWN and self.until is None


@dataclass(frozen=True, slots=True)
class _Change:
    """A claim, or the outcome of one."""

    move: Move
    outcome: Outcome | None = None
    has_thread: bool = False
    claims_thread: bool = False
    """Whether to claim the post in its thread, too."""


class _Content(NamedTuple):
    """What is needed to send a post."""

    parent: Post | None
    story_ids: Sequence[str]
    articles: Sequence[Article]


class Posts:
    """The posts of every channel."""

    def __init__(self, database: Database, installed: Installed) -> None:
        self._database = database
        self._installed = installed
        self._queue = QueueReader(to_post, "post", "key")
        self._changes = GroupCommit(self._write, key=lambda change: change.move.post.key)
        self._contents = GroupCommit(self._read_contents, key=lambda post: post.key)

    async def plan(self, new_post: NewPost, *, now: datetime) -> Post | None:
        """Store a post that is to be sent; see `store.posting.record.plan_post`.

        Raises `GoneError`.
        """
        async with self._installed.writing(new_post.team_id) as connection:
            return await plan_post(connection, new_post, now=now)

    async def plan_unless_posted(
        self, new_post: NewPost, *, since: datetime | None, now: datetime
    ) -> Post | None:
        """Plan a question or a shared story as `plan` does, unless the channel has had it *since*.

        None for *since* is ever. A story is shared in a thread or in none, and each counts for
        itself. Raises `PostedBeforeError`, and stores nothing then.
        """
        async with self._installed.writing(new_post.team_id) as connection:
            post = await plan_post(connection, new_post, now=now)
            if post and (before := await _same(connection, post, since=since)):
                raise PostedBeforeError(before)
            return post

    async def get(self, team_id: TeamId, key: str) -> Post | None:
        """Return the team's post with this delivery key, or None."""
        return await fetch_team_post(self._database, team_id, key)

    async def by_message(
        self, team_id: TeamId, channel_id: ChannelId, message_ts: str
    ) -> Post | None:
        """Return the post that was sent as this message; None if no post was."""
        rows = await self._database.fetch(_BY_MESSAGE, team_id, channel_id, message_ts)
        return to_post(rows[0]) if rows else None

    async def stories(self, team_id: TeamId, key: str) -> Sequence[str]:
        """Return the ids of a digest's articles, in the order in which it shows them."""
        if not await self.get(team_id, key):
            return []
        rows = await self._database.fetch(_STORIES.format(keys="$1"), key)
        return [row["article_id"] for row in rows]

    async def open(
        self, now: datetime, *, but: Sequence[TeamId] = (), limit: int = 1000
    ) -> Sequence[Post]:
        """Return the posts that can be claimed now, the oldest first, at most *limit*.

        The posts of the teams in *but* are left out, and so is a row that cannot be read.
        """
        sql = _OPEN.format(but=f" AND team_id NOT IN ({places(but, start=3)})" if but else "")
        rows = await self._database.fetch(sql, to_text(now), limit + self._queue.bad, *but)
        return self._queue.read(rows)

    async def scheduled(
        self, team_id: TeamId, channel_id: ChannelId, *, since: date
    ) -> Sequence[Post]:
        """Return the channel's scheduled posts for local dates from *since* on, by date."""
        rows = await self._database.fetch(_SCHEDULED, team_id, channel_id, since.isoformat())
        return [to_post(row) for row in rows]

    async def last_scheduled(self, schedule: Schedule, *, now: datetime) -> Post | None:
        """Return the schedule's latest post that is due; None before the first."""
        of = schedule.team_id, schedule.channel_id, schedule.id
        rows = await self._database.fetch(_LAST_SCHEDULED, *of, to_text(now))
        return to_post(rows[0]) if rows else None

    async def is_extra_since(self, schedule: Schedule, since: datetime, *, but: str) -> bool:
        """Return whether the schedule has an extra post since then, other than the one *but*."""
        of = schedule.team_id, schedule.channel_id, schedule.id
        sql = _EXTRA.format(is_there=IS_THERE)
        return bool(await self._database.fetch(sql, *of, to_text(since), but))

    async def claim(
        self, post: Post, *, owner: str, now: datetime, may_be_there: bool = False
    ) -> Claim | None:
        """Claim *post* for sending; None if another process was faster or the post is done.

        *may_be_there* means that it may have been sent although no call is recorded.
        If its stories cannot be read, the post stays claimed until its lease ends. Then the history
        is checked although nothing was sent, because the row does not show that.
        """
        called_at = post.due_at if may_be_there else now
        claiming = _claim(post, owner=owner, now=now, called_at=called_at)
        claimed = await self._changes.submit(_Change(claiming))
        if claimed is None:
            return None
        # Read after the transaction, so that the next one need not wait.
        content = await self._contents.submit(claimed)
        return Claim(
            post=claimed,
            may_have_arrived=may_be_there or post.state is not PostState.PLANNED,
            parent=content.parent,
            story_ids=content.story_ids,
            articles=content.articles,
            at=now,
            until=now + LEASE,
        )

    async def record(
        self, claim: Claim, outcome: Outcome, *, now: datetime, claims_thread: bool = False
    ) -> Claim | None:
        """Record the outcome of a claim, unless another process has claimed the post since.

        A sent question or digest gets the story in its thread. With *claims_thread* it is claimed
        in the same transaction, and its claim is returned. If the message may have arrived and is
        not looked for again, a person is asked whether it did.
        """
        post = claim.post
        if outcome.asks_person and post.kind.is_notice:
            # Nobody is asked about a notice, so it would never be done.
            outcome = Outcome(PostState.FAILED, error=outcome.error)
        move = Move(
            post=post,
            to=outcome.state,
            at=now,
            error=outcome.error,
            message_ts=outcome.message_ts,
            not_before=NEVER if outcome.asks_person else outcome.until,
            doubts=post.doubts + outcome.is_unanswered,
            looks=0 if outcome.is_unanswered else post.looks + outcome.is_absent,
        )
        change = _Change(move, outcome, has_thread=claim.has_thread, claims_thread=claims_thread)
        story = await self._changes.submit(change)
        if story is None:
            return None
        return Claim(
            post=story,
            may_have_arrived=outcome.story_may_be_there,
            parent=replace(post, state=outcome.state, message_ts=outcome.message_ts),
            story_ids=claim.story_ids,
            articles=claim.articles,
            at=now,
            until=now + LEASE,
        )

    async def _write(self, changes: Sequence[_Change]) -> Sequence[Post | None]:
        """Write claims and outcomes, and what follows from the outcomes.

        Return the post that each change claims; None if it claims none or comes too late.
        """
        claimed = await self._database.write(partial(_write, changes=changes))
        return [claimed.get(change.move.post.key) for change in changes]

    async def _read_contents(self, posts: Sequence[Post]) -> Sequence[_Content]:
        """Return what is needed to send each of the posts."""
        database = self._database
        keys = (post.parent_key for post in posts if post.parent_key)
        parents = await fetch_posts(database, keys)
        # The thread of a post shows the same stories.
        shown = [parents.get(post.parent_key or "", post) for post in posts]
        ids = {post.key: [post.article_id] if post.article_id else [] for post in shown}
        digests = [post.key for post in shown if post.kind is PostKind.DIGEST]
        if digests:
            ids |= {key: [] for key in digests}
            for row in await database.fetch(_STORIES.format(keys=places(digests)), *digests):
                ids[row["post_key"]].append(row["article_id"])
        articles = await fetch_articles(database, chain.from_iterable(ids.values()))
        return [
            _Content(
                parent=parents.get(post.parent_key or ""),
                story_ids=ids[source.key],
                articles=[articles[each] for each in ids[source.key] if each in articles],
            )
            for post, source in zip(posts, shown, strict=True)
        ]

    async def seen(self, team_id: TeamId, key: str, *, now: datetime) -> bool:
        """Record that a person sees the message; False unless its outcome is unknown."""
        async with self._database.transaction() as connection:
            post = await _with_unknown_outcome(connection, team_id, key)
            if post is None:
                return False
            seen = Move(post=post, to=PostState.SENT, at=now, owner=PERSON)
            return bool(await move(connection, seen))

    async def close_thread(self, post: Post, *, now: datetime) -> Sequence[Post]:
        """Skip what is still to be sent in the thread of *post*; return what was sent there.

        Raises `ParleyError` if something is being sent there now.
        """
        async with self._database.transaction() as connection:
            rows = await connection.fetch(_OF_PARENT, post.team_id, post.key)
            stories = [to_post(row) for row in rows]
            waiting = [one for one in stories if one.state in OPEN]
            for one in waiting:
                skipped = Move(post=one, to=PostState.SKIPPED, at=now, owner=PERSON)
                if one.state is PostState.SENDING or not await move(connection, skipped):
                    raise ParleyError("Its story is being posted. Try again in a minute.")
        return [one for one in stories if one.state is PostState.SENT]

    async def take_back(self, posts: Iterable[Post], *, now: datetime) -> None:
        """Record that a person deleted the messages of these sent posts."""
        async with self._database.transaction() as connection:
            for post in posts:
                await take_back(connection, post, now=now)

    async def not_there(self, team_id: TeamId, key: str, *, now: datetime) -> Post | None:
        """Plan the post again because a person does not see the message.

        Return None unless its outcome is unknown.
        """
        async with self._database.transaction() as connection:
            post = await _with_unknown_outcome(connection, team_id, key)
            if post is None:
                return None
            again = Move(
                post=post,
                to=PostState.PLANNED,
                at=now,
                not_before=now + LEASE,
                doubts=0,
                looks=0,
                owner=PERSON,
            )
            return await move(connection, again)

    async def skip(self, new_post: NewPost, *, now: datetime) -> bool:
        """Skip an occurrence, which *new_post* describes; False if its post was claimed or is done.

        Raises `GoneError`.
        """
        async with self._installed.writing(new_post.team_id) as connection:
            post = await fetch_team_post(connection, new_post.team_id, new_post.key)
            if post is None:
                return bool(await plan_post(connection, new_post, now=now))
            if post.state is not PostState.PLANNED:
                return post.state is PostState.SKIPPED
            skipped = Move(
                post=post, to=PostState.SKIPPED, at=now, owner=PERSON, error=new_post.error
            )
            return bool(await move(connection, skipped))

    async def delete_old(self, *, before: datetime) -> int:
        """Delete every team's posts that are done and were due before *before*; return how many.

        The articles that each channel has had stay on record, so that nothing is repeated. A post
        that is not done stays, without the id of the person who asked for it.
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

    async def unskip(self, team_id: TeamId, key: str) -> bool:
        """Undo a skip: delete its row. Return False if the post is not skipped."""
        async with self._database.transaction() as connection:
            return await erase(connection, team_id, key)


async def _write(connection: Connection, *, changes: Sequence[_Change]) -> Mapping[str, Post]:
    """Write claims and outcomes; return the posts that are claimed, by the key of the change."""
    claimed: dict[str, Post] = {}
    stories: list[NewPost] = []
    claims_of: dict[str, _Change] = {}
    moved = await move_all(connection, [change.move for change in changes])
    for change in changes:
        before, outcome, now = change.move.post, change.outcome, change.move.at
        post = moved.get(before.key)
        if outcome and outcome.stops_schedule:
            error = outcome.error or ""
            await stop_schedules(
                connection, before.team_id, before.channel_id, error=error, now=now
            )
        if post and outcome and outcome.asks_person:
            await plan_unknown_outcome_notice(connection, post, now=now)
        if post and outcome and outcome.message_ts and change.has_thread:
            due_at = before.due_at if outcome.story_may_be_there else now
            stories.append(_story(before, post, due_at=due_at))
            if change.claims_thread:
                claims_of[stories[-1].key] = change
        if post and outcome is None:
            claimed[before.key] = post
    now = max(change.move.at for change in changes)
    planned = await plan_posts(connection, stories, now=now)
    await plan_counts(connection, moved.values(), now=now)
    claims = {
        change.move.post.key: _claim_story(to_post(planned[key]), change.move)
        for key, change in claims_of.items()
        if key in planned
    }
    followed = await move_all(connection, [*claims.values()])
    for key, claim in claims.items():
        if claim.post.key in followed:
            claimed[key] = followed[claim.post.key]
    return claimed


def _claim(post: Post, *, owner: str | None, now: datetime, called_at: datetime) -> Move:
    """Return the change that claims *post*; *called_at* counts if it was never called before."""
    # The lease of an earlier claim ran out, so the outcome of its call is unknown.
    was_interrupted = post.state is PostState.SENDING
    return Move(
        post=post,
        to=PostState.SENDING,
        at=now,
        attempts=post.attempts + 1,
        doubts=post.doubts + was_interrupted,
        looks=0 if was_interrupted else post.looks,
        not_before=now + LEASE,
        called_at=post.called_at or called_at,
        owner=owner,
        error=post.error,
    )


def _claim_story(story: Post, sent: Move) -> Move:
    """Return the change that claims the *story* of a post together with the change to SENT."""
    return _claim(story, owner=sent.post.owner, now=sent.at, called_at=story.due_at)


async def _with_unknown_outcome(connection: Connection, team_id: TeamId, key: str) -> Post | None:
    """Return the team's post if its outcome is unknown, else None."""
    post = await fetch_team_post(connection, team_id, key)
    return post if post and post.state is PostState.UNKNOWN else None


async def _same(connection: Connection, post: Post, *, since: datetime | None) -> Post | None:
    """Return the latest other post that asks the same there, or shares the same in its thread."""
    kinds = ASKING if post.kind in ASKING else (post.kind,)
    sql = _SAME.format(is_there=IS_THERE, kinds=places(kinds, start=6))
    of = post.team_id, post.channel_id, post.article_id, post.key
    rows = await connection.fetch(sql, *of, to_text(since) if since else "", *kinds)
    return next((one for one in map(to_post, rows) if _thread(one) == _thread(post)), None)


def _thread(post: Post) -> str:
    """Return the thread in which a story is shared; "" for none, and for any other post."""
    return post.about.thread_ts if post.about and post.kind is PostKind.SHARE else ""


def _story(claimed: Post, sent: Post, *, due_at: datetime) -> NewPost:
    """Return the post with the stories in the thread of a question or a digest."""
    return NewPost(
        key=f"{sent.key}:story",
        team_id=sent.team_id,
        channel_id=sent.channel_id,
        kind=PostKind.STORY,
        article_id=sent.article_id,
        revision=sent.revision,
        parent_key=sent.key,
        # The sent post no longer holds this id; the story needs it until it is sent.
        asked_by=claimed.asked_by,
        due_at=due_at,
    )
