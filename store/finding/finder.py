"""The finder: from a few words, misspelt or not, to the stories that they mean."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from random import Random
from typing import ParamSpec, Self, TypeAlias, TypeVar

from cachetools import LRUCache

from store.finding import meaning
from store.finding.index import Index
from store.finding.meaning import Embeddings, Vectors
from store.finding.ranking import Asked, rank, reasons
from store.finding.topics import Typeahead, acronyms, catalogue
from store.finding.vocabulary import JOINED, Readings
from store.finding.words import FUNCTION_WORDS, is_english, words
from store.types import Answer, Article, Found, Match, Nothing, Topic, Unsure

CUT_OFF = 0.6
"""The score from which a story answers; test_finder.py has what it costs."""
UNSURE = 0.475
"""The score from which a story is worth a question."""
SUGGESTIONS = 3

_CHARACTERS = 2_000
_WORDS = 32
_COVERED, _LITTLE = 200, 0.05
"""How many stories the words propose beside those that meaning does, and from which score."""
_GUESSES = 10
_LARGE = 20_000
_AT_ONCE = 20
"""Probes whose postings are fetched together: in a large corpus they take megabytes each."""
_ARTICLES, _ANSWERS = 500, 500
"""How many articles and answers are kept for the next look-up that needs them."""

P = ParamSpec("P")
T = TypeVar("T")
GetArticles: TypeAlias = Callable[[Sequence[int]], Awaitable[Mapping[int, Article]]]
"""Give the articles of some numbers; raises `OvertakenError` where one is gone."""


class Finder:
    """Looks up queries in one index."""

    def __init__(
        self,
        index: Index,
        articles: GetArticles,
        topics: Sequence[Topic],
        model: Embeddings | None,
        *,
        min_score: float | None = None,
    ) -> None:
        """Take *min_score*, the score of a story that meaning may ask about; None to measure it."""
        self.index = index
        self._articles = articles
        self.topics = topics
        """Those of most articles first."""
        names = [topic.name for topic in topics]
        self._names = Typeahead(names)
        self._acronyms = acronyms(names)
        self._model = model
        self._min_score = min_score
        self._known: LRUCache[int, Article] = LRUCache(_ARTICLES)
        self._answers: LRUCache[tuple[str, int], Answer] = LRUCache(_ANSWERS)

    @classmethod
    def of(cls, articles: Sequence[Article], model: Embeddings | None = None) -> Self:
        """Build a finder over *articles* in memory; without *model* it goes by words alone."""

        async def get(numbers: Sequence[int]) -> Mapping[int, Article]:
            return {number: articles[number] for number in numbers}

        topics = [Topic(name=name, articles=len(ids)) for name, ids in catalogue(articles).items()]
        return cls(Index.of(articles, model), get, topics, model)

    def with_derived(self, topics: Sequence[Topic], min_score: float | None) -> Self:
        """Give a finder over the same index that has these *topics* and *min_score*."""
        if (topics, min_score) == (self.topics, self._min_score):
            return self
        return type(self)(self.index, self._articles, topics, self._model, min_score=min_score)

    @property
    def has_model(self) -> bool:
        """Tell whether it goes by meaning too."""
        return self._model is not None

    def complete(self, prefix: str, *, limit: int = 20) -> list[str]:
        """Give the names of topics that *prefix* may be the beginning of; see `Typeahead`."""
        return self._names.complete(prefix, limit)

    async def find(self, query: str, *, limit: int = 10) -> Answer:
        """Look up *query*, whatever it holds; raises nothing but `OvertakenError`.

        Found has at most *limit* matches, Unsure and Nothing at most three to choose from. The same
        answer is given again to who asks again, or presses a button under it.
        """
        key = (query[:_CHARACTERS], limit)
        answer = self._answers.get(key)
        if answer is None:
            answer = self._answers[key] = await self._find(*key)
        return answer

    async def _find(self, query: str, limit: int) -> Answer:
        asked = await self.ask(query)
        scores = self.scores(asked, limit=max(limit, 10), min_score=UNSURE)
        answering = [one for one in scores if one[1] >= CUT_OFF]
        found = await self._matches(asked, answering[: max(limit, 1)])
        if found:
            return Found(matches=tuple(found))
        if self._model:
            guessed = await self._guess(asked, self._model)
            # What is misspelt all over has no meaning to go by, but its words may do.
            scores = guessed or (scores if _is_misspelt(asked.typed) else [])
        unsure = tuple(islice(_differing(await self._matches(asked, scores)), SUGGESTIONS))
        if unsure:
            return Unsure(matches=unsure)
        return Nothing(topics=self._names.nearest(query, SUGGESTIONS))

    async def rank(self, query: str, *, limit: int, min_score: float = 0.0) -> list[Match]:
        """Give the articles that cover most of *query*, best first, cut off only at *min_score*."""
        asked = await self.ask(query)
        return await self._matches(asked, self.scores(asked, limit=limit, min_score=min_score))

    async def calibrate(self) -> float | None:
        """Measure the score that a story needs before it is asked about; None without a model.

        Few queries that must find nothing may reach it in this corpus: see `meaning.min_score`.
        """
        if not self._model:
            return None
        drawn = meaning.probes(self.index.vocabulary.words, Random(0))  # noqa: S311
        everyday = await self._best(drawn.everyday, self._model)
        self._min_score = meaning.min_score(
            everyday, await self._best(drawn.near_misses, self._model)
        )
        return self._min_score

    async def _best(self, probes: Sequence[str], model: Embeddings) -> list[float]:
        """Give the best score that each of *probes* gets, but of those that words answer."""
        best: list[float] = []
        for start in range(0, len(probes), _AT_ONCE):
            left: list[tuple[list[tuple[int, float]], Sequence[str]]] = []
            for asked in await self._ask(probes[start : start + _AT_ONCE]):
                covered = await self._aside(self._covered, asked)
                if not covered or covered[0][1] < CUT_OFF:
                    left.append((covered, [*_meant(asked)]))
            vectors = model.embed(meant for _, meant in left)
            for (covered, _), vector in zip(left, vectors, strict=True):
                joined = await self._aside(self._joined, covered, vector)
                best.append(joined[0][1] if joined else 0.0)
        return best

    async def _guess(self, asked: Asked, model: Embeddings) -> list[tuple[int, float]]:
        """Give the stories that may be meant, by meaning and words together."""

        def join() -> list[tuple[int, float]]:
            (vector,) = model.embed([_meant(asked)])
            return self._joined(self._covered(asked), vector)

        min_score = await self.calibrate() if self._min_score is None else self._min_score
        return [
            (number, meaning.as_share(score))
            for number, score in (await self._aside(join))[:_GUESSES]
            if min_score is not None and score >= min_score
        ]

    def _covered(self, asked: Asked) -> list[tuple[int, float]]:
        return self.scores(asked, limit=_COVERED, min_score=_LITTLE)

    def _joined(self, covered: list[tuple[int, float]], query: Vectors) -> list[tuple[int, float]]:
        rows, found = meaning.nearest(
            query, self.index.bit_vectors, _COVERED, there=self.index.has_vector
        )
        numbers = self.index.numbers[rows].tolist()
        return meaning.join(covered, zip(numbers, found.tolist(), strict=True))

    async def _aside(self, work: Callable[P, T], *args: P.args, **more: P.kwargs) -> T:
        """Do *work* that goes through every story, which a large corpus makes long, in a thread."""
        if self.index.size < _LARGE:
            return work(*args, **more)
        return await asyncio.to_thread(work, *args, **more)

    async def _matches(self, asked: Asked, scores: Sequence[tuple[int, float]]) -> list[Match]:
        articles = await self._read([number for number, _ in scores])
        # Without the postings, which an answer that is kept would keep too.
        why = partial(reasons, asked.typed, asked.readings)
        return [
            Match(article=articles[number], score=score, reasons=why) for number, score in scores
        ]

    async def ask(self, query: str) -> Asked:
        """Cut *query* up, and fetch what the index holds of what its words may mean."""
        (asked,) = await self._ask([query])
        return asked

    async def _ask(self, queries: Sequence[str]) -> Sequence[Asked]:
        each = [(typed, self._readings(typed)) for typed in map(_typed, queries)]
        postings = await self.index.postings(
            word
            for _, readings in each
            for meant in readings
            for reading in meant
            for word in reading
        )
        return [
            Asked(typed=typed, readings=readings, postings=postings) for typed, readings in each
        ]

    def _readings(self, typed: tuple[str, ...]) -> Sequence[Readings]:
        readings = self.index.vocabulary.readings(typed)
        for word, may_mean in zip(typed, readings, strict=True):
            for name in self._acronyms.get(word, ()):
                if all(one in self.index.vocabulary for one in name):
                    may_mean.setdefault(name, JOINED)
        return readings

    def scores(self, asked: Asked, *, limit: int, min_score: float) -> list[tuple[int, float]]:
        """Give the numbers of the best articles with their scores, best first.

        A headline that was typed in full comes first.
        """
        scores = {int(number): 1.0 for number in self.index.titled(asked.typed, limit)}
        for number, score in rank(asked, self.index, limit=limit, min_score=min_score):
            scores.setdefault(number, score)
        return list(islice(scores.items(), limit))

    async def _read(self, numbers: Sequence[int]) -> Mapping[int, Article]:
        known = {number: self._known.get(number) for number in numbers}
        read = {number: article for number, article in known.items() if article}
        missing = [number for number, article in known.items() if not article]
        if missing:
            found = await self._articles(missing)
            self._known.update(found)
            read |= found
        return read


def _typed(text: str) -> tuple[str, ...]:
    """Give the first few distinct words of *text*, so that the longest costs no more than a few."""
    distinct = dict.fromkeys(word for word, _ in words(text[:_CHARACTERS]))
    return tuple(islice(distinct, _WORDS))


def _is_misspelt(typed: Sequence[str]) -> bool:
    """Tell whether half of the words of a query, or more, are no English ones."""
    content = [word for word in typed if word not in FUNCTION_WORDS]
    return 2 * sum(not is_english(word) for word in content) >= len(content)


def _meant(asked: Asked) -> Iterator[str]:
    """Yield the words of a query, the misspelt ones as their likeliest readings."""
    for word, readings in zip(asked.typed, asked.readings, strict=True):
        if readings and not is_english(word):
            yield from max(readings, key=readings.__getitem__)
        else:
            yield word


def _differing(matches: Iterable[Match]) -> Iterable[Match]:
    """Leave out each story that tells nearly the same as one before it."""
    shown: list[set[str]] = []
    for match in matches:
        told = {word for word, _ in words(match.article.summary)}
        if all(len(told & other) < 0.6 * len(told | other) for other in shown):
            shown.append(told)
            yield match
