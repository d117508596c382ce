"""The feeds that a web page names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.parsing import Parser
from store.parsing.child import answer

RSS = 'rel="alternate" type="application/rss+xml"'


def feeds(page: str) -> list[str]:
    with Parser() as parser:
        return [href for (href,) in parser.parse("page", "a page", page.encode()).rows]


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (f'<html><head><link {RSS} href="/feed" title=" News "></head>', ["/feed"]),
        (f"<LINK {RSS.upper()} HREF=/feed>", ["/feed"]),
        ('<link rel="home Alternate" type="application/atom+xml; charset=utf-8" href=a>', ["a"]),
        ('<link rel="feed" href="https://example.com/f.json">', ["https://example.com/f.json"]),
        (f'<base href="https://example.com/blog/"><link {RSS} href="feed">',
         ["https://example.com/blog/feed"]),
        (f'<link {RSS} href="/comments/feed"><link {RSS} href="/feed">',
         ["/feed", "/comments/feed"]),
        (f'<link {RSS} href="/feed" title="1"><link {RSS} href="/feed" title="2">', ["/feed"]),
        (f'<body><p>Text</p><link {RSS} href="/late">', ["/late"]),
        ('<link rel="alternate" hreflang="de" href="/de">', []),
        ('<link rel="stylesheet" type="application/rss+xml" href="/feed">', []),
        (f'<link {RSS} href=""><link {RSS}>', []),
        (f'<!-- <link {RSS} href="/feed"> --><script>"<link {RSS} href=/feed>"</script>', []),
        ("<rss></rss>", []),
        ("", []),
    ],
)  # fmt: skip
def test_the_feeds_of_a_page_are_found(page: str, expected: list[str]) -> None:
    assert feeds(page) == expected


def test_at_most_twenty_feeds_of_a_page_are_named() -> None:
    assert len(feeds("".join(f'<link {RSS} href="/{one}">' for one in range(1_000)))) == 20


@given(st.binary(max_size=200) | st.text().map(lambda text: f"<link {RSS} href='{text}'>".encode()))
def test_any_bytes_are_a_page(data: bytes) -> None:
    *rows, end = answer("page", data, {})
    assert isinstance(end, dict)
    assert not str(end.get("problem", "")).startswith("cannot be parsed")
    assert all(isinstance(row, list) and len(row) == 1 for row in rows)
