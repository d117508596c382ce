"""The words that people type are not stored unless they press the button that says so."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from bot.app import _write_misses
from handlers.ids import Action, Block, Field, Shortcut, Step
from store.db import DatabaseError, open_database
from store.types import TeamId, UserId
from tests.handlers.conftest import Slack, Switches, dm, texts
from tests.ids import ANA, BEN, CHLOE, GENERAL, RANDOM, TEAM
from tests.rows import every_row

WORDS = "quixotic zeppelins"
"""Words that are in no story."""


@pytest.fixture
def switches() -> Switches:
    return {"workflow_steps": True}


async def stored(slack: Slack) -> str:
    """Return every row of the database as one text."""
    await slack.parley.ticker.tick()
    async with open_database(slack.settings.database_url) as database:
        return str(await every_row(database))


async def missed(slack: Slack) -> int:
    return await slack.parley.store.misses.number(TEAM, since=slack.clock() - timedelta(days=9))


async def command(slack: Slack) -> Any:
    return await slack.type(f"/brief {WORDS}", user=BEN)


async def discuss(slack: Slack) -> Any:
    return await slack.type(f"/discuss {WORDS}", user=BEN)


async def discussion(slack: Slack) -> Any:
    await slack.workspace.use_shortcut(BEN, Shortcut.DISCUSSION)
    await slack.settled()
    view = slack.modal(BEN)
    assert view
    typed: dict[str, Any] = {
        Block.CHANNEL: {Field.CHANNEL: {"selected_conversation": GENERAL}},
        Block.WORDS: {Field.WORDS: {"value": WORDS}},
    }
    errors = await slack.submit(view, typed, user=BEN)
    assert WORDS in errors[Block.WORDS]


async def home(slack: Slack) -> Any:
    await slack.workspace.open_home(BEN)
    await slack.settled()
    view = slack.workspace.home(BEN)
    assert view
    return await slack.press_in(view, Action.HOME_SEARCH, user=BEN, value=WORDS)


async def step(slack: Slack) -> Any:
    return await slack.workspace.over(slack.workspace.run_step(Step.FIND_STORY, {"words": WORDS}))


async def pick(slack: Slack) -> Any:
    inputs = {"channel": GENERAL, "words": WORDS}
    return await slack.workspace.over(slack.workspace.run_step(Step.PICK_QUESTION, inputs))


async def direct(slack: Slack) -> Any:
    return await slack.say(WORDS, user=BEN, channel=dm(BEN))


async def mention(slack: Slack) -> Any:
    return await slack.say(f"@Parley {WORDS}", user=BEN)


async def in_a_thread(slack: Slack) -> Any:
    root = slack.workspace.post_as(ANA, GENERAL, "What do we know?")
    return await slack.say(f"@Parley {WORDS}", user=BEN, thread_ts=root["ts"])


async def message_shortcut(slack: Slack) -> Any:
    root = slack.workspace.post_as(BEN, GENERAL, WORDS)
    await slack.workspace.use_message_shortcut(ANA, Shortcut.RELATED, GENERAL, root["ts"])
    await slack.settled()


COUNTED = [command, discuss, discussion, home, step, pick, direct, mention, in_a_thread]
UNCOUNTED = [message_shortcut]
Way = Callable[[Slack], Awaitable[Any]]


@pytest.mark.parametrize("way", [*COUNTED, *UNCOUNTED])
async def test_a_look_up_that_finds_nothing_stores_no_words(slack: Slack, way: Way) -> None:
    await way(slack)
    assert await missed(slack) == (way in COUNTED)
    rows = await stored(slack)
    assert not [word for word in WORDS.split() if word in rows]
    assert BEN not in rows
    (answer,) = await slack.type("/corpus missed")
    assert not [word for word in WORDS.split() if word in texts([answer])]


@pytest.mark.parametrize(
    "text", ["", "thanks", "help", "dockworkers", "/digest on 09:30", "skip the next question"]
)
async def test_a_mention_that_looks_nothing_up_or_finds_a_story_is_no_search_miss(
    slack: Slack, text: str
) -> None:
    await slack.say(f"@Parley {text}", user=BEN)
    await slack.say(text or "hello", user=BEN, channel=dm(BEN))
    assert await missed(slack) == 0


@pytest.mark.parametrize("way", [command, discuss, direct, mention, in_a_thread])
async def test_only_the_button_stores_words_and_says_so_before(slack: Slack, way: Way) -> None:
    (answer,) = await way(slack)
    *_, note, buttons = answer["blocks"]
    assert note["elements"][0]["text"] == (
        f"If you ask for it, admins will see “{WORDS}”, but not your name."
    )
    assert [button["action_id"] for button in buttons["elements"]] == [Action.BRIEF_ASK]
    channel, thread_ts = answer.get("channel"), answer.get("thread_ts")
    await slack.press(
        Action.BRIEF_ASK,
        answer,
        user=BEN,
        channel=dm(BEN) if way is direct else channel or GENERAL,
        thread_ts=thread_ts,
    )
    rows = await stored(slack)
    assert WORDS in rows
    assert BEN not in rows
    (answer,) = await slack.type("/corpus missed")
    assert f"“{WORDS}”: asked for once" in answer["text"]
    assert BEN not in texts([answer])


async def test_an_uncertain_match_says_so_too(slack: Slack) -> None:
    (answer,) = await slack.type("/brief qwzrt strike")
    assert "admins will see “qwzrt strike”" in texts([answer])
    assert "qwzrt" not in await stored(slack)


async def test_a_count_that_cannot_be_stored_does_not_fail_the_shutdown(slack: Slack) -> None:
    """The last counts are written when the app closes, after this test."""
    slack.parley.store.misses.add(TeamId("T\ud83d"), at=slack.clock())
    slack.parley.store.misses.add(TEAM, at=slack.clock())


async def test_the_shutdown_continues_without_a_database(
    slack: Slack, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def unreachable() -> None:
        raise DatabaseError("The database is not to be reached.")

    monkeypatch.setattr(slack.parley.store.misses, "write", unreachable)
    await _write_misses(slack.parley.store)
    assert "the last search misses could not be stored" in caplog.text


@pytest.mark.parametrize("erased", [ANA, BEN, CHLOE])
async def test_erasure_reaches_the_notices_of_changed_schedules(
    slack: Slack, erased: UserId
) -> None:
    await slack.type("/digest on 09:30 daily UTC", user=CHLOE)
    for words, user in [("on 18:00 mon", ANA), (f"owner <@{BEN}>", ANA), ("off", ANA)]:
        (answer,) = await slack.type(f"/digest {words}", user=user)
        await slack.press(Action.DIGEST_CONFIRM, answer, user=user)
        await slack.parley.ticker.tick()
        slack.clock.forward(minutes=1)
    notice = slack.public(dm(BEN))[-1]
    await slack.press(Action.DIGEST_GUESS, notice, user=BEN, channel=dm(BEN))
    assert erased in await stored(slack)
    await slack.parley.store.personal_data.forget(TEAM, erased)
    assert erased not in await stored(slack)


@pytest.mark.parametrize("odd", ["\0", "\ud83d"])
async def test_an_odd_character_does_not_block_requests(slack: Slack, odd: str) -> None:
    """Neither this request nor later requests are lost."""
    for words in (f"zeppelins{odd} again", "kubernetes"):
        (answer,) = await slack.type(f"/brief {words}", user=BEN)
        (*_, thanks) = await slack.press(Action.BRIEF_ASK, answer, user=BEN)
        assert thanks["text"].startswith("Thanks!")
    (answer,) = await slack.type("/corpus missed")
    assert "2 look-ups came back empty" in answer["text"]
    assert answer["text"].count("asked for once") == 2


SEEN = "dokworkers"
"""A misspelled word that finds a story but is in no story."""


@pytest.mark.parametrize("where", ["channel", "outside", "thread"])
async def test_a_share_stores_neither_the_person_nor_their_words(slack: Slack, where: str) -> None:
    channel = RANDOM if where == "outside" else GENERAL
    if where == "thread":
        root = slack.workspace.post_as(ANA, GENERAL, "What do we know?")
        (answer,) = await slack.say(f"@Parley {SEEN}", user=BEN, thread_ts=root["ts"])
        await slack.press(Action.BRIEF_SHARE, answer, user=BEN, thread_ts=root["ts"])
        public = slack.public(thread_ts=root["ts"])[-1]
    else:
        (answer,) = await slack.type(f"/brief {SEEN}", user=BEN, channel=channel)
        await slack.press(Action.BRIEF_SHARE, answer, user=BEN, channel=channel)
        (public,) = slack.public(channel)
    # The channel sees who shared the story, but not the words of the look-up.
    assert f"Shared by <@{BEN}>" in texts([public])
    assert SEEN not in str(public)
    rows = await stored(slack)
    assert "'share'" in rows
    assert SEEN not in rows
    assert BEN not in rows


@pytest.mark.parametrize("words", ["/brief dokworkers", "/discuss dokworkers"])
async def test_a_posted_question_stores_neither_the_person_nor_their_words(
    slack: Slack, words: str
) -> None:
    (answer,) = await slack.type(words, user=BEN)
    action = Action.BRIEF_DISCUSS if "brief" in words else Action.DISCUSS_POST
    await slack.press(action, answer, user=BEN)
    (public,) = slack.public()
    assert f"Asked by <@{BEN}>" in texts([public])
    rows = await stored(slack)
    assert "'question'" in rows
    assert SEEN not in rows
    assert BEN not in rows


async def test_a_skip_stores_nobody(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    await slack.type("/digest skip", user=BEN)
    assert "'skipped'" in (rows := await stored(slack))
    assert BEN not in rows


async def test_the_running_bot_deletes_posts_that_are_old(slack: Slack) -> None:
    (answer,) = await slack.type("/brief dockworkers")
    await slack.press(Action.BRIEF_SHARE, answer)
    slack.clock.forward(days=89)
    assert "'share'" in await stored(slack)
    slack.clock.forward(days=2)
    rows = await stored(slack)
    assert "'share'" not in rows
    # The story's id stays on record, so that a digest does not repeat the story.
    assert "('asked', 0), ('shown', 1)" in rows
