"""What a reload changes: stories that stay, even if they moved, and those that go and come."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from store.types import Article


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """The articles that a reload touches, with their numbers in the index."""

    moved: Sequence[tuple[int, Article]]
    """As they are now: the same text in another place. The index keeps them as they are."""
    removed: Sequence[tuple[int, Article]]
    """As they were."""
    added: Sequence[Article]


def compare(old: Iterable[tuple[int, Article]], new: Iterable[Article]) -> Changes:
    """Pair *old* articles with *new* ones of the same text, in their order.

    Both are the articles of the documents that changed, and of no others.
    """
    waiting: defaultdict[tuple[str, ...], list[tuple[int, Article]]] = defaultdict(list)
    for number, article in old:
        waiting[_text(article)].append((number, article))
    moved: list[tuple[int, Article]] = []
    added: list[Article] = []
    for article in new:
        same = waiting[_text(article)]
        if same:
            number, before = same.pop(0)
            now = replace(article, id=before.id)
            if now != before:
                moved.append((number, now))
        else:
            added.append(article)
    left = sorted((one for same in waiting.values() for one in same), key=lambda one: one[0])
    return Changes(moved=moved, removed=left, added=added)


def _text(article: Article) -> tuple[str, ...]:
    return article.headline, article.summary, article.insight, article.question
