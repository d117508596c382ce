"""Feeds as the world writes them: what is read, and what each warning says."""

import gzip
import json
from pathlib import Path

import pytest

from store import Store
from store.loading.documents import read_corpus
from store.types import CorpusInvalidError, Found
from tests.ids import C1, T1
from tests.machine import NOW

TRIPLE = "A summary.\nAn insight.\nA question?\n"
RSS = '<?xml version="1.0"?>\n<rss version="2.0"><channel><title>World</title>\n{}</channel></rss>'
ITEM = "<item><title>{}</title><description>{}</description></item>"
PORTS = ITEM.format("Ports reopen", "Dockers are back.")
ATOM = '<feed xmlns="http://www.w3.org/2005/Atom"><title>World</title>{}</feed>'


class Feed:
    """A feed in a folder: its stories and its warnings."""

    def __init__(self, folder: Path, data: str | bytes, name: str = "a.rss") -> None:
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)
        corpus = read_corpus(folder)
        self.stories = [(one.headline, one.summary) for one in corpus.articles()]
        self.warnings = [str(warning) for warning in corpus.warnings]


def rss(item: str) -> str:
    return RSS.format(item)


# --- what is a story -----------------------------------------------------------------------------


def test_rss_is_read_without_markup(tmp_path: Path) -> None:
    item = ITEM.format("Envoys &amp; talks", "&lt;p&gt;They &lt;b&gt;met&lt;/b&gt; &amp;amp; ate.")
    feed = Feed(tmp_path, rss(item))
    assert feed.stories == [("Envoys & talks", "They met & ate.")]
    assert not feed.warnings


def test_atom(tmp_path: Path) -> None:
    """A text of the type “text” has no markup, even if it looks like it."""
    entries = """<entry><title>Envoys</title><summary>A &lt;b&gt; &amp;amp; c</summary></entry>
    <entry><title>Only a title</title></entry>
    <entry><title type="html">A &lt;i&gt;b&lt;/i&gt;</title><content type="xhtml">
    <div xmlns="http://www.w3.org/1999/xhtml"><p>One</p><p>two</p></div></content></entry>"""
    assert Feed(tmp_path, ATOM.format(entries), "a.atom").stories == [
        ("Envoys", "A <b> &amp; c"),
        ("Only a title", "Only a title"),
        ("A b", "One two"),
    ]


def test_json_feed(tmp_path: Path) -> None:
    items = [
        {"id": "1", "title": "Ports & docks", "content_html": "<p>They are</p><p>open.</p>"},
        {"id": "2", "content_text": "No title & a <b> tag.", "summary": "Short."},
        {"id": "3", "url": "https://example.org"},
        "no object",
    ]
    data = json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "W", "items": items})
    for name in ("a.json", "a.xml"):
        feed = Feed(tmp_path / name, data, name)
        assert feed.stories == [
            ("Ports & docks", "They are open."),
            ("No title & a <b> tag.", "No title & a <b> tag."),
        ]
        assert feed.warnings == [
            f"{name}: entries 3, 4 have neither a title nor a text: they are left out, and the"
            " others are loaded"
        ]


@pytest.mark.parametrize("name", ["a.rss", "a.xml.gz", "a.json.gz"])
def test_a_packed_feed(tmp_path: Path, name: str) -> None:
    items = [{"title": "Ports reopen", "content_text": "Dockers are back."}]
    feed = json.dumps({"version": "https://jsonfeed.org/version/1", "items": items})
    data = gzip.compress((feed if "json" in name else rss(PORTS)).encode())
    assert Feed(tmp_path, data, name).stories == [("Ports reopen", "Dockers are back.")]


def test_a_packed_feed_that_is_cut_off_or_too_large(tmp_path: Path) -> None:
    packed = gzip.compress(rss(PORTS * 2 + "x" * 5000).encode(), 0)
    feed = Feed(tmp_path / "cut", packed[: len(packed) // 2])
    assert feed.stories == [("Ports reopen", "Dockers are back.")]
    assert "a.rss: is a gzip file that is cut off: what is there is loaded" in feed.warnings
    with pytest.raises(CorpusInvalidError, match=r"is larger than 64 MB when it is unpacked"):
        Feed(tmp_path / "bomb", gzip.compress(bytes(65 << 20)))
    with pytest.raises(CorpusInvalidError, match=r"is a gzip file that is damaged"):
        Feed(tmp_path / "bad", b"\x1f\x8b" + bytes(30))


@pytest.mark.parametrize(
    "item",
    [
        "<item><title></title><description></description></item>",
        "<item><title/><description>&lt;img src='x' alt='Cranes'/&gt;</description></item>",
        "<item><link>https://example.org/a</link></item>",
        "<item></item>",
        "<item><description>&lt;p&gt;&amp;nbsp;&lt;/p&gt;\u200b</description></item>",
    ],
)
def test_an_entry_without_words_is_left_out(tmp_path: Path, item: str) -> None:
    feed = Feed(tmp_path, rss(PORTS + item))
    assert feed.stories == [("Ports reopen", "Dockers are back.")]
    assert feed.warnings == [
        "a.rss: entry 2 has neither a title nor a text: it is left out, and the others are loaded"
    ]


@pytest.mark.parametrize("data", [rss(""), ATOM.format("")])
def test_a_feed_without_entries_blocks_no_folder(tmp_path: Path, data: str) -> None:
    (tmp_path / "b.txt").write_text(f"Head\n{TRIPLE}")
    feed = Feed(tmp_path, data)
    assert feed.stories == [("Head", "A summary.")]
    assert feed.warnings == [
        "a.rss: is a feed without entries: it is loaded, and no story comes from it"
    ]


def test_entries_without_words_alone_do_not_claim_that_others_are_loaded(tmp_path: Path) -> None:
    feed = Feed(tmp_path, rss("<item></item><item><title/></item>"))
    assert not feed.stories
    assert feed.warnings == [
        "a.rss: entries 1, 2 have neither a title nor a text: they are left out, and no story comes"
        " from the feed"
    ]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ('type="application/xml"><doc xmlns="urn:x"><p>One</p>two</doc>', "One two"),
        ('type="text/xml"><a><b>One</b><c>&lt; two</c></a>', "One < two"),
        ('type="application/vnd.x+xml"><n:a xmlns:n="urn:n">One <i>two</i></n:a>', "One two"),
    ],
)
def test_the_words_of_xml_are_read(tmp_path: Path, content: str, text: str) -> None:
    entry = f"<entry><title>Ports</title><content {content}</content></entry>"
    feed = Feed(tmp_path, ATOM.format(entry))
    assert feed.stories == [("Ports", text)]
    assert not feed.warnings


@pytest.mark.parametrize("kind", ["application/json", "image/png", "application/octet-stream"])
def test_content_that_is_no_text_is_named(tmp_path: Path, kind: str) -> None:
    entry = f'<entry><title>Ports</title><content type="{kind}">SGVsbG8=</content></entry>'
    feed = Feed(tmp_path, ATOM.format(entry * 2 + entry.replace("Ports", "Docks")))
    assert feed.stories == [("Ports", "Ports"), ("Docks", "Docks")]
    named = f"a.rss: the content of entry 1 is {kind}, which is not read (and 2 more times)"
    assert feed.warnings[0] == named


@pytest.mark.parametrize(
    "entity", ['x SYSTEM "file:///etc/hostname"', "x PUBLIC '-//X//EN' 'http://192.0.2.1/x'"]
)
def test_an_entity_of_another_file_is_named_and_not_read(tmp_path: Path, entity: str) -> None:
    item = ITEM.format("Ports &x; reopen", "Dockers &y; back.")
    doctype = f"<!DOCTYPE rss [<!ENTITY {entity}><!ENTITY y 'are'>]>"
    feed = Feed(tmp_path, f"{doctype}\n{rss(item).split(chr(10), 1)[1]}")
    assert feed.stories == [("Ports &x; reopen", "Dockers are back.")]
    (warning,) = feed.warnings
    assert warning.startswith("a.rss:3: character 20: &x; stands for the text of another file,")


def test_the_same_entry_twice_is_one_story(tmp_path: Path) -> None:
    other = ITEM.format("Ports reopen", "Another text.")
    feed = Feed(tmp_path, rss(PORTS + other + PORTS))
    assert len(feed.stories) == 2
    assert feed.warnings == [
        "a.rss: entry 3 is the same as one before it: it is left out, and the others are loaded"
    ]


@pytest.mark.parametrize(
    ("text", "headline"),
    [
        ("Short news", "Short news"),
        ("The ports are open again. Dockers are back.", "The ports are open again."),
        ("word " * 40, "word " * 18 + "word…"),
        ("字" * 200, "字" * 99 + "…"),
    ],
)
def test_an_entry_without_a_title_gets_the_beginning_of_its_text(
    tmp_path: Path, text: str, headline: str
) -> None:
    ((found, summary),) = Feed(
        tmp_path, rss(f"<item><description>{text}</description></item>")
    ).stories
    assert (found, summary) == (headline, text.strip())


CONTENT = 'xmlns:content="http://purl.org/rss/1.0/modules/content/"'
MEDIA = 'xmlns:media="http://search.yahoo.com/mrss/"'
CAPTION = "<media:content><media:title>By Ana</media:title>{}</media:content>".format(
    "<media:description>A crane at dusk, which is a long caption</media:description>"
)


@pytest.mark.parametrize(
    ("inside", "story"),
    [
        (
            f"<title>A</title><description>Lead.</description>"
            f"<content:encoded {CONTENT}>Lead and the whole text.</content:encoded>",
            ("A", "Lead and the whole text."),
        ),
        (
            f"<title>A</title><content:encoded {CONTENT}>Short.</content:encoded>"
            "<description>A longer description.</description>",
            ("A", "A longer description."),
        ),
        (f"<title>A</title>{CAPTION}", ("A", "A")),
        (
            "<title>A</title><description></description><media:content url='x'/>"
            "<media:credit>Ana</media:credit><media:description>A crane</media:description>",
            ("A", "A"),
        ),
        (f"{CAPTION}<title>A</title><description>Text.</description>{CAPTION}", ("A", "Text.")),
        (
            "<media:group><media:title>V</media:title><media:description>Film</media:description>"
            "</media:group>",
            ("V", "Film"),
        ),
    ],
    ids=["whole text", "description", "caption only", "caption beside", "captions", "video"],
)
def test_the_text_that_says_most_is_read_and_no_caption(
    tmp_path: Path, inside: str, story: tuple[str, str]
) -> None:
    feed = Feed(tmp_path, rss(f"<item {MEDIA}>{inside}</item>"))
    assert feed.stories == [story]
    assert not feed.warnings


@pytest.mark.parametrize(
    "added",
    [
        "The post <a href='x'>Ports reopen</a> appeared first on <a href='y'>The Wire</a>.",
        "The post Ports reopen first appeared on The Wire.".replace(
            "first appeared", "appeared first"
        ),
        "<a href='x'>Continue reading <span>Ports reopen</span> →</a>",
        "<p><a href='x'>Read more…</a></p>",
        "[&hellip;]",
        "… <a href='x'>Weiterlesen</a>",
        "<a href='x'>[link]</a>",
        "submitted by <a>/u/ana</a> to <a>/r/ports</a> <a>[link]</a> <a>[12 comments]</a>",
        "Der Beitrag Ports reopen erschien zuerst auf Die Zeitung.",
    ],
)
def test_what_a_publishing_system_adds_is_left_out(tmp_path: Path, added: str) -> None:
    html = f"<p>Dockers left the post of the port. They are back.</p> {added}"
    ((_, summary),) = Feed(
        tmp_path, rss(ITEM.format("Ports reopen", f"<![CDATA[{html}]]>"))
    ).stories
    assert summary == "Dockers left the post of the port. They are back."


@pytest.mark.parametrize(
    "text",
    [
        "Children should read more",
        "The post of minister is vacant. Her name appeared first on a list",
        "She wrote (and read) on",
        "The comments",
        "Prices rose [by 5 %]",
    ],
)
def test_no_words_of_a_text_are_taken_for_boilerplate(tmp_path: Path, text: str) -> None:
    ((_, summary),) = Feed(tmp_path, rss(ITEM.format("A", text))).stories
    assert summary == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("Growth <2%, debt >60% of GDP", "Growth <2%, debt >60% of GDP"),
        ("5 < 6 and the vote was 49 > 48", "5 < 6 and the vote was 49 > 48"),
        ("Write to Ana <ana@example.org>, I <3 it", "Write to Ana <ana@example.org>, I <3 it"),
        ("<figure><figcaption>One</figcaption></figure><pre>two</pre>three", "One two three"),
        ("<table><tr><td>1<td>2</table><h2>A</h2>b<br>c<hr>d", "1 2 A b c d"),
        ("<p>Un<b>bro</b>ken H<sub>2</sub>O</p>", "Unbroken H2O"),
        ("a<script>if (a<b) {}</script><style>p{}</style><!-- c -->b", "ab"),
        ("<svg><title>Logo</title></svg>Text<noscript>No</noscript>", "Text"),
        ("&amp;lt;b&amp;gt; &mdash; &copy=1 &bogus;", "&lt;b&gt; — &copy=1 &bogus;"),
        ("&lt;p&gt;Escaped &lt;i&gt;twice&lt;/i&gt;&lt;/p&gt;", "Escaped twice"),
        ("Dampf&shy;schiff cut<a href='x", "Dampfschiff cut"),
        ("<div>" * 3000 + "deep", "deep"),
        ("a <!-- never closed", "a <!-- never closed"),
    ],
)
def test_html_becomes_text_and_loses_no_word(tmp_path: Path, html: str, text: str) -> None:
    item = ITEM.format("A", f"<![CDATA[{html}]]>")
    assert Feed(tmp_path, rss(item)).stories == [("A", text)]


# --- mistakes of XML -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "title", "warning"),
    [
        ("Ports &#55357;&#56832; reopen", "Ports 😀 reopen", "3: character 20: &#55357; is half"),
        ("Ports &#xD83D; reopen", "Ports � reopen", "3: character 20: &#xD83D; is half a char"),
        ("Ports &#1114112; reopen", "Ports � reopen", "3: character 20: &#1114112; stands for no"),
        (f"A &#{'9' * 5000};", "A �", "3: character 16: &#999999999999999999 stands for no char"),
        ("A &#0;&#8;&#xFFFE;", "A ���", "3: character 16: &#0; stands for no character; it is"),
        ("Ports&nbsp;reopen", "Ports reopen", "3: character 19: XML has no entity &nbsp;; it is"),
        ("It won&rsquo;t", "It won’t", "3: character 20: XML has no entity &rsquo;; it"),
        (
            "A &bogus; b",
            "A &bogus; b",
            "3: character 16: XML has no entity &bogus;; it is read as text",
        ),
        ("Fish & chips", "Fish & chips", "3: character 19: & stands by itself, which XML does not"),
        ("A < b", "A < b", "3: character 16: < stands by itself, which XML does not allow"),
        ("A ]]> b", "A ]]> b", "3: character 16: ]]> stands by itself, which XML does not allow"),
        ("A\x08b\x00c", "A b c", "3: character 15: XML does not allow the character U+0008"),
    ],
)
def test_a_wrong_character_is_read_and_named(
    tmp_path: Path, item: str, title: str, warning: str
) -> None:
    feed = Feed(tmp_path, rss(ITEM.format(item, "x") + PORTS))
    assert feed.stories == [(title, "x"), ("Ports reopen", "Dockers are back.")]
    assert feed.warnings[0].startswith(f"a.rss:{warning}")


def test_a_stylesheet_before_the_feed_is_no_mistake(tmp_path: Path) -> None:
    feed = Feed(tmp_path, f"<?xml-stylesheet href='a.xsl'?>\n{rss(PORTS)[22:]}")
    assert feed.stories == [("Ports reopen", "Dockers are back.")]
    assert not feed.warnings


def test_equal_mistakes_are_counted(tmp_path: Path) -> None:
    feed = Feed(tmp_path, rss(ITEM.format("A & b", "c & d & e")))
    (warning,) = feed.warnings
    assert warning.endswith("it is read as text (and 2 more times)")


@pytest.mark.parametrize("prefix", ["dc", "media", "none"])
def test_an_undeclared_prefix_is_named(tmp_path: Path, prefix: str) -> None:
    item = f"<item><title>Ports</title><{prefix}:creator>J</{prefix}:creator></item>"
    feed = Feed(tmp_path, rss(f"<!-- <b> -->{item}"))
    assert feed.stories == [("Ports", "Ports")]
    assert feed.warnings == [
        f"a.rss:3: the prefix {prefix}: is not declared; it is read all the same"
    ]


@pytest.mark.parametrize(
    ("before", "what"), [("\n", "a blank or an empty line"), ("Warning: PHP\n", "other text")]
)
def test_something_before_the_declaration_is_skipped(
    tmp_path: Path, before: str, what: str
) -> None:
    feed = Feed(tmp_path, f"\ufeff{before}{rss(ITEM.format('A & b', 'c'))}")
    assert feed.stories == [("A & b", "c")]
    assert feed.warnings[0] == f"a.rss:1: begins with {what} before the XML, which is skipped"
    assert feed.warnings[1].startswith("a.rss:4: character 16: & stands by itself")


@pytest.mark.parametrize(
    "data",
    [
        rss(PORTS).replace("</channel>", "</chan>"),
        rss(PORTS)[: -len("el></rss>")],
        rss(PORTS + "<item><title>Cut"),
        rss(PORTS) + "<html>",
        rss(f"<image width=3>x</image>{PORTS}"),
    ],
    ids=["mismatched", "cut off", "cut off within an entry", "junk after", "attribute"],
)
def test_a_malformed_feed_is_read_as_far_as_possible(tmp_path: Path, data: str) -> None:
    feed = Feed(tmp_path, data)
    assert feed.stories[0] == ("Ports reopen", "Dockers are back.")
    assert "what could be read before and after it is loaded" in feed.warnings[0]
    assert "a.rss:3: character " in feed.warnings[0]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ("", "a.rss: is empty: an RSS, Atom or JSON feed was expected"),
        ("hello", "a.rss: is no XML: an RSS, Atom or JSON feed was expected"),
        ("<html><p>404</p></html>", "a.rss: is a web page: an RSS, Atom or JSON feed was expected"),
        ("<opml/>", "a.rss: is XML with the element <opml> first: an RSS, Atom or JSON feed was"),
        ("<rss version='2.0'><channel", "a.rss:1: is a feed that cannot be read: the file ends"),
        ("[1]", "a.rss: is no JSON Feed: it lacks a version of jsonfeed.org, or its items"),
        ('{"version": "x"', "a.rss:1: is not JSON from character 16 on"),
    ],
)
def test_what_is_no_feed_is_a_problem(tmp_path: Path, data: str, problem: str) -> None:
    with pytest.raises(CorpusInvalidError) as caught:
        Feed(tmp_path, data)
    (found,) = map(str, caught.value.problems)
    assert found.startswith(problem)


def test_a_feed_cannot_open_files(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("token")
    doctype = f'<!DOCTYPE rss [<!ENTITY x SYSTEM "file://{tmp_path}/secret">]>'
    feed = Feed(tmp_path / "corpus", f"{doctype}{rss(ITEM.format('A &x;', 'b'))[21:]}")
    assert "token" not in str(feed.stories)
    assert feed.stories[0][1] == "b"


# --- charsets ------------------------------------------------------------------------------------

TEXTS = {
    "cp1251": "Порты снова открыты, докеры вернулись на работу после забастовки",
    "koi8-r": "Порты снова открыты, докеры вернулись на работу после забастовки",
    "iso8859-7": "Τα λιμάνια άνοιξαν ξανά μετά από απεργία δύο εβδομάδων",
    "cp1255": "הנמלים נפתחו מחדש לאחר שביתה של שבועיים",
    "cp1256": "أعيد فتح الموانئ بعد إضراب دام أسبوعين",
    "gb18030": "港口重新开放，码头工人在罢工两周后恢复工作",
    "big5": "港口重新開放，碼頭工人在罷工兩週後恢復工作",
    "cp932": "港が再開した。港湾労働者は二週間のストライキの後に仕事に戻った",
    "euc_jp": "港が再開した。港湾労働者は二週間のストライキの後に仕事に戻った",
    "cp949": "항구가 다시 열렸다. 부두 노동자들은 파업 끝에 일터로 돌아왔다",
    "cp1252": "Les ports rouvrent après deux semaines de grève, l’été a été très long",
    "iso8859-2": "Přístavy se znovu otevřely, dělníci žádali vyšší mzdy a kratší směny",
    "cp1254": "Limanlar yeniden açıldı, işçiler iki haftalık grevin ardından döndü",
}


@pytest.mark.parametrize("declared", ["", "utf-8", "iso-8859-1", "bogus"])
@pytest.mark.parametrize("charset", TEXTS)
def test_a_charset_that_is_unsaid_or_wrong_is_found(
    tmp_path: Path, charset: str, declared: str
) -> None:
    text = TEXTS[charset]
    data = RSS.format(ITEM.format(text, "x")).encode(charset)
    if declared:
        data = data.replace(b"?>", f' encoding="{declared}"?>'.encode(), 1)
    feed = Feed(tmp_path, data)
    assert feed.stories == [(text, "x")]
    is_right = charset == "cp1252" and declared == "iso-8859-1"
    assert is_right or "a.rss:1: declares " in feed.warnings[0]


@pytest.mark.parametrize(
    "charset", [*TEXTS, "utf-8", "utf-16", "utf-16-be", "utf-32", "iso2022_jp"]
)
def test_a_charset_that_is_declared_is_used(tmp_path: Path, charset: str) -> None:
    text = TEXTS.get(charset, "港が再開した。")
    data = rss(ITEM.format(text, "x")).replace("?>", f' encoding="{charset}"?>', 1)
    feed = Feed(tmp_path, data.encode(charset))
    assert feed.stories == [(text, "x")]
    assert not feed.warnings


def test_utf8_that_is_declared_as_something_else(tmp_path: Path) -> None:
    data = rss(ITEM.format("Grève à l’été", "x")).replace("?>", ' encoding="iso-8859-1"?>', 1)
    feed = Feed(tmp_path, data)
    assert feed.stories == [("Grève à l’été", "x")]
    assert feed.warnings == [
        "a.rss:1: declares the charset iso-8859-1 and is UTF-8: it is read as UTF-8"
    ]


@pytest.mark.parametrize("declared", ["utf-16", "UTF-32", "utf-7", "cp037", "rot13", "idna"])
@pytest.mark.parametrize("title", ["Ports reopen", "Grève à l’été"])
def test_a_charset_that_the_file_cannot_have(tmp_path: Path, title: str, declared: str) -> None:
    data = rss(ITEM.format(title, "x")).replace("?>", f' encoding="{declared}"?>', 1)
    feed = Feed(tmp_path, data)
    assert feed.stories == [(title, "x")]
    assert feed.warnings == [f"a.rss:1: declares the charset {declared}, which it cannot be"]


@pytest.mark.parametrize("text", ["Ports re\udcffopen", "Порты откр\udcffыты"])
def test_one_bad_byte_costs_one_character(tmp_path: Path, text: str) -> None:
    data = rss(ITEM.format(text, "x")).encode(errors="surrogateescape")
    feed = Feed(tmp_path, data)
    assert feed.stories == [(text.replace("\udcff", "�"), "x")]
    (warning,) = feed.warnings
    assert warning.startswith(f"a.rss:3: byte {data.index(0xFF)} of the file, 0xFF, is not UTF-8")


@pytest.mark.parametrize("declared", ["", "utf-8"])
@pytest.mark.parametrize(
    "text", ["Café à Orléans: le café est fermé.", "Señor Muñoz ganó, ¿y ahora qué? Él también."]
)
def test_accents_are_no_letters_of_another_script(tmp_path: Path, text: str, declared: str) -> None:
    """So little text looks as much like Hebrew or Cyrillic to a detector."""
    data = RSS.format(ITEM.format(text, "x")).encode("cp1252")
    if declared:
        data = data.replace(b"?>", f' encoding="{declared}"?>'.encode(), 1)
    assert Feed(tmp_path, data).stories == [(text, "x")]


def test_bytes_of_no_charset_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        CorpusInvalidError, match=r"a\.rss:3: declares no charset and is not UTF-8 text:"
    ):
        Feed(tmp_path, rss("{}").encode().replace(b"{}", bytes(range(128, 256)) * 20))


async def test_feed_stories_can_be_found_but_are_never_asked(store: Store, tmp_path: Path) -> None:
    Feed(tmp_path, rss(ITEM.format("Envoys", "They met in Geneva.")))
    await store.loads.reload(tmp_path, by="U1", at=NOW)
    assert isinstance(await store.corpus.find("geneva"), Found)
    assert await store.choice.next(T1, C1) is None
    (tmp_path / "talks.txt").write_text(f"Head\n{TRIPLE}")
    await store.loads.reload(tmp_path, by="U1", at=NOW)
    for place in range(3):
        article = await store.choice.next(T1, C1, place=place)
        assert article
        assert article.question == "A question?"
