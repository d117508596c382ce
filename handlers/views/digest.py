"""Answers to /digest."""

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from datetime import datetime as instant
from hashlib import blake2b, sha256
from itertools import takewhile
from zoneinfo import ZoneInfo

from handlers.button_value import MOST_WORDS, NO_CHANNEL, Value
from handlers.ids import Action, Command
from handlers.mrkdwn import code, plain
from handlers.parsing.cadence import describe_weeks
from handlers.parsing.date_format import format_date, format_dates, write_dates
from handlers.parsing.schedule_order import order_of, write_order
from handlers.parsing.sub_commands import MenuWord
from handlers.parsing.words import DAY_NAMES
from handlers.parsing.zones import shown_name
from handlers.views import question, samples
from handlers.views.blocks import (
    Block,
    Element,
    actions,
    button,
    context,
    literal,
    overflow,
    pager,
    section,
)
from handlers.views.message import Message, counted, message, paragraphs
from handlers.views.notice import OUR_DELAYS, TAKE_BACK, WHY_STOPPED, span
from store.posting.choice import Chosen
from store.posting.names import default_name, is_default_name
from store.posting.notices import READY_AGAIN
from store.posting.planning import UpcomingPost
from store.posting.public_holidays import region_name
from store.types import (
    FOREVER,
    Article,
    ChannelId,
    News,
    Order,
    Post,
    PostKind,
    PostState,
    Schedule,
    Timetable,
    UserId,
)

LIST = "list "
"""Before these words in the list of all channels."""
_MARK = 4
"""Characters of a schedule's fingerprint in the option of a menu."""
_FEW = 3
"""Of how many dates an answer names those without a post; a range has some at each weekend."""
_LISTED = 15
"""Schedules per page."""

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
    names = _join([f"`{one.name}`" for one in others], "and")
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


def is_same(order: Order, schedule: Schedule) -> bool:
    """Return whether *schedule* is running and posts just what was ordered, under any name."""
    is_running = not (schedule.paused_until or schedule.stopped)
    return is_running and replace(order_of(schedule), name="") == order


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


def is_handed_over(schedule: Schedule, to: UserId) -> Message:
    """Confirm that *to* owns a schedule now."""
    return message(f"<@{to}> owns it now: {describe(schedule)}.")


def describe(order: Order) -> str:
    """Return what a schedule posts and when, in mrkdwn."""
    return _what(order, topics=40)


RESTORE = "restore"
"""The command of a button that sets a schedule up as it was: `on`, but the answer says so."""


def is_back(schedule: Schedule, coming: UpcomingPost | None) -> Message:
    """Confirm that a schedule is again as it was."""
    status = schedule_status(schedule, coming)
    return paragraphs(
        f"`{schedule.name}` is back in <#{schedule.channel_id}>: {describe(schedule)}, {status}."
    )


def restoring(schedule: Schedule, became: Order | None = None) -> str:
    """Return the commands that set a schedule up as it is, one a line; "" if words cannot.

    They are only for a schedule that still is what it *became*; None if it was ended.
    """
    words = write_order(order_of(schedule))
    if not words:
        return ""
    pause = f"\n{_pause(schedule.paused_until)}" if schedule.paused_until else ""
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


def commands(
    choices: Sequence[tuple[str, str]],
    channel_id: ChannelId = NO_CHANNEL,
    schedule_id: str = "",
    *,
    shown: Sequence[Schedule] = (),
    first: int = 0,
) -> list[Element]:
    """Return buttons that run /digest, without those whose words are too long for a button.

    *channel_id* is the schedule's channel if the buttons are shown in another place. *shown* are
    the schedules that the buttons are about: once these have changed, the buttons do nothing.
    *first* is the place of the first button among all of its message.
    """
    key = fingerprint(shown)
    return [
        button(
            label,
            f"{Action.DIGEST_GUESS}_{place}" if place else Action.DIGEST_GUESS,
            Value(words=words, channel_id=channel_id, schedule_id=schedule_id, key=key),
        )
        for place, (label, words) in enumerate(choices, start=first)
        if 0 < len(words) <= MOST_WORDS
    ]


def about(schedule: Schedule, shown: Message) -> Message:
    """Return an answer that begins with the name of its schedule, one of several in its channel."""
    first, *rest = shown["blocks"] or [section(shown["text"])]
    if first["type"] == "section":
        first = first | {"text": first["text"] | {"text": _about(schedule, first["text"]["text"])}}
    return message(_about(schedule, shown["text"]), [first, *rest])


def one_of_several(schedule: Schedule, shown: Message) -> Message:
    """Return an answer as one of several, which each say of which schedule they are."""
    shown = about(schedule, shown)
    for block in shown["blocks"]:
        for each in block["elements"] if block["type"] == "actions" else ():
            if each["type"] == "button" and each["text"]["text"] == TAKE_BACK:
                each["text"] = literal(f"Take back {schedule.name}")
    return shown


def _about(schedule: Schedule, text: str) -> str:
    if f"`{schedule.name}`" in text:
        return text
    is_word = text[1:2].islower()
    return f"`{schedule.name}`: {text[:1].lower() if is_word else text[:1]}{text[1:]}"


def joined(answers: Iterable[Message]) -> Message:
    """Return several answers as one message."""
    answers = [*answers]
    blocks = [block for one in answers for block in (one["blocks"] or [section(one["text"])])]
    return message("\n".join(one["text"] for one in answers), blocks)


def is_on(
    schedule: Schedule,
    upcoming: Sequence[UpcomingPost],
    *,
    now: instant,
    before: Schedule | None,
    others: Sequence[Schedule],
    respelled: Mapping[str, str],
    is_empty: bool,
    has_samples: bool,
) -> Message:
    """Confirm a new or changed schedule.

    *before* is the schedule that it replaces, *others* are the others of the channel.
    *respelled* are misspelt topics, with the spelling of the stories. *is_empty* means that no
    story matches its topics, *has_samples* that there are only sample stories.
    """
    there = now.astimezone(ZoneInfo(schedule.timetable.zone))
    text = (
        f"<#{schedule.channel_id}> will get {_what(schedule)}. It is {there:%H:%M} there now."
        f" First: {_first(schedule, upcoming, has_zone=False)}."
    )
    if note := _why_later(schedule, upcoming, now):
        text += f" {note}"
    for typed, meant in respelled.items():
        text += f" I read “{plain(typed, 75)}” as {plain(meant, 75)}."
    if before and before.name != schedule.name:
        text += f" Its name is now `{schedule.name}`."
    elif others or not is_default_name(schedule.name, schedule):
        text += f" Its name is `{schedule.name}`."
    text += _before_or_beside(before, others)
    if is_empty:
        text += " There is no story for it yet, so nothing will be posted until there is one."
    name = f" {schedule.name}" if others else ""
    hint = f"`{Command.DIGEST} next{name}` lists what comes, `{Command.DIGEST} off{name}` stops it."
    back = [(TAKE_BACK, restoring(before, order_of(schedule)))] if before else []
    shown = commands(back, schedule.channel_id, schedule.id)
    if len(others) == 1 and not before and others[0].owner_id in (None, schedule.owner_id):
        end = [(f"Stop {others[0].name}", "off")]
        shown += commands(end, others[0].channel_id, others[0].id, shown=others)
    warnings = [samples.warning()] if has_samples else []
    buttons = [actions(*shown)] if shown else []
    return message(
        "\n".join([text, *warnings]),
        [section(text), *map(section, warnings), *buttons, context(hint)],
    )


def _before_or_beside(before: Schedule | None, others: Sequence[Schedule]) -> str:
    """Return what a schedule replaces, or else what the channel has beside it."""
    if before:
        goes_on = " It was paused, and goes on now." if before.paused_until else ""
        return f" It replaces {describe(before)}.{goes_on}"
    if len(others) == 1:
        return f" The channel also has `{others[0].name}`: {describe(others[0])}."
    if others:
        return f" The channel has {len(others)} other schedules: `{Command.DIGEST}` lists them."
    return ""


def coming(
    schedule: Schedule,
    upcoming: Sequence[UpcomingPost],
    *,
    zone: str,
    last: Post | None,
    chosen: Chosen | None,
) -> Message:
    """Render the next occurrences for a reader in *zone*; notes mark changes of the clocks."""
    lead = f"{_what(schedule, is_first=True)}, {owner_text(schedule)}."
    lines = []
    before = None
    for post in upcoming:
        note = f": no post ({plain(post.skip_reason, 100)})" if post.skip_reason else ""
        if not note:
            note = _clock_change(schedule, post, zone=zone, before=before)
            if not _is_in_gap(schedule, post):
                before = post
            elif zone == schedule.timetable.zone:
                # The note on the gap has said it.
                before = None
        lines.append(f"• {_when(post, zone)}{note}")
    parts = [lead, *_standstill(schedule), *_next(lines, zone)]
    if last and last.state is not PostState.SENT and last.due_on:
        parts.append(f"The last one, on {format_date(last.due_on)}, {_state(last)}.")
    if chosen and (left := _left(schedule, chosen)):
        parts.append(left)
    return paragraphs(*parts)


def _next(lines: Sequence[str], zone: str) -> list[str]:
    return ["\n".join([f"Next, in your own time ({shown_name(zone)}):", *lines])] if lines else []


def _standstill(schedule: Schedule) -> list[str]:
    """Return why a schedule does not post now: it is stopped, or paused, or both."""
    parts = []
    if schedule.stopped == READY_AGAIN:
        parts.append(f"It was stopped; `{Command.DIGEST} resume` starts it again.")
    elif schedule.stopped:
        why = WHY_STOPPED.get(schedule.stopped, plain(schedule.stopped, 100))
        parts.append(f"I can't post here: {why}. Then `{Command.DIGEST} resume`.")
    if schedule.paused_until == FOREVER:
        parts.append(f"It is paused; `{Command.DIGEST} resume` starts it again.")
    elif schedule.is_paused and schedule.paused_until:
        parts.append(f"It is paused until {format_date(schedule.paused_until)}.")
    return parts


def coming_of_all(
    upcoming: Sequence[tuple[Schedule, UpcomingPost]], schedules: Sequence[Schedule], *, zone: str
) -> Message:
    """Render the next posts of several *schedules* in order of time, for a reader in *zone*."""
    lines = []
    for schedule, post in upcoming:
        note = f": no post ({plain(post.skip_reason, 100)})" if post.skip_reason else ""
        lines.append(f"• {_when(post, zone)}, `{schedule.name}`{note}")
    parts = _next(lines, zone)
    for schedule in schedules:
        parts += [f"`{schedule.name}`: {one}" for one in _standstill(schedule)]
    name = schedules[0].name
    hint = f"`{Command.DIGEST} next {name}` is about one schedule; `{Command.DIGEST}` lists them."
    return message("\n".join(parts), [*map(section, parts), context(hint)])


def preview(
    schedule: Schedule, upcoming: Sequence[UpcomingPost], articles: Sequence[Article], *, why: str
) -> Message:
    """Render, for one user, exactly what the next occurrence posts.

    Without articles there is nothing new, and *why* says so.
    """
    if not articles:
        also = (
            " Nothing will be posted until there is one."
            if schedule.news is News.NEW_OR_NOTHING
            else ""
        )
        return paragraphs(f"{plain(why)}{also}")
    if schedule.kind is PostKind.DIGEST:
        shown = question.digest(articles, asked_by=None, has_menu=True)
    else:
        shown = question.question(articles[0], asked_by=None, has_menu=True)
    post = _unskipped(upcoming)
    when = (
        f"Scheduled for {_first(schedule, upcoming)}"
        if post
        else "To be posted after it is resumed"
    )
    fewer = ""
    if len(articles) < schedule.stories:
        fewer = (
            f" It has {len(articles)} of {counted(schedule.stories, 'story')}: the others are about"
            " the same events, or were here before."
        )
    lead = context(f"{when}.{fewer}")
    return message(f"{when}: {shown['text']}", [lead, *shown["blocks"]])


def posted_now(schedule: Schedule, upcoming: Sequence[UpcomingPost], *, is_todays: bool) -> Message:
    """Confirm a post of `/digest now`: today's post early, or an additional one."""
    what = "today's post" if is_todays else "an extra one"
    return paragraphs(f"Posted {what}. The next one comes {_first(schedule, upcoming)}.")


def skipped(
    schedule: Schedule,
    dates: Sequence[date],
    upcoming: Sequence[UpcomingPost],
    *,
    late: Sequence[date],
    idle: Sequence[date],
) -> Message:
    """Confirm that the posts on *dates* are skipped.

    The posts of *late* are out already, and no post was planned on *idle*.
    """
    text = f"{_none_on(dates)} The next one comes {_first(schedule, upcoming)}."
    if late:
        text += f" {of_posts(late)} out already, or under way."
    # A range has weekends in it; single dates were meant.
    if idle and len(dates) + len(idle) <= _FEW:
        text += f" None was planned for {format_dates(idle)}."
    return _with_take_back(text, _unskip(dates), schedule, shown=[schedule])


def _unskip(dates: Sequence[date]) -> str:
    """Return the command that takes back the skips of *dates*."""
    words = f"unskip {write_dates(dates)}"
    return words if len(words) <= MOST_WORDS else f"unskip {dates[0]} to {dates[-1]}"


def unskipped(dates: Sequence[date]) -> Message:
    """Confirm that the posts on *dates* are no longer skipped."""
    if len(dates) > 1:
        return message(f"There will be posts after all: {format_dates(dates)}.")
    return message(f"There will be a post on {format_dates(dates)} after all.")


def of_posts(dates: Sequence[date]) -> str:
    """Return the subject and verb of a sentence about the posts on *dates*."""
    if len(dates) > 1:
        return f"The posts of {format_dates(dates)} are"
    return f"The post of {format_dates(dates)} is"


def only_skipped(schedule: Schedule, dates: Sequence[date]) -> Message:
    """Render that a schedule is not paused, with a button that takes back its skipped *dates*."""
    text = (
        "The schedule isn't paused, so there is nothing to resume."
        f" But {counted(len(dates), 'post')} will be skipped: {format_dates(dates)}."
    )
    label = "Post it after all" if len(dates) == 1 else "Post them after all"
    choice = (label, _unskip(dates))
    return ask(text, [choice], schedule)


def paused(
    schedule: Schedule, until: date, dates: Sequence[date], upcoming: Sequence[UpcomingPost]
) -> Message:
    """Confirm a pause of a *schedule*, given as it was; it leaves out the posts on *dates*."""
    before = schedule.paused_until
    take_back = _pause(before) if before else "resume"
    if until == FOREVER:
        first = f" The first post left out is that of {format_date(dates[0])}." if dates else ""
        text = f"Paused until `{Command.DIGEST} resume`.{first}"
    else:
        out = f", which leaves out {counted(len(dates), 'post')}" if dates else ""
        text = (
            f"Paused until {format_date(until)}{out}. The next one comes"
            f" {_first(schedule, upcoming)}."
        )
    shown = [replace(schedule, paused_until=until)]
    return _with_take_back(text, take_back, schedule, shown=shown)


def _pause(until: date) -> str:
    """Return the command of a pause."""
    return "pause" if until == FOREVER else f"pause until {until}"


def _with_take_back(
    text: str, words: str, schedule: Schedule, *, shown: Sequence[Schedule] = ()
) -> Message:
    buttons = commands([(TAKE_BACK, words)], schedule.channel_id, schedule.id, shown=shown)
    return paragraphs(text, buttons=buttons)


def resumed(
    schedule: Schedule, upcoming: Sequence[UpcomingPost], skipped: Sequence[date]
) -> Message:
    """Confirm that a schedule is resumed; posts on the dates *skipped* are left out still."""
    text = (
        f"<#{schedule.channel_id}> gets its posts again. The next one comes"
        f" {_first(schedule, upcoming)}."
    )
    if not skipped:
        return paragraphs(text)
    choice = ("Post after all", _unskip(skipped))
    return ask(f"{text} Still skipped: {format_dates(skipped)}.", [choice], schedule)


def why(post: Post) -> Message:
    """Render the recorded reason why a post was chosen."""
    text = post.why or "A person asked for this one."
    if post.revision:
        text += f" It was chosen from revision {post.revision} of the corpus."
    return message(plain(text), [section(plain(text))])


def is_off(
    schedule: Schedule, upcoming: Sequence[UpcomingPost], *, others: int, by: UserId
) -> Message:
    """Confirm that a schedule is deleted *by* a person; its channel has *others* that go on."""
    ended = "gets no more posts" + (f" of `{schedule.name}`" if others else "")
    text = (
        f"<#{schedule.channel_id}> {ended}. The next one would have come"
        f" {_first(schedule, upcoming, has_zone=False)}, then {_every(schedule.timetable)}."
    )
    take_back = restoring(schedule)
    if take_back and schedule.owner_id not in (None, by):
        take_back += f"\nowner <@{schedule.owner_id}>"
    return _with_take_back(text, take_back, schedule)


def paged(every: Sequence[Schedule], page: int) -> tuple[Sequence[Schedule], int, int]:
    """Return the schedules on *page* (or the last page), its number and the number of pages."""
    pages = max(1, -(-len(every) // _LISTED))
    page = min(page, pages - 1)
    return every[page * _LISTED : (page + 1) * _LISTED], page, pages


def schedules(
    shown: Sequence[Schedule],
    coming: Mapping[str, UpcomingPost],
    *,
    changeable: Container[str] = (),
    page: int = 0,
    pages: int = 1,
    has_owners: bool = False,
) -> Message:
    """Render the team's schedules and next posts, with a menu if their id is in *changeable*.

    *has_owners* adds who owns each.
    """
    if not shown:
        text = f"No channel that you see has a schedule. Start one: `{Command.DIGEST} on 09:30`."
        return message(text)
    lines = schedule_lines(shown, coming)
    if has_owners:
        lines = [f"{line}, {owner_text(one)}" for line, one in zip(lines, shown, strict=True)]
    lead = "Channels with a schedule:"
    blocks: list[Block] = [section(lead)]
    for text, schedule in zip(lines, shown, strict=True):
        menu = _menu(schedule, ("Edit", LIST + MenuWord.EDIT), ("Stop", LIST + MenuWord.END))
        blocks.append(section(text, accessory=menu if schedule.id in changeable else None))
    blocks += pager(Action.DIGEST_PAGE, page, pages, following="Next page")
    return message("\n".join([lead, *lines[:10]]), blocks)


def of_channel(
    schedules: Sequence[Schedule],
    coming: Mapping[str, UpcomingPost],
    *,
    changeable: Container[str] = (),
    is_skippable: bool = False,
) -> Message:
    """Render the schedules of one channel and their next posts, with what to do with them.

    Those in *changeable*, by id, have the whole menu; the others one with *Skip* if anybody may
    do that.
    """
    channel_id = schedules[0].channel_id
    count = "one schedule" if len(schedules) == 1 else f"{len(schedules)} schedules"
    lead = f"<#{channel_id}> has {count}:"
    blocks: list[Block] = [section(lead)]
    lines = []
    for schedule in schedules:
        name = f"`{schedule.name}`: " if len(schedules) > 1 else ""
        status = schedule_status(schedule, coming.get(schedule.id))
        what = describe(schedule)
        lines.append(f"• {name}{what}, {status}, {owner_text(schedule)}")
        is_active = not (schedule.stopped or schedule.paused_until)
        going = ("Pause", MenuWord.PAUSE) if is_active else ("Resume", MenuWord.RESUME)
        skip = ("Skip the next one", MenuWord.SKIP)
        options = [("Edit", MenuWord.EDIT), skip, going, ("Stop", MenuWord.END)]
        if schedule.id not in changeable:
            options = [skip] if is_skippable else []
        menu = _menu(schedule, *options) if options else None
        blocks.append(section(lines[-1], accessory=menu))
    form = "Open the form of a schedule"
    buttons = [button("Add another", Action.DIGEST_SET, Value(), hint=form)]
    if len(schedules) == 1 and schedules[0].id in changeable:
        value = Value(words=MenuWord.EDIT, schedule_id=schedules[0].id)
        buttons.insert(0, button("Edit", Action.DIGEST_CHANGE, value, hint=form))
    hint = f"`{Command.DIGEST} next` lists more posts, `{Command.DIGEST} help` the other commands."
    return message("\n".join([lead, *lines]), [*blocks, actions(*buttons), context(hint)])


def _menu(schedule: Schedule, *options: tuple[str, str]) -> Element:
    # The value of an option is too short for the whole fingerprint (docs.slack.dev: option object).
    mark = fingerprint([schedule])[:_MARK]
    values = [
        (label, Value(words=f"{words}:{mark}", schedule_id=schedule.id)) for label, words in options
    ]
    return overflow(Action.DIGEST_CHANGE, values)


def schedule_lines(
    schedules: Sequence[Schedule], coming: Mapping[str, UpcomingPost] | None = None
) -> list[str]:
    """Return what each schedule's channel gets and its next post: *coming*, by schedule id.

    A schedule is named if several of its channel are listed.
    """
    counts = Counter(schedule.channel_id for schedule in schedules)
    return [
        schedule_line(one, (coming or {}).get(one.id), is_named=counts[one.channel_id] > 1)
        for one in schedules
    ]


def schedule_line(
    schedule: Schedule, coming: UpcomingPost | None = None, *, is_named: bool = False
) -> str:
    """Return what a channel gets and its next post: *coming*, or the schedule's next."""
    name = f" `{schedule.name}`" if is_named else ""
    what, when = describe(schedule), schedule_status(schedule, coming)
    return f"• <#{schedule.channel_id}>{name}: {what}, {when}"


def line_sections(lines: Sequence[str]) -> list[Block]:
    """Return sections of ten lines; about fifteen lines fit into one."""
    return [section("\n".join(lines[at : at + 10])) for at in range(0, len(lines), 10)]


def schedule_status(schedule: Schedule, coming: UpcomingPost | None = None) -> str:
    """Return when the next post comes, or that the schedule is paused or stopped."""
    if schedule.stopped:
        return "stopped"
    if schedule.is_paused and schedule.paused_until:
        forever = schedule.paused_until == FOREVER
        return "paused" if forever else f"paused until {format_date(schedule.paused_until)}"
    coming = coming or UpcomingPost(occurrence=schedule.next)
    empty = ", *but I have no story for it*" if coming.is_empty else ""
    return f"next {_when(coming, schedule.timetable.zone)}{empty}"


def owner_text(schedule: Schedule) -> str:
    """Return who owns the schedule, in words."""
    if schedule.owner_id is None:
        return "without an owner until somebody saves it again"
    return f"set up by <@{schedule.owner_id}>"


def _what(schedule: Order, *, is_first: bool = False, topics: int = 300) -> str:
    what = "a question"
    if schedule.kind is PostKind.DIGEST:
        stories = "story" if schedule.stories == 1 else "stories"
        new = "" if schedule.news is News.ANY else "new "
        what = f"a digest of {schedule.stories} {new}{stories}"
        if schedule.news is News.NEW_OR_NOTHING:
            what += ", if there is one," if schedule.stories == 1 else ", if there are any,"
    if days := schedule.max_age_days:
        what += " of today and yesterday" if days == 1 else f" of the last {days} days"
    if schedule.topics:
        what += f" about {plain(_join(schedule.topics, 'or'), topics)}"
    text = f"{what} {_every(schedule.timetable)}"
    if schedule.holidays:
        text += f" except holidays of {region_name(schedule.holidays)}"
    return text[0].upper() + text[1:] if is_first else text


def _every(timetable: Timetable) -> str:
    """Return when a timetable posts: "at 09:30, Monday to Friday (Europe/Lisbon)"."""
    days = posting_days(timetable)
    comma = "" if days.startswith(("every", "on")) else ","
    return f"at {timetable.at:%H:%M}{comma} {days} ({shown_name(timetable.zone)})"


def posting_days(timetable: Timetable) -> str:
    """Return on which days a timetable posts: "Monday to Friday", "on Monday and Friday"."""
    days = sorted(timetable.weekdays)
    names = [DAY_NAMES[day] for day in days]
    if len(days) == 7:
        when = "every day"
    elif len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        when = f"{names[0]} to {names[-1]}"
    else:
        when = f"on {_join(names, 'and')}"
    return describe_weeks(timetable, when)


def _join(names: Sequence[str], word: str) -> str:
    """Return names as a list in a sentence: "Monday, Tuesday and Friday"."""
    return f" {word} ".join([*filter(None, [", ".join(names[:-1])]), names[-1]])


def _first(schedule: Schedule, upcoming: Sequence[UpcomingPost], *, has_zone: bool = True) -> str:
    """Return when the first post comes, in the schedule's time zone."""
    post = _unskipped(upcoming)
    if post is None:
        return "when it is resumed"
    zone = f" ({shown_name(schedule.timetable.zone)})" if has_zone else ""
    return f"{_when(post, schedule.timetable.zone)}{zone}"


def _unskipped(upcoming: Sequence[UpcomingPost]) -> UpcomingPost | None:
    return next((post for post in upcoming if post.skip_reason is None), None)


def _why_later(schedule: Schedule, upcoming: Sequence[UpcomingPost], now: instant) -> str:
    """Return why the first post is not today, or not on the first days of the schedule, or ""."""
    local = now.astimezone(ZoneInfo(schedule.timetable.zone))
    first = upcoming[0].occurrence.due_on if upcoming else None
    notes = []
    if first and first != local.date() and schedule.timetable.has_post_on(local.date()):
        has_passed = local.time() >= schedule.timetable.at
        why = (
            f"{schedule.timetable.at:%H:%M} has passed"
            if has_passed
            else "today's post is out already"
        )
        notes.append(f"Not today, because {why}.")
    left_out: dict[str, list[date]] = {}
    for post in [*takewhile(lambda post: post.skip_reason, upcoming)][:_FEW]:
        left_out.setdefault(post.skip_reason or "", []).append(post.occurrence.due_on)
    for why, dates in left_out.items():
        day = "today" if dates == [local.date()] else f"on {format_dates(dates)}"
        notes.append(f"Not {day}: {plain(why, 100)}.")
    return " ".join(notes)


def _clock_change(
    schedule: Schedule, post: UpcomingPost, *, zone: str, before: UpcomingPost | None
) -> str:
    """Return a note on how a clock change moves this occurrence for a reader in *zone*, or ""."""
    there = _local(post, schedule.timetable.zone)
    if _is_in_gap(schedule, post):
        at = schedule.timetable.at
        return f" (the clocks skip {at:%H:%M} that day, so it comes at {there:%H:%M})"
    here = _local(post, zone)
    if before is None:
        return ""
    here_before = _local(before, zone)
    if here.time() != here_before.time():
        changed = [zone, schedule.timetable.zone]
        if there.utcoffset() != _local(before, schedule.timetable.zone).utcoffset():
            changed.reverse()
        return f" (instead of {here_before:%H:%M}: the clocks change in {changed[0]})"
    if here.utcoffset() != here_before.utcoffset():
        is_near = here.date() - here_before.date() <= timedelta(days=7)
        change = "the clocks change" if is_near else "by then the clocks have changed"
        return f" ({change} in {zone})"
    return ""


def _is_in_gap(schedule: Schedule, post: UpcomingPost) -> bool:
    """Return whether the clocks skip the time of this occurrence, so that it comes later."""
    return _local(post, schedule.timetable.zone).time() != schedule.timetable.at


def _local(post: UpcomingPost, zone: str) -> instant:
    return post.occurrence.due_at.astimezone(ZoneInfo(zone))


def _state(post: Post) -> str:
    """Return what became of a post, and why, as the end of a sentence."""
    words = {
        PostState.PLANNED: "is not out yet",
        PostState.SENDING: "is on its way",
        PostState.UNKNOWN: "was not confirmed by Slack",
        PostState.FAILED: "was refused by Slack",
        PostState.MISSED: "was missed",
        PostState.SKIPPED: "was left out",
    }
    error = post.error or ""
    if error in OUR_DELAYS:
        late = ": I could not send it in time" if post.state is PostState.MISSED else ""
        return f"{words[post.state]}{late}"
    why = plain(error.removesuffix("."), 150)
    if why[:1].isupper():
        return f"{words[post.state]}: {why}"
    return f"{words[post.state]} ({why})" if why and why != post.state else words[post.state]


def _left(schedule: Schedule, chosen: Chosen) -> str | None:
    """Return how long the remaining questions last, or None if longer than two weeks."""
    coming = len(chosen.article_ids)
    left, days = chosen.left + coming, chosen.days_left(schedule, more=coming)
    if days is None or days > 14:
        return None
    noun = "story" if schedule.kind is PostKind.DIGEST else "question"
    are = "is" if left == 1 else "are"
    return (
        f"{counted(left, noun)} {are} left before they come round again: {span(days)} of posts at"
        " this pace."
    )


def _when(post: UpcomingPost, zone: str) -> str:
    there = _local(post, zone)
    return f"{format_date(there.date())} at {there:%H:%M}"


def _none_on(dates: Sequence[date]) -> str:
    """Return a sentence that says that no posts come on *dates*."""
    return f"{'No posts:' if len(dates) > 2 else 'No post on'} {format_dates(dates)}."
