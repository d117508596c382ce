"""Buttons that run commands of schedules, and how they say what they were shown with."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from hashlib import blake2b, sha256

from handlers.button_value import MOST_WORDS, NO_CHANNEL, Value
from handlers.ids import Action
from handlers.parsing.schedule_order import order_of, write_order
from handlers.views.blocks import Element, button
from handlers.views.message import Message, paragraphs
from store.types import FOREVER, ChannelId, Order, Schedule

LIST = "list "
"""Before these words in the list of all channels."""
RESTORE = "restore"
"""The command of a button that sets a schedule up as it was: `on`, but the answer says so."""
MARK_LENGTH = 4
"""Characters of a schedule's fingerprint in the option of a menu."""


def commands(
    choices: Sequence[tuple[str, str]],
    channel_id: ChannelId = NO_CHANNEL,
    schedule_id: str = "",
    *,
    shown: Sequence[Schedule] = (),
    first: int = 0,
    seal: str = "",
) -> list[Element]:
    """Return buttons that run /digest, without those whose words are too long for a button.

    *channel_id* is the schedule's channel if the buttons are shown in another place. *shown* are
    the schedules that the buttons are about: once these have changed, the buttons do nothing.
    *first* is the place of the first button among all of its message, *seal* what
    proves that the person may press them.
    """
    key = fingerprint(shown)
    return [
        button(
            label,
            f"{Action.DIGEST_GUESS}_{place}" if place else Action.DIGEST_GUESS,
            Value(words=words, channel_id=channel_id, schedule_id=schedule_id, key=key, seal=seal),
        )
        for place, (label, words) in enumerate(choices, start=first)
        if 0 < len(words) <= MOST_WORDS
    ]


def ask(
    question: str,
    choices: Sequence[tuple[str, str]],
    schedule: Schedule | None = None,
    *,
    shown: Sequence[Schedule] = (),
) -> Message:
    """Ask which of several commands is meant: (label, words after /digest) for each button.

    The commands are about the *schedule*; without, about the only one of the channel. *shown* is
    as in `commands`.
    """
    schedule_id, shown = (schedule.id, [schedule]) if schedule else ("", shown)
    return paragraphs(question, buttons=commands(choices, schedule_id=schedule_id, shown=shown))


def is_same(order: Order, schedule: Schedule) -> bool:
    """Return whether *schedule* is running and posts just what was ordered, under any name."""
    is_running = not (schedule.paused_until or schedule.stopped)
    return is_running and replace(order_of(schedule), name="") == order


def restoring(schedule: Schedule, became: Order | None = None) -> str:
    """Return the commands that set a schedule up as it is, one a line; "" if words cannot.

    They are only for a schedule that still is what it *became*; None if it was ended.
    """
    words = write_order(order_of(schedule))
    if not words:
        return ""
    pause = f"\n{pausing(schedule.paused_until)}" if schedule.paused_until else ""
    return f"{RESTORE}{f':{short_hash(became)}' if became else ''} {words}{pause}"


def short_hash(order: Order) -> str:
    """Return what tells *order* from others, in little of a button's value."""
    return sha256((write_order(order) or "").encode()).hexdigest()[:8]


def fingerprint(schedules: Sequence[Schedule]) -> str:
    """Return a hash of the state of some schedules; "" for none."""
    if not schedules:
        return ""
    state = [
        (one.id, one.owner_id, order_of(one), one.paused_until, one.stopped)
        for one in sorted(schedules, key=lambda one: one.id)
    ]
    return blake2b(repr(state).encode(), digest_size=12).hexdigest()


def pausing(until: date) -> str:
    """Return the command of a pause."""
    return "pause" if until == FOREVER else f"pause until {until}"
