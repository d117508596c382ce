"""Derive topics from articles: what they name, and what they argue about."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from math import log10
from typing import TypeAlias

from rapidfuzz.distance import OSA

from store.finding.countries import country, is_people
from store.finding.languages import SPOKEN, spoken
from store.finding.topics.mentions import WITHIN, Mentions, Phrase, Run, Word, mentions
from store.finding.words import FUNCTION_WORDS, commonness, is_english, words
from store.types import Article


def _words_of(text: str) -> frozenset[str]:
    return frozenset(word for word, _ in words(text))


# Capitalized words that name no subject: dates, titles before a name, and "I'm".
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
_NUMERAL = re.compile(r"[ivx]+")
_ADJECTIVE = re.compile(r"(?:[aeiy]*ans?|ish|ese|i)$")
_PLACE_ENDINGS = ("", "a", "ia", "ea", "e", "y", "ey")
_VOWELS = re.compile(r"[aeiouyj]+")
_TWICE = re.compile(r"(.)\1+")
_COMMON_WORD, _RARE_WORD = 4.7, 4.2

# Articles argue about words that are far more common than in English, and about fixed word pairs.
SAMPLE = 5_000
"""The size of a sample that shows what a corpus argues about."""
_SHARE, _FEWEST, _MOST = 0.02, 3, 0.7
_LIFT = 2.2
_TOGETHER = 0.2
_NOT_A_NOUN = re.compile(r"(?:ing|ed|ly|ic|[^e]al|ous|ive|er|ate)$")

_Key: TypeAlias = tuple[str, ...]


class Catalogue:
    """Derives topics from articles that are added once, in the order of the corpus."""

    def __init__(self, sample: Iterable[Article]) -> None:
        """Create an empty catalogue; *sample* articles decide what the corpus argues about."""
        self._subjects = _subjects([mentions(article) for article in sample])
        self._usage = _Usage()
        self._runs: dict[Run, dict[int, int]] = defaultdict(dict)
        self._argued: dict[Phrase, list[int]] = defaultdict(list)
        self._ids: list[str] = []

    def add(self, articles: Iterable[Article]) -> None:
        """Add articles. An article of a hundred words takes a quarter of a millisecond."""
        for number, article in enumerate(articles, start=len(self._ids)):
            self._ids.append(article.id)
            found = mentions(article)
            self._usage.add(found)
            for run in found.runs:
                self._runs[run][number] = self._runs[run].get(number, 0) + 1
            for phrase in self._subjects.intersection(found.phrases):
                self._argued[phrase].append(number)

    def topics(self) -> Mapping[str, Sequence[str]]:
        """Return the article ids of each topic by name, topics with the most articles first."""
        found: dict[str, set[int]] = defaultdict(set)
        for name, numbers in _names(self._runs, self._usage):
            found[name].update(numbers)
        for phrase, numbers in self._argued.items():
            found[" ".join(phrase)].update(numbers)
        return {
            name: [self._ids[number] for number in sorted(numbers)]
            for name, numbers in sorted(found.items(), key=lambda pair: (-len(pair[1]), pair[0]))
        }


def catalogue(articles: Sequence[Article]) -> Mapping[str, Sequence[str]]:
    """Derive the topics of *articles* in memory; see `Catalogue.topics`."""
    result = Catalogue(articles[:: -(-len(articles) // SAMPLE) or 1])
    result.add(articles)
    return result.topics()


def _subjects(sample: Sequence[Mentions]) -> frozenset[Phrase]:
    """Return the words and word pairs that the articles of *sample* argue about."""
    uses: Counter[Phrase] = Counter()
    articles: Counter[Phrase] = Counter()
    verbs: Counter[str] = Counter()
    for found in sample:
        uses.update(found.phrases)
        articles.update(set(found.phrases))
        verbs.update(found.verbs)
    total = sum(count for phrase, count in uses.items() if len(phrase) == 1) or 1
    min_articles = max(_FEWEST, min(_SHARE * len(sample), 50))
    languages = spoken(lambda word: articles[word,] > SPOKEN * len(sample))

    chosen = set()
    for phrase, count in articles.items():
        # A topic of nearly all stories does not distinguish them.
        if not min_articles <= count <= _MOST * len(sample):
            continue
        *first, last = phrase
        if _NOT_A_NOUN.search(last) or verbs[last] > 0.1 * uses[last,]:
            continue
        if any(each.is_function_word(word) for each in languages for word in phrase):
            continue
        if first:
            if len(first[0]) < 4 and is_english(first[0]) and commonness(first[0]) > _COMMON_WORD:
                continue
            is_subject = uses[phrase] ** 2 >= _TOGETHER * uses[first[0],] * uses[last,]
        else:
            # How much more common than in English, as a power of ten.
            common = max(
                each(last) for each in (commonness, *(one.commonness for one in languages))
            )
            is_subject = log10(uses[phrase] / total * 1e9) - max(common, 2.5) >= _LIFT
        if is_subject:
            chosen.add(phrase)
    return _without_parts(chosen, uses)


def _without_parts(chosen: Set[Phrase], uses: Mapping[Phrase, int]) -> frozenset[Phrase]:
    """Return *chosen* without the words that nearly always occur in one of the chosen pairs."""
    in_pairs = Counter[str]()
    for phrase in chosen:
        for word in phrase if len(phrase) > 1 else ():
            in_pairs[word] += uses[phrase]
    return frozenset(
        phrase for phrase in chosen if len(phrase) > 1 or in_pairs[phrase[0]] < 0.6 * uses[phrase]
    )


class _Usage:
    """How the corpus capitalizes its words, which shows what is a name."""

    def __init__(self) -> None:
        self._capital: Counter[str] = Counter()
        self._lowercase: Counter[str] = Counter()
        self._alone: set[str] = set()

    def add(self, found: Mentions) -> None:
        """Count the words of one article."""
        self._lowercase.update(found.lowercase)
        for run in found.runs:
            for place, word in enumerate(run.words):
                if word.is_capital and (place or not run.is_opening):
                    self._capital[word.word] += 1
                    if not word.is_hyphened:
                        self._alone.add(word.word)

    def is_name(self, word: str) -> bool:
        """Return whether *word* has a capital more often than not."""
        return (
            len(word) > 1 and word not in _NAMELESS and self._capital[word] > self._lowercase[word]
        )

    def names(self, run: Run) -> Iterator[tuple[tuple[Word, ...], bool]]:
        """Yield the names in a run of capitalized words, and whether a title precedes each."""
        piece: list[Word] = []
        is_titled = False
        for place, word in enumerate(run.words):
            if piece and word.is_hyphened and {piece[-1].word, word.word} <= self._alone:
                # Jean-Noël is one name, US-Ukraine is two.
                yield from self._piece(piece, is_titled)
                piece, is_titled = [], False
            is_opener = not place and run.is_opening and not self._opens(run)
            if (word.word in _NAMELESS and word.word not in WITHIN) or is_opener:
                yield from self._piece(piece, is_titled)
                piece, is_titled = [], word.word in _TITLES
            else:
                piece.append(word)
        yield from self._piece(piece, is_titled)

    def _opens(self, run: Run) -> bool:
        """Return whether the first word of a sentence belongs to the name after it."""
        first = run.words[0].word
        if self.is_name(first):
            return True
        # "Kim Jong Un received" starts with a name, "Behind Trump stands" does not.
        return (
            len(run.words) > 1
            and run.words[1].is_capital
            and not self._lowercase[first]
            and commonness(first) < _COMMON_WORD
        )

    def _piece(self, piece: list[Word], is_titled: bool) -> Iterator[tuple[tuple[Word, ...], bool]]:
        while piece and not piece[-1].is_capital:
            piece = piece[:-1]
        while piece and piece[0].word == "of":
            piece = piece[1:]
        if sum(word.is_capital for word in piece) > 1 or (piece and self.is_name(piece[-1].word)):
            yield tuple(piece), is_titled


def _names(runs: Mapping[Run, Mapping[int, int]], usage: _Usage) -> Iterator[tuple[str, list[int]]]:
    spellings: dict[_Key, Counter[str]] = defaultdict(Counter)
    named_in: dict[_Key, set[int]] = defaultdict(set)
    people: set[_Key] = set()
    for run, numbers in runs.items():
        for piece, is_titled in usage.names(run):
            key = tuple(word.word for word in piece)
            if _NUMERAL.fullmatch("".join(key)):
                continue
            spelling = "".join(
                ("-" if word.is_hyphened else " ") + word.spelling for word in piece
            )[1:]
            spellings[key][spelling] += sum(numbers.values())
            named_in[key].update(numbers)
            if is_titled:
                people.add(key)
    for keys in _merge(spellings, people):
        # Call a country by its own name, not by that of its people.
        own = [key for key in keys if not is_people(key)] or keys
        names = sum((spellings[key] for key in own), Counter[str]())
        name = min(names, key=lambda name: (-names[name], name))
        yield name, sorted(set[int]().union(*(named_in[key] for key in keys)))


def _merge(spellings: Mapping[_Key, Counter[str]], people: set[_Key]) -> list[list[_Key]]:
    """Group the spellings of each name, and the surname of a person with the full name."""
    groups: list[list[_Key]] = []
    # Compare only names that sound alike: comparing 100,000 names pairwise would take too long.
    alike: dict[_Key, list[list[_Key]]] = defaultdict(list)
    owners: dict[str, list[list[_Key]]] = defaultdict(list)
    countries: dict[_Key, list[_Key]] = {}
    for key in sorted(spellings, key=lambda key: (-len(key), -spellings[key].total(), key)):
        sound = tuple(map(_sound, key))
        group = _country_group(key, spellings, countries)
        if group is None:
            group = next((each for each in alike[sound] if _is_same_name(key, each[0])), None)
        if group is None and WITHIN.issuperset(key[:-1]):
            group = _owner(key[-1], owners[sound[-1]], spellings, people)
        if group is None:
            group = []
            groups.append(group)
            if not WITHIN.issuperset(key[:-1]):
                owners[sound[-1]].append(group)
        if not group or key not in group:
            group.append(key)
        alike[sound].append(group)
    return [group for group in groups if group] + list(countries.values())


def _country_group(
    key: _Key, spellings: Mapping[_Key, Counter[str]], countries: dict[_Key, list[_Key]]
) -> list[_Key] | None:
    of = country(key)
    if of is None and len(key) == 1:
        root = _ADJECTIVE.sub("", key[0])
        if 2 < len(root) < len(key[0]):
            # An adjective of a place: European comes from Europe.
            places = ((root + end,) for end in _PLACE_ENDINGS)
            of = next((place for place in places if place in spellings and place != key), None)
            of = of and (country(of) or of)
        of = of or (
            key if any((key[0] + end,) in spellings for end in ("an", "n", "ian")) else None
        )
    return None if of is None else countries.setdefault(of, [])


def _owner(
    surname: str,
    groups: Sequence[list[_Key]],
    spellings: Mapping[_Key, Counter[str]],
    people: set[_Key],
) -> list[_Key] | None:
    """Return the group of the person with *surname*; None if several people share it."""
    owners = {
        at: sum(spellings[key].total() for key in group)
        for at, group in enumerate(groups)
        if (commonness(surname) < _RARE_WORD or not people.isdisjoint(group))
        and _is_similar(surname, group[0][-1])
    }
    if not owners:
        return None
    best = max(owners, key=owners.__getitem__)
    return groups[best] if owners[best] > 0.7 * sum(owners.values()) else None


def _sound(word: str) -> str:
    """Return what all spellings of a name share: the first letter and the consonants."""
    return word[0] + _TWICE.sub(r"\1", _VOWELS.sub("", word[1:]))


def _is_same_name(key: _Key, other: _Key) -> bool:
    return len(key) == len(other) and all(map(_is_similar, key, other))


def _is_similar(word: str, other: str) -> bool:
    if word == other:
        return True
    if is_english(word) and is_english(other):
        return False
    edits = 0 if len(word) < 5 else 1 if len(word) < 8 else 2
    return OSA.distance(word, other, score_cutoff=edits) <= edits
