"""Faults on demand: what the Web API does wrong when it is told to."""

from dataclasses import asdict, dataclass
from typing import Literal, get_args

from bot.workspace.errors import Json

FaultKind = Literal["refuse", "delay", "drop_after", "status", "ratelimit"]


@dataclass(slots=True, kw_only=True)
class Fault:
    """Something that goes wrong the next *times* that *method* ("*" is any) is called.

    refuse: answer `ok: false` with *error*. delay: wait *seconds*, before doing it or *after*.
    drop_after: do it, then cut the connection. status: answer with HTTP *status*, having done it
    when *after*. ratelimit: answer 429, to be called again after *seconds*.
    """

    method: str
    kind: FaultKind
    error: str = "internal_error"
    seconds: float = 1
    status: int = 500
    times: int = 1
    after: bool = False

    def __post_init__(self) -> None:
        if self.kind not in get_args(FaultKind):
            raise ValueError(f"no fault is called {self.kind}")


class Faults:
    """Holds the faults that are still to happen, the oldest first."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Let *fault* happen."""
        self._faults.append(fault)

    def clear(self) -> None:
        """Let nothing more go wrong."""
        self._faults.clear()

    def take(self, method: str) -> Fault | None:
        """Give the fault that happens to this call of *method*, and count it."""
        for fault in self._faults:
            if fault.method in (method, "*"):
                fault.times -= 1
                if fault.times <= 0:
                    self._faults.remove(fault)
                return fault
        return None

    def as_page(self) -> list[Json]:
        """Draw the faults for the page."""
        return [asdict(fault) for fault in self._faults]
