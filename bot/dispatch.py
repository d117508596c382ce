"""A Bolt app that handles redelivered requests once, and answers slash commands fast."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from inspect import signature
from typing import Any, TypeAlias

from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest

from handlers.slack.error_replies import reply
from handlers.slack.teams import Teams
from handlers.slack.typed_text import TOO_LONG, has_too_long
from store.bounded import BoundedDict
from store.types import TeamId

_MOST_RESPONSES = 500
_MOST_EVENTS = 10_000
"""Slack tries an event for the last time five minutes after the first: ten thousand are those of
twelve minutes, if 14 come each second."""

Listener: TypeAlias = Callable[..., Awaitable[BoltResponse | None]]


class ParleyApp(AsyncApp):
    """Answers a redelivered request with the response to the first delivery.

    Slack redelivers a request if the ack was lost (docs.slack.dev, Events API and Socket Mode), and
    Bolt would run the listener twice. Events are recognized by event_id and interactions by
    trigger_id, which differs for each press of a button.

    A slash command goes straight to its listener. Bolt would build a client, run its middleware
    and ask each listener whether the command is its own, which takes as long as a look-up.
    """

    def __init__(self, teams: Teams, **options: Any) -> None:
        super().__init__(**options)
        self._teams = teams
        self._responses: BoundedDict[str, asyncio.Future[BoltResponse]] = BoundedDict(
            _MOST_RESPONSES
        )
        self._events: BoundedDict[str, asyncio.Future[BoltResponse]] = BoundedDict(_MOST_EVENTS)
        """Kept apart from commands and presses, which are many more and repeated within seconds."""
        self._commands: dict[object, tuple[Listener, Sequence[str]]] = {}
        """The listener of each slash command, with the names of its parameters."""

    def command(self, command: Any, *args: Any, **options: Any) -> Callable[..., Any]:
        """Register the listener of a slash command."""
        register = super().command(command, *args, **options)

        def listen(listener: Listener) -> Any:
            self._commands[command] = listener, [*signature(listener).parameters]
            return register(listener)

        return listen

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        """Dispatch *req*, or wait for the response to its first delivery."""
        event_id = req.body.get("event_id")
        key, responses = event_id or req.body.get("trigger_id"), self._responses
        if not isinstance(key, str):
            return await self._dispatch(req)
        if event_id:
            responses = self._events
        if key in responses:
            return await asyncio.shield(responses[key])
        answer = responses[key] = asyncio.get_running_loop().create_future()
        try:
            response = await self._dispatch(req)
        except BaseException:
            # There is no response: handle the request again if it is redelivered.
            responses.pop(key, None)
            answer.cancel()
            raise
        if response.status >= 500:
            # Slack will redeliver the request, which is then handled again.
            responses.pop(key, None)
        answer.set_result(response)
        return response

    async def _dispatch(self, request: AsyncBoltRequest) -> BoltResponse:
        if has_too_long(request.body):
            return reply(TOO_LONG, request.body)
        command = request.body.get("command")
        known = self._commands.get(command) if isinstance(command, str) else None
        if known is None or not await self._is_installed(request.context.team_id):
            return await super().async_dispatch(request)
        listener, names = known
        context = request.context
        given = {
            "command": request.body,
            "context": context,
            "ack": context.ack,
            "respond": context.respond,
        }
        try:
            response = await listener(**{name: given[name] for name in names})
        except Exception as error:  # noqa: BLE001 -- the error handler logs it
            response = BoltResponse(status=500, body="")
            await self.listener_runner.listener_error_handler.handle(
                error=error, request=request, response=response
            )
        return response or context.ack.response or await context.ack()

    async def _is_installed(self, team_id: str | None) -> bool:
        """Return whether the team has a bot; if not, Bolt's dispatch says what is wrong."""
        try:
            return team_id is not None and bool(await self._teams.of(TeamId(team_id)))
        except Exception:  # noqa: BLE001 -- Bolt's dispatch fails the same way, and handles it
            return False
