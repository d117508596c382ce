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
        self._checks: dict[str, _Watched] = {}
        self.seconds_since: Seconds = dict
        """What is shown beside the checks, whether or not all is well."""

    def add_check(self, name: str, check: Check, *, keep: float = 0) -> None:
        """Ask *check* too, from now on; a later one of that name takes its place.

        What it finds is told again for *keep* seconds before it is asked again: for a check that
        costs something, however many ask and however often.
        """
        self._checks[name] = _Watched(check, keep)

    async def read(self) -> Mapping[str, str | None]:
        """Ask every check; give for each what is wrong, or None."""
        return {name: await watched.ask() for name, watched in self._checks.items()}


class _Watched:
    """A check, and what it found last."""

    def __init__(self, check: Check, keep: float) -> None:
        self._check = check
        self._keep = keep
        self._asking = asyncio.Lock()
        self._found: str | None = None
        self._until: float | None = None

    async def ask(self) -> str | None:
        time = asyncio.get_running_loop().time
        # Those who ask at once share one answer; asking has an end, and so has waiting for it.
        async with self._asking:
            if self._until is None or time() >= self._until:
                self._found = await _asked(self._check)
                self._until = time() + self._keep
            return self._found


async def _asked(check: Check) -> str | None:
    try:
        async with asyncio.timeout(_SECONDS):
            return await check()
    except TimeoutError:
        return f"no answer within {_SECONDS} s"
    except Exception as error:  # whatever it is, it is not well
        return f"cannot be asked: {type(error).__name__}"


def broken(reason: str) -> Check:
    """Give the check that always finds *reason*."""

    async def check() -> str | None:
        return reason

    return check
