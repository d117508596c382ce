"""Socket Mode and its watchdog, against a Slack that fails in several ways."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import WSMsgType, web
from slack_bolt import BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from tenacity import wait_none

from bot.entrances.socket_mode import SocketLostError, SocketMode, Timeouts
from bot.observability.metrics import Metrics
from bot.observability.status import listening
from tests.machine import NOW, PATIENCE

HELLO = '{"type": "hello", "num_connections": "many"}'
PATIENT = Timeouts(connect=PATIENCE, ping=PATIENCE, brief=0.02, tries=3, ack=PATIENCE, drain=2)
"""What a test sees with these timeouts did not wait for one of them."""


class BadSlack:
    """Opens sockets as Slack does, unless a test makes something fail."""

    def __init__(self) -> None:
        self.app = web.Application()
        self.app.add_routes(
            [web.post("/api/{method}", self._call), web.get("/socket/{n}", self._open)]
        )
        self.url = ""
        self.sockets_at = ""
        """Where the tickets lead, if not here."""
        self.tickets = 0
        self.refusals: list[str | int] = []
        """What the next tickets are refused with: an error, or an HTTP status."""
        self.handshakes = Counter[str]()
        self.refuse_handshakes = 0
        self.say_hello = True
        self.answer_pings = True
        self.sockets: list[web.WebSocketResponse] = []
        self.transports: dict[web.WebSocketResponse, asyncio.Transport | None] = {}
        self.acks: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.news: asyncio.Queue[str] = asyncio.Queue()

    async def _call(self, _: web.Request) -> web.Response:
        if self.refusals:
            refusal = self.refusals.pop(0)
            self.news.put_nowait("refused")
            if isinstance(refusal, int):
                return web.Response(status=refusal, text="<html>")
            return web.json_response({"ok": False, "error": refusal})
        self.tickets += 1
        return web.json_response(
            {"ok": True, "url": f"{self.sockets_at or self.url}/socket/{self.tickets}"}
        )

    async def _open(self, request: web.Request) -> web.StreamResponse:
        self.handshakes[request.match_info["n"]] += 1
        if self.refuse_handshakes:
            self.refuse_handshakes -= 1
            raise web.HTTPForbidden
        socket = web.WebSocketResponse(timeout=0.2, autoping=self.answer_pings)
        await socket.prepare(request)
        self.sockets.append(socket)
        self.transports[socket] = request.transport
        if self.say_hello:
            await socket.send_json({"type": "hello", "num_connections": len(self.sockets)})
        self.news.put_nowait("opened")
        async for frame in socket:
            if frame.type is WSMsgType.TEXT:
                self.acks.put_nowait(json.loads(frame.data))
        return socket

    def cut(self) -> None:
        """Cut the newest socket off without a closing handshake."""
        if transport := self.transports[self.sockets[-1]]:
            transport.abort()

    async def send(
        self, number: int, text: str = "", *, on: web.WebSocketResponse | None = None
    ) -> None:
        """Send an envelope, on the newest socket unless *on* says which."""
        await (on or self.sockets[-1]).send_json(
            {
                "type": "slash_commands",
                "envelope_id": f"e{number}",
                "payload": {"command": "/brief", "text": text or str(number)},
                "accepts_response_payload": True,
            }
        )


class EchoIntake:
    """Answers with the words of the command; a test can make it wait for *go_on*."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.began = asyncio.Event()
        self.answered = asyncio.Event()
        self.words: str | None = None
        self.status = 200
        self.taken: asyncio.Queue[None] = asyncio.Queue()

    async def take(self, body: Any) -> BoltResponse:
        if not isinstance(body, dict):
            return BoltResponse(status=400, body="")
        self.taken.put_nowait(None)
        self.began.set()
        await self.go_on.wait()
        self.answered.set()
        text = body["text"] if self.words is None else self.words
        return BoltResponse(status=self.status, body=text)


class Hole:
    """A connection to Slack that can drop all data without closing."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._links: list[asyncio.Event] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._writers: list[asyncio.StreamWriter] = []
        self.port = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        async with await asyncio.start_server(self._connect, "127.0.0.1", 0) as server:
            self.port = server.sockets[0].getsockname()[1]
            yield
            for task in self._tasks:
                task.cancel()
            for writer in self._writers:
                writer.close()
            ends = [*self._tasks, *(writer.wait_closed() for writer in self._writers)]
            await asyncio.gather(*ends, return_exceptions=True)

    def swallow(self) -> None:
        """Drop all data of the present connections; later connections work."""
        for is_black in self._links:
            is_black.set()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers += writer, far_writer
        self._links.append(is_black := asyncio.Event())
        for one, other in ((reader, far_writer), (far_reader, writer)):
            self._tasks.append(asyncio.create_task(_forward(one, other, is_black)))


async def _forward(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_black: asyncio.Event
) -> None:
    while data := await reader.read(65_536):
        if not is_black.is_set():
            writer.write(data)
            await writer.drain()
    if not is_black.is_set():
        writer.close()


@pytest.fixture
async def bad() -> AsyncIterator[BadSlack]:
    bad = BadSlack()
    async with listening(bad.app, ("127.0.0.1", 0), closing_seconds=0.1) as port:
        bad.url = f"http://127.0.0.1:{port}"
        yield bad


class Running:
    """A running `SocketMode`."""

    def __init__(self, mode: SocketMode, intake: EchoIntake, stop: asyncio.Event) -> None:
        self.mode, self.intake, self.stop = mode, intake, stop
        self.ready = asyncio.Event()
        self.task = asyncio.create_task(mode.run(stop, self.ready.set))

    def be_patient(self) -> None:
        """Set no short limit for the sockets that are opened from now on."""
        self.mode._timeouts = PATIENT

    def ping_soon(self) -> None:
        """Ping soon after the next frame."""
        self.mode._timeouts = replace(self.mode._timeouts, ping=0.2)


@asynccontextmanager
async def socket_mode(
    bad: BadSlack, metrics: Metrics | None = None, timeouts: Timeouts = PATIENT
) -> AsyncIterator[Running]:
    intake = EchoIntake()
    mode = SocketMode(
        intake,  # type: ignore[arg-type]
        AsyncWebClient(base_url=f"{bad.url}/api/"),
        app_token="xapp-1",
        metrics=metrics or Metrics(),
        timeouts=timeouts,
    )
    running = Running(mode, intake, asyncio.Event())
    try:
        yield running
    finally:
        running.stop.set()
        await asyncio.wait([running.task])


async def echo(bad: BadSlack, number: int, text: str = "") -> Any:
    await bad.send(number, text)
    while (ack := await bad.acks.get())["envelope_id"] != f"e{number}":
        pass
    return ack["payload"]


async def test_an_envelope_is_answered_in_its_ack(bad: BadSlack) -> None:
    async with socket_mode(bad) as running:
        await running.ready.wait()
        assert await echo(bad, 1) == {"text": "1"}
        assert await running.mode.problem() is None
        running.stop.set()
        await running.task


@pytest.mark.parametrize(
    ("answer", "payload"),
    [
        ('{"text": "a \\"b\\"", "blocks": []}', {"text": 'a "b"', "blocks": []}),
        ('plain, with "quotes"\nand ü', {"text": 'plain, with "quotes"\nand ü'}),
    ],
)
async def test_the_body_of_an_answer_arrives_unchanged(
    bad: BadSlack, answer: str, payload: dict[str, Any]
) -> None:
    async with socket_mode(bad) as running:
        await running.ready.wait()
        assert await echo(bad, 1, answer) == payload


async def test_an_empty_answer_is_only_an_ack(bad: BadSlack) -> None:
    async with socket_mode(bad) as running:
        await running.ready.wait()
        running.intake.words = ""
        await bad.send(1)
        assert await bad.acks.get() == {"envelope_id": "e1"}


async def test_a_failed_request_is_not_acked_so_that_slack_redelivers_it(bad: BadSlack) -> None:
    async with socket_mode(bad) as running:
        await running.ready.wait()
        running.intake.status = 500
        await bad.send(1)
        await running.intake.answered.wait()
        running.intake.status = 200
        await bad.send(2)
        assert (await bad.acks.get())["envelope_id"] == "e2"


async def test_a_refresh_brings_another_socket(bad: BadSlack) -> None:
    async with socket_mode(bad) as running:
        await running.ready.wait()
        assert await bad.news.get() == "opened"
        for number in range(3):
            await bad.sockets[-1].send_json({"type": "disconnect", "reason": "refresh_requested"})
            assert await bad.news.get() == "opened"
            assert await echo(bad, number)
        assert not running.task.done()


async def test_a_refused_handshake_is_retried_with_a_new_url(bad: BadSlack) -> None:
    """The SDK would retry the same URL for ever."""
    bad.refuse_handshakes = 1
    async with socket_mode(bad) as running:
        await running.ready.wait()
        assert bad.tickets >= 2
        assert await echo(bad, 1)


async def test_a_socket_without_a_hello_is_given_up(bad: BadSlack) -> None:
    bad.say_hello = False
    async with socket_mode(bad, timeouts=replace(PATIENT, connect=0.3)) as running:
        await bad.news.get()
        running.be_patient()
        bad.say_hello = True
        await running.ready.wait()
        assert bad.tickets >= 2


async def test_a_refresh_that_fails_is_noticed(bad: BadSlack) -> None:
    """Without a new URL, the SDK gives up silently and treats the old socket as connected."""
    async with socket_mode(bad) as running:
        await running.ready.wait()
        await bad.news.get()
        bad.refusals = ["internal_error"]
        await bad.sockets[-1].send_json({"type": "disconnect", "reason": "warning"})
        assert await bad.news.get() == "refused"
        assert await bad.news.get() == "opened"
        assert await echo(bad, 1)


async def test_a_connection_that_drops_all_data_is_replaced(bad: BadSlack) -> None:
    hole = Hole(int(bad.url.rpartition(":")[2]))
    async with hole.open():
        bad.sockets_at = f"http://127.0.0.1:{hole.port}"
        async with socket_mode(bad) as running:
            await running.ready.wait()
            assert await bad.news.get() == "opened"
            running.ping_soon()
            assert await echo(bad, 1)
            hole.swallow()
            before = len(bad.sockets)
            while len(bad.sockets) == before:
                await bad.news.get()
            assert await echo(bad, 2)
            assert not running.task.done()


async def test_a_silent_socket_is_read_until_another_one_is_open(bad: BadSlack) -> None:
    """Slack may only have been slow."""
    bad.answer_pings = False
    async with socket_mode(bad, timeouts=replace(PATIENT, drain=PATIENCE)) as running:
        await running.ready.wait()
        assert await bad.news.get() == "opened"
        slow, bad.answer_pings = bad.sockets[-1], True
        running.ping_soon()
        assert await echo(bad, 0)
        assert await bad.news.get() == "opened"
        await bad.send(1, on=slow)
        assert (await bad.acks.get())["envelope_id"] == "e1"


async def test_a_socket_that_is_cut_off_is_replaced_at_once(bad: BadSlack) -> None:
    async with socket_mode(bad) as running:
        await running.ready.wait()
        for number in range(3):
            assert await bad.news.get() == "opened"
            assert await echo(bad, number)
            bad.cut()
        assert await bad.news.get() == "opened"


async def test_an_answer_goes_out_on_the_next_socket_if_its_own_is_lost(bad: BadSlack) -> None:
    async with socket_mode(bad) as running:
        await running.ready.wait()
        assert await bad.news.get() == "opened"
        running.intake.go_on.clear()
        await bad.send(1)
        await running.intake.began.wait()
        bad.cut()
        assert await bad.news.get() == "opened"
        running.intake.go_on.set()
        assert (await bad.acks.get())["payload"] == {"text": "1"}


async def test_an_answer_without_a_socket_is_one_line_in_the_log(
    bad: BadSlack, caplog: pytest.LogCaptureFixture
) -> None:
    async with socket_mode(bad, timeouts=replace(PATIENT, ack=0.05)) as running:
        await running.ready.wait()
        assert await bad.news.get() == "opened"
        running.intake.go_on.clear()
        await bad.send(1)
        await running.intake.began.wait()
        bad.say_hello = False
        bad.cut()
        assert await bad.news.get() == "opened"
        running.intake.go_on.set()
    assert [one for one in caplog.messages if "answer" in one] == [
        "an answer was lost with its socket"
    ]
    assert not any(record.exc_info for record in caplog.records)


async def test_a_socket_without_a_hello_is_never_well(
    bad: BadSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the first socket nor one in place of a lost one."""
    monkeypatch.setattr("bot.retry.BACK_OFF", wait_none())
    bad.say_hello = False
    async with socket_mode(bad, timeouts=replace(PATIENT, connect=0.3)) as running:
        for _ in range(2):
            assert await bad.news.get() == "opened"
            assert await running.mode.problem() == "not connected"
        running.be_patient()
        bad.say_hello = True
        await running.ready.wait()
        assert await running.mode.problem() is None
        while not bad.news.empty():
            bad.news.get_nowait()
        bad.say_hello = False
        bad.cut()
        assert await bad.news.get() == "opened"
        assert await running.mode.problem() == "not connected"


async def test_it_stops_while_a_socket_waits_for_its_hello(bad: BadSlack) -> None:
    bad.say_hello = False
    async with socket_mode(bad) as running:
        assert await bad.news.get() == "opened"
        running.stop.set()
        await running.task


async def test_it_stops_while_many_requests_are_never_answered(
    bad: BadSlack, caplog: pytest.LogCaptureFixture
) -> None:
    async with socket_mode(bad, timeouts=replace(PATIENT, drain=0.05)) as running:
        await running.ready.wait()
        running.intake.go_on.clear()
        for number in range(50):
            await bad.send(number)
        for _ in range(50):
            await running.intake.taken.get()
        running.stop.set()
        await running.task
    assert [one for one in caplog.messages if "request" in one or "socket" in one] == [
        "cancelled 50 requests at shutdown"
    ]
    assert not any(record.exc_info for record in caplog.records)


@pytest.mark.parametrize(
    "frame",
    ["", "[]", "{", "[" * 100_000, '"hello"', "{}", '{"envelope_id": 7, "payload": 3}', HELLO],
)
async def test_a_broken_frame_is_survived(bad: BadSlack, frame: str) -> None:
    async with socket_mode(bad) as running:
        await running.ready.wait()
        await bad.sockets[-1].send_str(frame)
        assert await echo(bad, 1) == {"text": "1"}
        assert len(bad.sockets) == 1


async def test_what_slack_sent_before_it_left_is_answered(bad: BadSlack) -> None:
    async with socket_mode(bad) as running:
        await running.ready.wait()
        assert await bad.news.get() == "opened"
        old = bad.sockets[-1]
        await old.send_json({"type": "disconnect", "reason": "warning"})
        assert await bad.news.get() == "opened"
        await bad.send(1, on=old)
        assert (await bad.acks.get())["envelope_id"] == "e1"


async def test_slack_may_be_unreachable_at_the_start_for_any_time(
    bad: BadSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.retry.BACK_OFF", wait_none())
    bad.refusals = [503, "service_unavailable", 502, 500, "ratelimited", 503]
    async with socket_mode(bad) as running:
        await running.ready.wait()
        assert not bad.refusals


async def test_a_socket_that_cannot_be_rebuilt_ends_the_process(
    bad: BadSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.retry.BACK_OFF", wait_none())
    metrics = Metrics()
    async with socket_mode(bad, metrics) as running:
        await running.ready.wait()
        bad.refusals = [503] * 99
        await bad.sockets[-1].close()
        with pytest.raises(SocketLostError, match="cannot be rebuilt"):
            await running.task
        assert await running.mode.problem() == "not connected"
        # The time of the last frame is kept.
        assert running.mode.seconds_since()["hello"] is not None


@pytest.mark.parametrize("error", ["invalid_auth", "not_allowed_token_type", "token_revoked"])
async def test_a_refused_token_is_raised_immediately(bad: BadSlack, error: str) -> None:
    bad.refusals = [error]
    async with socket_mode(bad) as running:
        with pytest.raises(SlackApiError, match=error):
            await running.task


async def test_running_requests_are_acked_before_the_socket_closes(bad: BadSlack) -> None:
    async with socket_mode(bad) as running:
        await running.ready.wait()
        running.intake.go_on.clear()
        await bad.send(7)
        await running.intake.began.wait()
        running.stop.set()
        await asyncio.sleep(0)
        assert not running.task.done()
        running.intake.go_on.set()
        await running.task
        assert bad.acks.get_nowait()["payload"] == {"text": "7"}


async def test_the_seconds_since_each_frame_are_reported(bad: BadSlack) -> None:
    async with socket_mode(bad) as running:
        assert running.mode.seconds_since() == dict.fromkeys(("hello", "pong", "envelope"))
        assert await running.mode.problem() == "not connected"
        await running.ready.wait()
        assert await running.mode.problem() is None
        since = running.mode.seconds_since()
        assert since["hello"] is not None
        assert since["envelope"] is None
        await echo(bad, 1)
        assert running.mode.seconds_since()["envelope"] is not None


async def test_the_metrics_describe_the_socket(bad: BadSlack) -> None:
    metrics = Metrics()
    async with socket_mode(bad, metrics) as running:
        await running.ready.wait()
        await echo(bad, 1)
        page = (await metrics.page(None, NOW)).decode()
        assert "parley_socket_connected 1.0" in page
        assert "parley_socket_connections 1.0" in page
        assert 'parley_socket_silence_seconds{frame="envelope"} 0.' in page
    page = (await metrics.page(None, NOW)).decode()
    assert "parley_socket_connected 0.0" in page
