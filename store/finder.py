"""The finder: from a few words, misspelt or not, to the stories that they mean."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Self, TypeAlias

from store.index import FIELDS, Index
from store.ranking import Asked, rank, reasons
from store.topics import Topic, catalogue, nearest
from store.types import Answer, Article, Found, Match, Nothing, Unsure
from store.words import words

CUT_OFF = 0.6
"""The score from which a story answers; see tests/store/test_finder.py for what it costs."""
UNSURE = 0.475
"""The score from which a story is worth a question."""
SUGGESTIONS = 3

_CHARACTERS = 2_000
_WORDS = 32
_KEPT = 500
"""Articles kept for the next look-up that shows them."""

GetArticles: TypeAlias = Callable[[Sequence[int]], Awaitable[Mapping[int, Article]]]
"""Give the articles of some numbers, leaving out those that are gone."""


@dataclass(frozen=True, slots=True)
class _Read:
    """An article with its words as they are spelt there."""

    article: Article
    spelt: Mapping[str, str]


class Finder:
    """Looks up queries in one index."""

    def __init__(self, index: Index, articles: GetArticles, topics: tuple[Topic, ...]) -> None:
        self._index = index
        self._articles = articles
        self._topics = topics
        self._known: dict[int, _Read] = {}

    @classmethod
    def of(cls, articles: Sequence[Article]) -> Self:
        """Build a finder over *articles* in memory."""

        async def get(numbers: Sequence[int]) -> Mapping[int, Article]:
            return {number: articles[number] for number in numbers}

        return cls(Index.of(articles), get, catalogue(articles))

    async def find(self, query: str, *, limit: int = 10) -> Answer:
        """Look up *query*, whatever it holds; never raises.

        Found has at most *limit* matches, Unsure and Nothing at most three to choose from.
        """
        ranked = await self.rank(query, limit=max(limit, 10), least=UNSURE)
        found = [match for match in ranked if match.score >= CUT_OFF]
        if found:
            return Found(matches=tuple(found[: max(limit, 1)]))
        unsure = tuple(islice(_differing(ranked), SUGGESTIONS))
        if unsure:
            return Unsure(matches=unsure)
        return Nothing(topics=nearest(query, self._topics, SUGGESTIONS))

    async def rank(self, query: str, *, limit: int, least: float = 0.0) -> list[Match]:
        """Give the articles that cover most of *query*, best first, cut off only at *least*."""
        asked = await self.ask(query)
        best = dict(self.scores(asked, limit=limit, least=least))
        read = await self._read(best)
        return [
            Match(
                article=read[number].article,
                score=score,
                why=tuple(dict.fromkeys(reasons(asked, read[number].spelt))),
            )
            for number, score in best.items()
            if number in read
        ]

    async def ask(self, query: str) -> Asked:
        """Cut *query* up, and fetch what the index holds of what its words may mean."""
        typed = _typed(query)
        readings = self._index.vocabulary.readings(typed)
        postings = await self._index.postings(
            word for meant in readings for reading in meant for word in reading
        )
        return Asked(typed=typed, readings=readings, postings=postings)

    def scores(self, asked: Asked, *, limit: int, least: float) -> list[tuple[int, float]]:
        """Give the numbers of the best articles with their scores, best first.

        A headline that was typed in full comes first.
        """
        scores = {int(number): 1.0 for number in self._index.titled(asked.typed, limit)}
        for number, score in rank(asked, self._index, limit=limit, least=least):
            scores.setdefault(number, score)
        return list(islice(scores.items(), limit))

    async def _read(self, numbers: Iterable[int]) -> Mapping[int, _Read]:
        missing = [number for number in numbers if number not in self._known]
        if missing:
            for number, article in (await self._articles(missing)).items():
                self._known[number] = _Read(article, _spelt(article))
        read = {number: self._known[number] for number in numbers if number in self._known}
        while len(self._known) > _KEPT:
            del self._known[next(iter(self._known))]
        return read


def _typed(text: str) -> tuple[str, ...]:
    """Give the first few distinct words of *text*, so that the longest costs no more than a few."""
    distinct = dict.fromkeys(word for word, _ in words(text[:_CHARACTERS]))
    return tuple(islice(distinct, _WORDS))


def _spelt(article: Article) -> Mapping[str, str]:
    """Give the words of *article* with their spelling there, the first of each."""
    spelt: dict[str, str] = {}
    for field in FIELDS:
        for word, spelling in words(getattr(article, field)):
            spelt.setdefault(word, spelling)
    return spelt


def _differing(matches: Iterable[Match]) -> Iterable[Match]:
    """Leave out each story that tells nearly the same as one before it."""
    shown: list[set[str]] = []
    for match in matches:
        told = {word for word, _ in words(match.article.summary)}
        if all(len(told & other) < 0.6 * len(told | other) for other in shown):
            shown.append(told)
            yield match
