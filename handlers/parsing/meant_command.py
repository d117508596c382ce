"""Guess which sub-command of `/digest` was meant by words that begin with no sub-command."""

import re
from contextlib import suppress
from datetime import date

from rapidfuzz import process
from rapidfuzz.distance import OSA

from handlers.parsing.dates import is_until, parse_posts, parse_until
from handlers.parsing.delays import FROM_TO, pause_of
from handlers.parsing.readings import UnschedulableError, is_read
from handlers.parsing.schedule_names import could_be_name
from handlers.parsing.schedule_order import parse_order
from handlers.parsing.sub_commands import DELAY, MOVE, VERBS, DigestWord
from handlers.parsing.timetable import has_time
from handlers.parsing.words import as_typed

_NEW = (*VERBS[DigestWord.ON], "new")
_ONE = re.compile(
    r"(?:(?:the|this|that|my|our|an?|another|new)(?:\s+|$))*"
    r"(?:it|one|schedules?|(?:[^\W\d_]+[\s-])?(?:questions?|digests?))?",
    re.IGNORECASE,
)
_SYNONYMS = {
    **{verb: word for word, verbs in VERBS.items() for verb in verbs},
    **dict.fromkeys((*MOVE, "new", "set", "enable", "time"), DigestWord.ON),
    **dict.fromkeys(("status", "show", "when", "upcoming"), DigestWord.NEXT),
    "schedules": DigestWord.LIST,
    "post": DigestWord.NOW,
}
"""Sub-commands by other words for them."""
_SPELLED = [*sorted(DigestWord), *(word for word in _SYNONYMS if len(word) > 3)]
"""The words that may be mistyped: "stopp", "pausse"."""
_ABOUT_IT = "it|the|question|digest|post|time"
_IT = re.compile(rf"^(?:(?:{_ABOUT_IT})\s+)+", re.IGNORECASE)
_MOVED_TO = re.compile(rf"^(?:(?:{_ABOUT_IT}|to|at)\s+)+", re.IGNORECASE)
"""What stands before the time in "move it to 10:00"."""
_ASKING = re.compile(
    r"\b(?:is|are|was|will|be|do|does|the|next|come|comes|coming|one|planned|here)\b|\?", re.I
)
_HALT = re.compile(r"(?:(?:the|that|this|my)\s+)?(?:(?P<skip>skip)|pause)\b\s*", re.IGNORECASE)
"""What "cancel" takes back."""
_NO = re.compile(r"\b(?:not?|never|without|don'?t|do\s+not|nobody|nothing)\b", re.IGNORECASE)
"""The beginning of words that want something not to be done."""


def guess_command(word: str, rest: str, *, today: date) -> str:
    """Return the command that was probably meant, "" if there is no telling.

    That is the sub-command with this meaning or the one spelled most like it, or else `on` if the
    words have a time. Words that begin with "not" or the like mean no sub-command, and with one of
    these anywhere no end of a schedule: their opposite must not be offered.
    """
    if _NO.match(as_typed(f"{word} {rest}").strip()):
        return ""
    typed = word.lower()
    guess = _SYNONYMS.get(typed)
    if guess is DigestWord.OFF and (halt := _HALT.match(rest)):
        return f"{'unskip' if halt['skip'] else 'resume'} {rest[halt.end() :]}".strip()
    if guess is DigestWord.NEXT:
        rest = _ASKING.sub(" ", rest)
    if guess is None:
        most = max(1, len(typed) // 3)
        nearest = process.extractOne(typed, _SPELLED, scorer=OSA.distance, score_cutoff=most)
        guess = _SYNONYMS.get(nearest[0]) or DigestWord(nearest[0]) if nearest else None
    first, _, others = rest.partition(" ")
    if guess is None and could_be_name(word) and (second := DigestWord.read(first)):
        guess, rest = second, f"{word} {others}"
    if guess is None and has_time(f"{word} {rest}"):
        guess, rest = DigestWord.ON, f"{word} {rest}"
    if typed in DELAY and (pause := _pause(_IT.sub("", rest), today)):
        return f"{DigestWord.PAUSE} {pause}"
    if guess is DigestWord.ON:
        rest = _moved(rest) if typed in MOVE else _MOVED_TO.sub("", rest)
        if is_until(rest):
            return ""  # a schedule has no end
        rest = re.sub(r"\bto (?=\d)", "at ", rest)
    is_opposite = guess is DigestWord.OFF and _NO.search(as_typed(rest))
    return " ".join(f"{guess} {rest}".split()) if guess and not is_opposite else ""


def _moved(words: str) -> str:
    """Return what a change is to, perhaps after a name: "lunch-quiz from Mondays to Fridays"."""
    name, _, when = _IT.sub("", words).partition(" ")
    if not could_be_name(name):
        name, when = "", f"{name} {when}"
    return f"{name} {_MOVED_TO.sub('', FROM_TO.sub('', when))}".strip()


def _pause(words: str, today: date) -> str:
    """Return the words of the pause that *words* mean, perhaps after a name; "" if they do not."""
    name, _, when = words.partition(" ")
    if pause := pause_of(words, today=today):
        return pause
    return f"{name} {pause}" if (pause := pause_of(when, today=today)) else ""


def is_understood(command: str, *, today: date) -> bool:
    """Return whether a command that names no schedule can be run, without a word too many."""
    first, _, rest = command.partition(" ")
    word = DigestWord.read(first)
    match word:
        case DigestWord.ON:
            with suppress(UnschedulableError):
                return is_read(parse_order, rest, zone="UTC", today=today)
            return False
        case DigestWord.SKIP | DigestWord.UNSKIP:
            return is_read(parse_posts, rest, today=today)
        case DigestWord.PAUSE if rest:
            return is_read(parse_until, rest, today=today)
        case _:
            return word is not None and not rest


def is_new(word: str, rest: str) -> bool:
    """Return whether the words ask for a new schedule and say nothing about it: "add one"."""
    return word.lower() in _NEW and bool(_ONE.fullmatch(rest))


def is_edit(word: str, rest: str) -> bool:
    """Return whether the words ask to change a schedule and do not say how: "edit the digest"."""
    verb = word.lower()
    is_open = verb == "edit" and not has_time(rest)
    return is_open or (verb in MOVE and bool(_ONE.fullmatch(rest)))
