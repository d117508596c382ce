"""Answers to an order that somebody gave in ordinary words: the command for it, on a button."""

from collections.abc import Sequence

from handlers.button_value import Value
from handlers.ids import Action, Command
from handlers.mrkdwn import plain
from handlers.views.blocks import button
from handlers.views.digest import commands, describe, owner_text, schedule_status
from handlers.views.message import Message, paragraphs
from store.types import ChannelId, Order, Schedule


def start(
    words: str, order: Order | None, *, channel_id: ChannelId, channel_name: str = ""
) -> Message:
    """Offer to set up a schedule: the command with *words*, and the form with what they say.

    *order* is what the words mean; None if they leave something open, such as the time.
    *channel_id* is empty if the channel is not known: *channel_name* is what was typed.
    """
    words = words.removeprefix("on ")  # "post the digest on fridays": the command says *on* itself
    where = f"<#{channel_id}>" if channel_id else f"#{plain(channel_name, 80)}"
    where = where if channel_id or channel_name else "the channel that you choose"
    typed = f"`{_command('on', words)}`"
    form = button("Open the form", Action.DIGEST_SET, Value(words=words, channel_id=channel_id))
    if order is None:
        return paragraphs(
            f"I can do that for {where}: choose the time in the form, or type it with {typed}.",
            buttons=[form],
        )
    text = f"That is {describe(order)}, for {where}."
    if not channel_id:
        return paragraphs(
            f"{text} Choose the channel in the form, or type {typed} there.", buttons=[form]
        )
    started = commands([("Start it", f"on {words}")], channel_id)
    return paragraphs(f"{text} Start it, or type {typed} there.", buttons=[*started, form])


def change(verb: str, words: str, schedules: Sequence[Schedule], *, is_here: bool) -> Message:
    """Ask whether to run `/digest verb words`, and for which of the *schedules*.

    *is_here* means that they are the schedules of the channel in which the order was given.
    """
    sub = "on" if verb == "move" else verb
    count = len(schedules)
    choices, lines = [], []
    for place, one in enumerate(schedules):
        full = f"on {one.name} {words}" if verb == "move" else f"{verb} {words}".strip()
        label = f"Yes: {full}" if count == 1 else f"{place + 1}. {one.name}"
        about = "" if verb == "move" else one.id
        choices += commands([(label, full)], one.channel_id, about, first=place)
        number = f"{place + 1}. " if count > 1 else ""
        lines.append(
            f"{number}<#{one.channel_id}> `{one.name}`: {describe(one)}, {schedule_status(one)},"
            f" {owner_text(one)}"
        )
    if count > 1 and is_here and verb != "move":
        names = " and ".join(one.name for one in schedules)
        every = ("All of them", f"{verb} {names} {words}".strip())
        choices += commands([every], schedules[0].channel_id, first=count)
    question = "Is it about this schedule?" if count == 1 else "Which schedule is it about?"
    typed = _command(full) if count == 1 else _command(sub, words)
    listed = "\n".join(lines)
    return paragraphs(f"That is `{typed}`. {question}\n{listed}", buttons=choices)


def unknown_channel(verb: str, words: str) -> Message:
    """Name the command for an order whose channel is not known, and offer the list."""
    buttons = commands([("Show the schedules", "list")])
    if verb == "move":
        text = f"Type `{Command.DIGEST}` in the channel, and choose *Edit* there."
    else:
        text = f"Type `{_command(verb, words)}` in the channel."
    return paragraphs(f"{text} Every channel with a schedule:", buttons=buttons)


def _command(*words: str) -> str:
    shown = plain(" ".join(filter(None, words)), 200).replace("`", "'")
    return f"{Command.DIGEST} {shown}"
