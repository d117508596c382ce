"""What the database knows of the stories that feeds have brought, the retired ones included."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from store.articles import reading
from store.articles.by_id import COLUMNS, to_article, to_columns
from store.db import Connection, Database, Row, places, to_instant, to_text
from store.loading.feed_matching import FeedEntry, KnownStory, hash_key, hash_link, hash_text
from store.types import Article

_T = TypeVar("_T")

RECENT = 200
"""How many of a feed's last stories are compared with entries whose ids are unknown."""
_PARAMETERS = 400

_BY_KEY = "SELECT * FROM feed_story WHERE source = $1 AND {column} IN ({keys})"
_BY_ID = "SELECT * FROM feed_story WHERE article_id IN ({keys})"
_RETIRED = f"SELECT {COLUMNS} FROM retired_article WHERE id IN ({{keys}})"  # noqa: S608
_DATES = """
SELECT number, id, COALESCE(published_at, first_seen_at) AS dated
FROM loaded_article WHERE document = $1
"""
_RECENT = "SELECT id FROM loaded_article WHERE document = $1 ORDER BY position DESC LIMIT $2"
_PUT = """
INSERT INTO feed_story (
    article_id, source, guid, link, text, headline, published_at, first_seen_at, retired_at
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (article_id) DO UPDATE SET
    guid = excluded.guid, link = excluded.link, text = excluded.text, headline = excluded.headline,
    published_at = excluded.published_at, retired_at = excluded.retired_at
"""
_POSTED = """
SELECT article_id FROM post WHERE article_id IN ({keys})
UNION SELECT article_id FROM post_story WHERE article_id IN ({keys})
"""
_RETIRE = f"""
INSERT INTO retired_article ({COLUMNS}, retired_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
ON CONFLICT (id) DO UPDATE SET retired_at = excluded.retired_at
"""  # noqa: S608 -- our own names
_FORGETTABLE = """
SELECT 1 AS one FROM feed_story WHERE COALESCE(retired_at, first_seen_at) < $1
    AND NOT EXISTS (SELECT 1 FROM loaded_article a WHERE a.id = feed_story.article_id)
UNION ALL SELECT 1 AS one FROM retired_article WHERE retired_at < $1
LIMIT 1
"""
_FORGET = (
    "DELETE FROM retired_article WHERE retired_at < $1",
    """
    DELETE FROM feed_story WHERE COALESCE(retired_at, first_seen_at) < $1
        AND NOT EXISTS (SELECT 1 FROM loaded_article a WHERE a.id = feed_story.article_id)
    """,
)


async def find_known(
    database: Database, source: str, entries: Sequence[FeedEntry], ids: Sequence[str]
) -> Sequence[KnownStory]:
    """Return the stories of a feed that share a guid, a link or the text with one of *entries*.

    Also those whose id is one of *ids*, whatever source they belong to.
    """
    rows: dict[str, Row] = {}
    for column, keys in (
        ("guid", [entry.guid for entry in entries if entry.guid]),
        ("link", [entry.link for entry in entries if entry.link]),
        ("text", [entry.text for entry in entries]),
    ):
        for some in _batches(keys):
            sql = _BY_KEY.format(column=column, keys=places(some, start=2))
            found = await database.fetch(sql, source, *some)
            rows.update((row["article_id"], row) for row in found)
    return await _known(database, rows, ids)


async def find_recent(database: Database, document: str) -> Sequence[KnownStory]:
    """Return the stories of a feed's *document* that it brought last."""
    ids = [row["id"] for row in await database.fetch(_RECENT, document, RECENT)]
    return await _known(database, {}, ids)


async def _known(
    database: Database, rows: dict[str, Row], ids: Sequence[str]
) -> Sequence[KnownStory]:
    for some in _batches(ids):
        found = await database.fetch(_BY_ID.format(keys=places(some)), *some)
        rows.update((row["article_id"], row) for row in found)
    numbers = await reading.numbers_by_id(database, {*rows, *ids})
    loaded = await reading.articles_by_number(database, numbers.values())
    articles = {article.id: (number, article) for number, article in loaded.items()}
    known = [_known_story(row, *articles.pop(key, (None, None))) for key, row in rows.items()]
    # The row of a story may have been deleted while it was undone.
    return [*known, *(known_story(article, number) for number, article in articles.values())]


async def retired_ones(database: Database, ids: Sequence[str]) -> Mapping[str, Article]:
    """Return those of the stories *ids* that are retired and were posted, by id."""
    return {
        row["id"]: to_article(row)
        for some in _batches(ids)
        for row in await database.fetch(_RETIRED.format(keys=places(some)), *some)
    }


async def dates(database: Database, document: str) -> Sequence[tuple[datetime, int, str]]:
    """Return the date, the number and the id of each loaded story of a feed's *document*."""
    return [
        (to_instant(row["dated"]), row["number"], row["id"])
        for row in await database.fetch(_DATES, document)
    ]


async def write(connection: Connection, source: str, stories: Iterable[KnownStory]) -> None:
    """Store how *stories* of the feed are recognised from now on."""
    await connection.executemany(
        _PUT,
        (
            (
                story.id,
                source,
                story.guid,
                story.link,
                story.text,
                story.headline,
                _text(story.published_at),
                _text(story.first_seen_at),
                _text(story.retired_at),
            )
            for story in stories
        ),
    )


async def retire(connection: Connection, articles: Sequence[Article], *, at: datetime) -> None:
    """Keep those of the *articles* that were posted, so that these posts can still show them."""
    for some in _batches(articles):
        ids = [article.id for article in some]
        rows = await connection.fetch(_POSTED.format(keys=places(ids)), *ids)
        posted = {row["article_id"] for row in rows}
        await connection.executemany(
            _RETIRE, ((*to_columns(one), to_text(at)) for one in some if one.id in posted)
        )


async def forget(database: Database, *, before: datetime) -> None:
    """Delete what is known of stories that were retired, or first seen and undone, *before*."""
    # There is seldom any, and a long transaction waits for loads: they write these rows too.
    if not await database.fetch(_FORGETTABLE, to_text(before)):
        return
    async with database.long_transaction() as connection:
        for statement in _FORGET:
            await connection.execute(statement, to_text(before))


def known_story(article: Article, number: int | None = None) -> KnownStory:
    """Return how the story *article* is recognised."""
    return KnownStory(
        id=article.id,
        guid=hash_key(article.guid),
        link=hash_link(article.url),
        text=hash_text(article.headline, article.summary),
        headline=article.headline,
        published_at=article.published_at,
        first_seen_at=article.first_seen_at,
        retired_at=None,
        number=number,
        article=article,
    )


def _known_story(row: Row, number: int | None, article: Article | None) -> KnownStory:
    return KnownStory(
        id=row["article_id"],
        guid=row["guid"],
        link=row["link"],
        text=row["text"],
        headline=row["headline"],
        published_at=_instant(row["published_at"]),
        first_seen_at=_instant(row["first_seen_at"]),
        # What an undo brought back is no longer retired.
        retired_at=None if article else _instant(row["retired_at"]),
        number=number,
        article=article,
    )


def _text(instant: datetime | None) -> str | None:
    return to_text(instant) if instant else None


def _instant(text: str | None) -> datetime | None:
    return to_instant(text) if text else None


def _batches(things: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for start in range(0, len(things), _PARAMETERS):
        yield things[start : start + _PARAMETERS]
