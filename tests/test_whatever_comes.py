"""Any bytes or words from outside end in a value or in one sentence.

`tests/bot/entrances/test_http_mode.py` does the same for HTTP; `make fuzz` searches for longer.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.loading.documents import ENDINGS
from store.parsing import Parser
from tests.entrances import read_document, read_payload, read_words


@pytest.fixture(scope="module")
def parser() -> Iterator[Parser]:
    """Return one parser for all examples, because each parser starts a process."""
    with Parser() as parser:
        yield parser


pieces = st.lists(
    st.sampled_from([b"Headline", b"Why?", b"", b"  ", b"\xef\xbb\xbfx", b"\xff", b"\0"])
    | st.sampled_from([b'{"headline": "x"', b'"summary": 1}', b"headline,summary", b'"', b"[[]]"])
    | st.sampled_from([b"<rss><channel>", b"<item><title>x</title>", b"]]>", b"<!DOCTYPE x ["])
    | st.sampled_from([b'<!ENTITY a "&a;">', b"&amp;", b"</channel>"])
    | st.binary(max_size=30),
    max_size=12,
)


@given(
    raw=pieces.map(b"\n".join) | pieces.map(b"\r\n".join) | st.binary(max_size=300),
    ending=st.sampled_from(sorted(ENDINGS)),
)
def test_any_file_is_a_document_or_has_a_problem_with_a_line(
    parser: Parser, raw: bytes, ending: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        read_document(raw, Path(folder), ending=ending, parser=parser)


words = st.lists(
    st.sampled_from(["09:30", "9.30pm", "25:00", "mon-fri", "fri-mon", "daily", "Europe/Lisbon"])
    | st.sampled_from(["digest", "3 stories", "0 stories", "9999 stories", "about", "sanctions"])
    | st.sampled_from(["24 Dec", "29 Feb", "2026-12-24", "friday", "tomorrow", "in 999 weeks"])
    | st.sampled_from(["and", ",", "3/4", "32 Dec", "0000-00-00", "99:99:99", "+99:99", "T"])
    | st.sampled_from(["digest " + "9" * 5000, "9" * 5000])
    | st.sampled_from(["off", "&lt;", "<#C1|x>", "&amp;amp;", "\0"])
    | st.text(max_size=12),
    max_size=8,
).map(" ".join)


@given(text=words | st.text(max_size=200))
def test_any_words_are_an_order_dates_or_one_sentence(text: str) -> None:
    read_words(text)


@given(raw=st.binary(max_size=200), content_type=st.sampled_from(["application/json", "x", ""]))
def test_any_body_is_a_payload_or_nothing(raw: bytes, content_type: str) -> None:
    read_payload(raw, content_type)
