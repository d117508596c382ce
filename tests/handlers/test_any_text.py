"""Any text through every input, on both databases, gets an answer and blocks nothing."""

import json
import logging
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from handlers.button_value import Value
from handlers.ids import Action, Block, Shortcut
from store import open_store
from tests import postgres
from tests.handlers.conftest import Slack, dm, texts
from tests.handlers.features.test_start_discussion import filled, opened
from tests.handlers.features.test_uploads import upload
from tests.ids import ANA, BEN, GENERAL
from tests.machine import NOW
from tests.one_child import parsing_in_one_child

MARK = "kubernetes"
"""The typed word. The generated text replaces it in the payload; no story matches it."""

ODD = "\0\ud800\udbff\udc00\udfff\x1b\x7f\x85\u200b\u202e\u2028\ufeff\uffff"
any_text = st.text(st.characters() | st.sampled_from(f'{ODD}<>&`*"\\'), max_size=40)
"""Any Unicode text, including lone surrogates and NUL."""


@pytest.fixture(autouse=True, scope="module")
def _one_child() -> Iterator[None]:
    with parsing_in_one_child():
        yield


@pytest.fixture(params=["sqlite", "postgres"])
async def bot_database(
    request: pytest.FixtureRequest, tmp_path: Path, loaded: Path, corpus: Path
) -> AsyncIterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{shutil.copy(loaded, tmp_path)}"
        return
    async with postgres.database(request.getfixturevalue("postgres_server")) as url:
        async with open_store(url) as store:
            await store.loads.reload(corpus, by="terminal", at=NOW)
        yield url


async def command(slack: Slack, text: str) -> None:
    for name in ("/brief", "/digest", "/discuss", "/corpus", "/brief help", "/digest skip"):
        await slack.type(f"{name} {MARK}")


async def mention(slack: Slack, text: str) -> None:
    await slack.say(f"@Parley {MARK}")


async def direct_message(slack: Slack, text: str) -> None:
    await slack.say(MARK, channel=dm(ANA))


async def shortcut(slack: Slack, text: str) -> None:
    root = slack.workspace.post_as(BEN, GENERAL, MARK)
    await slack.workspace.use_message_shortcut(ANA, Shortcut.RELATED, GENERAL, root["ts"])
    await slack.settled()


async def form(slack: Slack, text: str) -> None:
    await slack.submit(await opened(slack), filled(GENERAL, MARK))


async def home(slack: Slack, text: str) -> None:
    await slack.workspace.open_home(ANA)
    await slack.settled()
    view = slack.workspace.views.home(ANA)
    assert view
    await slack.press_in(view.as_slack(), Action.HOME_SEARCH, block_id=Block.SEARCH, value=MARK)


async def button(slack: Slack, text: str) -> None:
    for value in (Value(words=text).encode(), text, json.dumps({"place": text, "key": text})):
        (answer,) = await slack.type("/brief geneva")
        await slack.press(Action.BRIEF_NEXT, answer, forged=value)


async def request_for_a_topic(slack: Slack, text: str) -> None:
    (answer,) = await slack.type(f"/brief {MARK}")
    if Action.BRIEF_ASK in texts([answer]):
        await slack.press(Action.BRIEF_ASK, answer, forged=Value(words=text).encode())


async def file_name(slack: Slack, text: str) -> None:
    await upload(slack, name=f"{text}.txt")


async def document(slack: Slack, text: str) -> None:
    story = {"headline": text, "summary": text, "question": text}
    await upload(slack, name="a.jsonl", content=json.dumps(story).encode())
    feed = f"<rss version='2.0'><channel><item><title>{text}</title></item></channel></rss>"
    await upload(slack, name="a.rss", content=feed.encode(errors="surrogatepass"))


WAYS: list[Callable[[Slack, str], Awaitable[None]]] = [
    command,
    mention,
    direct_message,
    shortcut,
    form,
    home,
    button,
    request_for_a_topic,
    file_name,
    document,
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@settings(
    max_examples=8,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(text="kuber\0netes")
@example(text="\ud83d\ude00 \udc00\ud83d \ud800")
@example(text="\ud800" * 2000)
@example(text="over and " * 5_000)
@given(text=any_text)
async def test_any_text_is_answered_and_nothing_waits_behind_it(
    slack: Slack,
    caplog: pytest.LogCaptureFixture,
    way: Callable[[Slack, str], Awaitable[None]],
    text: str,
) -> None:
    caplog.clear()
    slack.in_place_of = {MARK: text}
    await way(slack, text)
    slack.in_place_of = {}
    await slack.parley.ticker.tick()
    wrong = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert not wrong, wrong
    sent = json.dumps(
        [[call.args for call in slack.workspace.calls], slack.acks], ensure_ascii=False
    )
    assert "Something went wrong" not in sent
    sent.encode()
    assert "\\u0000" not in sent
    slack.workspace.calls.clear()
