"""Every sub-command has a line in its help and in the docs.

`tests/handlers/test_who_may.py` sees to it that each has a right.
"""

import re
from enum import StrEnum

import pytest

from handlers.parsing.sub_commands import CorpusWord, DigestWord, SourcesWord
from handlers.views.corpus import MENU, corpus_help
from handlers.views.schedule_questions import digest_help
from handlers.views.sources import sources_help
from tests.machine import ROOT

_WORDS: list[tuple[str, StrEnum]] = [
    *(("/digest", word) for word in DigestWord),
    *(("/corpus", word) for word in CorpusWord),
    *(("/corpus sources", word) for word in SourcesWord),
]
_HELP = {
    "/digest": digest_help([]),
    "/corpus": corpus_help(),
    "/corpus sources": sources_help(),
}
_DOCS = {"/digest": "commands.md", "/corpus": "commands.md", "/corpus sources": "sources.md"}


@pytest.mark.parametrize(("command", "word"), _WORDS)
def test_the_help_explains_it(command: str, word: StrEnum) -> None:
    text = _HELP[command]["text"]
    assert word == "help" or re.search(rf"`(?:{command} )?{word}\b", text)


@pytest.mark.parametrize(("command", "word"), _WORDS)
def test_the_docs_explain_it(command: str, word: StrEnum) -> None:
    lines = (ROOT / "docs" / _DOCS[command]).read_text().splitlines()
    typed = [line.split(" | ")[0] for line in lines if line.startswith((f"| `{command}", "| `…"))]
    assert any(re.search(rf"`(?:{command} |… )?{word}\b", cell) for cell in typed)


def test_app_home_offers_everything_but_the_help() -> None:
    buttons = {CorpusWord.CHECK, CorpusWord.RELOAD, CorpusWord.UNDO}
    assert {word for word, _ in MENU} == {*CorpusWord} - buttons - {CorpusWord.HELP}
