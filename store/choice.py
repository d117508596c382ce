"""Choosing a channel's next question from what it has been asked.

Every article has a place in one shuffle of the corpus, written when it is loaded. A channel goes
around that circle from a start of its own, so the order depends on nothing but ids: a restart or
another replica gives the same one, and no more than a window of the corpus is read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from store.articles import fetch_article
from store.db import Connection, Database, Row
from store.types import Article

_WINDOW = 200
"""How many articles of the shuffle are looked at for one choice."""
_END = 2**63 - 1

_ASKED = """
SELECT p.article_id, COUNT(*) AS times, MAX(p.due_at) AS last_at, MAX(a.headline) AS headline
FROM post p
JOIN article a ON a.id = p.article_id
WHERE p.team_id = $1 AND p.channel_id = $2 AND p.kind = 'question'
  AND p.state <> 'failed' AND p.state <> 'missed'
GROUP BY p.article_id ORDER BY MAX(p.due_at), p.article_id
"""
_CANDIDATES = """
WITH asked AS (
    SELECT article_id, COUNT(*) AS times FROM post
    WHERE team_id = $1 AND channel_id = $2 AND kind = 'question'
      AND state <> 'failed' AND state <> 'missed' AND article_id IS NOT NULL
    GROUP BY article_id
)
SELECT a.id, a.headline
FROM article a
LEFT JOIN asked ON asked.article_id = a.id
WHERE a.shuffle >= $3 AND a.shuffle < $4 AND COALESCE(asked.times, 0) = $5
  AND a.question <> ''
ORDER BY a.shuffle, a.id LIMIT $6
"""


def shuffle(text: str) -> int:
    """Give the place of *text* in the shuffle: a hash of it, the same everywhere, 0 to 2^63 - 2."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) % _END


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An article that could be asked next."""

    article_id: str
    headline: str
    times: int
    """How often the channel was asked it."""


class Choice:
    """Chooses what a channel is asked."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def next(self, team_id: str, channel_id: str, *, place: int = 0) -> Article | None:
        """Give the channel's next question with its story; None where the corpus is empty.

        *place* counts on from there, and goes around.
        """
        async with self._database.reading() as connection:
            asked = await connection.fetch(_ASKED, team_id, channel_id)
            window = await _window(connection, team_id, channel_id, asked)
            if not window:
                return None
            ranked = rank(window, headline=asked[-1]["headline"] if asked else None)
            return await fetch_article(connection, ranked[place % len(ranked)].article_id)


def rank(window: Sequence[Candidate], *, headline: str | None) -> Sequence[Candidate]:
    """Order the candidates of a *window*, the next one first.

    What was asked least comes first, so that nothing returns before all have had their turn; among
    equals the *headline* asked last is put behind the others. The rest stays as the shuffle has it.
    """
    return sorted(window, key=lambda one: (one.times, one.headline == headline))


async def _window(
    connection: Connection, team_id: str, channel_id: str, asked: Sequence[Row]
) -> Sequence[Candidate]:
    """Go around the shuffle from the channel's start: first those never asked, then the others."""
    start = shuffle(f"{team_id}:{channel_id}")
    window: list[Candidate] = []
    for times in sorted({0, *(row["times"] for row in asked)}):
        for low, high in ((start, _END), (0, start)):
            rows = await connection.fetch(
                _CANDIDATES, team_id, channel_id, low, high, times, _WINDOW - len(window)
            )
            window += (
                Candidate(article_id=row["id"], headline=row["headline"], times=times)
                for row in rows
            )
            if len(window) >= _WINDOW:
                return window
    return window
