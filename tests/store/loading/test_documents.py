"""Reading text documents, and the sentence for each problem of a document."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.loading.documents import MAX_TEXT, read_corpus
from store.loading.documents.source import value_of
from store.samples import STARTER
from store.types import Article, CorpusInvalidError
from tests.machine import ROOT

TRIPLE = "A summary.\nAn insight.\nA question?\n"
EXPECTED = (
    "a text file is a headline and then, for each story, a line for the summary, one for the"
    " insight and one for the question, without labels, separators or front matter"
)


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


def test_files_of_other_programs_are_named(tmp_path: Path) -> None:
    names = ["b.md", "a.MD", "d.md", "Report.docx", "x.xlsx", "y.xlsx", "pic.png", "README.md"]
    for name in (*names, "~$Report.docx", ".hidden.md"):
        write(tmp_path, name=name, text="x")
    write(tmp_path, f"Headline\n{TRIPLE}")
    corpus = read_corpus(tmp_path)
    assert corpus.ignored == 10
    assert sorted(map(str, corpus.warnings)) == [
        "Report.docx: is not read: save it as *.txt",
        "a.MD: is not read, and neither are 2 other *.md files: save them as *.txt",
        "x.xlsx: is not read, and neither is 1 other *.xlsx file: save them as *.csv",
    ]


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
            "news.txt:4: is out of step: “A summary.” is where a question is expected, and the"
            f" question “A question?” is on line 3: {EXPECTED}",
        ),
        (
            f"Headline\nA summary.\nAn insight.\nDiscuss.\n{TRIPLE}A summary.\n",
            "news.txt:8: the last article has a summary, but no insight and no question; the first"
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


OUT_OF_STEP = {
    "insights left out": (
        "Week\n\nDockers won.\nWho pays for robots?\n\nTanker ran aground.\nA second canal?\n\n"
        "Wheat rose.\nWho buys bread?\n",
        "news.txt:6: is out of step: “Tanker ran aground.” is where a question",
    ),
    "Chinese, insights left out": (
        "周报\n码头工人赢了。\n谁付钱？\n油轮搁浅了。\n要第二条运河吗？\n小麦涨了。\n谁买面包？\n",
        "news.txt:4: is out of step: “油轮搁浅了。” is where a question",
    ),
    "question first": (
        "Fish\nWho eats “fish?”\nFish cost more.\nSeas are warm.\n",
        "news.txt:4: is out of step: “Seas are warm.” is where a question",
    ),
    "a headline for each story": (
        "".join(f"Headline {n}\nSummary {n}.\nInsight {n}.\nQuestion {n}?\n" for n in range(4)),
        "news.txt:10: is out of step: “Summary 2.” is where a question",
    ),
    "labels in Markdown": (
        "Zebra\n\n**Summary**\nZebras ran.\n**Insight**\nThey tire.\n**Question**\nWho ran?\n",
        "news.txt:3: is out of step: “**Summary**” is where the text of a summary",
    ),
    "labels in another language": (
        "Zebra\n**Résumé**\nZebras ran.\n**Leçon**\nThey tire.\n**À vous**\nWho ran?\n",
        "news.txt:4: is out of step: “**Leçon**” is where a question",
    ),
    "labels in another order": (
        "Docks\nInsight: Robots came.\nSummary: Dockers won.\nQuestion: Who pays?\n",
        "news.txt:2: is out of step: “Insight: Robots came.” is where the text of a summary",
    ),
    "labels, one line above their places": (
        "Summary: Dockers won.\nInsight: Robots came.\nQuestion: Who pays?\nDocks\n",
        "news.txt:1: is out of step: “Summary: Dockers won.” is where the text of a headline",
    ),
    "a label alone": (
        f"Docks\n{TRIPLE}Dockers won.\nQuestion:\nWho pays?\n",
        "news.txt:6: is out of step: “Question:” is where the text of an insight",
    ),
    "one unusual story and a line left over": (
        "Docks\nDockers won.\nWho pays?\nTanker ran aground.\nIt rained.\nWho?\n",
        "news.txt:4: is out of step: “Tanker ran aground.” is where a question",
    ),
    "front matter": (
        "---\ntags:\ndate: 2026-11-24\naliases:\n  - port\n---\n# Port strike\n" + TRIPLE,
        "news.txt:1: is out of step: “---” is where a headline",
    ),
    "separators": (
        f"Week\n{TRIPLE}***\n***\n***\n{TRIPLE}",
        "news.txt:5: is out of step: “***” is where a summary",
    ),
    "wrapped lines": (
        "Docks\nDockers won four percent\nafter a strike.\nAutomation is the real dispute,\n"
        "not the money.\nWho pays when robots\nunload the ships?\n",
        "news.txt:4: is out of step: “Automation is the real dispute,” is where a question",
    ),
    "Greek, insights left out": (
        "Νέα\nΗ απεργία έληξε.\nΠοιος πληρώνει;\nΤο πλοίο προσάραξε.\nΠοιος φταίει;\n"
        "Το σιτάρι ακρίβυνε.\nΠοιος αγοράζει;\n",
        "news.txt:4: is out of step: “Το πλοίο προσάραξε.” is where a question",
    ),
}


@pytest.mark.parametrize(("text", "problem"), OUT_OF_STEP.values(), ids=OUT_OF_STEP)
def test_a_file_that_is_out_of_step_is_not_loaded(tmp_path: Path, text: str, problem: str) -> None:
    """Most have a multiple of three lines, so no line is missing at their end."""
    (found,) = problems(write(tmp_path, text))
    assert found.startswith(problem)
    assert found.endswith(EXPECTED)


@pytest.mark.parametrize(
    "question",
    [
        "Who pays?",
        "Did the union say “who pays?”",
        "Who pays? Discuss.",
        "Who pays (and why?)",
        "**Who pays?**",
        "Who pays?! 🤔",
        "Who pays⁉",
        "من يدفع الثمن؟",
        "谁付钱？",
        "谁付钱？请讨论。",
        "「誰が払うのか？」",
        "誰が払うのか。",
        "誰が払うのか",
        "「誰が払うのか」",
        "皆さんはどう思いますか。ご意見をお寄せください。",
        "ใครรับผิดชอบ",
        "អ្នកណាទទួលខុសត្រូវ",
        "Ποιος πληρώνει;",
        "Ποιος είπε «ποιος πληρώνει;»",
        "Ո՞վ կվճարի։",
        "ማን ይከፍላል፧",
        "Who pays⸮",
        "Who pays❓",
        "Who pays ❔ Discuss.",
        "¿Quién paga",
    ],
)
def test_a_question_in_any_script_is_one(tmp_path: Path, question: str) -> None:
    """A summary that asks is no sign of a mistake where the question asks, too."""
    text = f"Headline\nIs it over?\nWho knows?\n{question}\n{TRIPLE}"
    corpus = read_corpus(write(tmp_path, text))
    assert not corpus.warnings
    assert [story.question for story in corpus.articles()] == [question, "A question?"]


@pytest.mark.parametrize(
    "question",
    [
        "Discuss.",
        "Discuss",
        "Your view, in one word …",
        "確かに払う。",
        "See https://x.example/?id=2",
    ],
)
def test_a_question_without_a_mark_is_a_warning(tmp_path: Path, question: str) -> None:
    triple = f"A summary.\nAn insight.\n{question}\n"
    corpus = read_corpus(write(tmp_path, f"Headline\n{TRIPLE}{triple}{TRIPLE}{triple}{triple}"))
    assert len(corpus.hashes) == 5
    assert [str(warning) for warning in corpus.warnings] == [
        f"news.txt:7: “{question}” is where a question is expected, and does not ask one"
        " (also lines 13, 16)"
    ]


@pytest.mark.parametrize(
    "line",
    [
        "\u055e" * (MAX_TEXT - 2) + ":a",
        "?" * (MAX_TEXT - 1) + "a",
        "\u055ea." * (MAX_TEXT // 3) + "b",
        "*" * (MAX_TEXT - 1) + "a",
        "(" * MAX_TEXT,
    ],
    ids=["Armenian marks", "marks", "Armenian sentences", "stars", "brackets"],
)
def test_a_line_of_signs_is_checked_like_any_other(tmp_path: Path, line: str) -> None:
    """A check that took the square of its length would take seconds, the cube of it hours."""
    text = f"Headline\nA summary.\n{line}\nDiscuss.\n{TRIPLE}"
    assert len(read_corpus(write(tmp_path, text)).hashes) == 2


@pytest.mark.parametrize(
    "insight", ["Who pays?", "He asked “who pays?”", "Ո՞վ կվճարի։", "Ո՞վ կվճարի", "من يدفع؟ 🤔"]
)
def test_an_insight_that_ends_asking_is_a_question(tmp_path: Path, insight: str) -> None:
    (found,) = problems(write(tmp_path, f"Headline\nA summary.\n{insight}\nIt rained.\n"))
    assert f"the question “{insight}” is on line 3" in found


@pytest.mark.parametrize(
    "insight", ["Who pays? Nobody.", "Ո՞վ կվճարի։ Ոչ ոք։", "https://x.example/?a=b", "None. :a"]
)
def test_an_insight_that_ends_otherwise_is_none(tmp_path: Path, insight: str) -> None:
    assert read(write(tmp_path, f"Headline\nA summary.\n{insight}\nIt rained.\n"))


UNUSUAL = {
    "rhetorical insight": "It rained.\nWho gains?\nVote now.\n",
    "summary that asks": "Is the euro doomed?\nPerhaps.\nTell us what you think.\n",
    "quoted question": "Kent asked: “who pays?”\nLate.\nShare your view.\n",
    "left out": "Can robots unload ships?\nLate.\n-\n",
    "to be written": "It rained.\nWho gains?\nTODO\n",
    "half a sentence": "It rained.\nLate.\nTell us what you think;\n",
    "bold": "It rained.\nLate.\n**Discuss the plan**\n",
    "hash": "It rained.\nLate.\n# What now\n",
    "Greek": "Η πόλη καίγεται.\nΠοιος φταίει;\nΣυζητήστε το.\n",
    "label as a summary": "Question 4: voters said no.\nLate.\nWho pays?\n",
    "label as an insight": "It rained.\nSummary: late.\nWho pays?\n",
    "label as a question": "It rained.\nLate.\nHeadline: fair or not?\n",
    "to be announced": "TBA\nLate.\nWho pays?\n",
}


@pytest.mark.parametrize("story", UNUSUAL.values(), ids=UNUSUAL)
def test_one_unusual_story_among_others_is_loaded(tmp_path: Path, story: str) -> None:
    """A line too many or too few would put the stories after it out of step, too."""
    for text in (f"{story}{TRIPLE}", f"{TRIPLE}{story}", f"{TRIPLE}{story}{TRIPLE}{story}"):
        assert len(read(write(tmp_path, f"Headline\n{text}"))) == text.count("\n") // 3


@pytest.mark.parametrize("story", [UNUSUAL[one] for one in UNUSUAL if "left" in one or "be" in one])
def test_stories_without_a_question_may_ask_elsewhere(tmp_path: Path, story: str) -> None:
    assert len(read(write(tmp_path, f"Headline\n{story * 3}"))) == 3


@pytest.mark.parametrize(
    "story",
    [
        "火事でした。\n誰が悪いのか？\n皆さんはどう思いますか。\n",
        "ไฟไหม้\nสายไปไหม?\nใครรับผิดชอบ\n",
        "ໄຟໄໝ້\nຊ້າບໍ?\nໃຜຮັບຜິດຊອບ\n",
    ],
)
def test_a_script_that_asks_without_a_mark_is_not_refused(tmp_path: Path, story: str) -> None:
    assert len(read(write(tmp_path, f"Headline\n{story}"))) == 1
    assert len(read(write(tmp_path, f"Headline\n{story}{story}"))) == 2


@pytest.mark.parametrize(
    "headline", ["Insight: the trams of Metz", "Summary: week 12", "Question: who pays?", "None"]
)
def test_a_headline_may_begin_like_a_label(tmp_path: Path, headline: str) -> None:
    assert read(write(tmp_path, f"{headline}\n{TRIPLE}"))[0].headline == headline


def test_labels_in_their_places_are_a_warning(tmp_path: Path) -> None:
    text = "Headline: Docks\nSummary: Won.\n**Insight:** Robots.\nQUESTION : Who pays?\n"
    corpus = read_corpus(write(tmp_path, text))
    assert [str(warning) for warning in corpus.warnings] == [
        "news.txt:1: “Headline: Docks” begins with a label, which is shown with the text"
        " (also lines 2, 3, 4)"
    ]


def test_markup_in_a_text_document_is_a_warning(tmp_path: Path) -> None:
    text = "# Strike\n- It is <b>over</b>.\n* Wages rose 5 * 2 &lt; 11 %.\nWho &amp; why?\n"
    corpus = read_corpus(write(tmp_path, f"{text}{TRIPLE}#metoo grew.\n-5 degrees.\nA < b?\n"))
    assert [str(warning) for warning in corpus.warnings] == [
        "news.txt:1: “# Strike” holds HTML or Markdown, which is shown as it is written"
        " (also lines 2, 3, 4)"
    ]


@pytest.mark.parametrize("line", ["-", "?", "TODO", "tbd", "N/A", "…"])
def test_a_line_that_stands_for_no_text(tmp_path: Path, line: str) -> None:
    (story,) = read(write(tmp_path, f"🔥🔥\nA summary.\n{line}\n{line}\n"))
    assert (story.headline, story.insight, story.question) == ("🔥🔥", "", "")


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
    assert problem.endswith("; notes.md is not read: save it as *.txt")


LABELS = ("headline", "summary", "insight", "question")
LINES = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters="\ufeff"),
    min_size=1,
    max_size=50,
).filter(lambda text: value_of(text.strip()) and text.strip().lower() not in LABELS)
QUESTIONS = LINES.map(lambda text: f"{text} Why?")


@given(headline=LINES, triples=st.lists(st.tuples(LINES, LINES, QUESTIONS), min_size=1, max_size=5))
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
