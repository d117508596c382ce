"""`python -m bot demo`: the local workspace, and the bot beside it, joined as by Slack."""

import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.app import serve
from bot.clock import MovableClock
from bot.manifest import manifest
from bot.settings import STARTER, Settings
from bot.workspace import Workspace

_TOUR = {
    "title": "Welcome to a Slack of your own",
    "intro": "Parley is here, as it would be in your workspace. Nothing leaves this computer.",
    "steps": [
        {
            "title": "Find a story",
            "text": "A few words do, misspelt or not. Only you see the answer, until you share it.",
            "try": "/brief zelenski",
        },
        {
            "title": "Get people talking",
            "text": "See a question first, then post it or ask for another one.",
            "try": "/discuss sanctions",
        },
        {
            "title": "A question a day",
            "text": "Then move the clock a day, behind the scenes, and see it arrive.",
            "try": "/digest on 09:30",
        },
    ],
}


async def demo(*, port: int, corpus: Path | None, stop: asyncio.Event) -> None:
    """Serve the page on *port* of this computer, with the bot, until *stop* is set.

    *corpus* is a folder of documents; None is the starter corpus. What the demo remembers goes with
    it.
    """
    clock = MovableClock()
    with TemporaryDirectory(prefix="parley-demo-") as folder:
        async with Workspace(manifest=manifest(), clock=clock, port=port, tour=_TOUR) as workspace:
            settings = Settings(
                slack_bot_token=workspace.bot_token,
                slack_app_token=workspace.app_token,
                slack_api_url=workspace.api_url,
                database_url=f"sqlite:///{folder}/demo.db",
                corpus_dir=corpus or STARTER,
            )

            def ready() -> None:
                sys.stdout.write(_welcome(workspace.url))
                sys.stdout.flush()

            await serve(settings, clock=clock, stop=stop, ready=ready)


def _welcome(url: str) -> str:
    return (
        f"\nParley is running: open {url}\n\n"
        "Try first:\n"
        "  /brief zelenski     find a story, misspelt or not; then press Share to channel\n"
        "  /discuss sanctions  a question for the channel, shown to you first\n"
        "  /digest on 09:30    a question a day; then move the clock behind the scenes\n\n"
        "Ctrl-C ends it.\n"
    )
