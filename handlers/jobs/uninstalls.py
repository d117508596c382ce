"""Uninstalls: the deletion of a team's token and of everything stored about the team."""

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from slack_bolt.async_app import AsyncApp

from handlers.slack.api_errors import FAILURES, FailureKind, classify
from handlers.slack.error_replies import AgainError
from handlers.slack.payloads import EventCallback
from handlers.slack.teams import ClosedError, NotInstalledError, Teams
from store.guards.idempotency import Idempotency
from store.teams.installations import Installation, Installations
from store.types import GoneError, TeamId

log = logging.getLogger(__name__)

_UNINSTALLED = frozenset({"account_inactive", "token_revoked"})
"""Slack's errors for the token of an uninstalled app (docs.slack.dev: auth.test)."""
_BAD_TOKEN = _UNINSTALLED | {"invalid_auth", "token_expired"}
"""Slack's errors for a token that is not valid.

`invalid_auth` alone proves nothing: Slack also sends it to an IP address that may not call.
"""
_EVERY = timedelta(hours=1)
_SOON = timedelta(minutes=5)
"""How long to wait before asking again after Slack or the database did not answer."""


@dataclass(slots=True, eq=False)
class Uninstalls:
    """The listeners and the hourly job that delete teams after they uninstall Parley.

    Source: docs.slack.dev, app_uninstalled and tokens_revoked.
    """

    installations: Installations
    idempotency: Idempotency
    teams: Teams
    clock: Callable[[], datetime]
    without_token: set[TeamId] = field(default_factory=set, init=False)
    """The ids of teams whose token this process found refused.

    A team leaves the set when it installs Parley again, or when Slack says it uninstalled.
    """
    _queue: deque[TeamId] = field(default_factory=deque, init=False)
    _retries: dict[TeamId, datetime] = field(default_factory=dict, init=False)
    """The teams that this process has started to ask about: {team_id: when to ask again}."""
    _began_at: datetime | None = field(default=None, init=False)

    def register(self, app: AsyncApp) -> None:
        """Listen to both events; either may come alone or first."""
        app.event("app_uninstalled")(self.uninstalled)
        app.event("tokens_revoked")(self.revoked)

    async def uninstalled(self, body: EventCallback) -> None:
        """Delete the team, unless it has installed Parley again since the event.

        An event may come late, and its time is in whole seconds of Slack's clock. So Slack is asked
        whether it still accepts the stored token. This happens before the ack and not in the
        background, because Slack sends an event again only if it is not acked. Raises `AgainError`
        if Slack or the database does not answer.
        """
        team_id = body["team_id"]
        try:
            await self._check(team_id, _BAD_TOKEN, event_time=body["event_time"])
        except Exception as error:
            raise AgainError(f"cannot check whether {team_id} uninstalled Parley") from error

    async def revoked(self, event: dict[str, Any], body: EventCallback) -> None:
        """Delete the team if its bot token was revoked, and not a user token."""
        if event["tokens"].get("bot"):
            await self.uninstalled(body)

    async def run(self) -> None:
        """Ask Slack about the next team, because events can get lost.

        Slack retries an event only three times. Each team is asked about at the start and every
        hour, by one of the processes. A run asks about one team at most, so the ticker's interval
        limits the rate.
        """
        now = self.clock()
        if due := [team_id for team_id, at in self._retries.items() if at <= now]:
            await self._ask(due[0], now)
            return
        if not self._queue:
            if self._began_at and timedelta() <= now - self._began_at < _EVERY:
                return
            stored = await self.installations.list()
            installed = {installation.team_id for installation in stored}
            self._began_at = now
            known = installed | self.teams.known | self.without_token
            self._queue += sorted(known - self._retries.keys())
        if not self._queue:
            return
        team_id = self._queue[0]
        try:
            is_ours = await self.idempotency.claim(team_id, f"gone? {now:%Y-%m-%d %H}", now=now)
        except GoneError:
            # Another process has deleted the team.
            self._drop(team_id)
            is_ours = False
        # Only now: if the database had failed, the team would have to stay in the queue.
        self._queue.popleft()
        self.without_token.discard(team_id)
        if is_ours:
            await self._ask(team_id, now)

    async def _ask(self, team_id: TeamId, now: datetime) -> None:
        self._retries[team_id] = now + _SOON
        try:
            await self._check(team_id, _UNINSTALLED)
        except FAILURES as error:
            failed = classify(error)
            if failed.kind is not FailureKind.TOKEN:
                log.warning("cannot check whether %s uninstalled Parley: %s", team_id, failed.code)
                self._retries[team_id] = now + (failed.retry_after or _SOON)
                return
            log.error(
                "Slack refuses the token of %s (%s) but does not say that Parley was uninstalled:"
                " ask the team to install Parley again; if it happens to all teams, see the README",
                team_id,
                failed.code,
            )
            self.without_token.add(team_id)
        self._retries.pop(team_id, None)

    async def _check(
        self, team_id: TeamId, errors: frozenset[str], *, event_time: int | None = None
    ) -> None:
        """Delete the team if Slack refuses its token with one of *errors*.

        *event_time* is the time of Slack's event in seconds; None without an event. Raises one of
        `FAILURES` if Slack does not say whether Parley is installed.
        """
        installation = await self.installations.find(team_id)
        if installation:
            if await self._is_installed(installation, errors, event_time):
                return
            if await self.installations.forget(installation):
                log.info("deleted %s: Parley was uninstalled", team_id)
        self._drop(team_id)

    def _drop(self, team_id: TeamId) -> None:
        self._retries.pop(team_id, None)
        self.without_token.discard(team_id)
        self.teams.drop(team_id)

    async def _is_installed(
        self, installation: Installation, errors: frozenset[str], event_time: int | None
    ) -> bool:
        try:
            client = await self.teams.asking(installation.team_id)
            await client.auth_test()
        except ClosedError:
            if event_time is None:
                raise
            # The token cannot be decrypted, so Slack cannot be asked: compare the times instead.
            return event_time < int(installation.installed_at.timestamp())
        except NotInstalledError:
            return False
        except FAILURES as error:
            if classify(error).code in errors:
                return False
            raise
        return True
