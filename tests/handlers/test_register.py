"""Listeners: a test uses every id, and Bolt knows every parameter of every listener."""

import inspect
from collections.abc import Awaitable, Callable
from enum import Enum, StrEnum
from typing import Any

import pytest
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from handlers import ids
from handlers.button_value import Value
from handlers.ids import Action, Block, Command, Field, Modal, Shortcut, Step
from handlers.views.question import MENU_WHY
from store.types import FeedChange
from tests.handlers.conftest import Slack, Switches, dm, labels
from tests.handlers.features.test_delete_post import deleted
from tests.handlers.features.test_schedule_actions import choose, posted
from tests.handlers.features.test_sources import add_feed
from tests.handlers.features.test_uploads import upload
from tests.handlers.jobs.test_posting import lose_outcome
from tests.ids import ANA, BEN, GENERAL, RANDOM, TEAM

_NAMES = {
    "self",
    "context",
    *inspect.signature(AsyncArgs.__init__).parameters,
    *dict(inspect.getmembers(AsyncBoltContext, lambda one: isinstance(one, property))),
}


@pytest.fixture
def switches() -> Switches:
    return {"agent_view": True, "workflow_steps": True}


async def test_every_listener_parameter_is_known_to_bolt(slack: Slack) -> None:
    """Bolt passes None for an unknown name, and only logs a warning."""
    listeners = slack.parley.app._async_listeners
    assert len(listeners) > 20
    for listener in listeners:
        for function in (listener.ack_function, *listener.lazy_functions):
            names = set(inspect.signature(function).parameters)
            assert names <= _NAMES, (function, names - _NAMES)


async def found(slack: Slack, words: str = "geneva") -> dict[str, Any]:
    (answer,) = await slack.type(f"/brief {words}")
    return answer


def command(line: str) -> Callable[[Slack], Awaitable[Any]]:
    async def way(slack: Slack) -> None:
        assert await slack.type(line)

    return way


def answered(action: str, words: str = "geneva") -> Callable[[Slack], Awaitable[Any]]:
    async def way(slack: Slack) -> None:
        assert await slack.press(action, await found(slack, words))

    return way


async def go_back(slack: Slack) -> None:
    (alike,) = await slack.press(Action.BRIEF_LIKE, await found(slack, "geneva"))
    await slack.press(Action.BRIEF_BACK, alike)


async def read_on(slack: Slack) -> None:
    text = "A long story of a quarry. " * 500
    (slack.corpus / "long.txt").write_text(f"Quarry\n{text}\nInsight.\nWhy?\n")
    await slack.type("/corpus reload")
    await slack.press(Action.STORY_READ, await found(slack, "quarry"))


async def open_link(slack: Slack) -> None:
    header = "url: https://example.org/quarry\n\n"
    (slack.corpus / "link.txt").write_text(f"{header}Quarry\nA quarry reopened.\nSo.\nWhy?\n")
    await slack.type("/corpus reload")
    answer = await found(slack, "quarry")
    # Slack opens the link itself: the answer stays, and nothing is added.
    assert (await slack.press(Action.STORY_OPEN, answer))[-1] == answer


async def preview(slack: Slack, action: str, channel: str = GENERAL) -> list[dict[str, Any]]:
    (shown,) = await slack.type("/discuss", channel=channel)
    return await slack.press(action, shown, channel=channel)


async def join(slack: Slack) -> None:
    offer = (await preview(slack, Action.DISCUSS_POST, RANDOM))[-1]
    await slack.press(Action.DISCUSS_JOIN, offer, channel=RANDOM)
    assert slack.public(RANDOM)


async def start(slack: Slack) -> None:
    (answer,) = await slack.say("geneva", channel=dm(ANA))
    await slack.press(Action.DISCUSS_START, answer, channel=dm(ANA))
    assert slack.modal()


async def discussion(slack: Slack) -> None:
    await slack.workspace.use_shortcut(ANA, Shortcut.DISCUSSION)
    await slack.settled()
    modal = slack.modal()
    assert modal
    chosen = {Block.CHANNEL: {Field.CHANNEL: {"selected_conversation": GENERAL}}}
    await slack.submit(modal, chosen | {Block.WORDS: {Field.WORDS: {"value": "geneva"}}})
    shown = slack.modal()
    assert shown
    await slack.submit(shown)
    assert slack.public()


async def delete(slack: Slack) -> None:
    await preview(slack, Action.DISCUSS_POST)
    await deleted(slack, slack.public()[-1]["ts"])
    assert not slack.public()


async def related(slack: Slack) -> None:
    root = slack.workspace.post_as(ANA, GENERAL, "geneva")
    await slack.workspace.use_message_shortcut(ANA, Shortcut.RELATED, GENERAL, root["ts"])
    await slack.settled()


def at_home(action: str, **chosen: Any) -> Callable[[Slack], Awaitable[Any]]:
    async def way(slack: Slack) -> None:
        await slack.workspace.open_home(ANA)
        await slack.settled()
        home = slack.workspace.home(ANA)
        assert home
        assert await slack.press_in(home, action, **chosen)

    return way


async def pages(slack: Slack) -> None:
    names = [f"{a}{end}" for a in "BDFGKLMNPRSTVZ" for end in ("alupo", "eriki", "osuma")]
    towns = "".join(f"A visit to {name} went well.\nGood.\nWhy?\n" for name in names)
    (slack.corpus / "towns.txt").write_text(f"Towns\n{towns}")
    await slack.type("/corpus reload")
    await slack.workspace.open_home(ANA)
    await slack.settled()
    home = slack.workspace.home(ANA)
    assert home
    await slack.press_in(home, f"{Action.HOME_PAGE}_0")


async def uploaded(slack: Slack) -> None:
    offered = await upload(slack)
    await slack.press(Action.CORPUS_ADD, offered, channel=dm(ANA))


async def source_menu(slack: Slack) -> None:
    feed = await add_feed(slack)
    (shown,) = await slack.type("/corpus sources")
    option = Value(key=feed.id, words=FeedChange.REMOVE).encode()
    (asked,) = await slack.press(Action.SOURCE_MORE, shown, selected_option=option)
    assert labels(asked) == ["Remove", "Keep it"]
    assert await slack.press(Action.SOURCE_REMOVE, asked)


def step(name: str, **inputs: str) -> Callable[[Slack], Awaitable[Any]]:
    async def way(slack: Slack) -> None:
        done = await slack.workspace.over(slack.workspace.run_step(name, inputs))
        assert done.status == "completed"

    return way


async def undo(slack: Slack) -> None:
    (slack.corpus / "ports.txt").unlink()
    await slack.type("/corpus reload")
    (history,) = await slack.type("/corpus history")
    await slack.press(Action.CORPUS_UNDO, history)
    assert slack.modal()


async def menu(slack: Slack) -> None:
    assert await choose(slack, await posted(slack), MENU_WHY)


async def resume(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    slack.workspace.archive(GENERAL, ANA)
    slack.clock.forward(minutes=91)
    await slack.parley.ticker.tick()
    await slack.press(Action.DIGEST_RESUME, slack.public(dm(ANA))[-1], channel=dm(ANA))


def unsure(action: str) -> Callable[[Slack], Awaitable[Any]]:
    async def way(slack: Slack) -> None:
        notice = await lose_outcome(slack, arrives=True)
        await slack.press(action, notice, channel=dm(ANA))

    return way


async def form(slack: Slack) -> None:
    await slack.type("/digest")
    modal = slack.modal()
    assert modal
    modal = await slack.press_in(modal, Field.KIND, selected_option="digest")
    assert modal
    await slack.submit(modal)
    assert await slack.parley.store.schedules.list(TEAM)


def options(field: Field) -> Callable[[Slack], Awaitable[Any]]:
    async def way(slack: Slack) -> None:
        await slack.type("/digest")
        modal = slack.modal()
        assert modal
        delivery = await slack.workspace.options(ANA, field, "", view_id=modal["id"])
        assert delivery.answer["options"]

    return way


async def set_up(slack: Slack) -> None:
    (shown,) = await slack.type("/digest help")
    await slack.press(Action.DIGEST_SET, shown)
    assert slack.modal()


async def guess(slack: Slack) -> None:
    (shown,) = await slack.type("/digest lits")
    await slack.press(Action.DIGEST_GUESS, shown)


async def confirm(slack: Slack) -> None:
    await slack.type("/digest on 09:30", user=BEN)
    (shown,) = await slack.type("/digest off")
    await slack.press(Action.DIGEST_CONFIRM, shown)


async def join_for_schedule(slack: Slack) -> None:
    (offer,) = await slack.type("/digest on 09:30", channel=RANDOM)
    await slack.press(Action.DIGEST_JOIN, offer, channel=RANDOM)


async def change(slack: Slack) -> None:
    await slack.type("/digest on 09:30")
    (shown,) = await slack.type("/digest list")
    menu = shown["blocks"][1]["accessory"]
    edit = menu["options"][0]["value"]
    await slack.press(Action.DIGEST_CHANGE, shown, selected_option=edit)
    assert slack.modal()


async def turn(slack: Slack) -> None:
    for number in range(21):
        members = [ANA, slack.workspace.bot_user_id]
        where = slack.workspace.add_channel(f"room-{number}", members=members)
        await slack.type("/digest on 09:30", channel=where.id)
    (shown,) = await slack.type("/digest list")
    await slack.press(f"{Action.DIGEST_PAGE}_0", shown)


async def unasked(slack: Slack) -> dict[str, Any]:
    """Load a story without a question, and return the answer that shows it."""
    story = '{"headline": "Fog", "summary": "Ferries wait in the fog."}'
    (slack.corpus / "fog.jsonl").write_text(story)
    await slack.type("/corpus reload")
    return await found(slack, "ferries")


async def write_question(slack: Slack) -> None:
    await slack.press(Action.QUESTION_WRITE, await unasked(slack))
    modal = slack.modal()
    assert modal
    written: dict[str, Any] = {
        Block.INSIGHT: {Field.INSIGHT: {"value": "Fog costs money."}},
        Block.QUESTION: {Field.QUESTION: {"value": "Who pays?"}},
    }
    await slack.submit(modal, written)
    assert "Who pays?" in str(await found(slack, "ferries"))


async def next_unasked(slack: Slack) -> None:
    await unasked(slack)
    (status,) = await slack.type("/corpus status")
    await slack.press(Action.QUESTION_NEXT, status)
    assert slack.modal()


WAYS: dict[StrEnum, Callable[[Slack], Awaitable[Any]]] = {
    Command.BRIEF: command("/brief geneva"),
    Command.DISCUSS: command("/discuss"),
    Command.DIGEST: command("/digest list"),
    Command.CORPUS: command("/corpus"),
    Action.BRIEF_SHARE: answered(Action.BRIEF_SHARE),
    Action.BRIEF_DISCUSS: answered(Action.BRIEF_DISCUSS),
    Action.BRIEF_NEXT: answered(Action.BRIEF_NEXT),
    Action.BRIEF_PREVIOUS: answered(Action.BRIEF_PREVIOUS),
    Action.BRIEF_BACK: go_back,
    Action.BRIEF_PICK: answered(Action.BRIEF_PICK, "qwzrt strike"),
    Action.BRIEF_TOPIC: answered(f"{Action.BRIEF_TOPIC}_0", "help"),
    Action.BRIEF_LIKE: answered(Action.BRIEF_LIKE),
    Action.BRIEF_ASK: answered(Action.BRIEF_ASK, "kubernetes"),
    Action.STORY_READ: read_on,
    Action.STORY_OPEN: open_link,
    Action.DISCUSS_POST: lambda slack: preview(slack, Action.DISCUSS_POST),
    Action.DISCUSS_ANOTHER: lambda slack: preview(slack, Action.DISCUSS_ANOTHER),
    Action.DISCUSS_JOIN: join,
    Action.DISCUSS_START: start,
    Action.HOME_SEARCH: at_home(Action.HOME_SEARCH, value="geneva"),
    Action.HOME_PAGE: pages,
    Action.CORPUS_CHECK: at_home(Action.CORPUS_CHECK),
    Action.CORPUS_MORE: at_home(
        Action.CORPUS_MORE, selected_option=Value(words="history").encode()
    ),
    Action.CORPUS_UNDO: undo,
    Action.CORPUS_RELOAD: at_home(Action.CORPUS_RELOAD),
    Action.CORPUS_ADD: uploaded,
    Action.SOURCE_MORE: source_menu,
    Action.SOURCE_REMOVE: source_menu,
    Action.QUESTION_WRITE: write_question,
    Action.QUESTION_NEXT: next_unasked,
    Action.POST_MORE: menu,
    Action.POST_AGAIN: unsure(Action.POST_AGAIN),
    Action.POST_SEEN: unsure(Action.POST_SEEN),
    Action.DIGEST_RESUME: resume,
    Action.DIGEST_SET: set_up,
    Action.DIGEST_GUESS: guess,
    Action.DIGEST_CONFIRM: confirm,
    Action.DIGEST_CHANGE: change,
    Action.DIGEST_JOIN: join_for_schedule,
    Action.DIGEST_PAGE: turn,
    Modal.SCHEDULE: form,
    Modal.QUESTION: write_question,
    Block.INSIGHT: write_question,
    Block.QUESTION: write_question,
    Field.INSIGHT: write_question,
    Field.QUESTION: write_question,
    Block.KIND: form,
    Block.TIME: form,
    Block.WEEKDAYS: form,
    Block.WEEKS: form,
    Block.ZONE: form,
    Block.HOLIDAYS: form,
    Block.TOPICS: form,
    Block.STORIES: form,
    Block.NEWS: form,
    Block.MAX_AGE: form,
    Block.NAME: form,
    Field.KIND: form,
    Field.TIME: form,
    Field.WEEKDAYS: form,
    Field.WEEKS: form,
    Field.HOLIDAYS: form,
    Field.ZONE: options(Field.ZONE),
    Field.TOPICS: options(Field.TOPICS),
    Field.STORIES: form,
    Field.NEWS: form,
    Field.MAX_AGE: form,
    Field.NAME: form,
    Shortcut.DISCUSSION: discussion,
    Shortcut.RELATED: related,
    Shortcut.DELETE: delete,
    Modal.DELETE: delete,
    Step.FIND_STORY: step(Step.FIND_STORY, words="geneva"),
    Step.PICK_QUESTION: step(Step.PICK_QUESTION, channel=GENERAL),
    Modal.DISCUSSION: discussion,
    Modal.DISCUSSION_PREVIEW: discussion,
    Block.CHANNEL: discussion,
    Block.WORDS: discussion,
    Block.SEARCH: at_home(Action.HOME_SEARCH, value="geneva"),
    Field.CHANNEL: discussion,
    Field.WORDS: discussion,
}
"""{id: what a person does to make Slack send the id back}."""

_GROUPS = (Command, Action, Shortcut, Step, Modal, Block, Field)
_NEVER_SENT_BACK = {Block.DELIVERY}
"""Ids that appear only in a channel's history: see tests/handlers/jobs/test_posting.py."""


@pytest.mark.parametrize("id_", [id_ for group in _GROUPS for id_ in group])
async def test_every_id_goes_through_its_listener(slack: Slack, id_: StrEnum) -> None:
    """A new id that is not in WAYS fails here."""
    if id_ in _NEVER_SENT_BACK:
        return
    await WAYS[id_](slack)
    await slack.settled()
    assert any(id_ in sent for sent in map(_sent, slack.payloads))


async def test_no_group_of_ids_is_left_out() -> None:
    groups = {
        group
        for group in vars(ids).values()
        if inspect.isclass(group) and issubclass(group, Enum) and group.__module__ == ids.__name__
    }
    assert groups == {*_GROUPS, ids.Event}


def _sent(payload: dict[str, Any]) -> set[str]:
    """Return every id in a payload."""
    view = payload.get("view") or {}
    values = view.get("state", {}).get("values", {})
    pressed = payload.get("actions", [])
    function = payload.get("event", {}).get("function", {})
    return {
        payload.get("command", ""),
        payload.get("callback_id", ""),
        payload.get("action_id", ""),
        view.get("callback_id", ""),
        function.get("callback_id", ""),
        *(action["action_id"].rstrip("0123456789").removesuffix("_") for action in pressed),
        *(action["block_id"] for action in pressed),
        *values,
        *(field.partition(":")[0] for fields in values.values() for field in fields),
    }
