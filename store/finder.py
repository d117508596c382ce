"""The finder: from a few words, misspelt or not, to the stories that they mean."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Self

from store.topics import Topic, catalogue, nearest
from store.types import Answer, Article, Found, Match, Nothing, Unsure
from store.vocabulary import Reading, Readings, Vocabulary
from store.words import FUNCTION_WORDS, commonness, words

CUT_OFF = 0.6
"""The score from which a story answers; see tests/store/test_finder.py for what it costs."""
UNSURE = 0.475
"""The score from which a story is worth a question."""
SUGGESTIONS = 3

# The summary tells the story; the other fields count a little less, or ties would be chance.
_WEIGHTS = {"summary": 1.0, "headline": 0.99, "insight": 0.98, "question": 0.97}

# What English uses most says least; 7 is as common as "the" and "of".
_PLAIN, _EMPTY, _LEAST = 5.0, 7.5, 0.3
_FUNCTION_WORD = 0.1

_CHARACTERS = 2_000
_WORDS = 32


@dataclass(frozen=True, slots=True)
class _Hit:
    """How well one article covers one word of the query."""

    cover: float
    likeness: float
    reading: Reading


class Finder:
    """An immutable index over articles."""

    def __init__(
        self,
        *,
        articles: tuple[Article, ...],
        postings: Mapping[str, Mapping[int, float]],
        spellings: Sequence[Mapping[str, str]],
        headlines: Mapping[tuple[str, ...], Sequence[int]],
        topics: tuple[Topic, ...],
    ) -> None:
        self._articles = articles
        self._postings = postings
        self._spellings = spellings
        self._headlines = headlines
        self._topics = topics
        self._vocabulary = Vocabulary(postings)

    @classmethod
    def build(cls, articles: Sequence[Article]) -> Self:
        """Index *articles*; takes 1 to 2 ms each."""
        postings: dict[str, dict[int, float]] = defaultdict(dict)
        headlines: dict[tuple[str, ...], list[int]] = defaultdict(list)
        spellings: list[dict[str, str]] = []
        for number, article in enumerate(articles):
            spelt: dict[str, str] = {}
            for field, weight in _WEIGHTS.items():
                for word, spelling in words(getattr(article, field)):
                    spelt.setdefault(word, spelling)
                    # The first field that holds a word is the weightiest.
                    postings[word].setdefault(number, weight)
            spellings.append(spelt)
            headlines[_typed(article.headline)].append(number)
        return cls(
            articles=tuple(articles),
            postings=dict(postings),
            spellings=spellings,
            headlines=dict(headlines),
            topics=catalogue(articles),
        )

    async def find(self, query: str, *, limit: int = 10) -> Answer:
        """Look up *query*, whatever it holds; never raises.

        Found has at most *limit* matches, Unsure and Nothing at most three to choose from.
        """
        return self._find(query, limit=limit)

    def _find(self, query: str, *, limit: int) -> Answer:
        ranked = self.rank(query)
        found = [match for match in ranked if match.score >= CUT_OFF]
        if found:
            return Found(matches=tuple(found[: max(limit, 1)]))
        maybe = (match for match in ranked if match.score >= UNSURE)
        unsure = tuple(islice(_differing(maybe), SUGGESTIONS))
        if unsure:
            return Unsure(matches=unsure)
        return Nothing(topics=nearest(query, self._topics, SUGGESTIONS))

    def rank(self, query: str) -> tuple[Match, ...]:
        """Give every article that covers anything of *query*, best first, cut off nowhere."""
        typed = _typed(query)
        hits: dict[int, list[Reading]] = defaultdict(list)
        covered: dict[int, float] = defaultdict(float)
        whole = 0.0
        if not FUNCTION_WORDS.issuperset(typed):
            for word, readings in zip(typed, self._vocabulary.readings(typed), strict=True):
                by_article = self._hits(readings)
                weight = self._weight(word, by_article)
                whole += weight
                for number, hit in by_article.items():
                    covered[number] += weight * hit.cover
                    if word not in FUNCTION_WORDS:
                        hits[number].append(hit.reading)
        scores = {number: round(min(share / whole, 1.0), 6) for number, share in covered.items()}
        titled = dict.fromkeys(self._headlines.get(typed, ()) if typed else (), 1.0)
        scores |= titled
        order = sorted(scores, key=lambda number: (-scores[number], number not in titled, number))
        return tuple(
            Match(
                article=self._articles[number],
                score=scores[number],
                why=self._why(number, hits[number]),
            )
            for number in order
        )

    def _hits(self, readings: Readings) -> dict[int, _Hit]:
        hits: dict[int, _Hit] = {}
        for reading, likeness in readings.items():
            for number, field in self._holding(reading).items():
                cover = likeness * field
                if number not in hits or cover > hits[number].cover:
                    hits[number] = _Hit(cover, likeness, reading)
        return hits

    def _holding(self, reading: Reading) -> Mapping[int, float]:
        first, *rest = (self._postings[word] for word in reading)
        for other in rest:
            first = {
                number: min(first[number], other[number]) for number in first.keys() & other.keys()
            }
        return first

    def _weight(self, word: str, hits: Mapping[int, _Hit]) -> float:
        """Weigh a word of the query by how rare it is here, and in English at large."""
        # Only the likeliest readings say how rare the word is; a word that is nowhere is rarest.
        top = max((hit.likeness for hit in hits.values()), default=0.0) - 0.1
        holders = sum(hit.likeness >= top for hit in hits.values()) or 1
        weight = math.log(1 + len(self._articles) / holders)
        if word in FUNCTION_WORDS:
            return weight * _FUNCTION_WORD if hits else 0.0
        rarity = (_EMPTY - commonness(word)) / (_EMPTY - _PLAIN)
        return weight * min(max(rarity, _LEAST), 1.0)

    def _why(self, number: int, readings: Iterable[Reading]) -> tuple[str, ...]:
        spelt = self._spellings[number]
        return tuple(dict.fromkeys(spelt[word] for reading in readings for word in reading))


def _typed(text: str) -> tuple[str, ...]:
    """Give the first few distinct words of *text*, so that the longest costs no more than a few."""
    distinct = dict.fromkeys(word for word, _ in words(text[:_CHARACTERS]))
    return tuple(islice(distinct, _WORDS))


def _differing(matches: Iterable[Match]) -> Iterable[Match]:
    """Leave out each story that tells nearly the same as one before it."""
    shown: list[set[str]] = []
    for match in matches:
        told = {word for word, _ in words(match.article.summary)}
        if all(len(told & other) < 0.6 * len(told | other) for other in shown):
            shown.append(told)
            yield match
