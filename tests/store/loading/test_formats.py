"""JSON Lines, CSV and feeds; links, hidden files and files with other endings."""

import contextlib
import errno
import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.loading.documents import MAX_TEXT, read_corpus
from store.loading.documents.source import value_of
from store.parsing.child.markup import has_markup
from store.types import Article, CorpusInvalidError

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
    """Each line has its own headline; insight and question may be missing."""
    more = {"headline": "Other", "summary": "Over\n  two lines.", "url": "x", "insight": None}
    lines = [json.dumps(STORY), "", json.dumps(more)]
    first, second = read(write(tmp_path, "news.jsonl", "\ufeff" + "\r\n".join(lines)))
    assert texts(first) == ("Head", "A summary.", "Why.", "What next?")
    assert texts(second) == ("Other", "Over two lines.", "", "")
    assert (second.document, second.position) == ("news.jsonl", 2)


def test_field_names_ignore_case_and_blanks(tmp_path: Path) -> None:
    line = '{" Headline ": "Head", "SUMMARY": "A summary.", "n": ' + "9" * 5000 + ', "x": NaN}'
    (article,) = read(write(tmp_path, "news.jsonl", f"\n{line}\n\n"))
    assert texts(article) == ("Head", "A summary.", "", "")


@pytest.mark.parametrize(
    "text",
    [
        "sep=;\r\nheadline;summary\r\nHead;A, b\r\n",
        "\ufeffSEP=|\nheadline|summary\nHead|A, b\n",
        'headline,summary,,\nHead,"A, b",,\n,,,\n',
        'headline,summary\nHead,"A, b",,\n',
        "sep=\t\nheadline\tsummary\nHead\tA, b\n",
        "note\theadline\tsummary\n\tHead\tA, b\n\t\t\n",
        "headline\tsummary\tquestion\nHead\tA, b\t\n",
        'headline,summary\nHead,"A,\r\n\r\nb"\n',
    ],
    ids=[
        "sep",
        "sep and BOM",
        "empty columns",
        "empty cells",
        "sep tab",
        "tabs",
        "last cell",
        "blank line",
    ],
)
def test_csv_as_spreadsheets_write_it(tmp_path: Path, text: str) -> None:
    (article,) = read(write(tmp_path, "news.csv", text))
    assert texts(article) == ("Head", "A, b", "", "")


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_csv(tmp_path: Path, delimiter: str) -> None:
    """Columns may have any order, others are ignored, and a quoted text may span lines."""
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
        ("a.jsonl", "", "a.jsonl: is empty: a JSON object on each line was expected"),
        ("a.jsonl", "{nope", "a.jsonl:1: is not JSON from character 2 on"),
        ("a.jsonl", "[" * 100_000, "a.jsonl:1: is nested too deeply"),
        (
            "a.jsonl",
            '"text"',
            "a.jsonl:1: is not a JSON object with the fields headline, summary, insight, question",
        ),
        (
            "a.csv",
            "headline,summary\n" + '"x\n",' * 30_000,
            "a.csv:2: is not CSV: a row is longer than 100,000 characters: is every quote closed?",
        ),
        ("a.jsonl", line(summary=" "), "a.jsonl:1: has no summary"),
        ("a.jsonl", line(headline=7), "a.jsonl:1: has a headline that is not text"),
        (
            "a.jsonl",
            line(insight="x" * (MAX_TEXT + 1)),
            f"a.jsonl:1: has an insight longer than {MAX_TEXT:,} characters",
        ),
        (
            "a.jsonl",
            line(summary="\0"),
            "a.jsonl:1: has a summary that is not text: it holds a NUL character",
        ),
        ("a.jsonl", line(summary="\ud800"), "a.jsonl:1: has a summary with half a character in it"),
        ("a.jsonl", "x" * 10_000_000, "a.jsonl:1: is longer than 100,000 characters"),
        (
            "a.csv",
            "",
            "a.csv: is empty: a row of column names, and a row for each story was expected",
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
            'headline,summary\n\n,"A\nb"\n',
            "a.csv:3: has no headline",
        ),
        (
            "a.csv",
            'headline,summary\nHead,"A\n' + "x,y\n" * 50,
            "a.csv:2: is not CSV: a quote is opened, and not closed before the end of the file",
        ),
        (
            "a.csv",
            'headline,summary\n\n\nHead,"A\n' + "x,y\n" * 50_000,
            "a.csv:4: is not CSV: a text goes on and on: is the quote that it begins with ever"
            " closed?",
        ),
        (
            "a.csv",
            'headline,summary\nHead,"A" b\n',
            "a.csv:2: is not CSV: a quote within a quoted text is written twice",
        ),
        (
            "a.csv",
            "headline,summary, Summary\nHead,A,b\n",
            "a.csv:1: names the column summary twice",
        ),
        (
            "a.csv",
            "sep=\n",
            "a.csv: is empty: a row of column names, and a row for each story was expected",
        ),
        ("a.csv", "sep=::\nheadline::summary\n", "a.csv:1: must name one character after sep="),
        (
            "a.csv",
            bytes(range(128, 256)) * 20,
            "a.csv:1: is not UTF-8 text: byte 0 of the file is 0x80; save it as UTF-8",
        ),
        (
            "a.csv",
            "headlines,text\nHead,A\n",
            "a.csv:1: has the columns headlines, text, where headline and summary were expected",
        ),
        (
            "a.jsonl",
            json.dumps([STORY] * 9, indent=1),
            "a.jsonl:1: is not a whole JSON object: each is to be on one line (name a file that"
            " holds an array *.json)",
        ),
        (
            "a.jsonl",
            json.dumps([STORY] * 9),
            "a.jsonl:1: is not a whole JSON object: each is to be on one line (name a file that"
            " holds an array *.json)",
        ),
        ("a.jsonl", f"{line()};\n", f"a.jsonl:1: is not JSON from character {len(line()) + 1} on"),
        (
            "a.jsonl",
            '{"headline": "A", "headline": "B", "summary": "x"}',
            "a.jsonl:1: has the field headline twice",
        ),
        ("a.jsonl", line(headline="\u200b\ufeff"), "a.jsonl:1: has no headline"),
        ("a.rss", "x" * (32 << 20) + "x", "a.rss: is larger than 32 MB"),
        ("a.json", "", "a.json: is empty: a JSON array of stories or a JSON Feed was expected"),
        ("a.json", f"[{line()},\n {line()}", "a.json:2: is not JSON from character"),
        ("a.json", f"[{line()}\n {line()}]", "a.json:2: is not JSON from character 2 on"),
        ("a.json", "{nope}", "a.json:1: is not JSON from character 2 on"),
        ("a.json", "[" * 100_000, "a.json:1: is nested too deeply"),
        ("a.json", f"[\n{line(summary=None)}]", "a.json:2: has no summary"),
        ("a.json", "[1, 2]", "a.json:1: is JSON, but no story, list of stories or feed"),
        ("a.json", '{"name": "x"}', "a.json:1: has the field name, where headline and summary"),
        ("a.json", "{}", "a.json:1: has no fields, where headline and summary were expected"),
        (
            "a.csv",
            "a,b,c,d,e,f,g,h\n",
            "a.csv:1: has the columns a, b, c, d, e, f and 2 more, where headline and summary were",
        ),
        (
            "a.tsv",
            "headline\tsummary\nHead\n",
            "a.tsv:2: has no summary",
        ),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "bytes",
)
def test_one_sentence_for_each_problem(
    tmp_path: Path, name: str, text: str | bytes, problem: str
) -> None:
    (found,) = problems(write(tmp_path, name, text))
    assert found.startswith(problem)


def test_the_problems_of_all_lines_are_reported(tmp_path: Path) -> None:
    folder = write(tmp_path, "a.jsonl", f"{{nope\n{line(summary='')}\n[]\n{line(headline='')}\n")
    assert [problem.split(" ")[0] for problem in problems(folder)] == [
        f"a.jsonl:{number}:" for number in (1, 2, 3, 4)
    ]


TEXT = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufeff"),
    min_size=1,
    max_size=30,
).filter(
    lambda text: (
        any(one.isprintable() and not one.isspace() for one in text)
        and not has_markup(text)
        and value_of(text.strip())
    )
)
STORIES = st.lists(
    st.fixed_dictionaries({"headline": TEXT, "summary": TEXT, "insight": TEXT, "question": TEXT}),
    min_size=1,
    max_size=4,
)


@given(stories=STORIES, ascii_only=st.booleans())
def test_written_json_lines_are_read_back(
    tmp_path_factory: pytest.TempPathFactory, stories: list[dict[str, str]], ascii_only: bool
) -> None:
    text = "\n".join(json.dumps(story, ensure_ascii=ascii_only) for story in stories)
    articles = read(write(tmp_path_factory.mktemp("corpus"), "a.jsonl", text))
    assert [texts(article) for article in articles] == [
        tuple(" ".join(story[name].split()) for name in STORY) for story in stories
    ]


@given(
    st.sampled_from(["a.txt", "a.jsonl", "a.csv", "a.tsv", "a.json", "a.rss"]),
    st.binary(max_size=300),
)
def test_any_bytes_give_articles_or_problems(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: bytes
) -> None:
    folder = write(tmp_path_factory.mktemp("corpus"), name, data)
    with contextlib.suppress(CorpusInvalidError):
        articles = read(folder)
        assert articles or read_corpus(folder).warnings


@pytest.mark.parametrize(
    ("name", "rows", "mistake"),
    [
        ("a.jsonl", [line(), "{nope", line(headline="B")], "is not JSON from character 2 on"),
        ("a.jsonl", [line(), "[1]", line(headline="B")], "is not a whole JSON object"),
        ("a.csv", ["headline,summary", "Head,A", "Fog,One, two", "B,C"], "has 3 columns, where"),
        ("a.tsv", ["headline\tsummary", "Head\tA", "Fog", "B\tC"], "has no summary"),
    ],
)
def test_a_broken_record_is_left_out_and_the_others_are_loaded(
    tmp_path: Path, name: str, rows: list[str], mistake: str
) -> None:
    folder = write(tmp_path, name, "\n".join(rows))
    assert [one.headline for one in read(folder)] == ["Head", "B"]
    (warning,) = warnings(folder)
    assert warning.startswith(f"{name}:{len(rows) - 1}: {mistake}")
    assert warning.endswith(": the story is left out, and the others are loaded")


@pytest.mark.parametrize("first", ['{"type": "header"}', "[", '{"headline": "A', "{}", '"x"'])
def test_the_first_record_does_not_decide_alone(tmp_path: Path, first: str) -> None:
    folder = write(tmp_path, "a.jsonl", f"{first}\n{line()}\n{line(headline='B')}\n")
    assert [one.headline for one in read(folder)] == ["Head", "B"]
    (warning,) = warnings(folder)
    assert warning.startswith("a.jsonl:1: ")
    assert warning.endswith(": the story is left out, and the others are loaded")


@pytest.mark.parametrize("first", ['{"type": "header"}', "7", "[]"])
def test_the_first_element_does_not_decide_alone(tmp_path: Path, first: str) -> None:
    folder = write(tmp_path, "a.json", f"[{first},\n{line()},\n{line(headline='B')}]")
    assert [one.headline for one in read(folder)] == ["Head", "B"]
    (warning,) = warnings(folder)
    assert warning.startswith("a.json:1: ")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "headline,summary,question\n"),
        ("a.csv", "sep=;\nheadline;summary\n"),
        ("a.tsv", "headline\tsummary"),
        ("a.json", "[]"),
    ],
)
def test_an_export_without_stories_is_a_warning(tmp_path: Path, name: str, text: str) -> None:
    folder = write(tmp_path, name, text)
    assert not read(folder)
    (warning,) = warnings(folder)
    assert warning.endswith(": it is loaded, and no story comes from it")


def test_a_cell_of_several_lines_in_a_tsv_is_a_warning(tmp_path: Path) -> None:
    rows = ['A\t"line 1', 'line 2"\tQ?', 'B\t"Done", he said', '19" screen\tIt is 19"', 'C\t"so']
    folder = write(tmp_path, "a.tsv", "\n".join(["headline\tsummary", *rows]))
    assert [one.headline for one in read(folder)] == ["A", 'line 2"', "B", '19" screen', "C"]
    assert warnings(folder) == [
        "a.tsv:2: has a quote at the start of a cell that is not closed in it: if the text goes on"
        " in the next line, save the file as *.csv (also line 6)"
    ]


def test_commas_between_json_lines_are_ignored(tmp_path: Path) -> None:
    folder = write(tmp_path, "a.jsonl", f"{line()},\n{line(headline='B')},\n")
    assert [one.headline for one in read(folder)] == ["Head", "B"]
    assert not warnings(folder)


def test_the_last_cells_of_a_row_may_be_missing(tmp_path: Path) -> None:
    text = "headline,summary,insight,question\nHead,A\nOther,B,Why.\n"
    folder = write(tmp_path, "a.csv", text)
    assert [texts(one) for one in read(folder)] == [
        ("Head", "A", "", ""),
        ("Other", "B", "Why.", ""),
    ]
    assert not warnings(folder)


GERMAN = "Straße gesperrt;Die Brücke schließt für drei Wochen;;Wer zahlt für die Umwege?"


@pytest.mark.parametrize(
    ("codec", "row", "warning"),
    [
        ("cp1252", GERMAN, "a.csv:1: is not UTF-8: it is read as Windows-1252"),
        ("cp1252", "Café;Opens;;", "a.csv:1: is not UTF-8: it is read as Windows-1252"),
        (
            "cp1252",
            "Café – strike “now”;Workers “won” in Orléans – finally.;Ins;Who pays – now?",
            "a.csv:1: is not UTF-8: it is read as Windows-1252",
        ),
        (
            "cp1252",
            "Città più felici;Il perché è già qui.;;",
            "a.csv:1: is not UTF-8: it is read as Windows-1252",
        ),
        (
            "cp1251",
            "Порт открыт;Докеры вернулись на работу в понедельник;;",
            "a.csv:1: is not UTF-8: it is read as Windows-1251",
        ),
        ("utf-16", GERMAN, None),
        ("utf-8", GERMAN, None),
    ],
)
@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_tables_as_spreadsheets_of_all_systems_save_them(
    tmp_path: Path, codec: str, row: str, warning: str | None, end: str
) -> None:
    text = end.join(["headline;summary;insight;question", row, ""])
    folder = write(tmp_path, "a.csv", text.encode(codec))
    (article,) = read(folder)
    assert ";".join(texts(article)) == row
    assert warnings(folder) == ([warning] if warning else [])


def test_a_bad_byte_in_utf8_costs_one_character(tmp_path: Path) -> None:
    data = f"headline;summary\n{GERMAN.replace(';;', ' ')}\n".encode()
    folder = write(tmp_path, "a.csv", data.replace(b"drei", b"d\xe9ei"))
    (article,) = read(folder)
    assert article.headline == "Straße gesperrt"
    assert "für d\ufffdei Wochen" in article.summary
    (warning,) = warnings(folder)
    assert warning.startswith("a.csv:2: byte ")


def test_a_text_document_in_another_charset(tmp_path: Path) -> None:
    text = "Fog\r\nFerries wait – for hours.\r\nNobody’s fault.\r\nWho pays?\r\n"
    folder = write(tmp_path, "a.txt", text.encode("cp1252"))
    (article,) = read(folder)
    assert texts(article) == ("Fog", "Ferries wait – for hours.", "Nobody’s fault.", "Who pays?")
    assert warnings(folder) == ["a.txt:1: is not UTF-8: it is read as Windows-1252"]


@pytest.mark.parametrize(
    ("head", "rest", "codec"),
    [
        ("Café in Orléans closes\n", "The café – “enough”.\nSo.\nWho’s next?\n", "mac-roman"),
        ("Straße\n", "Die Brücke schließt.\nÄrger.\nWer zahlt für die Umwege?\n", "cp437"),
    ],
)
def test_a_guess_that_gives_words_of_two_scripts_is_refused(
    tmp_path: Path, head: str, rest: str, codec: str
) -> None:
    (problem,) = problems(write(tmp_path, "a.txt", (head + rest).encode(codec)))
    assert "is not UTF-8 text: byte" in problem
    assert problem.endswith("; save it as UTF-8")


def test_a_file_in_two_charsets_is_refused(tmp_path: Path) -> None:
    data = "Café\n".encode() + "Le café a fermé.\nSo.\nÀ qui le tour?\n".encode("cp1252")
    (problem,) = problems(write(tmp_path, "a.txt", data))
    assert problem == "a.txt:2: is not UTF-8 text: byte 12 of the file is 0xE9; save it as UTF-8"


# --- what databases and spreadsheets put into cells ----------------------------------------------


def warnings(folder: Path) -> list[str]:
    return [str(warning) for warning in read_corpus(folder).warnings]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("<p>One</p><br>two&nbsp;three", "One two three"),
        ("Fish &amp; Chips", "Fish & Chips"),
        ("Growth <2%, debt >60% of GDP", "Growth <2%, debt >60% of GDP"),
        ("R&D at AT&T; see <ana@example.org>", "R&D at AT&T; see <ana@example.org>"),
        ("<!channel> <@U1> <http://x|y>", "<!channel> <@U1> <http://x|y>"),
        ("<script>alert(1)</script>Dockers<style>p{}</style>", "Dockers"),
        ("<ul><li>One</li><li>two</li></ul>", "One two"),
        ("H<sub>2</sub>O", "H2O"),
        ("if a <b and c> d", "if a <b and c> d"),
    ],
)
@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl", "a.json"])
def test_html_in_a_cell_becomes_text(tmp_path: Path, name: str, cell: str, text: str) -> None:
    record = {"headline": "Head", "summary": cell}
    contents = {
        "a.csv": f'headline,summary\nHead,"{cell}"\n',
        "a.tsv": f"headline\tsummary\nHead\t{cell}\n",
        "a.jsonl": json.dumps(record),
        "a.json": json.dumps([record], indent=2),
    }
    (article,) = read(write(tmp_path, name, contents[name]))
    assert article.summary == text


@pytest.mark.parametrize(
    "null",
    ["NULL", "null", "NaN", "nan", "None", "N/A", "#N/A", "\\N", " ", "-", "?", "TODO", "tbd"],
)
def test_a_value_that_is_not_there_is_no_text(tmp_path: Path, null: str) -> None:
    """Databases and spreadsheets write a word for it."""
    rows = ["headline,summary,insight,question", f"Head,Text,{null},{null}", f"Other,{null},,"]
    folder = write(tmp_path, "a.csv", "\n".join(rows))
    (article,) = read(folder)
    assert texts(article) == ("Head", "Text", "", "")
    assert warnings(folder) == [
        "a.csv:3: has no summary: the story is left out, and the others are loaded"
    ]


def test_nan_and_null_of_json_are_no_text(tmp_path: Path) -> None:
    line = '{"headline": "Head", "summary": "Text", "insight": NaN, "question": null}'
    (article,) = read(write(tmp_path, "a.jsonl", line))
    assert texts(article) == ("Head", "Text", "", "")


def test_stories_that_lack_something_are_counted(tmp_path: Path) -> None:
    lines = [line(), line(summary=""), line(headline=7), line(summary=None)]
    folder = write(tmp_path, "a.jsonl", "\n".join(lines))
    assert len(read(folder)) == 1
    assert warnings(folder) == [
        "a.jsonl:2: has no summary: the story is left out, and the others are loaded (also line 4)",
        "a.jsonl:3: has a headline that is not text: the story is left out, and the others are"
        " loaded",
    ]


@pytest.mark.parametrize(
    "row", ['Head,"One\rtwo"', "Head,One\rtwo", 'Head,"One\r\ntwo"', 'Head,"One\r\r\ntwo"\r']
)
def test_returns_within_a_cell_are_blanks(tmp_path: Path, row: str) -> None:
    (article,) = read(write(tmp_path, "a.csv", f"headline,summary\r\n{row}\r\n"))
    assert texts(article) == ("Head", "One two", "", "")


def test_a_quote_of_a_tsv_file_is_a_character(tmp_path: Path) -> None:
    rows = ['"headline"\tsummary', '"Peace" talks\tHe said "no', '"a ""b"" c"\t"one, two"']
    first, second = read(write(tmp_path, "a.tsv", "\n".join(rows)))
    assert texts(first)[:2] == ('"Peace" talks', 'He said "no')
    assert texts(second)[:2] == ('a "b" c', "one, two")


def test_a_json_array_is_read_and_its_lines_are_named(tmp_path: Path) -> None:
    text = json.dumps([STORY, STORY | {"headline": ""}, STORY | {"headline": "Other"}], indent=1)
    folder = write(tmp_path, "a.json", f"\ufeff{text}")
    assert [texts(one)[0] for one in read(folder)] == ["Head", "Other"]
    (warning,) = warnings(folder)
    assert warning.startswith("a.json:8: has no headline: ")


def test_an_object_with_a_headline_is_a_story_whatever_else_it_holds(tmp_path: Path) -> None:
    folder = write(tmp_path, "a.json", json.dumps({" Headline ": "A", "summary": "B", "tags": [1]}))
    assert [texts(one)[:2] for one in read(folder)] == [("A", "B")]


@pytest.mark.parametrize(
    "text",
    [
        '{{"stories": {}}}',
        '{{"total": 2, "by": {{"a": [1], "b": [2]}},\n"data": {}, "next": null}}',
        '\ufeff{{ "text" : "[\\"}}" , "items" : {} }}\n',
    ],
)
def test_the_only_array_in_an_object_is_read(tmp_path: Path, text: str) -> None:
    """The answers of many services are such objects."""
    array = json.dumps([STORY, STORY | {"headline": ""}, STORY | {"headline": "Other"}], indent=1)
    content = text.format(array)
    folder = write(tmp_path, "a.json", content)
    assert [texts(one)[0] for one in read(folder)] == ["Head", "Other"]
    (warning,) = warnings(folder)
    line = content[: content.index('"headline": ""')].count("\n")
    assert warning.startswith(f"a.json:{line}: has no headline: ")


@pytest.mark.parametrize("text", ["{}", '{"name": "parley", "items": [1]}', "[[1], [2]]", "[7]"])
def test_other_json_files_are_left_out_and_named(tmp_path: Path, text: str) -> None:
    write(tmp_path, "a.txt", f"Head\n{TRIPLE}")
    corpus = read_corpus(write(tmp_path, "package.json", text))
    assert [*corpus.digests] == ["a.txt"]
    (warning,) = map(str, corpus.warnings)
    assert warning.startswith("package.json:1: ")
    assert warning.endswith("; the file is left out")


# --- files of the folder --------------------------------------------------------------------------


def test_hidden_files_and_other_endings_are_ignored_and_counted(tmp_path: Path) -> None:
    write(tmp_path, "a.TXT", f"Head\n{TRIPLE}")
    for name in ("notes.md", "README", ".hidden.txt", "txt"):
        write(tmp_path, name, "x")
    (tmp_path / ".git").mkdir()
    write(tmp_path / ".git", "a.txt", "x")
    corpus = read_corpus(tmp_path)
    assert list(corpus.digests) == ["a.TXT"]
    assert corpus.ignored == 5


def test_a_link_within_the_folder_is_read(tmp_path: Path) -> None:
    """Kubernetes mounts folders like this: the files are links to hidden files."""
    (tmp_path / "..data").mkdir()
    write(tmp_path / "..data", "a.txt", f"Head\n{TRIPLE}")
    (tmp_path / "a.txt").symlink_to("..data/a.txt")
    assert [article.document for article in read(tmp_path)] == ["a.txt"]


@pytest.mark.parametrize("target", ["../secret.txt", "/etc/hostname"])
def test_a_link_out_of_the_folder_is_a_problem(tmp_path: Path, target: str) -> None:
    (tmp_path / "secret.txt").write_text(f"Head\n{TRIPLE}")
    folder = write(tmp_path / "corpus", "b.txt", f"Head\n{TRIPLE}")
    (folder / "a.txt").symlink_to(target)
    corpus = read_corpus(folder)
    assert [*map(str, corpus.problems)] == [
        "a.txt: is a link out of the folder: put the file itself there"
    ]
    assert [*corpus.digests] == ["b.txt"]


@pytest.mark.parametrize("target", ["..", "/etc"])
def test_a_link_to_a_folder_outside_is_a_problem(tmp_path: Path, target: str) -> None:
    folder = write(tmp_path / "corpus", "b.txt", f"Head\n{TRIPLE}")
    (folder / "more").symlink_to(target)
    (folder / ".hidden").symlink_to(target)
    (folder / "loop").symlink_to(".")
    corpus = read_corpus(folder)
    assert [*map(str, corpus.problems)] == [
        "more: is a link out of the folder: put the folder itself there"
    ]
    assert ([*corpus.digests], corpus.ignored) == (["b.txt"], 2)


def test_a_document_that_is_no_file_is_a_problem(tmp_path: Path) -> None:
    folder = write(tmp_path / "corpus", "b.txt", f"Head\n{TRIPLE}")
    (folder / "gone.txt").symlink_to("nothing.txt")
    (folder / "self.txt").symlink_to("self.txt")
    os.mkfifo(folder / "pipe.txt")
    (folder / "to_pipe.txt").symlink_to("pipe.txt")
    with socket.socket(socket.AF_UNIX) as server, contextlib.chdir(folder):
        server.bind("socket.txt")
    corpus = read_corpus(folder)
    assert list(corpus.digests) == ["b.txt"]
    assert sorted(map(str, corpus.problems)) == [
        f"{name}.txt: cannot be read: it is a link to nothing, or no file"
        for name in ("gone", "pipe", "self", "socket", "to_pipe")
    ]


def test_what_cannot_be_read_keeps_its_stories(tmp_path: Path) -> None:
    """A file or a folder below: a share that is not mounted, or a link that leads nowhere now."""
    known = dict.fromkeys(("a.txt", "closed/b.txt", "closed/c/d.txt", "closed2.txt"), "0" * 64)
    write(tmp_path, "e.txt", f"Head\n{TRIPLE}")
    (tmp_path / "a.txt").symlink_to("nothing.txt")
    (tmp_path / "closed").symlink_to("/etc")
    corpus = read_corpus(tmp_path, known)
    assert sorted(corpus.digests) == ["a.txt", "closed/b.txt", "closed/c/d.txt", "e.txt"]
    assert [*corpus.changed] == ["e.txt"]


def test_a_folder_may_be_named_like_a_document(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "b.txt", f"Head\n{TRIPLE}")
    assert [article.document for article in read(tmp_path)] == ["a.txt/b.txt"]


def test_file_names_are_case_sensitive(tmp_path: Path) -> None:
    for name in ("a.txt", "A.txt", 'it\'s "b" 👩\u200d🚀 שלום.txt'):
        write(tmp_path, name, f"Head\n{TRIPLE}")
    assert len(read(tmp_path)) == 3


def test_a_folder_without_permission_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A subfolder blocks nothing else; the corpus folder itself cannot be loaded."""
    write(tmp_path, "b.txt", f"Head\n{TRIPLE}")
    (tmp_path / "closed").mkdir()

    def refuse(path: str) -> Any:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)

    scan = os.scandir
    monkeypatch.setattr(
        os, "scandir", lambda path: refuse(path) if "closed" in str(path) else scan(path)
    )
    corpus = read_corpus(tmp_path)
    assert [*map(str, corpus.problems)] == ["closed: cannot be read: Permission denied"]
    assert [*corpus.digests] == ["b.txt"]
    assert problems(tmp_path / "closed") == ["closed: cannot be read: Permission denied"]
    monkeypatch.setattr(Path, "exists", refuse)
    assert problems(tmp_path / "more") == ["more: cannot be read: Permission denied"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (os.fsdecode(b"caf\xe9.txt"), "caf?.txt"),
        ("two\nlines.txt", "two?lines.txt"),
        ("red\x1b[31m.txt", "red?[31m.txt"),
        ("gpj\u202etxt.txt", "gpj?txt.txt"),
    ],
    ids=["not UTF-8", "line break", "control character", "right to left"],
)
def test_a_file_name_that_cannot_be_shown_is_a_problem(
    tmp_path: Path, name: str, shown: str
) -> None:
    write(tmp_path, "b.txt", f"Head\n{TRIPLE}")
    (tmp_path / name).write_text("x")
    corpus = read_corpus(tmp_path)
    assert [*corpus.digests] == ["b.txt"]
    assert [*map(str, corpus.problems)] == [
        f"{shown}: has a name that cannot be shown: it has other characters where ? stands"
    ]


@pytest.mark.parametrize("name", ["st\udcffrange", "st\u202erange"], ids=ascii)
def test_problems_show_only_safe_characters_of_the_folder_name(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    (missing,) = problems(folder)
    assert missing == "st?range: there is no such file or folder"
    folder.mkdir()
    (empty,) = problems(folder)
    assert empty.startswith("st?range: holds no document")


def test_a_table_without_article_fields_is_left_out_and_named(tmp_path: Path) -> None:
    (tmp_path / "news.jsonl").write_text('{"headline": "Ports", "summary": "A strike ended."}\n')
    (tmp_path / "queries.jsonl").write_text('{"query": "ports"}\n{"query": "strike"}\n')
    (tmp_path / "sums.csv").write_text("month,amount\nMay,3\n")
    corpus = read_corpus(tmp_path)
    assert list(corpus.changed) == ["news.jsonl"]
    assert corpus.ignored == 0
    expected = "where headline and summary were expected, and perhaps insight and question"
    mistakes = [
        f"queries.jsonl:1: has the field query, {expected}",
        f"sums.csv:1: has the columns month, amount, {expected}",
    ]
    left_out = [f"{mistake}; the file is left out" for mistake in mistakes]
    assert [*map(str, corpus.warnings)] == left_out
    (tmp_path / "news.jsonl").unlink()
    assert problems(tmp_path) == mistakes


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("page.xml", "<!doctype html><html><p>404</p></html>", "page.xml: is a web page: an RSS"),
        ("pom.xml", "<project/>", "pom.xml: is XML with the element <project> first: an RSS"),
        ("notes.xml", "Dear all", "notes.xml: is no XML: an RSS"),
        ("sums.csv", "month;amount\n", "sums.csv:1: has the columns month, amount, where"),
        ("list.json", '["ports"]', "list.json:1: is JSON, but no story, list of stories or feed"),
    ],
)
def test_another_kind_of_file_is_left_out_if_it_never_was_a_document(
    tmp_path: Path, name: str, text: str, problem: str
) -> None:
    """If it was one, then what fetched or saved it has failed, and its stories stay."""
    write(tmp_path, "a.txt", f"Head\n{TRIPLE}")
    write(tmp_path, name, text)
    corpus = read_corpus(tmp_path)
    assert [*corpus.digests] == ["a.txt"]
    assert not corpus.problems
    (warning,) = map(str, corpus.warnings)
    assert warning.startswith(problem)
    corpus = read_corpus(tmp_path, {name: "before"})
    assert corpus.digests[name] == "before"
    assert not corpus.warnings
    (found,) = map(str, corpus.problems)
    assert found.startswith(problem)


@pytest.mark.parametrize(
    ("name", "data", "problem"),
    [
        (
            "b.json",
            b'[{"headline": "Head",\n "summary": }]',
            "b.json:2: is not JSON from",
        ),
        ("b.txt", b"Head\nOnly a summary.\n", "b.txt:2: the last article has a summary, but no"),
        ("b.txt", b"Head\n\0\n", "b.txt:2: is not text: it holds a NUL byte"),
        ("b.csv", b'headline,summary\nA,B\nC,"D\n', "b.csv:3: is not CSV: a quote is opened"),
        ("b.jsonl", b'{\n"headline": "A"}', "b.jsonl:1: is not a whole JSON object"),
        ("b.rss", b"<rss version='2.0'><channel", "b.rss:1: is a feed that cannot be read"),
    ],
)
def test_a_broken_document_keeps_its_last_good_version(
    tmp_path: Path, name: str, data: bytes, problem: str
) -> None:
    """The others are loaded, and no story of the broken one is."""
    write(tmp_path, "a.txt", f"Head\n{TRIPLE}")
    write(tmp_path, "c.jsonl", json.dumps(STORY))
    write(tmp_path, name, data)
    for known in ({}, {name: "before"}):
        corpus = read_corpus(tmp_path, known)
        (found,) = map(str, corpus.problems)
        assert found.startswith(problem)
        assert corpus.digests.get(name) == known.get(name)
        assert [one.document for one in corpus.articles()] == ["a.txt", "c.jsonl"]
        assert len(corpus.hashes) == 2


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("b.csv", "headline,summary,insight,question\n"),
        ("b.csv", "sep=;\nheadline;summary\n\n"),
        ("b.tsv", "headline\tsummary\tquestion"),
        ("b.json", "[]"),
    ],
)
def test_a_document_that_lost_its_stories_keeps_them(
    tmp_path: Path, name: str, header: str
) -> None:
    """An export may have failed; a new document without stories is loaded with a warning."""
    write(tmp_path, "a.txt", f"Head\n{TRIPLE}")
    write(tmp_path, name, header)
    corpus = read_corpus(tmp_path, {name: "before"})
    assert [*map(str, corpus.problems)] == [
        f"{name}: holds no story any more, and keeps those it had: delete the file to remove them"
    ]
    assert corpus.digests[name] == "before"
    assert [one.document for one in corpus.articles()] == ["a.txt"]
    corpus = read_corpus(tmp_path)
    assert not corpus.problems
    assert corpus.changed == {"a.txt": 1, name: 0}
