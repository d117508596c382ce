"""Answers to an order that somebody gave in ordinary words: the command for it, on a button."""

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType

from handlers.button_value import Value
from handlers.ids import Action, Command
from handlers.mrkdwn import code, plain
from handlers.parsing.date_format import write_dates
from handlers.parsing.timetable import describe as describe_timetable
from handlers.parsing.timetable import has_time
from handlers.views import readings
from handlers.views.blocks import button
from handlers.views.command_buttons import commands, is_same
from handlers.views.message import Message, paragraphs
from handlers.views.order_text import days_of, describe, owner_text, schedule_status
from handlers.views.schedule_questions import add_or_replace, is_there
from store.posting.schedules import MOST_SCHEDULES
from store.types import ChannelId, Order, Schedule

_YES = {
    "off": "Yes, end it",
    "pause": "Yes, pause it",
    "resume": "Yes, resume it",
    "move": "Yes, change it",
}
"""Labels of the button of an order about one schedule that names no dates."""


def start(
    words: str,
    order: Order | None,
    *,
    channel_id: ChannelId,
    channel_name: str,
    is_here: bool,
    schedules: Sequence[Schedule],
    changeable: Sequence[Schedule],
) -> Message:
    """Offer to set up a schedule: the command with *words*, and the form with what they say.

    *order* is what the words mean; None if they leave something open, such as the time.
    *channel_id* is empty if the channel is not known: *channel_name* is what was typed. *is_here*
    means that it is the channel of the message. It has *schedules*, of which the person can replace
    *changeable*.
    """
    where = f"<#{channel_id}>" if channel_id else f"#{plain(channel_name, 80)}"
    where = where if channel_id or channel_name else "the channel that you choose"
    # Without a time, the command would be refused.
    full = words if has_time(words) else f"09:30 {words}"
    typed = f"`{_command('on', full)}`" + ("" if channel_id and is_here else " there")
    form = button("Open the form", Action.DIGEST_SET, Value(words=words, channel_id=channel_id))
    if order is None:
        return paragraphs(
            f"I can do that for {where}: choose the time in the form, or type {typed}.",
            buttons=[form],
        )
    same = next((one for one in schedules if is_same(order, one)), None)
    if same:
        return paragraphs(is_there(same))
    if schedules and not order.name:
        return add_or_replace(order, schedules, changeable, channel_id=channel_id, form=form)
    text = f"That is {describe(order)}, for {where}."
    if not channel_id:
        return paragraphs(
            f"{text} Choose the channel in the form, or type {typed}.", buttons=[form]
        )
    started = commands([("Start it", f"on {words}")], channel_id)
    return paragraphs(f"{text} Start it, or type {typed}.", buttons=[*started, form])


def change(
    verb: str,
    words: str,
    schedules: Sequence[Schedule],
    *,
    dates: Sequence[date] = (),
    skips: Mapping[str, Sequence[date]] = MappingProxyType({}),
    become: Mapping[str, Order] = MappingProxyType({}),
    until: date | None = None,
) -> Message:
    """Ask whether to run `/digest verb words`, and for which of the *schedules*.

    *dates* are what the words mean today, for each schedule; *skips* are what they mean for each
    of some, by schedule id. *become* is what a change makes of each of some, by schedule id, and
    *until* the day on which the words could mean that a pause ends.
    """
    sub = "on" if verb == "move" else verb
    count, shown = len(schedules), schedules[:MOST_SCHEDULES]
    label, command = _YES.get(verb, f"Yes, {verb} {words or 'the next one'}"), f"{verb} {words}"
    if dates:
        ((label, command),) = readings.choices([tuple(dates)], verb)
    rest = command.partition(" ")[2]
    choices, lines = [], []
    if until and count == 1:
        pause = readings.choices([(until,)], "pause")
        choices = commands(pause, schedules[0].channel_id, schedules[0].id, shown=schedules)
    for place, one in enumerate(shown):
        full = f"on {one.name} {words}" if verb == "move" else command.strip()
        about = "" if verb == "move" else one.id
        if verb == "skip" and (skipped := skips.get(one.id)):
            # The button may be pressed when another post is the next one.
            full = f"skip {write_dates(skipped)}"
        each = label if count == 1 else f"{place + 1}. {one.name}"
        becomes = ""
        if (order := become.get(one.id)) and order.timetable != one.timetable:
            becomes = f"; it would come {days_of(order.timetable)}" if count > 1 else ""
            each = f"Change it to {describe_timetable(order.timetable)}" if count == 1 else each
        choices += commands([(each, full)], one.channel_id, about, shown=[one], first=len(choices))
        number = f"{place + 1}. " if count > 1 else ""
        lines.append(
            f"{number}<#{one.channel_id}> `{one.name}`: {describe(one)}, {schedule_status(one)},"
            f" {owner_text(one)}{becomes}"
        )
    if count > len(shown):
        lines.append(f"You have {count - len(shown)} more: name the channel for those.")
    if count > 1 and len({one.channel_id for one in schedules}) == 1 and verb != "move":
        names = " and ".join(one.name for one in schedules)
        every = commands(
            [("All of them", f"{verb} {names} {rest}".strip())],
            schedules[0].channel_id,
            shown=schedules,
            first=len(shown),
        )
        choices += every
        lines += [] if every else ["For all of them, type the command for each."]
    question = "Is it about this schedule?" if count == 1 else "Which schedule is it about?"
    typed = f"on {schedules[0].name} {words}" if verb == "move" and count == 1 else f"{sub} {words}"
    meant = f"`{_command(typed.strip())}`"
    if until:
        meant = f"`{_command('pause until', str(until))}`, or {meant}"
    listed = "\n".join(lines)
    return paragraphs(f"That is {meant}. {question}\n{listed}", buttons=choices)


def hand_over() -> Message:
    """Return how to change the owner of a schedule: several people may have the name."""
    return paragraphs(
        f"In the channel, type `{Command.DIGEST} owner @name`: type @, choose a person, then send."
    )


def unknown_channel(verb: str, words: str) -> Message:
    """Name the command for an order whose channel is not known, and offer the list."""
    buttons = commands([("Show the schedules", "list")])
    if verb == "move":
        text = f"Type `{Command.DIGEST}` in the channel, and choose *Edit* there."
    else:
        text = f"Type `{_command(verb, words)}` in the channel."
    return paragraphs(f"{text} Every channel with a schedule:", buttons=buttons)


def _command(*words: str) -> str:
    shown = code(" ".join(filter(None, words)), 400)
    return f"{Command.DIGEST} {shown}"
