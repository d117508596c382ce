"""The finder: look up stories by a few words, which may be misspelled."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence, Set
from copy import copy
from datetime import datetime
from functools import partial
from itertools import chain, groupby, islice
from typing import Self, TypeAlias

from store.bounded import BoundedDict
from store.finding.countries import is_code
from store.finding.embeddings import Embeddings
from store.finding.index import Index
from store.finding.ranking import QueryWord, anchored, match_word, rank, reasons
from store.finding.similarity import SemanticSearch
from store.finding.vocabulary import Relations
from store.language.words import FUNCTION_WORDS, has_digit, is_unspaced, query_words, words
from store.types import Answer, Article, Found, Match, Nothing, Unsure

CUT_OFF = 0.6
"""The lowest score of an answer; test_finder.py measures the errors that remain."""
UNSURE = 0.475
"""The lowest score at which Parley asks whether a story is the right one."""
MOST_MATCHES = 10
"""The most matches of an answer, unless another limit is asked for."""
SUGGESTIONS = 3

_MAX_CHARACTERS, _MAX_WORDS = 2_000, 32
"""What is used of a query; the rest is ignored."""
_MAX_GUESSES = 10
_CACHED_ANSWERS = 500
_CACHED_WORDS = {300: 4_000, 5_000: 500, 100_000: 20}
"""How many words of queries to keep, by the most articles that contain one."""
CACHED_CHARACTERS = 16 << 20
"""The most text of articles kept in memory: all those of a team, the newest of a large corpus."""
_OVERHEAD = 1_000
"""What an article takes in memory besides its text, in characters."""

_TIES = 100
"""How many more of equally good stories are considered, to find the newest of them."""

GetArticles: TypeAlias = Callable[[Sequence[int]], Awaitable[Mapping[int, Article]]]
"""Returns articles by number; raises `StaleRevisionError` if one is no longer loaded."""
GetDates: TypeAlias = Callable[[Sequence[int]], Awaitable[Mapping[int, datetime]]]
"""Returns when articles were published, by number; leaves out those without a date."""


class Finder:
    """Finds stories in one index."""

    def __init__(
        self,
        index: Index,
        articles: GetArticles,
        dates: GetDates,
        semantic: SemanticSearch | None,
        recent: Mapping[int, Article],
    ) -> None:
        """Create a finder; if *semantic* is None, it matches words only.

        *recent* are articles by number that need not be read again.
        """
        self.index = index
        self._articles = articles
        self._dates = dates
        self._semantic = semantic
        self._cached: dict[int, Article] = {}
        self._room = CACHED_CHARACTERS
        self._cache(recent)
        self._answers: BoundedDict[tuple[str, int], Answer] = BoundedDict(_CACHED_ANSWERS)
        self._forget_words()
        self._names: Set[tuple[str, ...]] = frozenset()

    @classmethod
    def of(cls, articles: Sequence[Article], model: Embeddings | None = None) -> Self:
        """Build a finder over *articles* in memory; without *model*, it matches words only."""

        async def get(numbers: Sequence[int]) -> Mapping[int, Article]:
            return {number: articles[number] for number in numbers}

        async def dates(numbers: Sequence[int]) -> Mapping[int, datetime]:
            every = ((number, articles[number].published_at) for number in numbers)
            return {number: at for number, at in every if at}

        index = Index.of(articles)
        semantic = SemanticSearch.of(index, model, articles) if model else None
        return cls(index, get, dates, semantic, {})

    def with_names(self, names: Iterable[str]) -> Self:
        """Return a finder over the same index to which these *names* of topics are names.

        Those without a capital are left out.
        """
        new = self._copy()
        new._names = {
            tuple(word for word, _ in words(name)) for name in names if not name.islower()
        }
        return new

    def with_index(self, index: Index, changed: Mapping[int, Article]) -> Self:
        """Return a finder over *index*, in which a few articles *changed*, with the same names."""
        new = self._copy()
        new.index = index
        new._forget_words()
        new._semantic = self._semantic.over(index) if self._semantic else None
        new._cache(changed)
        return new

    def with_semantic(self, semantic: SemanticSearch) -> Self:
        """Return a finder over the same index that uses *semantic*."""
        new = self._copy()
        new._semantic = semantic
        return new

    def without_articles(self) -> Self:
        """Return a finder over the same index that reads all articles again."""
        new = self._copy()
        new._cached, new._room = {}, CACHED_CHARACTERS
        return new

    def _copy(self) -> Self:
        new = copy(self)
        new._cached = self._cached.copy()
        new._answers = BoundedDict(_CACHED_ANSWERS)
        return new

    def _forget_words(self) -> None:
        self._matched: Mapping[int, BoundedDict[object, QueryWord]] = {
            count: BoundedDict(most) for count, most in _CACHED_WORDS.items()
        }

    def _cache(self, articles: Mapping[int, Article]) -> None:
        """Keep *articles* in memory, and if there is no room, drop those that came first."""
        for number, article in articles.items():
            before = self._cached.pop(number, None)
            self._room += (size_in_memory(before) if before else 0) - size_in_memory(article)
            self._cached[number] = article
        while self._room < 0:
            self._room += size_in_memory(self._cached.pop(next(iter(self._cached))))

    async def find(self, query: str, *, limit: int = MOST_MATCHES) -> Answer:
        """Look up *query*, which may be any text; raise only `StaleRevisionError`.

        `Found` has at most *limit* matches, and `Unsure` at most three.
        Answers are cached, so a repeated query or a button press returns the same answer.
        """
        key = (query[:_MAX_CHARACTERS], limit)
        answer = self._answers.get(key)
        if answer is None:
            answer = self._answers[key] = await self._find(*key)
        return answer

    async def _find(self, query: str, limit: int) -> Answer:
        expanded = self.expand(query)
        split = _words(expanded)
        most = max(limit, 10)
        scores = self.scores(expanded, limit=most, min_score=UNSURE, ties=_TIES)
        if len(scores) > 1:
            scores = (await self._newest_first(split, scores))[:most]
        answers = [(number, score) for number, score in scores if score >= CUT_OFF]
        found = await self._matches(expanded, answers[: max(limit, 1)])
        if found:
            return Found(matches=tuple(found))
        guesses = await self._nearest(query, split)
        best = guesses[: SUGGESTIONS - 1]
        score = best[-1][1] if best else UNSURE
        named = anchored(expanded, self.index, self._names, limit=_MAX_GUESSES, score=score)
        if guesses and not dict(guesses[:SUGGESTIONS]).keys() & dict(named).keys():
            guesses = best + (named or guesses[len(best) :])
        scores = guesses or scores or named
        matches = await self._matches(expanded, scores)
        unsure = tuple(islice(_without_near_duplicates(matches), SUGGESTIONS))
        if unsure:
            return Unsure(matches=unsure)
        return Nothing()

    async def _newest_first(
        self, words: tuple[str, ...], scores: list[tuple[int, float]]
    ) -> list[tuple[int, float]]:
        """Return *scores* with the newest first among equal ones.

        Stories without a date come after those with one, in the order in which they were loaded.
        """
        if len({score for _, score in scores}) == len(scores):
            return scores
        has_exact = scores[0][1] == 1.0
        exact = {*self.index.with_headline(words, len(scores)).tolist()} if has_exact else ()
        groups = [[*group] for _, group in groupby(scores, lambda one: (one[0] in exact, one[1]))]
        tied = [number for group in groups if len(group) > 1 for number, _ in group]
        cached = {number: self._cached.get(number) for number in tied}
        dates = {number: one.published_at for number, one in cached.items() if one}
        if len(dates) < len(tied):
            dates.update(await self._dates([number for number in tied if not cached[number]]))
        if any(dates.values()):
            for group in groups:
                group.sort(key=lambda one: -at.timestamp() if (at := dates.get(one[0])) else 0)
        return [*chain.from_iterable(groups)]

    async def rank(self, query: str, *, limit: int, min_score: float = 0.0) -> list[Match]:
        """Return the articles that match most of the words of *query*, best first.

        Return only articles that score *min_score* or more. Semantic search is not used.
        """
        expanded = self.expand(query)
        scores = self.scores(expanded, limit=limit, min_score=min_score)
        return await self._matches(expanded, scores)

    async def _nearest(self, query: str, split: tuple[str, ...]) -> list[tuple[int, float]]:
        """Return the best stories by semantic search.

        Return none if no story is similar enough, if the query holds only codes and numbers, or if
        it names a country that no story names.
        """
        if (
            not self._semantic
            or all(map(has_digit, split))
            or self.index.vocabulary.lacks_country(split)
        ):
            return []
        return await self._semantic.find(query)

    async def _matches(
        self, query: Sequence[QueryWord], scores: Sequence[tuple[int, float]]
    ) -> list[Match]:
        articles = {
            number: article for number, _ in scores if (article := self._cached.get(number))
        }
        if len(articles) < len(scores):
            missing = [number for number, _ in scores if number not in articles]
            loaded = await self._articles(missing)
            self._cache(loaded)
            articles |= loaded
        # Without the articles of each word, so that a cached answer does not keep them in memory.
        of_subjects = [word.expansions for word in query if word.text not in FUNCTION_WORDS]
        why = partial(reasons, of_subjects)
        return [
            Match(article=articles[number], score=score, reasons=why) for number, score in scores
        ]

    def expand(self, query: str) -> Sequence[QueryWord]:
        """Split *query* into words, expand them, and find the articles that contain them."""
        split = self._split(query)
        together = self.index.vocabulary.together(split)
        last = len(split) - 1
        return [
            # A query of one or two letters could be the start of anything.
            self._match(
                word,
                at == last and (at > 0 or len(word) > 2 or is_unspaced(word)),
                together.get(at, ()),
            )
            for at, word in enumerate(split)
        ]

    def _match(self, word: str, is_last: bool, together: Relations) -> QueryWord:
        # People use the same words in different look-ups.
        key = word, is_last, together
        for cache in self._matched.values():
            if found := cache.get(key):
                return found
        expansions = self.index.vocabulary.expand(word, is_last=is_last, together=together)
        found = match_word(word, expansions, self.index)
        for most, cache in self._matched.items():
            if found.count <= most:
                cache[key] = found
                break
        return found

    def _split(self, query: str) -> tuple[str, ...]:
        """Return the first distinct words of *query*; a limit keeps long queries cheap."""
        known = (
            word if word.isascii() and word.islower() else self._as_known(word)
            for word in query_words(query[:_MAX_CHARACTERS])
        )
        return tuple(islice(dict.fromkeys(known), _MAX_WORDS))

    def _as_known(self, word: str) -> str:
        vocabulary = self.index.vocabulary
        is_known = word.islower() or word in vocabulary or is_code(word)
        return vocabulary.in_its_letters(word if is_known else word.lower())

    def scores(
        self, query: Sequence[QueryWord], *, limit: int, min_score: float, ties: int = 0
    ) -> list[tuple[int, float]]:
        """Return the numbers and scores of the best articles, best first.

        Articles whose whole headline is the query come first. There are at most *limit* articles,
        and *ties* more; see `ranking.rank`.
        """
        ranked = rank(query, limit=limit, min_score=min_score, ties=ties)
        exact = self.index.with_headline(_words(query), limit)
        if len(exact):
            scores = dict.fromkeys(exact.tolist(), 1.0)
            ranked = [*scores.items(), *(one for one in ranked if one[0] not in scores)]
        return ranked[: limit + ties]


def _words(query: Iterable[QueryWord]) -> tuple[str, ...]:
    return tuple([word.text for word in query])


def size_in_memory(article: Article) -> int:
    """Return about how much memory *article* takes, in characters of text."""
    texts = (article.headline, article.summary, article.insight, article.question)
    return _OVERHEAD + sum(map(len, texts))


def _without_near_duplicates(matches: Iterable[Match]) -> Iterable[Match]:
    """Yield *matches*, except those whose summary is nearly the same as an earlier one."""
    shown: list[set[str]] = []
    for match in matches:
        summary = {word for word, _ in words(match.article.summary)}
        if all(len(summary & other) < 0.6 * len(summary | other) for other in shown):
            shown.append(summary)
            yield match
