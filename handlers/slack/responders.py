"""Answers without a response_url: in modals, App Home, threads and direct messages."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookResponse

from handlers.slack.api_errors import FAILURES, FailureKind, classify
from handlers.slack.teams import Teams
from handlers.views.message import Message
from handlers.views.modal import View, window
from store.types import ChannelId, ParleyError, TeamId, UserId

log = logging.getLogger(__name__)

_DONE = WebhookResponse(url="", status_code=200, body="ok", headers={})
_CLOSED = WebhookResponse(url="", status_code=200, body="closed", headers={})
"""The answer of a modal that its user has closed: no error, but nobody reads it."""
_TOO_LATE = frozenset(
    {
        "not_found",
        "expired_trigger_id",
        "exchanged_trigger_id",
        "invalid_trigger_id",
        "push_limit_reached",
    }
)
"""The error codes for a modal that was closed, or a trigger_id that has expired."""

_DIRECT_TRIES = 3
_LONGEST_WAIT_SECONDS = 60.0
"""The longest wait before a direct message is sent again."""

_UNSEEN = frozenset({"expired_url", "used_url", _CLOSED.body})
"""The answers of a response_url that has expired or was used five times, and of a closed modal."""


class Responders:
    """Builds responders, and opens modals and App Home.

    A responder is an `AsyncRespond`, so a feature answers with it as with a response_url.
    """

    def __init__(self, teams: Teams) -> None:
        self._teams = teams

    def modal(self, team_id: TeamId, view_id: str) -> AsyncRespond:
        """Return a responder that answers in the open modal *view_id*."""

        async def show(shown: Message) -> WebhookResponse:
            is_open = await self.update(team_id, view_id, window(shown))
            return _DONE if is_open else _CLOSED

        return _FunctionResponder(show)

    def window(self, team_id: TeamId, trigger_id: str, user: UserId) -> AsyncRespond:
        """Return a responder that opens a modal, or else sends a direct message.

        A trigger_id opens one modal, within three seconds.
        """

        async def show(shown: Message) -> WebhookResponse:
            try:
                is_open = await self.open(team_id, trigger_id, window(shown))
            except FAILURES as error:
                log.warning("a modal could not be opened: %s", classify(error).code)
                is_open = None
            if is_open is None:
                return await self.direct(team_id, user, None)(**shown)
            return _DONE

        return _FunctionResponder(show)

    def whisper(
        self, team_id: TeamId, channel: ChannelId, user: UserId, thread_ts: str | None
    ) -> AsyncRespond:
        """Return a responder that answers *user* with an ephemeral message in the channel.

        If Slack does not take it, the answer is a direct message.
        """

        async def show(shown: Message) -> WebhookResponse:
            # Twice is better than not at all: the message is shown to one person only.
            client = await self._teams.asking(team_id)
            try:
                await client.chat_postEphemeral(
                    channel=channel, user=user, thread_ts=thread_ts, **shown
                )
            except FAILURES as error:
                log.warning("an ephemeral message was not sent: %s", classify(error).code)
                return await self.direct(team_id, user, None)(**shown)
            return _DONE

        return _FunctionResponder(show)

    def lasting(self, respond: AsyncRespond, team_id: TeamId, user: UserId) -> AsyncRespond:
        """Return a responder that answers with *respond*, or else in a direct message.

        A response_url works five times within half an hour (docs.slack.dev, Handling user
        interaction), and a very large corpus takes longer to load. A modal may be closed before
        its answer comes.
        """
        return _FallbackResponder(respond, self.direct(team_id, user, None))

    def direct(
        self, team_id: TeamId, channel: ChannelId | UserId, thread_ts: str | None
    ) -> AsyncRespond:
        """Return a responder that answers in a direct message: its channel, or the user's id.

        An answer that replaces the original replaces the last answer of this responder.
        """
        return _DirectResponder(self._teams, team_id, channel, thread_ts)

    async def open(
        self, team_id: TeamId, trigger_id: str, view: View, *, on_top: bool = False
    ) -> str | None:
        """Open a modal, *on_top* of another or not; return its id, or None if it is too late."""
        client = await self._teams.asking(team_id)
        call = client.views_push if on_top else client.views_open
        try:
            response = await call(trigger_id=trigger_id, view=view)
        except SlackApiError as error:
            _ignore_if_too_late(error)
            return None
        return str(response["view"]["id"])

    async def require_open(
        self, team_id: TeamId, trigger_id: str, view: View, *, on_top: bool = False
    ) -> None:
        """Open a modal as `open` does; raises `ParleyError` if it is too late."""
        if await self.open(team_id, trigger_id, view, on_top=on_top) is None:
            raise ParleyError("Slack took too long to open the form. Please try again.")

    async def update(self, team_id: TeamId, view_id: str, view: View) -> bool:
        """Replace the content of a modal; False if the user has closed it."""
        client = await self._teams.asking(team_id)
        try:
            await client.views_update(view_id=view_id, view=view)
        except SlackApiError as error:
            _ignore_if_too_late(error)
            return False
        return True

    async def publish(
        self, team_id: TeamId, user_id: UserId, home: View, *, hash_: str | None
    ) -> str | None:
        """Publish a user's App Home; return its hash, or None if its hash was not *hash_*."""
        given = {"hash": hash_} if hash_ else {}
        client = await self._teams.asking(team_id)
        try:
            response = await client.views_publish(user_id=user_id, view=home, **given)
        except SlackApiError as error:
            if classify(error).code == "hash_conflict":
                return None
            raise
        return str(response["view"]["hash"])


class _FunctionResponder(AsyncRespond):
    """Answers with *show* instead of a response_url."""

    def __init__(self, show: Callable[[Message], Awaitable[WebhookResponse]]) -> None:
        super().__init__(response_url=None)
        self._show = show

    async def __call__(  # type: ignore[override]
        self, text: str = "", blocks: Any = None, **_: Any
    ) -> WebhookResponse:
        return await self._show(Message(text=text, blocks=blocks or []))


class _DirectResponder(AsyncRespond):
    """Answers in a direct message, and can replace its last answer."""

    def __init__(
        self, teams: Teams, team_id: TeamId, channel: ChannelId | UserId, thread_ts: str | None
    ) -> None:
        super().__init__(response_url=None)
        self._teams = teams
        self._team_id = team_id
        self._channel = channel
        self._thread_ts = thread_ts
        self._last: tuple[str, str] | None = None
        """The channel and the timestamp of the last answer."""

    async def __call__(  # type: ignore[override]
        self, text: str = "", blocks: Any = None, *, replace_original: bool = False, **_: Any
    ) -> WebhookResponse:
        shown = Message(text=text, blocks=blocks or [])
        client = (await self._teams.of(self._team_id)).posting
        if replace_original and self._last:
            channel, ts = self._last
            # If somebody has deleted it, answer in a new message.
            with suppress(SlackApiError):
                await client.chat_update(channel=channel, ts=ts, **shown)
                return _DONE
        for tries in range(1, _DIRECT_TRIES + 1):
            try:
                answer = await client.chat_postMessage(
                    channel=self._channel,
                    thread_ts=self._thread_ts,
                    unfurl_links=False,
                    unfurl_media=False,
                    **shown,
                )
            except FAILURES as error:
                failure = classify(error)
                # Again only if Slack certainly did not deliver it.
                if failure.kind is not FailureKind.NOT_DELIVERED or tries == _DIRECT_TRIES:
                    raise
                await asyncio.sleep(min(failure.wait(tries).total_seconds(), _LONGEST_WAIT_SECONDS))
            else:
                self._last = (str(answer["channel"]), str(answer["ts"]))
                break
        return _DONE


class _FallbackResponder(AsyncRespond):
    """Answers with *first*, and with *then* if nobody can see the answer of *first* any more."""

    def __init__(self, first: AsyncRespond, then: AsyncRespond) -> None:
        super().__init__(response_url=first.response_url)
        self._first = first
        self._then = then

    async def __call__(  # type: ignore[override]
        self, text: str = "", blocks: Any = None, **options: Any
    ) -> WebhookResponse:
        response = await self._first(text=text, blocks=blocks, **options)
        if response.body not in _UNSEEN:
            return response
        return await self._then(text=text, blocks=blocks)


def _ignore_if_too_late(error: SlackApiError) -> None:
    """Ignore *error* if the modal is gone or the trigger_id expired; raise it otherwise."""
    code = classify(error).code
    if code not in _TOO_LATE:
        raise error
    log.info("the modal was closed, or its trigger_id expired, before the answer: %s", code)
