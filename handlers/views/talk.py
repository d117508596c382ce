"""Which questions got people talking: the most answered, and tables by weekday and by topic."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from unicodedata import east_asian_width
from zoneinfo import ZoneInfo

from handlers.ids import Command
from handlers.mrkdwn import plain, truncate
from handlers.parsing.date_format import format_date
from handlers.parsing.words import DAY_NAMES
from handlers.views.as_written import Part, as_written
from handlers.views.blocks import Block, context, header, preformatted, section
from handlers.views.message import Message, counted, message, paragraphs, when
from handlers.views.notice import NO_HISTORY
from store.posting.reply_counts import DELETED, LATE, UNTRACKED, Asked
from store.types import Article, ChannelId

BEST = 3
"""How many of the most answered questions are shown."""
_FEWEST = 3
"""How many questions a row of a table stands for at least: a mean of fewer shows little."""
_MOST = 7
"""Rows of a table."""
_LABEL = 14
"""The width of the first column. A line has 35 characters, which fit on a phone."""
_WHY = {
    DELETED: "deleted from the channel",
    LATE: "I was not running when it was time",
    UNTRACKED: "posted before I counted, or without Slack's confirmation",
    "missing_scope": NO_HISTORY,
    "not_in_channel": "I was no longer in the channel",
    "channel_not_found": "I was no longer in the channel",
    "is_archived": "the channel was archived",
}
"""Why replies were not counted, by the problem of the reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What some channels were asked, and how much was replied."""

    asked: Sequence[Asked]
    articles: Mapping[str, Article]
    """The articles of `best`, by id, without those that are gone."""
    days: int
    """How many days back *asked* goes."""
    zone: str
    """The reader's time zone."""
    now: datetime


def best(asked: Iterable[Asked]) -> Sequence[Asked]:
    """Return the questions that got the most replies; of equals, that of more people, the newer."""
    talked = [(one.replies, one.people or 0, one.posted_at, one) for one in asked if one.replies]
    return [one for *_, one in sorted(talked, key=lambda row: row[:3], reverse=True)[:BEST]]


def talk(contents: Contents, *, channel_id: ChannelId | None) -> Message:
    """Render what got people talking in one channel, or in several without *channel_id*."""
    where = f"<#{channel_id}>" if channel_id else "your channels"
    if not contents.asked:
        return message(
            f"I asked nothing in {where} in the last {contents.days} days."
            f" `{Command.DISCUSS}` asks a question now,"
            f" `{Command.DIGEST} on 09:30` one every weekday."
        )
    if all(one.replies is None and one.problem is None for one in contents.asked):
        return paragraphs(
            f"Nothing to show yet in {where}: I count the replies to a question a day and a week"
            f" after it. {_waiting(contents)}"
        )
    lead = f"*What got people talking* in {where}, last {contents.days} days"
    blocks = _blocks(contents, has_channels=channel_id is None)
    return message(f"{lead}: {_summary(contents)}", [section(lead), *blocks])


def home_section(contents: Contents) -> list[Block]:
    """Render the same for App Home; nothing before the first reply."""
    if not best(contents.asked):
        return []
    return [header("What got people talking"), *_blocks(contents, has_channels=True)]


def _blocks(contents: Contents, *, has_channels: bool) -> list[Block]:
    blocks: list[Block] = []
    for one in best(contents.asked):
        blocks += _question(one, contents, has_channel=has_channels)
    blocks += map(preformatted, _tables(contents))
    return [*blocks, context(_summary(contents))]


def _question(one: Asked, contents: Contents, *, has_channel: bool) -> list[Block]:
    article = contents.articles.get(one.article_id or "")
    question = article.question or article.headline if article else "The story is gone."
    figures = f"{counted(one.replies or 0, 'reply')} by {counted(one.people or 0, 'person')}"
    where = f" in <#{one.channel_id}>" if has_channel else ""
    line = f"*{figures}*{where}, {format_date(_local_date(one, contents.zone))}"
    return [section(line), as_written(Part(question, "quote", 300))]


def _tables(contents: Contents) -> Sequence[str]:
    """Return tables by weekday and by topic, each only if it has rows to compare."""
    days: defaultdict[int, list[Asked]] = defaultdict(list)
    topics: defaultdict[str, list[Asked]] = defaultdict(list)
    for one in contents.asked:
        if one.replies is not None:
            days[_local_date(one, contents.zone).weekday()].append(one)
            for topic in one.topics:
                topics[topic].append(one)
    ranked = sorted(topics.items(), key=lambda row: (-_mean(row[1]), -len(row[1]), row[0]))
    tables = (
        ("Weekday", [(DAY_NAMES[day], days[day]) for day in sorted(days)]),
        ("Topic", ranked),
    )
    rows = [(first, [row for row in table if len(row[1]) >= _FEWEST]) for first, table in tables]
    return [_table(first, table[:_MOST]) for first, table in rows if len(table) > 1]


def _mean(asked: Sequence[Asked]) -> float:
    return sum(one.replies or 0 for one in asked) / len(asked)


def _table(first: str, rows: Sequence[tuple[str, Sequence[Asked]]]) -> str:
    """Return a table: how often asked, and the mean numbers of replies and of people."""
    lines = [f"{first:<{_LABEL}}  asked replies people"]
    for name, asked in rows:
        people = sum(one.people or 0 for one in asked) / len(asked)
        lines.append(f"{_padded(name)} {len(asked):>6} {_mean(asked):>7.1f} {people:>6.1f}")
    return "\n".join(lines)


def _padded(name: str) -> str:
    """Return *name* as wide as the first column; an East Asian character takes two columns."""
    name = truncate(" ".join(name.split()), _LABEL)
    while (width := sum(1 + (east_asian_width(one) in "WF") for one in name)) > _LABEL:
        name = f"{name.removesuffix('…')[:-1]}…"
    return name + " " * (_LABEL - width)


def _local_date(one: Asked, zone: str) -> date:
    return one.due_on or one.posted_at.astimezone(ZoneInfo(zone)).date()


def _summary(contents: Contents) -> str:
    """Return how many questions were counted, and why others were not."""
    asked = contents.asked
    known = sum(one.replies is not None for one in asked)
    parts = [
        f"Replies counted for {known} of {counted(len(asked), 'question')}, a day and a week after"
        " each, without mine."
    ]
    if _tables(contents):
        parts.append(f"The tables show averages of {_FEWEST} or more questions.")
    if any(one.replies is None and one.problem is None for one in asked):
        parts.append(_waiting(contents))
    why = Counter(one.problem for one in asked if one.replies is None and one.problem)
    if why:
        reasons = [f"{number} ({_why(problem)})" for problem, number in why.most_common()]
        parts.append(f"Not counted: {', '.join(reasons)}.")
    return " ".join(parts)


def _waiting(contents: Contents) -> str:
    """Return how many questions are still to be counted, and when the next one is."""
    waiting = [one for one in contents.asked if one.replies is None and one.problem is None]
    new = [one for one in waiting if one.count_at and one.count_at > contents.now]
    parts = []
    if late := len(waiting) - len(new):
        parts.append(f"{counted(late, 'question')} will be counted in the next minutes.")
    if new:
        first = min(one.count_at for one in new if one.count_at)
        parts.append(
            f"{counted(len(new), 'question')} will be counted later; the next count is"
            f" {when(first)}."
        )
    return " ".join(parts)


def _why(problem: str) -> str:
    return _WHY.get(problem) or f"Slack answers `{plain(problem, 60)}`"
