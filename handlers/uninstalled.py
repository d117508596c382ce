"""Teams that take Parley out: their token goes at once, and all that was remembered of them."""

import logging
from typing import Any

from slack_bolt.async_app import AsyncApp

from handlers.directory import Directory
from handlers.errors import AgainError
from store.installations import Installations

log = logging.getLogger(__name__)


class Uninstalled:
    """Hears of it (docs.slack.dev: app_uninstalled, tokens_revoked)."""

    def __init__(self, installations: Installations, directory: Directory) -> None:
        self._installations = installations
        self._directory = directory

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
            await self._forget(team_id)
        except Exception as error:
            raise AgainError(f"whether {team_id} is gone") from error

    async def revoked(self, event: dict[str, Any], body: dict[str, Any]) -> None:
        """Forget the team where it is the bot's token, and not one of a person's."""
        if event["tokens"].get("bot"):
            await self.taken_out(body)

    async def _forget(self, team_id: str) -> None:
        found = await self._installations.find(team_id)
        if found is None:
            return
        if await self._directory.is_let_in(team_id):
            log.info("%s was installed anew since", team_id)
        elif await self._installations.forget(found):
            log.info("%s is forgotten: Parley was taken out", team_id)
