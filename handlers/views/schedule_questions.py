"""Questions about an order for a schedule: what is meant, and whether to go on."""

from collections.abc import Sequence
from dataclasses import replace

from handlers.button_value import MOST_WORDS, NO_CHANNEL, Value
from handlers.ids import Action, Command
from handlers.mrkdwn import code, plain
from handlers.parsing.schedule_order import write_order
from handlers.views.blocks import Element, button
from handlers.views.command_buttons import ask, commands, fingerprint
from handlers.views.message import Message, paragraphs
from handlers.views.order_text import describe, join_words, schedule_status
from store.posting.names import default_name
from store.types import ChannelId, Order, Schedule, UserId

_EXAMPLES = (
    ("", "this channel's schedules, or a form for the first one"),
    (
        "on 09:30 mon-fri Europe/Lisbon",
        "a question then; the zone can be left out",
    ),
    (
        "on 09:30 digest 3 about {topics}",
        "three stories and a question; either part can be left out",
    ),
    (
        "on 09:30 digest 3 only new max age 7 days",
        "only what came since the last digest; if nothing came, it says so, or nothing with"
        " `only new or nothing`",
    ),
    ("next", "the next posts in this channel"),
    ("preview", "what the next one will say; only you see it"),
    ("now", "one more at once; `now today`: today's, ahead of its time"),
    (
        "skip",
        "leave the next one out, or `skip 24 Dec to 2 Jan`; `unskip` takes it back",
    ),
    ("pause until 2 Jan", "no posts before that date, or until `resume`"),
    ("off", "no more posts in this channel"),
    ("owner @name", "hand a schedule over to somebody else"),
    (
        "on 16:00 fri digest 5 named friday-digest",
        "one more; where there are several, say which: `skip friday-digest`, `pause all schedules`",
    ),
    ("talk", "which questions got people talking here"),
    ("list", "every channel with a schedule"),
)


def digest_help(
    topics: Sequence[str],
    *,
    unknown: str | None = None,
    correction: str | None = None,
    meant: Sequence[Schedule] = (),
) -> Message:
    """Explain /digest, with *topics* that have stories.

    *unknown* is a word that is not a sub-command; *correction* is the command that may be meant,
    and *meant* the schedules that it is about.
    Words that only lack their sub-command are understood.
    """
    lead = f"I don't know “{plain(unknown, 100)}”. " if unknown else ""
    if correction:
        shown = code(correction, 60)
        is_understood = unknown and correction.startswith(f"on {unknown} ")
        text = f"{'' if is_understood else lead}Did you mean `{Command.DIGEST} {shown}`?"
        label = "Yes, end it" if correction == "off" else f"Yes, {correction}"
        return ask(text, [(label, correction)], shown=meant)
    text = f"{lead}A question a day gets a channel talking:"
    about = ", ".join(plain(topic, 75) for topic in topics[:2]) or "TOPICS"
    lines = "\n".join(
        f"• `{f'{Command.DIGEST} {words}'.rstrip()}`: {what}".replace("{topics}", about)
        for words, what in _EXAMPLES
    )
    form = button("Open the form", Action.DIGEST_SET, Value(), hint="Open the form of a schedule")
    return paragraphs(f"{text}\n{lines}", buttons=[form])


def which(
    schedules: Sequence[Schedule],
    word: str,
    rest: str,
    *,
    takes_all: bool = False,
    unknown: str = "",
    is_new: bool = False,
) -> Message:
    """Ask which of the channel's *schedules* the command `/digest word rest` is about.

    *unknown* is the name that was typed, and that none of them has; *is_new* means that a schedule
    of that name can be added.
    """
    lead = f"There is no schedule `{plain(unknown, 60)}` here. " if unknown else ""
    question = "Which one do you mean" if len(schedules) > 1 else "Do you mean this one"
    lines = "".join(f"\n• `{one.name}`: {describe(one)}" for one in schedules)
    choices = [(one.name, f"{word} {one.name} {rest}".rstrip(), [one]) for one in schedules]
    if takes_all:
        # Those that are listed: others may come before the button is pressed. A value has an end.
        names = " and ".join(one.name for one in schedules)
        every = [f"{word} {each} {rest}".rstrip() for each in (names, "all schedules")]
        choices.append(("All of them", every[len(every[0]) > MOST_WORDS], [*schedules]))
    if is_new:
        choices.append((f"Add {unknown}", f"{word} {rest} named {unknown}", []))
    buttons: list[Element] = []
    for label, command, shown in choices:
        buttons += commands([(label, command)], shown=shown, first=len(buttons))
    if not schedules:
        return paragraphs(f"{lead}Do you want one of that name?", buttons=buttons)
    typed = code(f"{word} {rest}".strip(), 80)
    text = f"{lead}{question} with `{Command.DIGEST} {typed}`?{lines}"
    return paragraphs(text, buttons=buttons)


def untouched(others: Sequence[Schedule]) -> list[Message]:
    """Return which schedules of the channel a command about several did not concern."""
    if not others:
        return []
    names = join_words([f"`{one.name}`" for one in others], "and")
    return [paragraphs(f"{names} {'stays' if len(others) == 1 else 'stay'} as before.")]


def add_or_replace(
    order: Order,
    schedules: Sequence[Schedule],
    changeable: Sequence[Schedule],
    *,
    channel_id: ChannelId = NO_CHANNEL,
    form: Element | None = None,
) -> Message:
    """Ask whether *order*, which has no name, is one more schedule or replaces one of *changeable*.

    The channel has *schedules*; it is *channel_id* if the question is asked in another place.
    *form* is a button that opens the form.
    """
    lines = "\n".join(f"• `{one.name}`: {describe(one)}" for one in schedules)
    where = f"<#{channel_id}>" if channel_id else "This channel"
    has = "a schedule" if len(schedules) == 1 else "schedules"
    text = f"{where} has {has} already:\n{lines}\nYou want {describe(order)}. Is it one more?"
    name = default_name(order, taken={one.name for one in schedules})
    added = write_order(replace(order, name=name))
    buttons = commands([("Add it", f"on {added}")] if added else [], channel_id)
    for place, one in enumerate(changeable, start=len(buttons)):
        written = write_order(replace(order, name=""))
        choice = [(f"Replace {one.name}", f"on {written}")] if written else []
        buttons += commands(choice, channel_id, one.id, shown=[one], first=place)
    return paragraphs(text, buttons=[*buttons, *([form] if form else [])])


def is_there(schedule: Schedule) -> str:
    """Return that a *schedule* is just what was ordered."""
    what, status = describe(schedule), schedule_status(schedule)
    return (
        f"That is `{schedule.name}` already: {what}, {status}. With `named` and another name I add"
        " one more."
    )


def no_more_words(word: str, rest: str) -> Message:
    """Offer the list or the talk of a channel as it is, because *rest* cannot narrow it."""
    shows = {
        "talk": "all questions of the last 90 days, in the channel where you type it",
        "list": "every channel with a schedule",
    }
    text = f"`{Command.DIGEST} {word}` shows {shows[word]}, so I can't use “{plain(rest, 60)}”."
    return ask(text, [("Show it", word)])


def several(orders: Sequence[Order], words: Sequence[str], *, others: int) -> Message:
    """Offer a schedule for each time of day, beside *others*; *words* are their commands."""
    lines = "\n".join(f"• `{order.name}`: {describe(order)}" for order in orders)
    text = (
        f"That is {len(orders)} posts a day. Each gets a schedule of its own, to be skipped or"
        f" ended by its name:\n{lines}"
    )
    if others:
        stay = "schedule here stays" if others == 1 else f"{others} schedules here stay"
        text += f"\nThe {stay}."
    every = "\n".join(words)
    if len(every) > MOST_WORDS:
        typed = "\n".join(f"`{Command.DIGEST} {plain(one)}`" for one in words)
        return paragraphs(f"{text}\nThat is too long for a button. Type:\n{typed}")
    label = "Start both" if len(orders) == 2 else f"Start all {len(orders)}"
    return paragraphs(text, buttons=commands([(label, every)]))


def confirm(
    schedule: Schedule, words: str, *, order: Order | None = None, to: UserId | None = None
) -> Message:
    """Ask whether to do what *words* say about somebody else's schedule.

    That is to replace it with *order*, to hand it over *to* another person, or else to end it.
    None for *to* is the person who is asked.
    """
    does, label = "end it", "End it"
    if order:
        does, label = f"replace it with {describe(order)}", "Replace it"
        if order.name != schedule.name:
            does += f", called `{order.name}`"
    elif words.startswith("owner"):
        does, label = "take it over", "Take it over"
        if to:
            does, label = f"hand it over to <@{to}>", "Hand it over"
    text = (
        f"This is <@{schedule.owner_id}>'s schedule `{schedule.name}`:"
        f" {describe(schedule)}. Do you want to {does}? They will be told."
    )
    if len(words) > MOST_WORDS or words == "on ":
        # A button cannot hold that many words.
        return paragraphs(f"{text} Choose *Edit* in `{Command.DIGEST}` for that.")
    value = Value(
        words=words,
        channel_id=schedule.channel_id,
        schedule_id=schedule.id,
        key=fingerprint([schedule]),
    )
    return paragraphs(text, buttons=[button(label, Action.DIGEST_CONFIRM, value)])
