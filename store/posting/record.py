"""The record of posts: the states of a post, the legal changes, and the statements that write them.

Slack has no idempotency key, so the row keeps a message from being sent twice. Only the process
that moved the row to `sending` may send the message, until its lease ends. If a row is still in
`sending` after its lease, or in `unknown`, the message may have arrived: check the channel's
history before sending it again.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime, timedelta

from store.db import Connection, Database, Row, places, to_instant, to_text
from store.types import About, ChannelId, Post, PostKind, PostState, TeamId, UserId

GRACE = timedelta(hours=2)
"""How late a scheduled post may be sent; after that, it is missed."""
LEASE = timedelta(seconds=30)
"""How long a claim lasts: longer than any call to Slack may take."""
NEVER = datetime.max.replace(tzinfo=UTC)
"""The `not_before` of a row that waits for a person: no process can claim it."""

PERSON = "person"
"""The owner of a change that a person made; the person's id is not stored."""
ASKING = PostKind.QUESTION, PostKind.DIGEST
"""The kinds of posts that ask a question."""
OPEN = frozenset({PostState.PLANNED, PostState.SENDING, PostState.UNKNOWN})
"""The states of a post that is not done yet. Only such a post has the id of who asked for it."""

MOVES: dict[PostState, frozenset[PostState]] = {
    PostState.PLANNED: frozenset({PostState.SENDING, PostState.SKIPPED}),
    PostState.SENDING: frozenset(
        {
            PostState.SENDING,  # the lease ran out, and the post was claimed again
            PostState.SENT,
            PostState.PLANNED,  # certainly not delivered, and to be tried again
            PostState.UNKNOWN,
            PostState.FAILED,
            PostState.MISSED,
        }
    ),
    PostState.UNKNOWN: frozenset(
        {
            PostState.SENDING,  # claimed, to check the history again
            PostState.SENT,  # a person sees the message
            PostState.PLANNED,  # a person sees no message
            PostState.SKIPPED,  # a person deleted the message in whose thread it belongs
        }
    ),
    PostState.SENT: frozenset(),
    PostState.FAILED: frozenset({PostState.PLANNED}),  # a person asks again
    PostState.MISSED: frozenset({PostState.PLANNED}),
    PostState.SKIPPED: frozenset({PostState.PLANNED}),
}
"""Every legal change of state. A new row has `NewPost.state`; a skipped row can be deleted."""

_PLAN = """
INSERT INTO post (key, team_id, channel_id, kind, article_id, revision, why, about, state,
                  schedule_id, due_on, due_at, parent_key, asked_by, not_before, error,
                  headline, question)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
        (SELECT headline FROM loaded_article WHERE id = $17),
        (SELECT question FROM loaded_article WHERE id = $17))
ON CONFLICT (key) DO UPDATE SET
    kind = excluded.kind, article_id = excluded.article_id, revision = excluded.revision,
    why = excluded.why, state = excluded.state, due_at = excluded.due_at,
    asked_by = excluded.asked_by, not_before = excluded.not_before, error = NULL,
    headline = excluded.headline, question = excluded.question,
    doubts = 0, looks = 0, called_at = NULL
WHERE post.team_id = excluded.team_id AND excluded.state = 'planned' AND (
    post.state IN ('failed', 'missed') OR (post.state = 'skipped' AND excluded.asked_by IS NOT NULL)
) RETURNING *
"""
_MOVE = """
UPDATE post SET state = $4, attempts = $5, doubts = $6, looks = $7, not_before = $8,
                called_at = $9, owner = $10, message_ts = $11, error = $12,
                asked_by = CASE WHEN CAST($13 AS BIGINT) = 1 THEN asked_by END,
                headline = CASE WHEN $4 <> 'sending' THEN headline ELSE COALESCE(
                    (SELECT a.headline FROM loaded_article a WHERE a.id = post.article_id),
                    (SELECT r.headline FROM retired_article r WHERE r.id = post.article_id),
                    headline) END,
                question = CASE WHEN $4 <> 'sending' THEN question ELSE COALESCE(
                    (SELECT a.question FROM loaded_article a WHERE a.id = post.article_id),
                    (SELECT r.question FROM retired_article r WHERE r.id = post.article_id),
                    question) END
WHERE key = $1 AND state = $2 AND attempts = $3
RETURNING *
"""
_LOG = """
INSERT INTO post_move (post_key, number, state, at, owner, error)
VALUES ($1, (SELECT COUNT(*) + 1 FROM post_move WHERE post_key = $1), $2, $3, $4, $5)
"""
_ERASE_STORIES = "DELETE FROM post_story WHERE post_key = $1"
_TAKE_BACK = """
UPDATE post SET error = $2 WHERE key = $1 AND state = 'sent' AND error IS NULL RETURNING key
"""
_DELETED = "deleted"
"""The error of a sent post that a person has deleted; no other sent post has an error."""
IS_THERE = """
state NOT IN ('failed', 'missed', 'skipped') AND (state <> 'sent' OR error IS NULL)
"""
"""In SQL: the message is in its channel, or may still come."""
_ERASE = (
    "DELETE FROM post_move WHERE post_key = $1",
    "DELETE FROM reply_count WHERE post_key = $1",
    _ERASE_STORIES,
    "DELETE FROM post WHERE key = $1",
)
_FORGET = (
    "DELETE FROM post_move WHERE post_key IN (SELECT key FROM post WHERE team_id = $1)",
    "DELETE FROM post_story WHERE post_key IN (SELECT key FROM post WHERE team_id = $1)",
    "DELETE FROM reply_count WHERE post_key IN (SELECT key FROM post WHERE team_id = $1)",
    "DELETE FROM post WHERE team_id = $1",
    "DELETE FROM posted_article WHERE team_id = $1",
)
_OLD = """
SELECT key FROM post
WHERE due_at < $1 AND state IN ('sent', 'failed', 'missed', 'skipped')
  AND NOT EXISTS (SELECT 1 FROM post story WHERE story.parent_key = post.key)
ORDER BY due_at LIMIT $2
"""
_REMEMBER = """
INSERT INTO posted_article (
    team_id, channel_id, article_id, asked, shown, asked_on, headline, question
) {articles}
ON CONFLICT (team_id, channel_id, article_id) DO UPDATE SET
    asked = posted_article.asked + excluded.asked, shown = posted_article.shown + excluded.shown,
    asked_on = CASE
        WHEN posted_article.asked_on IS NULL OR excluded.asked_on > posted_article.asked_on
        THEN excluded.asked_on ELSE posted_article.asked_on END,
    headline = COALESCE(excluded.headline, posted_article.headline),
    question = COALESCE(excluded.question, posted_article.question)
"""
_REMEMBER_EACH = (
    _REMEMBER.format(
        articles="""
SELECT team_id, channel_id, article_id, 1, 1, SUBSTR(due_at, 1, 10), headline, question FROM post
WHERE key = $1 AND kind IN ('question', 'digest') AND article_id IS NOT NULL AND state = 'sent'
"""
    ),
    _REMEMBER.format(
        articles="""
SELECT team_id, channel_id, article_id, 0, 1, NULL, NULL, NULL FROM post
WHERE key = $1 AND kind = 'share' AND article_id IS NOT NULL AND state = 'sent'
"""
    ),
    _REMEMBER.format(
        articles="""
SELECT p.team_id, p.channel_id, s.article_id, 0, COUNT(*), NULL, NULL, NULL
FROM post_story s JOIN post p ON p.key = s.post_key
WHERE p.key = $1 AND s.article_id <> COALESCE(p.article_id, '') AND p.state = 'sent'
GROUP BY p.team_id, p.channel_id, s.article_id
"""
    ),
)
# A message to one person has the person's id as its channel_id.
_FORGET_PERSON = (
    "UPDATE post SET asked_by = NULL WHERE team_id = $1 AND asked_by = $2",
    """
DELETE FROM post_move
WHERE post_key IN (SELECT key FROM post WHERE team_id = $1 AND channel_id = $2)
""",
    """
DELETE FROM post_story
WHERE post_key IN (SELECT key FROM post WHERE team_id = $1 AND channel_id = $2)
""",
    """
DELETE FROM reply_count
WHERE post_key IN (SELECT key FROM post WHERE team_id = $1 AND channel_id = $2)
""",
    # The story of a question names its post as parent.
    "DELETE FROM post WHERE team_id = $1 AND channel_id = $2 AND parent_key IS NOT NULL",
    "DELETE FROM post WHERE team_id = $1 AND channel_id = $2",
    "DELETE FROM posted_article WHERE team_id = $1 AND channel_id = $2",
)
_FORGET_ASKERS = "UPDATE post SET asked_by = NULL WHERE asked_by IS NOT NULL AND due_at < $1"
_ADD_STORY = "INSERT INTO post_story (post_key, place, article_id) VALUES ($1, $2, $3)"
_GET = "SELECT * FROM post WHERE key IN ({keys})"
_GET_OF_TEAM = "SELECT * FROM post WHERE team_id = $1 AND key = $2"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPost:
    """A post as it is stored before anything is sent."""

    key: str
    team_id: TeamId
    channel_id: ChannelId
    kind: PostKind
    due_at: datetime
    article_id: str | None = None
    revision: int | None = None
    why: str | None = None
    story_ids: tuple[str, ...] = ()
    """The stories of a digest; empty for other posts."""
    schedule_id: str | None = None
    due_on: date | None = None
    asked_by: UserId | None = None
    parent_key: str | None = None
    about: About | None = None
    not_before: datetime | None = None
    """The earliest time at which it can be claimed; None means *due_at*."""
    state: PostState = PostState.PLANNED
    """MISSED or SKIPPED if nothing is to be sent; SENT if something else has already posted the
    question, such as a workflow."""
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A change of the state of a post; a field that is None stays as it is in *post*."""

    post: Post
    to: PostState
    at: datetime
    attempts: int | None = None
    doubts: int | None = None
    looks: int | None = None
    not_before: datetime | None = None
    """None stands for the time at which the post is due."""
    called_at: datetime | None = None
    owner: str | None = None
    message_ts: str | None = None
    """None deletes it, and so does None for *error*."""
    error: str | None = None

    def columns(self) -> tuple[object, ...]:
        """Return the values for `_MOVE`; raises ValueError if `MOVES` does not have this change."""
        post = self.post
        if self.to not in MOVES[post.state]:
            raise ValueError(f"a post cannot go from {post.state} to {self.to}")
        doubts = post.doubts if self.doubts is None else self.doubts
        called_at = self.called_at or post.called_at
        if self.to is PostState.PLANNED and not doubts:
            called_at = None  # no call has an unknown outcome any more
        return (
            post.key,
            post.state,
            post.attempts,
            self.to,
            post.attempts if self.attempts is None else self.attempts,
            doubts,
            post.looks if self.looks is None else self.looks,
            to_text(self.not_before or post.due_at),
            to_text(called_at) if called_at else None,
            self.owner or post.owner,
            self.message_ts,
            self.error,
            int(self.to in OPEN),
        )


async def plan_post(connection: Connection, new_post: NewPost, *, now: datetime) -> Post | None:
    """Store a new post; return None if there is a post with its key that must not be replaced.

    A failed or missed post is planned again. A skipped post is planned again only if a person asks
    for it. Any other post stays as it is.
    """
    planned = await plan_posts(connection, [new_post], now=now)
    return to_post(planned[new_post.key]) if planned else None


async def plan_posts(
    connection: Connection, new_posts: Sequence[NewPost], *, now: datetime
) -> Mapping[str, Row]:
    """Store new posts with different keys, as `plan_post` does; return the rows stored, by key."""
    if not new_posts:
        return {}
    rows = await connection.fetchmany(_PLAN, [_new_columns(new_post) for new_post in new_posts])
    planned = {row["key"]: row for row in rows}
    stored = [new_post for new_post in new_posts if new_post.key in planned]
    for new_post in stored:
        if new_post.kind is PostKind.DIGEST:
            await connection.execute(_ERASE_STORIES, new_post.key)
            await connection.executemany(
                _ADD_STORY,
                [(new_post.key, place, story) for place, story in enumerate(new_post.story_ids)],
            )
    at = to_text(now)
    await connection.executemany(
        _LOG,
        [(one.key, one.state, at, PERSON if one.asked_by else None, one.error) for one in stored],
    )
    return planned


def _new_columns(new_post: NewPost) -> tuple[object, ...]:
    return (
        new_post.key,
        new_post.team_id,
        new_post.channel_id,
        new_post.kind,
        new_post.article_id,
        new_post.revision,
        new_post.why,
        json.dumps(asdict(new_post.about)) if new_post.about else None,
        new_post.state,
        new_post.schedule_id,
        new_post.due_on.isoformat() if new_post.due_on else None,
        to_text(new_post.due_at),
        new_post.parent_key,
        new_post.asked_by if new_post.state in OPEN else None,
        to_text(new_post.not_before or new_post.due_at),
        new_post.error,
        new_post.article_id if new_post.kind in ASKING else None,
    )


async def move(connection: Connection, change: Move) -> Post | None:
    """Move a post to another state; return None if its row has changed since it was read."""
    moved = await move_all(connection, [change])
    return moved.get(change.post.key)


async def move_all(connection: Connection, changes: Sequence[Move]) -> Mapping[str, Post]:
    """Move different posts to other states; return those whose row was as it had been read, by key.

    `attempts` is the fencing token: it rises with every claim, so a stale claim matches no row and
    writes nothing. When a post is done, the id of the person who asked for it is deleted.
    """
    rows = await connection.fetchmany(_MOVE, [change.columns() for change in changes])
    moved = {row["key"]: to_post(row) for row in rows}
    await connection.executemany(
        _LOG,
        [
            (one.post.key, one.to, to_text(one.at), one.owner or one.post.owner, one.error)
            for one in changes
            if one.post.key in moved
        ],
    )
    return moved


async def erase(connection: Connection, team_id: TeamId, key: str) -> bool:
    """Delete the row of a skipped post; return False if there is no such row."""
    post = await fetch_team_post(connection, team_id, key)
    if post is None or post.state is not PostState.SKIPPED:
        return False
    for statement in _ERASE:
        await connection.execute(statement, key)
    return True


async def forget_posts(connection: Connection, team_id: TeamId) -> None:
    """Delete every post of the team, in any state."""
    for statement in _FORGET:
        await connection.execute(statement, team_id)


async def delete_old_posts(connection: Connection, *, before: datetime, limit: int) -> int:
    """Delete at most *limit* posts that are done and were due before *before*; return how many.

    A post is deleted only after the story in its thread. The table posted_article keeps which
    articles the channel has had, and the day of the last question.
    """
    rows = await connection.fetch(_OLD, to_text(before), limit)
    keys = [(row["key"],) for row in rows]
    for statement in (*_REMEMBER_EACH, *_ERASE):
        await connection.executemany(statement, keys)
    return len(keys)


async def take_back(connection: Connection, post: Post, *, now: datetime) -> None:
    """Record that a person deleted a sent post.

    The row keeps its stories: what a person deletes must not come back with the next post.
    """
    if await connection.fetch(_TAKE_BACK, post.key, _DELETED):
        moved = post.key, post.state, to_text(now), PERSON, _DELETED
        await connection.execute(_LOG, *moved)


async def forget_person(connection: Connection, team_id: TeamId, user_id: UserId) -> None:
    """Delete the posts to a person, and the person's id in the posts that they asked for."""
    for statement in _FORGET_PERSON:
        await connection.execute(statement, team_id, user_id)


async def forget_who_asked(connection: Connection, *, before: datetime) -> None:
    """Delete the id of who asked from every post that was due before *before*, done or not."""
    await connection.execute(_FORGET_ASKERS, to_text(before))


async def fetch_post(connection: Connection, key: str) -> Post | None:
    """Return the post with this delivery key, of any team, or None."""
    return (await fetch_posts(connection, [key])).get(key)


async def fetch_posts(connection: Connection | Database, keys: Iterable[str]) -> Mapping[str, Post]:
    """Return the posts with these delivery keys, of any team, by key."""
    wanted = list(dict.fromkeys(keys))
    rows = await connection.fetch(_GET.format(keys=places(wanted)), *wanted) if wanted else ()
    return {row["key"]: to_post(row) for row in rows}


async def fetch_team_post(
    connection: Connection | Database, team_id: TeamId, key: str
) -> Post | None:
    """Return the team's post with this delivery key; None if the team has no such post."""
    rows = await connection.fetch(_GET_OF_TEAM, team_id, key)
    return to_post(rows[0]) if rows else None


def _about(text: str) -> About:
    # A row that a newer version wrote may have unknown fields.
    known = {each.name for each in fields(About)}
    return About(**{name: value for name, value in json.loads(text).items() if name in known})


def to_post(row: Row) -> Post:
    """Build a post from its row."""
    return Post(
        key=row["key"],
        team_id=row["team_id"],
        channel_id=row["channel_id"],
        kind=PostKind(row["kind"]),
        article_id=row["article_id"],
        revision=row["revision"],
        why=row["why"],
        about=_about(row["about"]) if row["about"] else None,
        state=PostState(row["state"]),
        schedule_id=row["schedule_id"],
        due_on=date.fromisoformat(row["due_on"]) if row["due_on"] else None,
        due_at=to_instant(row["due_at"]),
        parent_key=row["parent_key"],
        asked_by=row["asked_by"],
        attempts=row["attempts"],
        doubts=row["doubts"],
        looks=row["looks"],
        called_at=to_instant(row["called_at"]) if row["called_at"] else None,
        not_before=to_instant(row["not_before"]),
        owner=row["owner"],
        message_ts=row["message_ts"],
        error=row["error"],
    )
