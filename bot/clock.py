"""Clocks: the machine's, checked against Slack's, and clocks that demos and tests can move."""

import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import wraps

import aiohttp

log = logging.getLogger(__name__)

_TOLERANCE = timedelta(minutes=5)
"""How far two clocks may differ; Slack's own signatures allow as much."""
_ASK_SECONDS = 5
_ASK_EVERY = 60.0
"""Seconds between two comparisons with Slack's clock while the machine's is wrong."""
_START_PATIENCE, _JUMP_PATIENCE = 60.0, 3600.0
"""After how many seconds without Slack's time the machine's is used; a post may be 2 hours late."""

Clock = Callable[[], datetime]
"""Returns the current time as an aware datetime in UTC."""


def system_clock() -> datetime:
    """Return the machine's time."""
    return datetime.now(UTC)


class MovableClock:
    """A clock that runs at a changeable offset from another clock."""

    def __init__(self, source: Clock = system_clock) -> None:
        self._source = source
        self._listeners: list[Callable[[], None]] = []
        self.offset = timedelta()

    def __call__(self) -> datetime:
        """Return the time with the offset added."""
        return self._source() + self.offset

    def move(self, by: timedelta) -> None:
        """Move the clock by *by*, backwards if negative, and call the listeners."""
        self.offset += by
        for listener in self._listeners:
            listener()

    def subscribe(self, listener: Callable[[], None]) -> None:
        """Call *listener* after every move."""
        self._listeners.append(listener)


class FollowingClock:
    """A clock that follows the local workspace's clock, reading its offset by HTTP."""

    def __init__(self, url: str, *, proxy: str | None = None) -> None:
        """Read the offset from *url*, through the HTTP proxy *proxy* if given."""
        self._url = url
        self._proxy = proxy
        self._clock = MovableClock()

    def __call__(self) -> datetime:
        """Return the time of the followed clock, with the offset of the last `read`."""
        return self._clock()

    async def read(self) -> None:
        """Read the current offset."""
        async with aiohttp.request(
            "GET", self._url, raise_for_status=True, proxy=self._proxy
        ) as response:
            answer = await response.json()
        self._clock.offset = timedelta(seconds=answer["offset_seconds"])


class CheckedClock:
    """The machine's clock. After a jump, Slack's clock decides which time is right.

    A clock that is wrong for a few seconds could spend the occurrences of every schedule for weeks.
    So a time more than five minutes away from the time expected since the last reading is not
    returned: this clock continues from the last reading, and is in doubt until `read` has learned
    Slack's time. The clock of a machine that slept jumps too, and Slack confirms its new time.
    """

    def __init__(
        self,
        ask: Callable[[], Awaitable[datetime | None]],
        *,
        machine: Clock = system_clock,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """*ask* returns Slack's time, or None if Slack cannot be reached.

        *steady* returns seconds, which do not change when somebody sets the clock.
        """
        self._ask = ask
        self._machine = machine
        self._steady = steady
        self._now, self._steady_at = machine(), steady()
        self._asked_at: float | None = None
        """When Slack last answered, by *steady*."""
        self._in_doubt_since = steady()
        self.is_in_doubt = True
        """Whether Slack has yet to confirm the time: at the start, and after a jump."""
        self.ahead = timedelta()
        """How far the machine's clock is ahead of this one; zero if it is not wrong."""

    def __call__(self) -> datetime:
        """Return the machine's time, or the expected time if the machine's clock is wrong."""
        machine, steady = self._machine(), self._steady()
        passed = timedelta(seconds=steady - self._steady_at)
        # A long time without a reading is a jump too: the machine may have slept.
        expected = self._now + (passed if timedelta() <= passed <= _TOLERANCE else timedelta())
        self._steady_at = steady
        ahead = machine - expected
        if abs(ahead) <= _TOLERANCE:
            self._now, ahead = machine, timedelta()
        else:
            self._now = expected
        if abs(ahead - self.ahead) > _TOLERANCE:
            self._note_jump(ahead)
        self.ahead = ahead
        return self._now

    def _note_jump(self, ahead: timedelta) -> None:
        if not ahead:
            log.warning("the machine's clock is right again")
            self.is_in_doubt = self._asked_at is None
            return
        log.warning(
            "the machine's clock is suddenly %s: no schedule runs until Slack's clock shows which"
            " time is right",
            _offset(ahead),
        )
        self.is_in_doubt, self._in_doubt_since = True, self._steady()

    async def read(self) -> None:
        """Compare with Slack's clock: if the time is in doubt, or each minute while it is wrong."""
        self()
        is_fresh = self._asked_at is not None and abs(self._steady() - self._asked_at) < _ASK_EVERY
        if not self.is_in_doubt and (is_fresh or not self.ahead):
            return
        slack = await self._ask()
        machine, steady = self._machine(), self._steady()
        if slack is None:
            patience = _JUMP_PATIENCE if self.ahead else _START_PATIENCE
            if not self.is_in_doubt or steady - self._in_doubt_since < patience:
                return
            log.warning("Slack's clock cannot be read: the machine's is used")
            slack = machine
        self._asked_at = self._steady_at = steady
        ahead = machine - slack
        if abs(ahead) <= _TOLERANCE:
            if self.ahead:
                log.warning("Slack's clock confirms the machine's time: schedules run again")
            self._now, self.ahead = machine, timedelta()
        else:
            if self.is_in_doubt:
                log.error(
                    "the machine's clock is %s of Slack's: set it right; until then Parley goes by"
                    " Slack's clock",
                    _offset(ahead),
                )
            self._now, self.ahead = slack, ahead
        self.is_in_doubt = False

    async def problem(self) -> str | None:
        """Return what is wrong with the machine's clock, or None."""
        self()
        if not self.ahead:
            return None
        if self.is_in_doubt:
            return f"suddenly {_offset(self.ahead)}: no schedule runs until Slack confirms the time"
        return f"{_offset(self.ahead)} of Slack's, by which Parley goes: set the machine's clock"

    def unless_in_doubt(self, job: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        """Return *job*, which does nothing while the time is in doubt."""

        @wraps(job)
        async def run() -> None:
            self()
            if not self.is_in_doubt:
                await job()

        return run


def _offset(ahead: timedelta) -> str:
    """Return an offset in words, such as "30 days ahead" or "12 minutes behind"."""
    seconds = abs(ahead).total_seconds()
    units = (("day", 86400), ("hour", 3600), ("minute", 60))
    unit, size = next((one for one in units if seconds >= one[1]), units[-1])
    number = round(seconds / size)
    return f"{number:,} {unit}{'s' * (number != 1)} {'ahead' if ahead > timedelta() else 'behind'}"


def slack_clock(url: str, *, proxy: str | None = None) -> Callable[[], Awaitable[datetime | None]]:
    """Return a function that returns the time of the server at *url*; None if it does not answer.

    Every answer has the time in its header Date, unless the server has no clock (RFC 9110, 6.6.1);
    then the machine's time has to do. An answer from a cache has its Age too (RFC 9111, 5.1).
    """
    timeout, headers = aiohttp.ClientTimeout(total=_ASK_SECONDS), {"Cache-Control": "no-cache"}

    async def ask() -> datetime | None:
        try:
            async with aiohttp.request(
                "HEAD", url, headers=headers, proxy=proxy, timeout=timeout, allow_redirects=False
            ) as response:
                age = timedelta(seconds=int(response.headers.get("Age", "0")))
                at = parsedate_to_datetime(response.headers["Date"])
                # Without a zone, it is in UTC.
                return (at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)) + age
        except (KeyError, ValueError, OverflowError):
            return system_clock()
        except (aiohttp.ClientError, TimeoutError, OSError):
            return None

    return ask
