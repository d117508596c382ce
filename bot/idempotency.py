"""The Bolt app, answering what Slack sends again as it was answered the first time."""

import asyncio
from typing import Any

from cachetools import LRUCache
from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest

_KEPT = 500


class IdempotentApp(AsyncApp):
    """Runs no listener twice for one thing that a person did.

    Slack sends an envelope again where the ack was lost on the way (docs.slack.dev, Events API and
    Socket Mode), and Bolt would run its listener again. An event has an id, everything else a
    trigger of its own, so that a second press is not taken for the first one come again.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._answers: LRUCache[str, asyncio.Future[BoltResponse]] = LRUCache(_KEPT)

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        """Answer *req*, or wait for the answer that it gets already."""
        name = req.body.get("event_id") or req.body.get("trigger_id")
        if not isinstance(name, str):
            return await super().async_dispatch(req)
        if name in self._answers:
            return await asyncio.shield(self._answers[name])
        answer = self._answers[name] = asyncio.get_running_loop().create_future()
        try:
            response = await super().async_dispatch(req)
        except BaseException:
            # It has no answer: sent again, it is tried again.
            self._answers.pop(name, None)
            answer.cancel()
            raise
        if response.status >= 500:
            # It is to come again.
            self._answers.pop(name, None)
        answer.set_result(response)
        return response
