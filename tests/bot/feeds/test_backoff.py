"""When a feed is polled next."""

import itertools
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.feeds.backoff import is_full_poll, next_attempt, next_poll
from tests.machine import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
IDS = st.text("0123456789abcdef", min_size=8, max_size=8)
EVERY = st.timedeltas(timedelta(minutes=5), DAY)
ASKED = st.none() | st.timedeltas(timedelta(), timedelta(days=7))
FAILURES = st.integers(1, 2_000)


def attempt(
    source_id: str,
    failures: int,
    *,
    every: timedelta = HOUR,
    is_reachable: bool = True,
    retry_after: timedelta | None = None,
) -> datetime:
    return next_attempt(
        source_id,
        NOW,
        every=every,
        failures=failures,
        is_reachable=is_reachable,
        retry_after=retry_after,
    )


@given(IDS, EVERY, ASKED)
def test_a_poll_waits_for_its_interval_and_while_the_answer_is_fresh(
    source_id: str, every: timedelta, fresh_for: timedelta | None
) -> None:
    wait = next_poll(source_id, NOW, every=every, fresh_for=fresh_for) - NOW
    least = max(every, min(fresh_for or timedelta(), 6 * HOUR))
    assert least <= wait <= least * 1.1


@given(IDS, EVERY, FAILURES, st.booleans(), ASKED)
def test_a_failed_poll_is_never_repeated_sooner_than_asked_nor_put_off_for_ever(
    source_id: str,
    every: timedelta,
    failures: int,
    is_reachable: bool,
    retry_after: timedelta | None,
) -> None:
    at = attempt(
        source_id, failures, every=every, is_reachable=is_reachable, retry_after=retry_after
    )
    assert at - NOW >= max(every, retry_after or timedelta())
    assert at - NOW <= 7 * DAY * 1.1
    # A restart forgets nothing.
    assert at == attempt(
        source_id, failures, every=every, is_reachable=is_reachable, retry_after=retry_after
    )


@given(IDS, st.booleans())
def test_the_wait_doubles_up_to_a_day(source_id: str, is_reachable: bool) -> None:
    waits = [attempt(source_id, one, is_reachable=is_reachable) - NOW for one in range(1, 25)]
    longest = DAY if is_reachable else 2 * HOUR
    for number, wait in enumerate(waits):
        expected = min(HOUR * 2**number, longest)
        assert expected <= wait <= expected * 1.1


def test_feeds_that_failed_together_are_not_all_polled_together() -> None:
    for failures in (1, 5, 50):
        assert len({attempt(f"{one:08x}", failures) for one in range(500)}) > 450
        polls = {next_poll(f"{one:08x}", NOW, every=HOUR, fresh_for=None) for one in range(500)}
        assert len(polls) > 450


def test_one_feed_does_not_always_wait_for_the_same_share() -> None:
    shares = {(attempt("0badcafe", one, every=DAY) - NOW) / DAY for one in range(1, 20)}
    assert len(shares) == 19


@given(IDS, st.datetimes(datetime(2020, 1, 1), datetime(2050, 1, 1)), st.integers(5, 1_440))
def test_one_poll_in_seven_days_is_unconditional(source_id: str, day: datetime, every: int) -> None:
    start = day.replace(tzinfo=NOW.tzinfo)
    assert is_full_poll(source_id, None, start)
    step = timedelta(minutes=every)
    polls = [start + number * step for number in range(28 * DAY // step + 1)]
    full = [now for last, now in itertools.pairwise(polls) if is_full_poll(source_id, last, now)]
    assert len(full) in (3, 4)
    for one, another in itertools.pairwise(full):
        assert abs(another - one - 7 * DAY) < step


def test_a_feed_is_asked_in_full_after_a_long_pause() -> None:
    assert is_full_poll("0badcafe", NOW - 8 * DAY, NOW)
    assert not is_full_poll("0badcafe", NOW, NOW)
