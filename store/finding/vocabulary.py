"""Expand each word of a query to the words of the corpus that it may stand for."""

import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import nlargest
from itertools import chain, compress, count, product
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA, Prefix

from store.finding.countries import relatives
from store.language.countries import country
from store.language.languages import SPOKEN, Language, spoken
from store.language.words import (
    FUNCTION_WORDS,
    commonness,
    has_digit,
    in_latin,
    is_code,
    is_english,
    is_unspaced,
    parts,
    romanized,
    stem,
    whole,
)

Expansion: TypeAlias = tuple[str, ...]
"""What a query word may stand for: a word of the corpus, or several that form one name or word."""
Expansions: TypeAlias = dict[Expansion, float]
"""The expansions of a query word, each with its similarity: above 0, at most 1."""
Similar: TypeAlias = list[tuple[Expansion, float]]
"""Expansions of a word with their similarity; one may be there twice."""
Relations: TypeAlias = tuple[tuple[Expansion, float], ...]
"""Expansions that a word has because of the words beside it, each with its similarity."""

# The similarity of a query word to:
SAME_STEM = 0.93
JOINED = SPLIT = 0.95
PREFIX = 0.93  # a word that starts with it, if it is the last and probably incomplete
PREFIX_OF_WORD = 0.62  # the same, if it is complete or not the last
PREFIX_OF_EVERYDAY_WORD = 0.55
COMPOUND = 0.9  # both of its parts in one article
PART = 0.55  # one of its parts: too low to answer alone
FAMILY = 0.55  # a word of its family: too low to answer alone
INITIALS = 0.9
ABBREVIATION = 0.85
PARTS = 0.9  # the parts of an address: acme.example
PARTS_OF_CODE = 0.5  # those of a code that no story has: PAY-1235 may be about PAY-1234
ROMANIZED = 0.93
AFFIX = 0.9  # the same word with an article, a preposition or a particle
# What is taken off for a misspelling:
PER_EDIT = 0.12
WRONG_FIRST_LETTER = 0.15
_PER_LETTER, _PER_ENDING = 0.015, 0.01
_SHORT, _OTHER_WORD = 4, 0.27
"""Another letter makes another word of one with so few letters, such as peds and pens: such a word
alone finds nothing, and is asked about."""

_LONGEST = 40
"""Letters. Misspellings of longer words are not looked for, to limit the cost of a query."""
_EVERYDAY = 3.6
_HEBREW_PREFIXES = ("ב", "ה", "ו", "כ", "ל", "מ", "ש")
_ARABIC_PREFIXES = ("ال", "و", "وال", "ب", "بال", "ل", "لل", "ف", "فال", "ك", "كال")
_KOREAN_PARTICLE = re.compile(
    "(?:(?:에서|으로|에)는|에서|에게|까지|부터|처럼|보다|으로|이나|[은는이가을를의에로와과도만])$"
)
_LINKS = ("", "s", "n", "en", "es", "e")
"""What German puts between the parts of a compound."""
_FAMILY_PREFIX, _FAMILY_SHARE = 5, 0.6
"""Words of one family begin with the same letters: so many, and this share: allerg-y, allerg-ic."""
# What people write for longer words, in any corpus.
_SAME = """
st = saint, ste = sainte, mt = mount, ft = fort, utd = united, govt = government, dept = department,
gov = governor, sec = secretary, pres = president, gen = general, sen = senator, amb = ambassador,
min = minister, intl = international, natl = national, univ = university, nuke = nuclear,
pm = prime minister, fm = foreign minister, mfa = foreign ministry, mod = defence ministry,
mod = defense ministry, dod = defense department, potus = president, secstate = secretary state,
secdef = defense secretary, secdef = defence secretary, scotus = supreme court, vp = vice president,
ceo = chief executive, hq = headquarters, hr = human resources, ai = artificial intelligence,
pow = prisoner war, natsec = national security, ev = electric vehicle, eu = europe, eu = european,
rd = road, ave = avenue, sq = square, ln = lane, blvd = boulevard, st = street, ww = world war,
wwii = world war second, ww2 = world war second, wwiii = world war third, ww3 = world war third,
2 = two, 3 = three, 4 = four, 5 = five, 6 = six, 7 = seven, 8 = eight, 9 = nine, 10 = ten,
2 = second, 3 = third, two = second, three = third, ii = two, iii = three, ii = second, iii = third,
1st = first, 2nd = second, 3rd = third, 4th = fourth, 5th = fifth, 6th = sixth, 7th = seventh,
8th = eighth, 9th = ninth, 10th = tenth
"""
_ABBREVIATIONS: defaultdict[str, list[Expansion]] = defaultdict(list)
for _short, _long in (pair.split(" = ") for pair in " ".join(_SAME.split()).split(", ")):
    _ABBREVIATIONS[_short].append(tuple(_long.split()))
    if " " not in _long:
        _ABBREVIATIONS[_long].append((_short,))
_MAX_EXPANSIONS = 32
"""Per query word: in a large corpus, thousands of words may start with "pro"."""


class Vocabulary:
    """The words of a corpus, arranged to find those that resemble a query word."""

    def __init__(self, words: Sequence[str], counts: NDArray[np.uint32]) -> None:
        """Build a vocabulary of sorted *words*; *counts* are how many articles contain each."""
        self._words = words
        self._counts = counts
        self._signatures = np.fromiter(map(signature, words), np.uint64, len(words))
        self._number()
        self._arrange(_stem_hashes(words, self.languages))

    def _number(self) -> None:
        """Set what depends on all words: their places and languages, and an empty cache."""
        self.places: Mapping[str, int] = dict(zip(self._words, count(), strict=False))
        """The place of each word in the order of all."""
        self._ranges: dict[str, tuple[int, int]] = {}
        fewest = SPOKEN * int(self._counts.max(initial=0))
        self.languages = spoken(lambda word: self.count(word) > fewest)

    def _arrange(self, hashes: NDArray[np.int64]) -> None:
        """Sort the *hashes* of stems, which have a row for each language."""
        # Hashes, because the stems themselves would need as much memory as the words.
        self._hashes = hashes
        by_stem = np.argsort(hashes, axis=None, kind="stable").astype(np.int32)
        # Memoryviews, because their items are integers of Python: a binary search is faster.
        self._by_stem = by_stem.data
        self._stems = hashes.ravel()[by_stem].data

    def updated(self, counts: Mapping[str, int]) -> Self:
        """Return a vocabulary with the new *counts* of some words; 0 removes a word.

        If these are few, that is much faster than to build a new vocabulary.
        """
        is_kept = np.ones(len(self._words), dtype=bool)
        changed = self._counts.copy()
        for word in counts.keys() & self.places.keys():
            at = self.places[word]
            changed[at], is_kept[at] = counts[word], counts[word] > 0
        added = sorted(word for word, count in counts.items() if count and word not in self)
        words = [*compress(self._words, is_kept)]
        places = [bisect_left(words, word) for word in added]
        new = type(self)(added, np.array([counts[word] for word in added], dtype=np.uint32))
        new._words = sorted(words + added)
        new._counts = np.insert(changed[is_kept], places, new._counts)
        new._signatures = np.insert(self._signatures[is_kept], places, new._signatures)
        new._number()
        if new.languages != self.languages:
            return type(self)(new._words, new._counts)
        of_added = _stem_hashes(added, self.languages)
        new._arrange(np.insert(self._hashes[:, is_kept], places, of_added, axis=1))
        return new

    def __contains__(self, word: str) -> bool:
        """Return whether the corpus contains exactly *word*."""
        return word in self.places

    def commonness(self, word: str) -> float:
        """Return how common *word* is in one of the languages of the corpus."""
        common = commonness(word)
        if self.languages:
            common = max(common, *(each.commonness(word) for each in self.languages))
        return common

    def knows_commonness(self, word: str) -> bool:
        """Return whether a list says how common words in the letters of *word* are.

        There are lists of English and of some other languages. In Hindi every word would be rare.
        """
        return word.isascii() or any(language.uses for language in self.languages)

    def is_function_word(self, word: str) -> bool:
        """Return whether *word* has no subject in one of the languages of the corpus."""
        if word in FUNCTION_WORDS or not self.languages:
            return word in FUNCTION_WORDS
        return any(each.is_function_word(word) for each in self.languages)

    @property
    def counted(self) -> Iterator[tuple[str, int]]:
        """Yield each word with the number of articles that contain it, sorted by word."""
        return zip(self._words, self._counts.tolist(), strict=True)

    def count(self, word: str) -> int:
        """Return how many articles contain exactly *word*."""
        at = self.places.get(word)
        return 0 if at is None else int(self._counts[at])

    def together(self, query_words: Sequence[str]) -> Mapping[int, Relations]:
        """Return what words of a query may stand for beside each other, by their places.

        That is one word typed as two, and the other names of a country.
        """
        found: dict[int, Expansions] = {}
        for places, names in self._named(query_words):
            for name, similarity in names.items():
                if all(map(self.places.__contains__, name)):
                    for at in places:
                        expansions = found.setdefault(at, {})
                        expansions[name] = max(similarity, expansions.get(name, 0.0))
        return {at: tuple(expansions.items()) for at, expansions in found.items()}

    def _named(
        self, query_words: Sequence[str]
    ) -> Iterator[tuple[Iterable[int], Mapping[Expansion, float]]]:
        """Yield the places of words that are one name or word, and what they may stand for."""
        for at in range(len(query_words) - 1):
            if joined := self._joined(query_words[at], query_words[at + 1]):
                yield (at, at + 1), joined
        for span, names in relatives(query_words):
            yield range(span.start, span.stop), names

    def expand(self, word: str, *, is_last: bool, together: Relations = ()) -> Expansions:
        """Return the best expansions of a *word* of a query.

        *together* are further expansions, which the words beside it allow.
        """
        expansions = self._expand(word, is_last=is_last)
        for name, similarity in together:
            expansions[name] = max(similarity, expansions.get(name, 0.0))
        if len(expansions) > _MAX_EXPANSIONS:
            best = nlargest(_MAX_EXPANSIONS, expansions.items(), key=lambda pair: pair[1])
            return dict(best)
        return expansions

    def in_its_letters(self, word: str) -> str:
        """Return a name of another alphabet in Latin letters, if only so the corpus has it.

        Any other word is returned as it is: in Latin letters it may look like an everyday word.
        """
        spellings = in_latin(word)
        is_subject = word in self and not self.is_function_word(word)
        if not spellings or is_subject or self._expand(word, is_last=False):
            return word
        return next(filter(self._has_name, spellings), word)

    def _has_name(self, word: str) -> bool:
        """Return whether *word* is in the corpus, or near to a country or a word seldom used."""
        near = self._expand(word, is_last=False)
        best = max(near, key=near.__getitem__, default=())
        is_name = bool(best) and (best == (word,) or commonness(" ".join(best)) < _EVERYDAY)
        return is_name or any(relatives([word, *best]))

    def lacks_country(self, query_words: Sequence[str]) -> bool:
        """Return whether *query_words* name a country of which the corpus has no name at all."""
        return any(
            country(query_words[span])
            and not any(all(word in self for word in name) for name in (query_words[span], *others))
            for span, others in relatives(query_words)
        )

    def _expand(self, word: str, *, is_last: bool) -> Expansions:
        if word.isupper():
            expansions = self._expand(word.lower(), is_last=False)
            if word in self:
                expansions[word,] = 1.0 if word.lower() in FUNCTION_WORDS else INITIALS
            return expansions
        if not (word.isascii() and word.isalpha()):
            if is_code(word):
                return self._code(word)
            if has_digit(word):
                return dict(self._short_forms(word)) | self._exact(word)
            if is_unspaced(word) and len(word) > 1:
                return {(word,): 1.0} if word in self else {}
        if self.is_function_word(word):
            if word.upper() in self and self.languages and word in FUNCTION_WORDS:
                return {(word.upper(),): INITIALS}
            return dict(self._completions(word, PREFIX_OF_EVERYDAY_WORD)) if is_last else {}
        return self._expand_plain(word, is_last=is_last)

    def _expand_plain(self, word: str, *, is_last: bool) -> Expansions:
        is_known = word in self
        same_stem = self._with_stem(word)
        found = self._similar(word, is_last=is_last, has_match=is_known or bool(same_stem))
        for one in same_stem:
            found.append(((one,), SAME_STEM - _PER_ENDING * Prefix.distance(one, word)))
        if not word.isascii():
            found += [((other,), AFFIX) for other in self._with_affix(word)]
        found += self._short_forms(word)
        expansions: Expansions = {}
        for expansion, similarity in found:
            if similarity > expansions.get(expansion, 0.0):
                expansions[expansion] = similarity
        if is_known:
            expansions[word,] = 1.0
        return expansions

    def _similar(self, word: str, *, is_last: bool, has_match: bool) -> Similar:
        """Return what *word* may be the start, a misspelling or a compound of."""
        common = self.commonness(word)
        found: Similar = []
        if is_last or (common < _EVERYDAY and len(word) > 3):
            similarity = PREFIX if is_last and not (has_match or common) else PREFIX_OF_WORD
            is_everyday = common > _EVERYDAY or (common == _EVERYDAY and len(word) < 5)
            found += self._completions(word, PREFIX_OF_EVERYDAY_WORD if is_everyday else similarity)
        if not common and len(word) <= _LONGEST:
            found += self._misspelled(word, far=not has_match)
            if not has_match:
                found += self._romanized(word)
        if not has_match:
            if common <= _EVERYDAY and len(word) <= _LONGEST:
                found += [(pieces, SPLIT) for pieces in self._pieces(word)]
            found += self._parts(word)
            found += [((other,), FAMILY) for other in self._family(word)]
        return found

    def _completions(self, word: str, similarity: float) -> Similar:
        others = self._starting(word)
        return [((other,), similarity) for other in others if not self.is_function_word(other)]

    def _short_forms(self, word: str) -> Similar:
        found: Similar = []
        if word.upper() in self.places and not (is_english(word) and word in self):
            found.append(((word.upper(),), PART if is_english(word) else INITIALS))
        singular = word.removesuffix("s")
        for other in _ABBREVIATIONS.get(word, _ABBREVIATIONS.get(singular, ())):
            found += [(names, ABBREVIATION) for names in product(*map(self._with_stem, other))]
        return found

    def _with_affix(self, word: str) -> Iterator[str]:
        """Yield *word* with and without what some languages write together with it."""
        if "\u0590" <= word[0] <= "\u06ff":
            prefixes = _HEBREW_PREFIXES if word[0] < "\u0600" else _ARABIC_PREFIXES
            for prefix in prefixes:
                for other in (prefix + word, word.removeprefix(prefix)):
                    if other != word and len(other) > 2 and other in self:
                        yield other
        elif "\u1100" <= word[0] <= "\u11ff":
            yield from self._starting(_without_particle(word))

    def _code(self, code: str) -> Expansions:
        """Return the same code, or the words of which it consists."""
        expansions = self._exact(whole(code))
        known = dict.fromkeys(parts(code))
        if not expansions and all(part in self for part in known):
            is_spelled = any(len(part) > 1 and not has_digit(part) for part in known)
            expansions[tuple(known)] = PARTS_OF_CODE if has_digit(code) and is_spelled else PARTS
        return expansions

    def _exact(self, word: str) -> Expansions:
        """Return the words that contain the same numbers as *word*: digits are no typos."""
        expansions: Expansions = {
            (other,): PREFIX
            for other in self._starting(word)
            if not (word[-1].isdigit() and other[len(word) : len(word) + 1].isdigit())
        }
        for other in (f"v{word}", word.removeprefix("v")):
            if "." in word and other in self:
                expansions[other,] = SAME_STEM
        if word in self:
            expansions[word,] = 1.0
        return expansions

    def _range(self, start: str) -> tuple[int, int]:
        """Return the range of the words that begin with *start*."""
        at = self.places.get(start)
        low = high = bisect_left(self._words, start) if at is None else at
        # Most words are the start of no other.
        high += at is not None
        if high < len(self._words) and self._words[high].startswith(start):
            past = start[:-1] + chr(ord(start[-1]) + 1)
            high = bisect_left(self._words, past, high)
        return low, high

    def _range_of_letter(self, letter: str) -> tuple[int, int]:
        found = self._ranges.get(letter)
        if found is None:
            found = self._ranges[letter] = self._range(letter)
        return found

    def _starting(self, word: str) -> Sequence[str]:
        low, high = self._range(word)
        if high - low <= _MAX_EXPANSIONS:
            return self._words[low:high]
        commonest = np.argpartition(self._counts[low:high], -_MAX_EXPANSIONS)[-_MAX_EXPANSIONS:]
        return [self._words[low + at] for at in sorted(commonest.tolist())]

    def _with_stem(self, word: str) -> list[str]:
        if (place := self.places.get(word)) is None:
            hashes = [hash(stem(word)), *[hash(language.stem(word)) for language in self.languages]]
        else:
            hashes = self._hashes[:, place].tolist()
        found: dict[str, None] = {}
        for wanted in hashes:
            at = bisect_left(self._stems, wanted)
            # Most stems have no word.
            while at < len(self._stems) and self._stems[at] == wanted:
                found[self._words[self._by_stem[at] % len(self._words)]] = None
                at += 1
        return [*found]

    def _family(self, word: str) -> Iterator[str]:
        """Yield words that differ from *word* in their endings only: retirement, retires."""
        low, high = self._range(word[:_FAMILY_PREFIX])
        for other in self._words[low:high] if len(word) > _FAMILY_PREFIX else ():
            shared = Prefix.similarity(word, other)
            longest = max(len(word), len(other))
            if _FAMILY_SHARE * longest <= shared < longest - 1:
                yield other

    def _pieces(self, word: str, *, shortest: int = 3, most: int = 4) -> Iterator[Expansion]:
        """Yield the words that *word* consists of, two to *most*: whitehouse, kimjongun, legoff.

        The last has *shortest* letters or more, and the others three or more. An article is left
        out, which the index does not know.
        """
        for at in range(2, len(word) - shortest + 1):
            first, rest = word[:at], word[at:]
            if at > 2 and first in self:
                yield from ((first, last) for last in self._with_stem(rest))
                if most > 2:
                    others = self._pieces(rest, shortest=2, most=most - 1)
                    yield from ((first, *each) for each in others)
            elif (
                len(rest) > 3
                and rest in self
                and any(language.is_function_word(first) for language in self.languages)
            ):
                yield (rest,)

    def _romanized(self, word: str) -> Similar:
        """Return names of which *word* is the spelling of another language."""
        english = romanized(word)
        if english == word:
            return []
        found: Similar = [((english,), ROMANIZED)] if english in self else []
        for other, similarity in self._misspelled(english, far=False, edits=1):
            found.append((other, ROMANIZED * similarity))
        return found

    def _parts(self, word: str) -> Iterator[tuple[Expansion, float]]:
        """Yield the parts of a compound, in the languages that write compounds as one word."""
        if len(word) < 7 or not any(language.has_compounds for language in self.languages):
            return
        for at in range(3, len(word) - 2):
            heads = self._forms(word[at:])
            lefts = {word[:at].removesuffix(link) for link in _LINKS} if heads is not None else ()
            for left in lefts:
                modifiers = self._forms(left)
                if heads is None or modifiers is None:
                    continue
                yield from ((both, COMPOUND) for both in product(modifiers, heads))
                long = (modifiers if len(left) > 3 else (), heads if at < len(word) - 3 else ())
                yield from (((part,), PART) for part in chain.from_iterable(long))

    def _forms(self, part: str) -> list[str] | None:
        """Return the forms of *part* in the corpus; None if it is no word in any language."""
        if len(part) < 3:
            return None
        forms = [part] if part in self else self._with_stem(part)
        return forms or ([] if self.commonness(part) else None)

    def _joined(self, left: str, right: str) -> Expansions:
        word = left + right
        if len(word) > _LONGEST:
            return {}
        # Most pairs have no word that begins like both.
        low, high = self._range(word[: len(left) + 1])
        if low < high and (forms := self._with_stem(word)):
            return {(form,): JOINED for form in forms}
        is_typed_well = left in self.places and right in self.places
        if is_typed_well or len(word) < 8 or self.commonness(word):
            return {}
        misspelled = self._misspelled(word, far=False, edits=1)
        return {other: similarity * JOINED for other, similarity in misspelled}

    def _misspelled(self, word: str, *, far: bool, edits: int | None = None) -> Similar:
        """Return words a few edits away; if *far*, also words with another first letter."""
        length = len(word)
        edits = _edits(length) if edits is None else edits
        if not edits:
            return []
        # Typos that keep the length win ties: "Marcon" is Macron rather than Marco.
        # An edit costs less in a long word, but the cost falls more slowly than the length grows.
        cost = PER_EDIT * (8 / max(length, 5)) ** 0.5
        near = self._within(edits, word, *self._range_of_letter(word[0]))
        found: Similar = [
            (
                (other,),
                1
                - cost * distance
                - _PER_LETTER * abs(len(other) - length)
                - (_OTHER_WORD if _is_other_word(word, other) else 0.0),
            )
            for other, distance in near
        ]
        # The nearest is first.
        if far and length > _SHORT and (not near or near[0][1] > 1):
            for other, distance in self._within(edits, word, 0, len(self._words)):
                if other[0] != word[0]:
                    found.append(((other,), 1 - cost * distance - WRONG_FIRST_LETTER))
        return found

    def _within(self, edits: int, word: str, low: int, high: int) -> Sequence[tuple[str, int]]:
        """Return the words from *low* to *high* that are at most *edits* away, nearest first.

        Each comes with its distance. An edit changes at most two bits of a signature. Only the few
        words within this limit are compared letter by letter.
        """
        at = self.places.get(word)
        own = np.uint64(signature(word)) if at is None else self._signatures[at]
        changed = np.bitwise_count(self._signatures[low:high] ^ own)
        others = [self._words[low + at] for at in (changed <= 2 * edits).nonzero()[0].tolist()]
        if others == [word]:
            return [(word, 0)]
        found = process.extract(word, others, scorer=OSA.distance, score_cutoff=edits, limit=None)
        return [(other, int(distance)) for other, distance, _ in found if not has_digit(other)]


def _stem_hashes(words: Sequence[str], languages: Sequence[Language]) -> NDArray[np.int64]:
    """Return the hashes of the English stems of *words*, and a row for each of *languages*."""
    stems = (stem.__wrapped__, *(language.stem for language in languages))
    hashes = [np.fromiter(map(hash, map(of, words)), np.int64, len(words)) for of in stems]
    return np.array(hashes, dtype=np.int64)


def _without_particle(word: str) -> str:
    """Return a Korean *word*, whose letters are decomposed, without the particle at its end."""
    noun = _KOREAN_PARTICLE.sub("", unicodedata.normalize("NFC", word))
    return unicodedata.normalize("NFD", noun) if len(noun) > 1 else word


def _is_other_word(word: str, other: str) -> bool:
    """Return whether one of so few letters is another one; in another order it is a typo."""
    return len(word) == len(other) <= _SHORT and sorted(word) != sorted(other)


def _edits(length: int) -> int:
    if length < 4:
        return 0
    return 1 if length < 6 else 2 if length <= 10 else 3


def letters(word: str) -> int:
    """Return a mask with a bit for each letter of *word*, and another for a repeated letter."""
    once = repeated = 0
    for letter in word:
        bit = 1 << ord(letter) % 32
        repeated |= once & bit
        once |= bit
    return once | repeated << 32


def signature(word: str) -> int:
    """Return 64 bits, of which one edit of *word* changes at most two.

    They are its letters, half as many bits for repeated letters, and as many bits as its length.
    One letter more or less changes one bit of the letters and one of the length.
    """
    mask = letters(word)
    repeated = mask >> 32
    length = (1 << min(len(word), 16)) - 1
    return mask % (1 << 32) | (repeated | repeated >> 16) % (1 << 16) << 32 | length << 48
