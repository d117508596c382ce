"""The corpus: what is loaded, and the look-ups in it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from typing import TypeVar

from store.articles import reading
from store.corpus.loaded import Loaded, read
from store.corpus.newest import asks_for_newest
from store.db import Database
from store.finding.finder import Finder
from store.finding.similarity import SemanticSearch
from store.loading.near_duplicates import NearDuplicates, find_near_duplicates
from store.loading.plan import LoadPlan
from store.types import (
    Answer,
    Article,
    Found,
    Match,
    Nothing,
    ParleyError,
    Revision,
    StaleRevisionError,
    Topic,
)

_T = TypeVar("_T")

_RELATED = 3
"""How many related articles are found."""
_MIN_SIMILARITY = 0.15
"""The score of a related article; an article that only shares common words scores less."""


class Corpus:
    """The loaded revision and the index of its articles.

    Both are one immutable value that is replaced in one assignment, so a search sees either the old
    corpus or the new one. If another process replaces the articles in the database during a search,
    the search starts again with the new revision.
    """

    def __init__(self, database: Database) -> None:
        """Create an empty corpus."""
        self._database = database
        self._switching = asyncio.Lock()
        self.semantic: SemanticSearch | None = None
        """What searches by meaning; None until the model is loaded."""
        self.loaded = Loaded(revision=None, finder=Finder.of(()), next_number=0)
        """What is searched; `Revisions` replaces it."""

    @property
    def revision(self) -> Revision | None:
        """Return the loaded revision; None before the first load."""
        return self.loaded.revision

    @property
    def finder(self) -> Finder:
        """Return the finder of the loaded revision; each reload replaces it."""
        return self.loaded.finder

    @property
    def is_empty(self) -> bool:
        """Whether no story is loaded."""
        return not self.finder.index.size

    @property
    def topics(self) -> Sequence[Topic]:
        """Return the topics of the loaded articles, those of most articles first."""
        return self.loaded.topics

    def complete(self, prefix: str, *, limit: int = 20) -> Sequence[str]:
        """Return the names of topics that may begin with *prefix*."""
        return self.loaded.typeahead.complete(prefix, limit)

    def use(self, semantic: SemanticSearch) -> None:
        """Search with *semantic* too, from the next look-up on."""
        self.semantic = semantic
        finder = self.finder.with_semantic(semantic.over(self.finder.index))
        self.loaded = replace(self.loaded, finder=finder)

    async def find(self, query: str, *, limit: int = 10) -> Answer:
        """Search for *query*, which may be any text; see `Finder.find`.

        If it asks for the newest stories, return those. If no story has a date, return one that has
        the words of the query, or else `Nothing` that is undated.
        """
        is_for_newest = asks_for_newest(query)
        if is_for_newest and (latest := await reading.latest(self._database, limit)):
            matches = (Match(article=one, score=1.0, reasons=lambda _: ()) for one in latest)
            return Found(matches=tuple(matches), is_by_date=True)
        answer = await self.search(lambda finder: finder.find(query, limit=limit))
        if is_for_newest and not isinstance(answer, Found):
            return Nothing(is_undated=True)
        return self.loaded.typeahead.suggest(query, answer)

    async def like(self, text: str, *, exclude: Collection[str] = ()) -> Sequence[Match]:
        """Return the articles that are most similar to a whole *text*, best first.

        Leaves out the articles with the ids *exclude*.
        """
        limit = _RELATED + len(exclude)
        ranked = await self.search(
            lambda finder: finder.rank(text, limit=limit, min_score=_MIN_SIMILARITY)
        )
        return [match for match in ranked if match.article.id not in exclude][:_RELATED]

    async def stories(self) -> AsyncIterator[Sequence[Article]]:
        """Yield all stories in batches, the first ones first, with the questions admins wrote."""
        async for batch in reading.articles_from_number(self._database, 0):
            yield [article for _, article in batch]

    async def near_duplicates(self, plan: LoadPlan) -> NearDuplicates:
        """Return the stories that *plan* adds and that are nearly equal to others."""
        return await self.search(
            lambda finder: find_near_duplicates(self._database, finder.index, plan)
        )

    async def search(self, search: Callable[[Finder], Awaitable[_T]]) -> _T:
        """Call *search* with the finder, again if the revision is replaced during the call."""
        while True:
            loaded = self.loaded
            try:
                return await search(loaded.finder)
            except StaleRevisionError:
                async with self._switching:
                    # Another search may have switched already.
                    if self.loaded is loaded:
                        await self.switch(loaded)
            if self.loaded.revision == loaded.revision:
                raise ParleyError("The index of the corpus is damaged: restore a backup.")

    async def switch(self, stale: Loaded) -> None:
        """Read what has changed since *stale*, and use it unless another task was faster."""
        async with self._database.long_reading() as connection:
            # The other process may also have loaded new links, which make no revision.
            before = stale.without_articles()
            build = await read(self._database, connection, self.semantic, before=before)
        loaded = await build()
        if self.loaded is stale:
            self.loaded = loaded

    async def read_stored(self) -> None:
        """Read all that is loaded from the database."""
        async with self._database.long_reading() as connection:
            build = await read(self._database, connection, self.semantic)
        self.loaded = await build()
