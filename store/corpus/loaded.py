"""The loaded revision of the corpus, and the finder that searches its articles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from store.articles import reading
from store.db import Connection, Database
from store.finding import chunks
from store.finding.finder import Finder
from store.finding.similarity import SemanticSearch
from store.finding.topics import stored
from store.loading import revisions
from store.types import Article, Revision, StaleRevisionError


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A revision and its finder; the revision is None before the first load."""

    revision: Revision | None
    finder: Finder
    next_number: int
    """The first article number that the revision had not used."""

    def without_caches(self) -> Self:
        """Return the same revision with a finder that reads all articles again."""
        return replace(self, finder=self.finder.with_index(self.finder.index))


async def read(
    database: Database,
    connection: Connection,
    semantic: SemanticSearch | None,
    *,
    before: Loaded | None = None,
) -> Loaded:
    """Read the current revision with *connection*, or only what has changed since *before*.

    The finder reads more from *database* later. It raises `StaleRevisionError` if another revision
    has been loaded by then.
    """
    last = await revisions.last(connection)
    if before and before.revision and last:
        number = before.revision.number
        if last["number"] >= number >= await revisions.oldest_with_all_changes(connection):
            index = await chunks.read_update(
                database,
                connection,
                before.finder.index,
                revision=number,
                next_number=before.next_number,
            )
            if index:
                return Loaded(
                    revision=revisions.to_revision(last),
                    finder=before.finder.with_index(index),
                    next_number=last["next_number"],
                )

    async def articles(numbers: Sequence[int]) -> Mapping[int, Article]:
        found = await reading.articles_by_number(database, numbers)
        if len(found) < len(numbers):
            raise StaleRevisionError("The corpus has been replaced since: try again.")
        return found

    index = await chunks.read(database, connection)
    return Loaded(
        revision=revisions.to_revision(last) if last else None,
        finder=Finder(
            index,
            articles,
            await stored.read(connection),
            semantic.over(index) if semantic else None,
        ),
        next_number=last["next_number"] if last else 0,
    )
