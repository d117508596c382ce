"""Derive topics from articles: what they name, and what they argue about."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from math import log10
from typing import TypeAlias

from rapidfuzz.distance import OSA

from store.language.countries import country, is_people
from store.language.languages import SPOKEN, Language, spoken
from store.language.words import FUNCTION_WORDS, commonness, is_english, singular, words
from store.progress import Progress
from store.topics.mentions import WITHIN, Mentions, Phrase, Run, Word, base, mentions
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
_NO_SUBJECTS = _words_of(
    """
    everybody everyone somebody someone nobody anybody whoever themselves
    two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred
    hundreds thousand thousands million millions billion dozen dozens half first second third
    """
)
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
# A word that stories keep to, in several of their texts, needs less to be a topic.
_KEPT_TO, _KEPT_LIFT, _ONE_STORY, _TOO_COMMON = 0.25, 1.5, 2.2, 5.3
_NEVER_A_NOUN = re.compile(r"(?:ed|ly|ous)$")
_NOT_A_NOUN = re.compile(r"(?:ing|ed|ly|ic|[^e]al|ous|ive|er|ate)$")

_Key: TypeAlias = tuple[str, ...]


class Catalogue:
    """Derives topics from articles that are added once, in the order of the corpus."""

    def __init__(self, sample: Iterable[Article], progress: Progress | None = None) -> None:
        """Create an empty catalogue; *sample* articles decide what the corpus argues about.

        *progress* counts each of them twice.
        """
        progress = progress or Progress()
        found = [mentions(article) for article in progress.counting(sample)]
        self._subjects = _Subjects(found, progress)
        self._usage = _Usage(self._subjects.languages)
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
            for phrase in self._subjects.of(found):
                self._argued[phrase].append(number)

    def topics(self) -> Mapping[str, Sequence[str]]:
        """Return the article ids of each topic by name, topics with the most articles first."""
        found: dict[str, set[int]] = defaultdict(set)
        for name, numbers in _names(self._runs, self._usage):
            found[name].update(numbers)
        for phrase, numbers in self._argued.items():
            found[self._subjects.names[phrase]].update(numbers)
        return {
            name: [self._ids[number] for number in sorted(numbers)]
            for name, numbers in sorted(found.items(), key=_most_articles_first)
        }


def catalogue(articles: Sequence[Article]) -> Mapping[str, Sequence[str]]:
    """Derive the topics of *articles* in memory; see `Catalogue.topics`."""
    result = Catalogue(articles[:: -(-len(articles) // SAMPLE) or 1])
    result.add(articles)
    return result.topics()


def _most_articles_first(topic: tuple[str, Set[int]]) -> tuple[int, str, str]:
    name, numbers = topic
    return -len(numbers), name.casefold(), name


def _commonest_first(spelling: tuple[str, int]) -> tuple[int, str]:
    return -spelling[1], spelling[0]


class _Subjects:
    """The words and word pairs that the articles of a sample argue about."""

    def __init__(self, sample: Sequence[Mentions], progress: Progress) -> None:
        common = Counter(word for found in sample for word in {*found.lowercase, *_capitals(found)})
        self.languages = spoken(lambda word: common[word] > SPOKEN * len(sample))
        self._has_capital_nouns = any(each.has_capital_nouns for each in self.languages)
        self._lowercase = {word for found in sample for word in found.lowercase}
        self._size = len(sample)
        self._min_articles = max(_FEWEST, min(_SHARE * len(sample), 50))
        self._uses: Counter[Phrase] = Counter()
        self._articles: Counter[Phrase] = Counter()
        self._kept_to: Counter[Phrase] = Counter()
        self._verbs: Counter[str] = Counter()
        self._spellings: dict[Phrase, Counter[str]] = defaultdict(Counter)
        for found in progress.counting(sample):
            self._count(found)
        self._total = sum(count for phrase, count in self._uses.items() if len(phrase) == 1) or 1
        chosen = {phrase for phrase in self._articles if self._is_subject(phrase)}
        self.names = {
            phrase: min(self._spellings[phrase].items(), key=_commonest_first)[0]
            for phrase in _without_parts(chosen, self._uses)
        }
        """{phrase without endings: the topic's name, which is its commonest spelling}."""

    def of(self, found: Mentions) -> Set[Phrase]:
        """Return the phrases of an article that are topics."""
        return self.names.keys() & {_base(phrase) for phrase, _ in self._phrases(found)}

    def _phrases(self, found: Mentions) -> Iterator[tuple[Phrase, str]]:
        """Yield each phrase that may be a subject, and its spelling."""
        if self._has_capital_nouns:
            for run in found.runs:
                for word in run.words:
                    if word.is_capital and _is_capital_noun(word.word, self.languages):
                        yield (word.word,), word.spelling
            return
        for phrase in found.phrases:
            yield phrase, " ".join(phrase)
        for word in found.openers():
            # "Holiday is booked": some other sentence has the word without its capital.
            if word.word in self._lowercase:
                yield (word.word,), word.word

    def _count(self, found: Mentions) -> None:
        here = Counter[Phrase]()
        for phrase, spelling in self._phrases(found):
            key = _base(phrase)
            self._spellings[key][spelling] += 1
            here[key] += 1
        # Not +=, which checks all counts so far.
        self._uses.update(here)
        self._articles.update(here.keys())
        self._kept_to.update(phrase for phrase in here if found.repeated.issuperset(phrase))
        self._verbs.update(map(base, found.verbs))

    def _is_subject(self, phrase: Phrase) -> bool:
        count = self._articles[phrase]
        fewest = self._min_articles / (_FEWEST if len(phrase) == 1 else 1)
        # A topic of nearly all stories does not distinguish them.
        if not fewest <= count <= max(_MOST * self._size, 1) or not self._is_noun(phrase):
            return False
        if len(phrase) == 1:
            lift, is_common = self._lift(phrase)
            return (count >= self._min_articles and lift >= _LIFT) or (
                self._is_kept_to(phrase)
                and lift >= (_KEPT_LIFT if count > 1 else _ONE_STORY)
                and not is_common
            )
        first = phrase[0]
        if len(first) < 4 and is_english(first) and commonness(first) > _COMMON_WORD:
            return False
        alone = self._uses[phrase[:1]] * self._uses[phrase[1:]]
        return self._uses[phrase] ** 2 >= _TOGETHER * alone

    def _is_kept_to(self, phrase: Phrase) -> bool:
        return self._kept_to[phrase] >= _KEPT_TO * self._articles[phrase]

    def _is_noun(self, phrase: Phrase) -> bool:
        spelled = [word for spelling in self._spellings[phrase] for word, _ in words(spelling)]
        if not _NO_SUBJECTS.isdisjoint(spelled):
            return False
        if any(each.is_function_word(word) for each in self.languages for word in spelled):
            return False
        if self._verbs[phrase[-1]] > 0.1 * self._uses[phrase[-1],]:
            return False
        no_noun = _NEVER_A_NOUN if self._is_kept_to(phrase) else _NOT_A_NOUN
        return self._has_capital_nouns or not no_noun.search(spelled[-1])

    def _lift(self, phrase: Phrase) -> tuple[float, bool]:
        """Return how much more common a word is than in its language, as a power of ten.

        And whether it is too common to be a topic by itself.
        """
        scales = [commonness, *(one.commonness for one in self.languages)]
        spelled = [word for spelling in self._spellings[phrase] for word, _ in words(spelling)]
        common = max(each(word) for each in scales for word in spelled)
        lift = log10(self._uses[phrase] / self._total * 1e9) - max(common, 2.5)
        return lift, common >= _TOO_COMMON


def _base(phrase: Phrase) -> Phrase:
    return tuple(map(base, phrase))


def _capitals(found: Mentions) -> Iterator[str]:
    return (word.word for run in found.runs for word in run.words)


def _is_capital_noun(word: str, languages: Iterable[Language]) -> bool:
    """Return whether a capital does not make *word* a name, because its language has it as noun."""
    return any(each.has_capital_nouns and each.commonness(word) > 0 for each in languages)


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

    def __init__(self, languages: Sequence[Language]) -> None:
        self._languages = languages
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
            len(word) > 1
            and not self._is_nameless(word)
            and self._capital[word] > self._lowercase[word]
        )

    def _is_nameless(self, word: str) -> bool:
        is_plain = _is_capital_noun(word, self._languages) and not country((word,))
        return is_plain or word in _NAMELESS or singular(word) in _EMPTY

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
            is_within = place and word.word in WITHIN
            if (self._is_nameless(word.word) and not is_within) or is_opener:
                yield from self._piece(piece, is_titled)
                piece, is_titled = [], word.word in _TITLES
            else:
                piece.append(word)
        yield from self._piece(piece, is_titled)

    def _is_link(self, word: str) -> bool:
        """Return whether *word* starts no name: "of", or "de" in Spanish."""
        return word == "of" or any(each.is_function_word(word) for each in self._languages)

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
        while piece and not piece[0].is_capital and self._is_link(piece[0].word):
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
