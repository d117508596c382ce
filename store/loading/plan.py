"""The plan of a reload or an undo: every change, worked out before anything is written.

The articles are kept in lists on disk, so a plan for a million articles needs little memory.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Self

from store.articles.reading import StoredDocument
from store.articles.written_questions import WrittenQuestions
from store.loading.disk_list import DiskList
from store.types import FOLDER, Article


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


class WrittenChanges(NamedTuple):
    """The headlines of stories with a written question that a load removes or edits."""

    kept: Sequence[str]
    """Those of stories that are edited, and keep their question."""
    lost: Sequence[str]
    """Those of stories that go, or have a question of their own now."""


@dataclass(slots=True)
class LoadPlan:
    """All changes of one source from its last revision to the next; close the plan after use."""

    base: int
    """The last revision of the source, which the plan starts from; 0 before its first load."""
    source: str = FOLDER
    """The id of the source whose documents the plan replaces."""
    counts: Counts = field(default_factory=Counts)
    documents: dict[str, DocumentChange] = field(default_factory=dict)
    """The documents that change, by path."""
    first_number: int = 0
    """A number that no article had yet; new articles are numbered from it on."""
    new: int = 0
    """How many of these numbers the plan uses."""
    reserved: int | None = None
    """The first number that the load has reserved in place of *first_number*, before it writes."""
    written: WrittenQuestions = field(default_factory=WrittenQuestions)
    """The questions that admins wrote, which are laid over the articles."""
    removals: DiskList[IndexChange] = field(default_factory=DiskList)
    additions: DiskList[IndexChange] = field(default_factory=DiskList)
    moves: DiskList[Move] = field(default_factory=DiskList)

    @property
    def is_empty(self) -> bool:
        """Whether the plan changes nothing."""
        changes = len(self.additions) + len(self.removals) + len(self.moves)
        return not (changes or self.documents)

    def remove(self, number: int, article: Article, *, is_edited: bool) -> None:
        """Plan to remove an article from the index."""
        self.removals.append(IndexChange(number, article, is_edited))
        self.counts.removed += not is_edited

    def add(self, article: Article, *, is_edited: bool = False) -> None:
        """Plan to add an article to the index, with its written question if there is one.

        Its number was never used.
        """
        self._add(self.written.apply(article), is_edited=is_edited)
        self.counts.edited += is_edited
        self.counts.added += not is_edited

    def _add(self, article: Article, *, is_edited: bool) -> None:
        self.additions.append(IndexChange(self.first_number + self.new, article, is_edited))
        self.new += 1

    def move(self, number: int, before: Article, after: Article) -> None:
        """Plan to change the place, the id or the provenance of an article."""
        self.moves.append(Move(number, before, after))
        self.counts.moved += 1

    def replace_moved(self) -> None:
        """Plan each move as a removal and an addition, which can be staged."""
        for number, before, after in self.moves:
            self.removals.append(IndexChange(number, before, True))
            self._add(after, is_edited=True)
        self.moves.close()
        self.moves = DiskList()

    def removed(self) -> Iterator[tuple[int, Article]]:
        """Yield the articles to be removed, with their numbers."""
        return ((change.number, change.article) for change in self.removals)

    def added(self) -> Iterator[tuple[int, Article]]:
        """Yield the articles to be added, with their numbers: those reserved, if there are some."""
        shift = 0 if self.reserved is None else self.reserved - self.first_number
        return ((number + shift, article) for number, article, _ in self.additions)

    def written_changes(self) -> WrittenChanges:
        """Return what becomes of the written questions of the stories that change."""
        if not self.written:
            return WrittenChanges((), ())
        before, after = (
            {one.article.id: one.article.headline for one in of if self.written.is_in(one.article)}
            for of in (self.removals, self.additions)
        )
        return WrittenChanges(
            kept=[headline for story, headline in after.items() if story in before],
            lost=[headline for story, headline in before.items() if story not in after],
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for disk_list in (self.removals, self.additions, self.moves):
            disk_list.close()
