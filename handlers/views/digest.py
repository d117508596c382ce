"""Answers to /digest: what was changed, and what comes next."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from datetime import datetime as instant
from itertools import takewhile
from zoneinfo import ZoneInfo

from handlers.button_value import MOST_WORDS
from handlers.ids import Command
from handlers.mrkdwn import plain
from handlers.parsing.date_format import format_date, format_dates, write_dates
from handlers.parsing.schedule_order import order_of
from handlers.parsing.zones import shown_name
from handlers.views import question, samples
from handlers.views.blocks import actions, context, literal, section
from handlers.views.command_buttons import ask, commands, pausing, restoring
from handlers.views.message import Message, counted, message, paragraphs
from handlers.views.notice import OUR_DELAYS, TAKE_BACK, WHY_STOPPED, span
from handlers.views.order_text import (
    days_of,
    describe,
    format_due,
    local_due,
    owner_text,
    schedule_status,
)
from store.posting.choice import Chosen
from store.posting.names import is_default_name
from store.posting.notices import READY_AGAIN
from store.posting.planning import UpcomingPost
from store.types import FOREVER, Article, News, Post, PostKind, PostState, Schedule, UserId

_FEW = 3
"""Of how many dates an answer names those without a post; a range has some at each weekend."""


def is_handed_over(schedule: Schedule, to: UserId) -> Message:
    """Confirm that *to* owns a schedule now."""
    return message(f"<@{to}> owns it now: {describe(schedule)}.")


def is_back(schedule: Schedule, coming: UpcomingPost | None) -> Message:
    """Confirm that a schedule is again as it was."""
    status = schedule_status(schedule, coming)
    return paragraphs(
        f"`{schedule.name}` is back in <#{schedule.channel_id}>: {describe(schedule)}, {status}."
    )


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
        f"<#{schedule.channel_id}> will get {describe(schedule, topics=300)}."
        f" It is {there:%H:%M} there now. First: {_first(schedule, upcoming, has_zone=False)}."
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
    lead = f"{describe(schedule, is_first=True, topics=300)}, {owner_text(schedule)}."
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
        lines.append(f"• {format_due(post, zone)}{note}")
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
        lines.append(f"• {format_due(post, zone)}, `{schedule.name}`{note}")
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
    take_back = pausing(before) if before else "resume"
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


def _with_take_back(
    text: str,
    words: str,
    schedule: Schedule,
    *,
    shown: Sequence[Schedule] = (),
    seal: str = "",
) -> Message:
    back, about = [(TAKE_BACK, words)], (schedule.channel_id, schedule.id)
    buttons = commands(back, *about, shown=shown, seal=seal)
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
    schedule: Schedule, upcoming: Sequence[UpcomingPost], *, others: int, by: UserId, seal: str
) -> Message:
    """Confirm that a schedule is deleted *by* a person; its channel has *others* that go on.

    The *seal* proves to the button that takes it back who ended it.
    """
    ended = "gets no more posts" + (f" of `{schedule.name}`" if others else "")
    text = (
        f"<#{schedule.channel_id}> {ended}. The next one would have come"
        f" {_first(schedule, upcoming, has_zone=False)}, then {days_of(schedule.timetable)}."
    )
    take_back = restoring(schedule)
    if take_back and schedule.owner_id not in (None, by):
        take_back += f"\nowner <@{schedule.owner_id}>"
    return _with_take_back(text, take_back, schedule, seal=seal)


def _first(schedule: Schedule, upcoming: Sequence[UpcomingPost], *, has_zone: bool = True) -> str:
    """Return when the first post comes, in the schedule's time zone."""
    post = _unskipped(upcoming)
    if post is None:
        return "when it is resumed"
    zone = f" ({shown_name(schedule.timetable.zone)})" if has_zone else ""
    return f"{format_due(post, schedule.timetable.zone)}{zone}"


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
    there = local_due(post, schedule.timetable.zone)
    if _is_in_gap(schedule, post):
        at = schedule.timetable.at
        return f" (the clocks skip {at:%H:%M} that day, so it comes at {there:%H:%M})"
    here = local_due(post, zone)
    if before is None:
        return ""
    here_before = local_due(before, zone)
    if here.time() != here_before.time():
        changed = [zone, schedule.timetable.zone]
        if there.utcoffset() != local_due(before, schedule.timetable.zone).utcoffset():
            changed.reverse()
        return f" (instead of {here_before:%H:%M}: the clocks change in {changed[0]})"
    if here.utcoffset() != here_before.utcoffset():
        is_near = here.date() - here_before.date() <= timedelta(days=7)
        change = "the clocks change" if is_near else "by then the clocks have changed"
        return f" ({change} in {zone})"
    return ""


def _is_in_gap(schedule: Schedule, post: UpcomingPost) -> bool:
    """Return whether the clocks skip the time of this occurrence, so that it comes later."""
    return local_due(post, schedule.timetable.zone).time() != schedule.timetable.at


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


def _none_on(dates: Sequence[date]) -> str:
    """Return a sentence that says that no posts come on *dates*."""
    return f"{'No posts:' if len(dates) > 2 else 'No post on'} {format_dates(dates)}."
