"""What /digest answers."""

from collections.abc import Sequence

from handlers.ids import Command
from handlers.mrkdwn import date, plain
from handlers.timetable import describe
from handlers.views.message import Message, context, message, section
from store.types import Occurrence, Schedule

Turns = Sequence[Occurrence]
_LISTED = 60

_EXAMPLES = (
    (
        f"{Command.DIGEST} on 09:30 mon-fri Europe/Lisbon",
        "a question then; the zone can be left out",
    ),
    (f"{Command.DIGEST} next", "the next posts in this channel"),
    (f"{Command.DIGEST} now", "today's question at once"),
    (f"{Command.DIGEST} off", "no more questions in this channel"),
    (f"{Command.DIGEST} list", "every channel with a daily question"),
)


def digest_help(*, unknown: str | None = None) -> Message:
    """Explain /digest; *unknown* is a word that it does not know."""
    lead = f"I do not know “{plain(unknown, 100)}”. " if unknown else ""
    text = f"{lead}A question a day gets a channel talking:"
    lines = "\n".join(f"• `{words}`: {what}" for words, what in _EXAMPLES)
    return message(f"{text}\n{lines}", [section(f"{text}\n{lines}")])


def is_on(schedule: Schedule, first: Occurrence) -> Message:
    """Confirm a schedule."""
    text = f"This channel gets a question at {describe(schedule.timetable)}. First: {_when(first)}."
    hint = context(f"`{Command.DIGEST} next` lists what comes, `{Command.DIGEST} off` ends it.")
    return message(text, [section(text), hint])


def coming(schedule: Schedule, turns: Turns) -> Message:
    """List the next turns in the reader's own zone."""
    lead = f"A question at {describe(schedule.timetable)}, organised by <@{schedule.organiser_id}>."
    lines = "\n".join(f"• {_when(turn)}" for turn in turns)
    return message(f"{lead} Next:\n{lines}", [section(f"{lead} Next:\n{lines}")])


def posted_now(following: Occurrence) -> Message:
    """Confirm that today's question went out ahead of its time."""
    text = f"Today's question is in this channel. The next one comes {_when(following)}."
    return message(text, [section(text)])


def is_off() -> Message:
    """Confirm that a channel has no schedule any more."""
    return message("This channel gets no daily question any more.")


def schedules(every: Sequence[Schedule]) -> Message:
    """List the schedules of the team."""
    if not every:
        return message(f"No channel has a daily question. Start one: `{Command.DIGEST} on 09:30`.")
    lines = [
        f"• <#{schedule.channel_id}>: {describe(schedule.timetable)}, next {_when(schedule.next)}"
        for schedule in every[:_LISTED]
    ]
    if len(every) > len(lines):
        lines.append(f"… and {len(every) - len(lines)} more")
    lead = "Channels with a daily question:\n"
    # A section holds some twenty such lines.
    parts = ["\n".join(lines[start : start + 15]) for start in range(0, len(lines), 15)]
    return message(lead + parts[0], [section(part) for part in (lead, *parts)])


def _when(turn: Occurrence) -> str:
    fallback = f"{turn.due_at:%a %d %b %Y, %H:%M} UTC"
    return date(int(turn.due_at.timestamp()), fallback)
