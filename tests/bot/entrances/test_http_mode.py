"""The HTTP entrance: it answers requests from Slack, and reads no others."""

import asyncio
import gzip
import json
from contextlib import suppress
from datetime import timedelta
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.bot.conftest import FORM, SECRET, Entry, command, signed
from tests.ids import GENERAL


async def test_a_command_is_answered_in_the_response(entry: Entry) -> None:
    status, body = await entry.send(command("/brief geneva"))
    assert status == 200
    assert "Zelenskiy flew to Geneva" in body


@pytest.mark.parametrize("words", ["payload", "payload=1", "a payload to geneva", "{", "&payload="])
async def test_no_word_of_a_command_confuses_the_parser(entry: Entry, words: str) -> None:
    """Bolt's own parser takes a form that contains "payload" for an interaction."""
    status, body = await entry.send(command(f"/brief {words}"))
    assert status == 200
    assert "I don't know that one" not in body


async def test_a_button_is_answered(entry: Entry) -> None:
    payload = {
        "type": "block_actions",
        "team": {"id": "T0LOCAL"},
        "channel": {"id": GENERAL},
        "user": {"id": "U0ANA"},
        "container": {"message_ts": "1.0"},
        "response_url": "http://127.0.0.1:9/response/x/y",
        "actions": [{"type": "button", "action_id": "nobody_knows", "block_id": "b"}],
    }
    assert (await entry.send({"payload": json.dumps(payload)}))[0] == 200


async def test_slack_may_ask_whether_the_url_is_ours(entry: Entry) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "c-1", "token": "x"})
    status, answer = await entry.send(body, content_type="application/json")
    assert (status, json.loads(answer)) == (200, {"challenge": "c-1"})


async def test_ssl_checks_are_answered(entry: Entry, caplog: pytest.LogCaptureFixture) -> None:
    assert await entry.send("ssl_check=1&token=x", headers={}) == (200, "")
    assert "refused" not in caplog.text


NOBODY = {"X-Slack-Request-Timestamp": "1", "X-Slack-Signature": "v0=0"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        NOBODY,
        {"X-Slack-Request-Timestamp": "soon", "X-Slack-Signature": "v0=0"},
        {"X-Slack-Request-Timestamp": "9" * 400, "X-Slack-Signature": "v0=0"},
        {"X-Slack-Request-Timestamp": "-1", "X-Slack-Signature": "v0=0"},
        {"X-Slack-Request-Timestamp": "1795507200"},
        {"X-Slack-Request-Timestamp": "1795507200", "X-Slack-Signature": "v0=é"},
    ],
)
async def test_an_unsigned_request_is_refused(
    entry: Entry, headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    assert await entry.send(command("/brief a secret"), headers=headers) == (401, "")
    assert "secret" not in caplog.text
    assert "Traceback" not in caplog.text


async def test_another_secret_is_refused(entry: Entry) -> None:
    body = "command=/brief"
    headers = signed(body, entry.clock().timestamp(), secret=f"{SECRET}x")
    assert (await entry.send(body, headers=headers))[0] == 401


async def test_a_changed_body_is_refused(entry: Entry) -> None:
    headers = signed("command=%2Fbrief&text=a", entry.clock().timestamp())
    assert (await entry.send("command=%2Fbrief&text=b", headers=headers))[0] == 401


@pytest.mark.parametrize(
    ("late", "status"), [(-301, 401), (-299, 200), (0, 200), (299, 200), (301, 401)]
)
async def test_a_signature_older_than_five_minutes_is_refused(
    entry: Entry, late: int, status: int
) -> None:
    assert (await entry.send(command(), late=timedelta(seconds=late)))[0] == status


async def test_a_replay_is_refused(entry: Entry) -> None:
    body = "command=%2Fbrief&text=geneva"
    headers = signed(body, entry.clock().timestamp() + 290)
    assert (await entry.send(body, headers=headers))[0] == 200
    for _ in range(3):
        assert (await entry.send(body, headers=headers))[0] == 401
        entry.clock.forward(seconds=190)
    assert (await entry.refusals())["replay"] == 3


async def test_a_failed_request_may_be_redelivered(
    entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slack redelivers an event after an error, possibly within the same second."""
    event = {"type": "event_callback", "team_id": entry.workspace.team_id, "event": {"type": "x"}}
    body = json.dumps(event)
    headers = {**signed(body, entry.clock().timestamp()), "Content-Type": "application/json"}
    with monkeypatch.context() as patch:
        patch.setattr(entry.parley.app, "async_dispatch", failing)
        assert (await entry.send(body, headers=headers))[0] == 500
    assert (await entry.send(body, headers=headers))[0] == 200


async def failing(_: object) -> None:
    raise RuntimeError("a bug")


async def test_a_body_that_is_too_large_is_refused(entry: Entry) -> None:
    assert (await entry.send("x" * 1_000_001))[0] == 413


async def answer_of(entry: Entry, head: str, body: bytes = b"") -> tuple[bytes, bool]:
    """Return the status line for the beginning of a request, and if the connection was closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", entry.mode.port)
    writer.write(f"POST /slack/events HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n".encode() + body)
    try:
        status = await reader.readline()
        with suppress(ConnectionError):
            await reader.read()
        return status.rstrip(), reader.at_eof() or reader.exception() is not None
    finally:
        writer.close()


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "identity", "x"])
@pytest.mark.parametrize("length", ["Content-Length: 900000", "Transfer-Encoding: chunked"])
async def test_a_packed_body_is_refused_before_it_is_read(
    entry: Entry, encoding: str, length: str
) -> None:
    """The rest of the body never comes, and nothing waits for it."""
    head = f"{length}\r\nContent-Encoding: {encoding}"
    status, is_closed = await answer_of(entry, head)
    assert status == b"HTTP/1.1 415 Unsupported Media Type"
    assert is_closed
    assert (await entry.refusals())["packed"] == 1


async def test_a_packed_body_is_not_unpacked(entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    def unpack(*_: object) -> None:
        raise AssertionError("unpacked")

    monkeypatch.setattr("aiohttp.http_parser.DeflateBuffer.feed_data", unpack)
    body = gzip.compress(b"a" * 1_000_000)
    packed = {"Content-Encoding": "gzip"}
    for path in ("", "/more", "/../../healthz"):
        async with entry.session.post(entry.url + path, data=body, headers=packed) as response:
            assert response.status in (404, 405, 415)
    assert (await entry.send(command()))[0] == 200


@pytest.mark.parametrize(
    ("head", "body", "status"),
    [
        ("Transfer-Encoding: chunked", b"f4241\r\n" + b"x" * 1_000_001 + b"\r\n", b"413"),
        ("Content-Length: 9000000", b"x" * 1_000_001, b"413"),
        ("Transfer-Encoding: chunked", b"nonsense\r\n", b"400"),
    ],
    ids=["chunks", "one body", "no chunk"],
)
async def test_a_body_that_was_refused_is_not_read_on(
    entry: Entry, head: str, body: bytes, status: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Its end never comes, and the connection is closed at once."""
    line, is_closed = await answer_of(entry, head, body)
    assert line.split()[1] == status
    assert is_closed
    assert "Traceback" not in caplog.text
    assert (await entry.send(command()))[0] == 200


async def test_other_paths_and_methods_are_not_found(entry: Entry) -> None:
    async with entry.session.get(entry.url) as response:
        assert response.status == 405
    async with entry.session.post(entry.url + "/more") as response:
        assert response.status == 404


@pytest.mark.parametrize(
    "more", [{}, {"X-Forwarded-For": "9.9.9.9, 203.0.113.7"}], ids=["direct", "through a proxy"]
)
async def test_slack_is_served_even_if_others_share_its_address(
    entry: Entry, more: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """For example a scanner behind the same proxy, or an app that signs with its own secret."""
    for number in range(30):
        assert (await entry.send("x", headers=NOBODY, more=more))[0] == 401
        body = f"command=/brief&text={number}"
        other = signed(body, entry.clock().timestamp(), secret="of another app")
        assert (await entry.send(body, headers=other, more=more))[0] == 401
    assert (await entry.send(command(), more=more))[0] == 200
    where = "203.0.113.7" if more else "127.0.0.1"
    assert f"refused a request from {where}: its signature is wrong" in caplog.text


async def test_a_proxy_may_add_its_own_header_line(
    entry: Entry, caplog: pytest.LogCaptureFixture
) -> None:
    """HAProxy does this: then the first header line is from the sender."""
    headers = [*NOBODY.items(), ("X-Forwarded-For", "9.9.9.9"), ("X-Forwarded-For", "203.0.113.7")]
    async with entry.session.post(entry.url, data="x", headers=headers) as response:
        assert response.status == 401
    assert "refused a request from 203.0.113.7:" in caplog.text


@pytest.mark.parametrize(
    ("forwarded", "told"),
    [
        ("", "with 0 addresses in X-Forwarded-For: set TRUSTED_PROXIES=0 if"),
        ("203.0.113.7", ""),
        ("203.0.113.7, 10.0.0.2", "with 2 addresses in X-Forwarded-For: set TRUSTED_PROXIES=2 if"),
    ],
)
async def test_a_wrong_number_of_proxies_is_logged_once(
    entry: Entry, caplog: pytest.LogCaptureFixture, forwarded: str, told: str
) -> None:
    """The entrance in these tests trusts one proxy."""
    more = {"X-Forwarded-For": forwarded} if forwarded else {}
    # An unsigned X-Forwarded-For proves nothing.
    await entry.send("x", headers=NOBODY, more={"X-Forwarded-For": "1.1.1.1, 1.1.1.2, 1.1.1.3"})
    for _ in range(3):
        assert (await entry.send(command(), more=more))[0] == 200
    logged = [one for one in caplog.messages if "TRUSTED_PROXIES" in one]
    assert len(logged) == bool(told)
    assert all(told in one for one in logged)


async def test_slack_is_never_slowed_down(entry: Entry) -> None:
    bodies = [command("/brief geneva", trigger_id=str(number)) for number in range(100)]
    answers = await asyncio.gather(*map(entry.send, bodies))
    assert {status for status, _ in answers} == {200}


async def test_running_requests_are_answered_at_shutdown(
    entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, go_on = asyncio.Event(), asyncio.Event()
    dispatch = entry.parley.app.async_dispatch

    async def slow(request: object) -> object:
        began.set()
        await go_on.wait()
        return await dispatch(request)  # type: ignore[arg-type]

    monkeypatch.setattr(entry.parley.app, "async_dispatch", slow)
    asking = asyncio.create_task(entry.send(command()))
    await began.wait()
    entry.stop.set()
    with suppress(ConnectionError):
        # The port is closed first, so that no new request arrives.
        while not entry.running.done():
            _, writer = await asyncio.open_connection("127.0.0.1", entry.mode.port)
            writer.close()
    assert not entry.running.done()
    go_on.set()
    assert (await asking)[0] == 200
    await entry.running


async def test_the_port_serves_health_pages_and_no_metrics(entry: Entry) -> None:
    base = entry.url.removesuffix("/slack/events")
    async with entry.session.get(f"{base}/healthz") as response:
        assert await response.json() == {"alive": True}
    async with entry.session.get(f"{base}/metrics") as response:
        assert response.status == 404


# --- arbitrary requests -------------------------------------------------------------------------

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4)
    ),
    max_leaves=12,
)
shapes = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(
            ["block_actions", "view_submission", "shortcut", "event_callback", "url_verification"]
        )
        | json_values,
        "command": st.sampled_from(["/brief", "/discuss", "/digest", "/corpus", "/other"])
        | json_values,
        "text": json_values,
        "team": json_values,
        "team_id": json_values,
        "user": json_values,
        "user_id": json_values,
        "channel": json_values,
        "event": json_values,
        "authorizations": json_values,
        "actions": json_values,
        "view": json_values,
        "enterprise": json_values,
        "ssl_check": json_values,
        "challenge": json_values,
    },
)


requests = st.tuples(
    st.binary(max_size=300).map(lambda one: one.decode("utf-8", "replace"))
    | st.text(max_size=300)
    | json_values.map(json.dumps)
    | shapes.map(json.dumps)
    | shapes.map(lambda one: f"payload={quote(json.dumps(one))}"),
    st.sampled_from([FORM, "application/json", "text/plain", "x/y; charset=z"]),
)


async def test_no_signed_body_breaks_the_entrance(
    entry: Entry, caplog: pytest.LogCaptureFixture
) -> None:
    """Even a sender who has stolen our secret gets an answer and causes no crash."""
    sent: list[tuple[str, str]] = []

    @settings(max_examples=75, deadline=None)
    @given(request=requests)
    def collect(request: tuple[str, str]) -> None:
        sent.append(request)

    collect()
    for number, (body, content_type) in enumerate(sent):
        entry.clock.forward(seconds=1)
        somebody = {"X-Forwarded-For": f"10.0.{number // 250}.{number % 250}"}
        headers = signed(body, entry.clock().timestamp())
        status, _ = await entry.send(
            body.encode(), headers=headers, content_type=content_type, more=somebody
        )
        assert status in (200, 400, 401, 404, 500), (body, content_type)
    # If even Bolt raises, the answer has an error status, and the connection stays intact.
    assert "Error handling request" not in caplog.text


@pytest.mark.parametrize(
    "chunk", [b"", b"GET / HTTP/9\r\n\r\n", b"\x16\x03\x01\x02\x00", b"\r\n" * 99]
)
async def test_data_that_is_not_http_is_survived(entry: Entry, chunk: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", entry.mode.port)
    writer.write(chunk)
    writer.write_eof()
    await reader.read()
    writer.close()
    await writer.wait_closed()
    assert (await entry.send(command()))[0] == 200


async def test_a_client_that_hangs_up_half_way_is_survived(entry: Entry) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", entry.mode.port)
    writer.write(b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert (await entry.send(command()))[0] == 200


async def test_deeply_nested_json_is_refused(entry: Entry) -> None:
    """JSON that the parser accepts may still be nested too deeply for later steps."""
    body = '{"type": ' + "[" * 900 + "]" * 900 + "}"
    assert (await entry.send(body, content_type="application/json"))[0] in (200, 400)
    assert "Zelenskiy" in (await entry.send(command("/brief geneva")))[1]


@given(words=st.text(st.characters(), max_size=50))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_words_reach_the_listeners_as_text(entry: Entry, words: str) -> None:
    """JSON escapes can hold lone surrogates and NUL, which a form cannot."""
    event = {"type": "message", "channel_type": "im", "user": words, "text": words, "ts": "1.0"}
    payload = {"type": "event_callback", "team_id": "T0LOCAL", "event_id": words, "event": event}
    body = json.dumps(payload | {words: [{words: words}]})
    assert (await entry.send(body, content_type="application/json"))[0] in (200, 404)
