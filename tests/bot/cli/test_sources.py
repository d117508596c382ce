"""`python -m bot sources`: feeds at the terminal."""

from pathlib import Path

import pytest

from bot.__main__ import main
from bot.feeds.discovery import Discovered, Discovery
from store.types import ParleyError

OPML = """<opml version="2.0"><body>
<outline text="Daily" xmlUrl="https://daily.example/feed"/>
<outline text="Weekly" xmlUrl="weekly.example/rss"/>
</body></opml>"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Change to an empty folder; every address but that of down.example has a feed."""

    async def find_feed(_: Discovery, written: str) -> Discovered:
        if "down.example" in written:
            raise ParleyError("down.example does not answer.")
        return Discovered(url=written, title="", stories=2)

    monkeypatch.setattr(Discovery, "find_feed", find_feed)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/parley.db")
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Run `sources` with *words*, and return what it printed."""
    assert main(["sources", *words]) == 0
    return capsys.readouterr().out


def test_a_feed_is_added_changed_and_removed(capsys: pytest.CaptureFixture[str]) -> None:
    said = run(capsys, "add", "News.example/Feed", "--days", "30")
    assert "Added news.example (https://news.example/Feed), with 2 stories now." in said
    said = run(capsys)
    assert "folder: 0 stories" in said
    assert "news.example https://news.example/Feed" in said
    assert "  keeps the stories of the last 30 days; first poll as soon as the bot runs" in said
    assert "its stories stay" in run(capsys, "pause", "news")
    assert "paused since" in run(capsys)
    assert main(["sources", "refresh", "news"]) == 78
    assert "is paused: resume it first" in capsys.readouterr().err
    assert "is polled again" in run(capsys, "resume", "https://news.example/Feed")
    assert "is polled as soon as the bot runs" in run(capsys, "refresh", "news")
    assert "keeps its newest 5 stories." in run(capsys, "keep", "news", "--stories", "5")
    assert "keeps all its stories" in run(capsys, "keep", "news")
    assert "No poll of news.example has changed a story yet." in run(capsys, "history", "news")
    assert "news.example is removed. It had no stories." in run(capsys, "remove", "news")
    assert "There are no feeds yet" in run(capsys)


def test_feeds_are_imported_and_exported(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    file = folder / "feeds.opml"
    file.write_text(OPML)
    assert run(capsys, "import", str(file)).startswith("2 feeds added;")
    exported = run(capsys, "export")
    assert 'title="Daily" xmlUrl="https://daily.example/feed"' in exported
    # What is there already is said, and the rest is added.
    more = '<outline xmlUrl="new.example"/><outline xmlUrl="http://192.168.0.1/feed"/></body>'
    file.write_text(exported.replace("</body>", more))
    assert main(["sources", "import", str(file)]) == 78
    said = capsys.readouterr().out
    assert said.startswith("1 feed added;")
    assert "Already there: 2 feeds of the list." in said
    assert (
        "• http://192.168.0.1/feed: 192.168.0.1 is not on the public internet, so I don't" in said
    )
    file.write_text(exported)
    assert run(capsys, "import", str(file)).startswith("Already there: 2 feeds")


def test_what_cannot_be_done_is_said(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    assert main(["sources"]) == 78
    assert "There is no database" in capsys.readouterr().err
    assert main(["sources", "add", "down.example"]) == 78
    assert "down.example does not answer." in capsys.readouterr().err
    run(capsys, "add", "news.example")
    assert main(["sources", "add", "http://news.example/"]) == 78
    assert "is there already." in capsys.readouterr().err
    assert main(["sources", "pause", "weather"]) == 78
    assert "No feed has “weather” in its name or its address." in capsys.readouterr().err
    assert main(["sources", "import", str(folder / "nowhere.opml")]) == 78
    assert "nowhere.opml" in capsys.readouterr().err
    for words in (["keep", "news", "--days", "0"], ["add"], ["explode"]):
        with pytest.raises(SystemExit) as ended:
            main(["sources", *words])
        assert ended.value.code == 2


def test_an_unknown_command_is_answered_with_the_names_of_all(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["sources", "bogus"])
    said = capsys.readouterr().err
    assert "FeedChange" not in said
    assert all(name in said for name in ("add", "remove", "pause", "resume", "refresh", "keep"))
