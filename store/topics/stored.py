"""Store topics in the database: derive them from all articles, or update them for a few changes."""

import asyncio
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from itertools import chain, islice
from typing import TypeAlias

from store.articles.reading import (
    BATCH,
    Numbered,
    articles_by_number,
    articles_from_number,
    sample_articles,
)
from store.db import Connection, Database, Row
from store.language.words import words
from store.progress import Progress
from store.topics.catalogue import SAMPLE, Catalogue
from store.topics.mentions import base, mentions
from store.types import Article, Topic

_TOPICS = "SELECT name, articles FROM topic WHERE articles > 0 ORDER BY place"
_ADD_TOPIC = "INSERT INTO topic (place, name, articles) VALUES ($1, $2, $3)"
_LINK = """
INSERT INTO topic_article (topic, article) VALUES ($1, $2) ON CONFLICT (topic, article) DO NOTHING
"""
# The articles that changed since revision $1. A number always belongs to one text, so an article
# that still has the same number and the same id is unchanged.
_UNLINK = """
DELETE FROM topic_article WHERE article IN (
    SELECT p.id FROM every_past_article p WHERE p.revision > $1 AND NOT EXISTS (
        SELECT 1 FROM loaded_article a WHERE a.number = p.number AND a.id = p.id
    )
)
"""
_RETURNED = """
SELECT DISTINCT p.number FROM every_past_article p LEFT JOIN loaded_article a ON a.number = p.number
WHERE p.revision > $1 AND p.number < $2 AND (p.id IS NULL OR p.id <> a.id)
ORDER BY p.number
"""
_LINKED = "SELECT name, articles FROM topic"
_UNLINK_TOPIC = "DELETE FROM topic_article WHERE topic = $1"
_COUNT = """
UPDATE topic SET articles = (SELECT COUNT(*) FROM topic_article l WHERE l.topic = topic.name)
"""
LARGEST = 200_000
"""Topics of a larger corpus are derived from a random sample of this many articles."""
_LONGEST = 5
_STEP = 1_000
"""Links that are written in one step, or deleted if they are not those of one topic."""

Write: TypeAlias = Callable[[Connection], Awaitable[None]]
"""Writes what was derived; call it in a transaction that has checked that it is still valid."""


async def read(connection: Connection | Database) -> Sequence[Topic]:
    """Return the topics, those with the most articles first."""
    rows = await connection.fetch(_TOPICS)
    return [Topic(name=row["name"], articles=row["articles"]) for row in rows]


async def derive(database: Database, size: int, progress: Progress) -> Iterator[Write]:
    """Derive all topics of a corpus of *size* articles; return the steps that write them.

    They must all be done, in their order.
    """
    sample = [
        article async for batch in sample_articles(database, size, SAMPLE) for _, article in batch
    ]
    # The sample is counted twice.
    progress.start("Finding topics", 2 * len(sample) + min(size, LARGEST))
    catalogue = await progress.in_thread(Catalogue, sample, progress)
    async for batch in _articles(database, size):
        articles = progress.counting(article for _, article in batch)
        await progress.in_thread(catalogue.add, articles)
    found = await asyncio.to_thread(catalogue.topics)

    old = await database.fetch(_LINKED)
    links = ((name, article) for name, ids in found.items() for article in ids)

    async def replace_topics(connection: Connection) -> None:
        await connection.execute("DELETE FROM topic_article")
        await connection.execute("DELETE FROM topic")
        await connection.executemany(
            _ADD_TOPIC, ((place, name, len(found[name])) for place, name in enumerate(found))
        )

    return chain(
        (_many(_UNLINK_TOPIC, names) for names in _few_links(old)),
        [replace_topics],
        (_many(_LINK, batch) for batch in iter(lambda: [*islice(links, _STEP)], [])),
    )


def _few_links(topics: Iterable[Row]) -> Iterator[Sequence[tuple[str]]]:
    """Yield the names of *topics* in batches that have few links together."""
    batch: list[tuple[str]] = []
    links = 0
    for row in topics:
        if batch and links + row["articles"] > _STEP:
            yield batch
            batch, links = [], 0
        batch.append((row["name"],))
        links += row["articles"]
    if batch:
        yield batch


def _many(sql: str, rows: Sequence[tuple[str, ...]]) -> Write:
    async def write(connection: Connection) -> None:
        await connection.executemany(sql, rows)

    return write


async def update(database: Database, *, revision: int, next_number: int) -> Iterator[Write]:
    """Link the articles that changed since *revision* to the existing topics.

    Return the steps that write the links. *next_number* is the first article number that
    *revision* had not used. The history since *revision* must still be stored. New names become
    topics when all topics are derived again.
    """
    names = {_key(topic.name): topic.name for topic in await read(database)}
    links: list[tuple[str, str]] = []
    async for batch in _changed(database, revision, next_number):
        links += await asyncio.to_thread(lambda: [*_links(names, batch)])  # noqa: B023 -- awaited

    async def write(connection: Connection) -> None:
        await connection.execute(_UNLINK, revision)
        await connection.executemany(_LINK, links)
        await connection.execute(_COUNT)

    return iter([write])


def _articles(database: Database, size: int) -> AsyncIterator[Sequence[Numbered]]:
    return (
        articles_from_number(database, 0)
        if size <= LARGEST
        else sample_articles(database, size, LARGEST)
    )


async def _changed(
    database: Database, revision: int, next_number: int
) -> AsyncIterator[Sequence[Numbered]]:
    """Yield the articles that were added or restored since *revision*."""
    returned = [row["number"] for row in await database.fetch(_RETURNED, revision, next_number)]
    for start in range(0, len(returned), BATCH):
        yield [*(await articles_by_number(database, returned[start : start + BATCH])).items()]
    async for batch in articles_from_number(database, next_number):
        yield batch


def _links(
    names: Mapping[tuple[str, ...], str], batch: Sequence[Numbered]
) -> Iterator[tuple[str, str]]:
    for _, article in batch:
        for name in {names[key] for key in _mentioned(article) if key in names}:
            yield name, article.id


def _mentioned(article: Article) -> Iterator[tuple[str, ...]]:
    found = mentions(article)
    for phrase in found.phrases:
        yield tuple(map(base, phrase))
    for run in found.runs:
        words_of_run = tuple(base(word.word) for word in run.words)
        for start in range(len(words_of_run)):
            for end in range(start + 1, min(start + _LONGEST, len(words_of_run)) + 1):
                yield words_of_run[start:end]


def _key(name: str) -> tuple[str, ...]:
    return tuple(base(word) for word, _ in words(name))
