"""The sub-commands: the words that come first after `/digest` and `/corpus`, or are in a menu."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Literal, Self


class _Word(StrEnum):
    @classmethod
    def read(cls, typed: str) -> Self | None:
        """Return the word that was *typed*, in letters of any case; None for any other."""
        return next((word for word in cls if word == typed.lower()), None)


class DigestWord(_Word):
    """The sub-commands of `/digest`, except `edit`, which only opens the form."""

    ON = "on"
    NOW = "now"
    SKIP = "skip"
    UNSKIP = "unskip"
    PAUSE = "pause"
    RESUME = "resume"
    OFF = "off"
    OWNER = "owner"
    NEXT = "next"
    PREVIEW = "preview"
    TALK = "talk"
    LIST = "list"
    HELP = "help"

    @property
    def is_look_up(self) -> bool:
        """Whether it changes nothing, so that guests may use it, too."""
        return self in (
            DigestWord.NEXT,
            DigestWord.PREVIEW,
            DigestWord.TALK,
            DigestWord.LIST,
            DigestWord.HELP,
        )

    @property
    def is_for_all(self) -> bool:
        """Whether it can be about all schedules of a channel at a time."""
        return self in (
            DigestWord.SKIP,
            DigestWord.UNSKIP,
            DigestWord.PAUSE,
            DigestWord.RESUME,
            DigestWord.OFF,
        )


Change = Literal[
    DigestWord.NOW,
    DigestWord.SKIP,
    DigestWord.UNSKIP,
    DigestWord.PAUSE,
    DigestWord.RESUME,
    DigestWord.OFF,
    DigestWord.OWNER,
]
"""The sub-commands that change schedules which are there; `on` begins one, too."""


VERBS: Mapping[DigestWord, Sequence[str]] = {
    DigestWord.ON: ["start", "begin", "add", "create", "schedule"],
    DigestWord.SKIP: ["omit"],
    DigestWord.PAUSE: ["mute", "snooze", "suspend", "hold", "silence"],
    DigestWord.RESUME: ["continue", "restart", "unpause", "unmute"],
    DigestWord.OFF: [
        *("stop", "cancel", "drop", "end", "delete", "remove", "disable", "quit"),
        *("cease", "discontinue", "terminate"),
    ],
}
"""Other verbs for a sub-command, after `/digest` and in a sentence."""
DELAY = ["push", "postpone", "move", "shift", "reschedule", "delay"]
"""Verbs that mean a pause if they say until when: "postpone it for a week"."""
MOVE = [*DELAY, "change", "edit", "update"]
"""Verbs for `on` that are about a schedule which is there."""


class MenuWord(_Word):
    """What people choose from the menu of a schedule; older messages have these words, too."""

    EDIT = "edit"
    SKIP = "skip"
    PAUSE = "pause"
    RESUME = "resume"
    END = "end"


class CorpusWord(_Word):
    """The sub-commands of `/corpus`."""

    STATUS = "status"
    CHECK = "check"
    RELOAD = "reload"
    UNDO = "undo"
    HISTORY = "history"
    PROBLEMS = "problems"
    SOURCES = "sources"
    MISSED = "missed"
    HELP = "help"

    @property
    def is_shared(self) -> bool:
        """Whether it concerns the corpus itself, and so all teams that share it."""
        return self not in (CorpusWord.STATUS, CorpusWord.MISSED, CorpusWord.HELP)


class SourcesWord(_Word):
    """What to do with a feed, after `/corpus sources`."""

    ADD = "add"
    REMOVE = "remove"
    PAUSE = "pause"
    RESUME = "resume"
    REFRESH = "refresh"
    KEEP = "keep"
    HISTORY = "history"
    EXPORT = "export"
