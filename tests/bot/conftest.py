"""A bot with the HTTP entrance, and requests signed as Slack signs them."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from slack_sdk.signature import SignatureVerifier

from bot.app import Parley, assemble
from bot.clock import MovableClock
from bot.entrances.http_mode import PATH, HttpMode
from bot.manifest import manifest
from bot.observability.health import Health
from bot.observability.metrics import Metrics
from bot.settings import Settings
from bot.workspace import Workspace
from tests.conftest import StoppedClock
from tests.ids import ANA, GENERAL

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
FORM = "application/x-www-form-urlencoded"


_TRIGGERS = count()


def command(text: str = "/brief geneva", **fields: str) -> dict[str, str]:
    """Return the payload of a slash command."""
    name, _, words = text.partition(" ")
    return {
        "token": "x",
        "team_id": "T0LOCAL",
        "channel_id": GENERAL,
        "channel_name": "general",
        "user_id": ANA,
        "command": name,
        "text": words,
        "api_app_id": "A0",
        "is_enterprise_install": "false",
        "response_url": "http://127.0.0.1:9/response/x/y",
        "trigger_id": f"1.2.{next(_TRIGGERS)}",
        **fields,
    }


def signed(body: str, at: float, *, secret: str = SECRET) -> dict[str, str]:
    """Return the headers with which Slack would send *body*."""
    stamp = str(int(at))
    signature = SignatureVerifier(secret).generate_signature(timestamp=stamp, body=body)
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": str(signature)}


@dataclass
class Entry:
    """The HTTP entrance of a bot, with methods that send requests to it."""

    workspace: Workspace
    parley: Parley
    metrics: Metrics
    clock: StoppedClock
    mode: HttpMode
    session: aiohttp.ClientSession
    stop: asyncio.Event
    running: "asyncio.Task[None]"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.mode.port}{PATH}"

    async def send(
        self,
        payload: dict[str, Any] | str | bytes,
        *,
        headers: dict[str, str] | None = None,
        content_type: str = FORM,
        more: dict[str, str] | None = None,
        late: timedelta = timedelta(),
    ) -> tuple[int, str]:
        """Send a request, signed unless *headers* are given; return the status and the body."""
        body = urlencode(payload) if isinstance(payload, dict) else payload
        if headers is None:
            text = body if isinstance(body, str) else body.decode("latin-1")
            headers = signed(text, (self.clock() - late).timestamp())
        sent = {"Content-Type": content_type, **headers, **(more or {})}
        async with self.session.post(self.url, data=body, headers=sent) as response:
            return response.status, await response.text()

    async def measured(self) -> dict[str, float]:
        """Return the value of every metric by its name and labels."""
        page = (await self.metrics.page(self.parley.store, self.clock())).decode()
        lines = [line.rpartition(" ") for line in page.splitlines() if not line.startswith("#")]
        return {name: float(value) for name, _, value in lines}

    async def refusals(self) -> dict[str, float]:
        """Return the number of refused requests by reason."""
        measured = await self.measured()
        return {one.split('"')[1]: measured[one] for one in measured if "refusals_total{" in one}


@pytest.fixture
async def entry(
    patient: None, tmp_path: Path, clock: StoppedClock, corpus: Path, loaded: Path
) -> AsyncIterator[Entry]:
    moved = MovableClock(source=clock)
    async with Workspace(manifest=manifest(), clock=moved) as workspace:
        settings = Settings(
            slack_bot_token=workspace.bot_token,
            slack_signing_secret=SECRET,
            port=("127.0.0.1", 0),
            slack_api_url=workspace.api_url,
            database_url=f"sqlite:///{shutil.copy(loaded, tmp_path)}",
            corpus_dir=corpus,
        )
        metrics, stop, ready = Metrics(), asyncio.Event(), asyncio.Event()
        async with (
            assemble(settings, clock=moved, metrics=metrics) as parley,
            aiohttp.ClientSession() as session,
        ):
            mode = HttpMode(
                parley.intake,
                signing_secret=SECRET,
                address=("127.0.0.1", 0),
                trusted_proxies=1,
                clock=clock,
                health=Health(),
                metrics=metrics,
            )
            running = asyncio.create_task(mode.run(stop, ready.set))
            await ready.wait()
            yield Entry(workspace, parley, metrics, clock, mode, session, stop, running)
            stop.set()
            await running
