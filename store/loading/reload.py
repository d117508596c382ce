"""Planning a reload: from a folder's contents to the articles that go, come, change and move."""

import asyncio
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from store.articles import reading
from store.articles.reading import Documents, StoredDocument
from store.db import Database
from store.loading.article_matching import Places, alike, same_text
from store.loading.documents import CorpusFolder, Keys, another_id, key, text
from store.loading.plan import Change, Plan
from store.progress import Progress
from store.types import Article

_NEAR = 200
"""How many old articles of its document an edited one is compared with, at most."""
_COMPARED = 20_000_000
"""How many comparisons a reload takes, at most; where a corpus is written anew, fewer for each."""


async def plan_reload(
    database: Database,
    plan: Plan,
    folder: CorpusFolder,
    held: Documents,
    progress: Progress,
) -> None:
    """Fill in the *plan* for loading *folder* where *held* is loaded."""
    dropped = sorted(held.keys() - folder.digests.keys())
    touched = [path for path in folder.changed if path in held] + dropped
    plan.documents.update((path, Change(held[path], None)) for path in dropped)
    for path, count in folder.changed.items():
        after = StoredDocument(digest=folder.digests[path], articles=count)
        plan.documents[path] = Change(held.get(path), after)
    progress.start("Comparing", len(folder.keys))
    old = await _read_old(database, held, touched)
    homes = {path: place for place, path in enumerate(touched)}
    pairs = await asyncio.to_thread(_pair, old, folder, homes)
    work = _Work(database, plan, folder, old, pairs, homes, frozenset(dropped))
    articles = folder.articles()
    at = 0
    while batch := await asyncio.to_thread(lambda: list(islice(articles, reading.BATCH))):
        await work.take(batch, at)
        at += len(batch)
        progress.done = at
    await work.drop_the_rest()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Old:
    """The articles of the documents that change or go, in the order of those, as columns."""

    keys: Keys
    numbers: Places
    homes: Places
    """The place of their document."""
    positions: Places
    starts: Places
    """Where each document's articles begin, and the end."""


async def _read_old(database: Database, held: Documents, touched: Sequence[str]) -> _Old:
    keys, numbers, positions = array("Q"), array("q"), array("q")
    async for some in reading.articles_of_documents(database, held, touched):
        keys.extend(await asyncio.to_thread(lambda: [key(article) for _, article in some]))  # noqa: B023
        numbers.extend(number for number, _ in some)
        positions.extend(article.position for _, article in some)
    counts = [held[path].articles for path in touched]
    return _Old(
        keys=np.array(keys, dtype=np.uint64),
        numbers=np.array(numbers, dtype=np.int64),
        homes=np.repeat(np.arange(len(touched)), counts),
        positions=np.array(positions, dtype=np.int64),
        starts=np.cumsum([0, *counts]),
    )


def _pair(old: _Old, folder: CorpusFolder, homes: dict[str, int]) -> Places:
    # A document that is new has a home of its own, where no old article is.
    each = [homes.get(path, len(homes) + place) for place, path in enumerate(folder.changed)]
    new_homes = np.repeat(np.array(each, dtype=np.int64), list(folder.changed.values()))
    return same_text(old.keys, old.homes, folder.keys, new_homes)


class _Work:
    """Decides about the new articles, batch by batch, in their order."""

    def __init__(
        self,
        database: Database,
        plan: Plan,
        folder: CorpusFolder,
        old: _Old,
        pairs: Places,
        homes: dict[str, int],
        dropped: frozenset[str],
    ) -> None:
        self._database = database
        self._plan = plan
        self._old = old
        self._pairs = pairs
        self._homes = homes
        self._repeated = folder.repeated
        self._assigned: set[str] = set()
        self._is_free = np.ones(len(old.keys), dtype=bool)
        self._is_free[pairs[pairs >= 0]] = False
        self._by_number = np.argsort(old.numbers, kind="stable")
        unpaired = int(np.count_nonzero(pairs < 0))
        self._near = min(max(_COMPARED // max(unpaired, 1), 4), _NEAR)
        (places,) = np.nonzero(np.isin(old.homes, [homes[path] for path in dropped]))
        self._dropped = places
        self._document = ""
        self._free = self._dropped
        """What its unpaired articles may have been."""
        self._shift = 0
        """How much later the last article that is as it was stood before."""

    async def take(self, batch: Sequence[Article], at: int) -> None:
        """Decide about a *batch*, the first of which is new article number *at*."""
        pairs = self._pairs[at : at + len(batch)].tolist()
        unpaired = [article for article, pair in zip(batch, pairs, strict=True) if pair < 0]
        near = await asyncio.to_thread(lambda: [*self._candidates(batch, pairs)])
        wanted = {int(self._old.numbers[place]) for place in pairs if place >= 0}
        wanted.update(number for numbers in near for number in numbers)
        held = await reading.numbers_by_id(self._database, [article.id for article in unpaired])
        wanted.update(held.values())
        articles = await reading.articles_by_number(self._database, sorted(wanted))
        like = await asyncio.to_thread(alike, articles, unpaired, near)
        # In a thread, for it writes to the plan's disk lists.
        taken = await asyncio.to_thread(self._decide, batch, pairs, like, held, articles)
        for article in taken:
            await self._add_under_another_id(article)

    def _decide(
        self,
        batch: Sequence[Article],
        pairs: Sequence[int],
        like: Mapping[int, int],
        held: Mapping[str, int],
        articles: Mapping[int, Article],
    ) -> Sequence[Article]:
        """Put a batch into the plan, and give those new articles whose id belongs to another."""
        for number in like.values():
            self._take(number)
        taken: list[Article] = []
        place = -1
        for article, pair in zip(batch, pairs, strict=True):
            if pair >= 0:
                number = int(self._old.numbers[pair])
                self._keep(number, articles[number], article)
                continue
            place += 1
            holder = held.get(article.id)
            if place in like:
                self._edit(like[place], articles[like[place]], article)
            elif holder is not None and self._take(holder):
                # The same text under another headline.
                self._edit(holder, articles[holder], article)
            elif holder is not None or article.id in self._assigned:
                taken.append(article)
            else:
                if article.id in self._repeated:
                    self._assigned.add(article.id)
                self._plan.enter(self._plan.next_number, article, is_edited=False)
        return taken

    async def drop_the_rest(self) -> None:
        """Take out the old articles that are no new one."""
        (places,) = np.nonzero(self._is_free)
        numbers = self._old.numbers[places].tolist()
        for start in range(0, len(numbers), reading.BATCH):
            some = numbers[start : start + reading.BATCH]
            articles = await reading.articles_by_number(self._database, some)
            for number in some:
                self._plan.leave(number, articles[number], is_edited=False)

    def _candidates(
        self, batch: Sequence[Article], pairs: Sequence[int]
    ) -> Iterator[Sequence[int]]:
        """Yield for every unpaired article the numbers of the old ones that it may have been.

        They are those around the place where it would be, had nothing come or gone before it since
        the last article that is as it was.
        """
        for article, pair in zip(batch, pairs, strict=True):
            if article.document != self._document:
                self._document, self._shift = article.document, 0
                self._free = self._free_places(article.document)
            if pair >= 0:
                if self._old.homes[pair] == self._homes.get(article.document):
                    self._shift = int(self._old.positions[pair]) - article.position
                continue
            free, half = self._free, self._near // 2
            around = int(np.searchsorted(self._old.positions[free], article.position + self._shift))
            low = max(0, min(around - half, len(free) - self._near))
            some = free[low : low + self._near]
            yield self._old.numbers[some[self._is_free[some]]].tolist()

    def _free_places(self, document: str) -> Places:
        """Give the places of the old articles that one of *document* may have been."""
        home = self._homes.get(document)
        if home is None:
            # It may be a document that was given another name.
            some = self._dropped[self._is_free[self._dropped]]
            return some[: self._near]
        start, end = map(int, self._old.starts[home : home + 2])
        free: Places = np.flatnonzero(self._is_free[start:end]) + start
        return free

    def _take(self, number: int) -> bool:
        """Keep an old article from being removed or taken again; False where it is not free."""
        at = int(np.searchsorted(self._old.numbers, number, sorter=self._by_number))
        if at == len(self._by_number):
            return False
        place = self._by_number[at]
        if self._old.numbers[place] != number or not self._is_free[place]:
            return False
        self._is_free[place] = False
        return True

    def _keep(self, number: int, before: Article, new: Article) -> None:
        after = replace(new, id=before.id)
        if after == before:
            return
        # Equal keys are equal texts, but for one chance in very many.
        if text(after) == text(before):
            self._plan.move(number, before, after)
        else:
            self._edit(number, before, new)

    def _edit(self, number: int, before: Article, new: Article) -> None:
        self._plan.leave(number, before, is_edited=True)
        after = replace(new, id=before.id)
        self._plan.enter(self._plan.next_number, after, is_edited=True)

    async def _add_under_another_id(self, article: Article) -> None:
        is_taken = True
        while is_taken:
            article = replace(article, id=another_id(article))
            is_taken = article.id in self._assigned or bool(
                await reading.numbers_by_id(self._database, [article.id])
            )
        self._assigned.add(article.id)
        self._plan.enter(self._plan.next_number, article, is_edited=False)
