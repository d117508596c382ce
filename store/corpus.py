"""The corpus: what is loaded, looking it up, and replacing it as a whole."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from store import chunks
from store.articles import to_article
from store.changes import Changes, compare
from store.choice import shuffle
from store.db import Connection, Database, places, to_instant, to_text
from store.documents import Contents, another_id, read_corpus
from store.finder import Finder
from store.topics import catalogue
from store.types import Answer, Article, Revision
from store.words import prepare

_COLUMNS = """
SELECT a.number, a.id, a.document, a.position, d.headline, a.summary, a.insight, a.question
FROM article a JOIN document d ON d.path = a.document
"""
_EVERY = f"{_COLUMNS} ORDER BY a.number"
_OF_DOCUMENT = f"{_COLUMNS} WHERE a.document = $1 ORDER BY a.position"
_OF_NUMBERS = f"{_COLUMNS} WHERE a.number IN ({{}})"
_DIGESTS = "SELECT path, digest FROM document"
_LAST_NUMBER = "SELECT MAX(number) AS number FROM article"
_COUNT = "SELECT COUNT(*) AS articles FROM article"
_REVISION = "SELECT * FROM revision ORDER BY number DESC LIMIT 1"
_ADD_REVISION = """
INSERT INTO revision (number, fingerprint, documents, articles, loaded_at, loaded_by)
VALUES ($1, $2, $3, $4, $5, $6)
"""
_PUT_DOCUMENT = """
INSERT INTO document (path, headline, digest) VALUES ($1, $2, $3)
ON CONFLICT (path) DO UPDATE SET headline = excluded.headline, digest = excluded.digest
"""
_DROP_DOCUMENT = "DELETE FROM document WHERE path = $1"
_ADD_ARTICLE = """
INSERT INTO article (number, id, document, position, summary, insight, question, shuffle)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_DROP_ARTICLE = "DELETE FROM article WHERE number = $1"
_HOLDERS = "SELECT number, id FROM article WHERE id IN ({})"
_BATCH = 500


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
        self._loaded = _Loaded(revision=None, finder=Finder.of(()))

    async def open(self) -> None:
        """Take up what the database holds, with the index that was stored with it."""
        await asyncio.to_thread(prepare)
        async with self._database.reading() as connection:
            self._loaded = await _load(self._database, connection)

    @property
    def revision(self) -> Revision | None:
        """Give the revision that is loaded; None before the first."""
        return self._loaded.revision

    @property
    def finder(self) -> Finder:
        """Give the finder over what is loaded; a reload brings another."""
        return self._loaded.finder

    async def find(self, query: str, *, limit: int = 10) -> Answer:
        """Look up *query*, whatever it holds; see `Finder.find`."""
        return await self._loaded.finder.find(query, limit=limit)

    async def reload(self, path: Path, *, by: str, at: datetime) -> Reload:
        """Replace the corpus with the documents at *path*, all of them or none.

        Only the documents that changed are read and indexed anew. Loading what is loaded already
        changes nothing. Raises `CorpusInvalidError`; the corpus that was there then stays.
        """
        async with self._reloading:
            async with self._database.reading() as connection:
                known = {row["path"]: row["digest"] for row in await connection.fetch(_DIGESTS)}
            contents = await asyncio.to_thread(read_corpus, path, known)
            before = self.revision
            if before and before.fingerprint == contents.fingerprint:
                return Reload(
                    revision=before,
                    is_changed=False,
                    added=0,
                    removed=0,
                    ignored=contents.ignored,
                )
            changes, numbered = await self._compare(known, contents)
            parts = await asyncio.to_thread(lambda: [*chunks.parts(changes.removed, numbered)])
            async with self._database.transaction() as connection:
                await _replace(connection, contents, known, changes, numbered)
                await chunks.write(connection, parts)
                revision = await _add_revision(connection, contents, by=by, at=at)
                # Read before the commit, so that nothing is left to fail after it.
                loaded = await _load(self._database, connection)
            self._loaded = loaded
        return Reload(
            revision=revision,
            is_changed=True,
            added=len(changes.added),
            removed=len(changes.removed),
            ignored=contents.ignored,
        )

    async def _compare(
        self, known: Mapping[str, str], contents: Contents
    ) -> tuple[Changes, Sequence[tuple[int, Article]]]:
        """Tell what changes, and number the articles that come."""
        changed = {document.path for document in contents.documents}
        old: list[tuple[int, Article]] = []
        async with self._database.reading() as connection:
            for document in sorted(known.keys() & changed | known.keys() - contents.digests.keys()):
                rows = await connection.fetch(_OF_DOCUMENT, document)
                old += ((row["number"], to_article(row)) for row in rows)
            (last,) = await connection.fetch(_LAST_NUMBER)
            changes = compare(old, contents.articles)
            added = await _with_own_ids(connection, changes)
        start = 0 if last["number"] is None else last["number"] + 1
        return changes, list(enumerate(added, start=start))


async def _with_own_ids(connection: Connection, changes: Changes) -> Sequence[Article]:
    """Give the added articles, those with another id whose text stands elsewhere too."""
    going = {number for number, _ in changes.removed}
    taken = {article.id for _, article in changes.moved}
    taken |= await _staying(connection, [article.id for article in changes.added], going)
    added: list[Article] = []
    for article in changes.added:
        one = article
        while one.id in taken:
            one = replace(one, id=another_id(one))
            taken |= await _staying(connection, [one.id], going)
        taken.add(one.id)
        added.append(one)
    return added


async def _staying(connection: Connection, ids: Sequence[str], going: Set[int]) -> set[str]:
    """Give those of *ids* that belong to an article which is not among *going*."""
    staying: set[str] = set()
    for start in range(0, len(ids), _BATCH):
        some = ids[start : start + _BATCH]
        rows = await connection.fetch(_HOLDERS.format(places(some)), *some)
        staying |= {row["id"] for row in rows if row["number"] not in going}
    return staying


async def _load(database: Database, connection: Connection) -> _Loaded:
    async def articles(numbers: Sequence[int]) -> Mapping[int, Article]:
        if not numbers:
            return {}
        rows = await database.fetch(_OF_NUMBERS.format(places(numbers)), *numbers)
        return {row["number"]: to_article(row) for row in rows}

    index = await chunks.read(database, connection)
    every = [to_article(row) for row in await connection.fetch(_EVERY)]
    topics = await asyncio.to_thread(catalogue, every)
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
    return _Loaded(revision=revision, finder=Finder(index, articles, topics))


async def _replace(
    connection: Connection,
    contents: Contents,
    known: Mapping[str, str],
    changes: Changes,
    numbered: Iterable[tuple[int, Article]],
) -> None:
    # What moved is taken out too, or two articles could pass through one place.
    await connection.executemany(
        _DROP_ARTICLE, ((number,) for number, _ in (*changes.removed, *changes.moved))
    )
    await connection.executemany(
        _DROP_DOCUMENT, ((path,) for path in known.keys() - contents.digests.keys())
    )
    await connection.executemany(
        _PUT_DOCUMENT,
        ((one.path, one.headline, contents.digests[one.path]) for one in contents.documents),
    )
    await connection.executemany(
        _ADD_ARTICLE,
        [
            (
                number,
                article.id,
                article.document,
                article.position,
                article.summary,
                article.insight,
                article.question,
                shuffle(article.id),
            )
            for number, article in (*changes.moved, *numbered)
        ],
    )


async def _add_revision(
    connection: Connection, contents: Contents, *, by: str, at: datetime
) -> Revision:
    rows = await connection.fetch(_REVISION)
    (count,) = await connection.fetch(_COUNT)
    revision = Revision(
        number=rows[0]["number"] + 1 if rows else 1,
        fingerprint=contents.fingerprint,
        documents=len(contents.digests),
        articles=count["articles"],
        loaded_at=at,
        loaded_by=by,
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
