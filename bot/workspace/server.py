"""The workspace as a whole: a server on loopback, and the people who use it from Python."""

from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from bot.clock import MovableClock
from bot.workspace.api import APP_TOKEN, BOT_TOKEN, WebApi
from bot.workspace.courier import ACK_SECONDS, Courier, Receiver
from bot.workspace.errors import Json
from bot.workspace.faults import Faults
from bot.workspace.gate import only_from_here
from bot.workspace.live import Live
from bot.workspace.page import Page
from bot.workspace.people import APP_ID, BOT_ID, BOT_USER_ID, TEAM_ID, Channel, Kind, Person
from bot.workspace.responses import Responses
from bot.workspace.sockets import Sockets
from bot.workspace.state import State
from bot.workspace.talk import Talk
from bot.workspace.tickets import new_id
from bot.workspace.touch import Touch
from bot.workspace.traffic import Call, Traffic
from bot.workspace.views import Views

_CLOSING_SECONDS = 1


class Workspace:
    """A small, strict Slack on loopback, with the app of *manifest* installed.

    *port* 0 takes a free one. *ack_seconds* is how long an envelope may stay without ack.
    """

    bot_token = BOT_TOKEN
    app_token = APP_TOKEN
    signing_secret = "local-not-a-secret"  # noqa: S105 -- what it says
    team_id = TEAM_ID
    app_id = APP_ID
    bot_id = BOT_ID
    bot_user_id = BOT_USER_ID

    def __init__(
        self,
        *,
        manifest: Json,
        clock: MovableClock | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        tour: Json | None = None,
        ack_seconds: float = ACK_SECONDS,
    ) -> None:
        self.clock = clock or MovableClock()
        self.faults = Faults()
        self._host = host
        self._port = port
        self._runner: web.AppRunner | None = None
        self._state = State(manifest, self.clock)
        self._traffic = Traffic(self._state)
        self._sockets = Sockets(self._state)
        self._courier = Courier(self._sockets, self._traffic, ack_seconds=ack_seconds)
        self._responses = Responses(self._state, self._traffic)
        self._api = WebApi(self._state, self._traffic, self.faults)
        self._talk = talk = Talk(self._state, self._courier, self._responses)
        touch = Touch(self._state, self._courier)
        self._live = Live(self._state)
        self._page = Page(
            self._state,
            talk=talk,
            touch=touch,
            courier=self._courier,
            sockets=self._sockets,
            traffic=self._traffic,
            faults=self.faults,
            clock=self.clock,
            live=self._live,
        )
        self.tour = tour
        self.type = talk.type
        self.press = touch.press
        self.submit = touch.submit
        self.close_view = touch.close_view
        self.options = touch.options
        self.open_home = touch.open_home
        self.use_shortcut = touch.use_shortcut
        self.use_message_shortcut = touch.use_message_shortcut
        self.disconnect_sockets = self._sockets.disconnect

    async def start(self) -> None:
        """Listen; raises OSError when the port is taken."""
        app = web.Application(middlewares=[only_from_here])
        app.add_routes(
            [
                web.route("*", "/api/{method}", self._api.handle),
                web.get("/socket", self._sockets.handle),
                web.post("/response/{team}/{key}", self._responses.handle),
                *self._page.routes(),
            ]
        )
        self._runner = web.AppRunner(app, shutdown_timeout=_CLOSING_SECONDS, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self._state.base_url = f"http://{host}:{port}"

    async def close(self) -> None:
        """Stop listening; no task or socket is left."""
        self._api.close()
        self._page.close()
        await self._live.close()
        await self._courier.close()
        await self._sockets.close()
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close."""
        await self.close()

    @property
    def url(self) -> str:
        """Give the address of the page."""
        return f"{self._state.base_url}/"

    @property
    def api_url(self) -> str:
        """Give the base address of the Web API."""
        return f"{self._state.base_url}/api/"

    @property
    def people(self) -> dict[str, Person]:
        """Give everybody, by id."""
        return self._state.people

    @property
    def channels(self) -> dict[str, Channel]:
        """Give every channel, by id."""
        return self._state.channels

    @property
    def views(self) -> Views:
        """Give the open views, by id."""
        return self._state.views

    @property
    def calls(self) -> list[Call]:
        """Give every call that the app made, the newest last."""
        return self._traffic.calls

    @property
    def tour(self) -> Json | None:
        """Give the demo's text for the page: {title, intro, steps}, or None."""
        return self._page.tour

    @tour.setter
    def tour(self, tour: Json | None) -> None:
        self._page.tour = tour

    @property
    def pace(self) -> bool:
        """Say whether a channel takes a message a second only."""
        return self._state.pace.is_on

    @pace.setter
    def pace(self, is_on: bool) -> None:
        self._state.pace.is_on = is_on

    def receive_with(self, receiver: Receiver | None) -> None:
        """Give every envelope to *receiver* in this process, in place of the app's sockets.

        It gives the ack's payload, or None; when it raises, the envelope is not acked.
        """
        self._courier.receiver = receiver

    def messages(
        self, channel: str, user: str | None = None, thread_ts: str | None = None
    ) -> list[Json]:
        """Give what *user* sees in a channel or thread, the oldest first.

        None for *user* leaves the ephemerals out.
        """
        seen = self._state.timeline(channel).seen_by(user, thread_ts)
        return [self._state.draw(message) for message in seen]

    def home(self, user: str) -> Json | None:
        """Give *user*'s App Home; None until one is published."""
        view = self._state.views.home(user)
        return view.as_slack() if view else None

    async def called(self, method: str, count: int = 1) -> list[Call]:
        """Wait until the app has called *method* *count* times since the start; give the calls.

        Calls of a response_url are counted as "response_url".
        """
        await self._state.signal.until(lambda: self._traffic.answered[method] >= count or None)
        return [call for call in self.calls if call.method == method]

    async def received(self, method: str, count: int = 1) -> None:
        """Wait until *count* calls of *method* have arrived since the start, answered or not."""
        await self._state.signal.until(lambda: self._traffic.arrived[method] >= count or None)

    async def seen(
        self,
        channel: str,
        predicate: Callable[[Json], Any],
        user: str | None = None,
        thread_ts: str | None = None,
    ) -> Json:
        """Wait until *user* sees a message that satisfies *predicate*; give the first one."""
        return await self._state.signal.until(
            lambda: next(filter(predicate, self.messages(channel, user, thread_ts)), None)
        )

    def post_as(
        self,
        user: str,
        channel: str,
        text: str,
        *,
        thread_ts: str | None = None,
        metadata: Json | None = None,
    ) -> Json:
        """Post a message as *user*, or as another app would for them, without telling the app."""
        where = self._state.channels[channel]
        message = self._talk.say(text, user=user, channel=where, thread_ts=thread_ts)
        message.metadata = metadata
        return self._state.draw(message)

    def add_person(self, name: str, *, tz: str = "UTC", is_admin: bool = False) -> Person:
        """Let somebody join the workspace."""
        person = Person(id=new_id("U"), name=name.lower(), real_name=name, tz=tz, is_admin=is_admin)
        self._state.add_person(person)
        return person

    def add_channel(
        self, name: str, *, kind: Kind = "public", members: Iterable[str] = (), topic: str = ""
    ) -> Channel:
        """Open a channel."""
        return self._state.make_channel(name, kind, members, topic)

    def invite(self, channel: str, user: str) -> None:
        """Let *user* into a channel."""
        self._state.set_member(self._state.channels[channel], user, is_member=True)

    def remove(self, channel: str, user: str) -> None:
        """Take *user* out of a channel."""
        self._state.set_member(self._state.channels[channel], user, is_member=False)
