"""Plan a reload: compare a folder with what is loaded, and decide about each article."""

import asyncio
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from store.articles import reading
from store.articles.reading import Documents, StoredDocument
from store.articles.written_questions import WrittenQuestions
from store.db import Database
from store.loading.article_matching import Integers, link, match_edited, match_equal
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
    matches, links = await asyncio.to_thread(_match, old, folder, documents, removed)
    planner = _Planner(database, plan, folder, old, matches, links, documents, frozenset(removed))
    articles = folder.articles()
    start = 0
    while batch := await asyncio.to_thread(lambda: list(islice(articles, reading.BATCH))):
        await planner.add_batch(batch, start)
        start += len(batch)
        progress.done = start
    await planner.remove_unmatched()


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
) -> tuple[Integers, Integers]:
    """Return the `match_equal` and the `link` of the new articles."""
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
    return matches, links


class _Planner:
    """Decides about the new articles, batch by batch, in their order."""

    def __init__(
        self,
        database: Database,
        plan: LoadPlan,
        folder: CorpusFolder,
        old: _OldArticles,
        matches: Integers,
        links: Integers,
        documents: dict[str, int],
        removed: frozenset[str],
    ) -> None:
        self._database = database
        self._plan = plan
        self._old = old
        self._matches = matches
        """The index of the old article with the same text, by the index of the new one; or -1."""
        self._links = links
        """The indexes of the old articles with one of its keys, in a row for each new one; or -1.
        """
        self._documents = documents
        """The numbers of the changed and removed documents, by path."""
        self._repeated = folder.repeated
        self._assigned: set[str] = set()
        """Ids given to new articles that a later new article may derive too."""
        self._is_free = np.ones(len(old.hashes), dtype=bool)
        """Whether the old article at an index has no match yet."""
        self._is_free[matches[matches >= 0]] = False
        self._by_number = np.argsort(old.numbers, kind="stable")
        unmatched = int(np.count_nonzero(matches < 0))
        self._max_candidates = min(max(_MAX_COMPARISONS // max(unmatched, 1), 4), _MAX_CANDIDATES)
        numbers = [documents[path] for path in removed]
        (self._of_removed,) = np.nonzero(np.isin(old.documents, numbers))
        """The indexes of the articles of removed documents."""
        self._document = ""
        """The document of the last new article."""
        self._free = self._of_removed
        """The indexes of the old articles that unmatched articles of that document may match."""
        self._shift = 0
        """How much the position of its last unchanged article has decreased."""

    async def add_batch(self, batch: Sequence[Article], start: int) -> None:
        """Plan what to do with a *batch* of new articles; *start* is the index of the first."""
        matches = self._matches[start : start + len(batch)].tolist()
        unmatched = [article for article, match in zip(batch, matches, strict=True) if match < 0]
        linked = self._linked(start, matches)
        near = await asyncio.to_thread(lambda: [*self._near(batch, matches)])
        wanted = {int(self._old.numbers[match]) for match in matches if match >= 0}
        wanted.update(number for numbers in (*linked, *near) for number in numbers)
        ids = [article.id for article in unmatched]
        holders = await reading.numbers_by_id(self._database, ids)
        wanted.update(holders.values())
        articles = await reading.articles_by_number(self._database, sorted(wanted))
        as_loaded = {
            number: self._plan.written.remove(article) for number, article in articles.items()
        }
        edited = await asyncio.to_thread(match_edited, as_loaded, unmatched, linked, near)
        # In a thread, because the plan's lists may write to the disk.
        id_conflicts = await asyncio.to_thread(
            self._decide, batch, matches, edited, holders, articles
        )
        for article in id_conflicts:
            await self._add_under_another_id(article)

    def _decide(
        self,
        batch: Sequence[Article],
        matches: Sequence[int],
        edited: Mapping[int, int],
        holders: Mapping[str, int],
        articles: Mapping[int, Article],
    ) -> Sequence[Article]:
        """Add a batch to the plan, and return the articles whose id belongs to another article.

        *matches* are indexes of old articles, *edited* has the numbers of old articles by the
        place among the unmatched articles, and *holders* the numbers of loaded articles by id.
        """
        for number in edited.values():
            self._reserve(number)
        id_conflicts: list[Article] = []
        place = -1
        for article, match in zip(batch, matches, strict=True):
            if match >= 0:
                number = int(self._old.numbers[match])
                self._keep(number, articles[number], article)
                continue
            place += 1
            holder = holders.get(article.id)
            if place in edited:
                self._keep(edited[place], articles[edited[place]], article)
            elif holder is not None and self._reserve(holder):
                # The same text under another headline.
                self._keep(holder, articles[holder], article)
            elif holder is not None or article.id in self._assigned:
                id_conflicts.append(article)
            else:
                if article.id in self._repeated:
                    self._assigned.add(article.id)
                self._plan.add(article)
        return id_conflicts

    async def remove_unmatched(self) -> None:
        """Plan to remove the old articles that matched no new article."""
        (free,) = np.nonzero(self._is_free)
        numbers = self._old.numbers[free].tolist()
        for start in range(0, len(numbers), reading.BATCH):
            batch = numbers[start : start + reading.BATCH]
            articles = await reading.articles_by_number(self._database, batch)
            for number in batch:
                self._plan.remove(number, articles[number], is_edited=False)

    def _linked(self, start: int, matches: Sequence[int]) -> Sequence[Sequence[int]]:
        """Return for each unmatched article the numbers of the old ones that share a key with it.

        *start* is the index of the first article of the batch.
        """
        links = self._links[start : start + len(matches)][np.array(matches, dtype=np.int64) < 0]
        # An index of -1 is that of some article: is_free decides nothing for it.
        is_free = (links >= 0) & self._is_free[links] if len(self._is_free) else links >= 0
        return [
            self._old.numbers[row[free]].tolist() for row, free in zip(links, is_free, strict=True)
        ]

    def _near(self, batch: Sequence[Article], matches: Sequence[int]) -> Iterator[Sequence[int]]:
        """Yield for each unmatched article the numbers of the old articles to compare it with.

        They are around its expected old position: its new position, corrected by how far the last
        unchanged article of the document has moved.
        """
        for article, match in zip(batch, matches, strict=True):
            if article.document != self._document:
                self._document, self._shift = article.document, 0
                self._free = self._free_indexes(article.document)
            if match >= 0:
                if self._old.documents[match] == self._documents.get(article.document):
                    self._shift = int(self._old.positions[match]) - article.position
                continue
            free, size = self._free, self._max_candidates
            expected = article.position + self._shift
            middle = int(np.searchsorted(self._old.positions[free], expected))
            low = max(0, min(middle - size // 2, len(free) - size))
            near = free[low : low + size]
            yield self._old.numbers[near[self._is_free[near]]].tolist()

    def _free_indexes(self, document: str) -> Integers:
        """Return the indexes of the old articles that articles of *document* may match."""
        number = self._documents.get(document)
        if number is None:
            # It may be a removed document under another name.
            free = self._of_removed[self._is_free[self._of_removed]]
            return free[: self._max_candidates]
        start, end = map(int, self._old.starts[number : number + 2])
        unmatched: Integers = np.flatnonzero(self._is_free[start:end]) + start
        return unmatched

    def _reserve(self, number: int) -> bool:
        """Mark an old article as matched; return False if it is matched or not in this reload."""
        place = int(np.searchsorted(self._old.numbers, number, sorter=self._by_number))
        if place == len(self._by_number):
            return False
        index = self._by_number[place]
        if self._old.numbers[index] != number or not self._is_free[index]:
            return False
        self._is_free[index] = False
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
