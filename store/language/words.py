"""Split queries and articles into words, and normalize the words so that they can be compared."""

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from itertools import chain, product

from anyascii import anyascii


def _marks(*ranges: tuple[int, int]) -> str:
    """Return the combining marks within *ranges*, for a set of a regular expression."""
    return "".join(
        chr(code)
        for first, last in ranges
        for code in range(first, last + 1)
        if unicodedata.category(chr(code)).startswith("M")
    )


# Accents, Hebrew points and Arabic vowels are left out of a word; other marks are letters of it.
_POINTS = _marks((0x300, 0x36F), (0x483, 0x489), (0x591, 0x5C7), (0x610, 0x6ED), (0x1AB0, 0x20FF))
_MARKS = _POINTS + _marks((0x6EE, 0x1AAF), (0xA800, 0xABFF), (0x3099, 0x309A))
# Scripts without spaces between the words: Thai, Lao, Burmese, Khmer, Japanese and Chinese.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uff66-\uff9f"
)

_LETTERS = rf"[^\W_]+(?:[{_MARKS}]+[^\W_]*)*"
_WORD = re.compile(
    # Most words are letters alone; the rest is slower.
    rf"[^\W\d_]{{2,}}+(?![\d'’{_MARKS}])"
    r"|(?:[^\W\d_]\.){2,}(?:[^\W\d_](?![^\W_]))?"  # U.S., a.m., U.S.A
    r"|[^\W\d_]?\d+(?:[.,]\d+)+[^\W_]*"  # 2.5, 12,000, v2.1
    r"|[^\W\d_](?:\+\+|#)(?![^\W_])"  # C++, F#
    rf"|{_LETTERS}(?:['’]{_LETTERS})*"
)
_EMOJI = re.compile(r"(?<!\w):(?=[+-]1:|[\w'+-]*[a-z])[\w'+-]+:(?::skin-tone-\d:)?")
_JOINT = re.compile(r"[-‐‑._@](?<=[^\W_].)(?=[^\W_])")
_COMPOUND = re.compile(r"(?<![^\W_])[^\W_]++(?:[-‐‑._@][^\W_]++)+")
_SEPARATOR = re.compile("[-‐‑._@]")
_HYPHEN = re.compile("[-‐‑_]")
_INITIALS = re.compile(r"(?:[^\W\d_][.])+[^\W\d_]")
_CAPITALS = re.compile(r"\b[A-Z]{2,5}\b")
_UPPER = "A-ZÀ-ÖØ-ÞА-ЯЁΑ-Ω"
_LINK = "of|the|and|for|on|in|to|de|del|des|du|di|la|le|les|der|für|und|et|y|e"
_NAME = re.compile(rf"[{_UPPER}][^\W_]*(?:(?:[ -]|(?: (?:{_LINK}))+ )[{_UPPER}][^\W_]*){{1,11}}")
_NAME_WORD = re.compile(r"[^\W_]+")
_LONGEST_ACRONYM = 6
_UNSPACED_RUN = re.compile(rf"[{_UNSPACED}][{_UNSPACED}{_MARKS}]*|[^{_UNSPACED}]+")
_UNSPACED_LETTER = re.compile(rf"[{_UNSPACED}]")
_CLUSTER = re.compile(rf".[{_MARKS}]*")
_ALPHABET = re.compile("[\u0370-\u052f\u10a0-\u10ff]")
"""Letters of Greek, Cyrillic and Georgian, which write vowels too."""
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff\u0640]")
_POSSESSIVE = re.compile(r"['’]s?$", re.IGNORECASE)
_ELISION = re.compile(
    r"^(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu|dall|dell|nell|sull|all|un)['’](?=[^\W\d_]{2})",
    re.IGNORECASE,
)
_ELIDED = re.compile(rf"(?<![^\W_]){_ELISION.pattern[1:]}{_LETTERS}", re.IGNORECASE)
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+")
# Letters that Unicode does not decompose into a plain letter and a mark.
_DROPPED = frozenset(_POINTS)
_KEPT = frozenset(_MARKS + ".@-_+#") - _DROPPED
_PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"}
    # Letters that Arabic and Persian write in two ways.
    | {"ة": "ه", "ى": "ي", "ی": "ي", "ک": "ك"}
)

_ENDINGS = (("ing", 3), ("ed", 3), ("ly", 4), ("ion", 5), ("e", 3))
_BRITISH = re.compile(
    "is$|ys$|yz$|our(?:$|(?=..))|enc$|y$|ium$|yr$|ber$|ger$|ter$|ver$|ogu$|ll|dgem|ae|oe"
    "|ue(?<![qg]ue)"
)
_AMERICAN: Mapping[str, str] = dict(re.findall(r"(\S+) (\S+)", """
aeroplane airplane artefact artifact cheque check cosy cozy disc disk doughnut donut draught draft
enquiry inquiry enquire inquire gaol jail grey gray jewellery jewelry kerb curb mould mold
moustache mustache mum mom plough plow practise practice pyjama pajama sceptic skeptic
sceptical skeptical sulphur sulfur tsar czar tyre tire
"""))  # fmt: skip
_AMERICAN_PARTS: Mapping[str, str] = dict(re.findall(r"(\S+) (\S+)", """
is iz ys iz yz iz our or enc ens y i ium um yr ir ber br ger gr ter tr ver vr ogu og ll l dgem dgm
ae e oe e ue u
"""))  # fmt: skip
# How other languages write foreign names; the name of a group is how English does.
_ROMANIZED = re.compile(
    "(?P<shch>schtsch|chtch|szcz)|(?P<ch>tsch|tch|cz)|(?P<sh>sch|sz)|(?P<dzh>dsch|^dj)"
    "|(?P<ev>(?<=.)(?:eff|ew)$)|(?P<ov>(?<=.)(?:off|ow)$)|(?P<v>w)|(?P<u>ou)|(?P<x>ks)"
    "|(?P<y>[ijy]j$|iy$|j)|(?P<in>ine$)|(?P<z>^s(?=[aeiou]))"
)

# How Russian and others write letters of foreign names: Hawking, Johnson, Wilson.
_FOREIGN = re.compile("kh|dzh|u(?=[aeio])")
_FOREIGN_LETTERS = {"kh": "h", "dzh": "j", "u": "w"}


def words(text: str) -> Iterator[tuple[str, str]]:
    """Return an iterator over the words of *text*: the normalized form, and the spelling, of each.

    In a script without spaces, each pair of adjacent letters is a word.
    """
    text = _clean(text)
    found = _WORD.findall(text)
    return map(_normalize, found) if text.isascii() else _words(found)


def _words(every: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield what `words` does, for words in any script."""
    for found in every:
        if _UNSPACED_LETTER.search(found):
            yield from _pairs(found)
            continue
        word, spelling = _normalize(found)
        if word:
            yield word, spelling


def _clean(text: str) -> str:
    if not text.isascii():
        text = _INVISIBLE.sub("", unicodedata.normalize("NFC", text))
    return _EMOJI.sub(" ", text) if ":" in text else text


def _pairs(found: str) -> Iterator[tuple[str, str]]:
    """Yield the pairs of adjacent letters where *found* is in a script without spaces."""
    for run in _UNSPACED_RUN.findall(unicodedata.normalize("NFKC", found)):
        if _UNSPACED_LETTER.match(run):
            letters = _CLUSTER.findall(run)
            for at in range(max(len(letters) - 1, 1)):
                pair = "".join(letters[at : at + 2])
                yield pair, pair
        elif (normalized := _normalize(run))[0]:
            yield normalized


def normalize(word: str) -> str:
    """Return the normalized form of one *word*."""
    return _normalize.__wrapped__(word)[0]


def terms(text: str) -> Iterator[tuple[str, str]]:
    """Yield what the index knows of *text*: its words, and what else people may type for them.

    That is a code as a whole ("pay1234" for PAY-1234), a hyphenated word in one ("ceasefire"), and,
    in capitals, an acronym that looks like a function word ("WHO") and the initials of a name.
    """
    return chain(words(text), compounds(text), acronyms(text))


def compounds(text: str) -> Iterator[tuple[str, str]]:
    """Yield those `terms` of *text* that are codes as a whole and hyphenated words in one."""
    for found in _compounds(_clean(text)):
        yield whole(_fold(found)), found


def acronyms(text: str) -> Iterator[tuple[str, str]]:
    """Yield those `terms` of *text* that are in capitals."""
    text = _clean(text)
    for found in _ELIDED.findall(text) if "'" in text or "’" in text else ():
        word, spelling = _normalize(found)
        if word in FUNCTION_WORDS:
            yield word.upper(), spelling
    if not text.isupper():
        for found in _CAPITALS.findall(text):
            if found.lower() in FUNCTION_WORDS:
                yield found, found
        for found in _NAME.findall(text):
            for initials in _initials(found):
                yield initials, found


def _compounds(text: str) -> Iterator[str]:
    """Yield what has hyphens or other separators inside, as spelled in *text*."""
    end = 0
    # Most words have none, so search for a separator and then around it.
    for joint in _JOINT.finditer(text):
        if joint.start() >= end:
            start = text.rfind(" ", end, joint.start()) + 1 or end
            end = text.find(" ", joint.end())
            end = len(text) if end < 0 else end
            for found in _COMPOUND.findall(text, start, end):
                if not _INITIALS.fullmatch(found):
                    yield found


@lru_cache(maxsize=20_000)
def _initials(name: str) -> tuple[str, ...]:
    """Return the initials of *name* and of each part of it, in capitals."""
    name_words = _NAME_WORD.findall(name)
    while name_words and name_words[0].lower() in FUNCTION_WORDS:
        del name_words[0]
    links = [at for at, word in enumerate(name_words) if word[0].islower()]
    named: list[Sequence[str]] = []
    for start, end in product(range(len(name_words)), (*links, len(name_words))):
        part = name_words[start:end]
        if not part or start in links or end - 1 in links:
            continue
        capitals = [word for word in part if word[0].isupper()]
        # With the words between them: DOD for Department of Defense.
        named += [each for each in (part, capitals) if len(each) > 2]
        # Two letters are the initials of anybody: only a name of common words has them.
        is_whole = start == 0 or start - 1 in links
        if len(part) == 2 and is_whole and all(is_english(_fold(word)) for word in part):
            # The Defense Ministry is also the Ministry of Defense.
            named += [part, [part[1], "of", part[0]]]
    # An acronym is an initial as a whole: UN Security Council.
    found = {
        _fold("".join(word if len(word) < 4 and word.isupper() else word[0] for word in each))
        for each in named
    }
    return tuple(sorted(each.upper() for each in found if 1 < len(each) <= _LONGEST_ACRONYM))


def query_words(query: str) -> Iterator[str]:
    """Yield the words of *query*; a code is one word with its separators: "pay-1234".

    A word in capitals keeps them if it may be another word without them: WHO and who.
    """
    tokens = _clean(query).split()
    keeps_capitals = len(tokens) == 1 or not query.isupper()
    for token in tokens:
        if token.isascii() and token.isalpha() and token.islower():
            # Most tokens are normalized words already.
            yield token
            continue
        compounds = [] if token.isalpha() else _COMPOUND.findall(token)
        codes = [found for found in compounds if is_code(found)]
        yield from map(_fold, codes)
        for code in codes:
            token = token.replace(code, " ", 1)
        for word, spelling in words(token):
            is_acronym = keeps_capitals and sum(map(str.isupper, spelling)) > 1
            is_acronym |= word in FUNCTION_WORDS and bool(_ELIDED.match(token))
            is_other = len(word) == 2 or word in FUNCTION_WORDS or is_english(word)
            yield word.upper() if is_acronym and is_other else word


def has_digit(word: str) -> bool:
    """Return whether *word* is a number, or a code with one."""
    return not word.isalpha() and any(map(str.isdigit, word))


def is_unspaced(word: str) -> bool:
    """Return whether *word* is in a script without spaces, so that it is a pair of letters."""
    return not word.isascii() and _UNSPACED_LETTER.match(word) is not None


def is_code(text: str) -> bool:
    """Return whether *text* is a code, a file name or an address, and no hyphenated word."""
    if not _SEPARATOR.search(text) or _INITIALS.fullmatch(text):
        return False
    return has_digit(text) or any(each in text for each in "_.@")


def whole(code: str) -> str:
    """Return the form of *code* that the index knows: without hyphens."""
    return _HYPHEN.sub("", code)


def parts(code: str) -> tuple[str, ...]:
    """Return the words between the separators of *code*."""
    return tuple(_SEPARATOR.split(code))


# A corpus repeats few words very often, so a cache answers most calls.
@lru_cache(maxsize=200_000)
def _normalize(found: str) -> tuple[str, str]:
    spelling = _ELISION.sub("", _POSSESSIVE.sub("", found), count=1)
    if not has_digit(spelling):
        return _fold(spelling.replace("'", "").replace("’", "").replace(".", "")), spelling
    is_thousands = _THOUSANDS.fullmatch(spelling)
    return _fold(spelling.replace(",", "" if is_thousands else ".")), spelling


def _fold(text: str) -> str:
    """Return *text* in lowercase without accents; keep the separators of a code."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKD", text).casefold().translate(_PLAIN)
    return "".join(each for each in folded if each.isalnum() or each in _KEPT)


# A word used less than three hundred times in a billion is more likely a typo: "marron" for Macron.
_RAREST = 2.5
# The more common a word is, the less it says; 7 is as common as "the" and "of".
_COMMON, _EMPTIEST, _LEAST = 5.0, 7.5, 0.3

_GRAMMAR = """
a about across after again all also although am amid among an and any anyone anything are aren as at
be because been before behind being between both but by can cannot could despite did didn do does
doesn doing don done dont down dr each either else ever every for from get gets getting give given
go goes going gone got had has have having he her here hers him his how however i if in into is isn
it its itself just let like ll made make makes making many may me meanwhile might more most mr mrs
ms much must my neither no nor not of off on once one only or other our ours out over own please re
really said same say saying says shall she should so some someone something still such tell tells
than that thats the their theirs them then there these they thing things this those through to told
too under until up upon ve very was wasn we went were what whats when where whether which while who
whom whose why will with within without won would you your yours happen happened happening happens
involve involved know latest mean news read show story stories talk think thinks thought update
updates want wants
"""
FUNCTION_WORDS = frozenset(word for word, _ in words(_GRAMMAR))
"""Words without a subject: grammar, titles (Mr), and the usual phrases of questions."""


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """Return the stem of *word*, the same for British and American spelling."""
    if len(word) < 4 or not word.isascii() or not word.isalpha():
        return _AMERICAN.get(word, word)
    word = singular(word)
    word = _AMERICAN.get(word, word)
    for ending, min_length in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= min_length:
            word = word.removesuffix(ending)
            break
    if len(word) > 6:
        word = word.removesuffix("at")
    if len(word) > 3 and word[-1] == word[-2]:
        word = word[:-1]
    word = _AMERICAN.get(word, word)
    return _BRITISH.sub(lambda found: _AMERICAN_PARTS[found[0]], word) if len(word) > 4 else word


def romanized(word: str) -> str:
    """Return a name that is spelled as in German, French or Polish, as English would spell it."""
    return _ROMANIZED.sub(lambda found: found.lastgroup or "", word)


def in_latin(word: str) -> Sequence[str]:
    """Return how a name in another alphabet may be spelled in Latin letters; nothing for others.

    A name may be one of the other language, or a foreign one: Kharkiv, but Hawking. A word of one
    or two letters is more likely a preposition.
    """
    if len(word) < 3 or not word.isalpha() or not _ALPHABET.match(word):
        return ()
    own = _fold("".join(filter(str.isalpha, anyascii(word))))
    if len(own) < 3:
        return ()
    return own, _FOREIGN.sub(lambda found: _FOREIGN_LETTERS[found[0]], own)


def singular(word: str) -> str:
    """Return an English noun without the ending of its plural."""
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith("s") and not word.endswith(("ss", "us")):
        return word[:-1]
    return word


def is_english(word: str) -> bool:
    """Return whether *word* is an English word that is not rare, so probably no misspelling."""
    return word in _english()


def commonness(word: str) -> float:
    """Return how common *word* is in English: the decimal logarithm of its uses per billion words.

    "The" has 7.4 and "pizza" 4.2. The value is 0 for rare words and for words not in English.
    """
    return _english().get(word, 0.0)


def rarity(common: float) -> float:
    """Return the weight of a word: 1 if it is rare, less the more common it is."""
    return min(max((_EMPTIEST - common) / (_EMPTIEST - _COMMON), _LEAST), 1.0)


@cache
def _english() -> Mapping[str, float]:
    path = files("symspellpy").joinpath("frequency_dictionary_en_82_765.txt")
    listed = path.read_text("utf-8-sig").split()
    counts = [*map(int, listed[1::2])]
    billions = sum(counts) / 1e9
    least = 10**_RAREST * billions
    return {
        word: math.log10(count / billions)
        for word, count in zip(listed[::2], counts, strict=True)
        if count >= least
    }
