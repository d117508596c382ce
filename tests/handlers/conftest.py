"""Fixtures that run the real app against the local workspace's server, in one process."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict

import pytest
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.app import Parley, assemble
from bot.clock import MovableClock
from bot.manifest import manifest
from bot.settings import Settings
from bot.workspace import Workspace
from store.types import UserId
from tests.blockkit import check_ack, check_call
from tests.conftest import StoppedClock
from tests.ids import ANA, GENERAL
from tests.machine import PATIENCE


class Switches(TypedDict, total=False):
    """The settings that add to the manifest."""

    command_prefix: str
    agent_view: bool
    workflow_steps: bool


@dataclass
class Slack:
    """A workspace with Parley in it, and shortcuts for what people do and see."""

    workspace: Workspace
    parley: Parley
    clock: StoppedClock
    corpus: Path
    settings: Settings
    forged: str | None = None
    """The value that the next button press sends instead of its own, as a forged client would."""
    in_place_of: dict[str, str] = field(default_factory=dict)
    """{words: text that replaces them in payloads, even text that the workspace would refuse}."""
    acks: list[Any] = field(default_factory=list)
    """The bodies of the acks so far."""
    payloads: list[dict[str, Any]] = field(default_factory=list)
    """The payloads for the app so far."""
    is_holding: bool = False
    """Whether payloads are only recorded in `payloads` and not delivered to the app."""

    async def repeat(self) -> Any:
        """Deliver the last payload again, as Slack does after a lost ack; return the ack's body."""
        request = AsyncBoltRequest(body=self.payloads[-1], mode="socket_mode")
        response = await self.parley.app.async_dispatch(request)
        await self.settled()
        return response.body

    async def type(
        self, text: str, *, user: str = ANA, channel: str = GENERAL
    ) -> list[dict[str, Any]]:
        """Type *text*, wait for every answer, and return the messages that the person then sees."""
        before = {message["ts"] for message in self.workspace.messages(channel, user)}
        delivery = await self.workspace.type(text, user=user, channel=channel)
        assert delivery.acked, delivery.error
        return await self._new(before, user, channel)

    async def say(
        self, text: str, *, user: str = ANA, channel: str = GENERAL, thread_ts: str | None = None
    ) -> list[dict[str, Any]]:
        """Write a message, and return Parley's new messages there, or in its thread.

        Only those that the person sees.
        """
        before = {message["ts"] for message in self.workspace.messages(channel, user, thread_ts)}
        delivery = await self.workspace.type(text, user=user, channel=channel, thread_ts=thread_ts)
        assert delivery.acked, delivery.error
        new = await self._new(before, user, channel, thread_ts)
        for said in [message for message in new if message["user"] == user and not thread_ts]:
            new += self.workspace.messages(channel, user, said["ts"])[1:]
        return [message for message in new if message["user"] == self.workspace.bot_user_id]

    async def press(
        self,
        action: str,
        message: dict[str, Any],
        *,
        user: str = ANA,
        channel: str = GENERAL,
        thread_ts: str | None = None,
        forged: str | None = None,
        **chosen: Any,
    ) -> list[dict[str, Any]]:
        """Press a button of *message*, wait for every answer, and return all messages there."""
        self.forged = forged
        delivery = await self.workspace.press(
            user, action, channel=channel, ts=message["ts"], **chosen
        )
        assert delivery.acked, delivery.error
        self.forged = None
        return await self._new(set(), user, channel, thread_ts)

    async def press_thrice(
        self, action: str, message: dict[str, Any], *, user: str = ANA, channel: str = GENERAL
    ) -> list[dict[str, Any]]:
        """Press a button twice concurrently, and once more before the message seems to change."""
        press = {"channel": channel, "ts": message["ts"]}
        await asyncio.gather(*(self.workspace.press(user, action, **press) for _ in range(2)))
        await self.settled()
        self.payloads.append({**self.payloads[-1], "trigger_id": "1.1.late"})
        await self.repeat()
        return await self._new(set(), user, channel)

    async def _new(
        self, before: set[str], user: str, channel: str, thread_ts: str | None = None
    ) -> list[dict[str, Any]]:
        await self.settled()
        seen = self.workspace.messages(channel, user, thread_ts)
        return [message for message in seen if message["ts"] not in before]

    async def settled(self) -> None:
        """Wait until neither Parley nor the workspace has work in progress."""
        await self.parley.background.drain(PATIENCE)
        await self.workspace.settled()
        await self.parley.background.drain(PATIENCE)

    def modal(self, user: str = ANA) -> dict[str, Any] | None:
        """Return the person's topmost modal; None if no modal is open."""
        stack = self.workspace.views.stack(user)
        return stack[-1].as_slack() if stack else None

    async def press_in(
        self, view: dict[str, Any], action: str, *, user: str = ANA, **chosen: Any
    ) -> dict[str, Any] | None:
        """Press a button of a modal or of App Home, and return the topmost modal afterwards."""
        delivery = await self.workspace.press(user, action, view_id=view["id"], **chosen)
        assert delivery.acked, delivery.error
        await self.settled()
        return self.modal(user)

    async def submit(
        self, view: dict[str, Any], values: dict[str, Any] | None = None, *, user: str = ANA
    ) -> dict[str, str]:
        """Fill in and submit a modal, wait for every answer, and return {block_id: error}.

        *values* are as `in_form` takes them.
        """
        delivery = await self.workspace.submit(user, view["id"], in_form(view, values or {}))
        assert not delivery.error, delivery.error
        await self.settled()
        return delivery.errors

    def public(self, channel: str = GENERAL, thread_ts: str | None = None) -> list[dict[str, Any]]:
        """Return the messages that everybody in the channel sees."""
        return self.workspace.messages(channel, thread_ts=thread_ts)


def in_form(view: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """Return *values* of a form, {block_id: {field: state}}, with the view's own action_ids.

    An action_id is the field, or begins with it.
    """
    action_ids = {
        block["block_id"]: block["element"]["action_id"]
        for block in view["blocks"]
        if block["type"] == "input"
    }

    def action_id(block_id: str, field: str) -> str:
        own = action_ids.get(block_id, "")
        return own if own.startswith(field) else field

    return {
        block_id: {action_id(block_id, field): state for field, state in fields.items()}
        for block_id, fields in values.items()
    }


@pytest.fixture
def switches() -> Switches:
    """The optional features that are on. A test file may override this."""
    return {}


@pytest.fixture
def admins() -> frozenset[str]:
    """The users in ADMIN_USER_IDS."""
    return frozenset()


@pytest.fixture
def more_settings() -> dict[str, Any]:
    """More settings of the bot, by name. A test file may override this."""
    return {}


@pytest.fixture
def is_demo() -> bool:
    """Whether the bot runs as the demo, which does not warn of sample stories."""
    return False


@pytest.fixture
def bot_database(tmp_path: Path, loaded: Path) -> str:
    """The URL of the bot's database. A test file may override this."""
    return f"sqlite:///{shutil.copy(loaded, tmp_path)}"


@pytest.fixture
async def slack(
    patient: None,
    bot_database: str,
    corpus: Path,
    clock: StoppedClock,
    switches: Switches,
    admins: frozenset[str],
    more_settings: dict[str, Any],
    is_demo: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Slack]:
    # A call that fails is repeated at once.
    monkeypatch.setattr("bot.slack_clients._RETRY_SECONDS", 0)
    monkeypatch.setattr("handlers.slack.background._ANSWER_WAITS", (0, 0))
    moved = MovableClock(source=clock)
    async with Workspace(
        manifest=manifest(**switches), clock=moved, ack_seconds=PATIENCE
    ) as workspace:
        workspace.pace = False
        settings = Settings(
            slack_bot_token=workspace.bot_token,
            slack_app_token=workspace.app_token,
            slack_api_url=workspace.api_url,
            database_url=bot_database,
            corpus_dir=corpus,
            admin_user_ids=admins,
            **switches,
            **more_settings,
        )
        async with assemble(settings, clock=moved, is_demo=is_demo) as parley:
            slack = Slack(workspace, parley, clock, corpus, settings)

            async def receive(envelope: dict[str, Any]) -> dict[str, Any] | None:
                if slack.forged is not None and "actions" in envelope["payload"]:
                    envelope["payload"]["actions"][0]["value"] = slack.forged
                payload = _replaced(envelope["payload"], slack.in_place_of)
                slack.payloads.append(payload)
                if slack.is_holding:
                    return None
                response = await parley.intake.take(payload)
                assert response.status == 200, response.body
                if not response.body:
                    return None
                is_json = response.headers["content-type"][0].startswith("application/json")
                ack = json.loads(response.body) if is_json else {"text": response.body}
                slack.acks.append(ack)
                return ack

            workspace.receive_with(receive)
            yield slack
            # In every test, everything that Parley sent must be valid for Slack.
            for ack in slack.acks:
                check_ack(ack)
            for call in workspace.calls:
                check_call(call.method, call.args)


def _replaced(value: Any, words: dict[str, str]) -> Any:
    match value:
        case str():
            for word, other in words.items():
                value = value.replace(word, other)
            return value
        case dict():
            return {name: _replaced(item, words) for name, item in value.items()}
        case list():
            return [_replaced(item, words) for item in value]
    return value


def texts(messages: list[dict[str, Any]]) -> str:
    """Return all text of *messages* or views: notifications and blocks."""
    return "\n".join(
        f"{message.get('text', '')}\n{json.dumps(message['blocks'], ensure_ascii=False)}"
        for message in messages
    )


def under(heading: str, message: dict[str, Any]) -> list[str]:
    """Return the lines below *heading* in the message; [] if there is no such heading."""
    for block in message["blocks"]:
        first, *lines = block.get("text", {}).get("text", "").splitlines() or [""]
        if first == f"*{heading}*":
            return lines
    return []


def dm(user: UserId) -> str:
    """Return the id of the direct message between *user* and Parley."""
    return f"D{user[1:]}"


def labels(message: dict[str, Any]) -> list[str]:
    """Return the labels of the message's buttons, in order."""
    found: list[str] = []
    for block in message["blocks"]:
        elements = [*block.get("elements", []), block.get("accessory") or {}]
        found += [
            element["text"]["text"] for element in elements if element.get("type") == "button"
        ]
    return found
