"""JSON Lines, CSV and feeds; links, hidden files and other endings."""

import json
import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store import Store
from store.loading.documents import MAX_TEXT, read_corpus
from store.types import Article, CorpusInvalidError, Found
from tests.conftest import NOW

TRIPLE = "A summary.\nAn insight.\nA question?\n"
STORY = {"headline": "Head", "summary": "A summary.", "insight": "Why.", "question": "What next?"}
RSS = """<?xml version="1.0"?><rss version="2.0"><channel><title>World</title>{}</channel></rss>"""
ITEM = "<item><title>Envoys &amp; talks</title><description>{}</description></item>"


def write(folder: Path, name: str, text: str | bytes) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return folder


def read(folder: Path) -> list[Article]:
    return [*read_corpus(folder).articles()]


def problems(folder: Path) -> list[str]:
    with pytest.raises(CorpusInvalidError) as caught:
        read_corpus(folder)
    return [str(problem) for problem in caught.value.problems]


def texts(article: Article) -> tuple[str, str, str, str]:
    return article.headline, article.summary, article.insight, article.question


# --- JSON Lines and CSV ---------------------------------------------------------------------------


def test_json_lines(tmp_path: Path) -> None:
    """Every line has a headline of its own; insight and question may be missing."""
    more = {"headline": "Other", "summary": "Over\n  two lines.", "url": "x", "insight": None}
    lines = [json.dumps(STORY), "", json.dumps(more)]
    first, second = read(write(tmp_path, "news.jsonl", "\ufeff" + "\r\n".join(lines)))
    assert texts(first) == ("Head", "A summary.", "Why.", "What next?")
    assert texts(second) == ("Other", "Over two lines.", "", "")
    assert (second.document, second.position) == ("news.jsonl", 2)


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_csv(tmp_path: Path, delimiter: str) -> None:
    """Columns stand in any order, others are left out, and a text may be quoted over lines."""
    rows = [
        delimiter.join(["Summary", "note", " headline", "question", "insight"]),
        delimiter.join(['"One, two;\nthree ""four"""', "x", "Head", "What next?", ""]),
        delimiter.join(["A summary.", "", "Other", "", "Why."]),
    ]
    first, second = read(write(tmp_path, "news.csv", "\n".join(rows)))
    assert texts(first) == ("Head", 'One, two; three "four"', "", "What next?")
    assert texts(second) == ("Other", "A summary.", "Why.", "")


def line(**changed: object) -> str:
    return json.dumps(STORY | changed)


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("a.jsonl", "", "a.jsonl: is empty: it holds one JSON object a line"),
        ("a.jsonl", f"{line()}\n{{nope", "a.jsonl:2: is not JSON from character 2 on"),
        ("a.jsonl", "[" * 100_000, "a.jsonl:1: is nested too deeply"),
        (
            "a.jsonl",
            '"text"',
            "a.jsonl:1: is not a JSON object with the fields headline, summary, insight, question",
        ),
        ("a.jsonl", line(summary=" "), "a.jsonl:1: has no summary"),
        ("a.jsonl", line(headline=7), "a.jsonl:1: has a headline that is not text"),
        (
            "a.jsonl",
            line(insight="x" * (MAX_TEXT + 1)),
            f"a.jsonl:1: has a insight longer than {MAX_TEXT:,} characters",
        ),
        (
            "a.jsonl",
            line(summary="\0"),
            "a.jsonl:1: has a summary that is not text: it holds a NUL character",
        ),
        ("a.jsonl", line(summary="\ud800"), "a.jsonl:1: has a summary with half a character in it"),
        ("a.jsonl", "x" * 10_000_000, "a.jsonl:1: is longer than 100,000 characters"),
        (
            "a.jsonl",
            line().encode() + b"\n\xff\n",
            f"a.jsonl:2: is not UTF-8 text: byte {len(line()) + 1} of the file is 0xFF",
        ),
        (
            "a.csv",
            "",
            "a.csv: is empty: it holds a row of column names, and one row an article",
        ),
        (
            "a.csv",
            "headline,text\nHead,x\n",
            "a.csv:1: must name the columns headline, summary, insight, question: summary is"
            " missing",
        ),
        (
            "a.csv",
            "headline,summary\nHead,A,b\n",
            "a.csv:2: has 3 columns, where the first row names 2",
        ),
        (
            "a.csv",
            'headline,summary\nHead,"A\nb"\n,c\n',
            "a.csv:4: has no headline",
        ),
        ("a.csv", 'headline,summary\nHead,"A\n', "a.csv:2: is not CSV: unexpected end of data"),
        ("a.rss", "", "a.rss: is no RSS or Atom feed"),
        ("a.rss", "<html></html>", "a.rss: is no RSS or Atom feed"),
        (
            "a.rss",
            RSS.format(ITEM.format("cut")).replace("</channel>", "</chan>"),
            "a.rss:1: is no RSS or Atom feed: mismatched tag",
        ),
        ("a.atom", RSS.format(""), "a.atom: is a feed without entries"),
        (
            "a.xml",
            RSS.format(ITEM.format("x") + "<item></item>"),
            "a.xml: entry 2 has neither a title nor a summary",
        ),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "bytes",
)
def test_one_sentence_for_each_problem(
    tmp_path: Path, name: str, text: str | bytes, problem: str
) -> None:
    assert problems(write(tmp_path, name, text)) == [problem]


def test_every_line_s_problem_is_named(tmp_path: Path) -> None:
    folder = write(tmp_path, "a.jsonl", f"{{\n{line()}\n[]\n{line(headline='')}\n")
    assert [problem.split(" ")[0] for problem in problems(folder)] == [
        "a.jsonl:1:",
        "a.jsonl:3:",
        "a.jsonl:4:",
    ]


TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30
).filter(lambda text: text.split())
STORIES = st.lists(
    st.fixed_dictionaries({"headline": TEXT, "summary": TEXT, "insight": TEXT, "question": TEXT}),
    min_size=1,
    max_size=4,
)


@given(stories=STORIES, ascii_only=st.booleans())
def test_what_is_written_as_json_is_read(
    tmp_path_factory: pytest.TempPathFactory, stories: list[dict[str, str]], ascii_only: bool
) -> None:
    text = "\n".join(json.dumps(story, ensure_ascii=ascii_only) for story in stories)
    articles = read(write(tmp_path_factory.mktemp("corpus"), "a.jsonl", text))
    assert [texts(article) for article in articles] == [
        tuple(" ".join(story[name].split()) for name in STORY) for story in stories
    ]


@given(st.sampled_from(["a.txt", "a.jsonl", "a.csv", "a.rss"]), st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: bytes
) -> None:
    folder = write(tmp_path_factory.mktemp("corpus"), name, data)
    with suppress(CorpusInvalidError):
        assert read(folder)


# --- feeds --------------------------------------------------------------------------------------


def test_rss_without_its_markup(tmp_path: Path) -> None:
    feed = RSS.format(ITEM.format("&lt;p&gt;They &lt;b&gt;met&lt;/b&gt; &amp;amp; ate.&lt;/p&gt;"))
    (article,) = read(write(tmp_path, "news.rss", feed))
    assert texts(article) == ("Envoys & talks", "They met & ate.", "", "")


def test_atom(tmp_path: Path) -> None:
    feed = """<feed xmlns="http://www.w3.org/2005/Atom"><title>World</title>
    <entry><title>Envoys</title><summary>They met.</summary></entry>
    <entry><title>Only a title</title></entry></feed>"""
    first, second = read(write(tmp_path, "news.atom", feed))
    assert texts(first) == ("Envoys", "They met.", "", "")
    assert texts(second) == ("Only a title", "Only a title", "", "")


def test_a_feed_cannot_open_files(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("token")
    feed = (
        f'<!DOCTYPE rss [<!ENTITY x SYSTEM "file://{tmp_path}/secret">]>'
        '<rss version="2.0"><channel><item><title>A &x;</title></item></channel></rss>'
    )
    try:
        articles = read(write(tmp_path / "corpus", "news.rss", feed))
    except CorpusInvalidError:
        return
    assert "token" not in str(articles)


async def test_stories_of_a_feed_are_found_and_never_asked(store: Store, tmp_path: Path) -> None:
    write(tmp_path, "news.rss", RSS.format(ITEM.format("They met in Geneva.")))
    await store.corpus.reload(tmp_path, by="U1", at=NOW)
    assert isinstance(await store.corpus.find("geneva"), Found)
    assert await store.choice.next("T1", "C1") is None
    write(tmp_path, "talks.txt", f"Head\n{TRIPLE}")
    await store.corpus.reload(tmp_path, by="U1", at=NOW)
    for place in range(3):
        article = await store.choice.next("T1", "C1", place=place)
        assert article
        assert article.question == "A question?"


# --- what lies in the folder --------------------------------------------------------------------


def test_hidden_files_and_other_endings_are_counted(tmp_path: Path) -> None:
    write(tmp_path, "a.TXT", f"Head\n{TRIPLE}")
    for name in ("notes.md", "README", ".hidden.txt", "txt"):
        write(tmp_path, name, "x")
    (tmp_path / ".git").mkdir()
    write(tmp_path / ".git", "a.txt", "x")
    contents = read_corpus(tmp_path)
    assert list(contents.digests) == ["a.TXT"]
    assert contents.ignored == 5


def test_a_link_within_the_folder_is_read(tmp_path: Path) -> None:
    """So that a folder that Kubernetes mounts can be read: its files are links to hidden ones."""
    (tmp_path / "..data").mkdir()
    write(tmp_path / "..data", "a.txt", f"Head\n{TRIPLE}")
    (tmp_path / "a.txt").symlink_to("..data/a.txt")
    assert [article.document for article in read(tmp_path)] == ["a.txt"]


@pytest.mark.parametrize("target", ["../secret.txt", "/etc/hostname"])
def test_a_link_out_of_the_folder_is_refused(tmp_path: Path, target: str) -> None:
    (tmp_path / "secret.txt").write_text(f"Head\n{TRIPLE}")
    folder = write(tmp_path / "corpus", "b.txt", f"Head\n{TRIPLE}")
    (folder / "a.txt").symlink_to(target)
    assert problems(folder) == ["a.txt: is a link out of the folder: put the file itself there"]


def test_links_to_folders_and_nowhere_are_left_out(tmp_path: Path) -> None:
    folder = write(tmp_path / "corpus", "b.txt", f"Head\n{TRIPLE}")
    (folder / "loop").symlink_to(".")
    (folder / "gone.txt").symlink_to("nothing.txt")
    os.mkfifo(folder / "pipe.txt")
    contents = read_corpus(folder)
    assert list(contents.digests) == ["b.txt"]
    assert contents.ignored == 3


def test_a_name_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "b.txt", f"Head\n{TRIPLE}")
    (tmp_path / os.fsdecode(b"caf\xe9.txt")).write_text("x")
    assert problems(tmp_path) == ["caf?.txt: has a name that is not UTF-8"]


def test_a_table_of_something_else_is_left_out_and_counted(tmp_path: Path) -> None:
    (tmp_path / "news.jsonl").write_text('{"headline": "Ports", "summary": "A strike ended."}\n')
    (tmp_path / "queries.jsonl").write_text('{"query": "ports"}\n{"query": "strike"}\n')
    (tmp_path / "sums.csv").write_text("month,amount\nMay,3\n")
    contents = read_corpus(tmp_path)
    assert list(contents.changed) == ["news.jsonl"]
    assert contents.ignored == 2
    (tmp_path / "news.jsonl").unlink()
    with pytest.raises(CorpusInvalidError, match="holds no document"):
        read_corpus(tmp_path)
