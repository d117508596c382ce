"""The corpus: what is loaded, its index, and how it is replaced as a whole."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from store.articles import to_article
from store.choice import shuffle
from store.db import Connection, Database, to_instant, to_text
from store.documents import Contents, read_corpus
from store.finder import Finder
from store.types import Answer, Revision

_ARTICLES = """
SELECT a.id, a.document, a.position, d.headline, a.summary, a.insight, a.question
FROM article a JOIN document d ON d.path = a.document ORDER BY a.document, a.position
"""
_IDS = "SELECT id FROM article"
_REVISION = "SELECT * FROM revision ORDER BY number DESC LIMIT 1"
_ADD_REVISION = """
INSERT INTO revision (number, fingerprint, documents, articles, loaded_at, loaded_by)
VALUES ($1, $2, $3, $4, $5, $6)
"""
_ADD_DOCUMENT = "INSERT INTO document (path, headline) VALUES ($1, $2)"
_ADD_ARTICLE = """
INSERT INTO article (id, document, position, summary, insight, question, shuffle)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reload:
    """What a reload did."""

    revision: Revision
    is_changed: bool
    added: int
    """Articles that were not there before."""
    removed: int
    """Articles that were there and are gone."""
    ignored: int
    """Files in the folder that are no documents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Loaded:
    revision: Revision | None
    finder: Finder


class Corpus:
    """The revision that is loaded, and the index over its articles.

    What is loaded is one immutable value, replaced in one assignment, so that a look-up sees either
    the old corpus or the new one.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reloading = asyncio.Lock()
        self._loaded = _Loaded(revision=None, finder=Finder.build(()))

    async def open(self) -> None:
        """Take up what the database holds."""
        async with self._database.reading() as connection:
            self._loaded = await _load(connection)

    @property
    def revision(self) -> Revision | None:
        """Give the revision that is loaded; None before the first."""
        return self._loaded.revision

    async def find(self, query: str, *, limit: int = 10) -> Answer:
        """Look up *query*, whatever it holds; see `Finder.find`."""
        return await self._loaded.finder.find(query, limit=limit)

    async def reload(self, path: Path, *, by: str, at: datetime) -> Reload:
        """Replace the corpus with the documents at *path*, all of them or none.

        Loading what is loaded already changes nothing. Raises `CorpusInvalidError`; the corpus that
        was there then stays.
        """
        async with self._reloading:
            contents = await asyncio.to_thread(read_corpus, path)
            before = self._loaded
            if before.revision and before.revision.fingerprint == contents.fingerprint:
                return Reload(
                    revision=before.revision,
                    is_changed=False,
                    added=0,
                    removed=0,
                    ignored=contents.ignored,
                )
            # Indexed before the transaction, so that after its commit nothing is left to fail.
            finder = await asyncio.to_thread(Finder.build, contents.articles)
            async with self._database.transaction() as connection:
                old = {row["id"] for row in await connection.fetch(_IDS)}
                revision = await _replace(connection, contents, by=by, at=at)
            self._loaded = _Loaded(revision=revision, finder=finder)
            new = {article.id for article in contents.articles}
        return Reload(
            revision=revision,
            is_changed=True,
            added=len(new - old),
            removed=len(old - new),
            ignored=contents.ignored,
        )


async def _load(connection: Connection) -> _Loaded:
    articles = tuple(map(to_article, await connection.fetch(_ARTICLES)))
    rows = await connection.fetch(_REVISION)
    revision = None
    if rows:
        revision = Revision(
            number=rows[0]["number"],
            fingerprint=rows[0]["fingerprint"],
            documents=rows[0]["documents"],
            articles=rows[0]["articles"],
            loaded_at=to_instant(rows[0]["loaded_at"]),
            loaded_by=rows[0]["loaded_by"],
        )
    return _Loaded(
        revision=revision,
        finder=await asyncio.to_thread(Finder.build, articles),
    )


async def _replace(
    connection: Connection, contents: Contents, *, by: str, at: datetime
) -> Revision:
    rows = await connection.fetch(_REVISION)
    revision = Revision(
        number=rows[0]["number"] + 1 if rows else 1,
        fingerprint=contents.fingerprint,
        documents=len(contents.documents),
        articles=len(contents.articles),
        loaded_at=at,
        loaded_by=by,
    )
    await connection.execute("DELETE FROM article")
    await connection.execute("DELETE FROM document")
    await connection.executemany(
        _ADD_DOCUMENT, ((document.path, document.headline) for document in contents.documents)
    )
    await connection.executemany(
        _ADD_ARTICLE,
        (
            (a.id, a.document, a.position, a.summary, a.insight, a.question, shuffle(a.id))
            for a in contents.articles
        ),
    )
    await connection.execute(
        _ADD_REVISION,
        revision.number,
        revision.fingerprint,
        revision.documents,
        revision.articles,
        to_text(revision.loaded_at),
        revision.loaded_by,
    )
    return revision
