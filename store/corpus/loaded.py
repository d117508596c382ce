"""The loaded revision of the corpus, and the finder that searches its articles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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


async def read(
    database: Database, connection: Connection, semantic: SemanticSearch | None
) -> Loaded:
    """Read the current revision with *connection*.

    The finder reads more from *database* later. It raises `StaleRevisionError` if another revision
    has been loaded by then.
    """

    async def articles(numbers: Sequence[int]) -> Mapping[int, Article]:
        found = await reading.articles_by_number(database, numbers)
        if len(found) < len(numbers):
            raise StaleRevisionError("The corpus has been replaced since: try again.")
        return found

    last = await revisions.last(connection)
    index = await chunks.read(database, connection)
    return Loaded(
        revision=revisions.to_revision(last) if last else None,
        finder=Finder(
            index,
            articles,
            await stored.read(connection),
            semantic.over(index) if semantic else None,
        ),
    )
