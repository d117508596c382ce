"""What a schedule is, in words."""

from collections.abc import Sequence
from datetime import datetime as instant
from zoneinfo import ZoneInfo

from handlers.mrkdwn import plain
from handlers.parsing.cadence import describe_weeks
from handlers.parsing.date_format import format_date
from handlers.parsing.words import DAY_NAMES
from handlers.parsing.zones import shown_name
from store.posting.planning import UpcomingPost
from store.posting.public_holidays import region_name
from store.types import FOREVER, News, Order, PostKind, Schedule, Timetable


def describe(schedule: Order, *, is_first: bool = False, topics: int = 40) -> str:
    """Return what a schedule posts and when, in mrkdwn; *topics* characters of topics at most."""
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
        what += f" about {plain(join_words(schedule.topics, 'or'), topics)}"
    text = f"{what} {days_of(schedule.timetable)}"
    if schedule.holidays:
        text += f" except holidays of {region_name(schedule.holidays)}"
    return text[0].upper() + text[1:] if is_first else text


def schedule_status(schedule: Schedule, coming: UpcomingPost | None = None) -> str:
    """Return when the next post comes, or that the schedule is paused or stopped."""
    if schedule.stopped:
        return "stopped"
    if schedule.is_paused and schedule.paused_until:
        forever = schedule.paused_until == FOREVER
        return "paused" if forever else f"paused until {format_date(schedule.paused_until)}"
    coming = coming or UpcomingPost(occurrence=schedule.next)
    empty = ", *but I have no story for it*" if coming.is_empty else ""
    return f"next {format_due(coming, schedule.timetable.zone)}{empty}"


def owner_text(schedule: Schedule) -> str:
    """Return who owns the schedule, in words."""
    if schedule.owner_id is None:
        return "without an owner until somebody saves it again"
    return f"set up by <@{schedule.owner_id}>"


def days_of(timetable: Timetable) -> str:
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
        when = f"on {join_words(names, 'and')}"
    return describe_weeks(timetable, when)


def join_words(names: Sequence[str], word: str) -> str:
    """Return names as a list in a sentence: "Monday, Tuesday and Friday"."""
    return f" {word} ".join([*filter(None, [", ".join(names[:-1])]), names[-1]])


def local_due(post: UpcomingPost, zone: str) -> instant:
    """Return the wall time at which *post* is due in *zone*."""
    return post.occurrence.due_at.astimezone(ZoneInfo(zone))


def format_due(post: UpcomingPost, zone: str) -> str:
    """Return the date and the time at which *post* is due in *zone*."""
    there = local_due(post, zone)
    return f"{format_date(there.date())} at {there:%H:%M}"
