"""Questions about words of `/digest` that have several readings, with a button for each reading."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from handlers.ids import Command
from handlers.mrkdwn import plain
from handlers.parsing.calendar_dates import Dates
from handlers.parsing.date_format import format_date, format_dates, write_dates
from handlers.parsing.dates import is_until, parse_until
from handlers.parsing.readings import UnclearError
from handlers.parsing.schedule_order import write_order
from handlers.parsing.timetable import describe, describe_days, describe_start
from handlers.parsing.zones import zone_label
from handlers.views.command_buttons import ask
from handlers.views.message import Message
from handlers.views.schedule_questions import several
from store.posting.names import default_name
from store.posting.public_holidays import region_name
from store.posting.schedules import MOST_SCHEDULES
from store.types import Order, ParleyError, Schedule

_MOST_DATES = 5
"""How many skipped dates get a button of their own."""


def choices(readings: Sequence[int | Dates], word: str) -> list[tuple[str, str]]:
    """Return a label and a command, the sub-command *word* with that reading, for each reading."""
    labelled = []
    for dates in readings:
        if isinstance(dates, int):
            labelled.append((f"{word.capitalize()} the next {dates} posts", f"{word} next {dates}"))
        elif word == "pause":
            until = dates[0]
            labelled.append((f"Pause until {format_date(until)}", f"pause until {until}"))
        else:
            label = f"{word.capitalize()} {format_dates(dates)}"
            labelled.append((label, f"{word} {write_dates(dates)}"))
    return labelled


def ask_what_for(word: str, rest: str, schedule: Schedule, today: date) -> Message:
    """Ask what words after `off` or `resume` mean, both of which are for now and for all days."""
    readings: Sequence[Dates] = ()
    try:
        readings = [(parse_until(rest, today=today),)]
    except UnclearError as error:
        readings = error.readings
    except ParleyError:
        pass
    other, label, does = "pause", "Resume now", "resumes the posts now"
    if word == "off":
        other = "pause" if is_until(rest) else "skip"
        label, does = "End the schedule", "ends the schedule"
    question = f"`{Command.DIGEST} {word}` {does}. What do you mean by “{plain(rest, 60)}”?"
    return ask(question, [*choices(readings, other), (label, word)], schedule)


def ask_which_to_unskip(skipped: Sequence[date], schedule: Schedule) -> Message:
    """Ask which of several skipped posts of a schedule is to come."""
    labelled = [(format_date(on), f"unskip {on}") for on in skipped[:_MOST_DATES]]
    labelled.append(("All of them", f"unskip {write_dates(skipped)}"))
    question = (
        f"Several posts are skipped: {format_dates(skipped)}. Which one is to come after all?"
    )
    return ask(question, labelled, schedule)


def offer_several(orders: Sequence[Order], schedules: Sequence[Schedule]) -> Message:
    """Offer a schedule for each of several times a day, beside the channel's *schedules*."""
    if len(schedules) + len(orders) > MOST_SCHEDULES:
        raise ParleyError(f"A channel has at most {MOST_SCHEDULES} schedules, one for each time.")
    names = {one.name for one in schedules}
    named: list[Order] = []
    for order in orders:
        is_free = order.name and order.name not in names
        named.append(order if is_free else replace(order, name=default_name(order, taken=names)))
        names.add(named[-1].name)
    words = [f"on {write_order(order) or ''}" for order in named]
    return several(named, words, others=len(schedules))


def ask_which_order(
    error: UnclearError[Order], schedule: Schedule | None, *, now: datetime
) -> Message:
    """Ask which order is meant, with a button for each reading: to start it, or for *schedule*."""
    timetables = [order.timetable for order in error.readings]
    has_zones = len({timetable.zone for timetable in timetables}) > 1
    has_times = len({timetable.at for timetable in timetables}) > 1
    has_days = len({timetable.weekdays for timetable in timetables}) > 1
    regions = {order.holidays for order in error.readings}
    # A single reading is a guess: show all of it.
    has_regions = len(regions) > 1 or (len(error.readings) == 1 and any(regions))
    has_names = any(order.name for order in error.readings)
    has_starts = len({timetable.begins_on for timetable in timetables}) > 1
    labelled = []
    for order in error.readings:
        label = describe(order.timetable)
        if has_starts and not has_times:
            label = describe_start(order.timetable)
            label = label[0].upper() + label[1:]
        if has_zones:
            at = f"{order.timetable.at:%H:%M} " if has_times else ""
            days = f"{describe_days(order.timetable.weekdays)}, " if has_days else ""
            label = f"{at}{days}{zone_label(order.timetable.zone, now=now)}"
        if has_regions:
            label += f", holidays of {region_name(order.holidays)}"
        if has_names:
            label = f"{order.name}, a {order.kind}: {label}"
        labelled.append((label, f"on {write_order(order) or ''}"))
    return ask(str(error), labelled, schedule)
