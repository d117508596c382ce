"""The record of posts: the states of a post, the legal changes, and the statements that write them.

Slack has no idempotency key, so the row keeps a message from being sent twice. Only the process
that moved the row to `sending` may send the message, until its lease ends. If a row is still in
`sending` after its lease, or in `unknown`, the message may have arrived: check the channel's
history before sending it again.
"""

import json
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime, timedelta

from store.db import Connection, Database, Row, to_instant, to_text
from store.types import About, ChannelId, Post, PostKind, PostState, TeamId, UserId

GRACE = timedelta(hours=2)
"""How late a scheduled post may be sent; after that, it is missed."""
LEASE = timedelta(seconds=30)
"""How long a claim lasts: longer than any call to Slack may take."""
NEVER = datetime.max.replace(tzinfo=UTC)
"""The `not_before` of a row that waits for a person: no process can claim it."""

PERSON = "person"
"""The owner of a change that a person made; the person's id is not stored."""
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
        }
    ),
    PostState.SENT: frozenset(),
    PostState.FAILED: frozenset({PostState.PLANNED}),  # a person asks again
    PostState.MISSED: frozenset({PostState.PLANNED}),
    PostState.SKIPPED: frozenset({PostState.PLANNED}),
}
"""Every legal change of state. A new row has `NewPost.state`; a skipped row can be deleted."""

_PLAN = """
INSERT INTO post (key, team_id, channel_id, kind, article_id, revision, why, about, state, due_on,
                  due_at, parent_key, asked_by, not_before, error)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
ON CONFLICT (key) DO UPDATE SET
    kind = excluded.kind, article_id = excluded.article_id, revision = excluded.revision,
    why = excluded.why, state = excluded.state, due_at = excluded.due_at,
    asked_by = excluded.asked_by, not_before = excluded.not_before, error = NULL,
    doubts = 0, looks = 0, called_at = NULL
WHERE post.team_id = excluded.team_id AND excluded.state = 'planned' AND (
    post.state IN ('failed', 'missed') OR (post.state = 'skipped' AND excluded.asked_by IS NOT NULL)
) RETURNING *
"""
_MOVE = """
UPDATE post SET state = $4, attempts = $5, doubts = $6, looks = $7, not_before = $8, called_at = $9,
                owner = $10, message_ts = $11, error = $12,
                asked_by = CASE WHEN $13 = 1 THEN asked_by END
WHERE key = $1 AND state = $2 AND attempts = $3 RETURNING *
"""
_LOG = """
INSERT INTO post_move (post_key, number, state, at, owner, error)
SELECT $1, COUNT(*) + 1, $2, $3, $4, $5 FROM post_move WHERE post_key = $1
"""
_ERASE_STORIES = "DELETE FROM post_story WHERE post_key = $1"
_ERASE = (
    "DELETE FROM post_move WHERE post_key = $1",
    _ERASE_STORIES,
    "DELETE FROM post WHERE key = $1",
)
_FORGET = (
    "DELETE FROM post_move WHERE post_key IN (SELECT key FROM post WHERE team_id = $1)",
    "DELETE FROM post_story WHERE post_key IN (SELECT key FROM post WHERE team_id = $1)",
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
INSERT INTO posted_article (team_id, channel_id, article_id, asked, shown, asked_on)
{articles}
ON CONFLICT (team_id, channel_id, article_id) DO UPDATE SET
    asked = posted_article.asked + excluded.asked, shown = posted_article.shown + excluded.shown,
    asked_on = CASE
        WHEN posted_article.asked_on IS NULL OR excluded.asked_on > posted_article.asked_on
        THEN excluded.asked_on ELSE posted_article.asked_on END
"""
_REMEMBER_EACH = (
    _REMEMBER.format(
        articles="""
SELECT team_id, channel_id, article_id, 1, 1, SUBSTR(due_at, 1, 10) FROM post
WHERE key = $1 AND kind IN ('question', 'digest') AND article_id IS NOT NULL AND state = 'sent'
"""
    ),
    _REMEMBER.format(
        articles="""
SELECT team_id, channel_id, article_id, 0, 1, NULL FROM post
WHERE key = $1 AND kind = 'share' AND article_id IS NOT NULL AND state = 'sent'
"""
    ),
    _REMEMBER.format(
        articles="""
SELECT p.team_id, p.channel_id, s.article_id, 0, COUNT(*), NULL
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
    # The story of a question names its post as parent.
    "DELETE FROM post WHERE team_id = $1 AND channel_id = $2 AND parent_key IS NOT NULL",
    "DELETE FROM post WHERE team_id = $1 AND channel_id = $2",
    "DELETE FROM posted_article WHERE team_id = $1 AND channel_id = $2",
)
_FORGET_ASKERS = "UPDATE post SET asked_by = NULL WHERE asked_by IS NOT NULL AND due_at < $1"
_ADD_STORY = "INSERT INTO post_story (post_key, place, article_id) VALUES ($1, $2, $3)"
_GET = "SELECT * FROM post WHERE key = $1"
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


async def plan_post(connection: Connection, new_post: NewPost, *, now: datetime) -> Post | None:
    """Store a new post; return None if there is a post with its key that must not be replaced.

    A failed or missed post is planned again. A skipped post is planned again only if a person asks
    for it. Any other post stays as it is.
    """
    rows = await connection.fetch(
        _PLAN,
        new_post.key,
        new_post.team_id,
        new_post.channel_id,
        new_post.kind,
        new_post.article_id,
        new_post.revision,
        new_post.why,
        json.dumps(asdict(new_post.about)) if new_post.about else None,
        new_post.state,
        new_post.due_on.isoformat() if new_post.due_on else None,
        to_text(new_post.due_at),
        new_post.parent_key,
        new_post.asked_by if new_post.state in OPEN else None,
        to_text(new_post.not_before or new_post.due_at),
        new_post.error,
    )
    if not rows:
        return None
    if new_post.kind is PostKind.DIGEST:
        await connection.execute(_ERASE_STORIES, new_post.key)
        await connection.executemany(
            _ADD_STORY,
            [(new_post.key, place, story) for place, story in enumerate(new_post.story_ids)],
        )
    owner = PERSON if new_post.asked_by else None
    await connection.execute(
        _LOG, new_post.key, new_post.state, to_text(now), owner, new_post.error
    )
    return to_post(rows[0])


async def move(
    connection: Connection,
    post: Post,
    to: PostState,
    *,
    now: datetime,
    attempts: int | None = None,
    doubts: int | None = None,
    looks: int | None = None,
    not_before: datetime | None = None,
    called_at: datetime | None = None,
    owner: str | None = None,
    message_ts: str | None = None,
    error: str | None = None,
) -> Post | None:
    """Move *post* to another state; return None if the row has changed since *post* was read.

    `attempts` is the fencing token: it rises with every claim, so a stale claim matches no row and
    writes nothing. When the post is done, the id of the person who asked for it is deleted.
    Raises ValueError if `MOVES` does not have this change.
    """
    if to not in MOVES[post.state]:
        raise ValueError(f"a post cannot go from {post.state} to {to}")
    doubts = post.doubts if doubts is None else doubts
    called_at = called_at or post.called_at
    if to is PostState.PLANNED and not doubts:
        called_at = None  # no call has an unknown outcome any more
    rows = await connection.fetch(
        _MOVE,
        post.key,
        post.state,
        post.attempts,
        to,
        post.attempts if attempts is None else attempts,
        doubts,
        post.looks if looks is None else looks,
        to_text(not_before or post.due_at),
        to_text(called_at) if called_at else None,
        owner or post.owner,
        message_ts,
        error,
        int(to in OPEN),
    )
    if not rows:
        return None
    await connection.execute(_LOG, post.key, to, to_text(now), owner or post.owner, error)
    return to_post(rows[0])


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


async def forget_person(connection: Connection, team_id: TeamId, user_id: UserId) -> None:
    """Delete the posts to a person, and the person's id in the posts that they asked for."""
    for statement in _FORGET_PERSON:
        await connection.execute(statement, team_id, user_id)


async def forget_who_asked(connection: Connection, *, before: datetime) -> None:
    """Delete the id of who asked from every post that was due before *before*, done or not."""
    await connection.execute(_FORGET_ASKERS, to_text(before))


async def fetch_post(connection: Connection, key: str) -> Post | None:
    """Return the post with this delivery key, of any team, or None."""
    rows = await connection.fetch(_GET, key)
    return to_post(rows[0]) if rows else None


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
