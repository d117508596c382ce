"""Messages by response_url or in the ack of a command (docs.slack.dev: handling interaction)."""

import json
import time

from aiohttp import web

from bot.workspace.errors import ApiError, Json
from bot.workspace.model import own_messages
from bot.workspace.model.state import State
from bot.workspace.model.tickets import RESPONSE_URL_USES, ResponseUrl
from bot.workspace.model.timeline import Message
from bot.workspace.model.traffic import Traffic
from bot.workspace.web_api.chat import content

_GONE = ("expired_url", "used_url")


class Responses:
    """Serves `/response/TEAM/ID`; each response_url works five times in thirty minutes."""

    def __init__(self, state: State, traffic: Traffic) -> None:
        self._state = state
        self._traffic = traffic

    async def handle(self, request: web.Request) -> web.Response:
        """Handle one request to a response_url."""
        began = time.perf_counter()
        body: Json = {}
        status, answer = 200, "ok"
        try:
            # Read first, so that the inspector shows refused requests too.
            body = await _body(request)
            self.answer(self._redeem(request.match_info["key"]), body)
        except ApiError as error:
            status, answer = (404 if error.code in _GONE else 400), error.code
        self._traffic.record(
            "call",
            "response_url",
            body,
            status=status,
            response=answer,
            ms=(time.perf_counter() - began) * 1000,
        )
        return web.Response(status=status, text=answer)

    def answer(self, url: ResponseUrl, body: Json) -> Message | None:
        """Show, replace or delete a message for the person of *url*; raises `ApiError`.

        A command's response_url has no original, so replacing posts a new message (bolt-js#2287).
        """
        timeline = self._state.timeline(url.channel)
        original = timeline.get(url.message_ts) if url.message_ts else None
        if body.get("delete_original"):
            if original:
                self._state.remove(original)
                own_messages.removed(self._state, original)
            return None
        text, blocks = content(body)
        if body.get("replace_original") and original:
            # An ephemeral stays one, whatever response_type says.
            before = original.as_slack()
            original.text, original.blocks = text, blocks
            if original.only_for is None:
                original.edited_ts = self._state.next_ts()
            self._state.edited(original)
            own_messages.edited(self._state, original, before)
            return original
        message = self._state.bot_message(self._state.channels[url.channel], text, blocks)
        if body.get("response_type") != "in_channel":
            message.only_for = url.user
        if thread_ts := body.get("thread_ts"):
            root = timeline.root(str(thread_ts))
            if root is None:
                raise ApiError("thread_not_found")
            message.thread_ts = root.ts
        self._state.post(message)
        own_messages.posted(self._state, message)
        return message

    def _redeem(self, key: str) -> ResponseUrl:
        url = self._state.response_urls.get(key)
        if url is None or self._state.clock() > url.expires_at:
            raise ApiError("expired_url")
        if url.uses >= RESPONSE_URL_USES:
            raise ApiError("used_url")
        url.uses += 1
        return url


async def _body(request: web.Request) -> Json:
    try:
        body = json.loads(await request.text())
    except ValueError:
        raise ApiError("invalid_payload") from None
    if not isinstance(body, dict):
        raise ApiError("invalid_payload")
    return body
