"""A Bolt app that handles redelivered requests once."""

import asyncio
from typing import Any

from cachetools import LRUCache
from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest

_MOST_RESPONSES = 500


class IdempotentApp(AsyncApp):
    """Answers a redelivered request with the response to the first delivery.

    Slack redelivers a request if the ack was lost (docs.slack.dev, Events API and Socket Mode), and
    Bolt would run the listener twice. Events are recognized by event_id and interactions by
    trigger_id, which differs for each press of a button.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._responses: LRUCache[str, asyncio.Future[BoltResponse]] = LRUCache(_MOST_RESPONSES)

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        """Dispatch *req*, or wait for the response to its first delivery."""
        key = req.body.get("event_id") or req.body.get("trigger_id")
        if not isinstance(key, str):
            return await super().async_dispatch(req)
        if key in self._responses:
            return await asyncio.shield(self._responses[key])
        answer = self._responses[key] = asyncio.get_running_loop().create_future()
        try:
            response = await super().async_dispatch(req)
        except BaseException:
            # There is no response: handle the request again if it is redelivered.
            self._responses.pop(key, None)
            answer.cancel()
            raise
        if response.status >= 500:
            # Slack will redeliver the request, which is then handled again.
            self._responses.pop(key, None)
        answer.set_result(response)
        return response
