"""The record of calls and envelopes, for the tests and the page's inspector."""

import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from bot.workspace.errors import Json
from bot.workspace.model.state import State

_SECRETS = frozenset({"client_secret", "access_token", "bot_access_token"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call of the Web API or a response_url, or an envelope; *ms* is the duration of the answer.

    *status* is the HTTP status, or 0 if the connection was cut or nothing was acked.
    """

    n: int
    direction: Literal["call", "envelope"]
    method: str
    args: Json
    token_kind: str | None
    status: int
    response: Any
    ms: float
    at: datetime

    @property
    def is_ok(self) -> bool:
        """Return whether it succeeded."""
        if isinstance(self.response, dict) and "ok" in self.response:
            return self.status == 200 and bool(self.response["ok"])
        return self.status == 200

    def as_page(self) -> Json:
        """Render it for the inspector, without secrets."""
        return {
            "n": self.n,
            "at": self.at.isoformat(),
            "direction": self.direction,
            "name": self.method,
            "ok": self.is_ok,
            "status": self.status,
            "ms": round(self.ms, 1),
            "request": _without_secrets(self.args),
            "response": _without_secrets(self.response),
        }


class Traffic:
    """Keeps every call and envelope, newest last."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.everything: list[Call] = []
        self.answered: Counter[str] = Counter()
        self.arrived: Counter[str] = Counter()

    @property
    def calls(self) -> list[Call]:
        """Return the calls that the app made."""
        return [call for call in self.everything if call.direction == "call"]

    def received(self, method: str) -> None:
        """Record that a call has arrived before it is answered."""
        self.arrived[method] += 1
        self._state.signal.notify()

    def record(
        self,
        direction: Literal["call", "envelope"],
        method: str,
        args: Json,
        *,
        status: int,
        response: Any,
        ms: float,
        token_kind: str | None = None,
    ) -> None:
        """Record a request and its answer."""
        call = Call(
            n=len(self.everything) + 1,
            direction=direction,
            method=method,
            args=args,
            token_kind=token_kind,
            status=status,
            response=response,
            ms=ms,
            at=self._state.clock(),
        )
        self.everything.append(call)
        if direction == "call":
            self.answered[method] += 1
        self._state.changed({"type": "call", "call": call.as_page()})


def _without_secrets(value: Any) -> Any:
    """Hide the secrets, which are at the top level or in an envelope's event."""
    if not isinstance(value, dict):
        return value
    shown = {name: "…" if name in _SECRETS else one for name, one in value.items()}
    if isinstance(payload := shown.get("payload"), dict) and "event" in payload:
        shown["payload"] = payload | {"event": _without_secrets(payload["event"])}
    return shown


def token_kind(token: str | None) -> str | None:
    """Return the kind of *token*, such as "xoxb-…", without the rest; None without a token."""
    if token is None:
        return None
    kind = re.match(r"xox[a-z]-|xapp-", token)
    return f"{kind[0]}…" if kind else "…"
