"""Where answers appear without a response_url: modals, App Home, threads, direct messages."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookResponse

from handlers.slack.api_errors import classify
from handlers.slack.teams import Teams
from handlers.views.message import Message
from handlers.views.modal import View, window

log = logging.getLogger(__name__)

_DONE = WebhookResponse(url="", status_code=200, body="ok", headers={})
_TOO_LATE = frozenset(
    {"not_found", "expired_trigger_id", "exchanged_trigger_id", "push_limit_reached"}
)
"""What Slack answers when a modal was closed meanwhile, or the moment to open one has passed."""

_DEAD = frozenset({"expired_url", "used_url"})
"""What Slack answers by a response_url that is too old, or was answered by five times."""


class Responders:
    """Shows things to people where they are.

    What gives an `AsyncRespond` lets a feature answer there as by a response_url.
    """

    def __init__(self, teams: Teams) -> None:
        self._teams = teams

    def modal(self, team_id: str, view_id: str) -> AsyncRespond:
        """Answer in the modal in which something was pressed."""
        return _Elsewhere(lambda shown: self.update(team_id, view_id, window(shown)))

    def window(self, team_id: str, trigger_id: str) -> AsyncRespond:
        """Answer in a modal that opens; a trigger is good for three seconds, and for one modal."""

        async def show(shown: Message) -> None:
            await self.open(team_id, trigger_id, window(shown))

        return _Elsewhere(show)

    def whisper(self, team_id: str, channel: str, user: str, thread_ts: str | None) -> AsyncRespond:
        """Answer one person where they wrote, seen by nobody else."""

        async def show(shown: Message) -> None:
            sending = (await self._teams.of(team_id)).posting
            await sending.chat_postEphemeral(
                channel=channel, user=user, thread_ts=thread_ts, **shown
            )

        return _Elsewhere(show)

    def lasting(self, respond: AsyncRespond, team_id: str, user: str) -> AsyncRespond:
        """Answer by a response_url, or in a direct message once it is too old for that.

        docs.slack.dev (Handling user interaction): it is good for half an hour and five answers,
        and a very large corpus takes longer to load.
        """
        return _Lasting(respond, self.direct(team_id, user, None))

    def direct(self, team_id: str, channel: str, thread_ts: str | None) -> AsyncRespond:
        """Answer in a direct message."""

        async def show(shown: Message) -> None:
            sending = (await self._teams.of(team_id)).posting
            await sending.chat_postMessage(
                channel=channel,
                thread_ts=thread_ts,
                unfurl_links=False,
                unfurl_media=False,
                **shown,
            )

        return _Elsewhere(show)

    async def open(
        self, team_id: str, trigger_id: str, view: View, *, on_top: bool = False
    ) -> str | None:
        """Open a modal, over another one with *on_top*; give its id, None where it is too late."""
        client = await self._teams.asking(team_id)
        call = client.views_push if on_top else client.views_open
        try:
            response = await call(trigger_id=trigger_id, view=view)
        except SlackApiError as error:
            _forgive(error)
            return None
        return str(response["view"]["id"])

    async def update(self, team_id: str, view_id: str, view: View) -> None:
        """Draw a modal anew; one that was closed meanwhile stays closed."""
        client = await self._teams.asking(team_id)
        try:
            await client.views_update(view_id=view_id, view=view)
        except SlackApiError as error:
            _forgive(error)

    async def publish(
        self, team_id: str, user_id: str, home: View, *, hash_: str | None
    ) -> str | None:
        """Publish somebody's App Home; give its hash, None where it is not *hash_* any more."""
        given = {"hash": hash_} if hash_ else {}
        client = await self._teams.asking(team_id)
        try:
            response = await client.views_publish(user_id=user_id, view=home, **given)
        except SlackApiError as error:
            if classify(error).code == "hash_conflict":
                return None
            raise
        return str(response["view"]["hash"])


class _Elsewhere(AsyncRespond):
    """Answers by *show* in the place of a response_url."""

    def __init__(self, show: Callable[[Message], Awaitable[None]]) -> None:
        super().__init__(response_url=None)
        self._show = show

    async def __call__(  # type: ignore[override]
        self, text: str = "", blocks: Any = None, **_: Any
    ) -> WebhookResponse:
        await self._show(Message(text=text, blocks=blocks or []))
        return _DONE


class _Lasting(AsyncRespond):
    """Answers by *first*, and by *then* where that is taken no more."""

    def __init__(self, first: AsyncRespond, then: AsyncRespond) -> None:
        super().__init__(response_url=first.response_url)
        self._first = first
        self._then = then

    async def __call__(  # type: ignore[override]
        self, text: str = "", blocks: Any = None, **options: Any
    ) -> WebhookResponse:
        response = await self._first(text=text, blocks=blocks, **options)
        if response.body not in _DEAD:
            return response
        return await self._then(text=text, blocks=blocks)


def _forgive(error: SlackApiError) -> None:
    """Let pass what is nobody's fault; raises *error* again for anything else."""
    code = classify(error).code
    if code not in _TOO_LATE:
        raise error
    log.info("a modal was gone before its answer came: %s", code)
