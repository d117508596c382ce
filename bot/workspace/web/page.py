"""The page in the browser: what it shows, and what it does in a person's name, in JSON."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

from aiohttp import web

from bot.clock import MovableClock
from bot.workspace.delivery.dispatcher import ActionResult, Dispatcher
from bot.workspace.errors import Json
from bot.workspace.model.directory import BOT_USER_ID, TEAM_ID, TEAM_NAME
from bot.workspace.model.state import State
from bot.workspace.model.traffic import Traffic
from bot.workspace.origin_check import posted
from bot.workspace.people.interactions import Interactions
from bot.workspace.people.messages import NO_COMMAND, Composer
from bot.workspace.web.live import Live
from bot.workspace.web_api.faults import Fault, Faults

STATIC = Path(__file__).parents[1] / "static"
MAX_CALLS = 300
_POLL_SECONDS = 25
_POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline';"
    " frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_CHOSEN = frozenset(
    {
        "value",
        "rich_text_value",
        "selected_option",
        "selected_options",
        "selected_user",
        "selected_users",
        "selected_conversation",
        "selected_conversations",
        "selected_channel",
        "selected_channels",
        "selected_date",
        "selected_time",
        "selected_date_time",
    }
)


class Page:
    """Serves the page and its requests."""

    def __init__(
        self,
        state: State,
        *,
        composer: Composer,
        interactions: Interactions,
        dispatcher: Dispatcher,
        traffic: Traffic,
        faults: Faults,
        clock: MovableClock,
        live: Live,
    ) -> None:
        self._state = state
        self._composer = composer
        self._interactions = interactions
        self._dispatcher = dispatcher
        self._traffic = traffic
        self._faults = faults
        self._clock = clock
        self._live = live
        self._moves = 0
        self._is_closing = False
        self.tour: Json | None = None
        clock.subscribe(self._moved)

    def routes(self) -> list[web.RouteDef]:
        """Return the page's routes."""
        posts = {
            "type": self._type,
            "press": self._press,
            "options": self._options,
            "submit": self._submit,
            "close": self._close_view,
            "home": self._home,
            "shortcut": self._shortcut,
            "clock": self._move,
            "membership": self._membership,
            "faults": self._fail,
        }
        return [
            web.get("/", self._index),
            web.get("/static/{name}", self._static),
            web.get("/page/state", self._describe),
            web.get("/page/messages", self._messages),
            web.get("/page/views", self._views),
            web.get("/page/calls", self._calls),
            web.get("/page/clock", self._read_clock),
            web.get("/page/live", self._live.handle),
            *(web.post(f"/page/{name}", posted(run)) for name, run in posts.items()),
        ]

    def close(self) -> None:
        """Answer the requests that wait for the clock to move."""
        self._is_closing = True
        self._state.signal.notify()

    # What it shows

    async def _index(self, _: web.Request) -> web.StreamResponse:
        return _file("index.html")

    async def _static(self, request: web.Request) -> web.StreamResponse:
        return _file(request.match_info["name"])

    async def _describe(self, request: web.Request) -> web.Response:
        user = self._state.people.get(request.query.get("user", "U0ANA"))
        if user is None or user.is_bot:
            raise web.HTTPNotFound(text="no such person")
        # An uninstalled app offers nothing, and no app offers anything to another team's people.
        is_installed = self._state.bot_token is not None
        is_offered = is_installed and not user.is_stranger
        features = self._state.manifest["features"] if is_offered else {}
        shortcuts = features.get("shortcuts", [])
        channels = self._state.channels.values()
        return web.json_response(
            {
                "team": {"id": TEAM_ID, "name": TEAM_NAME},
                "app": {
                    "name": self._state.people[BOT_USER_ID].real_name,
                    "bot_user_id": BOT_USER_ID,
                },
                **self._time(),
                "connected": self.is_connected,
                "installed": is_installed,
                "user": user.as_page(),
                "people": [person.as_page() for person in self._state.people.values()],
                "channels": [
                    channel.as_page(user.id)
                    for channel in channels
                    if self._state.sees(user.id, channel)
                    and not (user.is_stranger and channel.kind == "im")
                ],
                "commands": [
                    {key: one.get(key, "") for key in ("command", "description", "usage_hint")}
                    for one in features.get("slash_commands", [])
                ],
                "message_shortcuts": _of_type(shortcuts, "message"),
                "shortcuts": _of_type(shortcuts, "global"),
                "home_enabled": bool(features.get("app_home", {}).get("home_tab_enabled")),
                "has_agent": "agent_view" in features,
                "tour": self.tour,
                "faults": self._faults.as_page(),
            }
        )

    @property
    def is_connected(self) -> bool:
        """Return whether the app can be reached."""
        return self._dispatcher.is_connected

    async def _messages(self, request: web.Request) -> web.Response:
        user, channel = request.query.get("user", ""), request.query.get("channel", "")
        where = self._state.channels.get(channel)
        if where is None or not self._state.sees(user, where):
            raise web.HTTPNotFound(text="no such channel")
        seen = self._state.timeline(channel).seen_by(user, request.query.get("thread_ts"))
        if before := request.query.get("before"):
            seen = [message for message in seen if message.ts < before]
        limit = _number(request, "limit") or len(seen)
        return web.json_response(
            {
                "messages": [self._state.render(message) for message in seen[-limit:]],
                "has_more": len(seen) > limit,
            }
        )

    async def _views(self, request: web.Request) -> web.Response:
        user = request.query.get("user", "")
        home = self._state.views.home(user)
        return web.json_response(
            {
                "modals": [view.as_slack() for view in self._state.views.stack(user)],
                "home": home.as_slack() if home else None,
            }
        )

    async def _calls(self, request: web.Request) -> web.Response:
        calls = self._traffic.everything[_number(request, "after") or 0 :][-MAX_CALLS:]
        return web.json_response({"calls": [call.as_page() for call in calls]})

    async def _read_clock(self, request: web.Request) -> web.Response:
        after = _number(request, "after")
        if after is not None:
            try:
                async with asyncio.timeout(_POLL_SECONDS):
                    await self._state.signal.until(
                        lambda: self._moves != after or self._is_closing or None
                    )
            except TimeoutError:
                pass
        return web.json_response({**self._time(), "serial": self._moves})

    # What a person does

    async def _type(self, body: Json) -> Json:
        text, user, channel = body["text"], body["user"], body["channel"]
        thread_ts = body.get("thread_ts") or None
        if text.startswith("/"):
            if self._state.people[user].is_stranger:
                return {"ok": False, "error": NO_COMMAND.format(text.partition(" ")[0])}
            return _told(
                await self._composer.type(text, user=user, channel=channel, thread_ts=thread_ts)
            )
        # The message is posted even if the app is not reached, so nothing waits for the app.
        message, error = self._composer.write(text, user=user, channel=channel, thread_ts=thread_ts)
        if message is None:
            return {"ok": False, "error": error}
        self._dispatcher.spawn(self._composer.announce(message))
        return {"ok": True}

    async def _press(self, body: Json) -> Json:
        if "values" in body:
            self._interactions.fill(body["user"], body["view_id"], body["values"])
        chosen = {key: body[key] for key in _CHOSEN & body.keys()}
        return _told(
            await self._interactions.press(
                body["user"], body["action_id"], **_where(body), **chosen
            )
        )

    async def _options(self, body: Json) -> Json:
        delivery = await self._interactions.options(
            body["user"], body["action_id"], body["value"], **_where(body)
        )
        return {**_told(delivery), **delivery.answer}

    async def _submit(self, body: Json) -> Json:
        delivery = await self._interactions.submit(
            body["user"], body["view_id"], body.get("values")
        )
        return _told(delivery) | ({"errors": delivery.errors} if delivery.errors else {})

    async def _close_view(self, body: Json) -> Json:
        return _told(await self._interactions.close_view(body["user"], body["view_id"]))

    async def _home(self, body: Json) -> Json:
        self._dispatcher.spawn(self._interactions.open_home(body["user"]))
        return {"ok": True}

    async def _shortcut(self, body: Json) -> Json:
        user, callback_id = body["user"], body["callback_id"]
        if "ts" not in body:
            return _told(await self._interactions.use_shortcut(user, callback_id))
        return _told(
            await self._interactions.use_message_shortcut(
                user, callback_id, body["channel"], body["ts"]
            )
        )

    # The controls

    async def _move(self, body: Json) -> Json:
        if "to" in body:
            by = datetime.fromisoformat(body["to"]) - self._clock()
        else:
            by = timedelta(seconds=body["seconds"])
        self._clock.move(by)
        return self._time()

    async def _membership(self, body: Json) -> Json:
        channel = self._state.channels[body["channel"]]
        is_member, by = bool(body["member"]), body.get("by")
        self._state.set_member(channel, body["user"], is_member=is_member, inviter=by)
        return {"ok": True}

    async def _fail(self, body: Json) -> Json:
        if body.get("clear"):
            self._faults.clear()
        else:
            self._faults.add(Fault(**body))
        return {"faults": self._faults.as_page()}

    def _time(self) -> Json:
        return {
            "now": self._clock().isoformat(),
            "offset_seconds": self._clock.offset.total_seconds(),
        }

    def _moved(self) -> None:
        self._moves += 1
        self._state.changed({"type": "clock", **self._time()})


def _number(request: web.Request, name: str) -> int | None:
    given = request.query.get(name)
    if given is not None and not given.isdecimal():
        raise web.HTTPBadRequest(text=f"{name} is a whole number")
    return None if given is None else int(given)


def _where(body: Json) -> Json:
    return {
        key: body[key]
        for key in ("channel", "ts", "view_id", "block_id")
        if body.get(key) is not None
    }


def _told(delivery: ActionResult) -> Json:
    told: Json = {"ok": delivery.error is None and not delivery.errors}
    return told if delivery.error is None else told | {"error": delivery.error}


def _of_type(shortcuts: list[Json], kind: str) -> list[Json]:
    return [
        {"name": one["name"], "callback_id": one["callback_id"]}
        for one in shortcuts
        if one["type"] == kind
    ]


def _file(name: str) -> web.StreamResponse:
    path = STATIC / name
    if path.parent != STATIC or not path.is_file():
        raise web.HTTPNotFound(text="no such file")
    return web.FileResponse(
        path,
        headers={
            "Cache-Control": "no-cache",
            "Content-Security-Policy": _POLICY,
            "X-Content-Type-Options": "nosniff",
        },
    )
