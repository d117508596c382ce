"""Generate corpora of any size that look like news, and look-ups with known answers.

Words are English words, about as frequent as in English. Names are built from syllables: a few are
common and most are rare, and some have several spellings, like transliterated names.
"""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from itertools import accumulate
from pathlib import Path

from store.language.words import FUNCTION_WORDS
from store.language.words import words as split
from store.types import Article

ARTICLES_IN_A_DOCUMENT = 1_000

# fmt: off
_ONSETS = (
    "b", "br", "d", "dr", "f", "g", "gr", "h", "j", "k", "kr", "l", "m", "n", "p", "pr", "r", "s",
    "sh", "st", "t", "tr", "v", "vl", "w", "y", "z", "zh", "ch",
)
_VOWELS = ("a", "a", "a", "e", "e", "i", "i", "o", "o", "u", "ia", "ei")
_CODAS = ("n", "n", "r", "l", "s", "k", "m", "t", "sk", "nd", "v", "ts", "", "", "", "", "", "")
_ENDINGS = (
    "ov", "ev", "in", "sky", "enko", "ski", "man", "son", "berg", "ez", "ic", "idze", "yan", "ian",
    "oglu", "ini", "ard", "elli",
)
# fmt: on
# Spellings that may replace each other in a name.
_VARIANTS = (
    ("sky", "skiy"),
    ("ov", "off"),
    ("ev", "eff"),
    ("zh", "j"),
    ("ia", "ya"),
    ("ts", "tz"),
    ("w", "v"),
    ("ei", "ey"),
    ("k", "c"),
    ("sh", "sch"),
)
_FRAMES = ("in", "of", "for", "and", "after", "over", "with", "the", "to", "at")


@dataclass(frozen=True, slots=True)
class Lookup:
    """A query, its kind (one of KINDS), and the articles that contain every word it stands for."""

    query: str
    kind: str
    relevant: frozenset[int]


@dataclass(slots=True)
class News:
    """A corpus of short articles, determined by *size*, *seed* and the other fields."""

    size: int
    seed: int = 1
    names: int = 60_000
    sentences: int = 0
    """Sentences of everyday words in the insight of each article; about 70 bytes each."""
    _rng: random.Random = field(init=False)
    _words: Sequence[str] = field(init=False)
    _weights: Sequence[float] = field(init=False)
    _spellings: Sequence[Sequence[str]] = field(init=False)
    _name_weights: Sequence[float] = field(init=False)

    def __post_init__(self) -> None:
        self._rng = random.Random(self.seed)
        text = files("symspellpy").joinpath("frequency_dictionary_en_82_765.txt")
        counted = (line.split() for line in text.read_text("utf-8-sig").splitlines())
        kept = [
            (word, int(count))
            for word, count in counted
            if len(word) > 2 and word not in FUNCTION_WORDS
        ]
        self._words = [word for word, _ in kept]
        # News uses the commonest words less than English in general.
        self._weights = list(accumulate(count**0.75 for _, count in kept))
        self._spellings = [self._name() for _ in range(self.names)]
        self._name_weights = list(accumulate(1 / (place + 20) for place in range(self.names)))

    def topics(self) -> Iterator[Sequence[str]]:
        """Yield the content words of each article, in order."""
        rng = random.Random(self.seed + 1)
        for _ in range(self.size):
            words = rng.choices(self._words, cum_weights=self._weights, k=rng.randint(3, 6))
            for spellings in rng.choices(
                self._spellings, cum_weights=self._name_weights, k=rng.randint(1, 2)
            ):
                words.insert(rng.randint(0, len(words)), rng.choice(spellings))
            yield words

    def write(self, folder: Path) -> None:
        """Write the articles to *folder*, as documents of a thousand articles each."""
        rng = random.Random(self.seed + 2)
        document: list[str] = []
        number = 0
        for number, words in enumerate(self.topics()):
            place, inside = divmod(number, ARTICLES_IN_A_DOCUMENT)
            if not inside:
                document = [f"Bulletin {place}"]
            document += (_sentence(words, rng), self._insight(rng), "What now?")
            if inside == ARTICLES_IN_A_DOCUMENT - 1 or number == self.size - 1:
                (folder / f"{place:05}.txt").write_text("\n".join(document) + "\n")

    def _insight(self, rng: random.Random) -> str:
        if not self.sentences:
            return "It stands."
        return " ".join(
            _sentence(rng.choices(self._words, cum_weights=self._weights, k=9), rng)
            for _ in range(self.sentences)
        )

    def lookups(self, count: int) -> Sequence[Lookup]:
        """Generate *count* look-ups from random articles, one of each kind in turn."""
        rng = random.Random(self.seed + 3)
        chosen = set(rng.sample(range(self.size), count))
        drafts: list[tuple[str, str, frozenset[str]]] = []
        spellings = {one: tuple(same) for same in self._spellings for one in same}
        for number, words in enumerate(self.topics()):
            if number in chosen:
                drafts.append(_draft(words, spellings, rng, len(drafts)))
        wanted = {word for _, _, intended in drafts for word in intended}
        containing: defaultdict[str, set[int]] = defaultdict(set)
        for number, words in enumerate(self.topics()):
            for word in wanted.intersection(words):
                containing[word].add(number)
        lookups = []
        for query, kind, intended in drafts:
            each = [
                set().union(*(containing[same] for same in spellings.get(word, (word,))))
                for word in intended
            ]
            lookups.append(Lookup(query, kind, frozenset(set.intersection(*each))))
        return lookups

    def _name(self) -> Sequence[str]:
        rng = self._rng
        syllables = [
            rng.choice(_ONSETS) + rng.choice(_VOWELS) + rng.choice(_CODAS)
            for _ in range(rng.randint(1, 2))
        ]
        name = "".join(syllables) + rng.choice(_ENDINGS)
        others = [name.replace(one, other) for one, other in _VARIANTS if one in name]
        if rng.random() < 0.15 and others:
            return [name, *rng.sample(others, min(len(others), 2))]
        return [name]


def new_lookups(articles: Sequence[Article], count: int) -> Sequence[str]:
    """Generate *count* different queries: three words of a story, every fourth with a typo."""
    rng = random.Random(4)
    texts = [f"{article.headline} {article.summary}" for article in articles]
    queries: dict[str, None] = {}
    while len(queries) < count:
        found = [word for word, _ in split(rng.choice(texts)) if word not in FUNCTION_WORDS]
        long = [word for word in dict.fromkeys(found) if len(word) > 3]
        typed = rng.sample(long, min(3, len(long)))
        if typed and len(queries) % 4 == 3:
            typed[0] = _typo(typed[0], rng)
        queries[" ".join(typed)] = None
    return [*queries]


KINDS = ("clean", "one typo", "all typo", "prefix", "order", "joined", "spelling")


def _draft(
    words: Sequence[str], spellings: dict[str, tuple[str, ...]], rng: random.Random, turn: int
) -> tuple[str, str, frozenset[str]]:
    kind = KINDS[turn % len(KINDS)]
    named = [word for word in words if word in spellings]
    intended = rng.sample(words, min(3, len(words)))
    typed = sorted(intended, key=words.index)
    match kind:
        case "one typo":
            at = max(range(len(typed)), key=lambda place: len(typed[place]))
            typed[at] = _typo(typed[at], rng)
        case "all typo":
            typed = [_typo(word, rng) for word in typed]
        case "prefix":
            last = typed[-1]
            typed[-1] = last[: max(3, len(last) * 2 // 3)]
        case "order":
            rng.shuffle(typed)
        case "joined":
            typed[:2] = ["".join(typed[:2])]
        case "spelling":
            intended = sorted({*intended[:2], named[0]})
            typed = [rng.choice(spellings.get(word, (word,))) for word in intended]
    return " ".join(typed), kind, frozenset(intended)


def _typo(word: str, rng: random.Random) -> str:
    if len(word) < 4:
        return word
    at = rng.randint(1, len(word) - 2)
    letter = rng.choice("abcdefghijklmnopqrstuvwxyz")
    return rng.choice(
        [
            word[:at] + word[at + 1 :],
            word[:at] + letter + word[at:],
            word[:at] + letter + word[at + 1 :],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        ]
    )


def _sentence(words: Sequence[str], rng: random.Random) -> str:
    parts: list[str] = []
    for place, word in enumerate(words):
        if place and rng.random() < 0.4:
            parts.append(rng.choice(_FRAMES))
        parts.append(word)
    text = " ".join(parts)
    return f"{text[0].upper()}{text[1:]}."
