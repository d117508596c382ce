"""Plan a reload: compare a folder with what is loaded, and decide about each article."""

import asyncio
from array import array
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, islice
from typing import NamedTuple

import numpy as np

from store.articles import reading
from store.articles.reading import Documents, StoredDocument
from store.articles.written_questions import WrittenQuestions
from store.db import Database
from store.loading.article_matching import EditMatching, Integers, link, match_equal
from store.loading.disk_list import DiskList
from store.loading.documents import (
    CorpusFolder,
    Hashes,
    derive_another_id,
    hash_keys,
    hash_texts,
    texts,
    to_rows,
)
from store.loading.plan import DocumentChange, LoadPlan
from store.progress import Progress
from store.types import Article

_MAX_CANDIDATES = 200
"""The maximum number of old articles of its document that a new article is compared with."""
_MAX_COMPARISONS = 20_000_000
"""The maximum for a whole reload: if it has many new articles, each gets fewer candidates."""


async def plan_reload(
    database: Database,
    plan: LoadPlan,
    folder: CorpusFolder,
    stored: Documents,
    progress: Progress,
) -> None:
    """Fill *plan* with the changes that turn the *stored* documents into those of *folder*."""
    removed = sorted(stored.keys() - folder.digests.keys())
    changed = [path for path in folder.changed if path in stored] + removed
    plan.documents.update((path, DocumentChange(stored[path], None)) for path in removed)
    for path, count in folder.changed.items():
        after = StoredDocument(digest=folder.digests[path], articles=count)
        plan.documents[path] = DocumentChange(stored.get(path), after)
    progress.start("Comparing", len(folder.hashes))
    old = await _read_old(database, stored, changed, plan.written)
    documents = {path: number for number, path in enumerate(changed)}
    matching, links = await asyncio.to_thread(_match, old, folder, documents, removed)
    planner = _Planner(database, plan, folder, old, matching, links, documents, removed)
    articles = folder.articles()
    start = 0
    with DiskList[_New](batch=reading.BATCH) as unmatched:
        while batch := await asyncio.to_thread(lambda: list(islice(articles, reading.BATCH))):
            new = await planner.keep_equal(batch, start)
            await asyncio.to_thread(unmatched.extend, new)
            start += len(batch)
            progress.done += len(batch) - len(new)
        await asyncio.to_thread(matching.match_linked)
        async for part in _batches(unmatched):
            await planner.compare_near(part)
            progress.done += len(part)
        await asyncio.to_thread(matching.match_similar)
        async for part in _batches(unmatched):
            await planner.decide(part)
    await planner.remove_unmatched()


class _New(NamedTuple):
    """A new article with a text that no old article has."""

    place: int
    """Its index among all new articles."""
    article: Article
    expected: int
    """Its position, corrected by how far the last unchanged article of its document has moved."""


async def _batches(unmatched: DiskList[_New]) -> AsyncIterator[Sequence[_New]]:
    batches = unmatched.batches()
    while batch := await asyncio.to_thread(next, batches, None):
        yield batch


@dataclass(frozen=True, slots=True, kw_only=True)
class _OldArticles:
    """The loaded articles of the documents that change or are removed, as columns.

    The articles are in the order of their documents, so an index stands for one article in all
    columns.
    """

    hashes: Hashes
    keys: Hashes
    """A row of `hash_keys` for each article."""
    numbers: Integers
    documents: Integers
    """The number of each article's document, counted from 0 in this reload."""
    positions: Integers
    starts: Integers
    """The index of each document's first article, and at the end the count of all articles."""


async def _read_old(
    database: Database, stored: Documents, changed: Sequence[str], written: WrittenQuestions
) -> _OldArticles:
    hashes, keys, numbers, positions = array("Q"), array("Q"), array("q"), array("q")

    def hash_batch(batch: Sequence[reading.Numbered]) -> None:
        for _, article in batch:
            own = written.remove(article)
            hashes.append(hash_texts(own))
            keys.extend(hash_keys(own))

    async for batch in reading.articles_of_documents(database, stored, changed):
        await asyncio.to_thread(hash_batch, batch)
        numbers.extend(number for number, _ in batch)
        positions.extend(article.position for _, article in batch)
    counts = [stored[path].articles for path in changed]
    return _OldArticles(
        hashes=np.array(hashes, dtype=np.uint64),
        keys=to_rows(keys),
        numbers=np.array(numbers, dtype=np.int64),
        documents=np.repeat(np.arange(len(changed)), counts),
        positions=np.array(positions, dtype=np.int64),
        starts=np.cumsum([0, *counts]),
    )


def _match(
    old: _OldArticles, folder: CorpusFolder, documents: Mapping[str, int], removed: Sequence[str]
) -> tuple[EditMatching, Integers]:
    """Match the new articles with those of equal text, and return the `link` of all, too."""
    # A new document gets a number that no old article has.
    numbers = [
        documents.get(path, len(documents) + place) for place, path in enumerate(folder.changed)
    ]
    counts = list(folder.changed.values())
    new_documents = np.repeat(np.array(numbers, dtype=np.int64), counts)
    matches = match_equal(old.hashes, old.documents, folder.hashes, new_documents)
    # A new document may be a removed one under another name.
    is_removed = np.isin(old.documents, [documents[path] for path in removed])
    links = link(
        old.keys,
        np.where(is_removed, len(documents), old.documents),
        folder.keys,
        np.minimum(new_documents, len(documents)),
    )
    return EditMatching(old.hashes, folder.hashes, matches), links


class _Planner:
    """Decides about the new articles, batch by batch, in their order."""

    def __init__(
        self,
        database: Database,
        plan: LoadPlan,
        folder: CorpusFolder,
        old: _OldArticles,
        matching: EditMatching,
        links: Integers,
        documents: Mapping[str, int],
        removed: Sequence[str],
    ) -> None:
        self._database = database
        self._plan = plan
        self._old = old
        self._matching = matching
        self._links = links
        """The indexes of the old articles with one of its keys, in a row for each new one; or -1.
        """
        self._documents = documents
        """The numbers of the changed and removed documents, by path."""
        self._repeated = folder.repeated
        self._assigned: set[str] = set()
        """Ids given to new articles that a later new article may derive too."""
        self._by_number = np.argsort(old.numbers, kind="stable")
        unmatched = int(np.count_nonzero(matching.matches < 0))
        self._max_candidates = min(max(_MAX_COMPARISONS // max(unmatched, 1), 4), _MAX_CANDIDATES)
        numbers = [documents[path] for path in removed]
        (self._of_removed,) = np.nonzero(np.isin(old.documents, numbers))
        """The indexes of the articles of removed documents."""
        self._document = ""
        """The document of the last new article."""
        self._shift = 0
        """How much the position of its last unchanged article has decreased."""

    async def keep_equal(self, batch: Sequence[Article], start: int) -> Sequence[_New]:
        """Keep the old articles with the text of a new one, and return the other new articles.

        *start* is the index of the first article of the *batch*.
        """
        matches = self._matching.matches[start : start + len(batch)].tolist()
        linked = self._linked(start, matches)
        old = await self._articles({*matches, *(before for _, before in linked)} - {-1})
        return await asyncio.to_thread(self._keep_equal, batch, start, matches, linked, old)

    def _keep_equal(
        self,
        batch: Sequence[Article],
        start: int,
        matches: Sequence[int],
        linked: Sequence[tuple[int, int]],
        old: Mapping[int, Article],
    ) -> Sequence[_New]:
        unmatched: list[_New] = []
        for index, (article, match) in enumerate(zip(batch, matches, strict=True), start):
            if article.document != self._document:
                self._document, self._shift = article.document, 0
            if match < 0:
                unmatched.append(_New(index, article, article.position + self._shift))
                continue
            if self._old.documents[match] == self._documents.get(article.document):
                self._shift = int(self._old.positions[match]) - article.position
            self._keep(int(self._old.numbers[match]), old[match], article)
        self._matching.compare_linked(
            {index: batch[index - start] for index, _ in linked},
            {before: self._plan.written.remove(old[before]) for _, before in linked},
            linked,
        )
        return unmatched

    def _linked(self, start: int, matches: Sequence[int]) -> Sequence[tuple[int, int]]:
        """Return the unmatched articles of a batch and the free old ones that share a key.

        *start* is the index of the first article of the batch.
        """
        return [
            (index, before)
            for index, match in enumerate(matches, start)
            if match < 0
            for before in dict.fromkeys(self._links[index].tolist())
            if before >= 0 and self._matching.is_free[before]
        ]

    async def compare_near(self, batch: Sequence[_New]) -> None:
        """Compare those without a match with the old articles around their expected position."""
        near = await asyncio.to_thread(self._near, batch)
        old = await self._articles({before for indexes in near.values() for before in indexes})
        new = {one.place: one.article for one in batch if one.place in near}
        await asyncio.to_thread(self._compare_near, new, old, near)

    def _compare_near(
        self,
        new: Mapping[int, Article],
        old: Mapping[int, Article],
        near: Mapping[int, Sequence[int]],
    ) -> None:
        as_loaded = {index: self._plan.written.remove(article) for index, article in old.items()}
        self._matching.compare_near(new, as_loaded, near)

    def _near(self, batch: Sequence[_New]) -> Mapping[int, Sequence[int]]:
        near: dict[int, Sequence[int]] = {}
        unmatched = (one for one in batch if self._matching.matches[one.place] < 0)
        for document, group in groupby(unmatched, key=lambda one: one.article.document):
            free, size = self._free_indexes(document), self._max_candidates
            positions = self._old.positions[free]
            for one in group:
                middle = int(np.searchsorted(positions, one.expected))
                low = max(0, min(middle - size // 2, len(free) - size))
                near[one.place] = free[low : low + size].tolist()
        return near

    def _free_indexes(self, document: str) -> Integers:
        """Return the indexes of the old articles that articles of *document* may match."""
        number = self._documents.get(document)
        if number is None:
            # It may be a removed document under another name.
            free = self._of_removed[self._matching.is_free[self._of_removed]]
            return free[: self._max_candidates]
        start, end = map(int, self._old.starts[number : number + 2])
        unmatched: Integers = np.flatnonzero(self._matching.is_free[start:end]) + start
        return unmatched

    async def _articles(self, indexes: Collection[int]) -> Mapping[int, Article]:
        """Return the old articles at these indexes."""
        numbers = {int(self._old.numbers[index]): index for index in indexes}
        found = await reading.articles_by_number(self._database, sorted(numbers))
        return {numbers[number]: article for number, article in found.items()}

    async def decide(self, batch: Sequence[_New]) -> None:
        """Plan what to do with new articles, once all edits have been matched."""
        holders = await reading.numbers_by_id(self._database, [one.article.id for one in batch])
        matches = self._matching.matches[[one.place for one in batch]]
        numbers = {*self._old.numbers[matches[matches >= 0]].tolist(), *holders.values()}
        old = await reading.articles_by_number(self._database, sorted(numbers))
        # In a thread, because the plan's lists may write to the disk.
        id_conflicts = await asyncio.to_thread(self._decide, batch, holders, old)
        for article in id_conflicts:
            await self._add_under_another_id(article)

    def _decide(
        self, batch: Sequence[_New], holders: Mapping[str, int], old: Mapping[int, Article]
    ) -> Sequence[Article]:
        """Add a batch to the plan, and return the articles whose id belongs to another article.

        *holders* are the numbers of loaded articles by id, and *old* has articles by number.
        """
        id_conflicts: list[Article] = []
        for place, article, _ in batch:
            match = int(self._matching.matches[place])
            holder = holders.get(article.id)
            if match >= 0:
                number = int(self._old.numbers[match])
                self._keep(number, old[number], article)
            elif holder is not None and self._reserve(holder):
                # The same text under another headline.
                self._keep(holder, old[holder], article)
            elif holder is not None or article.id in self._assigned:
                id_conflicts.append(article)
            else:
                if article.id in self._repeated:
                    self._assigned.add(article.id)
                self._plan.add(article)
        return id_conflicts

    async def remove_unmatched(self) -> None:
        """Plan to remove the old articles that matched no new article."""
        (free,) = np.nonzero(self._matching.is_free)
        numbers = self._old.numbers[free].tolist()
        for start in range(0, len(numbers), reading.BATCH):
            batch = numbers[start : start + reading.BATCH]
            articles = await reading.articles_by_number(self._database, batch)
            for number in batch:
                self._plan.remove(number, articles[number], is_edited=False)

    def _reserve(self, number: int) -> bool:
        """Mark an old article as matched; return False if it is matched or not in this reload."""
        place = int(np.searchsorted(self._old.numbers, number, sorter=self._by_number))
        if place == len(self._by_number):
            return False
        index = self._by_number[place]
        if self._old.numbers[index] != number or not self._matching.is_free[index]:
            return False
        self._matching.is_free[index] = False
        return True

    def _keep(self, number: int, before: Article, new: Article) -> None:
        """Plan that the article *before* is *new* from now on, with the same id."""
        after = replace(new, id=before.id, first_seen_at=before.first_seen_at)
        after = self._plan.written.apply(after)
        if texts(after) != texts(before):
            self._plan.remove(number, before, is_edited=True)
            self._plan.add(after, is_edited=True)
        elif after != before:
            self._plan.move(number, before, after)

    async def _add_under_another_id(self, article: Article) -> None:
        is_taken = True
        while is_taken:
            article = replace(article, id=derive_another_id(article))
            is_taken = article.id in self._assigned or bool(
                await reading.numbers_by_id(self._database, [article.id])
            )
        self._assigned.add(article.id)
        self._plan.add(article)
