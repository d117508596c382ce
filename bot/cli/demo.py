"""`python -m bot demo`: the local workspace, and the bot connected to it as to Slack."""

import argparse
import asyncio
import errno
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from bot.app import serve
from bot.cli.terminal import complain
from bot.clock import MovableClock
from bot.feeds.addresses import AllowList
from bot.log import configure_logging
from bot.manifest import manifest
from bot.settings import Settings
from bot.shutdown import DEADLINE
from bot.workspace import Workspace
from handlers.ids import Action, Command, CommandPrefix
from store import open_store
from store.posting.record import GRACE
from store.samples import STARTER
from store.types import TeamId, UserId

ANA, BEN, CHLOE = UserId("U0ANA"), "U0BEN", "U0CHLOE"
WORLD_NEWS = "C0WORLD"
_POST_SECONDS = 5
_SAMPLE_TOPICS = ("zelenski", "sanctions")
"""Words to try with the sample stories, one of them misspelt."""


def tour(topics: Sequence[str], *, has_feed: bool = False) -> dict[str, Any]:
    """Return the tour of the page, which tries *topics* that have stories, and the feed if any."""
    first, *others = topics or [""]
    steps = [
        {
            "title": "Find a story",
            "text": "A few words do, misspelt or not. Only you see the answer, until you share it.",
            "try": f"{Command.BRIEF} {first}".strip(),
        },
        {
            "title": "Get people talking",
            "text": "See a question first, then post it or ask for another one.",
            "try": f"{Command.DISCUSS} {others[0] if others else ''}".strip(),
        },
        {
            "title": "A question a day",
            "text": "Then press the clock above, move it to the next 09:30, and see it arrive.",
            "try": f"{Command.DIGEST} on 09:30 daily",
        },
    ]
    if has_feed:
        steps.append(
            {
                "title": "Stories that arrive by themselves",
                "text": "Parley polls the feed of The Harbour Gazette. Publish its next story"
                " (Behind the scenes, Feed), move the clock 35 minutes on, and find it. Then write"
                f" its question: {Command.CORPUS} status leads to it. It is the next question of"
                " the day.",
                "try": f"{Command.BRIEF} ship's bell",
            }
        )
    return {
        "channel": WORLD_NEWS,
        "title": "Welcome to a Slack of your own",
        "intro": "Parley is here, as it would be in your workspace. Nothing leaves this computer.",
        "steps": steps,
        "notes": _NOTES,
        "clock": _CLOCK,
    }


_CLOCK = (
    f"A post that is more than {GRACE // timedelta(hours=1)} hours late is left out, as after an"
    " outage. To see one arrive, go to its time, or to a minute before."
)


_NOTES = [
    {
        "title": "Look behind the scenes",
        "text": "Every call between Parley and Slack, the clock, and what happens when Slack"
        " fails. To see what others see, act as somebody else, a guest or a person of another"
        " company too: at the bottom on the left.",
    },
    {
        "title": "With stories of your own",
        "text": "Start it as `make demo CORPUS=path/to/folder`, in place of the sample stories."
        " A story is three lines of a text file: a summary, an insight, a question; the file's"
        " first line is its headline.",
    },
]
NEWS = (
    (
        "Harbour ferry runs on batteries for a winter",
        "The ferry across the harbour of Port Ellery has sailed on batteries since November. Its"
        " captain says that the cold costs a fifth of the range, and that passengers talk more,"
        " because they can hear each other.",
    ),
    (
        "Old lighthouse opens its stairs to visitors",
        "The lighthouse at Gull Point lets visitors climb its 212 steps on Sundays. The keeper's"
        " granddaughter sells the tickets; the money is for a new roof.",
    ),
    (
        "Library lends telescopes for the meteor nights",
        "Port Ellery's library lends six telescopes for the nights of the meteors. The waiting list"
        " is longer than that for any book.",
    ),
    (
        "Divers raise a ship's bell from 1871",
        "Divers have raised the bell of the barque Corinna, which sank off Gull Point in 1871. A"
        " school and the maritime museum both want to ring it.",
    ),
    (
        "School kitchen cooks what pupils grow",
        "Half of the vegetables in the school kitchen of Port Ellery come from beds behind the gym."
        " Pupils weigh what is left on the plates: it is a third less than before.",
    ),
    (
        "Night bus waits for the last ferry",
        "The last bus from the harbour now waits for the late ferry, up to twenty minutes. Drivers"
        " asked for it, after a choir had to walk home in the rain.",
    ),
)
"""Titles and texts of the workspace's feed: the first are published, the others are drafts."""
_PUBLISHED = 3


async def demo(
    *,
    port: int,
    corpus: Path | None,
    agent_view: bool = False,
    command_prefix: str = "",
    stop: asyncio.Event,
) -> None:
    """Serve the local workspace on *port*, with the bot, until *stop* is set.

    *corpus* is a folder of documents; None is the starter corpus. *agent_view* switches on the
    agent panel, and *command_prefix* is as in `CommandPrefix`. The demo's database is deleted at
    the end.
    """
    clock = MovableClock()
    with TemporaryDirectory(prefix="parley-demo-") as folder:
        CommandPrefix.used = command_prefix
        whole = manifest(command_prefix=command_prefix, agent_view=agent_view, workflow_steps=True)
        async with Workspace(manifest=whole, clock=clock, port=port, tour=tour([])) as workspace:
            settings = Settings(
                slack_bot_token=workspace.bot_token,
                slack_app_token=workspace.app_token,
                slack_api_url=workspace.api_url,
                database_url=f"sqlite:///{folder}/demo.db",
                corpus_dir=corpus or STARTER,
                feeds_allow=AllowList.parse(urlsplit(workspace.url).netloc),
                command_prefix=command_prefix,
                agent_view=agent_view,
                workflow_steps=True,
            )
            _publish(workspace)
            _add_outsiders(workspace)
            # Who tries stories of their own wants to see those alone.
            if corpus is None:
                await _subscribe(workspace, settings)

            async def welcome() -> None:
                await connected.wait()
                topics = _SAMPLE_TOPICS if corpus is None else await _topics(settings)
                workspace.tour = tour(topics, has_feed=corpus is None)
                await _fill_channel(workspace)
                sys.stdout.write(_welcome(workspace.url, workspace.tour))
                sys.stdout.flush()

            connected = asyncio.Event()
            try:
                async with asyncio.TaskGroup() as tasks:
                    welcoming = tasks.create_task(welcome())
                    await serve(settings, clock=clock, stop=stop, ready=connected.set, is_demo=True)
                    welcoming.cancel()
            except ExceptionGroup as group:
                raise group.exceptions[0] from None


def _publish(workspace: Workspace) -> None:
    """Publish the first stories of the workspace's feed."""
    for title, text in NEWS[:_PUBLISHED]:
        workspace.feed.publish(title, text)
    workspace.feed.drafts = [*NEWS[_PUBLISHED:]]


def _add_outsiders(workspace: Workspace) -> None:
    """Add a guest, and somebody of another company who shares a channel."""
    guest = workspace.add_person("Dina Reyes", tz="America/Mexico_City", is_restricted=True)
    stranger = workspace.add_person("Emre Kaya", tz="Europe/Istanbul", is_stranger=True)
    workspace.channels[WORLD_NEWS].members |= {guest.id, stranger.id}


async def _subscribe(workspace: Workspace, settings: Settings) -> None:
    """Add the workspace's feed to the bot's sources."""
    async with open_store(settings.database_url) as store:
        await store.sources.add(
            workspace.feed.url,
            now=workspace.clock(),
            team_id=TeamId(workspace.team_id),
            added_by=ANA,
        )


async def _topics(settings: Settings) -> Sequence[str]:
    """Return the first topics of the loaded stories."""
    async with open_store(settings.database_url, is_looking=True) as store:
        return [topic.name for topic in store.corpus.topics[:2]]


async def _fill_channel(workspace: Workspace) -> None:
    """Post a conversation with the bot, so that a newcomer sees an active channel."""
    workspace.post_as(
        CHLOE,
        WORLD_NEWS,
        "Hello everyone! @parley is new here. It finds a story by a few words, and asks us a"
        " question when we want one. Ben, will you try it?",
    )
    await workspace.type(str(Command.DISCUSS), user=BEN, channel=WORLD_NEWS)
    preview = workspace.messages(WORLD_NEWS, BEN)[-1]
    if Action.DISCUSS_POST not in json.dumps(preview["blocks"]):
        return  # the corpus has no questions
    await workspace.press(BEN, Action.DISCUSS_POST, channel=WORLD_NEWS, ts=preview["ts"])
    try:
        async with asyncio.timeout(_POST_SECONDS):
            await workspace.called("chat.postMessage", 2)
    except TimeoutError:
        return
    question = workspace.messages(WORLD_NEWS)[-1]
    for who, text in (
        (CHLOE, "I would start with who gains if nothing changes."),
        (BEN, "And with who is not in the room. What do you think, @ana?"),
    ):
        workspace.post_as(who, WORLD_NEWS, text, thread_ts=question["ts"])


def _welcome(url: str, tour: Mapping[str, Any]) -> str:
    whys = (
        "find a story, misspelt or not; then press Share to channel",
        "a question for the channel, shown to you first",
        "a question a day; then move the clock to the next 09:30",
    )
    tries = [step["try"] for step in tour["steps"][: len(whys)]]
    width = max(map(len, tries))
    lines = "".join(f"  {each:{width}}  {why}\n" for each, why in zip(tries, whys, strict=True))
    return (
        f"\nParley is running: open {url}\n\nTry first:\n{lines}\n"
        "With stories of your own: make demo CORPUS=path/to/folder. Ctrl-C ends it, and\n"
        "forgets what you tried.\n"
    )


def _is_about_port(error: OSError) -> bool:
    # EACCES may also be about a file, and then the error has its name.
    return error.errno in (errno.EADDRINUSE, errno.EACCES) and not error.filename


async def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Run the demo until a signal; return the exit code."""
    settings = Settings.from_env({"LOG_LEVEL": "warning", **environ}, connecting=False)
    configure_logging(level=settings.log_level, style="text")
    try:
        with DEADLINE.on_signals() as stop:
            await demo(
                port=arguments.port,
                corpus=arguments.corpus,
                agent_view=settings.agent_view,
                command_prefix=settings.command_prefix,
                stop=stop,
            )
    except OSError as error:
        if not _is_about_port(error):
            raise
        is_taken = error.errno == errno.EADDRINUSE
        complain(
            f"Port {arguments.port} {'is taken by another program' if is_taken else 'needs root'}:"
            " `make demo PORT=0`, or `python -m bot demo --port 0`, takes any free port."
        )
        return 1
    return 0
