"""The topics in the database: derived from all articles, and kept up with the few that change."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from store.db import Connection, Database
from store.finding.topics.catalogue import SAMPLE, Catalogue
from store.finding.topics.mentions import mentions
from store.finding.words import words
from store.reading import BATCH, Numbered, articles_by_number, articles_from_number, sample_articles
from store.types import Article, Topic

_TOPICS = "SELECT name, articles FROM topic WHERE articles > 0 ORDER BY place"
_ADD_TOPIC = "INSERT INTO topic (place, name, articles) VALUES ($1, $2, $3)"
_LINK = """
INSERT INTO topic_article (topic, article) VALUES ($1, $2) ON CONFLICT (topic, article) DO NOTHING
"""
# What has changed since revision $1: a number is one text's alone, so an article that is under the
# number that it had, and under its id, says what it said.
_UNLINK = """
DELETE FROM topic_article WHERE article IN (
    SELECT p.id FROM past_article p WHERE p.revision > $1 AND NOT EXISTS (
        SELECT 1 FROM article a WHERE a.number = p.number AND a.id = p.id
    )
)
"""
_RETURNED = """
SELECT DISTINCT p.number FROM past_article p LEFT JOIN article a ON a.number = p.number
WHERE p.revision > $1 AND p.number < $2 AND (p.id IS NULL OR p.id <> a.id)
ORDER BY p.number
"""
_COUNT = """
UPDATE topic SET articles = (SELECT COUNT(*) FROM topic_article l WHERE l.topic = topic.name)
"""
LARGEST = 200_000
"""Articles from which topics are derived; of a larger corpus as many, drawn evenly."""
_LONGEST = 5

Write: TypeAlias = Callable[[Connection], Awaitable[None]]
"""Write what was derived, in a transaction that has seen that it holds still."""


async def read(connection: Connection | Database) -> Sequence[Topic]:
    """Give the topics, those of most articles first."""
    rows = await connection.fetch(_TOPICS)
    return [Topic(name=row["name"], articles=row["articles"]) for row in rows]


async def derive(database: Database, size: int) -> Write:
    """Derive the topics of a corpus of *size* articles anew, and give what writes them."""
    sample = [
        article async for some in sample_articles(database, size, SAMPLE) for _, article in some
    ]
    made = await asyncio.to_thread(Catalogue, sample)
    async for some in _every(database, size):
        await asyncio.to_thread(made.add, [article for _, article in some])
    found = await asyncio.to_thread(made.topics)

    async def write(connection: Connection) -> None:
        await connection.execute("DELETE FROM topic_article")
        await connection.execute("DELETE FROM topic")
        await connection.executemany(
            _ADD_TOPIC, ((place, name, len(found[name])) for place, name in enumerate(found))
        )
        await connection.executemany(
            _LINK, ((name, article) for name, ids in found.items() for article in ids)
        )

    return write


async def keep_up(database: Database, *, revision: int, next_number: int) -> Write:
    """Give what links all that has changed since *revision* to the topics that there are.

    *next_number* is the first that it had not used. How things were after *revision* must still be
    kept. A name that is new waits until topics are derived again.
    """
    names = {_key(topic.name): topic.name for topic in await read(database)}
    links: list[tuple[str, str]] = []
    async for some in _changed(database, revision, next_number):
        links += await asyncio.to_thread(lambda: [*_links(names, some)])  # noqa: B023 -- awaited

    async def write(connection: Connection) -> None:
        await connection.execute(_UNLINK, revision)
        await connection.executemany(_LINK, links)
        await connection.execute(_COUNT)

    return write


def _every(database: Database, size: int) -> AsyncIterator[Sequence[Numbered]]:
    return (
        articles_from_number(database, 0)
        if size <= LARGEST
        else sample_articles(database, size, LARGEST)
    )


async def _changed(
    database: Database, revision: int, next_number: int
) -> AsyncIterator[Sequence[Numbered]]:
    """Yield the articles that came, or came back, since *revision*."""
    returned = [row["number"] for row in await database.fetch(_RETURNED, revision, next_number)]
    for start in range(0, len(returned), BATCH):
        yield [*(await articles_by_number(database, returned[start : start + BATCH])).items()]
    async for some in articles_from_number(database, next_number):
        yield some


def _links(
    names: Mapping[tuple[str, ...], str], some: Sequence[Numbered]
) -> Iterator[tuple[str, str]]:
    for _, article in some:
        for name in {names[key] for key in _mentioned(article) if key in names}:
            yield name, article.id


def _mentioned(article: Article) -> Iterator[tuple[str, ...]]:
    found = mentions(article)
    yield from found.phrases
    for run in found.runs:
        told = tuple(word.word for word in run.words)
        for start in range(len(told)):
            for end in range(start + 1, min(start + _LONGEST, len(told)) + 1):
                yield told[start:end]


def _key(name: str) -> tuple[str, ...]:
    return tuple(word for word, _ in words(name))
