"""Recognize small talk: what people say to a colleague, and not to a search box.

All knowledge is in `small_talk.txt` beside this module: short sentences of each kind. To teach
Parley something, add a sentence there. Two steps decide what a text is:

1. A text with a word that is not in the file is a look-up.
2. If all of its words are, it is of the kind whose sentences are most like it, by a naive Bayes
   classifier over its words and its pairs of neighbouring words. Sentences that look like talk and
   ask for a story are a kind too.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from enum import Enum, auto
from functools import lru_cache
from importlib.resources import files
from itertools import chain, groupby, pairwise
from math import log
from unicodedata import normalize

from rapidfuzz import process
from rapidfuzz.distance import OSA

from store.language.words import is_english, stem


class SmallTalk(Enum):
    """What somebody says to Parley without asking for a story."""

    THANKS = auto()
    BYE = auto()
    PRAISE = auto()
    FINE = auto()
    """An answer that asks for nothing, such as "ok" or "sorry"."""
    HELLO = auto()
    ABOUT = auto()
    """A question about Parley itself: what it is, how it works, how to find a story."""
    DELETE = auto()
    """How to delete a post."""
    NEXT = auto()
    """What is scheduled, and when."""
    CHANGE = auto()
    """How to change, skip or end what is scheduled."""
    OWNER = auto()
    """Who set up what is scheduled."""
    UNDO = auto()
    """How to take a change of a schedule back."""
    UNSUBSCRIBE = auto()
    """How to get no more posts."""
    PRIVACY = auto()
    """What Parley stores."""
    ADD = auto()
    """Where stories come from, and how to add some."""
    SCHEDULE = auto()
    """How to get posts regularly."""
    DISCUSS = auto()
    """How to ask a channel a question now."""
    INVITE = auto()
    """How to get Parley into a channel."""
    WHY = auto()
    """Why a post was chosen, and by whom."""
    STORY = auto()
    """Where the story of a question is."""
    NEWEST = auto()
    """What has come in lately."""
    REMIND = auto()
    """A reminder for one person, which Parley cannot send."""

    @property
    def is_courtesy(self) -> bool:
        """Whether it is a phrase of courtesy, and no question about Parley."""
        return self in _COURTESIES


_Kind = SmallTalk | None
"""None is the kind of sentences that ask for a story."""
_COURTESIES = frozenset(
    {SmallTalk.THANKS, SmallTalk.BYE, SmallTalk.PRAISE, SmallTalk.FINE, SmallTalk.HELLO}
)
_COMMAND = re.compile(r"/[\w-]*?(?=(?:brief|discuss|digest|corpus)\b)")
_CHANNEL = re.compile(r"#[^\W\d]\S*")
_EMOJI = re.compile(r":[\w+'-]+:")
_IS = re.compile(r"\b(what|that|it|who|how|when|where|there|here)['’]s\b")
_ACCENTS = re.compile("[\u0300-\u036f]")
_WORD = re.compile(r"[^\W_]+")
_NUMBER = re.compile(r"\d+(?:am|pm|h|m|min|st|nd|rd|th)?")
_TOPIC = re.compile(
    r"^(?P<wish>.+?(?:something|anything|questions?|discussion|conversation|debate|topic))"
    r" (?:about|on) (?P<topic>(?!the\b|this\b|it\b).+)$",
    re.IGNORECASE,
)
_UNSEEN = 0.01
"""How many sentences of a kind are taken to have a word that none of them has."""
_MARKS = re.compile(r"[,;:.!?…、。！？]")
_MIN_PAIRS = 3
"""How many pairs of a text must occur in sentences of its kind, unless it is one of them."""
_MIN_PAIRS_IF_MEANT = 5
"""The same for a text with unknown words."""


def small_talk(text: str) -> SmallTalk | None:
    """Return what kind of small talk *text* is; None if it may be a look-up.

    A text without a word, such as a waving hand, is a greeting.
    """
    if text.startswith("/"):
        return None
    words = _words(text)
    if not words:
        return SmallTalk.HELLO
    tokens = []
    for word in words:
        token = _token(word)
        if token is None:
            # Most look-ups end at their first word.
            if _calls_for_help(text):
                return SmallTalk.ABOUT
            return SmallTalk.DISCUSS if discussed(text) else None
        tokens.append(token)
    sentence = _significant(tokens)
    is_example = sentence in _EXAMPLES
    kind = _EXAMPLES[sentence] if is_example else _kind(sentence, min_pairs=_MIN_PAIRS)
    if kind and kind.is_courtesy and any(map(_is_other_form, words)):
        # "ty" is thanks, and "ties" are looked up.
        return None
    return kind


def _calls_for_help(text: str) -> bool:
    """Return whether a word for help stands by itself at the beginning: "Hilfe, was nun?"."""
    first, *others = _MARKS.split(text, maxsplit=1)
    return bool(others) and len(words := _words(first)) == 1 and words[0] in _HELP


def is_certain(text: str) -> bool:
    """Return whether *text* is small talk even if it finds a story.

    That is a word for help, or a sentence that Parley has learned from: word by word, or if it has
    three words that say something. "Happy holidays" and "changing times" may be headlines.
    """
    words = _words(text)
    sentence = _significant(map(_token, words))
    kind = _EXAMPLES.get(sentence)
    if kind is None:
        return False
    if not _HELP.isdisjoint(words):
        return True
    is_learned = len(words) > 1 and not kind.is_courtesy and tuple(words) in _LEARNED
    return is_learned or (len(sentence) > 2 and not any(map(_is_other_form, words)))


def has_word(text: str, *, of: Iterable[str]) -> bool:
    """Return whether *text* has one of the words *of* something, in any of its forms."""
    bases = {_base(word) for one in of for word in _words(one)}
    return any(_base(word) in bases for word in _words(text))


def meant_talk(text: str) -> SmallTalk | None:
    """Return what a *text* that finds no story probably asks for; None if it is a look-up.

    At most one of its words is unknown.
    """
    tokens = [*map(_token, _words(text))]
    is_known = tokens.count(None) < 2
    return _kind(_significant(tokens), min_pairs=_MIN_PAIRS_IF_MEANT) if is_known else None


def discussed(text: str) -> str:
    """Return the topic of "ask us something about iran"; "" for other words."""
    found = _TOPIC.match(" ".join(text.rstrip("?!. ").split()))
    is_wish = found and small_talk(found["wish"]) is SmallTalk.DISCUSS
    return found["topic"] if found and is_wish else ""


def _words(text: str) -> list[str]:
    """Return the words of *text* in lower case; a command is a word, and so is a channel."""
    if not text.isascii():
        # People leave out accents, and write Japanese in letters of two widths.
        text = normalize("NFKC", _ACCENTS.sub("", normalize("NFKD", text)))
    text = _COMMAND.sub(" command", _CHANNEL.sub("channel", _EMOJI.sub(" ", text.casefold())))
    text = text.replace("whats", "what's")
    if "'" in text or "’" in text:
        text = _IS.sub(r"\1 is", text).replace("'", "").replace("’", "")
    return _WORD.findall(text)


def _is_other_form(word: str) -> bool:
    """Return whether *word* is English and another form of a word in the file."""
    return word not in _SPELLED and not _NUMBER.fullmatch(word) and is_english(word)


def _base(word: str) -> str:
    """Return what the forms of *word* have in common; 9 stands for every number and time."""
    return "9" if _NUMBER.fullmatch(word) else stem(word)


def _sections() -> dict[str, list[str]]:
    """Return the sentences of each section of the file."""
    sections: dict[str, list[str]] = {}
    for line in (files(__package__) / "small_talk.txt").read_text("utf-8").splitlines():
        if line.startswith("["):
            sentences = sections[line.strip("[]")] = []
        elif line and not line.startswith("#"):
            sentences += map(str.strip, line.split(";"))
    return sections


_SECTIONS = _sections()
_SPELLED = {word for lines in _SECTIONS.values() for line in lines for word in _words(line)}
_HELP = {word for line in _SECTIONS.pop("HELP") for word in _words(line)}
_STANDS_FOR = {
    _base(word): _base(first)
    for first, *others in [*map(_words, _SECTIONS.pop("SAME")), ["help", *_HELP]]
    for word in [first, *others]
} | {_base(word): "" for line in _SECTIONS.pop("FILLERS") for word in _words(line)}
"""The token of a word that has others of the same meaning, or "" for one that says nothing."""
_BASES = [
    (None if section == "LOOKUP" else SmallTalk[section], [*map(_base, _words(sentence))])
    for section, sentences in _SECTIONS.items()
    for sentence in sentences
]
_LEARNED = {tuple(_words(sentence)) for lines in _SECTIONS.values() for sentence in lines}
_KNOWN = {*_STANDS_FOR, *chain.from_iterable(bases for _, bases in _BASES)}
_LONG: dict[str, list[str]] = defaultdict(list)
"""The known words that may be misspelled, by their first letter, which hardly anybody mistypes."""
for _word in sorted(word for word in _KNOWN if len(word) > 4):
    _LONG[_word[0]].append(_word)


# People use the same words in different look-ups.
@lru_cache(maxsize=2_000)
def _token(word: str) -> str | None:
    """Return what stands for *word* or, if it is long, for the word that it misspells.

    That is "" if the word says nothing, and None if it is unknown.
    """
    base = _base(word)
    if base not in _KNOWN:
        if len(word) < 5 or is_english(word):
            return None
        most = 1 + (len(word) > 7)
        near = process.extractOne(base, _LONG[base[:1]], scorer=OSA.distance, score_cutoff=most)
        if near is None:
            return None
        base = near[0]
    return _STANDS_FOR.get(base, base)


def _significant(tokens: Iterable[str | None]) -> tuple[str, ...]:
    """Return the tokens without repetitions, and without those that say nothing."""
    return tuple(token for token, _ in groupby(filter(None, tokens)))


def _features(sentence: Sequence[str]) -> set[tuple[str, ...]]:
    """Return the words and the pairs of neighbours, among them the start and the end."""
    return {*zip(sentence), *pairwise(("", *sentence, ""))}


_EXAMPLES: dict[tuple[str, ...], _Kind] = {}
_SIZES: Counter[_Kind] = Counter()
"""How many sentences a kind has."""
_COUNTS: dict[_Kind, Counter[tuple[str, ...]]] = defaultdict(Counter)
"""How many sentences of a kind have a word, or a pair of neighbours."""
for _kind_of, _bases in _BASES:
    _example = _significant(_STANDS_FOR.get(base, base) for base in _bases)
    _EXAMPLES[_example] = _kind_of
    _SIZES[_kind_of] += 1
    _COUNTS[_kind_of].update(_features(_example))
_FEATURES = frozenset().union(*_COUNTS.values())


def _kind(sentence: tuple[str, ...], *, min_pairs: int) -> _Kind:
    """Return the most likely kind; None if less than *min_pairs* pairs of words speak for it."""
    features = _features(sentence) & _FEATURES
    kind = (
        _EXAMPLES[sentence]
        if sentence in _EXAMPLES
        else max(_COUNTS, key=lambda kind: _log_likelihood(kind, features))
    )
    pairs = sum(len(one) == 2 and one in _COUNTS[kind] for one in features)
    return kind if pairs >= min_pairs else None


def _log_likelihood(kind: _Kind, features: Iterable[tuple[str, ...]]) -> float:
    counts, size = _COUNTS[kind], _SIZES[kind]
    return log(size) + sum(log((counts[one] + _UNSEEN) / size) for one in features)
