"""The status pages, also of a bot that is not ready."""

import asyncio
import json
import logging
import platform
from dataclasses import replace
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.http_exceptions import BadStatusLine

from bot.app import _DATABASE_SECONDS, add_readiness_checks
from bot.observability.health import _SECONDS, Health, broken
from bot.observability.metrics import Metrics
from bot.observability.status import listening, status_pages
from bot.workspace import Fault
from store import open_store
from store.db import sqlite
from store.types import Order, TeamId, Timetable
from store.version import VERSION
from tests.bot.conftest import Entry, command
from tests.ids import ANA, GENERAL
from tests.machine import NOW


async def page(health: Health, path: str) -> tuple[int, Any]:
    async def measures() -> bytes:
        return b"parley_up 1\n"

    async with (
        status_pages(("127.0.0.1", 0), health, measures) as port,
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}{path}") as response,
    ):
        is_json = response.content_type == "application/json"
        return response.status, await (response.json() if is_json else response.text())


async def well() -> None:
    return None


async def test_it_is_alive_before_it_is_ready() -> None:
    health = Health()
    health.add_check("start", broken("waiting for Slack"))
    assert await page(health, "/healthz") == (200, {"alive": True})
    checks = {"start": "waiting for Slack"}
    assert await page(health, "/readyz") == (503, {"ready": False, "checks": checks})


async def test_it_is_ready_when_all_checks_pass() -> None:
    health = Health()
    health.add_check("database", well)
    health.add_check("socket", well)
    assert (await page(health, "/readyz"))[0] == 200
    health.add_check("socket", broken("not connected"))
    status, answer = await page(health, "/readyz")
    assert status == 503
    assert answer["checks"] == {"database": "well", "socket": "not connected"}


@pytest.mark.parametrize("wrong", [None, "not connected"])
async def test_the_last_frames_are_shown_ready_or_not(wrong: str | None) -> None:
    health = Health()
    health.add_check("socket", broken(wrong) if wrong else well)
    health.seconds_since = lambda: {"hello": 2.5, "envelope": None}
    _, answer = await page(health, "/readyz")
    assert answer["seconds_since"] == {"hello": 2.5, "envelope": None}


async def test_a_bot_without_its_database_or_stories_is_not_ready(
    entry: Entry, tmp_path: Path
) -> None:
    health = Health()
    add_readiness_checks(entry.parley, entry.mode, health)
    assert await page(health, "/readyz") == (
        200,
        {"ready": True, "checks": {"database": "well", "corpus": "well", "start": "well"}},
    )
    async with open_store(f"sqlite:///{tmp_path}/empty.db") as store:
        add_readiness_checks(replace(entry.parley, store=store), entry.mode, health)
        code, answer = await page(health, "/readyz")
        assert (code, answer["checks"]["corpus"]) == (503, "nothing is loaded")
        assert answer["checks"]["database"] == "well"
        # The result is cached for some seconds, so drop it.
        add_readiness_checks(replace(entry.parley, store=store), entry.mode, health)
    code, answer = await page(health, "/readyz")
    assert code == 503
    assert answer["checks"]["database"].startswith("cannot be asked: ")


async def test_a_check_that_raises_or_hangs_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.observability.health._SECONDS", 0.01)

    async def raises() -> None:
        raise ConnectionError

    async def hangs() -> None:
        await asyncio.Event().wait()

    health = Health()
    health.add_check("database", raises)
    health.add_check("socket", hangs)
    said = await health.read()
    assert said == {
        "database": "cannot be asked: ConnectionError",
        "socket": "no answer within 0.01 s",
    }


async def test_a_bot_that_cannot_write_is_not_ready(entry: Entry) -> None:
    """Although it can read, and answers look-ups."""
    database = entry.parley.store.statistics._database
    assert isinstance(database, sqlite.SQLite)
    await database._writer.raw.execute("PRAGMA query_only = ON")
    health = Health()
    add_readiness_checks(entry.parley, entry.mode, health)
    code, answer = await page(health, "/readyz")
    assert code == 503
    assert "can only be read" in answer["checks"]["database"]
    assert (await entry.send(command("/brief geneva")))[0] == 200


async def test_an_expensive_check_is_cached() -> None:
    """The check runs once, however many requests come at a time and however often."""
    asked = 0

    async def check() -> str | None:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        return f"found {asked}"

    health = Health()
    health.add_check("database", check, keep=60)
    health.add_check("socket", check)
    answers = await asyncio.gather(*(health.read() for _ in range(5)), health.read())
    assert {answer["database"] for answer in answers} == {"found 1"}
    assert asked == 1 + len(answers)


def test_an_outage_of_the_database_shows_within_five_seconds() -> None:
    """A cached result is used as long as it may be, and the check then takes as long as it may."""
    assert _DATABASE_SECONDS + _SECONDS < 5


async def test_concurrent_requests_share_a_check_that_hangs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.observability.health._SECONDS", 0.01)
    asked = 0

    async def hangs() -> None:
        nonlocal asked
        asked += 1
        await asyncio.Event().wait()

    health = Health()
    health.add_check("database", hangs, keep=60)
    for _ in range(3):
        assert await health.read() == {"database": "no answer within 0.01 s"}
    assert asked == 1


async def test_the_metrics_are_served() -> None:
    assert await page(Health(), "/metrics") == (200, "parley_up 1\n")


async def test_the_metrics_of_a_running_bot(entry: Entry) -> None:
    await entry.send(command("/brief geneva"))
    await entry.send(command("/brief zebra crossings"))
    await entry.send(command("/nonsense"))
    text = (await entry.metrics.page(entry.parley.store, NOW)).decode()
    for line in (
        'parley_requests_total{outcome="found",request="/brief"} 1.0',
        'parley_requests_total{outcome="nothing",request="/brief"} 1.0',
        'parley_requests_total{outcome="unknown",request="another command"} 1.0',
        'parley_request_seconds_count{request="/brief"} 2.0',
        'parley_slack_calls_total{method="auth.test",status="200"} 1.0',
        'parley_posts{state="sent"} 0.0',
        "parley_post_lag_seconds 0.0",
        "parley_corpus_articles 3.0",
        "parley_corpus_revision 1.0",
        "parley_reconciliations_total 0.0",
        f'parley_build_info{{python="{platform.python_version()}",version="{VERSION}"}} 1.0',
    ):
        assert line in text.splitlines(), text
    assert "process_resident_memory_bytes" in text


async def test_blocked_posts_are_measured(entry: Entry) -> None:
    """A post in each state: not planned, refused, unknown outcome, and then sent."""
    post, at = "chat.postMessage", time(9, 30)
    store, tick = entry.parley.store, entry.parley.ticker.tick
    entry.workspace.invite(GENERAL, entry.workspace.bot_user_id)
    await store.schedules.set(
        team_id=TeamId(entry.workspace.team_id),
        channel_id=GENERAL,
        owner_id=ANA,
        now=entry.clock(),
        order=Order(timetable=Timetable(at=at, weekdays=frozenset(range(7)), zone="UTC")),
    )
    due_at = datetime.combine(NOW, at, UTC)

    async def lag() -> float:
        return (await entry.measured())["parley_post_lag_seconds"]

    entry.clock.forward(seconds=(due_at - NOW).total_seconds() + 7)
    assert await lag() == 7
    entry.workspace.faults.add(Fault(method=post, kind="ratelimit", seconds=30))
    await tick()
    measured = await entry.measured()
    assert measured[f'parley_slack_calls_total{{method="{post}",status="429"}}'] == 1
    assert measured['parley_posts{state="planned"}'] == 1
    assert await lag() == 7
    entry.clock.forward(seconds=31)
    assert await lag() == 38
    entry.workspace.faults.add(Fault(method=post, kind="drop_after"))
    await tick()
    assert (await entry.measured())['parley_posts{state="unknown"}'] == 1
    assert (await entry.measured())["parley_reconciliations_total"] == 0
    entry.clock.forward(seconds=61)
    assert await lag() == 99
    await tick()
    measured = await entry.measured()
    assert measured["parley_reconciliations_total"] == 1
    assert measured['parley_posts{state="sent"}'] >= 1
    assert measured["parley_post_lag_seconds"] == 0


async def test_the_duration_of_a_reload_is_measured(entry: Entry, tmp_path: Path) -> None:
    store = entry.parley.store
    store.revisions.load_seconds = 0
    talks = tmp_path / "corpus" / "talks.txt"
    talks.write_text(talks.read_text().replace("nine countries", "ten countries"))
    await store.loads.reload(talks.parent, by=ANA, at=NOW)
    measured = await entry.measured()
    assert measured["parley_corpus_load_seconds"] == store.revisions.load_seconds > 0
    assert measured["parley_corpus_revision"] == 2


async def test_a_paused_feed_is_not_failing(entry: Entry) -> None:
    sources = entry.parley.store.sources
    for host in ("a", "b"):
        await sources.add(f"https://{host}.example/feed", now=NOW)
    claimed = await sources.claim_due(NOW, limit=2, owner="me")
    for feed in claimed:
        await sources.note_failure(feed, "It is empty.", now=NOW, next_poll_at=NOW)
    assert (await entry.measured())["parley_feeds_failing"] == 2
    await sources.pause(claimed[0].id, now=NOW)
    assert (await entry.measured())["parley_feeds_failing"] == 1


async def test_no_words_of_a_sender_become_a_label(entry: Entry) -> None:
    """Prometheus keeps a series for each label for ever."""
    for number in range(5):
        await entry.send(command(f"/nonsense{number}"))
        payload = {"type": f"x{number}Y", "team": {"id": "T1"}}
        await entry.send({"payload": json.dumps(payload)})
    text = (await entry.metrics.page(None, NOW)).decode()
    assert 'request="another command"} 5.0' in text
    assert 'request="of no kind"} 5.0' in text


async def test_workspaces_without_a_token_are_counted_as_they_come_and_go() -> None:
    metrics, lost = Metrics(), {"T1"}
    metrics.watch_tokens(lost)
    assert b"parley_workspaces_without_token 1.0" in await metrics.page(None, NOW)
    lost.clear()
    assert b"parley_workspaces_without_token 0.0" in await metrics.page(None, NOW)


async def test_a_connection_that_never_sends_a_header_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.observability.status._IDLE_SECONDS", 0.1)
    async with listening(web.Application(), ("127.0.0.1", 0)) as port:
        for sent in (b"", b"GET /healthz HTTP/1.1\r\nX-Slow: "):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(sent)
            assert await reader.read() == b""
            writer.close()


async def test_malformed_requests_are_not_logged_by_the_server(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Anybody can send any number of them, and a traceback holds their bytes."""
    async with listening(web.Application(), ("127.0.0.1", 0)):
        server = logging.getLogger("aiohttp.server")
        for error in (BadStatusLine("GET /secret"), web.RequestPayloadError("gzip")):
            server.error("Error handling request", exc_info=error)
        server.error("Error handling request", exc_info=ValueError("a bug"))
    assert [one.exc_info[0] for one in caplog.records if one.exc_info] == [ValueError]
