"""Which questions got people talking: the most answered, and tables by weekday and by topic."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from unicodedata import east_asian_width
from zoneinfo import ZoneInfo

from handlers.ids import Command
from handlers.mrkdwn import plain, truncate
from handlers.parsing.date_format import format_date
from handlers.parsing.words import DAY_NAMES
from handlers.views.as_written import Part, as_written
from handlers.views.blocks import Block, context, header, preformatted, section
from handlers.views.message import Message, counted, message
from handlers.views.notice import NO_HISTORY
from store.posting.reply_counts import DELETED, LATE, UNTRACKED, Asked
from store.types import Article, ChannelId

BEST = 3
"""How many of the most answered questions are shown."""
_TOPICS = 6
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
            f" `{Command.DISCUSS}` asks a question now, `{Command.DIGEST} on 09:30` one every day."
        )
    lead = f"*What got people talking* in {where}, last {contents.days} days"
    blocks = _blocks(contents, has_channels=channel_id is None)
    return message(f"{lead}: {_summary(contents.asked)}", [section(lead), *blocks])


def home_section(contents: Contents) -> list[Block]:
    """Render the same for App Home; nothing before the first reply."""
    if not best(contents.asked):
        return []
    return [header("What got people talking"), *_blocks(contents, has_channels=True)]


def _blocks(contents: Contents, *, has_channels: bool) -> list[Block]:
    blocks: list[Block] = []
    for one in best(contents.asked):
        blocks += _question(one, contents, has_channel=has_channels)
    if known := [one for one in contents.asked if one.replies is not None]:
        blocks.append(preformatted(_by_weekday(known, contents.zone)))
        if topics := _by_topic(known):
            blocks.append(preformatted(topics))
    return [*blocks, context(_summary(contents.asked))]


def _question(one: Asked, contents: Contents, *, has_channel: bool) -> list[Block]:
    article = contents.articles.get(one.article_id or "")
    question = article.question or article.headline if article else "The story is gone."
    figures = f"{counted(one.replies or 0, 'reply')} by {counted(one.people or 0, 'person')}"
    where = f" in <#{one.channel_id}>" if has_channel else ""
    line = f"*{figures}*{where}, {format_date(_local_date(one, contents.zone))}"
    return [section(line), as_written(Part(question, "quote", 300))]


def _by_weekday(known: Sequence[Asked], zone: str) -> str:
    days: defaultdict[int, list[Asked]] = defaultdict(list)
    for one in known:
        days[_local_date(one, zone).weekday()].append(one)
    return _table("Weekday", [(DAY_NAMES[day], days[day]) for day in sorted(days)])


def _by_topic(known: Sequence[Asked]) -> str:
    """Return the topics that got most replies a question; one question alone shows little."""
    topics: defaultdict[str, list[Asked]] = defaultdict(list)
    for one in known:
        for topic in one.topics:
            topics[topic].append(one)
    if any(len(asked) > 1 for asked in topics.values()):
        topics = defaultdict(list, {name: asked for name, asked in topics.items() if asked[1:]})
    ranked = sorted(topics.items(), key=lambda row: (-_mean(row[1]), -len(row[1]), row[0]))
    return _table("Topic", ranked[:_TOPICS]) if ranked else ""


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


def _summary(asked: Sequence[Asked]) -> str:
    """Return how many questions were counted, and why others were not."""
    known = sum(one.replies is not None for one in asked)
    text = (
        f"Replies counted for {known} of {counted(len(asked), 'question')}, a day and a week after"
        " each, without mine. The tables show means per question."
    )
    why = Counter(one.problem for one in asked if one.replies is None)
    if too_new := why.pop(None, 0):
        text += f" {too_new} too new."
    parts = [f"{number} ({_why(problem or '')})" for problem, number in why.most_common()]
    return f"{text} Not counted: {', '.join(parts)}." if parts else text


def _why(problem: str) -> str:
    return _WHY.get(problem) or f"Slack answers `{plain(problem, 60)}`"
