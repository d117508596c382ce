"""Whether two texts are versions of one story, or two stories: the rule for documents and feeds.

Evidence for one story is what identifies it, or the words that both texts share. Evidence against
it is that what the headline names has changed there and in the text.
"""

import re
from collections.abc import Collection, Set
from dataclasses import dataclass
from functools import cached_property

from rapidfuzz import fuzz

from store.language.words import FUNCTION_WORDS, has_digit, words

SHARED = 0.25
"""The share of the shorter text's words that versions with other evidence have in common."""
_SHARED_WORDS = 0.5
"""The same for two versions that only an id connects."""
SHARED_HEADLINE = 0.6
"""The same for the words of two headlines that are nearly equal."""
_NUMBERED = frozenset(re.findall(r"\S+", """
chapter day edition episode game heat issue leg lesson match month no number part phase quarter race
round season session set stage test vol volume week year
folge heft kapitel nr quartal runde staffel tag teil woche
chapitre étape épisode jour journée numéro partie semaine tour trimestre
capítulo día etapa jornada número parte ronda semana
"""))  # fmt: skip
"""Words after which a number is a name, as in week 12, and no count."""
_TOKEN = re.compile(r"[^\W_]+(?:[.,]\d+)*")
_IS_NAME = re.compile(r"[^\W\d_]+\d.*|\d+(?:st|nd|rd|th)")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b(?: +([^\W\d_]+))?")
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
    def ordinals(self) -> frozenset[str]:
        """Return the numbers of the headline that name something: week 12, Q1."""
        tokens = _TOKEN.findall(self.headline.casefold())
        return frozenset(
            token
            for before, token in zip(["", *tokens], tokens, strict=False)
            if _IS_NAME.fullmatch(token) or (token[0].isdigit() and before in _NUMBERED)
        )

    @cached_property
    def years(self) -> frozenset[str]:
        """Return the years of the headline: 2026, but not the count of 1950 people."""
        return frozenset(
            found[0][:4]
            for found in _YEAR.finditer(self.headline.casefold())
            if found[1] is None or found[1] in FUNCTION_WORDS
        )


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

    So they are if the headlines name another week or year and the texts other numbers or names, or
    if a name was replaced in both. If it *is_sure* from what identifies them that they are one
    story, only another week counts: another year or name corrects it.
    """
    if one.headline == other.headline:
        return False
    is_renumbered = _is_replaced(one.ordinals, other.ordinals) or (
        not is_sure and _is_replaced(one.years, other.years)
    )
    if is_renumbered and (
        _is_replaced(one.numbers, other.numbers) or _is_replaced(one.names, other.names)
    ):
        return True
    return not is_sure and _has_other_name(one, other)


def has_other_counts(one: Texts, other: Texts) -> bool:
    """Return whether headlines and texts have different numbers, and more than those changed."""
    return (
        _is_replaced(one.headline_numbers, other.headline_numbers)
        and _is_replaced(one.numbers, other.numbers)
        and any(not has_digit(token) for token in one.tokens ^ other.tokens)
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
    headline = frozenset(_TOKEN.findall(one.headline.casefold()))
    return (one.names & headline) - other.tokens
