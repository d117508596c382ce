"""The command line, as a person at a terminal uses it."""

import asyncio
import errno
import io
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bot.__main__ import main
from bot.entrances.socket_mode import SocketLostError
from bot.manifest import render
from bot.settings import Settings
from store import open_store
from store.db import connect
from store.db.schema import migrate, newest_version, version_of
from store.finding.embeddings import Embeddings
from store.loading.documents.provenance import Provenance
from store.loading.documents.source import Story
from store.types import Order, Timetable
from tests.ids import C1, T1, U1
from tests.machine import NOW, ROOT, environment
from tests.schedules import schedule_of


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Change to an empty folder, with an environment that holds no setting of Parley."""
    monkeypatch.chdir(tmp_path)
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "DATABASE_URL", "CORPUS_DIR"):
        monkeypatch.delenv(name, raising=False)
    # Most of the work of `find` would be to load two models and embed the starter corpus.
    monkeypatch.setattr(Embeddings, "load", lambda: None)
    # A Slack that cannot be reached is asked again at once.
    monkeypatch.setattr("bot.slack_clients._RETRY_SECONDS", 0)
    return tmp_path


def corpus(folder: Path, text: str = "Talks\nEnvoys met in Geneva.\nInsight.\nWhat next?\n") -> str:
    path = folder / "corpus"
    path.mkdir(exist_ok=True)
    (path / "talks.txt").write_text(text)
    return str(path)


def test_the_version_is_that_of_the_project(capsys: pytest.CaptureFixture[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"Parley {project['version']}\n"


@pytest.mark.parametrize(
    ("command", "usage"),
    [(["parley"], "usage: parley"), (["python", "-m", "bot"], "usage: python -m bot")],
)
def test_the_script_and_the_module_are_the_same_command(command: list[str], usage: str) -> None:
    program = Path(sys.executable).with_name(command[0])
    helped = subprocess.run(
        [program, *command[1:], "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert helped.stdout.startswith(usage)
    assert "connect to Slack and serve" in helped.stdout


def test_find_prints_text(capsys: pytest.CaptureFixture[str]) -> None:
    """If there is no database yet, `find` searches the starter corpus."""
    assert main(["find", "zelenksiy"]) == 0
    said = capsys.readouterr()
    assert "Question: " in said.out
    assert "No stories are loaded, so those of " in said.err
    assert "`python -m bot load FOLDER`" in said.err


def test_find_says_that_every_story_was_removed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def load_and_remove() -> None:
        async with open_store(f"sqlite:///{folder}/data/parley.db") as store:
            feed = await store.sources.add("https://news.example/feed", now=NOW)
            story = Story("Talks", "Envoys met.", "", "", Provenance())
            await store.feed_loads.load(feed, [story], at=NOW)
            await store.feed_loads.remove(feed, by="terminal", at=NOW)

    asyncio.run(load_and_remove())
    assert main(["find", "talks"]) == 0
    said = capsys.readouterr()
    assert said.err.startswith("No stories are loaded. Load some: ")
    assert "No story on “talks”." in said.out


def test_find_reports_that_nothing_was_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["find", "kubernetes"]) == 0
    assert "No story on “kubernetes”." in capsys.readouterr().out


@pytest.mark.parametrize("words", [[], [""], ["  ", ""], ["--jsonl", " "]])
def test_find_without_words_prints_its_usage(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["find", *words]) == 2
    assert "python -m bot find embassy talks" in capsys.readouterr().err


def test_find_jsonl_prints_a_line_for_each_query(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    queries = ["geneva", "", "kubernetes", 'q"uote\\ \u2028 NEAR(']
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(queries)))
    assert main(["find", "--jsonl", "--corpus", corpus(folder)]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.split("\n") if line]
    assert [line["query"] for line in lines] == queries
    assert [line["outcome"] for line in lines][:3] == ["found", "none", "none"]
    (match,) = lines[0]["matches"]
    assert (match["document"], match["position"]) == ("talks.txt", 1)
    assert 0 < match["score"] <= 1
    assert all(set(line) == {"query", "outcome", "matches", "suggestions"} for line in lines)
    assert not (folder / "data").exists()


def test_find_jsonl_prints_a_line_for_the_words(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("kubernetes\n"))
    assert main(["find", "--jsonl", "geneva", "talks", "--corpus", corpus(folder)]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["query"], answer["outcome"]) == ("geneva talks", "found")


def test_find_jsonl_prints_where_a_story_comes_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    header = "url: https://example.org\npublisher: Us\npublished_at: 2026-11-24\n\n"
    (tmp_path / "a.txt").write_text(f"{header}Talks\nIn Geneva.\nSo.\nWhat next?\n")
    assert main(["find", "--jsonl", "geneva", "--corpus", str(tmp_path)]) == 0
    (match,) = json.loads(capsys.readouterr().out)["matches"]
    assert match["url"] == "https://example.org/"
    assert match["publisher"] == "Us"
    assert match["published_at"] == "2026-11-24T00:00:00+00:00"
    assert (match["guid"], match["first_seen_at"]) == (None, None)


def test_find_among_forty_stories(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("kovacevic parrot\nflorbela espanca\n"))
    assert main(["find", "--jsonl", "--corpus", str(ROOT / "tests" / "data")]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["outcome"] for line in lines] == ["found", "found"]
    assert [line["matches"][0]["position"] for line in lines] == [20, 4]


def test_load_reports_what_it_did(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = corpus(folder)
    assert main(["load", path]) == 0
    assert "Loaded 1 document with 1 story" in capsys.readouterr().out
    assert main(["load", path]) == 0
    assert "Nothing has changed" in capsys.readouterr().out


def test_load_names_near_duplicates(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path(corpus(folder))
    texts = path if path.is_file() else next(path.glob("*.txt"))
    (texts.parent / "copy.txt").write_text(texts.read_text())
    assert main(["load", str(texts.parent)]) == 0
    printed = capsys.readouterr().out
    assert "Nearly the same:" in printed
    assert "copy.txt, story 1" in printed


def test_an_interrupted_load_says_that_the_stories_are_loaded(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = []

    async def interrupted(*_: object) -> None:
        if stories := capsys.readouterr().out:
            said.append(stories)
            signal.raise_signal(signal.SIGINT)
            await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr("store.loading.derived.bring_up_to_date", interrupted)
        assert main(["load", corpus(folder)]) == 130
        assert "Loaded 1 document with 1 story" in said[0]
        err = capsys.readouterr().err
        assert "Interrupted: the stories are loaded" in err
        assert main(["undo", "1"]) == 78, "it is loaded"
    assert main(["load", corpus(folder)]) == 0
    assert "Nothing has changed" in capsys.readouterr().out
    assert _topics(folder) == ["Geneva"]


def _topics(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "data" / "parley.db")) as connection:
        return [name for (name,) in connection.execute("SELECT name FROM topic")]


def test_check_of_a_corpus_reports_what_loading_would_change(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["load", path := corpus(folder)])
    (folder / "corpus" / "new.txt").write_text("New\nA fire in Lima.\nInsight.\nWhat next?\n")
    (folder / "corpus" / "notes.md").write_text("x")
    capsys.readouterr()
    assert main(["check", "--corpus", path]) == 0
    out = capsys.readouterr().out
    assert "documents (1 added" in out
    assert "stories (1 added).\n" in out
    assert "Stories that come or change: New.\n" in out
    assert "1 file hidden or of another kind ignored.\n" in out
    (folder / "corpus" / "new.txt").write_text("New\nThe envoys met in Geneva.\nSo.\nWhat now?\n")
    capsys.readouterr()
    assert main(["check", "--corpus", path]) == 0
    pair = "- the story of new.txt, story 1, and talks.txt, story 1: “The envoys met in Geneva.”"
    assert f"Nearly the same:\n{pair}\n" in capsys.readouterr().out
    main(["load", path])
    capsys.readouterr()
    assert main(["check", "--corpus", path]) == 0
    assert "Nothing would change: " in capsys.readouterr().out


def test_check_of_a_broken_corpus_names_every_problem(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`load` prints only the first hundred if nothing can be loaded."""
    path = corpus(folder)
    for number in range(150):
        (folder / "corpus" / f"{number:03}.txt").write_text("")
    for command in (["check", "--corpus", path], ["load", path], ["load", path]):
        assert main(command) == 65
        printed = capsys.readouterr()
        lead, *named = printed.err.splitlines()
        assert lead == "Not loaded (such a file keeps the stories that it had):"
        assert len(named) == 150
    assert "Nothing has changed: 1 document with 1 story" in printed.out
    corpus(folder, "")
    assert main(["load", path]) == 78
    lead, *named, last = capsys.readouterr().err.splitlines()
    assert lead.startswith("Nothing was loaded, because of problems in ")
    assert len(named) == 100
    assert last.startswith("… and 51 more: `python -m bot check --corpus")


def test_warnings_are_printed_and_the_rest_is_loaded(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.cli.corpus.system_clock", lambda: NOW)
    path = corpus(folder)
    feed = folder / "corpus" / "news.rss"
    feed.write_text("<rss version='2.0'><channel><item><title>A & b</title></item></channel></rss>")
    warning = "news.rss:1: character 44: & stands by itself, which XML does not allow"
    assert main(["check", "--corpus", path]) == 0
    assert f"Warnings:\n- {warning}" in capsys.readouterr().out
    assert main(["load", path]) == 0
    printed = capsys.readouterr()
    assert "Loaded 2 documents with 2 stories" in printed.out
    assert f"Warning: {warning}" in printed.err
    days = folder / "days.ics"
    events = "BEGIN:VEVENT\nDTSTART:20261224\nEND:VEVENT\nBEGIN:VEVENT\nSUMMARY:Bad\nEND:VEVENT\n"
    days.write_text(f"BEGIN:VCALENDAR\n{events}END:VCALENDAR\n")
    assert main(["load", "--holidays", str(days)]) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("No posts on 1 date from ")
    assert "Warning: days.ics:5: the event “Bad” has no date (DTSTART)" in printed.err


def test_undo_and_history(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.cli.corpus.system_clock", lambda: NOW)
    main(["load", corpus(folder)])
    main(["load", corpus(folder, "Talks\nEnvoys met in Lima.\nInsight.\nWhat next?\n")])
    capsys.readouterr()
    assert main(["undo"]) == 0
    assert "Revision 3 brings back revision 1: 1 document with 1 story;" in (
        capsys.readouterr().out
    )
    main(["find", "geneva"])
    assert "Envoys met in Geneva." in capsys.readouterr().out
    assert main(["undo"]) == 78
    assert "Nothing to undo: there is no earlier load of the folder." in capsys.readouterr().err
    assert main(["undo", "1"]) == 78
    assert "Revision 1 is loaded now, so nothing would change." in capsys.readouterr().err
    assert main(["history"]) == 0
    size, when = "1 document with 1 story", f"{NOW:%Y-%m-%d %H:%M} UTC, by terminal."
    edited = f"{size}; 0 added, 1 edited, 0 moved, 0 removed, in talks.txt; {when}"
    assert capsys.readouterr().out.splitlines() == [
        f"Revision 3 brings back revision 1: {edited}",
        f"Revision 2: {edited}",
        f"Revision 1: {size}; 1 added, 0 edited, 0 moved, 0 removed; {when}",
    ]


def test_load_forty_stories(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["load", str(ROOT / "tests" / "data")]) == 0
    assert "Loaded 1 document with 40 stories" in capsys.readouterr().out


def test_load_of_a_broken_folder_keeps_the_old_corpus(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["load", corpus(folder)])
    corpus(folder, "Talks\nEnvoys met.\n")
    capsys.readouterr()
    assert main(["load", str(folder / "corpus")]) == 78
    assert "talks.txt:2: the last article has a summary" in capsys.readouterr().err
    assert main(["find", "geneva"]) == 0
    assert "Envoys met in Geneva." in capsys.readouterr().out


def test_load_of_a_missing_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["load", "nowhere"]) == 78
    assert capsys.readouterr().err == "Nothing was loaded: there is no file or folder nowhere.\n"


def test_migrate(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate"]) == 0
    assert "up to date" in capsys.readouterr().out


def test_backup_and_restore(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["load", corpus(folder)]) == 0
    assert main(["backup", "today.db"]) == 0
    assert "is backed up in today.db" in capsys.readouterr().out
    assert main(["backup", "today.db"]) == 78
    assert "today.db already exists" in capsys.readouterr().err
    assert main(["restore", "today.db"]) == 0
    out = capsys.readouterr().out
    assert "The previous database is kept as data/parley.db.replaced-1" in out


def test_copy_reports_the_tables(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["load", corpus(folder)]) == 0
    assert main(["copy", "sqlite:///data/parley.db", "sqlite:///other.db"]) == 0
    out = capsys.readouterr().out
    assert "article: 1\n" in out
    assert "Now set DATABASE_URL to sqlite:///other.db" in out
    assert main(["copy", "sqlite:///data/parley.db", "sqlite:///other.db"]) == 78
    assert "is not empty" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command",
    [
        ["check"],
        ["check", "--corpus", "corpus"],
        ["find", "geneva"],
        ["history"],
        ["export", "T1"],
        ["copy", "sqlite:///data/parlay.db", "sqlite:///other.db"],
        ["copy", "sqlite:///data/parlay.db", "sqlite:///data/other.db"],
        ["backup", "backup.db"],
        ["undo"],
        ["forget", "T1"],
        ["copy", "sqlite:///x.db", "sqlite:///x.db"],
        ["demo", "--port", "0", "--corpus", "nowhere"],
    ],
    ids=" ".join,
)
def test_looking_and_mistakes_create_nothing(folder: Path, command: list[str]) -> None:
    corpus(folder)
    main(command)
    assert [path.name for path in folder.iterdir()] == ["corpus"]


@pytest.mark.parametrize("command", [["history"], ["export", "T1"], ["forget", "T1"], ["undo"]])
def test_a_mistyped_database_does_not_pass_for_an_empty_one(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:///data/parlay.db")
    assert main(command) == 78
    captured = capsys.readouterr()
    assert "There is no database sqlite:///data/parlay.db." in captured.err
    assert not captured.out


def test_history_before_the_first_load(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate"]) == 0
    capsys.readouterr()
    assert main(["history"]) == 0
    assert "Nothing has been loaded yet" in capsys.readouterr().out


def test_check_says_that_there_is_no_database_yet(capsys: pytest.CaptureFixture[str]) -> None:
    main(["check"])
    assert "nothing loaded yet; it does not exist yet" in capsys.readouterr().out


def test_demo_with_a_wrong_setting(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LOG_LEVEL", "loud")
    assert main(["demo", "--port", "0"]) == 78
    assert "LOG_LEVEL must be one of debug" in capsys.readouterr().err


@pytest.mark.parametrize("source", ["sqlite:///data/parlay.db", "sqlite:///empty.db"])
def test_copy_of_no_database_is_refused(
    folder: Path, source: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Seen before: a mistyped path was created, nothing was copied, and that was "Copied"."""
    (folder / "empty.db").touch()
    assert main(["copy", source, "sqlite:///other.db"]) == 78
    captured = capsys.readouterr()
    assert re.search("There is no database|is not a Parley database", captured.err)
    assert "Copied" not in captured.out
    assert not (folder / "other.db").exists()


def test_the_advice_on_a_damaged_backup_is_not_to_restore_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "backup.db").write_text("I am a diary.\n" * 100)
    assert main(["restore", "backup.db"]) == 78
    assert "The backup backup.db is damaged (file is not a database): restore another one." in (
        capsys.readouterr().err
    )


def test_a_database_that_is_a_text_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "parley.db").write_text("I am a diary.\n" * 100)
    assert main(["load"]) == 78
    assert "file is not a database" in capsys.readouterr().err


def test_manifest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["manifest"]) == 0
    assert capsys.readouterr().out == render()


def test_run_without_tokens_names_them_both(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run"]) == 78
    err = capsys.readouterr().err
    assert "SLACK_BOT_TOKEN is missing" in err
    assert "SLACK_APP_TOKEN is missing" in err


def test_check_reports_everything_together(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / ".env").write_text(
        f"SLACK_BOT_TOKEN=xoxp-wrong\nCORPUS_DIR={corpus(folder, 'Only a headline')}\n"
        "DATABASE_URL=sqlite:///corpus/talks.txt\n"
    )
    assert main(["check"]) == 78
    err = capsys.readouterr().err
    assert "SLACK_BOT_TOKEN must start with xoxb-" in err
    assert "SLACK_APP_TOKEN is missing" in err
    assert "talks.txt:1: has a headline and no article below it" in err
    assert "not a database" in err
    assert "wrong" not in err


def test_check_warns_of_files_that_others_can_read(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    env, database = folder / ".env", folder / "data" / "parley.db"
    env.write_text(f"CORPUS_DIR={corpus(folder)}\n")
    assert main(["load"]) == 0
    for file in (env, database):
        file.chmod(0o640)
    main(["check"])
    err = capsys.readouterr().err
    assert (
        "Warning: Settings: other users of this machine can read or write .env (mode 0640)" in err
    )
    assert "can read or write data/parley.db (mode 0640)" in err
    assert "`chmod 600 data/parley.db`." in err
    for file in (env, database):
        file.chmod(0o600)
    main(["check"])
    assert "Warning" not in capsys.readouterr().err
    env.unlink()
    main(["check"])
    assert "other users" not in capsys.readouterr().err


def test_check_warns_of_feeds_that_fail_and_of_publishers_that_cannot_reach_us(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def add() -> None:
        async with open_store("sqlite:///data/parley.db") as store:
            await store.sources.add("https://a.example/feed", now=NOW)
            await store.sources.add("https://b.example/feed", now=NOW)
            feed, other = await store.sources.claim_due(NOW, limit=2, owner="a:1")
            await store.sources.note_failure(feed, "It is empty.", now=NOW, next_poll_at=NOW)
            await store.sources.note_gone(other, "It is gone.", now=NOW)

    main(["check"])
    assert "FEEDS_CONTACT" not in capsys.readouterr().err
    asyncio.run(add())
    main(["check"])
    captured = capsys.readouterr()
    assert "Feeds: 2." in captured.out
    failing = r"Warning: Feeds: ([ab]\.example) https://\1/feed fails: It is empty\."
    assert re.search(failing, captured.err)
    assert "It is gone." not in captured.err, "a feed that is paused does not fail"
    assert "FEEDS_CONTACT is missing" in captured.err
    monkeypatch.setenv("FEEDS_CONTACT", "bot@example.com")
    main(["check"])
    assert "FEEDS_CONTACT" not in capsys.readouterr().err


def test_commands_warn_of_sample_stories(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`load` and `check` warn, also if only the next reload would load the sample stories."""
    warning = "the sample stories that come with Parley, which are about a war: before"
    assert main(["load"]) == 0
    assert f"Warning: these are {warning}" in capsys.readouterr().err
    main(["check"])
    err = capsys.readouterr().err
    assert f"starter holds {warning}" in err
    assert f"Database: it holds {warning}" in err
    assert main(["load", corpus(folder)]) == 0
    main(["check"])
    err = capsys.readouterr().err
    assert f"starter holds {warning}" in err
    assert "Database: it holds" not in err
    (folder / ".env").write_text(f"CORPUS_DIR={corpus(folder)}\n")
    main(["check"])
    assert "sample" not in capsys.readouterr().err


def test_a_lost_key_needs_the_new_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["key", "--lost"]) == 78
    assert "There is no database" in capsys.readouterr().err
    main(["load", corpus(folder)])
    assert main(["key", "--lost"]) == 78
    assert "ENCRYPTION_KEY: `python -m bot key` makes one" in capsys.readouterr().err
    assert main(["key"]) == 0
    (folder / ".env").write_text(f"ENCRYPTION_KEY={capsys.readouterr().out}")
    assert main(["key", "--lost"]) == 0
    assert "there is nothing to give up" in capsys.readouterr().out


@pytest.mark.parametrize(("text", "code"), [("Talks\nA.\nB.\nC?\n", 1), ("Only a headline", 78)])
def test_check_when_slack_cannot_be_reached(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    text: str,
    code: int,
) -> None:
    """Like `run`: 1 if only Slack is unreachable, 78 if somebody has to fix something."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-1")
    monkeypatch.setenv("SLACK_API_URL", "http://127.0.0.1:9/api/")
    monkeypatch.setenv("CORPUS_DIR", corpus(folder, text))
    assert main(["check"]) == code
    captured = capsys.readouterr()
    for token in ("SLACK_APP_TOKEN", "SLACK_BOT_TOKEN"):
        assert f"{token}: http://127.0.0.1:9/api/ cannot be reached" in captured.err
    assert ("Corpus: 1 document with 1 story" in captured.out) is (code == 1)


@pytest.mark.parametrize(
    ("environ", "warning"),
    [
        ({"PORT": "3000"}, "PORT has no effect without SLACK_SIGNING_SECRET: SLACK_APP_TOKEN is"),
        ({"SLACK_SIGNING_SECRET": "s"}, "SLACK_SIGNING_SECRET has no effect without PORT: SLACK"),
        ({"HTTPS_PROXY": "socks5://x:1"}, "HTTPS_PROXY must be the address of an HTTP proxy, such"),
        ({"HTTP_PROXY": "foo"}, "HTTP_PROXY must be the address of an HTTP proxy, such as http:"),
        ({"HTTPS_PROXY": "socks5://x:1", "NO_PROXY": "*"}, None),
        ({"HTTPS_PROXY": "foo:1", "HTTP_PROXY": "http://foo"}, None),
        ({}, None),
    ],
    ids=str,
)
@pytest.mark.usefixtures("unreachable")
def test_check_warns_of_settings_without_effect(
    environ: dict[str, str],
    warning: str | None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, text in environ.items():
        monkeypatch.setenv(name, text)
    assert main(["check"]) == 1
    warnings = re.findall(r"Warning: (?!Database|Clock)(.*)", capsys.readouterr().err)
    assert len(warnings) == (warning is not None)
    assert all(one.startswith(str(warning)) for one in warnings)


@pytest.mark.parametrize(
    ("port", "proxies", "warning"),
    [
        ("3000", "0", None),
        ("3000", "1", "TRUSTED_PROXIES=1 trusts X-Forwarded-For, and port 3000 is open on every"),
        ("[::]:3000", "2", "TRUSTED_PROXIES=2 trusts X-Forwarded-For"),
        ("127.0.0.1:3000", "0", "PORT=127.0.0.1:3000 is reached only through a proxy"),
        ("localhost:3000", "0", "PORT=localhost:3000 is reached only through a proxy"),
        ("[::1]:3000", "1", None),
        ("10.0.0.7:3000", "1", None),
        ("", "1", "TRUSTED_PROXIES=1 has no effect without HTTP"),
    ],
)
def test_check_warns_of_proxies_that_cannot_be_right(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    port: str,
    proxies: str,
    warning: str | None,
) -> None:
    """`check` only warns: some hosts set a bare PORT that only their proxy can reach."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    monkeypatch.setenv("SLACK_APP_TOKEN" if not port else "SLACK_SIGNING_SECRET", "xapp-1")
    monkeypatch.setenv("SLACK_API_URL", "http://127.0.0.1:9/api/")
    monkeypatch.setenv("PORT", port)
    monkeypatch.setenv("TRUSTED_PROXIES", proxies)
    assert main(["check"]) == 1
    found = [one for one in capsys.readouterr().err.splitlines() if "PROXIES" in one]
    assert len(found) == bool(warning)
    assert all(one.startswith(f"Warning: {warning}") for one in found)


def test_a_lost_socket_exits_with_a_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def lose(*_: object, **__: object) -> None:
        raise SocketLostError("The socket is lost")

    monkeypatch.setattr("bot.cli.run.serve", lose)
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-1")
    assert main(["run"]) == 1
    assert (
        "The socket is lost: exiting, so that the supervisor restarts Parley."
        in capsys.readouterr().err
    )


def test_a_demo_on_a_taken_port_suggests_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["demo", "--port", str(port)]) == 1
    said = capsys.readouterr().err
    assert f"Port {port} is taken by another program" in said
    assert "`make demo PORT=0`, or `python -m bot demo --port 0`" in said


def test_a_demo_on_a_privileged_port_suggests_a_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def demo(**_: object) -> None:
        raise PermissionError(errno.EACCES, "error while attempting to bind on address")

    monkeypatch.setattr("bot.cli.demo.demo", demo)
    assert main(["demo", "--port", "80"]) == 1
    assert "Port 80 needs root: `make demo PORT=0`" in capsys.readouterr().err


def test_a_bot_on_a_taken_port_names_the_port_and_the_setting(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-1")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("STATUS_PORT", str(port))
        assert main(["run"]) == 1
    said = capsys.readouterr().err
    assert f"127.0.0.1, port {port}" in said
    assert "Set another PORT or STATUS_PORT" in said


@pytest.mark.parametrize("port", ["65536", "-1", "8765x", "", "²"])
def test_an_invalid_port_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["demo", f"--port={port}"])
    assert ended.value.code == 2
    assert f"{port!r} is not a number from 0 to 65535" in capsys.readouterr().err


SOCKET_MODE = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "PORT": "3000"}
HTTP = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s", "PORT": "3000"}


def procfile(process: str) -> list[str]:
    """Return Parley's arguments in that line of the Procfile."""
    lines = dict(line.split(": ") for line in (ROOT / "Procfile").read_text().splitlines())
    program, *arguments = lines[process].split(" bot ")
    assert program == "python -m"
    return arguments[0].split()


@pytest.mark.parametrize(
    ("process", "environ", "advice"),
    [
        ("web", HTTP, None),
        ("worker", SOCKET_MODE, None),
        ("web", SOCKET_MODE, "start `run --socket-mode`, which is `worker` in the Procfile"),
        ("worker", HTTP, "start `run --http`, which is `web` in the Procfile"),
    ],
)
def test_each_line_of_the_procfile_does_what_its_name_says(
    process: str,
    environ: dict[str, str],
    advice: str | None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    served = []

    async def serve(settings: Settings, **_: object) -> None:
        served.append(settings.is_http)

    monkeypatch.setattr("bot.cli.run.serve", serve)
    monkeypatch.delenv("SLACK_SIGNING_SECRET", raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert main(procfile(process)) == (78 if advice else 0)
    assert served == ([] if advice else [process == "web"])
    assert (advice or "") in capsys.readouterr().err


def test_a_manifest_for_http(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["manifest", "--url", "https://parley.example/"]) == 0
    shown = json.loads(capsys.readouterr().out)
    entry = "https://parley.example/slack/events"
    assert {one["url"] for one in shown["features"]["slash_commands"]} == {entry}
    assert shown["settings"]["interactivity"]["request_url"] == entry
    assert shown["settings"]["socket_mode_enabled"] is False


# --- text that is not UTF-8 ---------------------------------------------------------------------


def test_find_takes_arguments_and_lines_that_are_not_utf_8(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python represents an invalid byte of an argument as a lone surrogate."""
    assert main(["find", "geneva\udcff", "--corpus", corpus(folder)]) == 0
    assert main(["find", "kuber\udcffnetes", "--corpus", corpus(folder)]) == 0
    assert "No story on “kuber\ufffdnetes”." in capsys.readouterr().out
    lines = io.TextIOWrapper(io.BytesIO(b"kuber\xffnetes\nkuber\0netes\n"), encoding="utf-8")
    monkeypatch.setattr("sys.stdin", lines)
    assert main(["find", "--jsonl", "--corpus", corpus(folder)]) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first["query"] == "kuber\ufffdnetes"
    assert second["outcome"] == "none"


@pytest.mark.parametrize("name", ["talks\udcff.txt", "talks\x1b[31m.txt"], ids=ascii)
def test_a_single_document_with_an_unprintable_name_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (folder / name).write_text("Talks\nEnvoys met in Geneva.\nInsight.\nWhat next?\n")
    for command in (["find", "x", "--corpus"], ["check", "--corpus"], ["load"]):
        assert main([*command, str(folder / name)]) == 78
        assert "has a name that cannot be shown" in capsys.readouterr().err


def test_a_folder_and_a_calendar_may_have_names_that_are_not_utf_8(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = Path(corpus(folder)).rename(folder / "stories\udcff")
    assert main(["load", str(odd)]) == 0
    assert "Loaded 1 document " in capsys.readouterr().out
    assert main(["find", "geneva", "--corpus", str(odd)]) == 0
    calendar = folder / "days\udcff.ics"
    calendar.write_text("nonsense")
    assert main(["load", "--holidays", str(calendar)]) == 78
    assert main(["load", "--holidays", str(folder / "no\udcff.ics")]) == 78
    assert "cannot be read: No such file" in capsys.readouterr().err
    assert main(["backup", str(folder / "copy\udcff")]) == 0
    assert main(["restore", str(folder / "copy\udcff")]) == 0


class TestPersonalData:
    """`forget` and `export`."""

    @pytest.fixture
    def owned(self, folder: Path) -> None:
        """Store a schedule that U1 owns in T1, and a topic request of T1."""

        async def own() -> None:
            async with open_store("sqlite:///data/parley.db") as store:
                timetable = Timetable(at=time(9), weekdays=frozenset({0}), zone="UTC")
                await store.schedules.set(
                    team_id=T1,
                    channel_id=C1,
                    owner_id=U1,
                    now=NOW,
                    order=Order(timetable=timetable),
                )
                await store.topic_requests.add(T1, "pizza", by="press", now=NOW)

        asyncio.run(own())

    def stored(self) -> tuple[str | None, int]:
        """Return the owner of the schedule, and the number of topic requests."""

        async def read() -> tuple[str | None, int]:
            async with open_store("sqlite:///data/parley.db") as store:
                schedule = await schedule_of(store, T1, C1)
                requests = await store.topic_requests.list(T1, since=NOW)
                return schedule.owner_id if schedule else "gone", len(requests)

        return asyncio.run(read())

    @pytest.mark.usefixtures("owned")
    def test_export_prints_what_forget_erases(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["export", "T1:U1"]) == 0
        exported = json.loads(capsys.readouterr().out)
        assert (exported["team"], exported["user"]) == ("T1", "U1")
        assert list(exported["tables"]) == ["schedule"]
        assert exported["tables"]["schedule"][0]["organiser_id"] == "U1"
        assert main(["export", "T1"]) == 0
        exported = json.loads(capsys.readouterr().out)
        assert set(exported["tables"]) == {"schedule", "topic_request", "once"}
        assert exported["tables"]["topic_request"][0]["words"] == "pizza"

    @pytest.mark.usefixtures("owned")
    def test_without_a_terminal_nothing_is_erased_without_yes(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["forget", "T1:U1"]) == 2
        told = capsys.readouterr()
        assert (
            "schedules that go on without an owner until somebody saves them again: 1" in told.out
        )
        assert told.err == "Nothing was erased. Use --yes to erase without asking.\n"
        assert self.stored() == ("U1", 1)

    def test_nothing_is_migrated_before_forget_is_confirmed(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        url, old = "sqlite:///data/parley.db", newest_version() - 1

        async def version(*, is_created: bool = False) -> int:
            async with connect(url) as database:
                if is_created:
                    await migrate(database, to=old)
                    async with database.transaction() as connection:
                        await connection.execute(
                            "INSERT INTO once (team_id, key, at) VALUES ('T1', 'k', 't')"
                        )
                return await version_of(database)

        assert asyncio.run(version(is_created=True)) == old
        assert main(["forget", "T1"]) == 2
        assert main(["check"]) == 78
        assert f"updates its schema from {old} to {old + 1}" in capsys.readouterr().err
        assert asyncio.run(version()) == old
        assert main(["forget", "T1", "--yes"]) == 0
        copied = f"data/parley.db.schema-{old}"
        assert f"These copies may still hold it: {copied}.\n" in capsys.readouterr().out
        assert (folder / copied).exists()

    @pytest.mark.usefixtures("owned")
    @pytest.mark.parametrize(
        ("typed", "owner"),
        [("y\n", None), ("YES\n", None), ("\n", "U1"), ("no\n", "U1"), ("", "U1"), ("yy\n", "U1")],
    )
    def test_forget_asks_at_a_terminal(
        self,
        typed: str,
        owner: str | None,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        terminal = io.StringIO(typed)
        terminal.isatty = lambda: True  # type: ignore[method-assign]
        monkeypatch.setattr("sys.stdin", terminal)
        assert main(["forget", "T1:U1"]) == (0 if owner is None else 2)
        assert "This cannot be undone [y/N]" in capsys.readouterr().out
        assert self.stored() == (owner, 1)

    @pytest.mark.usefixtures("owned")
    def test_forget_erases_a_whole_team(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ADMIN_USER_IDS", "T1:U1,T2:U1")
        assert main(["forget", "T1", "--yes"]) == 0
        told = capsys.readouterr().out
        assert "- schedules, deleted: 1\n" in told
        assert "- topic requests, deleted: 1\n" in told
        assert "Delete backups and log files yourself" in told
        assert "still lists T1:U1." in told
        assert "T2:U1" not in told
        assert "Also remove the app from that workspace" in told
        assert self.stored() == ("gone", 0)
        assert main(["forget", "T1", "--yes"]) == 0
        assert "Nothing is stored about the team T1." in capsys.readouterr().out

    @pytest.mark.parametrize("who", ["", "U1", "t1", "T1:", "T1:C1", "T1:U1:U2", "T1 U1", "T1\n"])
    @pytest.mark.parametrize("command", ["forget", "export"])
    def test_an_invalid_id_is_refused(
        self, command: str, who: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(SystemExit) as ended:
            main([command, who])
        assert ended.value.code == 2
        assert "T012AB3CD:U012AB3CD, not" in capsys.readouterr().err


# --- bad days at the terminal -------------------------------------------------------------------

EVIL = "Talks \x1b[2J\x9b1A\u202egnp\nEnvoys\tmet \x07in Geneva.\nInsight.\nWhat next?\n"
CONTROLS = "\x1b\x9b\x07\u202e"


def test_a_story_cannot_control_the_terminal(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = corpus(folder, EVIL)
    assert main(["find", "geneva", "--corpus", path]) == 0
    assert main(["load", path]) == 0
    assert main(["find", "geneva"]) == 0
    main(["find", f"kubernetes{CONTROLS}"])
    main(["find", "--corpus", f"nowhere{CONTROLS}", "x"])
    captured = capsys.readouterr()
    assert "Geneva" in captured.out
    assert not [char for char in CONTROLS if char in captured.out + captured.err]


def test_json_lines_keep_every_character_escaped(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    query = f"geneva {CONTROLS}\u2028"
    monkeypatch.setattr("sys.stdin", io.StringIO(query))
    assert main(["find", "--jsonl", "--corpus", corpus(folder)]) == 0
    out = capsys.readouterr().out
    assert not [char for char in CONTROLS if char in out]
    assert json.loads(out)["query"] == query


def shell(folder: Path, line: str) -> "subprocess.CompletedProcess[str]":
    """Run a line of the shell in *folder*, with `$bot` for the command line."""
    environ = environment(bot=f"{sys.executable} -m bot")
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("line", "code", "error"),
    [
        ("$bot manifest | true", 141, ""),
        ("yes ankara | head -2000 | $bot find --jsonl --corpus corpus | head -1", 141, ""),
        ("$bot find --jsonl --corpus corpus <&-", 0, ""),
        ("$bot find --corpus corpus geneva >&-", 0, ""),
        (
            "$bot find --corpus corpus geneva >/dev/full",
            1,
            "Writing failed: No space left on device.\n",
        ),
    ],
)
def test_a_stream_that_is_gone_is_no_traceback(
    folder: Path, line: str, code: int, error: str
) -> None:
    corpus(folder)
    done = shell(folder, line)
    assert (done.returncode, done.stderr) == (code, error)


def test_a_file_of_settings_in_another_encoding_is_named_last(folder: Path) -> None:
    (folder / ".env").write_bytes("CORPUS_DIR=corpus\n".encode("utf-16"))
    done = shell(folder, "$bot history")
    assert (done.returncode, done.stderr) == (78, ".env is not in UTF-8: save it again as UTF-8.\n")


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("backup today.db", "today.db cannot be written: "),
        ("backup corpus/talks.txt/today.db", "There is no folder corpus/talks.txt: create it, or"),
        ("load corpus", "The disk refuses: nothing was changed in the database data/parley.db"),
    ],
)
def test_a_disk_without_room_is_a_sentence_and_leaves_nothing(
    folder: Path, command: str, sentence: str
) -> None:
    """A limit on the size of files stands for a full disk."""
    corpus(folder)
    assert main(["load", "corpus"]) == 0
    many = "".join(f"Summary {n}.\nInsight {n}.\nQuestion {n}?\n" for n in range(4000))
    (folder / "corpus" / "more.txt").write_text(f"More\n{many}")
    before = {path.name: path.stat().st_size for path in folder.iterdir() if path.is_file()}
    kib = (folder / "data" / "parley.db").stat().st_size // 1024
    done = shell(folder, f"ulimit -f {kib - 8}; $bot {command}")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.returncode in (1, 78)
    assert {path.name: path.stat().st_size for path in folder.iterdir() if path.is_file()} == before
    assert main(["find", "geneva"]) == 0


@pytest.mark.parametrize(
    "url",
    ["nonsense", "http://parley.example.com", "https://", "https://a b", "https://x:99999",
     "https://u@x.example", "https://x.example/?a=b", "https://x.example#a", 'https://x"y',
     "ftp://x.example", "https://[::1", ""],
)  # fmt: skip
def test_a_manifest_for_no_url_is_refused(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["manifest", "--url", url])
    assert ended.value.code == 2
    assert "is not like https://parley.example.com" in capsys.readouterr().err


@pytest.mark.parametrize("more", ["", "/", "/slack/events"])
def test_a_manifest_has_the_path_once(more: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["manifest", "--url", f"https://parley.example.com{more}"]) == 0
    manifest = json.loads(capsys.readouterr().out)
    url = manifest["settings"]["event_subscriptions"]["request_url"]
    assert url == "https://parley.example.com/slack/events"


def test_commands_warn_of_a_misspelled_setting(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / ".env").write_text("CORPUS_DIRR=corpus\n")
    main(["history"])
    main(["check"])
    warning = "Warning: CORPUS_DIRR is not a setting of Parley: is it meant to be CORPUS_DIR?\n"
    assert capsys.readouterr().err.count(warning) == 2


@pytest.mark.parametrize(
    "environ",
    [
        {"DATABASE_URL": "sqlite:///:memory:"},
        {"DATABASE_URL": "postgresql://parley:hu/sh@127.0.0.1:9/parley"},
        {"DATABASE_URL": "postgresql://parley:hush/parley"},
        {"DATABASE_URL": "sqlite:///corpus/talks.txt/parley.db"},
        {"SLACK_API_URL": "http://127.0.0.1:70000/api/"},
        {"SLACK_BOT_TOKEN": "xoxb-1\n2"},
        {"STATUS_PORT": "a..b:9090"},
        {"STATUS_PORT": "8.8.8.8:9090"},
        {"CORPUS_DIR": "nowhere"},
    ],
    ids=str,
)
@pytest.mark.parametrize("command", ["run", "check", "history", "load"])
def test_a_mistake_in_the_settings_is_a_sentence(
    folder: Path,
    command: str,
    environ: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    usual = {
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_APP_TOKEN": "xapp-1",
        "SLACK_API_URL": "http://127.0.0.1:9/api/",
        "CORPUS_DIR": corpus(folder),
    }
    for name, text in (usual | environ).items():
        monkeypatch.setenv(name, text)
    main([command])
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    assert not re.search("hu/?sh", captured.out + captured.err)


@pytest.mark.parametrize(
    "command",
    [["check"], ["check", "--corpus", "corpus"], ["find", "geneva"], ["history"], ["export", "T1"]],
    ids=" ".join,
)
def test_looking_at_a_loaded_database_changes_no_file(
    folder: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / ".env").write_text(f"CORPUS_DIR={corpus(folder)}\n")
    main(["load"])
    data = folder / "data"
    before = {path.name: path.read_bytes() for path in data.iterdir()}
    capsys.readouterr()
    main(command)
    captured = capsys.readouterr()
    assert captured.out
    assert "Database" not in captured.err
    assert {path.name: path.read_bytes() for path in data.iterdir()} == before


@pytest.fixture
def read_only(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a loaded database and a folder of documents, in which nobody may write."""
    corpus(folder)
    (folder / ".env").write_text("CORPUS_DIR=corpus\n")
    main(["load"])
    main(["find", "geneva"])  # Nothing needs to be imported later.
    # The folders of `tmp_path` are closed to everybody else.
    with TemporaryDirectory() as temporary:
        place = Path(temporary) / "place"
        shutil.copytree(folder, place)
        Path(temporary).chmod(0o755)
        (place / "data" / "parley.db").chmod(0o444)
        for each in (place / "corpus", place / "data", place):
            each.chmod(0o555)
        (place / ".env").chmod(0o444)
        monkeypatch.chdir(place)
        yield place
        monkeypatch.chdir(folder)


@contextmanager
def nobody() -> Iterator[None]:
    """Run as another user than root, whom no mode of a file stops."""
    if os.geteuid():
        yield
        return
    os.setresuid(65534, 65534, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        (["check"], "Database: sqlite:///data/parley.db, revision 1."),
        (["check", "--corpus", "corpus"], "Nothing would change"),
        (["find", "geneva"], "Envoys met in Geneva."),
        (["history"], "Revision 1"),
        (["export", "T1"], "{"),
    ],
)
def test_looking_at_a_database_that_nobody_may_write(
    read_only: Path, command: list[str], shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: path.read_bytes() for path in (read_only / "data").iterdir()}
    capsys.readouterr()
    with nobody():
        main(command)
    assert shown in capsys.readouterr().out
    assert {path.name: path.read_bytes() for path in (read_only / "data").iterdir()} == before


def test_looking_at_a_file_that_nobody_may_write_leaves_no_file_behind(
    read_only: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = read_only / "data"
    data.chmod(0o777)
    before = sorted(data.iterdir())
    with nobody():
        assert main(["history"]) == 0
    assert "Revision 1" in capsys.readouterr().out
    assert sorted(data.iterdir()) == before


@pytest.fixture
def unreachable(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set settings without a mistake, for a Slack that nothing answers for."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-1")
    monkeypatch.setenv("SLACK_API_URL", "http://127.0.0.1:9/api/")
    monkeypatch.setenv("CORPUS_DIR", corpus(folder))


@pytest.mark.usefixtures("unreachable")
def test_check_of_a_database_that_is_away_is_no_mistake_of_the_settings(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://parley:hush@127.0.0.1:9/parley")
    assert main(["check"]) == 1
    captured = capsys.readouterr()
    assert "Database: The database cannot be opened: " in captured.err
    assert "hush" not in captured.out + captured.err


@pytest.mark.usefixtures("unreachable")
def test_check_tries_the_ports(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setenv("STATUS_PORT", str(port))
        assert main(["check"]) == 1
        taken = f"maybe another Parley, listens on 127.0.0.1, port {port}."
        assert f"Warning: STATUS_PORT: The port is taken: a program, {taken}" in (
            capsys.readouterr().err
        )
    main(["check"])
    assert "STATUS_PORT" not in capsys.readouterr().err
    monkeypatch.setenv("STATUS_PORT", "8.8.8.8:9090")
    main(["check"])
    assert "Warning: STATUS_PORT: Cannot listen on 8.8.8.8" in capsys.readouterr().err


@pytest.mark.usefixtures("unreachable")
def test_check_warns_of_a_wrong_clock(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def ask() -> datetime:
        return datetime(1999, 12, 31, tzinfo=UTC)

    monkeypatch.setattr("bot.cli.check.slack_clock", lambda *_, **__: ask)
    main(["check"])
    assert re.search(r"Warning: Clock: [\d,]+ days ahead of Slack's", capsys.readouterr().err)
