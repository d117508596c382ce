"""COMMAND_PREFIX: the commands have other names, and everything that Parley says has them too."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from handlers.ids import Action, Command, CommandPrefix
from tests.handlers.conftest import Slack, Switches, dm, texts
from tests.ids import ANA, GENERAL, RANDOM
from tests.machine import ROOT

BARE = re.compile(r"(?<![\w./-])/(?:brief|discuss|digest|corpus)\b")
SAID = [
    "/team-brief",
    "/team-brief geneva",
    "/team-brief kubernetes",
    "/team-discuss help",
    "/team-discuss timber",
    "/team-digest help",
    "/team-digest next",
    "/team-digest list",
    "/team-digest on",
    "/team-digest on weekly 9:00",
    "/team-digest on 09:30 about",
    "/team-digest on 09:30 only new",
    "/team-digest on 09:30",
    "/team-digest now yesterday",
    "/team-digest pause",
    "/team-digest off 24 Dec",
    "/team-digest skip mondays",
    "/team-corpus",
    "/team-corpus history",
    "/team-corpus undo x",
    "/team-corpus sources",
    "/team-corpus sources help",
]


@pytest.fixture
def switches() -> Iterator[Switches]:
    yield {"command_prefix": "team-"}
    CommandPrefix.used = ""


@pytest.mark.parametrize("typed", SAID)
async def test_every_answer_names_the_commands_as_they_are(slack: Slack, typed: str) -> None:
    (answer,) = await slack.type(typed)
    assert not BARE.search(texts([answer]))


async def test_other_places_name_them_too(slack: Slack) -> None:
    (hello,) = await slack.say("hello", channel=dm(ANA))
    assert "`/team-discuss`" in texts([hello])
    (how,) = await slack.say("how do I set up a daily question?", channel=dm(ANA))
    assert "`/team-digest on 09:30`" in texts([how])
    slack.workspace.invite(RANDOM, slack.workspace.bot_user_id, by=ANA)
    await slack.settled()
    assert "`/team-discuss`" in texts(slack.workspace.messages(RANDOM, ANA))


@pytest.mark.parametrize("typed", ["/team-digest", "team-digest", "/digest", "Digest"])
async def test_a_command_in_a_message_is_named_with_its_prefix(slack: Slack, typed: str) -> None:
    (answer,) = await slack.say(f"@Parley {typed} on 09:30")
    assert "type `/team-digest on 09:30` by itself" in answer["text"]


async def test_the_buttons_go_on_working(slack: Slack) -> None:
    (preview,) = await slack.type("/team-discuss timber")
    await slack.press(Action.DISCUSS_POST, preview)
    assert len(slack.public(GENERAL)) == 1


def test_no_text_in_the_code_names_a_command_without_its_prefix() -> None:
    """A command in a text has to be an f-string's `Command`, built when it is said."""
    own = {command.value for command in Command}
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in (ROOT / "handlers").rglob("*.py")
        for line, text in texts_of(path)
        if BARE.search(text) and text not in own
    ]
    assert not wrong


def texts_of(path: Path) -> Iterator[tuple[int, str]]:
    """Yield every text in the code of a file that is not a docstring, with its line."""
    tree = ast.parse(path.read_text())
    documents = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):  # noqa: SIM102
            if id(node) not in documents:
                yield node.lineno, node.value
