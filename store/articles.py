"""The articles of the loaded corpus, by id, and their places in its shuffle."""

from collections.abc import Iterable, Sequence
from hashlib import blake2b

from store.db import Connection, Database, Row
from store.types import Article

COLUMNS = """
SELECT a.number, a.id, a.document, a.position, a.headline, a.summary, a.insight, a.question
FROM article a
"""
SHUFFLE_SIZE = 2**63 - 1
"""How many places the shuffle has."""

_GET = f"{COLUMNS} WHERE a.id = $1"
_MEASURE = """
SELECT COUNT(DISTINCT NULLIF(question, '')) AS questions,
       SUM(LENGTH(summary) + LENGTH(insight) + LENGTH(question)) AS characters
FROM article
"""


class Articles:
    """The articles that are loaded."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, article_id: str) -> Article | None:
        """Give the article; None where it is not, or no longer, in the corpus."""
        return await fetch_article(self._database, article_id)

    async def measure(self) -> tuple[int, int]:
        """Count the distinct questions of the corpus, and the characters of its articles."""
        (row,) = await self._database.fetch(_MEASURE)
        return row["questions"], row["characters"] or 0

    async def get_many(self, article_ids: Iterable[str]) -> Sequence[Article]:
        """Give the articles in that order, without those that are not in the corpus."""
        async with self._database.reading() as connection:
            found = [await fetch_article(connection, one) for one in article_ids]
        return [article for article in found if article]


def shuffle_position(text: str) -> int:
    """Give the place of *text* in the shuffle: a hash of it, the same everywhere, from 0."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) % SHUFFLE_SIZE


async def fetch_article(connection: Connection | Database, article_id: str) -> Article | None:
    """Read one article; None where it is not in the corpus."""
    rows = await connection.fetch(_GET, article_id)
    return to_article(rows[0]) if rows else None


def to_article(row: Row) -> Article:
    """Read an article from a row that holds its columns."""
    return Article(
        id=row["id"],
        document=row["document"],
        position=row["position"],
        headline=row["headline"],
        summary=row["summary"],
        insight=row["insight"],
        question=row["question"],
    )
