"""Teams that take Parley out: their token goes at once, and all that was remembered of them."""

import logging
from typing import Any

from slack_bolt.async_app import AsyncApp

from store import Store

log = logging.getLogger(__name__)


class Uninstalled:
    """Hears of it (docs.slack.dev: app_uninstalled, tokens_revoked)."""

    def __init__(self, store: Store) -> None:
        self._installations = store.installations
        self._misses = store.misses

    def register(self, app: AsyncApp) -> None:
        """Listen to both events; each may come alone, and before the other."""
        app.event("app_uninstalled")(self.taken_out)
        app.event("tokens_revoked")(self.revoked)

    async def taken_out(self, body: dict[str, Any]) -> None:
        """Forget the team."""
        team_id = body["team_id"]
        found = await self._installations.find(team_id)
        if found is None:
            return
        # Slack sends again what was not acked, for an hour: it may have been let in again since.
        if int(found.installed_at.timestamp()) > body["event_time"]:
            log.info("%s was installed anew since", team_id)
            return
        # What waits to be written would be written after it.
        await self._misses.write()
        await self._installations.forget(team_id)
        log.info("%s is forgotten: Parley was taken out", team_id)

    async def revoked(self, event: dict[str, Any], body: dict[str, Any]) -> None:
        """Forget the team where it is the bot's token, and not one of a person's."""
        if event["tokens"].get("bot"):
            await self.taken_out(body)
