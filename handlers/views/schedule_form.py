"""The form that sets up a channel's schedule."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from handlers import ids
from handlers.button_value import MOST_WORDS, Value
from handlers.parsing.cadence import describe_option, write_weeks
from handlers.parsing.holiday_words import LONGEST_REGION
from handlers.parsing.schedule_names import LONGEST_NAME
from handlers.parsing.schedule_order import MOST_STORIES, MOST_TOPICS
from handlers.parsing.words import DAY_NAMES
from handlers.parsing.zones import zone_label
from handlers.views import samples
from handlers.views.blocks import (
    Block,
    Element,
    button,
    channel_select,
    element,
    input_block,
    literal,
    option,
    section,
    text_input,
)
from handlers.views.message import counted
from handlers.views.modal import View, form
from handlers.views.order_text import owner_text, schedule_status
from handlers.views.schedule_list import schedule_line, schedule_lines
from store.types import ChannelId, News, Order, PostKind, Schedule, Timetable, UserId

_KINDS = {
    PostKind.QUESTION: "A question, with its story in the thread",
    PostKind.DIGEST: "A digest: a few stories and a question",
}
_NEWS = {
    News.ANY: "Older ones too, the newest first",
    News.NEW: "Only new ones; if there are none, say so",
    News.NEW_OR_NOTHING: "Only new ones; if there are none, post nothing",
}
DEFAULT_STORIES = 3
_AGES = (0, 1, 3, 7, 14, 30, 90)
_MAX_OPTION = 75


def schedule(
    order: Order,
    *,
    channel_id: ChannelId,
    value: Value,
    note: str | None = None,
    others: Sequence[Block] = (),
    has_samples: bool = False,
    now: datetime,
) -> View:
    """Build the form that asks what a channel gets and when, prefilled with *order*.

    *value* is the state of the form: the channel if it cannot be changed, the id of an existing
    schedule, and the version of what the form shows. *note* is a warning to read before saving,
    and *others* are the channel's schedules.
    *has_samples* means that there are only sample stories.
    """
    timetable = order.timetable
    blocks: list[Block] = [
        *([section(note)] if note else []),
        *others,
        *([section(samples.warning())] if has_samples else []),
        _channel(channel_id, is_known=bool(value.channel_id)),
        _kind(order),
        *(_of_digest(order.stories, order.news) if order.kind is PostKind.DIGEST else []),
        _field(
            ids.Block.TIME,
            "Time",
            "timepicker",
            ids.Field.TIME,
            initial_time=f"{timetable.at:%H:%M}",
        ),
        _field(
            ids.Block.WEEKDAYS,
            "Days",
            "checkboxes",
            ids.Field.WEEKDAYS,
            options=[_day(day) for day in range(7)],
            initial_options=[_day(day) for day in sorted(timetable.weekdays)],
        ),
        _weeks(timetable, today=timetable.local_date(now)),
        _field(
            ids.Block.ZONE,
            "Time zone",
            "external_select",
            ids.Field.ZONE,
            placeholder=literal("Type a city"),
            min_query_length=0,
            initial_option=zone_option(timetable.zone, now=now),
        ),
        input_block(
            ids.Block.HOLIDAYS,
            "No posts on the public holidays of",
            text_input(
                ids.Field.HOLIDAYS,
                "A country or region: Germany, DE-BY",
                most=LONGEST_REGION,
                initial_value=order.holidays or None,
            ),
            optional=True,
        ),
        _field(
            ids.Block.TOPICS,
            "Topics",
            "multi_external_select",
            ids.Field.TOPICS,
            placeholder=literal("Type a person, a place or a subject"),
            min_query_length=0,
            max_selected_items=MOST_TOPICS,
            initial_options=topic_options(order.topics) or None,
            hint="Each story is about one of these. Leave it empty for all topics.",
            optional=True,
        ),
        _field(
            ids.Block.MAX_AGE,
            "Age of stories",
            "static_select",
            ids.Field.MAX_AGE,
            options=[_age(days) for days in sorted({*_AGES, order.max_age_days or 0})],
            initial_option=_age(order.max_age_days or 0),
            hint="With a limit, stories without a date are left out.",
        ),
        input_block(
            ids.Block.NAME,
            "Name",
            text_input(
                ids.Field.NAME, "friday-digest", most=LONGEST_NAME, initial_value=order.name or None
            ),
            hint="What to call it in commands, if the channel has several.",
            optional=True,
        ),
    ]
    return form(ids.Modal.SCHEDULE, "Schedule", blocks, submit="Save", value=value)


def _kind(order: Order) -> Block:
    field = _field(
        ids.Block.KIND,
        "Post type",
        "radio_buttons",
        ids.Field.KIND,
        options=[option(_KINDS[kind], kind) for kind in _KINDS],
        initial_option=option(_KINDS[order.kind], order.kind),
    )
    # Each choice is sent, to show or hide the fields of a digest.
    return field | {"dispatch_action": True}


def _of_digest(stories: int, news: News) -> list[Block]:
    return [
        _field(
            ids.Block.STORIES,
            "Stories in a digest",
            "static_select",
            ids.Field.STORIES,
            options=[option(str(count), str(count)) for count in range(1, MOST_STORIES + 1)],
            initial_option=option(str(stories), str(stories)),
        ),
        _field(
            ids.Block.NEWS,
            "New stories in a digest",
            "static_select",
            ids.Field.NEWS,
            options=[option(_NEWS[each], each) for each in _NEWS],
            initial_option=option(_NEWS[news], news),
        ),
    ]


def of_kind(view: View, kind: str) -> View:
    """Return the open form *view* with the fields of this kind of post.

    Slack keeps what is filled in, because the blocks keep their ids. Raises `ParleyError` if
    Parley did not write the form's value.
    """
    digest = _of_digest(DEFAULT_STORIES, News.ANY)
    blocks: list[Block] = []
    for block in view["blocks"]:
        if block["block_id"] not in (ids.Block.STORIES, ids.Block.NEWS):
            blocks.append(block)
        if block["block_id"] == ids.Block.KIND and kind == PostKind.DIGEST:
            blocks += digest
    value = Value.decode(view["private_metadata"])
    return form(ids.Modal.SCHEDULE, "Schedule", blocks, submit="Save", value=value)


def _weeks(timetable: Timetable, *, today: date) -> Block:
    """Return the select of the weeks, among them those of *timetable*."""
    monday = today - timedelta(days=today.weekday())
    later = [f"2 {monday + timedelta(weeks=1)}", f"3 {monday}", f"4 {monday}"]
    months = [f"of {place}" for place in (1, 2, 3, 4, -1)]
    now = write_weeks(timetable, today=today)
    options = {
        words: option(describe_option(words, today=today), words)
        for words in ("1", f"2 {monday}", *later, *months, now)
    }
    return _field(
        ids.Block.WEEKS,
        "Weeks",
        "static_select",
        ids.Field.WEEKS,
        options=[*options.values()],
        initial_option=options[now],
        hint="For one week of the month, choose one day above.",
    )


def before_editing(schedule: Schedule, user_id: UserId) -> str | None:
    """Return what *user_id* should know before they save a schedule; None for nothing."""
    notes = []
    if schedule.owner_id is None:
        notes.append("This schedule has no owner any more. If you save it, it is yours.")
    elif schedule.owner_id != user_id:
        notes.append(
            f"This is <@{schedule.owner_id}>'s schedule. If you save it, it stays theirs, and they"
            " are told."
        )
    if schedule.is_paused or schedule.stopped:
        status = schedule_status(schedule)
        notes.append(f"Posts in <#{schedule.channel_id}> are {status}. Saving resumes them.")
    return " ".join(notes) or None


def replaces(schedule: Schedule) -> str:
    """Return a warning that saving replaces a schedule that the form did not show."""
    what = schedule_line(schedule).removeprefix("• ")
    return (
        f"*Not saved yet.* This schedule is there already:\n{what},"
        f" {owner_text(schedule)}.\nSave again to put yours in its place."
    )


ADDS = "This channel has a schedule already. Saving adds one more."
ADDS_UNSEEN = "*Not saved yet.* This channel has a schedule already. Save again to add yours."
"""The same for a schedule that the form did not show."""


def others(
    schedules: Sequence[Schedule], words: str, user_id: UserId, origin: ChannelId
) -> list[Block]:
    """Return a line for each schedule of the channel, with a button that replaces it.

    The button is for its owner, and for an order: *words*, "" for none. To change a schedule, its
    menu has *Edit*.
    """
    lines = schedule_lines(schedules)
    blocks = []
    for line, one in zip(lines, schedules, strict=True):
        instead = None
        if 0 < len(words) <= MOST_WORDS and one.owner_id in (None, user_id):
            value = Value(words=words, schedule_id=one.id, origin=origin)
            hint = f"Replace {one.name}"
            instead = button("Replace it", ids.Action.DIGEST_SET, value, hint=hint)
        blocks.append(section(f"{line}, {owner_text(one)}", accessory=instead))
    return blocks


def takes_place(schedule: Schedule, user_id: UserId) -> str:
    """Return that saving changes the schedule, and what `before_editing` says of it."""
    note = before_editing(schedule, user_id) or ""
    return f"Saving changes `{schedule.name}`:\n{schedule_line(schedule)}. {note}".rstrip()


def joins(channel_id: ChannelId) -> str:
    """Return a warning that Parley is not in the channel, and that saving again joins it."""
    return f"*Not saved yet.* I'm not in <#{channel_id}> yet. Save again, and I'll join it first."


def ended(channel_id: ChannelId) -> str:
    """Return a warning that somebody deleted the schedule while the form was open."""
    return (
        f"*Not saved yet.* Somebody ended the schedule of <#{channel_id}> since then. Save"
        " again to start a new one."
    )


def zone_option(zone: str, *, now: datetime) -> Element:
    """Return an option for a time zone, with its wall time at *now*."""
    return option(zone_label(zone, now=now), zone)


def topic_options(topics: Sequence[str]) -> list[Element]:
    """Return options for topics, without those too long for an option's value."""
    shown = dict.fromkeys(topic for topic in topics if 0 < len(topic) <= _MAX_OPTION)
    return [option(topic, topic) for topic in shown]


def _channel(channel_id: ChannelId, *, is_known: bool) -> Block:
    if is_known:
        return section(f"For <#{channel_id}>")
    select = channel_select(ids.Field.CHANNEL, chosen=channel_id)
    return input_block(ids.Block.CHANNEL, "Channel", select)


def _field(
    block: ids.Block,
    label: str,
    kind: str,
    action: ids.Field,
    *,
    hint: str | None = None,
    optional: bool = False,
    **fields: object,
) -> Block:
    return input_block(block, label, element(kind, action, **fields), hint=hint, optional=optional)


def _age(days: int) -> Element:
    """Return an option for a maximum age; 0 stands for any age."""
    label = f"At most {counted(days, 'day')}" if days else "Any age"
    return option(label, str(days))


def _day(day: int) -> Element:
    return option(DAY_NAMES[day], str(day))
