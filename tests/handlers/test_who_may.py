"""Permissions: every action, by every role, while Slack answers and while it does not.

Each action ends in one payload, which is held back and then sent once for each role. To find
changes, the tests compare the whole database, the channels and the corpus folder.
"""

import copy
import json
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from enum import Enum, StrEnum, auto
from typing import Any

import pytest
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.manifest import manifest
from bot.workspace import Fault
from bot.workspace.model.directory import (
    BOT_USER_ID,
    SISTER_TEAM_ID,
    STRANGERS_TEAM_ID,
    Person,
)
from bot.workspace.model.tickets import new_id
from handlers.button_value import Value
from handlers.ids import Action, Block, Command, Field, Modal, Shortcut, Step
from handlers.parsing.sub_commands import CorpusWord, DigestWord, MenuWord
from handlers.slack.directory import GUEST, STRANGER, UNKNOWN
from handlers.views.command_buttons import fingerprint
from handlers.views.corpus import MENU as CORPUS_MENU
from handlers.views.delete_post import NOT_THEIRS
from handlers.views.question import MENU_PAUSE, MENU_SKIP, MENU_WHY
from store.types import FeedChange, UserId
from tests.handlers.conftest import Slack, Switches, dm, in_form
from tests.handlers.features.test_schedule_actions import posted
from tests.handlers.features.test_sources import add_feed
from tests.handlers.features.test_uploads import STORY, upload
from tests.handlers.jobs.test_posting import lose_outcome
from tests.ids import ANA, BEN, GENERAL, LEADERS, RANDOM, TEAM

Json = dict[str, Any]


class Role(StrEnum):
    """The kinds of people who do something. The value is the user id."""

    MEMBER = "U0MEMBER"
    GUEST = "U0GUEST"
    SINGLE = "U0SINGLE"
    """A guest of one channel."""
    STRANGER = "U0STRANGER"
    """Somebody of another company; every payload names another team."""
    SISTER = "U0SISTER"
    """Somebody of our Enterprise organization who is not in this workspace."""
    GRID = "U0GRID"
    """A member of this workspace and others of the organization: payloads name the organization."""
    CONNECTED = "U0CONNECTED"
    """Somebody of another workspace, in a shared channel: only users.info has their team's id."""
    DEACTIVATED = "U0GONE"
    ADMIN = "U0ADMIN"
    LISTED = "U0LISTED"
    OWNER = ANA
    """The owner of the schedule; otherwise an ordinary member."""
    BOT = "U0ROBOT"


_PEOPLE: dict[Role, dict[str, Any]] = {
    Role.MEMBER: {},
    Role.GUEST: {"is_restricted": True},
    Role.SINGLE: {"is_restricted": True, "is_ultra_restricted": True},
    Role.STRANGER: {"is_stranger": True, "is_admin": True},
    Role.SISTER: {"teams": (SISTER_TEAM_ID,), "is_admin": True},
    Role.GRID: {"teams": (SISTER_TEAM_ID, TEAM)},
    Role.CONNECTED: {"is_admin": True},
    Role.DEACTIVATED: {"is_deleted": True},
    Role.ADMIN: {"is_admin": True},
    Role.LISTED: {},
    Role.BOT: {"is_bot": True, "is_admin": True},
}
_GUESTS = (Role.GUEST, Role.SINGLE)
_ELSEWHERE = (Role.STRANGER, Role.SISTER)
_OUTSIDERS = (*_ELSEWHERE, Role.CONNECTED, Role.DEACTIVATED, Role.BOT)


class Connected(Person):
    """Somebody of another workspace whom Slack does not mark as a stranger."""

    def as_slack(self, *args: Any) -> Json:
        return {**super().as_slack(*args), "team_id": STRANGERS_TEAM_ID}


class Need(Enum):
    """The right that an action requires."""

    TYPING = auto()
    """For what a form asks while it is filled in."""
    NOTHING = auto()
    """For look-ups."""
    COLLEAGUE = auto()
    FULL_MEMBER = auto()
    OWNER = auto()
    """The schedule's owner, or an admin."""
    DELETER = auto()
    """Who asked for a post, its schedule's owner, or an admin."""
    ADMIN = auto()


_ADMINS = "Only Parley admins can do that."
_OWNERS = f"Only its owner, <@{ANA}>, a manager of the channel or an admin can do that."


def refusal(need: Need, role: Role, *, is_known: bool, names_team: bool) -> str | None:
    """Return the expected refusal of an action with that *need* to that *role*; None if allowed."""
    if is_known and names_team and role in _ELSEWHERE and need is not Need.TYPING:
        return STRANGER
    if need in (Need.NOTHING, Need.TYPING) or role is Role.LISTED:
        return None
    if not is_known:
        return UNKNOWN
    if need is Need.ADMIN:
        return None if role is Role.ADMIN else _ADMINS
    if role in _OUTSIDERS:
        return STRANGER
    if need is Need.DELETER:
        return None if role in (Role.OWNER, Role.ADMIN) else NOT_THEIRS
    if need is not Need.COLLEAGUE and role in _GUESTS:
        return GUEST
    if need is Need.OWNER and role not in (Role.OWNER, Role.ADMIN):
        return _OWNERS
    return None


ANSWERING = "answering"
MODES: dict[str, Fault | None] = {
    "refusing": Fault(method="users.info", kind="refuse", error="user_not_found", times=None),
    "late": None,
    "disconnected": Fault(method="users.info", kind="drop_before", times=None),
    "down": Fault(method="users.info", kind="html", status=503, times=None),
    ANSWERING: None,
}
"""{mode: the fault of users.info}; None for no fault. “late” exceeds the time limit instead."""


async def behave(slack: Slack, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make Slack behave as in *mode*, one of MODES."""
    directory = slack.parley.directory
    (await directory._teams.asking(TEAM)).retry_handlers = []
    # A limit of zero seconds is always exceeded, on any machine.
    monkeypatch.setattr("handlers.slack.directory.ASK_SECONDS", 0 if mode == "late" else 60)
    slack.workspace.faults.clear()
    if fault := MODES[mode]:
        slack.workspace.faults.add(copy.copy(fault))


# --- the actions ---------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Way:
    """An action: *prepare* does it as Ana and returns the last payload without delivering it."""

    prepare: Callable[[Slack], Awaitable[Json]]
    need: Need = Need.NOTHING
    changes: bool = False
    asks: bool = False
    """Whether somebody who is not the owner is asked first."""


def change(need: Need, prepare: Callable[[Slack], Awaitable[Json]]) -> Way:
    return Way(prepare=prepare, need=need, changes=True)


def end(prepare: Callable[[Slack], Awaitable[Json]]) -> Way:
    return Way(prepare=prepare, need=Need.OWNER, changes=True, asks=True)


def look_up(prepare: Callable[[Slack], Awaitable[Json]], need: Need = Need.NOTHING) -> Way:
    return Way(prepare=prepare, need=need)


async def held(slack: Slack, doing: Awaitable[Any]) -> Json:
    """Await *doing* without delivering its payload to the app; return the payload."""
    slack.is_holding = True
    await doing
    await slack.workspace.settled()
    slack.is_holding = False
    return slack.payloads.pop()


def typed(*lines: str, channel: str = GENERAL) -> Callable[[Slack], Awaitable[Json]]:
    """Type *lines*, and hold back the payload of the last line."""

    async def prepare(slack: Slack) -> Json:
        *before, last = lines
        for line in before:
            await slack.type(line, channel=channel)
        return await held(slack, slack.workspace.type(last, user=ANA, channel=channel))

    return prepare


def pressed(
    action: str, line: str, *more: str, channel: str = GENERAL
) -> Callable[[Slack], Awaitable[Json]]:
    """Type *line*, press the buttons *more* one after another, and hold back the press *action*."""

    async def prepare(slack: Slack) -> Json:
        shown = (await slack.type(line, channel=channel))[-1]
        for button in more:
            shown = (await slack.press(button, shown, channel=channel))[-1]
        return await held(
            slack, slack.workspace.press(ANA, action, channel=channel, ts=shown["ts"])
        )

    return prepare


async def read_on(slack: Slack) -> Json:
    text = "A long story of a quarry. " * 500
    (slack.corpus / "long.txt").write_text(f"Quarry\n{text}\nInsight.\nWhy?\n")
    await slack.type("/corpus reload")
    return await pressed(Action.STORY_READ, "/brief quarry")(slack)


def at_home(action: str, **chosen: Any) -> Callable[[Slack], Awaitable[Json]]:
    async def prepare(slack: Slack) -> Json:
        await slack.workspace.open_home(ANA)
        await slack.settled()
        home = slack.workspace.home(ANA)
        assert home
        return await held(slack, slack.workspace.press(ANA, action, view_id=home["id"], **chosen))

    return prepare


async def edit(slack: Slack) -> None:
    """Edit the corpus folder, so that a reload has something to do."""
    file = slack.corpus / "ports.txt"
    file.write_text(file.read_text().replace("night shifts", "the night shifts"))


def edited(prepare: Callable[[Slack], Awaitable[Json]]) -> Callable[[Slack], Awaitable[Json]]:
    async def after_an_edit(slack: Slack) -> Json:
        await edit(slack)
        return await prepare(slack)

    return after_an_edit


def reloaded(prepare: Callable[[Slack], Awaitable[Json]]) -> Callable[[Slack], Awaitable[Json]]:
    async def after_a_reload(slack: Slack) -> Json:
        await edit(slack)
        await slack.type("/corpus reload")
        return await prepare(slack)

    return after_a_reload


async def next_page(slack: Slack) -> Json:
    names = [f"{a}{end}" for a in "BDFGKLMNPRSTVZ" for end in ("alupo", "eriki", "osuma")]
    towns = "".join(f"A visit to {name} went well.\nGood.\nWhy?\n" for name in names)
    (slack.corpus / "towns.txt").write_text(f"Towns\n{towns}")
    await slack.type("/corpus reload")
    return await at_home(f"{Action.HOME_PAGE}_0")(slack)


async def add_document(slack: Slack) -> Json:
    offered = await upload(slack)
    add = slack.workspace.press(ANA, Action.CORPUS_ADD, channel=dm(ANA), ts=offered["ts"])
    return await held(slack, add)


def source(change: FeedChange, *, is_paused: bool = False) -> Callable[[Slack], Awaitable[Json]]:
    """Choose *change* in the menu of a feed."""

    async def prepare(slack: Slack) -> Json:
        feed = await add_feed(slack, is_paused=is_paused)
        (shown,) = await slack.type("/corpus sources")
        option = Value(key=feed.id, words=change).encode()
        choosing = slack.workspace.press(
            ANA, Action.SOURCE_MORE, channel=GENERAL, ts=shown["ts"], selected_option=option
        )
        return await held(slack, choosing)

    return prepare


async def remove_source(slack: Slack) -> Json:
    feed = await add_feed(slack)
    (shown,) = await slack.type("/corpus sources")
    option = Value(key=feed.id, words=FeedChange.REMOVE).encode()
    (asked,) = await slack.press(Action.SOURCE_MORE, shown, selected_option=option)
    pressing = slack.workspace.press(ANA, Action.SOURCE_REMOVE, channel=GENERAL, ts=asked["ts"])
    return await held(slack, pressing)


def unasked(action: Action, line: str) -> Callable[[Slack], Awaitable[Json]]:
    """Load a story without a question, and press the button that writes one below *line*."""

    async def prepare(slack: Slack) -> Json:
        story = '{"headline": "Fog", "summary": "Ferries wait in the fog."}'
        (slack.corpus / "fog.jsonl").write_text(story)
        await slack.type("/corpus reload")
        return await pressed(action, line)(slack)

    return prepare


async def question_form(slack: Slack) -> Json:
    body = await unasked(Action.QUESTION_WRITE, "/brief ferries")(slack)
    await slack.parley.app.async_dispatch(AsyncBoltRequest(body=body, mode="socket_mode"))
    await slack.settled()
    modal = slack.modal()
    assert modal
    written: Json = {Block.QUESTION: {Field.QUESTION: {"value": "Who pays?"}}}
    return await held(slack, slack.workspace.submit(ANA, modal["id"], in_form(modal, written)))


async def drop_document(slack: Slack) -> Json:
    async def share() -> None:
        slack.workspace.share_file("lima.txt", STORY, user=ANA, channel=dm(ANA))

    return await held(slack, share())


def menu(words: str) -> Callable[[Slack], Awaitable[Json]]:
    async def prepare(slack: Slack) -> Json:
        post = await posted(slack)
        option = Value(words=words).encode()
        choosing = slack.workspace.press(
            ANA, Action.POST_MORE, channel=GENERAL, ts=post["ts"], selected_option=option
        )
        return await held(slack, choosing)

    return prepare


def settling(action: str) -> Callable[[Slack], Awaitable[Json]]:
    async def prepare(slack: Slack) -> Json:
        notice = await lose_outcome(slack, arrives=True)
        pressing = slack.workspace.press(ANA, action, channel=dm(ANA), ts=notice["ts"])
        return await held(slack, pressing)

    return prepare


async def resume_by_button(slack: Slack) -> Json:
    await slack.type("/digest on 09:30 daily")
    slack.workspace.remove(GENERAL, BOT_USER_ID)
    slack.clock.forward(minutes=91)
    await slack.parley.ticker.tick()
    notice = slack.public(dm(ANA))[-1]
    slack.workspace.invite(GENERAL, BOT_USER_ID)
    await slack.settled()
    pressing = slack.workspace.press(ANA, Action.DIGEST_RESUME, channel=dm(ANA), ts=notice["ts"])
    return await held(slack, pressing)


async def confirmed(slack: Slack) -> Json:
    """Confirm the end of a schedule that was Ben's, with a button that shows whose it is now."""
    await slack.type(_ON, user=BEN)
    payload = await pressed(Action.DIGEST_CONFIRM, "/digest off")(slack)
    await slack.type(f"/digest owner <@{ANA}>", user=BEN)
    schedules = await slack.parley.store.schedules.of_channel(TEAM, GENERAL)
    (action,) = payload["actions"]
    value = replace(Value.decode(action["value"]), key=fingerprint(schedules))
    return payload | {"actions": [action | {"value": value.encode()}]}


def from_a_list(
    chosen: MenuWord, line: str = "/digest list", *before: str
) -> Callable[[Slack], Awaitable[Json]]:
    """Choose from the menu of a schedule in the list that *line* shows."""

    async def prepare(slack: Slack) -> Json:
        for each in (_ON, *before):
            await slack.type(each)
        (shown,) = await slack.type(line)
        (menu,) = [block["accessory"] for block in shown["blocks"] if block.get("accessory")]
        option = next(each["value"] for each in menu["options"] if f"{chosen}:" in each["value"])
        choosing = slack.workspace.press(
            ANA, Action.DIGEST_CHANGE, channel=GENERAL, ts=shown["ts"], selected_option=option
        )
        return await held(slack, choosing)

    return prepare


async def page_of_the_list(slack: Slack) -> Json:
    for number in range(21):
        where = slack.workspace.add_channel(f"room-{number}", members=[ANA, BOT_USER_ID])
        await slack.type("/digest on 09:30", channel=where.id)
    return await pressed(f"{Action.DIGEST_PAGE}_0", "/digest list")(slack)


async def start_from_a_message(slack: Slack) -> Json:
    (answer,) = await slack.say("geneva", channel=dm(ANA))
    pressing = slack.workspace.press(ANA, Action.DISCUSS_START, channel=dm(ANA), ts=answer["ts"])
    return await held(slack, pressing)


_CHOSEN: dict[str, Any] = {Block.CHANNEL: {Field.CHANNEL: {"selected_conversation": GENERAL}}}


async def form_with_a_story(slack: Slack) -> Json:
    (answer,) = await slack.say("geneva", channel=dm(ANA))
    await slack.press(Action.DISCUSS_START, answer, channel=dm(ANA))
    modal = slack.modal()
    assert modal
    return await held(slack, slack.workspace.submit(ANA, modal["id"], _CHOSEN))


async def form_with_words(slack: Slack) -> Json:
    await slack.workspace.use_shortcut(ANA, Shortcut.DISCUSSION)
    await slack.settled()
    modal = slack.modal()
    assert modal
    return await held(slack, slack.workspace.submit(ANA, modal["id"], _CHOSEN))


async def previewed_form(slack: Slack) -> Json:
    await slack.workspace.use_shortcut(ANA, Shortcut.DISCUSSION)
    await slack.settled()
    modal = slack.modal()
    assert modal
    await slack.submit(modal, _CHOSEN)
    modal = slack.modal()
    assert modal
    return await held(slack, slack.workspace.submit(ANA, modal["id"]))


async def schedule_form(slack: Slack) -> Json:
    await slack.type("/digest")
    modal = slack.modal()
    assert modal
    return await held(slack, slack.workspace.submit(ANA, modal["id"]))


def options(field: Field) -> Callable[[Slack], Awaitable[Json]]:
    async def prepare(slack: Slack) -> Json:
        await slack.type("/digest")
        modal = slack.modal()
        assert modal
        asking = slack.workspace.options(ANA, field, "", view_id=modal["id"])
        return await held(slack, asking)

    return prepare


async def kind_of_post(slack: Slack) -> Json:
    await slack.type("/digest")
    modal = slack.modal()
    assert modal
    choosing = slack.workspace.press(ANA, Field.KIND, view_id=modal["id"], selected_option="digest")
    return await held(slack, choosing)


async def start_a_discussion(slack: Slack) -> Json:
    return await held(slack, slack.workspace.use_shortcut(ANA, Shortcut.DISCUSSION))


async def delete_a_post(slack: Slack) -> Json:
    ts = await scheduled_post(slack)
    using = slack.workspace.use_message_shortcut(ANA, Shortcut.DELETE, GENERAL, ts)
    return await held(slack, using)


async def confirm_deletion(slack: Slack) -> Json:
    ts = await scheduled_post(slack)
    await slack.workspace.use_message_shortcut(ANA, Shortcut.DELETE, GENERAL, ts)
    await slack.settled()
    modal = slack.modal()
    assert modal
    return await held(slack, slack.workspace.submit(ANA, modal["id"], {}))


async def scheduled_post(slack: Slack) -> str:
    await slack.type(_ON)
    await slack.type("/digest now today")
    return str(slack.public()[-1]["ts"])


async def related_stories(slack: Slack) -> Json:
    root = slack.workspace.post_as(ANA, GENERAL, "geneva")
    using = slack.workspace.use_message_shortcut(ANA, Shortcut.RELATED, GENERAL, root["ts"])
    return await held(slack, using)


async def open_home(slack: Slack) -> Json:
    return await held(slack, slack.workspace.open_home(ANA))


async def open_panel(slack: Slack) -> Json:
    return await held(slack, slack.workspace.open_messages(ANA))


async def add_to_channel(slack: Slack) -> Json:
    async def add() -> None:
        slack.workspace.invite(RANDOM, BOT_USER_ID, by=ANA)

    return await held(slack, add())


_ON = "/digest on 09:30 daily"
_SHARING = "/brief geneva"
_COLLEAGUE, _MEMBER, _OWNER, _ADMIN = (
    Need.COLLEAGUE,
    Need.FULL_MEMBER,
    Need.OWNER,
    Need.ADMIN,
)

WAYS: dict[tuple[str, str], Way] = {
    (Command.BRIEF, ""): look_up(typed("/brief geneva")),
    (Command.DISCUSS, ""): look_up(typed("/discuss")),
    (Command.DIGEST, ""): look_up(typed("/digest"), _MEMBER),
    (Command.DIGEST, "typo"): look_up(typed("/digest lits")),
    (Command.DIGEST, "help"): look_up(typed("/digest help")),
    (Command.DIGEST, "list"): look_up(typed(_ON, "/digest list")),
    (Command.DIGEST, "next"): look_up(typed(_ON, "/digest next")),
    (Command.DIGEST, "preview"): look_up(typed(_ON, "/digest preview")),
    (Command.DIGEST, "talk"): look_up(typed(_ON, "/digest talk")),
    (Command.DIGEST, "on"): change(_MEMBER, typed(_ON)),
    (Command.DIGEST, "off"): end(typed(_ON, "/digest off")),
    (Command.DIGEST, "owner"): end(typed(_ON, f"/digest owner <@{BEN}>")),
    (Command.DIGEST, "now"): change(_MEMBER, typed(_ON, "/digest now")),
    (Command.DIGEST, "skip"): change(_MEMBER, typed(_ON, "/digest skip")),
    (Command.DIGEST, "unskip"): change(_MEMBER, typed(_ON, "/digest skip", "/digest unskip")),
    (Command.DIGEST, "pause"): change(_OWNER, typed(_ON, "/digest pause")),
    (Command.DIGEST, "resume"): change(_OWNER, typed(_ON, "/digest pause", "/digest resume")),
    (Command.CORPUS, ""): look_up(typed("/corpus"), _ADMIN),
    (Command.CORPUS, "typo"): look_up(typed("/corpus xylophone"), _ADMIN),
    (Command.CORPUS, "help"): look_up(typed("/corpus help"), _ADMIN),
    (Command.CORPUS, "status"): look_up(typed("/corpus status"), _ADMIN),
    (Command.CORPUS, "check"): look_up(typed("/corpus check"), _ADMIN),
    (Command.CORPUS, "reload"): change(_ADMIN, edited(typed("/corpus reload"))),
    (Command.CORPUS, "undo"): change(_ADMIN, reloaded(typed("/corpus undo"))),
    (Command.CORPUS, "undo 1"): change(_ADMIN, reloaded(typed("/corpus undo 1"))),
    (Command.CORPUS, "history"): look_up(typed("/corpus history"), _ADMIN),
    (Command.CORPUS, "problems"): look_up(typed("/corpus problems"), _ADMIN),
    (Command.CORPUS, "missed"): look_up(typed("/corpus missed"), _ADMIN),
    (Command.CORPUS, "sources"): look_up(typed("/corpus sources"), _ADMIN),
    (Action.BRIEF_SHARE, ""): change(_COLLEAGUE, pressed(Action.BRIEF_SHARE, _SHARING)),
    (Action.BRIEF_SHARE, "outside"): change(
        _COLLEAGUE, pressed(Action.BRIEF_SHARE, _SHARING, channel=RANDOM)
    ),
    (Action.BRIEF_DISCUSS, ""): change(_COLLEAGUE, pressed(Action.BRIEF_DISCUSS, _SHARING)),
    (Action.BRIEF_NEXT, ""): look_up(pressed(Action.BRIEF_NEXT, _SHARING)),
    (Action.BRIEF_PREVIOUS, ""): look_up(pressed(Action.BRIEF_PREVIOUS, _SHARING)),
    (Action.BRIEF_BACK, ""): look_up(pressed(Action.BRIEF_BACK, _SHARING, Action.BRIEF_LIKE)),
    (Action.BRIEF_PICK, ""): look_up(pressed(Action.BRIEF_PICK, "/brief qwzrt strike")),
    (Action.BRIEF_TOPIC, ""): look_up(pressed(f"{Action.BRIEF_TOPIC}_0", "/brief help")),
    (Action.BRIEF_LIKE, ""): look_up(pressed(Action.BRIEF_LIKE, _SHARING)),
    (Action.BRIEF_ASK, ""): change(_COLLEAGUE, pressed(Action.BRIEF_ASK, "/brief kubernetes")),
    (Action.STORY_READ, ""): look_up(read_on),
    (Action.DISCUSS_POST, ""): change(_COLLEAGUE, pressed(Action.DISCUSS_POST, "/discuss")),
    (Action.DISCUSS_ANOTHER, ""): look_up(pressed(Action.DISCUSS_ANOTHER, "/discuss")),
    (Action.DISCUSS_JOIN, ""): change(
        _COLLEAGUE,
        pressed(Action.DISCUSS_JOIN, "/discuss", Action.DISCUSS_POST, channel=RANDOM),
    ),
    (Action.DISCUSS_START, ""): look_up(start_from_a_message),
    (Action.HOME_SEARCH, ""): look_up(at_home(Action.HOME_SEARCH, value="geneva")),
    (Action.HOME_PAGE, ""): look_up(next_page),
    (Action.CORPUS_CHECK, ""): look_up(at_home(Action.CORPUS_CHECK), _ADMIN),
    (Action.CORPUS_UNDO, ""): change(
        _ADMIN, reloaded(pressed(Action.CORPUS_UNDO, "/corpus history"))
    ),
    **{
        (Action.CORPUS_MORE, word): look_up(
            at_home(Action.CORPUS_MORE, selected_option=Value(words=word).encode()), _ADMIN
        )
        for word, _ in CORPUS_MENU
    },
    (Action.CORPUS_RELOAD, ""): change(_ADMIN, edited(at_home(Action.CORPUS_RELOAD))),
    (Action.CORPUS_ADD, ""): change(_ADMIN, add_document),
    (Action.SOURCE_MORE, "pause"): change(_ADMIN, source(FeedChange.PAUSE)),
    (Action.SOURCE_MORE, "resume"): change(_ADMIN, source(FeedChange.RESUME, is_paused=True)),
    (Action.SOURCE_MORE, "refresh"): change(_ADMIN, source(FeedChange.REFRESH)),
    (Action.SOURCE_MORE, "remove"): look_up(source(FeedChange.REMOVE), _ADMIN),
    (Action.SOURCE_REMOVE, ""): change(_ADMIN, remove_source),
    (Action.QUESTION_WRITE, ""): look_up(unasked(Action.QUESTION_WRITE, "/brief ferries"), _ADMIN),
    (Action.QUESTION_NEXT, ""): look_up(unasked(Action.QUESTION_NEXT, "/corpus status"), _ADMIN),
    (Action.POST_MORE, MENU_WHY): look_up(menu(MENU_WHY)),
    (Action.POST_MORE, MENU_SKIP): change(_MEMBER, menu(MENU_SKIP)),
    (Action.POST_MORE, MENU_PAUSE): change(_OWNER, menu(MENU_PAUSE)),
    (Action.POST_AGAIN, ""): change(_OWNER, settling(Action.POST_AGAIN)),
    (Action.POST_SEEN, ""): change(_OWNER, settling(Action.POST_SEEN)),
    (Action.DIGEST_RESUME, ""): change(_OWNER, resume_by_button),
    (Action.DIGEST_SET, ""): look_up(pressed(Action.DIGEST_SET, "/digest help"), _MEMBER),
    (Action.DIGEST_CHANGE, "edit"): look_up(from_a_list(MenuWord.EDIT), _OWNER),
    (Action.DIGEST_CHANGE, "end"): end(from_a_list(MenuWord.END)),
    (Action.DIGEST_CHANGE, "skip"): change(_MEMBER, from_a_list(MenuWord.SKIP, "/digest")),
    (Action.DIGEST_CHANGE, "pause"): change(_OWNER, from_a_list(MenuWord.PAUSE, "/digest")),
    (Action.DIGEST_CHANGE, "resume"): change(
        _OWNER, from_a_list(MenuWord.RESUME, "/digest", "/digest pause")
    ),
    (Action.DIGEST_PAGE, ""): look_up(page_of_the_list),
    (Action.DIGEST_GUESS, ""): change(_MEMBER, pressed(Action.DIGEST_GUESS, "/digest onn 09:30")),
    (Action.DIGEST_CONFIRM, ""): change(_OWNER, confirmed),
    (Action.DIGEST_JOIN, ""): change(_MEMBER, pressed(Action.DIGEST_JOIN, _ON, channel=RANDOM)),
    (Shortcut.DISCUSSION, ""): look_up(start_a_discussion),
    (Shortcut.RELATED, ""): look_up(related_stories),
    (Shortcut.DELETE, ""): look_up(delete_a_post, Need.DELETER),
    (Modal.DELETE, ""): change(Need.DELETER, confirm_deletion),
    (Modal.DISCUSSION, "with a story"): change(_COLLEAGUE, form_with_a_story),
    (Modal.DISCUSSION, "with words"): look_up(form_with_words, _COLLEAGUE),
    (Modal.DISCUSSION_PREVIEW, ""): change(_COLLEAGUE, previewed_form),
    (Modal.SCHEDULE, ""): change(_MEMBER, schedule_form),
    (Modal.QUESTION, ""): change(_ADMIN, question_form),
    (Field.KIND, ""): look_up(kind_of_post, Need.TYPING),
    (Field.ZONE, ""): look_up(options(Field.ZONE), Need.TYPING),
    (Field.TOPICS, ""): look_up(options(Field.TOPICS), Need.TYPING),
    ("app_home_opened", "home"): look_up(open_home),
    ("app_home_opened", "messages"): look_up(open_panel),
    ("member_joined_channel", ""): look_up(add_to_channel),
    ("app_mention", ""): look_up(typed(f"<@{BOT_USER_ID}> geneva")),
    ("message.im", ""): look_up(typed("geneva", channel=dm(ANA))),
    ("message.im", "a file"): look_up(drop_document, _ADMIN),
}
"""{(id or event, variant): the action}."""

_FAILING = [mode for mode in MODES if mode != ANSWERING]
TRIED = {
    key: (way, _FAILING[number % len(_FAILING)]) for number, (key, way) in enumerate(WAYS.items())
}
"""{(id or event, variant): the action, and one mode in which Slack does not say who somebody is}.

`tests/handlers/slack/test_directory.py` has every mode.
"""

_WITHOUT_A_PERSON = {*Step, "function_executed"}
"""Workflows run these. By Slack's rules, a workflow's publisher is a member."""
_ACKED_ONLY = {Action.STORY_OPEN}
"""Slack opens the link itself, and its report of the press has no answer."""


def test_every_way_in_has_a_row(switches: Switches) -> None:
    """A new id, word or event without a row fails here."""
    events = manifest(**switches)["settings"]["event_subscriptions"]["bot_events"]
    ids = {
        *Command,
        *Action,
        *Shortcut,
        *Step,
        *Modal,
        Field.KIND,
        Field.ZONE,
        Field.TOPICS,
        *events,
    }
    assert {id_ for id_, _ in WAYS} == ids - _WITHOUT_A_PERSON - _ACKED_ONLY
    words = {word for id_, word in WAYS if id_ is Command.DIGEST}
    assert words == {*DigestWord, "", "typo"}
    for word in DigestWord:
        assert WAYS[Command.DIGEST, word].changes is not word.is_look_up
    assert {word for id_, word in WAYS if id_ is Action.DIGEST_CHANGE} == {*MenuWord}
    words = {word for id_, word in WAYS if id_ is Command.CORPUS}
    assert words == {*CorpusWord, "", "typo", "undo 1"}


# --- every action by every role ------------------------------------------------------------------


@pytest.fixture
def switches() -> Switches:
    return {"agent_view": True, "workflow_steps": True}


@pytest.fixture
def admins() -> frozenset[str]:
    return frozenset({Role.LISTED})


async def arrive(slack: Slack, way: Way) -> Json:
    """Prepare the action, add a person of every role to the channels, and return the payload."""
    payload = await way.prepare(slack)
    slack.workspace.change_person(ANA, is_admin=False)
    for role, about in _PEOPLE.items():
        kind = Connected if role is Role.CONNECTED else Person
        slack.workspace._state.add_person(kind(id=role, name=role.lower(), real_name=role, **about))
        for channel in (GENERAL, RANDOM):
            slack.workspace.invite(channel, role)
    await slack.settled()
    return payload


async def do(slack: Slack, payload: Json, role: Role) -> str:
    """Deliver the payload as if that role had caused it; return the ack and all later calls."""
    slack.parley.directory._drop(TEAM)
    sent, state = copy.deepcopy(payload), slack.workspace._state
    if "command" in sent:
        sent["user_id"] = role
    elif "event" in sent:
        who = "inviter" if "inviter" in sent["event"] else "user"
        sent["event"][who], sent["event_id"] = role, new_id("Ev")
    else:
        sent["user"] = {"id": role, "username": role.lower(), "name": role.lower()}
        if names_team(payload):
            sent["user"]["team_id"] = state.people[role].payload_team_id(state.team)
    if "trigger_id" in sent:
        sent["trigger_id"] = state.triggers.issue(role)
    if "response_url" in sent:
        channel = (sent.get("channel") or {}).get("id") or sent["channel_id"]
        about = (sent.get("container") or {}).get("message_ts")
        sent["response_url"] = state.new_response_url(user=role, channel=channel, message_ts=about)
    before = len(slack.workspace.calls)
    request = AsyncBoltRequest(body=sent, mode="socket_mode")
    response = await slack.parley.app.async_dispatch(request)
    assert response.status == 200
    await slack.settled()
    calls = [call.args for call in slack.workspace.calls[before:] if call.method != "users.info"]
    return "\n".join([response.body or "", json.dumps(calls, ensure_ascii=False)])


def names_team(payload: Json) -> bool:
    """Return whether the payload contains the person's team."""
    return "user" in payload


@pytest.fixture
def database(slack: Slack) -> Iterator[sqlite3.Connection]:
    """Yield a connection that sees what Parley has committed."""
    path = slack.settings.database_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as connection:
        yield connection


async def world(slack: Slack, database: sqlite3.Connection) -> Any:
    """Return everything that can change: the database, the channels and the corpus folder.

    Of the database it is a version that changes with each commit, which is faster than its rows.
    """
    await slack.parley.store.misses.write()
    (version,) = database.execute("PRAGMA data_version").fetchall()
    channels = {
        channel.id: (
            BOT_USER_ID in channel.members,
            [(post["ts"], post["text"]) for post in slack.public(channel.id)],
            [
                (reply["ts"], reply["text"])
                for post in slack.public(channel.id)
                for reply in slack.public(channel.id, post["ts"])
            ],
        )
        for channel in slack.workspace.channels.values()
        if channel.kind != "im"
    }
    folder = {file.name: file.read_bytes() for file in sorted(slack.corpus.iterdir())}
    return version, channels, folder


@pytest.mark.parametrize(("way", "failing"), TRIED.values(), ids=map(" ".join, TRIED))
async def test_nothing_is_changed_by_those_who_may_not(
    slack: Slack,
    way: Way,
    failing: str,
    database: sqlite3.Connection,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A forbidden change is refused in one sentence; a look-up works and changes nothing."""
    payload = await arrive(slack, way)
    caplog.clear()
    before = await world(slack, database)
    for mode in (failing, ANSWERING):
        await behave(slack, mode, monkeypatch)
        for role in Role:
            sentence = refusal(
                way.need,
                role,
                is_known=mode == ANSWERING,
                names_team=names_team(payload),
            )
            if sentence is None and way.changes and (role is Role.OWNER or not way.asks):
                continue
            output = await do(slack, payload, role)
            assert await world(slack, database) == before, (mode, role)
            assert "Something went wrong" not in output, (mode, role)
            if sentence:
                assert output.replace("`", "").count(sentence) >= 1, (mode, role, output)
            else:
                assert UNKNOWN not in output, (mode, role)
                assert role in _OUTSIDERS or STRANGER not in output, (mode, role)
                assert len(output) > len("\n[]"), (mode, role)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


ALLOWED = [
    pytest.param(way, role, mode, id=" ".join((*key, role.name, mode)))
    for key, (way, failing) in TRIED.items()
    for mode in (failing, ANSWERING)
    for role in Role
    # Whether a payload contains a team makes no difference for people with the right.
    if way.changes and not refusal(way.need, role, is_known=mode == ANSWERING, names_team=True)
    if role is Role.OWNER or not way.asks
]


@pytest.mark.parametrize(("way", "role", "mode"), ALLOWED)
async def test_those_who_may_change_it(
    slack: Slack,
    way: Way,
    role: Role,
    mode: str,
    database: sqlite3.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    payload = await arrive(slack, way)
    before = await world(slack, database)
    await behave(slack, mode, monkeypatch)
    output = await do(slack, payload, role)
    assert await world(slack, database) != before, output
    assert UNKNOWN not in output
    assert STRANGER not in output


# --- a value that names a channel ----------------------------------------------------------------

_SECRET = "hush-hush"
_OUT = "I don't see you in that channel"
_BUTTONS = [key for key in WAYS if key[0] in {*Action} - {Action.HOME_SEARCH}]
_FORMS = [key for key in WAYS if key[0] in {*Modal}]


async def forge(slack: Slack, payload: Json, **fields: str) -> Json:
    """Return the payload with these *fields* in every value that the client sends back."""
    forged = copy.deepcopy(payload)
    for action in forged.get("actions", ()):
        shown = action.get("selected_option") or action
        shown["value"] = json.dumps(json.loads(shown["value"]) | fields)
    if not forged.get("actions"):
        view = forged["view"]
        view["private_metadata"] = json.dumps(json.loads(view["private_metadata"]) | fields)
        if Block.CHANNEL in view["state"]["values"]:
            chosen = {Field.CHANNEL: {"selected_conversation": fields["channel_id"]}}
            view["state"]["values"][Block.CHANNEL] = chosen
    return forged


async def in_modal(slack: Slack, payload: Json) -> Json:
    """Return the press as one in a modal."""
    await slack.workspace.use_shortcut(ANA, Shortcut.DISCUSSION)
    await slack.settled()
    view = slack.modal()
    assert view
    pressed = {name: payload[name] for name in payload.keys() - {"channel", "response_url"}}
    return pressed | {"view": view, "container": {"type": "view", "view_id": view["id"]}}


async def keep_secret(slack: Slack) -> str:
    """Set up a schedule in a private channel that nobody else is in; return its id."""
    slack.workspace.invite(LEADERS, BOT_USER_ID)
    await slack.type(f"/digest on 09:30 daily named {_SECRET}", channel=LEADERS)
    (schedule,) = await slack.parley.store.schedules.of_channel(TEAM, LEADERS)
    return schedule.id


@pytest.mark.parametrize("key", _BUTTONS, ids=" ".join)
async def test_no_button_names_a_channel_that_the_person_is_not_in(
    slack: Slack, key: tuple[str, str], database: sqlite3.Connection
) -> None:
    """Neither in a message nor in a modal."""
    pressed = await arrive(slack, WAYS[key])
    await keep_secret(slack)
    for payload in (pressed, await in_modal(slack, pressed)):
        forged = await forge(slack, payload, channel_id=LEADERS, origin=LEADERS)
        before = await world(slack, database)
        output = await do(slack, forged, Role.MEMBER)
        assert _OUT in output
        assert _SECRET not in output
        assert await world(slack, database) == before


@pytest.mark.parametrize("key", _FORMS, ids=" ".join)
async def test_no_form_names_a_channel_that_the_person_is_not_in(
    slack: Slack, key: tuple[str, str], database: sqlite3.Connection
) -> None:
    payload = await arrive(slack, WAYS[key])
    await keep_secret(slack)
    payload = await forge(slack, payload, channel_id=LEADERS, origin=LEADERS)
    before = await world(slack, database)
    output = await do(slack, payload, Role.MEMBER)
    assert _OUT in output or key[0] in (Modal.DELETE, Modal.QUESTION)
    assert _SECRET not in output
    assert await world(slack, database) == before


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ((Action.DIGEST_CHANGE, MenuWord.END), MenuWord.END),
        ((Action.DIGEST_CHANGE, MenuWord.EDIT), MenuWord.EDIT),
        ((Action.DIGEST_SET, ""), "09:30"),
        ((Action.DIGEST_GUESS, ""), "off"),
        ((Action.DIGEST_CONFIRM, ""), "owner me"),
    ],
)
async def test_no_button_tells_of_a_schedule_in_a_channel_that_the_person_is_not_in(
    slack: Slack, key: tuple[str, str], words: str, database: sqlite3.Connection
) -> None:
    payload = await in_modal(slack, await arrive(slack, WAYS[key]))
    schedule_id = await keep_secret(slack)
    payload = await forge(slack, payload, schedule_id=schedule_id, words=words, key="")
    before = await world(slack, database)
    output = await do(slack, payload, Role.MEMBER)
    assert _SECRET not in output
    assert f"<@{ANA}>" not in output
    assert await world(slack, database) == before


# --- owners and admins outside the channel -------------------------------------------------------


async def ended_outside(slack: Slack, role: Role) -> Json:
    """End Ana's schedule as *role*, who is not in the channel; return *Take it back* held back."""
    where = dm(UserId(role))
    (shown,) = await slack.type("/digest list", user=role, channel=where)
    (menu,) = [block["accessory"] for block in shown["blocks"] if block.get("accessory")]
    stop = next(one["value"] for one in menu["options"] if f"{MenuWord.END}:" in one["value"])
    press = slack.workspace.press
    await press(role, Action.DIGEST_CHANGE, channel=where, ts=shown["ts"], selected_option=stop)
    await slack.settled()
    if role is Role.ADMIN:
        assert await slack.parley.store.schedules.list(TEAM)
        await press(role, Action.DIGEST_CONFIRM, channel=where)
        await slack.settled()
    assert not await slack.parley.store.schedules.list(TEAM)
    return await held(slack, press(role, Action.DIGEST_GUESS, channel=where))


@pytest.mark.parametrize("role", [Role.OWNER, Role.ADMIN])
async def test_who_is_outside_ends_a_schedule_and_takes_that_back(
    slack: Slack, role: Role, database: sqlite3.Connection
) -> None:
    payload = await arrive(slack, Way(prepare=typed(_ON, "/digest list")))
    slack.workspace.remove(GENERAL, role)
    await slack.settled()
    payload = await ended_outside(slack, role)
    slack.workspace.remove(GENERAL, Role.MEMBER)
    await slack.settled()
    before = await world(slack, database)
    assert _OUT in await do(slack, payload, Role.MEMBER)
    for other in ({"seal": "0" * 64}, {"channel_id": LEADERS}, {"schedule_id": "another"}):
        assert _OUT in await do(slack, await forge(slack, payload, **other), role)
    assert await world(slack, database) == before
    assert _OUT not in await do(slack, payload, role)
    (schedule,) = await slack.parley.store.schedules.list(TEAM)
    assert schedule.channel_id == GENERAL
    for word in ("next", "talk", "list"):
        forged = await forge(slack, payload, words=word, schedule_id=schedule.id)
        assert _OUT in await do(slack, forged, role)
