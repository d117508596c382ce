"""Reading the articles that are loaded, never all of them at once."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

from store.articles import COLUMNS, SHUFFLE_SIZE, shuffle_position, to_article
from store.db import Database, Row, places
from store.types import Article

Numbered: TypeAlias = tuple[int, Article]

BATCH = 2_000
"""Articles that are handled at a time."""
_PARAMETERS = 500

_DOCUMENTS = "SELECT path, digest, articles FROM document"
_OF_DOCUMENTS = f"{COLUMNS} WHERE a.document IN ({{}})"
_OF_DOCUMENT = f"""
{COLUMNS} WHERE a.document = $1 AND a.position > $2 ORDER BY a.position LIMIT {BATCH}
"""
_FROM_NUMBER = f"{COLUMNS} WHERE a.number >= $1 ORDER BY a.number LIMIT {BATCH}"
# A shuffle is a hash of the id, so that its lowest part is a fair draw.
_SPREAD = f"""
{COLUMNS} WHERE a.shuffle > $1 AND a.shuffle <= $2 ORDER BY a.shuffle LIMIT {BATCH}
"""
_OF_NUMBERS = f"{COLUMNS} WHERE a.number IN ({{}})"
_HOLDERS = "SELECT number, id FROM article WHERE id IN ({})"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDocument:
    """What the database holds of one document, beside its articles."""

    digest: str
    articles: int


Documents: TypeAlias = Mapping[str, StoredDocument]


async def stored_documents(database: Database) -> Documents:
    """Give what is held of every document."""
    return {
        row["path"]: StoredDocument(digest=row["digest"], articles=row["articles"])
        for row in await database.fetch(_DOCUMENTS)
    }


async def articles_of_documents(
    database: Database, held: Documents, paths: Sequence[str]
) -> AsyncIterator[Sequence[Numbered]]:
    """Yield the articles of the documents at *paths*, in their order, some at a time."""
    few: list[str] = []
    count = 0
    for path in paths:
        if held[path].articles > BATCH:
            if few:
                yield await _of_few(database, few)
            few, count = [], 0
            async for some in _of_one(database, path):
                yield some
            continue
        few.append(path)
        count += held[path].articles
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
    database: Database, number: int
) -> AsyncIterator[Sequence[Numbered]]:
    """Yield the articles whose number is *number* or above, some at a time."""
    while rows := await database.fetch(_FROM_NUMBER, number):
        number = rows[-1]["number"] + 1
        yield _numbered(rows)


async def sample_articles(
    database: Database, size: int, count: int
) -> AsyncIterator[Sequence[Numbered]]:
    """Yield about *count* of *size* articles, drawn evenly, some at a time; all of a few."""
    high = min(SHUFFLE_SIZE * count // max(size, 1), SHUFFLE_SIZE)
    low = -1
    while rows := await database.fetch(_SPREAD, low, high):
        low = shuffle_position(rows[-1]["id"])
        yield _numbered(rows)


async def articles_by_number(database: Database, numbers: Iterable[int]) -> Mapping[int, Article]:
    """Give the articles of *numbers*, leaving out those that are gone."""
    found: dict[int, Article] = {}
    every = iter(numbers)
    while some := list(islice(every, _PARAMETERS)):
        found.update(_numbered(await database.fetch(_OF_NUMBERS.format(places(some)), *some)))
    return found


async def numbers_by_id(database: Database, ids: Iterable[str]) -> Mapping[str, int]:
    """Give the number of the article that has each of *ids*, where one has."""
    found: dict[str, int] = {}
    every = iter(ids)
    while some := list(islice(every, _PARAMETERS)):
        for row in await database.fetch(_HOLDERS.format(places(some)), *some):
            found[row["id"]] = row["number"]
    return found


def _numbered(rows: Sequence[Row]) -> list[Numbered]:
    return [(row["number"], to_article(row)) for row in rows]
