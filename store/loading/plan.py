"""The plan of a reload or an undo: every change, worked out before anything is written.

The articles are kept in lists on disk, so a plan for a million articles needs little memory.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import NamedTuple, Self

from store.articles.reading import StoredDocument
from store.loading.disk_list import DiskList
from store.types import Article


class IndexChange(NamedTuple):
    """An article that the load removes from the index, or adds to it, under its own number."""

    number: int
    article: Article
    is_edited: bool
    """Whether this is one half of an edit: the old text is removed, the new text is added."""


class Move(NamedTuple):
    """An article that keeps its number and its text; its place, id or provenance changes."""

    number: int
    before: Article
    after: Article


@dataclass(slots=True, kw_only=True)
class Counts:
    """How many articles a plan changes."""

    added: int = 0
    edited: int = 0
    moved: int = 0
    removed: int = 0


class DocumentChange(NamedTuple):
    """A document before and after the load; None if it does not exist then."""

    before: StoredDocument | None
    after: StoredDocument | None


@dataclass(slots=True)
class LoadPlan:
    """All changes from the loaded revision to the next one; close the plan after use."""

    base: int
    """The number of the revision that the plan starts from; 0 before the first load."""
    counts: Counts = field(default_factory=Counts)
    documents: dict[str, DocumentChange] = field(default_factory=dict)
    """The documents that change, by path."""
    next_number: int = 0
    """The first article number that was never used; it rises with each addition."""
    removals: DiskList[IndexChange] = field(default_factory=DiskList)
    additions: DiskList[IndexChange] = field(default_factory=DiskList)
    moves: DiskList[Move] = field(default_factory=DiskList)

    def remove(self, number: int, article: Article, *, is_edited: bool) -> None:
        """Plan to remove an article from the index."""
        self.removals.append(IndexChange(number, article, is_edited))
        self.counts.removed += not is_edited

    def add(self, number: int, article: Article, *, is_edited: bool) -> None:
        """Plan to add an article to the index."""
        self.additions.append(IndexChange(number, article, is_edited))
        self.counts.edited += is_edited
        self.counts.added += not is_edited
        self.next_number = max(self.next_number, number + 1)

    def move(self, number: int, before: Article, after: Article) -> None:
        """Plan to change the place, the id or the provenance of an article."""
        self.moves.append(Move(number, before, after))
        self.counts.moved += 1

    def articles(self, changes: DiskList[IndexChange]) -> Iterator[tuple[int, Article]]:
        """Yield the articles of *changes* with their numbers."""
        return ((change.number, change.article) for change in changes)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with ExitStack() as stack:
            for disk_list in (self.removals, self.additions, self.moves):
                stack.enter_context(disk_list)
