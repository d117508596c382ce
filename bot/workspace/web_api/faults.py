"""Faults on demand: failures of the Web API that tests and the page switch on."""

import asyncio
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from math import ceil
from random import Random
from typing import Literal, get_args

from bot.workspace.errors import ApiError, Json
from bot.workspace.web_api.arguments import Args

FaultKind = Literal[
    "refuse",
    "ratelimit",
    "status",
    "html",
    "delay",
    "drop_before",
    "drop_after",
    "lag",
    "no_metadata",
    "strict",
]

KINDS: dict[FaultKind, tuple[str, tuple[str, ...]]] = {
    "refuse": ("Answer ok: false", ("error",)),
    "ratelimit": ("Answer 429, to be called again later", ("seconds",)),
    "status": ("Answer with an HTTP status", ("status", "error", "after")),
    "html": ("Answer with a page of HTML, as a broken proxy does", ("status",)),
    "delay": ("Take long", ("seconds", "after")),
    "drop_before": ("Cut the connection, and do nothing", ()),
    "drop_after": ("Do it, then cut the connection", ()),
    "lag": ("Leave the newest messages out of history", ("seconds",)),
    "no_metadata": ("Leave metadata out of history", ()),
    "strict": ("Answer once a minute, with at most 15 messages", ()),
}
"""Every kind: its label, and the fields it uses beside where and how often."""


RESPONSE_URL = "response_url"
"""The method of a fault that strikes a response_url: it answers with the fault's *status*."""
_STRICT_WAIT = timedelta(minutes=1)
_STRICT_PAGE = 15


@dataclass(slots=True, kw_only=True)
class Fault:
    """A failure of the next *times* calls of *method* (None: of every call).

    *method* may contain stars: "chat.*", "*". With *channel* only calls for that channel fail,
    and only a *share* of the calls, chosen by *seed* and the same in every run.

    refuse: answer `ok: false` with *error*. ratelimit: answer 429, to be called again after
    *seconds*. status: answer with HTTP *status*, having done it when *after*. html: answer with
    HTTP *status* and a page of HTML that is labelled as JSON, without doing it. delay: wait
    *seconds* or until `end` is called, before doing it or *after*. drop_before: cut the connection
    without doing it. drop_after: do it, then cut the connection. lag: history has nothing that is
    younger than *seconds* by the workspace's clock. no_metadata: history has no metadata, asked
    for or not.
    strict: as Slack limits the history for apps that are distributed outside of its Marketplace,
    answer one call a minute by the workspace's clock, with at most 15 messages.
    """

    method: str
    kind: FaultKind
    error: str = "internal_error"
    seconds: float = 1
    status: int = 500
    times: int | None = 1
    after: bool = False
    channel: str | None = None
    share: float = 1
    seed: int = 0
    is_over: asyncio.Event = field(
        default_factory=asyncio.Event, init=False, repr=False, compare=False
    )
    _chance: Random = field(init=False, repr=False, compare=False)
    _free_at: datetime | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.kind not in get_args(FaultKind):
            raise ValueError(f"no fault is called {self.kind}")
        if not 0 < self.share <= 1:
            raise ValueError("the share of calls is above 0 and at most 1")
        if self.times is not None and self.times < 1:
            raise ValueError("a fault happens at least once")
        self._chance = Random(self.seed)  # noqa: S311 -- to be the same in every run

    def end(self) -> None:
        """End the calls that the fault delays."""
        self.is_over.set()

    def strikes(self, method: str, args: Json) -> bool:
        """Return whether this call fails; ask once for each call, since the share is random."""
        return (
            fnmatchcase(method, self.method)
            and self.channel in (None, args.get("channel"), args.get("channel_id"))
            and self._chance.random() < self.share
        )

    def limit_strictly(self, args: Args, now: datetime) -> None:
        """Limit a call as the kind "strict" does; raises `ApiError` (ratelimited)."""
        if self._free_at and now < self._free_at:
            raise ApiError("ratelimited", retry_after=ceil((self._free_at - now).total_seconds()))
        self._free_at = now + _STRICT_WAIT
        # As text, which every value of a form is.
        args["limit"] = str(args.number("limit", _STRICT_PAGE, most=_STRICT_PAGE))

    def as_page(self) -> Json:
        """Render the fault for the page."""
        return {one.name: getattr(self, one.name) for one in fields(self) if one.init}


class Faults:
    """The active faults, oldest first."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Switch *fault* on."""
        self._faults.append(fault)

    def clear(self) -> None:
        """Switch all faults off."""
        self._faults.clear()

    def take(self, method: str, args: Json) -> Fault | None:
        """Count and return the fault that strikes this call of *method*, or return None."""
        for fault in self._faults:
            if fault.strikes(method, args):
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times == 0:
                        self._faults.remove(fault)
                return fault
        return None

    def as_page(self) -> list[Json]:
        """Render the active faults for the page."""
        return [fault.as_page() for fault in self._faults]


def kinds_as_page() -> list[Json]:
    """Render every kind of fault for the page: {kind, label, fields}."""
    return [
        {"kind": kind, "label": label, "fields": list(heeded)}
        for kind, (label, heeded) in KINDS.items()
    ]
