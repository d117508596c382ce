"""Health checks: whether the process can do its work now."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

Check = Callable[[], Awaitable[str | None]]
"""Returns what is wrong, or None."""

Seconds = Callable[[], Mapping[str, float | None]]
"""Returns the seconds since each kind of event happened, or None if it never did."""

_SECONDS = 2


class Health:
    """The checks that must pass before the process receives work."""

    def __init__(self) -> None:
        self._checks: dict[str, _CachedCheck] = {}
        self.seconds_since: Seconds = dict
        """Shown together with the checks, whether they pass or not."""

    def add_check(self, name: str, check: Check, *, keep: float = 0) -> None:
        """Add *check*, or replace the check of that name.

        Its result is cached for *keep* seconds, which limits how often an expensive check runs.
        """
        self._checks[name] = _CachedCheck(check, keep)

    async def read(self) -> Mapping[str, str | None]:
        """Run every check; return what is wrong, or None, by name."""
        return {name: await check.result() for name, check in self._checks.items()}


class _CachedCheck:
    """A check and its last result."""

    def __init__(self, check: Check, keep: float) -> None:
        self._check = check
        self._keep = keep
        self._lock = asyncio.Lock()
        self._problem: str | None = None
        self._expires_at: float | None = None

    async def result(self) -> str | None:
        time = asyncio.get_running_loop().time
        # Concurrent callers share one result. They wait no longer than the timeout of the check.
        async with self._lock:
            if self._expires_at is None or time() >= self._expires_at:
                self._problem = await _run(self._check)
                self._expires_at = time() + self._keep
            return self._problem


async def _run(check: Check) -> str | None:
    try:
        async with asyncio.timeout(_SECONDS):
            return await check()
    except TimeoutError:
        return f"no answer within {_SECONDS} s"
    except Exception as error:  # noqa: BLE001 -- any error means that the check fails
        return f"cannot be asked: {type(error).__name__}"


def broken(reason: str) -> Check:
    """Return a check that always fails with *reason*."""

    async def check() -> str | None:
        return reason

    return check
