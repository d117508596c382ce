"""Parsing in a child process: limits, exceptions of libraries, and the end of the child."""

import asyncio
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store import Store, parsing
from store.loading.documents import MAX_TEXT, read_corpus
from store.parsing import Limits, Parser, ParsingError
from store.parsing.child import answer
from store.parsing.child.xml_feeds import _feedparser
from store.types import ParleyError
from tests.conftest import Children
from tests.entrances import read_rows
from tests.machine import NOW

FEED = b"<rss version='2.0'><channel><title>Wire</title>%s</channel></rss>"
ITEM = b"<item><title>Ports</title><description>Dockers are <b>back</b>.</description></item>"
HOSTILE = FEED % (b"<item><title>x</title><description><![CDATA[%s]]></description></item>")
HOSTILE %= b"<div>" * 400_000
"""The library needs many minutes for this feed."""
BRIEF = Limits(seconds=1, seconds_per_mb=0, wall_clock_factor=100)
ROWS = [["Ports", "Dockers are back.", "", "", "", "", "Wire"]]


@pytest.fixture
def parser() -> Iterator[Parser]:
    with Parser() as parser:
        yield parser


def parse(parser: Parser, data: bytes) -> list[list[str]]:
    return [*parser.parse("feed", "a.rss", data, longest=MAX_TEXT).rows]


def test_one_child_parses_many_files(parser: Parser, children: Children) -> None:
    for _ in range(3):
        assert parse(parser, FEED % ITEM) == ROWS
    with pytest.raises(ParsingError, match="is no XML: an RSS, Atom or JSON feed was expected"):
        parse(parser, b"nonsense")
    assert len(children) == 1


def test_text_and_csv_start_no_child(tmp_path: Path, children: Children) -> None:
    (tmp_path / "a.txt").write_text("Head\nA summary.\nAn insight.\nA question?\n")
    (tmp_path / "b.csv").write_text("headline,summary\nHead,A summary.\n")
    assert len([*read_corpus(tmp_path).articles()]) == 2
    assert not children


@pytest.mark.parametrize(
    ("limits", "data", "problem"),
    [
        (BRIEF, HOSTILE, "more than 1 seconds of processor time"),
        # The wall clock also limits a child that waits, or a system without processor limits.
        (Limits(seconds=0, seconds_per_mb=0), HOSTILE, "takes more than 0 seconds to parse"),
        (Limits(answer=100), FEED % (ITEM * 9), "holds more than 0 MB of text"),
        pytest.param(
            Limits(memory=128 << 20),
            FEED % (ITEM * 400_000),
            "takes more than 128 MB of memory",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="limits no memory"),
        ),
    ],
    ids=["processor time", "deadline", "answer", "memory"],
)
def test_a_file_that_exceeds_a_limit_affects_no_other_file(
    limits: Limits, data: bytes, problem: str
) -> None:
    with Parser(limits) as parser:
        with pytest.raises(ParsingError) as caught:
            parse(parser, data)
        assert problem in str(caught.value)
        assert "the limit for one file: make it smaller, or leave it out" in str(caught.value)
        # Enough time for the next file.
        parser._limits = Limits()
        assert parse(parser, FEED % ITEM) == ROWS


def test_a_child_that_is_killed_between_two_files_is_replaced(
    parser: Parser, children: Children
) -> None:
    parse(parser, FEED % ITEM)
    children[0].kill()
    children[0].wait()
    assert parse(parser, FEED % ITEM) == ROWS


def test_a_child_that_dies_over_a_file_is_a_problem_of_that_file(
    parser: Parser, children: Children
) -> None:
    """The system may kill it when memory is low."""
    started = threading.Event()
    children.when_started = started.set

    def kill() -> None:
        started.wait()
        children[0].kill()

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(ParsingError, match="the system killed the parser"):
        parse(parser, HOSTILE)
    killer.join()
    assert parse(parser, FEED % ITEM) == ROWS


def test_a_child_that_cannot_be_started_is_not_a_problem_of_the_file(
    parser: Parser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(ParleyError, match="cannot be started: No such file"):
        parse(parser, FEED % ITEM)


def test_closing_a_parser_stops_the_file_that_is_being_parsed(
    parser: Parser, children: Children
) -> None:
    """A process that stops does not wait for a file."""
    started = threading.Event()
    children.when_started = started.set

    def close() -> None:
        started.wait()
        parser.close()

    closer = threading.Thread(target=close)
    closer.start()
    with pytest.raises(ParleyError, match="Parley is stopping"):
        parse(parser, HOSTILE)
    closer.join()
    with pytest.raises(ParleyError, match="Parley is stopping"):
        parse(parser, FEED % ITEM)
    assert len(children) == 1


async def test_a_cancelled_check_stops_its_child(
    store: Store, tmp_path: Path, children: Children
) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "a.xml").write_bytes(HOSTILE)
    started, loop = asyncio.Event(), asyncio.get_running_loop()
    children.when_started = lambda: loop.call_soon_threadsafe(started.set)
    checking = asyncio.create_task(store.loads.check(folder, at=NOW))
    await started.wait()
    checking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await checking
    assert children[0].wait() == -signal.SIGKILL


_ORPHAN = """
import subprocess, sys

class Shown(subprocess.Popen):
    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        print(self.pid, flush=True)

subprocess.Popen = Shown
from store.parsing import Limits, Parser

parser = Parser(Limits(seconds=1, seconds_per_mb=0))
[*parser.parse("feed", "a.rss", sys.stdin.buffer.read(), longest=99).rows]
print("done", flush=True)
sys.stderr.read()
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="cannot wait for another's child")
@pytest.mark.parametrize("data", [FEED % ITEM, HOSTILE], ids=["idle", "busy"])
def test_a_parent_that_is_killed_leaves_no_orphan(data: bytes) -> None:
    read_end, write_end = os.pipe()
    parent = subprocess.Popen(
        [sys.executable, "-c", _ORPHAN],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=read_end,
    )
    with parent:
        assert parent.stdin
        assert parent.stdout
        parent.stdin.write(data)
        parent.stdin.close()
        child = os.pidfd_open(int(parent.stdout.readline()))
        if data is not HOSTILE:
            assert parent.stdout.readline() == b"done\n"
        parent.kill()
    select.select([child], [], [])
    for one in (child, read_end, write_end):
        os.close(one)


def test_the_child_imports_nothing_of_parley(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor anything from the folder that Parley is started from."""
    shutil.copytree(parsing._FOLDER / "child", tmp_path / "alone" / "child")
    monkeypatch.setattr(parsing, "_FOLDER", tmp_path / "alone")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "store").mkdir()
    (tmp_path / "feedparser.py").write_text("raise ImportError('from the wrong folder')")
    with Parser() as parser:
        assert parse(parser, FEED % ITEM) == ROWS


def test_the_changes_of_the_library_do_not_pile_up_with_each_feed() -> None:
    for _ in range(sys.getrecursionlimit()):
        _feedparser()
    *rows, end = answer("feed", FEED % ITEM, {"longest": 100})
    assert (len(rows), end) == (1, {"warnings": []})


def test_an_exception_of_a_library_is_a_problem_of_the_file() -> None:
    *_, end = answer("feed", FEED % ITEM, {"longest": "long"})
    assert end == {
        "problem": "cannot be parsed as a feed: the parser failed (TypeError)",
        "line": None,
        "warnings": [],
    }


def test_the_child_gets_none_of_the_secrets_in_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    given: list[dict[str, str]] = []

    class Shown(subprocess.Popen[bytes]):
        def __init__(self, *args: Any, **options: Any) -> None:
            given.append(options["env"])
            super().__init__(*args, **options)

    monkeypatch.setattr(subprocess, "Popen", Shown)
    with Parser() as parser:
        assert parse(parser, FEED % ITEM) == ROWS
    (environment,) = given
    assert "PATH" in environment
    assert "xoxb-1" not in environment.values()


def test_many_slow_feeds_end_at_the_limit_for_all(tmp_path: Path) -> None:
    (tmp_path / "a.rss").write_bytes(FEED % ITEM)
    (tmp_path / "b.rss").write_bytes(HOSTILE)
    (tmp_path / "c.rss").write_bytes(HOSTILE)
    (tmp_path / "d.txt").write_text("Head\nA summary.\nAn insight.\nWhy?\n")
    limits = Limits(seconds=10_000, seconds_in_all=1)
    with Parser(limits) as parser:
        corpus = read_corpus(tmp_path, parser=parser)
    assert "d.txt" in corpus.digests
    assert "c.rss" not in corpus.digests
    assert corpus.problems
    for problem in map(str, corpus.problems):
        assert re.fullmatch(
            r"[abc]\.rss: is not read: all feeds together take more than 1 seconds to parse; the"
            r" slowest is [ab]\.rss, with \d+ seconds; make them smaller, or leave some out",
            problem,
        )


markup = st.lists(
    st.sampled_from([b"<rss version='2.0'><channel>", b"<item>", b"<title>x</title>", b"</item>"])
    | st.sampled_from([b"<![CDATA[", b"]]>", b"<!--", b"-->", b"&#1114112;", b"&#55357;", b"&#0;"])
    | st.sampled_from([b"<feed xmlns='http://www.w3.org/2005/Atom'>", b"<entry>", b"<summary>"])
    | st.sampled_from([b"BEGIN:VCALENDAR\r\n", b"BEGIN:VEVENT\r\n", b"END:VEVENT\r\n"])
    | st.sampled_from([b"DTSTART:20261224T120000Z\r\n", b"DTSTART;VALUE=DATE:00010101\r\n"])
    | st.sampled_from([b"DTEND;VALUE=DATE:99991231\r\n", b"RRULE:FREQ=DAILY;COUNT=3\r\n"])
    | st.sampled_from([b"SUMMARY:x\r\n", b"RRULE:FREQ=\r\n", b"END:VCALENDAR\r\n"])
    | st.binary(max_size=20),
    max_size=12,
).map(b"".join)


@given(kind=st.sampled_from(["feed", "calendar", "json"]), data=markup | st.binary(max_size=300))
def test_any_bytes_give_rows_or_a_problem(kind: str, data: bytes) -> None:
    """Parses in this process; the tests above show that a child does the same."""
    read_rows(data, kind)
