"""The output of `check --corpus` and `history` at the terminal."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.cli.load_report import format_check
from bot.manifest import manifest
from bot.workspace import Fault, Workspace
from store import open_store
from store.types import ChannelId, Order, Timetable
from tests.conftest import write_corpus
from tests.handlers.views.test_preview import alike, effect, made
from tests.ids import GENERAL, RANDOM, T1, TEAM, U1
from tests.machine import NOW, running_clock


def test_the_first_ten_schedules_are_listed_and_the_rest_counted() -> None:
    effects = [effect(number, vanishing=number % 3) for number in range(14)]
    lines = list(format_check(made(effects, schedules=60), {(T1, ChannelId("C02")): "#news"}))
    assert lines[1:5] == [
        "Schedules:",
        "- C00: of its next 10 posts, none would be lost. 12 stories were never posted there",
        "- C01: of its next 10 posts, 1 would be lost. 13 stories were never posted there",
        "- #news: of its next 10 posts, 2 would be lost. 14 stories were never posted there",
    ]
    assert lines[12:] == [
        "- 3 schedules more would lose some of their next posts",
        "- 1 schedule more would lose none of their next posts",
        "… and 46 that were not looked at",
    ]


def test_near_duplicates_are_listed() -> None:
    pair = "a.txt, story 1, and b.txt, story 2"
    story = f"- the story of {pair}: “Envoys met in <Geneva>.”"
    question = f"- the question of {pair}: “Who gains & who loses?”"
    asked = "- asked by 3 of the stories that come: “What now?”"
    assert list(format_check(made([], alike()), {}))[2:] == [story, question, asked]
    assert list(format_check(made([], alike(times=11, passed_over=1234)), {}))[2:] == [
        *[story, question] * 5,
        "… and 12 more",
        *[asked] * 10,
        "… and 1 more such question",
        "- the first 20,000 stories that come were compared; 1,234 more were not",
    ]


@pytest.fixture
async def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Workspace]:
    """Yield a workspace with its token in the environment and two schedules in the database."""
    monkeypatch.chdir(tmp_path)
    folder, url = write_corpus(tmp_path / "corpus"), f"sqlite:///{tmp_path}/parley.db"
    async with (
        Workspace(manifest=manifest(), clock=running_clock()) as workspace,
        open_store(url) as store,
    ):
        monkeypatch.setenv("DATABASE_URL", url)
        monkeypatch.setenv("SLACK_API_URL", workspace.api_url)
        monkeypatch.setenv("SLACK_BOT_TOKEN", workspace.bot_token)
        await store.loads.reload(folder, by="terminal", at=NOW)
        for channel in (GENERAL, RANDOM):
            await store.schedules.set(
                team_id=TEAM,
                channel_id=channel,
                owner_id=U1,
                now=NOW,
                order=Order(
                    timetable=Timetable(at=NOW.time(), weekdays=frozenset({0}), zone="UTC")
                ),
            )
        (folder / "ports.txt").unlink()
        yield workspace


async def schedules(capsys: pytest.CaptureFixture[str]) -> list[str]:
    capsys.readouterr()
    assert await asyncio.to_thread(main, ["check", "--corpus", "corpus"]) == 0
    lines = capsys.readouterr().out.splitlines()
    return lines[lines.index("Schedules:") + 1 :]


@pytest.mark.usefixtures("workspace")
async def test_channels_are_shown_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert await schedules(capsys) == [
        "- #general: of its next 3 posts, 1 would be lost. 2 stories were never posted there",
        "- #random: of its next 3 posts, 1 would be lost. 2 stories were never posted there",
    ]


async def test_a_channel_without_a_name_is_shown_by_id(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    refuse = Fault(method="conversations.info", kind="refuse", error="channel_not_found", times=1)
    workspace.faults.add(refuse)
    assert [line.split(": ")[0] for line in await schedules(capsys)] == [
        f"- {GENERAL}",
        "- #random",
    ]


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize("name", ["SLACK_BOT_TOKEN", "SLACK_API_URL"])
async def test_without_a_token_or_slack_channels_are_shown_by_id(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    if name == "SLACK_BOT_TOKEN":
        monkeypatch.delenv(name)
    else:
        monkeypatch.setenv(name, "http://127.0.0.1:9/api/")
    assert [line.split(": ")[0] for line in await schedules(capsys)] == [
        f"- {GENERAL}",
        f"- {RANDOM}",
    ]
