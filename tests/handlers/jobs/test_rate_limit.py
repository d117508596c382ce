"""The rate limiters for posts, against a Slack that counts the posts of a workspace."""

import math
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.jobs.posting import IN_FLIGHT
from handlers.jobs.rate_limit import TeamRateLimiter
from store.types import TeamId
from tests.ids import TEAM
from tests.machine import NOW

OTHER = TeamId("T0OTHER")
STEP = timedelta(milliseconds=20)
MINUTE = timedelta(minutes=1)


@dataclass
class CountingSlack:
    """Takes *limit* posts in any minute, or in each minute by the clock."""

    limit: int
    is_sliding: bool
    taken: deque[datetime] = field(default_factory=deque)

    def refuse(self, now: datetime) -> timedelta | None:
        """Accept a post, or return what Retry-After says."""
        start = now - MINUTE if self.is_sliding else now.replace(second=0, microsecond=0)
        while self.taken and self.taken[0] < start:
            self.taken.popleft()
        if len(self.taken) < self.limit:
            self.taken.append(now)
            return None
        ends = self.taken[0] + MINUTE if self.is_sliding else start + MINUTE
        return timedelta(seconds=max(1, math.ceil((ends - now).total_seconds())))


def post(
    limiter: TeamRateLimiter, slack: CountingSlack, messages: int, *, latency: timedelta
) -> tuple[int, timedelta]:
    """Send *messages* as the job does; return how many were refused, and how long it took."""
    now, refused = NOW, 0
    in_flight: list[tuple[datetime, timedelta | None]] = []
    while messages or in_flight:
        for call in [call for call in in_flight if call[0] + latency <= now]:
            in_flight.remove(call)
            called_at, wait = call
            if wait is None:
                limiter.taken(TEAM, now)
            else:
                limiter.refused(TEAM, now, wait=wait, called_at=called_at)
                messages, refused = messages + 1, refused + 1
        while messages and len(in_flight) < IN_FLIGHT and not limiter.wait(TEAM, now):
            limiter.started(TEAM, now)
            in_flight.append((now, slack.refuse(now)))
            messages -= 1
        now += STEP
    return refused, now - NOW


@pytest.mark.parametrize("latency", [0.04, 0.3, 1])
@pytest.mark.parametrize("is_sliding", [True, False])
@pytest.mark.parametrize("limit", [100, 300, 700])
def test_at_most_one_call_in_fifty_is_refused_and_no_minute_is_wasted(
    limit: int, is_sliding: bool, latency: float
) -> None:
    messages = 8 * limit
    refused, took = post(
        TeamRateLimiter(),
        CountingSlack(limit, is_sliding),
        messages,
        latency=timedelta(seconds=latency),
    )
    assert refused <= messages / 50 + IN_FLIGHT
    assert took < 8 * MINUTE * 1.5


@pytest.mark.parametrize("is_sliding", [True, False])
def test_a_crowd_takes_hardly_longer_than_it_must(is_sliding: bool) -> None:
    """The second run of `benchmarks.crowd`, which takes a quarter of an hour."""
    slack = CountingSlack(300, is_sliding)
    refused, took = post(TeamRateLimiter(), slack, 4000, latency=timedelta(seconds=0.3))
    assert refused <= 4000 / 50
    assert took <= 1.05 * (4000 // 300) * MINUTE


@dataclass
class OddSlack(CountingSlack):
    """Refuses everything for three seconds besides, at random moments."""

    chance: Random = field(default_factory=Random)
    odd_until: datetime = NOW

    def refuse(self, now: datetime) -> timedelta | None:
        """Accept a post, or return what Retry-After says."""
        if now >= self.odd_until and self.chance.random() < 0.002:
            self.odd_until = now + timedelta(seconds=3)
        if now < self.odd_until:
            return timedelta(seconds=math.ceil((self.odd_until - now).total_seconds()))
        return super().refuse(now)


@pytest.mark.parametrize("is_sliding", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_odd_refusals_do_not_hide_the_limit(seed: int, is_sliding: bool) -> None:
    """Seen before: after the pause of a minute, an odd refusal halved the pace."""
    slack = OddSlack(300, is_sliding, chance=Random(seed))
    _, took = post(TeamRateLimiter(), slack, 4000, latency=timedelta(milliseconds=40))
    assert took < 1.2 * (4000 / 300 - 1) * MINUTE


class OnceBusySlack(CountingSlack):
    """Refuses one call, and has no limit."""

    def refuse(self, now: datetime) -> timedelta | None:
        """Refuse the first call."""
        self.limit, limit = 1_000_000, self.limit
        return None if limit else timedelta(seconds=30)


@pytest.mark.parametrize("messages", [10, 200, 5000])
def test_an_isolated_refusal_delays_a_crowd_by_less_than_a_minute(messages: int) -> None:
    latency = timedelta(milliseconds=40)
    usual = post(TeamRateLimiter(), CountingSlack(messages, True), messages, latency=latency)[1]
    limiter, slack = TeamRateLimiter(), OnceBusySlack(0, True)
    refused, took = post(limiter, slack, messages, latency=latency)
    assert refused == 1
    assert took - usual < timedelta(seconds=30) + MINUTE


def test_a_second_refusal_shows_a_limit() -> None:
    limiter = TeamRateLimiter()
    for minutes in (0, 5):
        refuse(limiter, NOW + minutes * MINUTE, seconds=1)
    now = NOW + 5 * MINUTE + timedelta(seconds=1)
    for _ in range(100):
        limiter.taken(TEAM, now)
    limiter.started(TEAM, now)
    assert limiter.wait(TEAM, now) > timedelta(seconds=0.8)


def refuse(limiter: TeamRateLimiter, now: datetime, seconds: float = 30) -> None:
    limiter.refused(TEAM, now, wait=timedelta(seconds=seconds), called_at=now)


def test_a_refusal_pauses_its_team_only() -> None:
    limiter = TeamRateLimiter()
    refuse(limiter, NOW)
    assert limiter.paused(TEAM, NOW) == timedelta(seconds=30)
    assert not limiter.paused(OTHER, NOW)
    assert limiter.waits(NOW) == {TEAM: timedelta(seconds=30)}
    assert not limiter.waits(NOW + timedelta(seconds=30))


def test_after_the_pause_the_posts_start_one_by_one() -> None:
    limiter = TeamRateLimiter()
    for _ in range(200):
        limiter.taken(TEAM, NOW)
    refuse(limiter, NOW)
    now = NOW + timedelta(seconds=30)
    limiter.started(TEAM, now)
    assert limiter.wait(TEAM, now) == MINUTE / 180
    assert not limiter.paused(TEAM, now), "a person who presses need not wait for the pace"


def test_calls_that_were_under_way_count_as_one_refusal() -> None:
    limiter = TeamRateLimiter()
    for _ in range(200):
        limiter.taken(TEAM, NOW)
    later = NOW + timedelta(seconds=1)
    for wait in (30, 31, 29):
        limiter.refused(TEAM, later, wait=timedelta(seconds=wait), called_at=NOW)
    assert limiter.paused(TEAM, later) == timedelta(seconds=31)
    limiter.started(TEAM, later + timedelta(seconds=31))
    assert limiter.wait(TEAM, later + timedelta(seconds=31)) == MINUTE / 180


@given(back=st.timedeltas(timedelta(seconds=1), timedelta(days=400)))
def test_a_clock_that_is_set_back_ends_the_pause(back: timedelta) -> None:
    limiter = TeamRateLimiter()
    refuse(limiter, NOW)
    assert limiter.paused(TEAM, NOW - back) == timedelta()


def test_a_refusal_is_forgotten() -> None:
    limiter = TeamRateLimiter()
    refuse(limiter, NOW)
    later = NOW + timedelta(minutes=11)
    limiter.started(TEAM, later)
    assert not limiter.wait(TEAM, later)
