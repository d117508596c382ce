"""Reading text documents, and the sentence for each problem of a document."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.loading.documents import MAX_TEXT, read_corpus
from store.samples import STARTER
from store.types import Article, CorpusInvalidError
from tests.machine import ROOT

TRIPLE = "A summary.\nAn insight.\nA question?\n"


def write(folder: Path, text: str | bytes, name: str = "news.txt") -> Path:
    folder.mkdir(exist_ok=True)
    data = text.encode() if isinstance(text, str) else text
    (folder / name).write_bytes(data)
    return folder


def read(folder: Path) -> list[Article]:
    return [*read_corpus(folder).articles()]


def problems(folder: Path) -> list[str]:
    with pytest.raises(CorpusInvalidError) as caught:
        read_corpus(folder)
    return [str(problem) for problem in caught.value.problems]


def test_a_document_of_forty_stories_has_no_problem() -> None:
    """One headline, and no blank lines between the stories."""
    articles = read(ROOT / "tests" / "data")
    assert {(one.document, one.headline) for one in articles} == {
        ("harbour.txt", "The week on the coast, in forty stories")
    }
    assert [one.position for one in articles] == [*range(1, 41)]
    assert all(one.question.endswith("?") for one in articles)


def test_starter_corpus_has_no_problem() -> None:
    articles = read(STARTER)
    assert len(articles) == 26
    assert len({article.question for article in articles}) == 26
    assert all(article.question.endswith("?") for article in articles)


@pytest.mark.parametrize(
    "text",
    [
        f"Headline\n{TRIPLE}{TRIPLE}",
        f"Headline\r\n{TRIPLE}{TRIPLE}".replace("\n", "\r\n"),
        f"\ufeffHeadline\n\n\n{TRIPLE}\n  \n{TRIPLE}",
        f"  Headline \n{TRIPLE}{TRIPLE}".rstrip("\n"),
        f"Headline\n\u200b\n\ufeff{TRIPLE}\x0c\n{TRIPLE}\x1a",
        f"\x07Headline\x1b\n\u2028{TRIPLE}{TRIPLE}".replace("A s", "A\x08s"),
    ],
    ids=[
        "plain",
        "CRLF",
        "BOM and blank lines",
        "blanks and no last newline",
        "invisible lines",
        "control characters",
    ],
)
def test_variants_of_one_document_are_read_alike(tmp_path: Path, text: str) -> None:
    first, second = read(write(tmp_path, text))
    assert (first.position, second.position) == (1, 2)
    assert (first.summary, first.insight, first.question) == (
        "A summary.",
        "An insight.",
        "A question?",
    )
    assert first.headline == "Headline"


def test_an_id_does_not_depend_on_the_file_name(tmp_path: Path) -> None:
    before = write(tmp_path / "a", f"Headline\n{TRIPLE}", "old.txt")
    after = write(tmp_path / "b", f"Other\n{TRIPLE}", "new.txt")
    assert read(before)[0].id == read(after)[0].id
    assert read_corpus(before).fingerprint != read_corpus(after).fingerprint


def test_other_files_are_ignored_and_counted(tmp_path: Path) -> None:
    write(tmp_path, f"Headline\n{TRIPLE}")
    write(tmp_path, "x", "notes.md")
    write(tmp_path, "x", ".hidden.txt")
    corpus = read_corpus(tmp_path)
    assert list(corpus.digests) == ["news.txt"]
    assert corpus.ignored == 2


def test_subfolders_are_read(tmp_path: Path) -> None:
    write(tmp_path / "europe", f"Headline\n{TRIPLE}", "talks.txt")
    assert read(tmp_path)[0].document == "europe/talks.txt"


def test_slack_markup_in_a_document_is_plain_text(tmp_path: Path) -> None:
    """It is escaped when it is rendered."""
    (article,) = read(write(tmp_path, "<!channel>\n<@U1> &amp; <http://x|y>\n<!here>\n<#C1>?\n"))
    assert (article.headline, article.summary) == ("<!channel>", "<@U1> &amp; <http://x|y>")


def test_a_single_file_is_a_corpus(tmp_path: Path) -> None:
    write(tmp_path, f"Headline\n{TRIPLE}")
    assert len(read(tmp_path / "news.txt")) == 1


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "news.txt: is empty: a document starts with its headline"),
        (" \n\n", "news.txt: is empty: a document starts with its headline"),
        ("Only a headline\n", "news.txt:1: has a headline and no article below it"),
        (
            f"Headline\n{TRIPLE}A summary.\n",
            "news.txt:5: the last article has a summary, but no insight and no question",
        ),
        (
            f"Headline\n{TRIPLE}\nA summary.\nAn insight.\n",
            "news.txt:6: the last article has a summary and insight, but no question",
        ),
        (
            f"Headline\nA summary.\nA question?\n{TRIPLE}",
            "news.txt:5: the last article has a summary and insight, but no question; the first"
            " line out of step may be line 4, where a question is due",
        ),
        (
            f"Headline\n{TRIPLE}".encode() + b"caf\xe9\n",
            "news.txt:5: the last article has a summary, but no insight and no question",
        ),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "news.txt:1: is not UTF-8 text: byte 0 of the file is 0x89"),
        (b"GIF89a\x00\x01", "news.txt:1: is not text: it holds a NUL byte"),
        ("x" * 10_000_000, f"news.txt:1: is longer than {MAX_TEXT:,} characters"),
        ("é" * 30_000, f"news.txt:1: is longer than {MAX_TEXT:,} characters"),
        (
            f"Headline\n{TRIPLE}" + "😀" * 30_000,
            f"news.txt:5: is longer than {MAX_TEXT:,} characters",
        ),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "bytes",
)
def test_one_sentence_for_each_problem(tmp_path: Path, text: str | bytes, problem: str) -> None:
    assert problems(write(tmp_path, text)) == [problem]


def test_the_problems_of_all_files_are_reported(tmp_path: Path) -> None:
    write(tmp_path, "", "a.txt")
    write(tmp_path, "Headline\n", "c.txt")
    assert [problem.split(":")[0] for problem in problems(tmp_path)] == ["a.txt", "c.txt"]


def test_a_missing_folder_is_a_problem(tmp_path: Path) -> None:
    assert problems(tmp_path / "none") == ["none: there is no such file or folder"]


def test_a_folder_without_documents_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path, "x", "notes.md")
    (problem,) = problems(tmp_path)
    assert "holds no document" in problem


LINES = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters="\ufeff"),
    min_size=1,
    max_size=50,
).filter(lambda text: any(one.isprintable() and not one.isspace() for one in text))


@given(headline=LINES, triples=st.lists(st.tuples(LINES, LINES, LINES), min_size=1, max_size=5))
def test_a_written_document_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, headline: str, triples: list[tuple[str, str, str]]
) -> None:
    """Any text without control characters is unchanged, apart from blanks around it."""
    text = "\n".join([headline, *(line for triple in triples for line in triple)])
    articles = read(write(tmp_path_factory.mktemp("corpus"), text))
    assert articles[0].headline == headline.strip()
    assert [(a.summary, a.insight, a.question) for a in articles] == [
        tuple(line.strip() for line in triple) for triple in triples
    ]
