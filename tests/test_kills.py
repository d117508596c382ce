"""No message is sent twice, even after SIGKILL at any step of a post.

The bot has no hooks for these tests. A lock on the database, or a slow or missing answer of the
local workspace, stops the process at the step where it is killed. `make bench-posting` does the
same a thousand times at random moments.
"""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable

import pytest

from benchmarks.scene import CHANNEL, POST, Scene, with_scene
from bot.workspace import Fault
from store import open_store
from tests import postgres
from tests.machine import PATIENCE


async def before_the_claim(scene: Scene) -> None:
    """The post is planned, and the process waits for the database to claim it."""
    (process,) = scene.processes
    assert process.pid
    os.kill(process.pid, signal.SIGSTOP)
    await scene.go_to_next_occurrence()
    async with open_store(scene.settings.database_url) as store:
        await store.planning.plan_due(scene.now)
    async with scene.database.transaction():
        os.kill(process.pid, signal.SIGCONT)
        # No event shows that it waits; if it does not wait yet, it is killed even earlier.
        await asyncio.sleep(0.2)
        assert await scene.states() == {scene.key: "planned"}
        await scene.kill()


async def the_row_says_sending(scene: Scene) -> None:
    """The claim is stored, and the request may have been sent or not."""
    held = hold(scene)
    await scene.go_to_next_occurrence()
    while (await scene.states()).get(scene.key) != "sending":  # noqa: ASYNC110 -- it tells nobody
        await asyncio.sleep(0.001)
    await scene.kill()
    held.end()


async def the_request_is_lost(scene: Scene) -> None:
    """The claim is stored, and the request is lost."""
    held, before = hold(scene), calls(scene)
    await scene.go_to_next_occurrence()
    await scene.workspace.received(POST, before + 1)
    await scene.kill()
    scene.workspace.remove(CHANNEL, scene.workspace.bot_user_id)
    held.end()
    await scene.workspace.called(POST, before + 1)
    scene.workspace.invite(CHANNEL, scene.workspace.bot_user_id)
    assert not scene.count()


async def on_the_wire_and_accepted_later(scene: Scene) -> None:
    """The request has arrived; the workspace posts the message after the process is dead."""
    held = hold(scene)
    await scene.go_to_next_occurrence()
    await scene.workspace.received(POST, calls(scene) + 1)
    await scene.kill()
    assert not scene.count()
    held.end()


async def on_the_wire_and_accepted(scene: Scene) -> None:
    """The message is in the channel, and its answer is never read."""
    hold(scene, after=True)
    await scene.go_to_next_occurrence()
    await scene.workspace.seen(CHANNEL, lambda message: message["metadata"])
    await scene.kill()
    assert await scene.states() == {scene.key: "sending"}


async def after_the_answer(scene: Scene) -> None:
    """The answer has arrived, and the process waits for the database to record it."""
    held, before = hold(scene, after=True), calls(scene)
    await scene.go_to_next_occurrence()
    await scene.workspace.seen(CHANNEL, lambda message: message["metadata"])
    async with scene.database.transaction():
        held.end()
        await scene.workspace.called(POST, before + 1)
        # No event shows that the answer is read; if it is not yet, it is killed even earlier.
        await asyncio.sleep(0.2)
        await scene.kill()
    assert await scene.states() == {scene.key: "sending"}


async def after_the_record(scene: Scene) -> None:
    """The question is recorded, and its story is not sent yet."""
    await scene.go_to_next_occurrence()
    while (await scene.states()).get(scene.key) != "sent":  # noqa: ASYNC110 -- it tells nobody
        await asyncio.sleep(0.001)
    await scene.kill()


def hold(scene: Scene, *, after: bool = False) -> Fault:
    """Hold the next call that posts, before or after it is done, until the fault is ended."""
    fault = Fault(method=POST, kind="delay", seconds=PATIENCE, after=after)
    scene.workspace.faults.add(fault)
    return fault


def calls(scene: Scene) -> int:
    return len([call for call in scene.workspace.calls if call.method == POST])


@pytest.mark.parametrize(
    "point",
    [
        before_the_claim,
        the_row_says_sending,
        the_request_is_lost,
        on_the_wire_and_accepted_later,
        on_the_wire_and_accepted,
        after_the_answer,
        after_the_record,
    ],
    ids=lambda point: point.__name__,
)
async def test_a_bot_that_is_killed_and_restarted_posts_once(
    database_url: str, point: Callable[[Scene], Awaitable[None]]
) -> None:
    """Restart one process with SQLite, and two with PostgreSQL."""

    async def run(scene: Scene) -> None:
        await scene.start()
        await point(scene)
        assert not scene.processes
        keys = scene.keys
        await scene.start(1 if database_url.startswith("sqlite") else 2)
        await scene.settle()
        assert scene.count() == {key + of: 1 for key in keys for of in ("", ":story")}

    await with_scene(database_url, run)


async def test_two_bots_post_once(postgres_server: str) -> None:
    """Two processes try to send the same posts of a week."""

    async def run(scene: Scene) -> None:
        await scene.start(2)
        for _ in range(7):
            await scene.go_to_next_occurrence()
            await scene.settle()
        assert set(scene.count().values()) == {1}
        assert len(scene.count()) == 7 * 3 * 2

    async with postgres.schema(postgres_server) as url:
        await with_scene(url, run)
