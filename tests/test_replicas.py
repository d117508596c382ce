"""Several bots on one database: each channel gets one message, and all have the same corpus."""

import asyncio
import re
import signal
from collections import Counter
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import pytest

from bot.app import Parley, assemble, load_first
from bot.clock import system_clock
from bot.entrances.http_mode import PATH
from bot.manifest import manifest
from bot.settings import Settings
from bot.workspace import Workspace
from bot.workspace.model.traffic import Call
from bot.workspace.people.team import Team
from store import open_store
from store.teams.token_cipher import new_key
from store.types import Found
from tests import postgres
from tests.bot.conftest import FORM, command, signed
from tests.conftest import CORPUS
from tests.handlers.conftest import texts
from tests.ids import ANA, GENERAL
from tests.machine import NOW, running_clock
from tests.replicas import POST, post_to_many
from tests.test_end_to_end import bot, end, line_with
from tests.visitor import Visitor


async def test_each_schedule_posts_one_question_though_a_bot_is_killed(
    postgres_server: str, tmp_path: Path
) -> None:
    channels = 8
    async with postgres.schema(postgres_server) as url:
        outcome = await post_to_many(
            url, tmp_path, channels=channels, replicas=3, kill_after=5, call_seconds=0.5
        )
    assert outcome.cut_off
    assert outcome.looked_up
    assert outcome.questions == Counter({3: channels})
    assert outcome.stories == Counter({1: 3 * channels})


async def test_a_reload_anywhere_is_followed(database_url: str, tmp_path: Path) -> None:
    talks = "Talks\nEnvoys met in Geneva.\nIt matters.\nWhat next for Geneva?\n"
    (tmp_path / "talks.txt").write_text(talks)
    async with open_store(database_url) as one, open_store(database_url) as two:
        await one.loads.reload(tmp_path, by="U1", at=NOW)
        assert not isinstance(await two.corpus.find("geneva"), Found)
        await two.revisions.follow()
        assert isinstance(await two.corpus.find("geneva"), Found)
        assert two.corpus.revision == one.corpus.revision
        # Then the other way round, from the revision that it followed to.
        (tmp_path / "ports.txt").write_text(talks.replace("Geneva", "Gdansk"))
        assert (await two.loads.reload(tmp_path, by="U1", at=NOW)).revision.added == 1
        await one.revisions.follow()
        assert isinstance(await one.corpus.find("gdansk"), Found)
        before = one.corpus.finder
        await one.revisions.follow()
        assert one.corpus.finder is before


async def test_a_bot_follows_another_s_reload_at_its_next_tick(
    postgres_server: str, tmp_path: Path
) -> None:
    """The number of stories is the same; one of them has other words."""
    talks = tmp_path / "corpus" / "talks.txt"
    talks.parent.mkdir()
    talks.write_text(CORPUS["talks.txt"])
    async with (
        postgres.schema(postgres_server) as url,
        Workspace(manifest=manifest(), clock=running_clock()) as workspace,
    ):
        settings = Settings(
            slack_bot_token=workspace.bot_token,
            slack_app_token=workspace.app_token,
            slack_api_url=workspace.api_url,
            database_url=url,
            corpus_dir=talks.parent,
        )
        async with (
            assemble(settings, clock=lambda: NOW) as one,
            assemble(settings, clock=lambda: NOW) as two,
        ):

            async def answer(parley: Parley, words: str) -> str:
                return str((await parley.intake.take(command(f"/brief {words}"))).body)

            # Each bot has answered this query before, and caches its answers.
            for parley in (one, two):
                assert "nine countries" in await answer(parley, "zelenskiy")
            talks.write_text(talks.read_text().replace("nine countries", "Paraguay"))
            await one.store.loads.reload(talks.parent, by=ANA, at=NOW)
            assert "Paraguay" in await answer(one, "zelenskiy")
            assert "nine countries" in await answer(two, "zelenskiy")
            await two.ticker.tick()
            for words in ("zelenskiy", "paraguay"):
                assert "for talks with envoys from Paraguay" in await answer(two, words)
            assert two.store.corpus.revision == one.store.corpus.revision


async def test_bots_that_start_at_once_load_the_first_corpus_once(database_url: str) -> None:
    stores = [open_store(database_url) for _ in range(3)]
    async with AsyncExitStack() as stack:
        opened = [await stack.enter_async_context(store) for store in stores]
        await asyncio.gather(*(load_first(store, Settings(), lambda: NOW) for store in opened))
        assert {store.corpus.revision and store.corpus.revision.number for store in opened} == {1}
        for store in opened:
            assert isinstance(await store.corpus.find("zelenskiy"), Found)


async def test_a_reload_starts_from_another_replica_s_revision(
    database_url: str, tmp_path: Path
) -> None:
    """To reload the same folder on a second replica changes nothing."""
    (tmp_path / "a.txt").write_text("Talks\nEnvoys met in Geneva.\nIt matters.\nWhat next?\n")
    async with open_store(database_url) as one, open_store(database_url) as two:
        await one.loads.reload(tmp_path, by="U1", at=NOW)
        reload = await two.loads.reload(tmp_path, by="U2", at=NOW)
        assert not reload.is_changed
        assert reload.revision.number == 1


# slack_sdk still builds its Authorization header like this; our code does not.
@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")
async def test_two_bots_serve_two_workspaces(postgres_server: str, tmp_path: Path) -> None:
    """Installations, posts and uninstalls that one bot handles also apply to the other."""
    clock, shape = running_clock(), manifest("http://127.0.0.1", is_shared=True)
    (tmp_path / "corpus").mkdir()
    for name, text in CORPUS.items():
        (tmp_path / "corpus" / name).write_text(text)
    async with (
        postgres.schema(postgres_server) as url,
        Workspace(manifest=shape, clock=clock, retry_waits=()) as first,
        aiohttp.ClientSession() as browser,
    ):
        first.uninstall()
        await first.settled()
        first.pace = False
        second = first.add_team("Second Harbour")
        environ = {
            "SLACK_SIGNING_SECRET": first.signing_secret,
            "PORT": "0",
            "SLACK_CLIENT_ID": first.client_id,
            "SLACK_CLIENT_SECRET": first.client_secret,
            "ENCRYPTION_KEY": new_key(),
            "SLACK_API_URL": first.api_url,
            "CLOCK_URL": f"{first.url}page/clock",
            "CORPUS_DIR": str(tmp_path / "corpus"),
            "DATABASE_URL": url,
        }
        async with (
            bot("run", folder=tmp_path, **environ) as one,
            bot("run", folder=tmp_path, **environ) as other,
        ):
            urls = []
            for process in (one, other):
                assert process.stderr
                line = await line_with(process.stderr, "listening on port")
                (port,) = re.findall(r"port (\d+)", line)
                urls.append(f"http://127.0.0.1:{port}")
            here, there = (Visitor(browser=browser, url=url) for url in urls)

            async def typed(team: Team, text: str, answer: str) -> None:
                delivery = await team.type(text, user=ANA, channel=GENERAL)
                assert delivery.acked, delivery.error
                await team.seen(GENERAL, lambda one: answer in texts([one]), user=ANA)

            async def answer(team: Team, by: Visitor) -> str:
                """Send a command of a team to one of the bots, as Slack would."""
                where = team._state.new_response_url(user=ANA, channel=GENERAL)
                asked = command("/brief geneva", team_id=team.team_id, response_url=where)
                body = urlencode(asked)
                at = system_clock().timestamp()
                headers = {"Content-Type": FORM}
                headers |= signed(body, at, secret=first.signing_secret)
                async with browser.post(f"{by.url}{PATH}", data=body, headers=headers) as response:
                    assert response.status == 200
                    return await response.text() or team.messages(GENERAL, ANA)[-1]["text"]

            async def posted(team: Team, words: str, *, after: str = "") -> str:
                """Wait for a post and the story in its thread; return the ts of the post."""
                post = await team.seen(
                    GENERAL, lambda one: words in texts([one]) and one["ts"] > after
                )
                ts: str = post["ts"]
                await team.seen(GENERAL, lambda one: one["ts"] > ts, thread_ts=ts)
                return ts

            # One team installs by one bot; the other starts with one bot and ends with the other.
            assert (await here.install(first))[0] == 200
            where, cookie = await here.begin()
            assert (await there.end(await here.decide(where, second), cookie))[0] == 200

            await first.set_request_url(f"{there.url}{PATH}")
            at = f"{clock() + timedelta(hours=1):%H:%M} daily UTC"
            for team, what in ((first, ""), (second, "2 stories")):
                team.invite(GENERAL, first.bot_user_id)
                await typed(team, "/brief geneva", "Zelenskiy flew to Geneva")
                await typed(team, f"/digest on {at} {what}", "every day (UTC)")
            clock.move(timedelta(hours=1))
            await posted(first, "Question of the day")
            digest = await posted(second, "Today's stories")

            # Slack tells one bot that the first team has uninstalled, and the other bot notices.
            first.uninstall()
            await first.settled()
            for by in (here, there):
                assert "not installed in this workspace" in await answer(first, by)
                assert "Zelenskiy flew to Geneva" in await answer(second, by)
            clock.move(timedelta(days=1))
            await posted(second, "Today's stories", after=digest)
            for process in (one, other):
                await end(process, signal.SIGTERM)
        posts = [
            one for one in first.calls if one.method == POST and one.args["channel"] == GENERAL
        ]
        assert all(post.is_ok for post in posts)
        # A post and its story each: of the first team for one day, of the second for two days.
        assert Counter(_delivered(post).partition(":")[0] for post in posts) == {
            first.team_id: 2,
            second.team_id: 4,
        }
        assert len({_delivered(post) for post in posts}) == len(posts)


def _delivered(post: Call) -> str:
    key: str = post.args["metadata"]["event_payload"]["delivery_key"]
    return key
