"""The catalogue of topics: the people, places and organisations that the articles name."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from rapidfuzz import process
from rapidfuzz.distance import OSA

from store.types import Article
from store.words import FUNCTION_WORDS, commonness, is_english, words

_TOKEN = re.compile(r"(?:[A-Z]\.){2,}|[^\W\d_][^\W_]*(?:['’][^\W_]+)*")
_SENTENCE_START = re.compile(r"(?:^|[.!?:][\"”’)]*\s+|[\"“‘(]\s*)$")
_POSSESSIVE = re.compile(r"['’]s?$")
_NUMERAL = re.compile(r"[ivx]+")


def _words_of(text: str) -> frozenset[str]:
    return frozenset(word for word, _ in words(text))


# What is written with a capital and names no subject: dates, titles before a name, and "I'm".
_TITLES = _words_of(
    """
    president vice prime minister secretary foreign defence defense state ministry former chancellor
    king queen prince princess mr mrs ms dr sir lord lady general colonel captain senator governor
    mayor judge justice professor premier chief leader spokesman spokeswoman ambassador director
    """
)
_EMPTY = _words_of(
    """
    monday tuesday wednesday thursday friday saturday sunday january february march april may june
    july august september october november december christmas easter i im ive ill id
    """
)
_NAMELESS = _EMPTY | _TITLES | FUNCTION_WORDS
_ADJECTIVE = re.compile(r"(?:[aeiy]*ans?|ish|ese|i)$")
_PLACE_ENDINGS = ("", "a", "ia", "ea", "e", "y", "ey")
_LIKE = 0.65
_PLAIN = 4.7

_Key: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Topic:
    """A person, place or organisation, under its commonest spelling."""

    name: str
    article_ids: tuple[str, ...]
    """The articles that name it, in the order of the corpus."""


def catalogue(articles: Sequence[Article]) -> tuple[Topic, ...]:
    """Derive the topics of *articles*, those that most articles name first."""
    tokens = [
        (number, text, list(_tokens(text)))
        for number, article in enumerate(articles)
        for text in (article.summary, article.insight, article.question)
    ]
    usage = _Usage(token for _, _, each in tokens for token in each)
    spellings: dict[_Key, Counter[str]] = defaultdict(Counter)
    named_in: dict[_Key, set[int]] = defaultdict(set)
    people: set[_Key] = set()
    for number, text, each in tokens:
        for run, is_titled in usage.runs(each):
            key = tuple(token.word for token in run)
            if _NUMERAL.fullmatch("".join(key)):
                continue
            spellings[key][_POSSESSIVE.sub("", text[run[0].start : run[-1].end])] += 1
            named_in[key].add(number)
            if is_titled:
                people.add(key)
    topics = []
    for keys in _merged(spellings, people):
        names = sum((spellings[key] for key in keys), Counter[str]())
        numbers = sorted(set[int]().union(*(named_in[key] for key in keys)))
        topics.append(
            Topic(
                name=min(names, key=lambda name: (-names[name], name)),
                article_ids=tuple(articles[number].id for number in numbers),
            )
        )
    return tuple(sorted(topics, key=lambda topic: (-len(topic.article_ids), topic.name)))


def nearest(query: str, topics: Sequence[Topic], limit: int) -> tuple[str, ...]:
    """Give the names of at most *limit* topics that resemble a word of *query*, the best first."""
    parts = [(word, place) for place, topic in enumerate(topics) for word, _ in words(topic.name)]
    choices = [word for word, _ in parts]
    typed = dict.fromkeys(word for word, _ in words(query[:500]) if len(word) > 2)
    scores: dict[int, float] = {}
    for word in [word for word in typed if word not in FUNCTION_WORDS][:16]:
        # An English word is meant as it is: "pizza" is not near to Ibiza.
        least = 1.0 if is_english(word) else _LIKE
        for _, likeness, at in process.extract(
            word, choices, scorer=OSA.normalized_similarity, score_cutoff=least, limit=None
        ):
            place = parts[at][1]
            scores[place] = max(likeness, scores.get(place, 0.0))
    best = sorted(scores, key=lambda place: (-scores[place], place))
    return tuple(topics[place].name for place in best[:limit])


@dataclass(frozen=True, slots=True)
class _Token:
    word: str
    start: int
    end: int
    before: str
    """What stands between it and the token before."""
    is_capital: bool
    is_first: bool
    """Whether it opens a sentence, where any word has a capital."""
    is_possessive: bool


def _tokens(text: str) -> Iterator[_Token]:
    end = 0
    for found in _TOKEN.finditer(text):
        spelt = found[0]
        start = found.start()
        word = next((word for word, _ in words(spelt)), None)
        if not word:
            continue
        is_upper = len(word) > 1 and spelt.isupper()
        yield _Token(
            word=word,
            start=start,
            end=found.end(),
            before=text[end:start],
            is_capital=spelt[0].isupper(),
            is_first=not is_upper and bool(_SENTENCE_START.search(text[max(0, start - 4) : start])),
            is_possessive=bool(_POSSESSIVE.search(spelt)),
        )
        end = found.end()


_END = _Token("", 0, 0, "", is_capital=False, is_first=True, is_possessive=False)


class _Usage:
    """How the corpus writes its words, which tells names from the rest."""

    def __init__(self, tokens: Iterable[_Token]) -> None:
        capital: Counter[str] = Counter()
        small: Counter[str] = Counter()
        self._alone: set[str] = set()
        openers: list[tuple[str, str]] = []
        for token, follower in pairwise([*tokens, _END]):
            if not token.is_capital:
                small[token.word] += 1
            elif token.is_first:
                if follower.is_capital and not follower.is_first and follower.before == " ":
                    openers.append((token.word, follower.word))
            else:
                capital[token.word] += 1
                if token.before != "-":
                    self._alone.add(token.word)
        self._names = {
            word for word, count in capital.items() if count > small[word] and word not in _NAMELESS
        }
        # "Kim Jong Un received" opens with a name, "Behind Trump stands" does not.
        self._names |= {
            word
            for word, follower in openers
            if follower in self._names and not small[word] and commonness(word) < _PLAIN
        } - _NAMELESS

    def runs(self, tokens: Iterable[_Token]) -> Iterator[tuple[list[_Token], bool]]:
        """Yield each run of names side by side, and whether a title stands before it."""
        run: list[_Token] = []
        is_titled = False
        before: _Token | None = None
        for token in tokens:
            is_name = token.is_capital and token.word in self._names
            if run and not (is_name and self._goes_on(run[-1], token)):
                yield run, is_titled
                run = []
            if is_name:
                if not run:
                    is_titled = bool(before and before.word in _TITLES and token.before == " ")
                run.append(token)
            before = token
        if run:
            yield run, is_titled

    def _goes_on(self, last: _Token, token: _Token) -> bool:
        if token.before == "-":
            # Jean-Noël is one name, US-Ukraine are two.
            return not {last.word, token.word} <= self._alone
        return token.before == " " and not last.is_possessive


def _merged(spellings: Mapping[_Key, Counter[str]], people: set[_Key]) -> list[list[_Key]]:
    """Group the spellings of each name, and a person's surname with the whole name."""
    groups: list[list[_Key]] = []
    # Names that are one end in words with the same first letter, so no others are compared.
    by_letter: dict[str, list[list[_Key]]] = defaultdict(list)
    for key in sorted(spellings, key=lambda key: (-len(key), -spellings[key].total(), key)):
        near = by_letter[key[-1][0]]
        like = [group for group in near if any(_is_one(key, other) for other in group)]
        # A surname that several people have is nobody's.
        owners = [
            group
            for group in near
            if len(key) == 1
            and len(group[0]) > 1
            and (not is_english(key[0]) or not people.isdisjoint(group))
            and _is_like(key[0], group[0][-1])
        ]
        group = (like or (owners if len(owners) == 1 else None) or [[]])[0]
        if not group:
            groups.append(group)
            near.append(group)
        group.append(key)
    return groups


def _is_one(key: _Key, other: _Key) -> bool:
    return len(key) == len(other) and all(map(_is_like, key, other))


def _is_like(word: str, other: str) -> bool:
    if word == other:
        return True
    if is_english(word) and is_english(other):
        return _is_of(word, other) or _is_of(other, word)
    edits = 0 if len(word) < 5 else 1 if len(word) < 8 else 2
    return word[0] == other[0] and OSA.distance(word, other, score_cutoff=edits) <= edits


def _is_of(adjective: str, place: str) -> bool:
    """Tell whether *adjective* is made from *place*, as Russian is from Russia."""
    root = _ADJECTIVE.sub("", adjective)
    return 2 < len(root) < len(adjective) and place in {root + end for end in _PLACE_ENDINGS}
