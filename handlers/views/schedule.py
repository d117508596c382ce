"""The modal in which a channel gets its daily question or digest."""

from collections.abc import Sequence
from datetime import datetime, time
from zoneinfo import ZoneInfo

from slack_sdk.models.blocks import (
    Block,
    CheckboxesElement,
    ConversationFilter,
    ConversationSelectElement,
    ExternalDataMultiSelectElement,
    ExternalDataSelectElement,
    InputBlock,
    InputInteractiveElement,
    Option,
    PlainTextObject,
    RadioButtonsElement,
    StaticSelectElement,
    TimePickerElement,
)

from handlers import ids
from handlers.mrkdwn import truncate
from handlers.order import MOST_STORIES, MOST_TOPICS, Order
from handlers.timetable import DAY_NAMES
from handlers.values import Value
from handlers.views.message import section
from handlers.views.modal import View, form
from store.types import PostKind

_KINDS = {
    PostKind.QUESTION: "A question, with its story in the thread",
    PostKind.DIGEST: "A digest: a few stories and a question",
}
_MAX_OPTION = 75


def schedule(order: Order, *, channel_id: str, is_known: bool, now: datetime) -> View:
    """Ask what a channel is to get, and when, starting from *order*.

    *is_known* where the channel is settled, as it is for a schedule that is there already.
    """
    timetable = order.timetable
    blocks: list[Block] = [
        _channel(channel_id, is_known=is_known),
        _input(
            ids.Block.KIND,
            "What it gets",
            RadioButtonsElement(
                action_id=ids.Field.KIND,
                options=[_option(_KINDS[kind], kind) for kind in _KINDS],
                initial_option=_option(_KINDS[order.kind], order.kind),
            ),
        ),
        _input(
            ids.Block.TIME,
            "Time",
            TimePickerElement(action_id=ids.Field.TIME, initial_time=_clock(timetable.at)),
        ),
        _input(
            ids.Block.WEEKDAYS,
            "Days",
            CheckboxesElement(
                action_id=ids.Field.WEEKDAYS,
                options=[_day(day) for day in range(7)],
                initial_options=[_day(day) for day in sorted(timetable.weekdays)],
            ),
        ),
        _input(
            ids.Block.ZONE,
            "Time zone",
            ExternalDataSelectElement(
                action_id=ids.Field.ZONE,
                placeholder=_text("Type a city"),
                min_query_length=1,
                initial_option=zone_option(timetable.zone, now=now),
            ),
        ),
        _input(
            ids.Block.TOPICS,
            "Topics",
            ExternalDataMultiSelectElement(
                action_id=ids.Field.TOPICS,
                placeholder=_text("Type a person, a place or a subject"),
                min_query_length=1,
                max_selected_items=MOST_TOPICS,
                initial_options=topic_options(order.topics) or None,
            ),
            hint="Its stories are about one of these; without any, about everything.",
            optional=True,
        ),
        _input(
            ids.Block.STORIES,
            "Stories in a digest",
            StaticSelectElement(
                action_id=ids.Field.STORIES,
                options=[_option(str(count), str(count)) for count in range(1, MOST_STORIES + 1)],
                initial_option=_option(str(order.stories), str(order.stories)),
            ),
        ),
    ]
    value = Value(channel_id=channel_id if is_known else "")
    return form(ids.Modal.SCHEDULE, "A post a day", blocks, submit="Save", value=value)


def zone_option(zone: str, *, now: datetime) -> Option:
    """Offer a time zone, with what it is from UTC at *now*."""
    offset = f"{now.astimezone(ZoneInfo(zone)):%z}"
    return _option(f"{zone} (UTC{offset[:3]}:{offset[3:]})", zone)


def topic_options(topics: Sequence[str]) -> list[Option]:
    """Offer topics; what is longer than an option's value may be is left out."""
    shown = dict.fromkeys(topic for topic in topics if 0 < len(topic) <= _MAX_OPTION)
    return [_option(topic, topic) for topic in shown]


def _channel(channel_id: str, *, is_known: bool) -> Block:
    if is_known:
        return section(f"For <#{channel_id}>")
    return _input(
        ids.Block.CHANNEL,
        "Channel",
        ConversationSelectElement(
            action_id=ids.Field.CHANNEL,
            placeholder=_text("Choose a channel"),
            initial_conversation=channel_id or None,
            default_to_current_conversation=not channel_id,
            filter=ConversationFilter(include=["public", "private"]),
        ),
    )


def _input(
    block_id: str,
    label: str,
    element: InputInteractiveElement,
    *,
    hint: str | None = None,
    optional: bool = False,
) -> InputBlock:
    return InputBlock(
        block_id=block_id,
        label=_text(label),
        element=element,
        hint=_text(hint) if hint else None,
        optional=optional,
    )


def _day(day: int) -> Option:
    return _option(DAY_NAMES[day], str(day))


def _clock(at: time) -> str:
    return f"{at:%H:%M}"


def _option(label: str, value: str) -> Option:
    return Option(text=_text(truncate(label, _MAX_OPTION)), value=value)


def _text(text: str) -> PlainTextObject:
    return PlainTextObject(text=text, emoji=False)
