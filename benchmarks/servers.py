"""The two servers that are compared with each other, each run as a separate process.

`python -m benchmarks.servers parley|echo http|socket`; settings come from the environment. The
server prints "ready PORT" when it accepts requests.
"""

import asyncio
import logging
import os
import signal
import sys
from pathlib import Path

from aiohttp import ClientSession, web
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.app import serve
from bot.clock import system_clock
from bot.log import configure_logging
from bot.settings import Settings
from store.samples import STARTER

SECRET = "not-a-secret"


def ready(port: int = 0) -> None:
    """Report to the parent process that requests are accepted."""
    sys.stdout.write(f"ready {port}\n")
    sys.stdout.flush()


async def parley(transport: str, api: str, port: int, stop: asyncio.Event) -> None:
    """Run Parley like `python -m bot run`."""
    is_http = transport == "http"
    settings = Settings(
        slack_bot_token="xoxb-1",
        slack_app_token="" if is_http else "xapp-1",
        slack_signing_secret=SECRET if is_http else "",
        port=("127.0.0.1", port) if is_http else None,
        slack_api_url=api,
        database_url=f"sqlite:///{os.environ['BENCH_FOLDER']}/parley.db",
        corpus_dir=Path(os.environ.get("BENCH_CORPUS") or STARTER),
    )
    await serve(settings, clock=system_clock, stop=stop, ready=lambda: ready(port))


async def echo(transport: str, api: str, port: int, stop: asyncio.Event) -> None:
    """Run a minimal Bolt app with Parley's Bolt settings that answers with a fixed text."""
    authorized = AuthorizeResult(enterprise_id=None, team_id="T1", bot_token="xoxb-1")

    async def authorize() -> AuthorizeResult:
        return authorized

    async with ClientSession() as session:
        app = AsyncApp(
            client=AsyncWebClient(base_url=api, session=session),
            signing_secret=SECRET,
            authorize=authorize,
            process_before_response=True,
            raise_error_for_unhandled_request=True,
            logger=logging.getLogger("slack_bolt"),
        )

        @app.command("/brief")
        async def answer(ack: AsyncAck) -> None:
            await ack("hello")

        if transport == "http":
            server = app.server(port, "/slack/events")
            runner = web.AppRunner(server.web_app, access_log=None)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", port).start()
            ready(port)
            await stop.wait()
            await runner.cleanup()
        else:
            handler = AsyncSocketModeHandler(app, "xapp-1")
            await handler.connect_async()
            ready()
            await stop.wait()
            await handler.close_async()


async def main(name: str, transport: str) -> None:
    """Run one of the servers until SIGTERM."""
    configure_logging(level="warning", style="text")
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    run = {"parley": parley, "echo": echo}[name]
    await run(transport, os.environ["BENCH_API"], int(os.environ["BENCH_PORT"]), stop)


if __name__ == "__main__":
    # Use another core than the clients, if there are two.
    if len(cores := sorted(os.sched_getaffinity(0))) > 1:
        os.sched_setaffinity(0, cores[:1])
    asyncio.run(main(*sys.argv[1:]))
