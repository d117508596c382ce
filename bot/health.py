"""Health: whether the process is alive, and whether it can do its work just now."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

Check = Callable[[], Awaitable[str | None]]
"""Gives what is wrong, or None."""

Seconds = Callable[[], Mapping[str, float | None]]
"""Gives the seconds since what; None: never."""

_SECONDS = 2


class Health:
    """What has to be well before a process may be given work."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}
        self.seconds_since: Seconds = dict
        """What is shown beside the checks, whether or not all is well."""

    def watch(self, name: str, check: Check) -> None:
        """Ask *check* too, from now on; a later one of that name takes its place."""
        self._checks[name] = check

    async def read(self) -> Mapping[str, str | None]:
        """Ask every check; give for each what is wrong, or None."""
        return {name: await _asked(check) for name, check in self._checks.items()}


async def _asked(check: Check) -> str | None:
    try:
        async with asyncio.timeout(_SECONDS):
            return await check()
    except Exception as error:  # whatever it is, it is not well
        return f"cannot be asked: {type(error).__name__}"


def broken(reason: str) -> Check:
    """Give the check that always finds *reason*."""

    async def check() -> str | None:
        return reason

    return check
