"""Lists of schedules: those of a channel, and those of all channels."""

from collections import Counter
from collections.abc import Container, Mapping, Sequence

from handlers.button_value import Value
from handlers.ids import Action, Command
from handlers.parsing.sub_commands import MenuWord
from handlers.views.blocks import Block, Element, actions, button, context, overflow, pager, section
from handlers.views.command_buttons import LIST, MARK_LENGTH, fingerprint
from handlers.views.message import Message, message
from handlers.views.order_text import describe, owner_text, schedule_status
from store.posting.planning import UpcomingPost
from store.types import Schedule

_LISTED = 15
"""Schedules per page."""


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
    mark = fingerprint([schedule])[:MARK_LENGTH]
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
