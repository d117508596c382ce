"""Where a story comes from and when it was published: in every format, and through loads."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from store import Store
from store.loading.documents import CorpusFolder, read_corpus
from store.types import Article, CorpusInvalidError, Found
from tests.machine import NOW

EIGHT = datetime(2026, 11, 24, 8, tzinfo=UTC) - timedelta(days=1)
URL, WHO, GUID = "https://example.org/talks?a=1&b=2", "The Example & Co", "tag:example.org,2026:7"
WHEN = EIGHT.isoformat()
FIELDS = {"url": URL, "publisher": WHO, "published_at": WHEN, "guid": GUID}
TEXTS = {"headline": "Talks", "summary": "Envoys met."}
BODY = "Talks\nEnvoys met.\nIt matters.\nWhat next?\n"

_RSS = """<rss version="2.0"><channel><title>The Example &amp; Co</title><item><title>Talks</title>
<description>Envoys met.</description><link>https://example.org/talks?a=1&amp;b=2</link>
<guid isPermaLink="false">tag:example.org,2026:7</guid>{}</item></channel></rss>"""
RSS = _RSS.format("<pubDate>Mon, 23 Nov 2026 03:00:00 EST</pubDate>")
DC = _RSS.replace("<rss ", '<rss xmlns:dc="http://purl.org/dc/elements/1.1/" ').format(
    "<dc:date>2026-11-23T09:00:00+01:00</dc:date>"
)
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>A planet</title><entry>
<title>Talks</title><summary>Envoys met.</summary><id>tag:example.org,2026:7</id>
<link rel="enclosure" href="https://example.org/a.mp3"/>
<link href="https://example.org/talks?a=1&amp;b=2"/>
<published>2026-11-23T08:00:00Z</published><updated>2026-11-24T07:00:00Z</updated>
<source><title type="html">The Example &amp;amp; Co</title></source></entry></feed>"""
JSON_FEED = {
    "version": "https://jsonfeed.org/version/1.1",
    "title": WHO,
    "items": [
        {"id": GUID, "url": URL, "title": "Talks", "content_text": "Envoys met."}
        | {"date_published": "2026-11-23T03:00:00-05:00", "date_modified": "2026-11-24T07:00:00Z"}
    ],
}
FORMATS = {
    "a.jsonl": json.dumps(TEXTS | FIELDS),
    "a.json": json.dumps([TEXTS | FIELDS]),
    "b.json": json.dumps(JSON_FEED),
    "a.csv": f"headline,summary,{','.join(FIELDS)}\nTalks,Envoys met.,{URL},{WHO},{WHEN},"
    f'"{GUID}"\n',
    "b.csv": f"Published_At;GUID;URL;Publisher;summary;headline\n2026-11-23 08:00 UTC;{GUID};{URL};"
    f"{WHO};Envoys met.;Talks\n",
    "a.tsv": "\t".join([*TEXTS, *FIELDS]) + "\n" + "\t".join([*TEXTS.values(), *FIELDS.values()]),
    "a.rss": RSS,
    "b.rss": DC,
    "a.atom": ATOM,
    "a.txt": "".join(f"{name}: {value}\n" for name, value in FIELDS.items()) + f"\n{BODY}",
}


def read(folder: Path, name: str, text: str, at: datetime | None = NOW) -> CorpusFolder:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    return read_corpus(folder, at=at)


def first(corpus: CorpusFolder) -> Article:
    return next(iter(corpus.articles()))


def warnings(corpus: CorpusFolder) -> list[str]:
    return [str(warning) for warning in corpus.warnings]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_has_provenance(tmp_path: Path, name: str) -> None:
    corpus = read(tmp_path, name, FORMATS[name])
    article = first(corpus)
    assert (article.headline, article.summary) == ("Talks", "Envoys met.")
    assert (article.url, article.publisher, article.guid) == (URL, WHO, GUID)
    assert article.published_at == EIGHT
    assert article.first_seen_at == NOW
    assert not corpus.warnings


@pytest.mark.parametrize("name", FORMATS)
def test_provenance_is_no_part_of_the_id(tmp_path: Path, name: str) -> None:
    text = FORMATS[name]
    for value in (URL, URL.replace("&", "&amp;"), WHO, GUID):
        text = text.replace(value, "https://example.com/other")
    before = first(read(tmp_path / "before", name, FORMATS[name]))
    after = first(read(tmp_path / "after", name, text))
    assert after.url != before.url
    assert after.id == before.id


def test_an_entry_that_was_only_updated_has_that_date(tmp_path: Path) -> None:
    text = ATOM.replace("<published>2026-11-23T08:00:00Z</published>", "")
    assert first(read(tmp_path, "a.atom", text)).published_at == NOW - timedelta(hours=1)


def test_an_entry_without_provenance_has_none(tmp_path: Path) -> None:
    text = "<rss version='2.0'><channel><item><title>A</title></item></channel></rss>"
    corpus = read(tmp_path, "a.rss", text)
    article = first(corpus)
    assert (article.url, article.publisher, article.published_at, article.guid) == (None,) * 4
    assert not corpus.warnings


@pytest.mark.parametrize("name", ["a.rss", "a.atom", "b.json"])
def test_an_episode_without_a_page_links_to_its_recording(tmp_path: Path, name: str) -> None:
    recording = "https://example.org/a.mp3"
    text = FORMATS[name].replace(f'"url": "{URL}"', f'"attachments": [{{"url": "{recording}"}}]')
    text = text.replace(f"<link>{URL.replace('&', '&amp;')}</link>", "")
    text = text.replace("</guid>", f'</guid><enclosure url="{recording}" type="audio/mpeg"/>')
    text = text.replace(f'<link href="{URL.replace("&", "&amp;")}"/>', "")
    corpus = read(tmp_path, name, text)
    assert first(corpus).url == recording
    assert not corpus.warnings


def test_a_permanent_guid_is_a_link(tmp_path: Path) -> None:
    item = "<item><title>A</title><guid>https://example.org/a</guid></item>"
    text = f"<rss version='2.0'><channel>{item}</channel></rss>"
    assert first(read(tmp_path, "a.rss", text)).url == "https://example.org/a"


@pytest.mark.parametrize("guid", [7, "7"])
def test_a_number_is_the_guid_of_a_json_feed(tmp_path: Path, guid: object) -> None:
    items = [{"id": guid, "title": "A"}]
    feed = {"version": "https://jsonfeed.org/version/1", "items": items}
    assert first(read(tmp_path, "a.json", json.dumps(feed))).guid == "7"


# --- what is left out -----------------------------------------------------------------------------

LATE = (NOW + timedelta(minutes=11)).isoformat()
WRONG = [
    ("url", "javascript:alert(1)", "has a url that does not start with https:// or http://"),
    ("url", "https://u:p@example.org/", "has a url with a user name or a password"),
    ("published_at", "11/12/2026", "has a published_at that is no date with one meaning"),
    ("published_at", "1970-01-01T00:00:00Z", "has a published_at before 1990"),
    ("published_at", LATE, "has a published_at in the future"),
    ("published_at", "2026-11-25", "has a published_at in the future"),
    ("publisher", "x" * 201, "has a publisher longer than 200 characters"),
    ("guid", "x" * 2001, "has a guid longer than 2,000 characters"),
]


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv", "a.tsv", "a.txt"])
@pytest.mark.parametrize(("field", "value", "mistake"), WRONG)
def test_a_wrong_field_is_left_out_with_a_warning(
    tmp_path: Path, name: str, field: str, value: str, mistake: str
) -> None:
    corpus = read(tmp_path, name, FORMATS[name].replace(FIELDS[field], value))
    article, expected = first(corpus), first(read(tmp_path / "right", name, FORMATS[name]))
    assert article == replace(expected, **{field: None})  # type: ignore[arg-type]
    (warning,) = warnings(corpus)
    line = {"a.csv": 2, "a.tsv": 2, "a.txt": [*FIELDS].index(field) + 1}.get(name, 1)
    assert warning.startswith(f"{name}:{line}: {mistake}")
    shown = f": “{value}”" if field == "published_at" else ""
    assert warning.endswith(f": it is left out{shown}")


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        ("https://example.org/talks?a=1&amp;b=2", "/talks", "url that does not start with"),
        ("Mon, 23 Nov 2026", "Mon, 23 Nov 2029", "published_at in the future"),
        ("Mon, 23 Nov 2026", "someday", "published_at that is no date with one meaning"),
        ("tag:example.org,2026:7", "x" * 2001, "guid longer than"),
    ],
)
def test_a_wrong_field_of_an_entry_is_left_out(
    tmp_path: Path, old: str, new: str, mistake: str
) -> None:
    corpus = read(tmp_path, "a.rss", RSS.replace(old, new))
    assert first(corpus).summary == "Envoys met."
    (warning,) = warnings(corpus)
    assert warning.startswith(f"a.rss: the entry “Talks” has a {mistake}")


def test_equal_mistakes_are_counted(tmp_path: Path) -> None:
    lines = [json.dumps(TEXTS | {"url": f"ftp://example.org/{n}"}) for n in range(3)]
    (warning,) = warnings(read(tmp_path, "a.jsonl", "\n".join(lines)))
    assert warning.startswith("a.jsonl:1: has a url that does not start with")
    assert warning.endswith("it is left out (also lines 2, 3)")


def test_each_wrong_date_is_named_with_its_line(tmp_path: Path) -> None:
    days = ["31.12.2025", "11/12/2025", "12/31/2025", "02-03-2025", "soon"]
    rows = "".join(f"Head {n},Text {n}.,{day}\n" for n, day in enumerate(days))
    corpus = read(tmp_path, "a.csv", f"headline,summary,published_at\n{rows}")
    dates = [article.published_at for article in corpus.articles()]
    last = datetime(2025, 12, 31, tzinfo=UTC)
    assert dates == [last, None, last, None, None]
    assert warnings(corpus) == [
        "a.csv:3: has a published_at that is no date with one meaning, such as 2026-11-24 or"
        " 2026-11-24T08:00Z: it is left out: “11/12/2025” (also lines 5: “02-03-2025”, 6: “soon”)"
    ]


@pytest.mark.parametrize("value", [None, "", "  ", "N/A", float("nan")])
def test_an_empty_field_is_no_mistake(tmp_path: Path, value: object) -> None:
    line = json.dumps(TEXTS | dict.fromkeys(FIELDS, value))
    corpus = read(tmp_path, "a.jsonl", line)
    assert first(corpus).url is None
    assert not corpus.warnings


@pytest.mark.parametrize("value", [7, True, ["x"], {"x": 1}])
def test_a_field_that_is_not_text_is_left_out(tmp_path: Path, value: object) -> None:
    corpus = read(tmp_path, "a.jsonl", json.dumps(TEXTS | {"published_at": value}))
    assert first(corpus).published_at is None
    (warning,) = warnings(corpus)
    assert warning == "a.jsonl:1: has a published_at that is not text: it is left out"


def test_a_day_that_has_begun_in_the_east_is_not_in_the_future(tmp_path: Path) -> None:
    corpus = read(
        tmp_path,
        "a.jsonl",
        json.dumps(TEXTS | {"published_at": "2026-11-24"}),
        at=datetime(2026, 11, 23, 10, 0, tzinfo=UTC),
    )
    assert first(corpus).published_at == datetime(2026, 11, 24, tzinfo=UTC)
    assert not corpus.warnings


# --- fields that are not read ---------------------------------------------------------------------

READ = "it reads headline, summary, insight, question, url, publisher, published_at, guid"


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("a.jsonl", f"{json.dumps(TEXTS)}\n{json.dumps(TEXTS | {'tags': 1, 'link': 2})}", 2),
        ("a.json", json.dumps([TEXTS | {"link": "x", "tags": []}]), 1),
        ("a.csv", "headline,Tags,summary,link,\nTalks,x,Envoys met.,y,\n", 1),
        ("a.tsv", "headline\ttags\tlink\tsummary\nTalks\tx\ty\tEnvoys met.\n", 1),
    ],
)
def test_unknown_fields_are_named(tmp_path: Path, name: str, text: str, line: int) -> None:
    assert warnings(read(tmp_path, name, text)) == [
        f"{name}:{line}: has fields that Parley does not read: link, tags; {READ}"
    ]


def test_only_a_few_unknown_fields_are_named(tmp_path: Path) -> None:
    record = TEXTS | {f"field {n}": n for n in range(9)} | {"x" * 500: 1}
    (warning,) = warnings(read(tmp_path, "a.jsonl", json.dumps(record)))
    assert "field 0, field 1, field 2, field 3, field 4 and 5 more; it reads" in warning


def test_an_unknown_field_of_a_header_is_named(tmp_path: Path) -> None:
    corpus = read(tmp_path, "a.txt", f"url: {URL}\nauthor: Ana\n\n{BODY}")
    assert warnings(corpus) == [
        "a.txt:2: has a field that Parley does not read: author; it reads"
        " url, publisher, published_at, guid"
    ]
    assert first(corpus).headline == "Talks"


# --- the header of a text document ----------------------------------------------------------------


def test_a_header_is_about_all_stories_of_the_document(tmp_path: Path) -> None:
    text = f"URL : {URL}\r\nguid:\r\n\r\n{BODY}They ate.\nSo.\nWhat?\n"
    first, second = read(tmp_path, "a.txt", text).articles()
    assert (first.headline, first.url, first.guid) == ("Talks", URL, None)
    assert (second.headline, second.summary, second.url) == ("Talks", "They ate.", URL)


@pytest.mark.parametrize(
    "headline", ["Ukraine: what next", "url", "urls: a history", "https://example.org/a"]
)
def test_a_headline_is_no_header(tmp_path: Path, headline: str) -> None:
    for text in (f"{headline}\n\n", f"{headline}\n", f"url: {URL}\n\n{headline}\n"):
        corpus = read(tmp_path, "a.txt", text + "One.\nTwo.\nThree?\n" * 30)
        assert {article.headline for article in corpus.articles()} == {headline}
        assert not corpus.warnings


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f"url: {URL}\n{BODY}", "a.txt:2: is no field of the header: an empty line ends a header"),
        (f"Talks\nurl: {URL}\n\nEnvoys met.\n", "a.txt:1: is no field of the header"),
        (f"url: {URL}\nURL: {URL}\n\n{BODY}", "a.txt:2: has the field url twice"),
        (f"url: {URL}\n", "a.txt: is empty: a document starts with its headline"),
        (f"url: {URL}\n\nTalks\n", "a.txt:3: has a headline and no article below it"),
    ],
)
def test_a_header_with_a_mistake_is_a_problem(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(CorpusInvalidError) as caught:
        read(tmp_path, "a.txt", text)
    (found,) = caught.value.problems
    assert str(found).startswith(problem)


# --- through loads, checks and undo ---------------------------------------------------------------


async def load(store: Store, path: Path, record: dict[str, str]) -> Article:
    """Load a document with the *record* and return its article."""
    (path / "a.jsonl").write_text(json.dumps(record))
    await store.loads.reload(path, by="U1", at=NOW)
    return await talks(store)


async def talks(store: Store) -> Article:
    found = await store.corpus.find("talks envoys")
    assert isinstance(found, Found)
    return found.matches[0].article


def counts(store: Store) -> Sequence[int]:
    revision = store.corpus.revision
    assert revision
    return revision.added, revision.edited, revision.moved, revision.removed


async def test_a_change_of_provenance_is_a_move_and_can_be_undone(
    store: Store, tmp_path: Path
) -> None:
    bare = await load(store, tmp_path, TEXTS)
    (tmp_path / "a.jsonl").write_text(json.dumps(TEXTS | FIELDS))
    checked = await store.loads.check(tmp_path, at=NOW)
    assert (checked.counts.edited, checked.counts.moved) == (0, 1)
    whole = await load(store, tmp_path, TEXTS | FIELDS)
    assert counts(store) == (0, 0, 1, 0)
    assert whole == replace(bare, url=URL, publisher=WHO, published_at=EIGHT, guid=GUID)
    other = await load(store, tmp_path, TEXTS | FIELDS | {"url": "https://example.com/"})
    assert other == replace(whole, url="https://example.com/")
    await store.loads.undo(by="U1", at=NOW)
    assert await talks(store) == whole
    await store.loads.undo(by="U1", at=NOW, number=1)
    assert await talks(store) == bare


async def test_an_edited_text_keeps_its_id_and_gets_the_new_provenance(
    store: Store, tmp_path: Path
) -> None:
    before = await load(store, tmp_path, TEXTS | FIELDS)
    edited = TEXTS | FIELDS | {"summary": "Envoys met again.", "guid": "2"}
    after = await load(store, tmp_path, edited)
    assert after == replace(before, summary="Envoys met again.", guid="2")
    assert counts(store) == (0, 1, 0, 0)
    await store.loads.undo(by="U1", at=NOW)
    assert await talks(store) == before
