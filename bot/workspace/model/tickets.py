"""Short-lived ids that Slack issues: triggers, response_urls and Socket Mode tickets."""

import secrets
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.workspace.errors import ApiError

TRIGGER_SECONDS = 3.0
RESPONSE_URL_USES = 5
RESPONSE_URL_LIFE = timedelta(minutes=30)


@dataclass(slots=True, kw_only=True)
class Trigger:
    """Allows the app to open one view for *user* until *expires_at* (monotonic seconds)."""

    user: str
    expires_at: float
    is_used: bool = False


@dataclass(slots=True, kw_only=True)
class ResponseUrl:
    """Allows the app to answer *user* in *channel*; *message_ts* is the message they acted on."""

    user: str
    channel: str
    expires_at: datetime
    message_ts: str | None = None
    uses: int = 0


class Triggers:
    """Issues trigger ids and redeems them (docs.slack.dev: views.open)."""

    def __init__(self, seconds: float = TRIGGER_SECONDS) -> None:
        self._seconds = seconds
        self._triggers: dict[str, Trigger] = {}

    def issue(self, user: str) -> str:
        """Return a new trigger id for what *user* has just done."""
        trigger_id = f"{secrets.randbelow(10**13)}.{secrets.randbelow(10**12)}.{_secret()}"
        self._triggers[trigger_id] = Trigger(user=user, expires_at=time.monotonic() + self._seconds)
        return trigger_id

    def redeem(self, trigger_id: str) -> str:
        """Use up the trigger and return its user; raises `ApiError`."""
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise ApiError("invalid_trigger_id")
        if trigger.is_used:
            raise ApiError("exchanged_trigger_id")
        if time.monotonic() > trigger.expires_at:
            raise ApiError("expired_trigger_id")
        trigger.is_used = True
        return trigger.user


class MessageRate:
    """Limits a channel to one message a second with a short burst (docs.slack.dev: rate limits)."""

    burst = 5

    def __init__(self) -> None:
        self.is_on = True
        self._full_at: dict[str, float] = {}

    def take(self, channel: str) -> None:
        """Count a message in *channel*; raises `ApiError` if there were too many."""
        if not self.is_on:
            return
        now = time.monotonic()
        full_at = max(self._full_at.get(channel, now), now)
        if full_at - now > self.burst - 1:
            raise ApiError("ratelimited", retry_after=1)
        self._full_at[channel] = full_at + 1


def new_id(prefix: str) -> str:
    """Return a new id that looks like Slack's."""
    return prefix + _secret()[:10].upper()


def _secret() -> str:
    return secrets.token_hex(16)
