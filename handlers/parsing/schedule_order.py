"""Parse the words that set up a schedule: `09:30 weekdays digest 3 about sanctions, turkey`."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import fields, replace
from datetime import date, datetime, time
from functools import partial
from itertools import takewhile
from zoneinfo import ZoneInfo

from handlers.ids import Command
from handlers.mrkdwn import plain
from handlers.parsing.cadence import write_days
from handlers.parsing.date_tokens import number_of
from handlers.parsing.dates import parse_dates, parse_posts
from handlers.parsing.holiday_words import take_holidays
from handlers.parsing.readings import (
    LaterStartError,
    MistypedError,
    UnclearError,
    UnschedulableError,
    is_read,
)
from handlers.parsing.schedule_names import NAMED, could_be_name, read_name
from handlers.parsing.timetable import describe_start, has_time, parse
from handlers.parsing.words import MONTH_NAMES, NUMBERS, TENS
from store.language.countries import is_country
from store.posting.due import occurrences
from store.posting.public_holidays import region_name
from store.types import News, Order, ParleyError, PostKind, Schedule, Timetable

MOST_STORIES = 5
MOST_TOPICS = 10
LONGEST_TOPIC = 75
"""The most characters that an option of a select may have (docs.slack.dev, option object)."""
_STORIES = 3
# At most nine digits: int() raises for a number of thousands of digits.
_COUNT = rf"(?:\d{{1,9}}|(?:{'|'.join(NUMBERS)})\b)"
_NOT_A_TIME = (
    r"(?![:.\d]|\s*[ap]\.?m\b|\s+(?:past|to|after|before|o'?\s?clock|in\s+the"
    rf"|{'|'.join((*NUMBERS, *TENS))})\b)"
)
_DIGEST = re.compile(
    rf"(?<![\w-])(?:digest(?: +(?:of|with))?(?: +(?P<after>{_COUNT}){_NOT_A_TIME})?"
    rf"(?: +stor(?:ies|y))?|(?P<before>{_COUNT}) +stor(?:ies|y))\b",
    re.IGNORECASE,
)
_AGE = re.compile(
    rf"\b(?:max(?:imum)?[ -]?age(?: of)?|(?:no|not) older than)\b *(?P<number>{_COUNT}|an?\b)?"
    r" *(?P<unit>days?\b|d\b|weeks?\b|w\b)?",
    re.IGNORECASE,
)
MOST_DAYS = 366
_NEWS = re.compile(
    r"\bonly (?:what(?: is|'s) )?new\b(?: stories\b| ones\b)?"
    r"(?: since (?:the )?last(?: one| time| digest)?\b)?"
    r"(?P<nothing>,? *(?:or|else|otherwise) (?:nothing|no post)\b)?",
    re.IGNORECASE,
)
_NEWS_WORDS = {
    News.ANY: "",
    News.NEW: " only new",
    News.NEW_OR_NOTHING: " only new or nothing",
}
_NAME = re.compile(
    rf"""(?<![\w-]){NAMED}\s+(?:["“„](?P<quoted>[^"“”„]+)["“”]|(?P<name>[^\s,]+))""",
    re.IGNORECASE,
)
_NAMED_WORDS = re.compile(
    rf"(?<![\w-]){NAMED}\s+(?P<words>[^\W\d_]+(?:\s+[^\W\d_]+)+)(?P<number>\s+\d(?![\d:.]))?",
    re.IGNORECASE,
)
_KINDS = frozenset({"digest", "question", "schedule"})
_MONTH = "|".join(name[:end] for name in MONTH_NAMES for end in range(len(name), 2, -1))
_EXCEPT_DAY = re.compile(
    rf"""\b(?:except|excluding|but\s+not|not|without)\s+
    (?:(?:for|on|at|in|during|over|the|all|of)\s+)*(?P<day>
    (?:\d{{1,2}}(?:st|nd|rd|th)?\s+)?
    (?:(?:christmas|xmas|new\s+year|easter|thanksgiving)(?:'?s)?|boxing\s+day|{_MONTH})\b
    (?:\s+(?:eve|day|monday|\d{{1,2}}(?:st|nd|rd|th)?)\b(?!:))?)""",
    re.VERBOSE | re.IGNORECASE,
)
_END = re.compile(
    rf"""\b(?:(?:(?:but\s+)?only\s+)?(?:until|till?|up\s+to|through|ending(?:\s+on)?)\s+(?:the\s+)?
    (?:(?:\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?)?
        (?:{_MONTH}|christmas|xmas|new\s+year|easter|thanksgiving)(?:'?s)?\b
        (?:\s+(?:eve|day|\d{{1,2}}(?:st|nd|rd|th)?)\b(?!:))?(?:,?\s+\d{{4}}\b)?
    |\d{{4}}-\d\d?-\d\d?|\d\d?[/.]\d\d?(?:[/.]\d+)?|\d{{1,2}}(?:st|nd|rd|th)\b|tomorrow\b
    |(?:end|middle|start|beginning)\s+of\b(?:\s+(?:the|this|next))?\s+\w+
    |(?:next|this)\s+\w+|further\s+notice|then\b|summer\b|winter\b|spring\b|autumn\b)
    |for\s+(?:the\s+next\s+|only\s+)?(?:a|one|{_COUNT})\s+(?:day|week|month|year)s?\b)""",
    re.VERBOSE | re.IGNORECASE,
)
"""When a schedule is to end."""
_QUESTION = re.compile(r"(?<![\w-])(?:an? +)?questions?\b", re.IGNORECASE)
_TOPICS = re.compile(r'["“„]([^"“”„]+)["“”]|([^,"“„]+)')
_AND = re.compile(r"(?<!\S)and(?!\S)", re.IGNORECASE)
_PLAIN = Order(timetable=Timetable(at=time(), weekdays=frozenset(), zone=""))
_ABOUT = re.compile(r"\b(?P<about>about)\b(?P<topics>.*)$", re.IGNORECASE)


def order_of(schedule: Schedule) -> Order:
    """Return the order that set up a schedule."""
    return Order(**{each.name: getattr(schedule, each.name) for each in fields(Order)})


def write_order(order: Order) -> str | None:
    """Return words that `parse_order` reads as *order*; None if a topic cannot be written so."""
    timetable = order.timetable
    words = f"{timetable.at:%H:%M} {write_days(timetable)} {timetable.zone}"
    if order.holidays:
        words += f" except holidays {order.holidays}"
    if order.kind is PostKind.DIGEST:
        words += f" digest {order.stories}{_NEWS_WORDS[order.news]}"
    if order.max_age_days:
        words += f" max age {order.max_age_days} days"
    if order.name:
        words += f" named {order.name}"
    if order.topics:
        words += f" about {', '.join(map(_write_topic, order.topics))}"
    try:
        return words if parse_order(words, zone=timetable.zone, today=date.min) == order else None
    except ParleyError:
        return None


def _write_topic(topic: str) -> str:
    has_option = any(option.search(topic) for option in (_AGE, _NAME, _NEWS))
    is_clear = [*_topics(topic)] == [topic] and not has_option
    return topic if is_clear else f'"{topic}"'


def _topics(words: str) -> Iterator[str]:
    """Yield the topics, separated by commas or "and"; quotes and names of countries keep one."""
    for quoted, unquoted in _TOPICS.findall(words):
        topics = [quoted.strip()] if quoted else []
        for topic in filter(None, map(str.strip, _AND.split(unquoted))):
            if topics and is_country(f"{topics[-1]} and {topic}"):
                topics[-1] += f" and {topic}"
            else:
                topics.append(topic)
        yield from topics


def parse_order(words: str, *, zone: str, today: date, base: Order | None = None) -> Order:
    """Parse a timetable, then optionally what is posted, its name, and `about` with topics.

    *zone* is that of the person who typed the words, and *today* the date there. With *base*, what
    the words leave out stays as in that order. Raises `UnclearError[Order]`, or `ParleyError`, with
    the words that were not understood.
    """
    before_topics = _split_about(words)[0]
    if single := _EXCEPT_DAY.search(before_topics):
        day = single["day"].strip()
        is_date = is_read(parse_posts, day, today=today)
        then = f"type `{Command.DIGEST} skip {plain(day, 60)}`"
        example = f"skip its date, as in `{Command.DIGEST} skip 24 Dec`"
        raise UnschedulableError(
            single[0],
            f"A schedule leaves out days of the week and public holidays. Start it without"
            f" “{plain(single[0].strip(), 60)}”, and then {then if is_date else example}.",
        )
    if end := _END.search(before_topics):
        raise UnschedulableError(
            end[0],
            f"A schedule can't end by itself. Start it without “{plain(end[0].strip(), 60)}”, and"
            f" type `{Command.DIGEST} off` when it is to end.",
        )
    try:
        _require_one_word(words, zone=zone, today=today, base=base)
        return _parse_order(words, zone=zone, today=today, base=base)
    except MistypedError as error:
        corrected = re.sub(rf"\b{re.escape(error.word)}\b", error.meant, words, count=1)
        readings: Sequence[Order] = ()
        if corrected != words:
            try:
                readings = [parse_order(corrected, zone=zone, today=today, base=base)]
            except UnclearError as unclear:
                readings = unclear.readings
            except ParleyError:
                pass
        raise UnclearError(str(error), readings) from None


def parse_order_at(words: str, *, zone: str, now: datetime, base: Order | None = None) -> Order:
    """Parse as `parse_order` does, knowing what of today is over *now*.

    A day from which to begin is accepted if the first post is not before it, and no schedule of
    every few weeks begins with a post that is over.
    """
    today = now.astimezone(ZoneInfo(zone)).date()
    try:
        return parse_order(words, zone=zone, today=today, base=base)
    except LaterStartError as error:
        question, orders = "", tuple[Order, ...]()
        with suppress(ParleyError):
            question, orders = _orders_from(error, words, zone=zone, now=now, base=base)
        if not orders:
            raise
        if question:
            raise UnclearError(question, orders) from None
        return orders[0]
    except UnclearError as error:
        question, begin = str(error), []
        for order in error.readings:
            begun = replace(order, timetable=_not_over(order.timetable, now))
            was, becomes = describe_start(order.timetable), describe_start(begun.timetable)
            question = question.replace(was, becomes)
            begin.append(begun)
        raise UnclearError(question, begin) from None


def _orders_from(
    start: LaterStartError, words: str, *, zone: str, now: datetime, base: Order | None
) -> tuple[str, tuple[Order, ...]]:
    """Return what to ask about *words* without their *start*, or "", and the orders they can mean.

    Return no orders if one of them would post before the start. Raises `ParleyError`.
    """
    question, rest = "", words.replace(start.typed, " ", 1)
    if rest == words:
        return "", ()  # other words were between those of the start
    try:
        orders: tuple[Order, ...] = (parse_order_at(rest, zone=zone, now=now, base=base),)
    except UnclearError as error:
        question, orders = str(error), error.readings
    (begins_on,) = parse_dates(start.when, today=now.astimezone(ZoneInfo(zone)).date())
    # "Monday and tomorrow at 9" names a day of its own.
    typed = re.escape(start.typed)
    is_day = re.search(rf"\band\s+{typed}|{typed}\s+and\b", words, re.IGNORECASE)
    firsts = [next(occurrences(order.timetable, after=now)).due_on for order in orders]
    if is_day or any(first < begins_on for first in firsts):
        return "", ()
    return question, orders


def _not_over(timetable: Timetable, now: datetime) -> Timetable:
    """Return a timetable of every few weeks without its first post if that is over *now*."""
    begins_on = timetable.begins_on
    if begins_on and timetable.every_weeks > 1 and timetable.has_post_on(begins_on):
        local = now.astimezone(ZoneInfo(timetable.zone))
        if begins_on == local.date() and timetable.at <= local.time():
            return replace(timetable, begins_on=next(occurrences(timetable, after=now)).due_on)
    return timetable


def _require_one_word(words: str, *, zone: str, today: date, base: Order | None) -> None:
    """Raise `UnclearError[Order]` if a name of several words is typed, as in `named my digest`."""
    found = _NAMED_WORDS.search(_split_about(words)[0])
    first, *others = found["words"].split() if found else [""]
    if found and found["number"] and others[-1].lower() == "digest":
        others.pop()  # named standup digest 3
    more = [*takewhile(_may_be_in_a_name, others)]
    if not found or not more:
        return
    name = "-".join([first, *more])
    start, rest = words[: found.start("words")], " ".join(found["words"].split()[len(more) + 1 :])
    readings = []
    for read, each in (
        (parse_order, f"{start}{name} {rest}{words[found.end('words') :]}"),
        (_parse_order, words),
    ):
        with suppress(ParleyError):
            readings.append(read(each, zone=zone, today=today, base=base))
    raise UnclearError(f"A name is one word. Do you mean `{name.lower()}`?", readings)


def _may_be_in_a_name(word: str) -> bool:
    return word.lower() in _KINDS or (could_be_name(word) and not has_time(word))


def _parse_order(words: str, *, zone: str, today: date, base: Order | None) -> Order:
    words, listed = _split_about(words)
    regions, words, listed = _take_holidays(words, listed)
    found: dict[re.Pattern[str], re.Match[str]] = {}
    # In the topics the options stand at the end, in any order.
    for option in (_NAME, _AGE, _NEWS) * 3:
        if option not in found:
            words, listed, match = _take(option, words, listed)
            found |= {option: match} if match else {}
    order, rest = _read_kind(words, base)
    if listed is not None:
        order = replace(order, topics=_read_topics(listed))
    if age := found.get(_AGE):
        order = replace(order, max_age_days=_days(age))
    if name := found.get(_NAME):
        order = replace(order, name=read_name(name["quoted"] or name["name"]))
    if new := found.get(_NEWS):
        if order.kind is not PostKind.DIGEST:
            raise ParleyError(
                f"Only a digest can be limited to what is new, as in `{Command.DIGEST} on 09:30"
                " digest 3 only new`. A question takes `max age 7 days`."
            )
        order = replace(order, news=News.NEW_OR_NOTHING if new["nothing"] else News.NEW)
    rest = _QUESTION.sub(" ", rest)
    regions = [order.holidays] if regions is None else regions
    before = base.timetable if base else None
    read = partial(parse, zone=zone, today=today, base=before)
    return _with_days(order, rest, regions, read)


def _with_days(
    order: Order, words: str, regions: Sequence[str], parse: Callable[[str], Timetable]
) -> Order:
    """Return *order* with the timetable in *words*, which *parse* reads, and without holidays.

    Raises `UnclearError[Order]`.
    """
    try:
        timetables, doubt = [parse(words)], ""
    except MistypedError:
        raise
    except UnclearError as error:
        timetables, doubt = [*error.readings], str(error)
    if len(regions) > 1:
        named = " or ".join(map(region_name, regions))
        doubt = f"{doubt} Whose holidays do you mean: {named}?".strip()
    readings = [
        replace(order, timetable=timetable, holidays=region)
        for timetable in timetables
        for region in regions
    ]
    if doubt:
        raise UnclearError(doubt, readings)
    return readings[0]


def _take_holidays(words: str, listed: str | None) -> tuple[Sequence[str] | None, str, str | None]:
    """Return the regions whose holidays are left out, and both texts without that."""
    regions, words = take_holidays(words)
    if regions is None and listed:
        # A topic may be about holidays.
        with suppress(ParleyError):
            regions, rest = take_holidays(listed)
            listed = rest.rstrip(" ,")
    return regions, words, listed


def _read_kind(words: str, base: Order | None) -> tuple[Order, str]:
    """Return an order of the kind that *words* name or else of *base*, and the words without it."""
    digest = _DIGEST.search(words)
    if not digest:
        order = base or _PLAIN
        is_other = order.kind is PostKind.DIGEST and _QUESTION.search(words)
        if is_other:
            order = replace(order, kind=PostKind.QUESTION, stories=1, news=News.ANY)
        return order, words
    before, after = words[: digest.start()], words[digest.end() :]
    rest = f"{before} {after}"
    typed = digest["after"] or digest["before"]
    stories = number_of(typed) if typed else _STORIES
    is_bare = typed and not typed.isdigit() and digest[0].split()[1:] == [typed]
    if is_bare and not has_time(rest) and (stories > MOST_STORIES or not base):
        stories, rest = _STORIES, f"{before} {typed} {after}"  # digest ten daily
    if not 1 <= stories <= MOST_STORIES:
        raise ParleyError(f"A digest has 1 to {MOST_STORIES} stories.")
    return replace(base or _PLAIN, kind=PostKind.DIGEST, stories=stories), rest


def _split_about(words: str) -> tuple[str, str | None]:
    """Return the words before `about`, and those after it; None if there is no `about`."""
    about = _ABOUT.search(words)
    if about and has_time(about["topics"], first=True) and not has_time(words[: about.start()]):
        about = _ABOUT.search(words, about.end("about"))  # about 9:30
    return (words[: about.start()], about["topics"]) if about else (words, None)


def _read_topics(listed: str) -> tuple[str, ...]:
    topics = tuple(dict.fromkeys(_topics(listed)))
    if not topics:
        raise ParleyError(f"About what? Type `{Command.DIGEST} on 09:30 about` and a topic or two.")
    if len(topics) > MOST_TOPICS:
        raise ParleyError(f"A schedule has at most {MOST_TOPICS} topics, not {len(topics)}.")
    if any(len(topic) > LONGEST_TOPIC for topic in topics):
        raise ParleyError(f"A topic has at most {LONGEST_TOPIC} characters.")
    return topics


def _take(
    option: re.Pattern[str], words: str, listed: str | None
) -> tuple[str, str | None, re.Match[str] | None]:
    """Return *words* and *listed* topics without an *option*, and its match.

    In the topics an option stands at the end: elsewhere it is a topic.
    """
    if found := option.search(words):
        return f"{words[: found.start()]} {words[found.end() :]}", listed, found
    for found in option.finditer(listed or ""):
        if listed and found.end() == len(listed.rstrip()):
            return words, listed[: found.start()].rstrip(" ,"), found
    return words, listed, None


def _days(age: re.Match[str]) -> int:
    number, unit = age["number"], age["unit"]
    if not (number and unit):
        raise ParleyError("A maximum age is in days or weeks, as in `max age 7 days`.")
    days = number_of(number) * (7 if unit[0] in "wW" else 1)
    if not 1 <= days <= MOST_DAYS:
        raise ParleyError(f"A maximum age is 1 to {MOST_DAYS} days.")
    return days
