"""What Parley advises to type is accepted when it is typed."""

import html
import re

import pytest

from handlers.parsing.dates import parse_posts, parse_until
from handlers.parsing.readings import is_read
from handlers.parsing.schedule_names import take_whole_name
from handlers.parsing.schedule_order import order_of, parse_order
from handlers.parsing.sub_commands import DigestWord
from store.posting.names import without_default_name
from store.types import Schedule
from tests.handlers.conftest import Slack
from tests.ids import GENERAL, TEAM
from tests.machine import NOW

_ADVISED = re.compile(r"`/digest ([^`]+)`")
_LONG = " and ".join(f"{day} january" for day in range(1, 31))


def _is_accepted(command: str, schedule: Schedule) -> bool:
    """Return whether the parser of a sub-command accepts its words, if only with a question."""
    first, _, rest = command.partition(" ")
    named, words = take_whole_name(rest, [schedule])
    today = NOW.date()
    match DigestWord.read(first):
        case DigestWord.ON if named:
            base = without_default_name(order_of(named))
            return is_read(parse_order, words, zone="UTC", today=today, base=base)
        case DigestWord.ON:
            return is_read(parse_order, words, zone="UTC", today=today)
        case DigestWord.SKIP | DigestWord.UNSKIP:
            return is_read(parse_posts, words, today=today)
        case DigestWord.PAUSE if words:
            return is_read(parse_until, words, today=today)
        case None:
            return False
        case _:
            return not words


@pytest.mark.parametrize(
    "typed",
    [
        *(f"/digest on 9:00 except {day}" for day in ("thanksgiving", "easter monday", "1 jan")),
        *(f"/digest on 9:00 not in {month}" for month in ("august", "31 feb", "dec")),
        "/digest on 9:00 but not at christmas",
        *(f"/digest on 8 {day}" for day in ("tonight", "today", "tomorrow", "from 31 june")),
        *(f"/digest on 8 from {day}" for day in ("friday", "99", "3.14", "jan", "1 2 3", "next 4")),
        f"/digest on starting {_LONG}",
        f"/digest on {'mondays and fridays, ' * 5}and sundays",
        *(f"/digest on {days}" for days in ("weekends", "every second friday", "9h30 later")),
        "/digest skip the <world> & `me`",
        *(
            f"/digest {words}"
            for words in ("pause today", "skip until friday", "on noon until then")
        ),
        "@Parley post a question only on the first Monday of each month",
        "@Parley set up a digest on fridays",
        f"@Parley post a digest about {'peace and war and ' * 11}trade on mondays",
        "@Parley post a question every monday starting tonight at 8",
        *(f"@Parley {said}" for said in ("push it back", "make it less often", "pause it for me")),
        "@Parley no posts on bank holidays",
        "@Parley change it",
    ],
)
async def test_what_is_advised_is_accepted(slack: Slack, typed: str) -> None:
    await slack.type("/digest on 09:30 daily")
    (schedule,) = await slack.parley.store.schedules.of_channel(TEAM, GENERAL)
    say = slack.type if typed.startswith("/") else slack.say
    for answer in await say(typed):
        for command in _ADVISED.findall(html.unescape(answer["text"])):
            assert _is_accepted(command, schedule), command
