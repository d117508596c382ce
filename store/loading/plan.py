"""What a reload or an undo changes, worked out before anything is written.

The articles themselves wait in lists on disk, so a plan for a million articles needs little memory.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import NamedTuple, Self

from store.articles.reading import StoredDocument
from store.loading.disk_list import DiskList
from store.types import Article


class Step(NamedTuple):
    """An article that leaves the index, or comes into it, under a number of its own."""

    number: int
    article: Article
    is_edited: bool
    """Whether it leaves to come back with another text, or has come back so."""


class Move(NamedTuple):
    """An article that keeps its number and its text, and changes its place or its id."""

    number: int
    before: Article
    after: Article


@dataclass(slots=True, kw_only=True)
class Counts:
    """How many articles a plan touches."""

    added: int = 0
    edited: int = 0
    moved: int = 0
    removed: int = 0


class Change(NamedTuple):
    """What becomes of one document; None where it was not there, or will not be."""

    before: StoredDocument | None
    after: StoredDocument | None


@dataclass(slots=True)
class Plan:
    """The way from what is loaded to what is to be loaded; close it after use."""

    after: int
    """The number of the revision that it starts from; 0 before the first."""
    counts: Counts = field(default_factory=Counts)
    documents: dict[str, Change] = field(default_factory=dict)
    """The documents that change, by their path."""
    next_number: int = 0
    """The first number that no article has had yet, before and after."""
    gone: DiskList[Step] = field(default_factory=DiskList)
    come: DiskList[Step] = field(default_factory=DiskList)
    moved: DiskList[Move] = field(default_factory=DiskList)

    def leave(self, number: int, article: Article, *, is_edited: bool) -> None:
        """Take an article out of the index."""
        self.gone.append(Step(number, article, is_edited))
        self.counts.removed += not is_edited

    def enter(self, number: int, article: Article, *, is_edited: bool) -> None:
        """Put an article into the index."""
        self.come.append(Step(number, article, is_edited))
        self.counts.edited += is_edited
        self.counts.added += not is_edited
        self.next_number = max(self.next_number, number + 1)

    def move(self, number: int, before: Article, after: Article) -> None:
        """Put an article in another place."""
        self.moved.append(Move(number, before, after))
        self.counts.moved += 1

    def articles(self, steps: DiskList[Step]) -> Iterator[tuple[int, Article]]:
        """Yield the articles of *steps* with their numbers."""
        return ((step.number, step.article) for step in steps)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with ExitStack() as stack:
            for disk_list in (self.gone, self.come, self.moved):
                stack.enter_context(disk_list)
