"""When a feed is polled next: pure functions of its id and of how its polls went."""

from datetime import UTC, datetime, timedelta
from hashlib import blake2b

_DAY = timedelta(days=1)
_MAX_FRESH = timedelta(hours=6)
"""The longest wait for a server that answers; many say `max-age` of a year by mistake."""
_MAX_WAIT = _DAY
"""The longest wait for a server that refuses again and again, unless it names a longer one."""
_MAX_UNREACHABLE = timedelta(hours=2)
"""The longest wait for a server that cannot be reached: often it is our own network that is down,
and a request that does not arrive burdens nobody."""
_SPREAD = 0.1
"""The part of a wait that is added at most, so that feeds are not all polled at the same time."""
_FULL_EVERY = timedelta(days=7)
_MAX_DOUBLINGS = 20


def next_poll(
    source_id: str, now: datetime, *, every: timedelta, fresh_for: timedelta | None
) -> datetime:
    """Return when to poll a feed that was polled successfully at *now*.

    That is after *every*, or later if the server says that its answer is fresh for longer.
    """
    fresh = min(fresh_for or timedelta(), _MAX_FRESH)
    wait: timedelta = max(every, fresh) * (1 + _SPREAD * _share(source_id))
    return now + wait


def next_attempt(
    source_id: str,
    now: datetime,
    *,
    every: timedelta,
    failures: int,
    is_reachable: bool,
    retry_after: timedelta | None,
) -> datetime:
    """Return when to poll a feed again whose last polls, *failures* in a row, have failed.

    The wait doubles with every failure, and is at least *retry_after*, which the server asks for.
    The jitter depends on the id and the number of failures, and on nothing that a
    restart forgets.
    """
    longest = max(every, _MAX_WAIT if is_reachable else _MAX_UNREACHABLE)
    doublings = min(max(failures - 1, 0), _MAX_DOUBLINGS)
    wait: timedelta = min(every * 2**doublings, longest)
    return now + max(wait, retry_after or timedelta()) * (
        1 + _SPREAD * _share(f"{source_id}:{failures}")
    )


def is_full_poll(source_id: str, last_success_at: datetime | None, now: datetime) -> bool:
    """Return whether this poll asks for the whole feed, whatever is stored of the last answer.

    A broken server can answer 304 for ever. So one poll in seven days is unconditional; at which
    time depends on the id.
    """
    if last_success_at is None:
        return True
    offset = _FULL_EVERY * _share(source_id)
    epoch = datetime(2000, 1, 1, tzinfo=UTC) + offset
    return (last_success_at - epoch) // _FULL_EVERY != (now - epoch) // _FULL_EVERY


def _share(text: str) -> float:
    """Return a number from 0 to 1 that depends on *text* alone."""
    return int.from_bytes(blake2b(text.encode(), digest_size=6).digest()) / 2**48
