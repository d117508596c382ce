"""Teams that take Parley out: their token goes at once, and all that was remembered of them."""

import logging
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from slack_bolt.async_app import AsyncApp

from handlers.slack.api_errors import FAILURES, FailureKind, classify
from handlers.slack.error_replies import AgainError
from handlers.slack.teams import ClosedError, NotInstalledError, Teams
from store.guards.idempotency import Once
from store.teams.installations import Installation, Installations
from store.types import GoneError

log = logging.getLogger(__name__)

_TAKEN_OUT = frozenset({"account_inactive", "token_revoked"})
"""Slack's words for the token of an app that was taken out (docs.slack.dev: auth.test)."""
_NO_TOKEN = _TAKEN_OUT | {"invalid_auth", "token_expired"}
"""Those for a token that is none. `invalid_auth` is also what an address hears that may not ask."""
_EVERY = timedelta(hours=1)
_SOON = timedelta(minutes=5)
"""When to ask again where Slack or the database could not be had."""


class Uninstalled:
    """Hears of it (docs.slack.dev: app_uninstalled, tokens_revoked), and asks about it too."""

    def __init__(
        self,
        installations: Installations,
        once: Once,
        teams: Teams,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._installations = installations
        self._once = once
        self._teams = teams
        self._clock = clock
        self._queue: deque[str] = deque()
        self._again: dict[str, datetime] = {}
        """Those that this process has begun to ask about, and when to ask again."""
        self._began_at: datetime | None = None
        self.without_token: set[str] = set()
        """Those that this process asked about, and whose token is no good until they install Parley
        again, or Slack says that they are gone."""

    def register(self, app: AsyncApp) -> None:
        """Listen to both events; each may come alone, and before the other."""
        app.event("app_uninstalled")(self.taken_out)
        app.event("tokens_revoked")(self.revoked)

    async def taken_out(self, body: dict[str, Any]) -> None:
        """Forget the team, unless it has let Parley in again since.

        An event may come late, and its time has seconds and another clock than ours. So Slack is
        asked whether it takes the token that is kept. Not in the background, as one asks Slack
        elsewhere: what is not acked is sent again. Raises `AgainError`.
        """
        team_id = body["team_id"]
        try:
            await self._look(team_id, _NO_TOKEN, told_at=body["event_time"])
        except Exception as error:
            raise AgainError(f"whether {team_id} is gone") from error

    async def revoked(self, event: dict[str, Any], body: dict[str, Any]) -> None:
        """Forget the team where it is the bot's token, and not one of a person's."""
        if event["tokens"].get("bot"):
            await self.taken_out(body)

    async def run(self) -> None:
        """Ask about the next team, for Slack sends an event again three times and then no more.

        Each one's turn comes at the start and every hour, and one of several processes asks; the
        ticker's second is the pace.
        """
        now = self._clock()
        if due := [team_id for team_id, at in self._again.items() if at <= now]:
            await self._ask(due[0], now)
            return
        if not self._queue:
            if self._began_at and timedelta() <= now - self._began_at < _EVERY:
                return
            installed = {one.team_id for one in await self._installations.list()}
            self._began_at = now
            known = installed | self._teams.known | self.without_token
            self._queue += sorted(known - self._again.keys())
        if not self._queue:
            return
        team_id = self._queue[0]
        try:
            is_ours = await self._once.claim(team_id, f"gone? {now:%Y-%m-%d %H}", now=now)
        except GoneError:
            # Another process has forgotten it.
            self._drop(team_id)
            is_ours = False
        # Not sooner: where the database fails, its turn is still to come.
        self._queue.popleft()
        self.without_token.discard(team_id)
        if is_ours:
            await self._ask(team_id, now)

    async def _ask(self, team_id: str, now: datetime) -> None:
        self._again[team_id] = now + _SOON
        try:
            await self._look(team_id, _TAKEN_OUT)
        except FAILURES as error:
            failed = classify(error)
            if failed.kind is not FailureKind.TOKEN:
                log.warning("whether %s is gone is not known so far: %s", team_id, failed.code)
                self._again[team_id] = now + (failed.retry_after or _SOON)
                return
            log.error(
                "the token of %s is no good (%s), though Slack does not say that Parley was taken"
                " out: let them install Parley again; where it is all of them, look at the README",
                team_id,
                failed.code,
            )
            self.without_token.add(team_id)
        self._again.pop(team_id, None)

    async def _look(
        self, team_id: str, gone: frozenset[str], *, told_at: int | None = None
    ) -> None:
        """Forget the team where Slack refuses its token in one of the words *gone*.

        *told_at* is the time of Slack's event, if there is one. Raises where Slack cannot say.
        """
        found = await self._installations.find(team_id)
        if found:
            if await self._is_let_in(found, gone, told_at):
                return
            if await self._installations.forget(found):
                log.info("%s is forgotten: Parley was taken out", team_id)
        self._drop(team_id)

    def _drop(self, team_id: str) -> None:
        self._again.pop(team_id, None)
        self.without_token.discard(team_id)
        self._teams.drop(team_id)

    async def _is_let_in(
        self, found: Installation, gone: frozenset[str], told_at: int | None
    ) -> bool:
        try:
            client = await self._teams.asking(found.team_id)
            await client.auth_test()
        except ClosedError:
            if told_at is None:
                raise
            # No key of ours opens it, so that nobody can ask: what is left is the event's time.
            return told_at < int(found.installed_at.timestamp())
        except NotInstalledError:
            return False
        except FAILURES as error:
            if classify(error).code in gone:
                return False
            raise
        return True
