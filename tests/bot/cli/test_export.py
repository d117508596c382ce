"""The export of stories can be loaded again, and gives the same stories."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.__main__ import main
from bot.cli.export import _WRITERS, _write
from store import open_store
from store.articles.written_questions import WrittenQuestion
from store.loading.documents import read_corpus, texts
from store.loading.documents.source import value_of
from store.types import Article
from tests.ids import T1, U1
from tests.machine import NOW

WORDS = (
    st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), min_size=1, max_size=30)
    | st.sampled_from(
        ["=HYPERLINK(1)", "A <b>bold</b> &amp; b", "-5 degrees", '"a', "a,b;c|d", "@x"]
    )
).map(lambda text: " ".join(text.split()) or "x")
TEXTS = WORDS.filter(lambda text: value_of(text) and text.isprintable())
ARTICLES = st.builds(
    Article,
    id=st.just("a"),
    document=st.just("a"),
    position=st.just(1),
    headline=TEXTS,
    summary=TEXTS,
    insight=TEXTS | st.just(""),
    question=TEXTS | st.just(""),
    url=st.sampled_from(["https://example.org/a?b=1&c=2", None]),
    publisher=st.just("The Herald") | st.none(),
    published_at=st.just(datetime(2026, 11, 20, 8, 30, tzinfo=UTC)) | st.none(),
    guid=st.just("tag:1") | st.none(),
)


def origin(article: Article) -> tuple[object, ...]:
    return article.url, article.publisher, article.published_at, article.guid


@pytest.mark.parametrize("ending", _WRITERS)
@settings(max_examples=60, deadline=None)
@given(articles=st.lists(ARTICLES, min_size=1, max_size=4))
async def test_what_is_exported_is_read_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, ending: str, articles: Sequence[Article]
) -> None:
    async def batches() -> AsyncIterator[Sequence[Article]]:
        yield articles

    folder = tmp_path_factory.mktemp("corpus")
    with (folder / f"a{ending}").open("w", encoding="utf-8", newline="") as file:
        assert await _write(batches(), _WRITERS[ending](file)) == len(articles)
    corpus = read_corpus(folder)
    assert not corpus.warnings
    read = [*corpus.articles()]
    assert [*map(texts, read)] == [*map(texts, articles)]
    assert [*map(origin, read)] == [*map(origin, articles)]


@pytest.fixture
def filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Load a story and write its question; return an empty folder for exports."""
    url = f"sqlite:///{tmp_path}/parley.db"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", url)
    folder, exports = tmp_path / "corpus", tmp_path / "exports"
    folder.mkdir()
    exports.mkdir()
    (folder / "a.jsonl").write_text('{"headline": "Fog", "summary": "Ferries wait in the fog."}')

    async def fill() -> None:
        async with open_store(url) as store:
            await store.loads.reload(folder, by=U1, at=NOW)
            article = await store.articles.next_unasked()
            assert article
            written = WrittenQuestion(insight="", question="Who pays?")
            await store.questions.write(article.id, written, team_id=T1, by=U1, at=NOW)

    asyncio.run(fill())
    return exports


@pytest.mark.parametrize("name", ["stories.jsonl", "STORIES.CSV"])
def test_the_file_holds_the_written_questions(
    filled: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = filled / name
    assert main(["export", "--stories", str(file)]) == 0
    assert capsys.readouterr().out.startswith(f"Wrote 1 story to {file}, with the questions")
    (article,) = read_corpus(filled).articles()
    assert texts(article) == ("Fog", "Ferries wait in the fog.", "", "Who pays?")
    # A file that is there is never overwritten.
    file.write_text("mine")
    assert main(["export", "--stories", str(file)]) == 2
    assert f"{file} exists already: name a new file." in capsys.readouterr().err
    missing = filled / "missing" / name
    assert main(["export", "--stories", str(missing)]) == 78
    assert f"{missing} cannot be written: No such file or directory." in capsys.readouterr().err
    assert file.read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Name either TEAM[:USER], or --stories and a file"),
        (["T1", "--stories", "a.csv"], "Name either TEAM[:USER], or --stories and a file"),
        (["--stories", "a.xlsx"], "a.xlsx must be named *.jsonl or *.csv"),
    ],
)
@pytest.mark.usefixtures("filled")
def test_a_mistake_is_named_and_writes_nothing(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", *arguments]) == 2
    assert sentence in capsys.readouterr().err
    assert sorted(path.name for path in Path().iterdir() if path.suffix in (".csv", ".xlsx")) == []
