"""Read loaded articles in batches, so that a large corpus never has to fit into memory."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TypeAlias

from store.articles.by_id import SELECT, SHUFFLE_SIZE, shuffle_position, to_article
from store.db import Connection, Database, Row, places, to_instant
from store.types import FOLDER, Article

Numbered: TypeAlias = tuple[int, Article]

BATCH = 2_000
"""Articles in one batch."""
_PARAMETERS = 500

_DOCUMENTS = "SELECT path, digest, articles FROM document WHERE source = $1"
_SOURCE = (
    "SELECT d.source FROM loaded_article a JOIN document d ON d.path = a.document WHERE a.id = $1"
)
_OF_DOCUMENTS = f"{SELECT} WHERE a.document IN ({{}})"
_OF_DOCUMENT = f"""
{SELECT} WHERE a.document = $1 AND a.position > $2 ORDER BY a.position LIMIT {BATCH}
"""
_FROM_NUMBER = f"{SELECT} WHERE a.number >= $1 ORDER BY a.number LIMIT {BATCH}"
_NEWEST = f"{SELECT} WHERE a.number < $1 ORDER BY a.number DESC LIMIT {BATCH}"
_LATEST = f"""
{SELECT} WHERE a.published_at IS NOT NULL ORDER BY a.published_at DESC, a.number DESC LIMIT $1
"""
_OF_SOURCE = f"""
{SELECT} JOIN document d ON d.path = a.document
WHERE a.number >= $1 AND d.source = $2 ORDER BY a.number LIMIT {BATCH}
"""
# The shuffle position is a hash of the id, so a range of positions is a random sample.
_SAMPLE = f"""
{SELECT} WHERE a.shuffle > $1 AND a.shuffle <= $2 ORDER BY a.shuffle LIMIT {BATCH}
"""
_BY_NUMBER = f"{SELECT} WHERE a.number IN ({{}})"
_DATES_BY_NUMBER = """
SELECT number, published_at FROM loaded_article WHERE published_at IS NOT NULL AND number IN ({})
"""
_NUMBERS_BY_ID = "SELECT number, id FROM loaded_article WHERE id IN ({})"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDocument:
    """What the database stores about a document, apart from its articles."""

    digest: str
    articles: int


Documents: TypeAlias = Mapping[str, StoredDocument]


async def stored_documents(database: Database, source: str = FOLDER) -> Documents:
    """Return the stored documents of a source by path."""
    return {
        row["path"]: StoredDocument(digest=row["digest"], articles=row["articles"])
        for row in await database.fetch(_DOCUMENTS, source)
    }


async def source_of(database: Database, article_id: str) -> str | None:
    """Return the id of the source of an article; None if the article is not loaded."""
    rows = await database.fetch(_SOURCE, article_id)
    return str(rows[0]["source"]) if rows else None


async def articles_of_documents(
    database: Database, stored: Documents, paths: Sequence[str]
) -> AsyncIterator[Sequence[Numbered]]:
    """Yield the articles of the documents at *paths*, in the order of *paths*, in batches."""
    few: list[str] = []
    count = 0
    for path in paths:
        if stored[path].articles > BATCH:
            if few:
                yield await _of_few(database, few)
            few, count = [], 0
            async for batch in _of_one(database, path):
                yield batch
            continue
        few.append(path)
        count += stored[path].articles
        if count > BATCH or len(few) >= _PARAMETERS:
            yield await _of_few(database, few)
            few, count = [], 0
    if few:
        yield await _of_few(database, few)


async def _of_few(database: Database, paths: Sequence[str]) -> Sequence[Numbered]:
    order = {path: place for place, path in enumerate(paths)}
    rows = await database.fetch(_OF_DOCUMENTS.format(places(paths)), *paths)
    return _numbered(sorted(rows, key=lambda row: (order[row["document"]], row["position"])))


async def _of_one(database: Database, path: str) -> AsyncIterator[Sequence[Numbered]]:
    position = 0
    while rows := await database.fetch(_OF_DOCUMENT, path, position):
        position = rows[-1]["position"]
        yield _numbered(rows)


async def articles_from_number(
    database: Database, number: int, *, source: str | None = None
) -> AsyncIterator[Sequence[Numbered]]:
    """Yield the articles whose number is at least *number*, in batches; None for all sources."""
    sql, of = (_OF_SOURCE, (source,)) if source else (_FROM_NUMBER, ())
    while rows := await database.fetch(sql, number, *of):
        number = rows[-1]["number"] + 1
        yield _numbered(rows)


async def newest_first(connection: Connection) -> AsyncIterator[Numbered]:
    """Yield the articles and their numbers, the one that was loaded last first."""
    number = SHUFFLE_SIZE
    while rows := await connection.fetch(_NEWEST, number):
        for numbered in _numbered(rows):
            yield numbered
        number = rows[-1]["number"]


async def latest(database: Database, count: int) -> Sequence[Article]:
    """Return the *count* articles that were published last, the last one first.

    Those without a date are left out.
    """
    return [article for _, article in _numbered(await database.fetch(_LATEST, count))]


async def sample_articles(
    database: Database, size: int, count: int
) -> AsyncIterator[Sequence[Numbered]]:
    """Yield a random sample of about *count* of *size* articles, in batches.

    If there are fewer than *count*, yield all of them.
    """
    high = min(SHUFFLE_SIZE * count // max(size, 1), SHUFFLE_SIZE)
    low = -1
    while rows := await database.fetch(_SAMPLE, low, high):
        low = shuffle_position(rows[-1]["id"])
        yield _numbered(rows)


async def articles_by_number(database: Database, numbers: Iterable[int]) -> Mapping[int, Article]:
    """Return the articles with these *numbers*; leave out those that no longer exist."""
    found: dict[int, Article] = {}
    remaining = iter(numbers)
    while batch := list(islice(remaining, _PARAMETERS)):
        found.update(_numbered(await database.fetch(_BY_NUMBER.format(places(batch)), *batch)))
    return found


async def dates_by_number(database: Database, numbers: Sequence[int]) -> Mapping[int, datetime]:
    """Return when articles were published, by number; leave out those without a date."""
    found: dict[int, datetime] = {}
    for start in range(0, len(numbers), _PARAMETERS):
        batch = numbers[start : start + _PARAMETERS]
        for row in await database.fetch(_DATES_BY_NUMBER.format(places(batch)), *batch):
            found[row["number"]] = to_instant(row["published_at"])
    return found


async def numbers_by_id(database: Database, ids: Iterable[str]) -> Mapping[str, int]:
    """Return the article number of each of *ids*; leave out ids that no article has."""
    found: dict[str, int] = {}
    remaining = iter(ids)
    while batch := list(islice(remaining, _PARAMETERS)):
        for row in await database.fetch(_NUMBERS_BY_ID.format(places(batch)), *batch):
            found[row["id"]] = row["number"]
    return found


def _numbered(rows: Sequence[Row]) -> list[Numbered]:
    return [(row["number"], to_article(row)) for row in rows]
