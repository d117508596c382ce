"""The status pages, and what they say of a bot that is not well."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from bot.health import Health, broken
from bot.metrics import Metrics
from bot.status import status_pages
from tests.bot.conftest import Entry, command
from tests.conftest import NOW


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
    health.watch("start", broken("waiting for Slack"))
    assert await page(health, "/healthz") == (200, {"alive": True})
    checks = {"start": "waiting for Slack"}
    assert await page(health, "/readyz") == (503, {"ready": False, "checks": checks})


async def test_it_is_ready_when_all_is_well() -> None:
    health = Health()
    health.watch("database", well)
    health.watch("socket", well)
    assert (await page(health, "/readyz"))[0] == 200
    health.watch("socket", broken("not connected"))
    status, answer = await page(health, "/readyz")
    assert status == 503
    assert answer["checks"] == {"database": "well", "socket": "not connected"}


async def test_a_check_that_fails_or_hangs_is_not_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.health._SECONDS", 0.01)

    async def raises() -> None:
        raise ConnectionError

    async def hangs() -> None:
        await asyncio.Event().wait()

    health = Health()
    health.watch("database", raises)
    health.watch("socket", hangs)
    said = await health.read()
    assert said == {
        "database": "cannot be asked: ConnectionError",
        "socket": "cannot be asked: TimeoutError",
    }


async def test_the_measures_are_there() -> None:
    assert await page(Health(), "/metrics") == (200, "parley_up 1\n")


async def test_what_is_measured(entry: Entry) -> None:
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
    ):
        assert line in text.splitlines(), text
    assert "process_resident_memory_bytes" in text


async def test_no_words_of_a_sender_become_a_label(entry: Entry) -> None:
    """Each label is a series that Prometheus keeps for ever."""
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
