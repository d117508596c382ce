"""The workspace as a whole: a server on loopback, with one team or several."""

from typing import Self

from aiohttp import web

from bot.clock import MovableClock
from bot.workspace.delivery.dispatcher import ACK_SECONDS, Dispatcher
from bot.workspace.delivery.request_urls import RequestUrls
from bot.workspace.delivery.sockets import Sockets
from bot.workspace.delivery.transports import Receiver
from bot.workspace.errors import Json
from bot.workspace.model import directory
from bot.workspace.model.state import State
from bot.workspace.model.tickets import new_id
from bot.workspace.model.tokens import APP_TOKEN, BOT_TOKEN, Tokens
from bot.workspace.model.traffic import Call, Traffic
from bot.workspace.origin_check import only_from_here
from bot.workspace.people.team import Team
from bot.workspace.web.controls import Controls
from bot.workspace.web.feed import Feed
from bot.workspace.web.live import Live
from bot.workspace.web.page import Page
from bot.workspace.web_api.api import WebApi
from bot.workspace.web_api.downloads import Downloads
from bot.workspace.web_api.faults import RESPONSE_URL, Faults
from bot.workspace.web_api.oauth import CLIENT_ID, CLIENT_SECRET, OAuth
from bot.workspace.web_api.workflow_steps import StepRun, WorkflowSteps, functions_as_page

_HOST = "127.0.0.1"
_CLOSING_SECONDS = 1
_MAX_UPLOAD = 32 * 1024 * 1024
RETRY_WAITS = (0.0, 60.0, 300.0)
"""Seconds before each retry of an event over HTTP (docs.slack.dev: Events API)."""


class Workspace(Team):
    """A small, strict Slack on loopback, and its first team, with the app of *manifest* installed.

    *port* 0 chooses a free port. *ack_seconds* is how long the workspace waits for an ack,
    *retry_waits* are the seconds before each retry of an event over HTTP.
    """

    app_token = APP_TOKEN
    signing_secret = "local-not-a-secret"  # noqa: S105 -- what it says
    client_id = CLIENT_ID
    client_secret = CLIENT_SECRET
    app_id = directory.APP_ID
    bot_id = directory.BOT_ID
    bot_user_id = directory.BOT_USER_ID

    def __init__(
        self,
        *,
        manifest: Json,
        clock: MovableClock | None = None,
        port: int = 0,
        tour: Json | None = None,
        ack_seconds: float = ACK_SECONDS,
        retry_waits: tuple[float, ...] = RETRY_WAITS,
    ) -> None:
        self.clock = clock or MovableClock()
        self.faults = Faults()
        self._manifest = manifest
        self._port = port
        self._ack_seconds = ack_seconds
        self._runner: web.AppRunner | None = None
        home = State(manifest, self.clock)
        self._states = {home.team.id: home}
        self._tokens = Tokens(home)
        self._tokens.install(home, _scopes(manifest), BOT_TOKEN)
        self._traffic = Traffic(home)
        self._sockets = Sockets(home)
        self._urls = RequestUrls(
            manifest, signing_secret=self.signing_secret, retry_waits=retry_waits
        )
        self._dispatcher = Dispatcher(
            self._sockets, self._urls, self._traffic, ack_seconds=ack_seconds
        )
        super().__init__(home, self._dispatcher, self._traffic)
        self._teams: dict[str, Team] = {home.team.id: self}
        self._oauth = OAuth(self._tokens, self._states)
        self._steps = WorkflowSteps(self._tokens)
        more = self._oauth.methods() | self._steps.methods()
        self._api = WebApi(home, self._tokens, self._traffic, self.faults, more)
        self._live = Live(home)
        self._page = Page(
            home,
            composer=self._composer,
            interactions=self._interactions,
            dispatcher=self._dispatcher,
            traffic=self._traffic,
            faults=self.faults,
            clock=self.clock,
            live=self._live,
        )
        self._controls = Controls(self)
        self.feed = Feed(home)
        self.tour = tour
        self.disconnect_sockets = self._sockets.disconnect
        self.settled = self._dispatcher.settled

    async def start(self) -> None:
        """Start to listen; raises OSError if the port is taken."""
        app = web.Application(middlewares=[only_from_here], client_max_size=_MAX_UPLOAD)
        app.add_routes(
            [
                web.route("*", "/api/{method}", self._api.handle),
                web.get("/socket", self._sockets.handle),
                web.post("/response/{team}/{key}", self._answered),
                *self._oauth.routes(),
                *Downloads(self._tokens).routes(),
                *self._page.routes(),
                *self._controls.routes(),
                *self.feed.routes(),
            ]
        )
        self._runner = web.AppRunner(app, shutdown_timeout=_CLOSING_SECONDS, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, _HOST, self._port)
        await site.start()
        port = self._runner.addresses[0][1]
        for state in self._states.values():
            state.base_url = f"http://{_HOST}:{port}"

    async def close(self) -> None:
        """Stop listening, and end every task and socket."""
        self._api.close()
        self._page.close()
        await self._live.close()
        await self._dispatcher.close()
        await self._sockets.close()
        await self._urls.close()
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close."""
        await self.close()

    @property
    def url(self) -> str:
        """Return the address of the page."""
        return f"{self._state.base_url}/"

    @property
    def api_url(self) -> str:
        """Return the base address of the Web API."""
        return f"{self._state.base_url}/api/"

    @property
    def authorize_url(self) -> str:
        """Return the address of the page where people allow the installation."""
        return f"{self._state.base_url}/oauth/v2/authorize"

    @property
    def calls(self) -> list[Call]:
        """Return every call that the app made, newest last."""
        return self._traffic.calls

    @property
    def tour(self) -> Json | None:
        """Return the demo's text for the page: {title, intro, steps}, or None."""
        return self._page.tour

    @tour.setter
    def tour(self, tour: Json | None) -> None:
        self._page.tour = tour

    @property
    def pace(self) -> bool:
        """Return whether rate limits apply: messages by channel, and every method by its tier."""
        return self._state.pace.is_on

    @pace.setter
    def pace(self, is_on: bool) -> None:
        for state in self._states.values():
            state.pace.is_on = state.tiers.is_on = is_on

    def limit(self, method: str, calls: float) -> None:
        """Limit *method* to this many calls a minute in each team, whatever its tier."""
        for state in self._states.values():
            state.tiers.limits[method] = calls

    def add_team(self, name: str) -> Team:
        """Create another team, whose people and channels have the same ids.

        The app is not installed there; OAuth installs it.
        """
        state = State(
            self._manifest,
            self.clock,
            directory.TeamInfo(id=new_id("T"), name=name, domain=name.lower().replace(" ", "-")),
        )
        state.base_url = self._state.base_url
        state.pace.is_on = state.tiers.is_on = self.pace
        state.withdraw(self.bot_user_id)
        self._states[state.team.id] = state
        team = self._teams[state.team.id] = Team(state, self._dispatcher, self._traffic)
        return team

    def uninstall(self, team: Team | None = None) -> None:
        """Uninstall the app from a team (default: the first one), as an admin does."""
        self._tokens.uninstall(self._states[(team or self).team_id])

    def reinstall(self, scopes: list[str]) -> str:
        """Reinstall the app in the first team with these scopes only; return its token."""
        self._tokens.uninstall(self._state)
        return self._tokens.install(self._state, scopes)

    def decline(self, *scopes: str) -> None:
        """Remove *scopes* from the app, as if they had been declined at its installation."""
        self._state.scopes = [scope for scope in self._state.scopes if scope not in scopes]

    def install(self) -> None:
        """Install the app in the first team with every scope it asks for, after it was uninstalled.

        Slack would issue another token. Here the token that the app started with is valid again, so
        that the running app can go on.
        """
        self._tokens.install(self._state, _scopes(self._manifest), BOT_TOKEN)

    def app_as_page(self) -> Json:
        """Render the app for the page: whether it is installed, its transport, its functions."""
        return {
            "installed": self.is_installed,
            "scopes": self._state.scopes,
            "delivery": self._dispatcher.as_page(),
            "functions": functions_as_page(self._manifest),
        }

    def run_step(self, callback_id: str, inputs: Json) -> StepRun:
        """Run one of the app's functions as a workflow step in the first team."""
        return self._steps.run(self._state, callback_id, inputs)

    async def over(self, step: StepRun) -> StepRun:
        """Wait until the app has completed or failed *step*, and return it."""
        await self._state.signal.until(lambda: step.status != "running" or None)
        return step

    async def set_request_url(self, url: str) -> None:
        """Reach the app by signed HTTP at *url* instead of Socket Mode.

        Raises ValueError if *url* does not answer Slack's challenge.
        """
        await self._urls.set(url, self._ack_seconds)

    def receive_with(self, receiver: Receiver | None) -> None:
        """Pass every envelope to *receiver* in this process, instead of the app's sockets.

        It returns the payload of the ack, or None; if it raises, the envelope is not acked.
        """
        self._dispatcher.receiver = receiver

    async def called(self, method: str, count: int = 1) -> list[Call]:
        """Wait until the app has called *method* *count* times since the start; return the calls.

        Requests to a response_url count as "response_url".
        """
        await self._state.signal.until(lambda: self._traffic.answered[method] >= count or None)
        return [call for call in self.calls if call.method == method]

    async def received(self, method: str, count: int = 1) -> None:
        """Wait until *count* calls of *method* have arrived since the start, answered or not."""
        await self._state.signal.until(lambda: self._traffic.arrived[method] >= count or None)

    async def _answered(self, request: web.Request) -> web.Response:
        team = self._teams.get(request.match_info["team"])
        if team is None:
            raise web.HTTPNotFound(text="no_team")
        fault = self.faults.take(RESPONSE_URL, {})
        if fault and not fault.after:
            return web.Response(status=fault.status)
        response = await team.answered(request)
        return web.Response(status=fault.status) if fault else response


def _scopes(manifest: Json) -> list[str]:
    return list(manifest.get("oauth_config", {}).get("scopes", {}).get("bot", []))
