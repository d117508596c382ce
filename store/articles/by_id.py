"""The articles of the loaded corpus by id, and their positions in its fixed random order."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b

from store.db import Connection, Database, Row, places, to_instant, to_text
from store.types import Article

COLUMNS = (
    "id, document, position, headline, summary, insight, question,"
    " url, publisher, published_at, guid, first_seen_at"
)
"""The columns of an article in the tables article and past_article, as `to_columns` has them."""
SELECT = f"SELECT a.number, {COLUMNS} FROM loaded_article a"  # noqa: S608 -- our own names
SHUFFLE_SIZE = 2**63 - 1
"""The number of positions in the random order."""

_GET = f"{SELECT} WHERE a.id = $1"
_UNASKED = "SELECT COUNT(*) AS stories FROM loaded_article WHERE question = ''"
_NEXT_UNASKED = f"""
{SELECT} WHERE a.question = ''
    AND a.number < COALESCE((SELECT number FROM loaded_article WHERE id = $1), {2**63 - 1})
ORDER BY a.number DESC LIMIT 1
"""  # noqa: S608 -- our own names
# One statement, so that an article that is retired at this moment is found.
_GET_ANY = f"""
SELECT 0 AS is_retired, {COLUMNS} FROM loaded_article WHERE id IN ({{ids}})
UNION ALL SELECT 1, {COLUMNS} FROM retired_article WHERE id IN ({{ids}}) ORDER BY is_retired DESC
"""  # noqa: S608 -- our own names
_MEASURE = """
SELECT COUNT(DISTINCT NULLIF(question, '')) AS questions,
       SUM(LENGTH(summary) + LENGTH(insight) + LENGTH(question)) AS characters
FROM loaded_article
"""


class Articles:
    """Reads loaded articles, and those that a feed no longer keeps but posts still show."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, article_id: str) -> Article | None:
        """Return the article, or None if it is not in the corpus."""
        return next(iter(await self.get_many([article_id])), None)

    async def measure(self) -> tuple[int, int]:
        """Return the number of distinct questions, and the number of characters of all articles."""
        (row,) = await self._database.fetch(_MEASURE)
        return row["questions"], row["characters"] or 0

    async def count_unasked(self) -> int:
        """Return how many stories have no question."""
        (row,) = await self._database.fetch(_UNASKED)
        return int(row["stories"])

    async def next_unasked(self, after: str = "") -> Article | None:
        """Return the newest story without a question that is older than the one with id *after*.

        None if there is no such story.
        """
        rows = await self._database.fetch(_NEXT_UNASKED, after)
        return to_article(rows[0]) if rows else None

    async def get_many(self, article_ids: Iterable[str]) -> Sequence[Article]:
        """Return the articles in the order of the ids; leave out those not in the corpus."""
        wanted = list(article_ids)
        found = await fetch_articles(self._database, wanted)
        return [found[each] for each in wanted if each in found]


def shuffle_position(text: str) -> int:
    """Return the position of *text* in the random order: a hash from 0, equal in all processes."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) % SHUFFLE_SIZE


async def fetch_article(connection: Connection | Database, article_id: str) -> Article | None:
    """Return an article, or None if it is not in the corpus."""
    rows = await connection.fetch(_GET, article_id)
    return to_article(rows[0]) if rows else None


async def fetch_articles(
    connection: Connection | Database, article_ids: Iterable[str]
) -> Mapping[str, Article]:
    """Return loaded and retired articles by id; leave out those that do not exist."""
    ids = list(dict.fromkeys(article_ids))
    rows = await connection.fetch(_GET_ANY.format(ids=places(ids)), *ids) if ids else ()
    return {row["id"]: to_article(row) for row in rows}


def to_article(row: Row) -> Article:
    """Build an article from a row with the columns of COLUMNS."""
    return Article(
        id=row["id"],
        document=row["document"],
        position=row["position"],
        headline=row["headline"],
        summary=row["summary"],
        insight=row["insight"],
        question=row["question"],
        url=row["url"],
        publisher=row["publisher"],
        published_at=_instant(row["published_at"]),
        guid=row["guid"],
        first_seen_at=_instant(row["first_seen_at"]),
    )


def to_columns(article: Article) -> tuple[object, ...]:
    """Return the values of an article's COLUMNS."""
    return (
        article.id,
        article.document,
        article.position,
        article.headline,
        article.summary,
        article.insight,
        article.question,
        article.url,
        article.publisher,
        article.published_at and to_text(article.published_at),
        article.guid,
        article.first_seen_at and to_text(article.first_seen_at),
    )


def _instant(text: str | None) -> datetime | None:
    return to_instant(text) if text else None
