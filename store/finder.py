"""The finder: from a few words, misspelt or not, to the stories that they mean."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import Self, TypeAlias

from store import meaning
from store.index import FIELDS, Index
from store.meaning import Meaning, Stories
from store.ranking import Asked, rank, reasons
from store.topics import Topic, catalogue, nearest
from store.types import Answer, Article, Found, Match, Nothing, Unsure
from store.words import FUNCTION_WORDS, is_english, words

CUT_OFF = 0.6
"""The score from which a story answers; see tests/store/test_finder.py for what it costs."""
UNSURE = 0.475
"""The score from which a story is worth a question."""
SUGGESTIONS = 3

_CHARACTERS = 2_000
_WORDS = 32
_COVERED, _LITTLE, _GUESSES = 200, 0.05, 10
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

    def __init__(
        self,
        index: Index,
        articles: GetArticles,
        topics: tuple[Topic, ...],
        meant: Stories | None = None,
    ) -> None:
        self._meant = meant
        self._least: float | None = None
        self._index = index
        self._articles = articles
        self._topics = topics
        self._known: dict[int, _Read] = {}

    @classmethod
    def of(cls, articles: Sequence[Article], model: Meaning | None = None) -> Self:
        """Build a finder over *articles* in memory; without *model* it goes by words alone."""

        async def get(numbers: Sequence[int]) -> Mapping[int, Article]:
            return {number: articles[number] for number in numbers}

        meant = Stories.of(model, articles) if model else None
        return cls(Index.of(articles), get, catalogue(articles), meant)

    async def find(self, query: str, *, limit: int = 10) -> Answer:
        """Look up *query*, whatever it holds; never raises.

        Found has at most *limit* matches, Unsure and Nothing at most three to choose from.
        """
        ranked = await self.rank(query, limit=max(limit, 10), least=UNSURE)
        found = [match for match in ranked if match.score >= CUT_OFF]
        if found:
            return Found(matches=tuple(found[: max(limit, 1)]))
        if self._meant:
            guessed = await self._guess(query, self._meant)
            # What is misspelt all over has no meaning to go by, but its words may do.
            ranked = guessed or (ranked if _is_misspelt(query) else [])
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

    async def _guess(self, query: str, meant: Stories) -> list[Match]:
        """Give the stories that may be meant, by meaning and words together."""
        if self._least is None:
            self._least = await self._calibrated(meant)
        asked = await self.ask(query)
        scores = dict(self._joined(asked, meant)[:_GUESSES])
        read = await self._read(scores)
        return [
            Match(
                article=read[number].article,
                score=meaning.as_share(score),
                why=tuple(dict.fromkeys(reasons(asked, read[number].spelt))),
            )
            for number, score in scores.items()
            if number in read and score >= self._least
        ]

    async def _calibrated(self, meant: Stories) -> float:
        drawn = meaning.probes(self._index.vocabulary.words, Random(0))  # noqa: S311
        best: list[list[float]] = []
        for group in (drawn.everyday, drawn.near_misses):
            best.append([])
            for probe in group:
                asked = await self.ask(probe)
                if not self.scores(asked, limit=1, least=CUT_OFF):
                    joined = self._joined(asked, meant)
                    best[-1].append(joined[0][1] if joined else 0.0)
        return meaning.least(*best)

    def _joined(self, asked: Asked, meant: Stories) -> list[tuple[int, float]]:
        covered = self.scores(asked, limit=_COVERED, least=_LITTLE)
        return meaning.join(covered, meant.nearest(_meant(asked), _COVERED))

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


def _is_misspelt(query: str) -> bool:
    """Tell whether half of the words of *query*, or more, are no English ones."""
    typed = [word for word in _typed(query) if word not in FUNCTION_WORDS]
    return 2 * sum(not is_english(word) for word in typed) >= len(typed)


def _meant(asked: Asked) -> Iterator[str]:
    """Yield the words of a query, the misspelt ones as their likeliest readings."""
    for word, readings in zip(asked.typed, asked.readings, strict=True):
        if readings and not is_english(word):
            yield from max(readings, key=readings.__getitem__)
        else:
            yield word


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
