"""Posted messages whose story was edited since, and what became of drawing them anew.

Drawing a message twice does no harm, so the record only has to see to it that it does not go on
for ever: each claim counts, whether or not its process lives to tell how it ended.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from store.articles import to_article
from store.db import Connection, Database, Row, places, to_text
from store.posting.record import LEASE, NEVER, fetch_post
from store.types import Article, Post

_OPEN = -1
"""What a message shows while a call for it is open: the text before, or the one after."""
TRIES = 5
"""How many calls are made for one message and one revision."""

_FORGET = "DELETE FROM shown WHERE post_key = $1"
_SHOW = """
INSERT INTO shown (post_key, place, article_id, sent_as, number, at)
SELECT $1, COALESCE(s.place, 0), a.id, a.number, a.number, $4
FROM article a LEFT JOIN post_story s ON s.post_key = $2 AND s.article_id = a.id
WHERE a.id = $3 OR a.id IN (SELECT article_id FROM post_story WHERE post_key = $2)
"""
_DUE = """
SELECT DISTINCT p.team_id, s.post_key, s.at FROM shown s
JOIN article a ON a.id = s.article_id AND a.number <> s.number
JOIN post p ON p.key = s.post_key AND p.state = 'sent' AND p.message_ts IS NOT NULL
LEFT JOIN correction c ON c.post_key = s.post_key
WHERE s.at > $1 AND (
    c.post_key IS NULL OR c.not_before <= $2 OR (c.revision < $3 AND c.not_before = $4)
){but}
ORDER BY s.at DESC LIMIT $5
"""
_SHOWN = """
SELECT s.sent_as, s.number AS shown, a.number, a.id, a.document, a.position, a.headline, a.summary,
       a.insight, a.question
FROM shown s LEFT JOIN article a ON a.id = s.article_id WHERE s.post_key = $1 ORDER BY s.place
"""
_PAST = """
SELECT number, id, document, position, headline, summary, insight, question FROM past_article
WHERE id IS NOT NULL AND number IN ({})
"""
_CLAIM = """
INSERT INTO correction (post_key, revision, attempts, not_before) VALUES ($1, $2, 1, $3)
ON CONFLICT (post_key) DO UPDATE SET
    attempts = CASE WHEN correction.revision < excluded.revision THEN 1
                    ELSE correction.attempts + 1 END,
    revision = excluded.revision, not_before = excluded.not_before
WHERE correction.not_before <= $4
    OR (correction.revision < excluded.revision AND correction.not_before = $5)
RETURNING attempts
"""
_DONE = "UPDATE correction SET not_before = $2, error = NULL WHERE post_key = $1"
_SHOWS_ANYTHING = f"UPDATE shown SET number = {_OPEN} WHERE post_key = $1"  # noqa: S608
_SHOWS = "UPDATE shown SET number = $3 WHERE post_key = $1 AND article_id = $2"
_PUT_OFF = """
UPDATE correction SET not_before = $2, error = $3, attempts = attempts - $4 WHERE post_key = $1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """The right to draw one message anew, for the length of a lease."""

    post: Post
    articles: Sequence[Article]
    """What it tells, as it is now."""
    numbers: Sequence[int]
    before: Sequence[int]
    """The numbers of the texts that the message shows, as far as is known."""
    sent: Sequence[Article] | None
    """What it told when it was sent, in the places of now; None where nobody knows any more."""
    shown: Sequence[Article] | None
    """The same of what it tells until it is drawn anew."""
    attempts: int
    """How many calls were made for this revision, this one included."""


async def note_shown(connection: Connection, post: Post, *, now: datetime) -> None:
    """Write down which texts the message of *post* will show, in the caller's transaction."""
    if post.attempts > 1:
        await connection.execute(_FORGET, post.key)
    digest_key = post.parent_key or post.key
    await connection.execute(_SHOW, post.key, digest_key, post.article_id, to_text(now))


class Corrections:
    """The messages that say something else than their stories do."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(
        self,
        *,
        since: datetime,
        revision: int,
        now: datetime,
        but: Sequence[str] = (),
        limit: int,
    ) -> Sequence[tuple[str, str]]:
        """Give the team and key of each post to draw anew, of those sent after *since*.

        The latest first, and none of the teams in *but*. One that was given up is tried again after
        another *revision*.
        """
        sql = _DUE.format(but=f" AND p.team_id NOT IN ({places(but, start=6)})" if but else "")
        rows = await self._database.fetch(
            sql, to_text(since), to_text(now), revision, to_text(NEVER), limit, *but
        )
        return list(dict.fromkeys((row["team_id"], row["post_key"]) for row in rows))

    async def claim(self, key: str, *, revision: int, now: datetime) -> Correction | None:
        """Take the right to draw a message anew.

        None where somebody else has it, where nothing is left to change, and where it is given up:
        after too many calls, or because what it told is no longer in the corpus.
        """
        async with self._database.transaction() as connection:
            rows = await connection.fetch(_SHOWN, key)
            if all(row["number"] in (None, row["shown"]) for row in rows):
                return None
            post = await fetch_post(connection, key)
            claimed = await connection.fetch(
                _CLAIM, key, revision, to_text(now + LEASE), to_text(now), to_text(NEVER)
            )
            if not claimed or post is None:
                return None
            attempts = claimed[0]["attempts"]
            if any(row["number"] is None for row in rows):
                await _put_off(connection, key, error="a story of it is gone", until=NEVER)
                return None
            if attempts > TRIES:
                await _put_off(connection, key, error="broken off too often", until=NEVER)
                return None
            await connection.execute(_SHOWS_ANYTHING, key)
            texts = await _texts(connection, rows)
        return Correction(
            post=post,
            articles=[to_article(row) for row in rows],
            numbers=[row["number"] for row in rows],
            before=[row["shown"] for row in rows],
            sent=_as_of(rows, "sent_as", texts),
            shown=_as_of(rows, "shown", texts),
            attempts=attempts,
        )

    async def done(self, correction: Correction, *, now: datetime) -> None:
        """Record that the message shows what its stories say."""
        async with self._database.transaction() as connection:
            await _shows(connection, correction, correction.numbers)
            await connection.execute(_DONE, correction.post.key, to_text(now))

    async def put_off(
        self,
        correction: Correction,
        *,
        error: str,
        until: datetime,
        counts: bool,
        is_open: bool,
    ) -> None:
        """Record that a call failed, and when to make another; *counts* as one of the few.

        *is_open* where nobody knows whether it has changed the message all the same.
        """
        async with self._database.transaction() as connection:
            if not is_open:
                await _shows(connection, correction, correction.before)
            await _put_off(
                connection, correction.post.key, error=error, until=until, back=not counts
            )

    async def give_up(self, correction: Correction, *, error: str, is_open: bool) -> None:
        """Record that the message stays as it is, or as it may be where that *is_open*."""
        await self.put_off(correction, error=error, until=NEVER, counts=True, is_open=is_open)

    async def forget(self, correction: Correction) -> None:
        """Record that the message cannot be changed any more, whatever becomes of its story."""
        async with self._database.transaction() as connection:
            await connection.execute(_FORGET, correction.post.key)


async def _texts(connection: Connection, rows: Sequence[Row]) -> Mapping[int, Article]:
    """Give the texts of the numbers in *rows* that are loaded, or kept from before."""
    numbers = list({number for row in rows for number in (row["sent_as"], row["shown"])})
    past = await connection.fetch(_PAST.format(places(numbers)), *numbers)
    return {row["number"]: to_article(row) for row in (*past, *rows)}


def _as_of(
    rows: Sequence[Row], column: str, texts: Mapping[int, Article]
) -> Sequence[Article] | None:
    if any(row[column] not in texts for row in rows):
        return None
    return [
        replace(texts[row[column]], document=row["document"], position=row["position"])
        for row in rows
    ]


async def _shows(connection: Connection, correction: Correction, numbers: Sequence[int]) -> None:
    for article, number in zip(correction.articles, numbers, strict=True):
        await connection.execute(_SHOWS, correction.post.key, article.id, number)


async def _put_off(
    connection: Connection, key: str, *, error: str, until: datetime, back: bool = False
) -> None:
    await connection.execute(_PUT_OFF, key, to_text(until), error, int(back))
