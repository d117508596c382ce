"""Every sub-command has a line in its help and in docs/commands.md.

`tests/handlers/test_who_may.py` sees to it that each has a right.
"""

import re
from enum import StrEnum

import pytest

from handlers.ids import Command
from handlers.parsing.sub_commands import DigestWord
from handlers.views.digest import digest_help
from tests.machine import ROOT

_WORDS: list[tuple[Command, StrEnum]] = [
    *((Command.DIGEST, word) for word in DigestWord),
]
_HELP = {Command.DIGEST: digest_help([])}


@pytest.mark.parametrize(("command", "word"), _WORDS)
def test_the_help_explains_it(command: Command, word: StrEnum) -> None:
    text = _HELP[command]["text"]
    assert word == "help" or re.search(rf"`(?:{command} )?{word}\b", text)


@pytest.mark.parametrize(("command", "word"), _WORDS)
def test_the_docs_explain_it(command: Command, word: StrEnum) -> None:
    lines = (ROOT / "docs" / "commands.md").read_text().splitlines()
    typed = [line.split(" | ")[0] for line in lines if line.startswith(f"| `{command}")]
    assert any(re.search(rf"`(?:{command} )?{word}\b", cell) for cell in typed)
