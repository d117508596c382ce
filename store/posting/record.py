"""The record of posts: what a row may say, every legal move, and the only statements that write it.

Slack knows no idempotency key, so the row is what keeps a message from going out twice: whoever
moves it to `sending` may send, for as long as the lease lasts, and nobody else. A row that is found
in `sending` after its lease, or in `unknown`, may have arrived: look before sending it again.
"""

import json
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime, timedelta

from store.db import Connection, Database, Row, to_instant, to_text
from store.types import About, Post, PostKind, PostState

GRACE = timedelta(hours=2)
"""How late a schedule's post may go out; later, its turn is missed and said so."""
LEASE = timedelta(seconds=60)
"""How long a claim lasts; longer than any call to Slack may take."""
NEVER = datetime.max.replace(tzinfo=UTC)
"""When a row may be claimed that waits for a person."""

PERSON = "person"
"""The owner of a move that a person made; which person is not kept."""
OPEN = frozenset({PostState.PLANNED, PostState.SENDING, PostState.UNKNOWN})
"""The states in which a post is still to be sent or settled, and keeps who asked for it."""

MOVES: dict[PostState, frozenset[PostState]] = {
    PostState.PLANNED: frozenset({PostState.SENDING, PostState.SKIPPED}),
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
    PostState.UNKNOWN: frozenset(
        {
            PostState.SENDING,  # to look again
            PostState.SENT,  # a person saw it
            PostState.PLANNED,  # a person saw that it is not there
        }
    ),
    PostState.SENT: frozenset(),
    PostState.FAILED: frozenset({PostState.PLANNED}),  # somebody asks again
    PostState.MISSED: frozenset({PostState.PLANNED}),
    PostState.SKIPPED: frozenset({PostState.PLANNED}),
}
"""Every legal move. A new row has the state `NewPost.state`; a skipped row can be deleted."""

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
WHERE p.key = $1 AND s.place > 0 AND p.state = 'sent'
GROUP BY p.team_id, p.channel_id, s.article_id
"""
    ),
)
# A message to one person has the person in the place of the channel.
_FORGET_PERSON = (
    "UPDATE post SET asked_by = NULL WHERE team_id = $1 AND asked_by = $2",
    """
DELETE FROM post_move
WHERE post_key IN (SELECT key FROM post WHERE team_id = $1 AND channel_id = $2)
""",
    "DELETE FROM post WHERE team_id = $1 AND channel_id = $2",
)
_FORGET_WHO = "UPDATE post SET asked_by = NULL WHERE asked_by IS NOT NULL AND due_at < $1"
_ADD_STORY = "INSERT INTO post_story (post_key, place, article_id) VALUES ($1, $2, $3)"
_GET = "SELECT * FROM post WHERE key = $1"
_GET_OF_TEAM = "SELECT * FROM post WHERE team_id = $1 AND key = $2"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPost:
    """What is to be written down of a message, before it leaves."""

    key: str
    team_id: str
    channel_id: str
    kind: PostKind
    due_at: datetime
    article_id: str | None = None
    revision: int | None = None
    why: str | None = None
    story_ids: tuple[str, ...] = ()
    """The stories of a digest; none for any other message."""
    due_on: date | None = None
    asked_by: str | None = None
    parent_key: str | None = None
    about: About | None = None
    not_before: datetime | None = None
    """When it may be claimed; None is *due_at*."""
    state: PostState = PostState.PLANNED
    """MISSED or SKIPPED for a turn that nothing is to be sent for; SENT for a question that went
    out by other hands than ours."""
    error: str | None = None


async def plan_post(connection: Connection, plan: NewPost, *, now: datetime) -> Post | None:
    """Write down a post that is to go out, or a turn that nothing goes out for.

    A post of that key that failed or was missed is planned anew, and one that was skipped when a
    person asks; None where it is open, sent or otherwise done.
    """
    rows = await connection.fetch(
        _PLAN,
        plan.key,
        plan.team_id,
        plan.channel_id,
        plan.kind,
        plan.article_id,
        plan.revision,
        plan.why,
        json.dumps(asdict(plan.about)) if plan.about else None,
        plan.state,
        plan.due_on.isoformat() if plan.due_on else None,
        to_text(plan.due_at),
        plan.parent_key,
        plan.asked_by if plan.state in OPEN else None,
        to_text(plan.not_before or plan.due_at),
        plan.error,
    )
    if not rows:
        return None
    if plan.kind is PostKind.DIGEST:
        await connection.execute(_ERASE_STORIES, plan.key)
        await connection.executemany(
            _ADD_STORY, [(plan.key, place, story) for place, story in enumerate(plan.story_ids)]
        )
    by = PERSON if plan.asked_by else None
    await connection.execute(_LOG, plan.key, plan.state, to_text(now), by, plan.error)
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
    """Move *post* to another state; None where it is no longer as *post* says.

    The count of attempts rises with every claim and so is the fence: a claim that was overtaken
    finds another count and writes nothing. A post that is no longer open forgets who asked for it.
    Raises ValueError for a move that is not legal.
    """
    if to not in MOVES[post.state]:
        raise ValueError(f"a post does not go from {post.state} to {to}")
    doubts = post.doubts if doubts is None else doubts
    called_at = called_at or post.called_at
    if to is PostState.PLANNED and not doubts:
        called_at = None  # no call is left whose outcome is open
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


async def erase(connection: Connection, team_id: str, key: str) -> bool:
    """Take a skipped turn's row away, as if nothing had been said; False where it is none."""
    post = await fetch_team_post(connection, team_id, key)
    if post is None or post.state is not PostState.SKIPPED:
        return False
    for statement in _ERASE:
        await connection.execute(statement, key)
    return True


async def forget_posts(connection: Connection, team_id: str) -> None:
    """Take every row of the team's away, whatever its state."""
    for statement in _FORGET:
        await connection.execute(statement, team_id)


async def delete_old_posts(connection: Connection, *, before: datetime, limit: int) -> int:
    """Delete at most *limit* posts that are done and were due before then; return how many.

    A post whose story is still there waits for it. What the channel has had of them stays, as
    articles and days.
    """
    rows = await connection.fetch(_OLD, to_text(before), limit)
    keys = [(row["key"],) for row in rows]
    for statement in (*_REMEMBER_EACH, *_ERASE):
        await connection.executemany(statement, keys)
    return len(keys)


async def forget_person(connection: Connection, team_id: str, user_id: str) -> None:
    """Delete the messages to that person, and forget them in the posts that they asked for."""
    for statement in _FORGET_PERSON:
        await connection.execute(statement, team_id, user_id)


async def forget_who_asked(connection: Connection, *, before: datetime) -> None:
    """Forget the person of every post that was due before then, though it is open."""
    await connection.execute(_FORGET_WHO, to_text(before))


async def fetch_post(connection: Connection, key: str) -> Post | None:
    """Read one post inside a transaction; None where there is none."""
    rows = await connection.fetch(_GET, key)
    return to_post(rows[0]) if rows else None


async def fetch_team_post(connection: Connection | Database, team_id: str, key: str) -> Post | None:
    """Read a post of the team's; None where it has none with that key, though another may."""
    rows = await connection.fetch(_GET_OF_TEAM, team_id, key)
    return to_post(rows[0]) if rows else None


def _about(text: str) -> About:
    # A row of another version may have fields that this one does not know.
    known = {one.name for one in fields(About)}
    return About(**{name: value for name, value in json.loads(text).items() if name in known})


def to_post(row: Row) -> Post:
    """Read a post from its row."""
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
        owner=row["owner"],
        message_ts=row["message_ts"],
        error=row["error"],
    )
