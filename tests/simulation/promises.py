"""What must hold at the end of every run: each occurrence is one message, or a visible reason."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta
from itertools import takewhile

from store.db import Row, to_instant
from store.posting.due import occurrences
from store.types import ChannelId, Timetable
from tests.simulation.slack import Sent, SimulatedSlack

_LATEST = timedelta(hours=2, minutes=6)
"""How late a post may come: two hours, and a little for wrong clocks and slow calls."""
_AFTER_ORDER = timedelta(minutes=5)
"""A clock that was ahead may have passed over what was due within minutes of an order."""


def broken_posts(
    posts: Mapping[str, Row], slack: SimulatedSlack, *, now: datetime
) -> Iterator[str]:
    """Yield in words what is wrong with the stored *posts* (by key) and the messages in Slack."""
    messages = slack.by_key()
    for key in sorted(messages.keys() - posts.keys()):
        yield f"a message has the unknown key {key}"
    asked = " ".join(row["about"] or "" for row in posts.values() if row["kind"] == "unsure")
    yield from _two_a_day(posts)
    for key, row in posts.items():
        sent = messages[key]
        if len(sent) > 1:
            yield f"{key} was posted {len(sent)} times"
        if row["state"] == "unknown" and key not in asked:
            yield f"nobody was asked about {key}, which is unknown"
        is_told = row["state"] == "sent" and row["kind"] in ("question", "digest")
        if is_told and f"{key}:story" not in posts:
            yield f"{key} has no story in its thread"
        yield from _wrong_state(row, sent, now)
        parent = posts[row["parent_key"]]["message_ts"] if row["parent_key"] else None
        for one in sent:
            late = slack.began + timedelta(seconds=one.taken_at) - to_instant(row["due_at"])
            if late > _LATEST:
                yield f"{key} was posted {late} late"
            if one.thread_ts != parent:
                yield f"{key} is in the thread {one.thread_ts}, and not in {parent}"


def _two_a_day(posts: Mapping[str, Row]) -> Iterator[str]:
    """Yield which schedules have two posts for one day."""
    sent = Counter(
        (row["schedule_id"], row["due_on"])
        for row in posts.values()
        if row["due_on"] and row["state"] == "sent"
    )
    for (schedule, on), count in sent.items():
        if count > 1:
            yield f"{schedule} has {count} posts for {on}"


def _wrong_state(row: Row, sent: Sequence[Sent], now: datetime) -> Iterator[str]:
    key, state, ts = row["key"], row["state"], [one.ts for one in sent]
    match state:
        case "sent" if ts != [row["message_ts"]]:
            yield f"{key} is sent as {row['message_ts']}, and Slack has {ts}"
        case "missed" | "failed" | "skipped" if sent:
            yield f"{key} is {state}, and its message is there"
        case "missed" | "failed" | "skipped" if not row["error"]:
            yield f"{key} is {state} without a reason"
        case "planned" | "sending" if to_instant(row["due_at"]) < now:
            yield f"{key} is still {state}: {row['error']}"


def broken_schedules(
    posts: Mapping[str, Row],
    schedules: Sequence[Row],
    *,
    since: Mapping[tuple[ChannelId, str], datetime],
    now: datetime,
) -> Iterator[str]:
    """Yield in words which schedules are stuck, and which occurrences have no post.

    *since* has the time of the last order about each schedule, by channel and name; before it,
    anything may be. A day on which an ended schedule has posted the same kind is left out.
    """
    living = {row["id"] for row in schedules}
    ended = {
        (post["channel_id"], post["kind"], post["due_on"])
        for post in posts.values()
        if post["due_on"] and post["schedule_id"] not in living
    }
    for row in schedules:
        channel, schedule = ChannelId(row["channel_id"]), row["id"]
        if to_instant(row["next_at"]) < now:
            yield f"{schedule} is stuck at {row['next_at']}"
        timetable = Timetable(
            at=time.fromisoformat(row["at"]),
            weekdays=frozenset(map(int, row["weekdays"])),
            zone=row["zone"],
        )
        due = occurrences(timetable, after=since[channel, row["name"]] + _AFTER_ORDER)
        for occurrence in takewhile(lambda one: one.due_at < now, due):
            on = occurrence.due_on
            is_ours = f"{schedule}:{on}" in posts
            if not is_ours and (channel, row["kind"], str(on)) not in ended:
                yield f"{schedule} has no post for {on}, and no reason"
