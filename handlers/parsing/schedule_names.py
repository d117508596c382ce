"""Names of schedules: those that people choose, and those that they type to say which one."""

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import date

from handlers.mrkdwn import plain
from handlers.parsing.dates import parse_posts
from handlers.parsing.timetable import is_days
from handlers.parsing.words import as_typed
from handlers.parsing.zones import zones_named
from store.types import ParleyError, PostKind, Schedule

LONGEST_NAME = 40
COMMANDS = frozenset(
    {
        "on",
        "now",
        "skip",
        "unskip",
        "pause",
        "resume",
        "off",
        "owner",
        "next",
        "preview",
        "talk",
        "list",
        "help",
    }
)
"""The words after `/digest`."""
_WORDS = COMMANDS | {
    *("a", "about", "age", "all", "an", "and", "as", "at", "both", "called", "digest", "edit"),
    *("every", "except", "for", "forever", "holidays", "indefinitely", "max", "name", "named"),
    *("new", "no", "nothing", "of", "only", "question", "schedule", "schedules", "stories"),
    *("story", "the", "till", "to", "until", "why", "with"),
    *("alternate", "biweekly", "each", "first", "fortnight", "fortnightly", "fourth", "from"),
    *("holiday", "last", "month", "monthly", "other", "second", "starting", "third", "weeks"),
}
_ALL = re.compile(r"(?<![\w-])(?:all|both)(?: of)?(?: the)?[ -]schedules(?![\w-])", re.IGNORECASE)
_ALONE = re.compile(r"(?:all|both)(?: of them)?", re.IGNORECASE)
_BEFORE = r"(?<![\w-])(?:(?:for|from|in|of|the)\s+)*"
NAMED = r"(?:named|called|name):?"
"""What comes before the name of a schedule in an order."""
_SOME_DAY = date(2026, 11, 24)


def read_name(typed: str) -> str:
    """Return the name that a person chose, in small letters and with hyphens for blanks.

    Raises `ParleyError` if it has other signs, is too long, or is a word, date, time zone or the
    like that a command may have.
    """
    name = re.sub(r"[\s_-]+", "-", as_typed(typed).strip().strip(".,;:!").lower()).strip("-")
    shown = plain(typed, 60)
    if not re.fullmatch(r"[^\W\d_][^\W_]*(?:-[^\W_]+)*", name):
        raise ParleyError(
            f"“{shown}” cannot be a name: it takes letters, digits and hyphens, and begins with a"
            " letter, as in `friday-digest`."
        )
    if len(name) > LONGEST_NAME:
        raise ParleyError(f"A name has at most {LONGEST_NAME} characters.")
    if _is_of_the_grammar(name):
        raise ParleyError(
            f"“{shown}” cannot be a name: in a command it means something else. Choose two words,"
            " as in `friday-digest`."
        )
    return name


def _is_of_the_grammar(name: str) -> bool:
    words = name.replace("-", " ")
    if name in _WORDS or is_days(name) or any(map(zones_named, (name, words))):
        return True
    for typed in (name, words):
        with suppress(ParleyError):
            parse_posts(typed, today=_SOME_DAY)
            return True
    return False


def take_name(words: str, schedules: Sequence[Schedule]) -> tuple[Sequence[Schedule], str]:
    """Return the schedules that *words* name, and the other words.

    These are all schedules for "all schedules", one for its name or for its kind if it is the only
    one of it, and none if no name is found.
    """
    if _ALONE.fullmatch(words):
        return schedules, ""
    for pattern, named in [(_ALL, schedules), *_patterns(schedules)]:
        if found := pattern.search(words):
            rest = f"{words[: found.start()]} {words[found.end() :]}"
            return named, " ".join(rest.split())
    return (), words


def take_whole_name(words: str, schedules: Sequence[Schedule]) -> tuple[Schedule | None, str]:
    """Return the schedule that the *words* of an order name in full, and the other words.

    Days, topics and the kind are words of an order too, so a name counts only as it is written in
    a list, and without a hyphen only as the first word or after "named".
    """
    for schedule in schedules:
        where = rf"{_BEFORE}(?:{NAMED}\s+)?" if "-" in schedule.name else rf"(?:^|\b{NAMED}\s+)"
        name = re.escape(schedule.name)
        if found := re.search(rf"{where}{name}(?![\w-])", words, re.IGNORECASE):
            return schedule, f"{words[: found.start()]} {words[found.end() :]}".strip()
    return None, words


def _patterns(
    schedules: Sequence[Schedule],
) -> Sequence[tuple[re.Pattern[str], Sequence[Schedule]]]:
    """Return patterns of the names, the longest first, and then of kinds with one schedule."""
    patterns = []
    for schedule in sorted(schedules, key=lambda one: len(one.name), reverse=True):
        name = r"[\s_-]*".join(map(re.escape, schedule.name.split("-")))
        patterns.append((name, [schedule]))
    for kind in (PostKind.QUESTION, PostKind.DIGEST):
        of_kind = [schedule for schedule in schedules if schedule.kind is kind]
        if len(of_kind) == 1:
            patterns.append((kind.value, of_kind))
    return [
        (re.compile(rf"{_BEFORE}{name}(?![\w-])", re.IGNORECASE), named) for name, named in patterns
    ]
