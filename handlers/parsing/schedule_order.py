"""Parse the words that set up a schedule: `09:30 weekdays digest 3 about sanctions, turkey`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from handlers.parsing.readings import UnclearError
from handlers.parsing.timetable import has_time, parse
from handlers.parsing.words import DAY_NAMES
from store.finding.countries import is_country
from store.types import ParleyError, PostKind, Schedule, Timetable

MOST_STORIES = 5
MOST_TOPICS = 10
LONGEST_TOPIC = 75
"""The most characters that an option of a select may have (docs.slack.dev, option object)."""
_STORIES = 3
# At most nine digits: int() raises for a number of thousands of digits.
_DIGEST = re.compile(
    r"\b(?:digest(?: +of)?(?: +(?P<after>\d{1,9})(?![:.\d]|\s*[ap]\.?m\b))?(?: +stories)?"
    r"|(?P<before>\d{1,9}) +stories)\b",
    re.IGNORECASE,
)
_TOPICS = re.compile(r'["“„]([^"“”„]+)["“”]|([^,"“„]+)')
_AND = re.compile(r"(?<!\S)and(?!\S)", re.IGNORECASE)
_ABOUT = re.compile(r"\b(?P<about>about)\b(?P<topics>.*)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a user wants a channel to get: when, how much and about what."""

    timetable: Timetable
    kind: PostKind = PostKind.QUESTION
    stories: int = 1
    topics: tuple[str, ...] = ()


def order_of(schedule: Schedule) -> Order:
    """Return the order that set up a schedule."""
    return Order(
        timetable=schedule.timetable,
        kind=schedule.kind,
        stories=schedule.stories,
        topics=schedule.topics,
    )


def write_order(order: Order) -> str | None:
    """Return words that `parse_order` reads as *order*; None if a topic cannot be written so."""
    timetable = order.timetable
    days = ",".join(DAY_NAMES[day][:3].lower() for day in sorted(timetable.weekdays))
    words = f"{timetable.at:%H:%M} {days} {timetable.zone}"
    if order.kind is PostKind.DIGEST:
        words += f" digest {order.stories}"
    if order.topics:
        words += f" about {', '.join(map(_write_topic, order.topics))}"
    try:
        return words if parse_order(words, zone=timetable.zone) == order else None
    except ParleyError:
        return None


def _write_topic(topic: str) -> str:
    return topic if [*_topics(topic)] == [topic] else f'"{topic}"'


def _topics(words: str) -> Iterator[str]:
    """Yield the topics, separated by commas or "and"; quotes and names of countries keep one."""
    for quoted, plain in _TOPICS.findall(words):
        topics = [quoted.strip()] if quoted else []
        for topic in filter(None, map(str.strip, _AND.split(plain))):
            if topics and is_country(f"{topics[-1]} and {topic}"):
                topics[-1] += f" and {topic}"
            else:
                topics.append(topic)
        yield from topics


def parse_order(words: str, *, zone: str) -> Order:
    """Parse a timetable, then optionally `digest` with its size, and `about` with topics.

    *zone* is that of the person who typed the words. Raises `UnclearError[Order]`, or
    `ParleyError`, which names the words that were not understood.
    """
    topics: tuple[str, ...] = ()
    about = _ABOUT.search(words)
    if about and has_time(about["topics"], first=True) and not has_time(words[: about.start()]):
        about = _ABOUT.search(words, about.end("about"))  # about 9:30
    if about:
        words = words[: about.start()]
        topics = tuple(dict.fromkeys(_topics(about["topics"])))
        if not topics:
            raise ParleyError("About what? As in `/digest on 09:30 about sanctions, turkey`.")
        if len(topics) > MOST_TOPICS:
            raise ParleyError(f"A schedule has at most {MOST_TOPICS} topics, not {len(topics)}.")
        if any(len(topic) > LONGEST_TOPIC for topic in topics):
            raise ParleyError(f"A topic has at most {LONGEST_TOPIC} characters.")
    kind, stories = PostKind.QUESTION, 1
    if digest := _DIGEST.search(words):
        words = f"{words[: digest.start()]} {words[digest.end() :]}"
        kind, stories = PostKind.DIGEST, int(digest["after"] or digest["before"] or _STORIES)
        if not 1 <= stories <= MOST_STORIES:
            raise ParleyError(f"A digest has 1 to {MOST_STORIES} stories.")

    def order(timetable: Timetable) -> Order:
        return Order(timetable=timetable, kind=kind, stories=stories, topics=topics)

    try:
        return order(parse(words, zone=zone))
    except UnclearError as error:
        raise UnclearError(str(error), [*map(order, error.readings)]) from None
