"""The Bolt app, answering what Slack sends again as it was answered the first time."""

import asyncio
from collections import OrderedDict
from typing import Any

from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest

_KEPT = 500


class OnceApp(AsyncApp):
    """Runs no listener twice for one thing that a person did.

    Slack sends an envelope again where the ack was lost on the way (docs.slack.dev, Events API and
    Socket Mode), and Bolt would run its listener again. An event has an id, everything else a
    trigger of its own, so that a second press is not taken for the first one come again.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._answers: OrderedDict[str, asyncio.Task[BoltResponse]] = OrderedDict()

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        """Answer *req*, or wait for the answer that it gets already."""
        name = req.body.get("event_id") or req.body.get("trigger_id")
        if not isinstance(name, str):
            return await super().async_dispatch(req)
        answer = self._answers.get(name)
        if answer is None:
            answer = asyncio.ensure_future(super().async_dispatch(req))
            self._answers[name] = answer
            while len(self._answers) > _KEPT:
                self._answers.popitem(last=False)
        # One who asks may go away, the other still waits for the answer.
        return await asyncio.shield(answer)
