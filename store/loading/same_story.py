"""Whether two texts are versions of one story, or two stories: the rule for documents and feeds.

Evidence for one story is what identifies it, or the words that both texts share. Evidence against
it is that what the headline names has changed there and in the text.
"""

import re
from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

from rapidfuzz import fuzz

from store.language.words import FUNCTION_WORDS, has_digit, words

SHARED = 0.25
"""The share of the shorter text's words that versions with other evidence have in common."""
_SHARED_WORDS = 0.5
"""The same for two versions that only an id connects."""
SHARED_HEADLINE = 0.6
"""The same for the words of two headlines that are nearly equal."""


def _any(words: str) -> str:
    return f"(?:{'|'.join(words.split())})"


_NUMBERED = _any(r"""
chapter day edition episode game heat issue leg lesson match month no(?=\W{0,3}\d) number part phase
quarter race round season session set sprint stage test version vol volume week year
folge heft kapitel kw nr quartal runde staffel tag teil woche
chapitre étape épisode jour journée numéro partie semaine tour trimestre
capítulo día etapa jornada número parte ronda semana versión
""")
"""Words after which a number is a name, as in week 12, and no count."""
_DATES = _any("""
monday tuesday wednesday thursday friday saturday sunday
mon tues? wed thu(?:rs?)? fri sat sun
january february march april may june july august september october november december
jan feb mar apr jun jul aug sept? oct nov dec
first second third fourth fifth sixth seventh eighth ninth tenth
montag dienstag mittwoch donnerstag freitag samstag sonntag
januar februar märz mai juni juli oktober dezember mär okt dez
erste zweite dritte vierte fünfte sechste siebte achte neunte zehnte
lundi mardi mercredi jeudi vendredi samedi dimanche
janvier février mars avril juin juillet août septembre octobre novembre décembre
janv févr avr juil déc
premier première deuxième troisième quatrième cinquième sixième septième huitième neuvième dixième
lunes martes miércoles jueves viernes sábado domingo
enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
ene abr ago dic
primer[oa]? segund[oa] tercer[oa]? cuart[oa] quint[oa] sext[oa] séptim[oa] octav[oa] noven[oa]
""")
_COUNTS = _any("""
one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn
deux trois quatre cinq sept huit neuf dix onze douze treize quatorze quinze
uno dos tres cuatro cinco siete ocho nueve diez once doce trece catorce quince
""")
_UNSPACED = "\u3040-\u30ff\u3400-\u9fff"
"""Letters of Chinese and Japanese, which have no blank beside a number."""


_NUMBERS = re.compile(
    # At the beginning of a word, and possessive: time grows with the length of a text.
    rf"""(?<![^\W_{_UNSPACED}])(?:
    (?P<edition>
        {_NUMBERED}[ .:#]{{0,3}}(?:\d\w*+|\b(?:{_COUNTS}|(?-i:[IVX]++))\b)
        | (?-i:[IVX]{{2,}}+\b)
        | q[1-4]\b
        | \d{{4}}-\d\d?-\d\d?(?!\d)
        | 第\d++
    ) | (?:
        [^\W\d_{_UNSPACED}]++\d\w*+
        | \d++(?:\.?[ ]{_DATES}[mnrs]?\b | \.(?=[ ][^\W\d_]) | [年月日週周回号期話章]
            | (?:st|nd|rd|th|er|re|e|ère|ème|[ºªйяе])\b)
        | {_DATES}[mnrs]?\b(?:[ ]\d++)?
        | \d++(?P<mark>[./-])\d++(?P=mark)\d++
    ) | (?P<count>
        (?<=[$£€])\d++(?:[.,]\d++)*+
        | (?:\d++(?:[.,]\d++)*+|{_COUNTS}\b)(?=[ -]?(?:[%°$£€]|(?P<counted>[^\W\d_]++)))
    ) | \d++(?:[.,:/-]\d++)*+ | {_COUNTS}\b
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_TOKEN = re.compile(r"[^\W_]+(?:[.,]\d+)*")
_NEARLY = 90
"""The percentage of letters from which on two summaries are nearly equal."""
_SPELLING = 80
"""The percentage of letters from which on two names are spellings of one."""
# A capital in a sentence. At its beginning, every word has one.
_NAME = re.compile(r"(?<=[^\W_][ ,;-] )[^\W\d_]\w+|(?<=[^\W_][ ,;-])[^\W\d_]\w+")


@dataclass(frozen=True, kw_only=True)
class Texts:
    """The texts of a story, and what they name."""

    headline: str
    summary: str
    more: str = ""
    """What the story has besides: its insight and question."""

    @cached_property
    def headline_words(self) -> frozenset[str]:
        """Return the distinct words of the headline, without function words."""
        return words_of(self.headline)

    @cached_property
    def summary_words(self) -> frozenset[str]:
        """Return the distinct words of the summary, without function words."""
        return words_of(self.summary)

    @cached_property
    def words(self) -> frozenset[str]:
        """Return the distinct words of headline and summary, without function words."""
        return self.headline_words | self.summary_words

    @cached_property
    def tokens(self) -> frozenset[str]:
        """Return all words as they are written, in small letters."""
        return frozenset(_TOKEN.findall(f"{self.headline} {self.summary}".casefold()))

    @cached_property
    def headline_tokens(self) -> frozenset[str]:
        """Return the words of the headline as they are written, in small letters."""
        return frozenset(_TOKEN.findall(self.headline.casefold()))

    @cached_property
    def numbers(self) -> frozenset[str]:
        """Return the numbers of the summary."""
        return _numbers(self.summary)

    @cached_property
    def names(self) -> frozenset[str]:
        """Return the capitalised words of the summary that do not begin a sentence."""
        found = _NAME.findall(self.summary)
        return frozenset(word.casefold() for word in found if word[0].isupper())

    @cached_property
    def headline_numbers(self) -> frozenset[str]:
        """Return the numbers of the headline."""
        return _numbers(self.headline)

    @cached_property
    def kinds(self) -> Mapping[str, "NumberKind"]:
        """Return the numbers of the headline, and what they do, also by how the summary counts."""
        return {
            number: NumberKind.COUNT
            if kind == NumberKind.NUMBER and self.summary_kinds.get(number) == NumberKind.COUNT
            else kind
            for number, kind in _kinds(self.headline).items()
        }

    @cached_property
    def summary_kinds(self) -> Mapping[str, "NumberKind"]:
        """Return the numbers of the summary, and what they do."""
        return _kinds(self.summary)

    @cached_property
    def headline_rest(self) -> str:
        """Return the headline without numbers."""
        return _NUMBERS.sub("", self.headline).casefold()

    @cached_property
    def rest(self) -> str:
        """Return all its text without numbers."""
        return _NUMBERS.sub("", f"{self.headline}\n{self.summary}\n{self.more}").casefold()

    @cached_property
    def counts(self) -> frozenset[str]:
        """Return the numbers of the summary that count something."""
        kinds = self.summary_kinds.items()
        return frozenset(number for number, kind in kinds if kind == NumberKind.COUNT)


class NumberKind(IntEnum):
    """What a number does, in whatever writing."""

    COUNT = 0
    """12 people, three men, 4 %."""
    NUMBER = 1
    """What counts nothing: 2026, 9:30, Monday, 28 Nov, the third, M25."""
    EDITION = 2
    """Week 12, Part II, Q1, 2026-11-28."""


def _kinds(text: str) -> Mapping[str, NumberKind]:
    kinds: dict[str, NumberKind] = {}
    for found in _NUMBERS.finditer(text):
        kind = NumberKind.NUMBER
        if found["edition"]:
            kind = NumberKind.EDITION
        elif found["count"] and (found["counted"] or "").casefold() not in FUNCTION_WORDS:
            kind = NumberKind.COUNT
        kinds[found[0].casefold()] = kind
    return kinds


def words_of(text: str) -> frozenset[str]:
    """Return the distinct words of *text*, without function words."""
    return frozenset(word for word, _ in words(text)) - FUNCTION_WORDS


def _numbers(text: str) -> frozenset[str]:
    return frozenset(filter(has_digit, _TOKEN.findall(text.casefold())))


def is_same_story(one: Texts, other: Texts, *, has_guid: bool) -> bool:
    """Return whether two stories with the same guid or link are versions of one story."""
    is_sure = has_guid and is_nearly_equal(one, other)
    return not is_another(one, other, is_sure=is_sure) and shares_words(one, other)


def is_nearly_equal(one: Texts, other: Texts) -> bool:
    """Return whether the summaries have nearly the same letters."""
    return fuzz.ratio(one.summary, other.summary, score_cutoff=_NEARLY) > 0


def shares_words(one: Texts, other: Texts) -> bool:
    """Return whether the texts of two stories with the same ids are alike."""
    shared = contained(one.words, other.words)
    return shared >= _SHARED_WORDS or (
        shared >= SHARED and contained(one.headline_words, other.headline_words) >= SHARED_HEADLINE
    )


def contained(one: Collection[str], other: Collection[str]) -> float:
    """Return the share of the smaller collection that both have."""
    smaller = min(len(one), len(other))
    return len({*one} & {*other}) / smaller if smaller else float(not one and not other)


def shares_summary(one: Texts, other: Texts) -> bool:
    """Return whether the summaries under one headline share several words, or one of its words.

    A single other word, such as a place, may stand in each edition of a daily brief.
    """
    shared = one.summary_words & other.summary_words
    is_about_one = len(shared) > 1 or not shared.isdisjoint(one.headline_words)
    return is_about_one and contained(one.summary_words, other.summary_words) >= SHARED


def is_another(one: Texts, other: Texts, *, is_sure: bool = False) -> bool:
    """Return whether two stories are about different things, however alike their words are.

    So they are if the headlines, or the summaries under one headline, name another edition; if
    only a date or another number that is no count differs in the headlines, in whatever writing;
    or if a name was replaced in headline and text. If it *is_sure* from what identifies them that
    they are one story, only another edition counts: another date or name corrects it. If nothing
    but numbers has changed, they were corrected.
    """
    if one.headline == other.headline:
        is_other = not is_sure and _is_renumbered(
            one.summary_kinds, other.summary_kinds, NumberKind.EDITION
        )
    elif _is_renumbered(one.kinds, other.kinds, NumberKind.EDITION):
        is_other = _has_other_text(one, other) or (not is_sure and _has_other_name(one, other))
    else:
        is_other = not is_sure and (
            (
                one.headline_rest == other.headline_rest
                and _is_renumbered(one.kinds, other.kinds, NumberKind.NUMBER)
            )
            or _has_other_name(one, other)
        )
    return is_other and not _is_corrected(one, other)


def _is_corrected(one: Texts, other: Texts) -> bool:
    """Return whether nothing but numbers has changed, and no count but those of the headline.

    The figures of a report change with each edition of it.
    """
    return (
        one.rest == other.rest
        and one.counts ^ other.counts <= one.headline_tokens ^ other.headline_tokens
    )


def _is_renumbered(
    one: Mapping[str, NumberKind], other: Mapping[str, NumberKind], least: NumberKind
) -> bool:
    ours, theirs = (
        {number for number, kind in kinds.items() if kind >= least} for kinds in (one, other)
    )
    return _is_replaced(ours, theirs)


def _has_other_text(one: Texts, other: Texts) -> bool:
    return (
        _is_replaced(one.numbers, other.numbers)
        or _is_replaced(one.names, other.names)
        or not is_nearly_equal(one, other)
    )


def has_other_counts(one: Texts, other: Texts) -> bool:
    """Return whether headlines and texts have different numbers, and more than those changed."""
    return (
        _is_replaced(one.headline_numbers, other.headline_numbers)
        and _is_replaced(one.numbers, other.numbers)
        and one.rest != other.rest
    )


def _is_replaced(one: Set[str], other: Set[str]) -> bool:
    return bool(one - other and other - one)


def _has_other_name(one: Texts, other: Texts) -> bool:
    """Return whether a name was replaced in headline and text, and not by a spelling of it."""
    ours, theirs = _own_names(one, other), _own_names(other, one)
    return bool(ours and theirs) and not all(
        any(fuzz.ratio(name, rival) >= _SPELLING for rival in theirs) for name in ours
    )


def _own_names(one: Texts, other: Texts) -> Set[str]:
    """Return the names that headline and text of *one* have, and *other* has nowhere."""
    return (one.names & one.headline_tokens) - other.tokens
