"""Escaping, truncating and splitting text for Slack's mrkdwn."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.mrkdwn import (
    escape,
    marked,
    pieces,
    plain,
    quote,
    readable,
    truncate,
    typed_words,
    unescape,
)

ANY = st.text(alphabet=st.sampled_from("ab &<>!@#;`*_~é😀\n"), max_size=400)
CONTROL = re.compile(r"<|>|&(?!amp;|lt;|gt;)")


@given(ANY)
def test_nothing_is_left_that_slack_would_read(text: str) -> None:
    assert not CONTROL.search(escape(text))


@given(ANY)
def test_unescape_reverses_escape(text: str) -> None:
    assert unescape(escape(text)) == text
    assert html.unescape(escape(text)) == text


@given(ANY, st.integers(1, 50))
def test_truncated_text_is_never_longer_than_the_limit(text: str, limit: int) -> None:
    cut = truncate(text, limit)
    assert len(cut) <= limit
    assert cut == text or cut.endswith("…")


@given(ANY, st.integers(10, 200))
def test_plain_text_keeps_entities_whole_within_its_limit(text: str, limit: int) -> None:
    ready = plain(text, limit)
    assert len(ready) <= limit
    assert not CONTROL.search(ready)


def test_a_channel_mention_in_a_story_pings_nobody() -> None:
    assert plain("<!channel> look") == "&lt;!channel&gt; look"


def test_text_is_cut_at_a_word() -> None:
    assert truncate("one two three four", 16) == "one two three…"


@pytest.mark.parametrize("limit", [0, -1, -500])
def test_where_there_is_no_room_nothing_is_left(limit: int) -> None:
    assert truncate("one two", limit) == plain("one & two", limit) == ""


def test_code_is_read_as_its_words() -> None:
    assert readable("```\nprint(1)\n``` and `x`") == "print(1) and x"


def test_a_quote_is_one_line() -> None:
    """A second line would not be part of the quote."""
    assert quote("a\nb & c") == "> a b &amp; c"


@given(ANY, st.integers(10, 120))
def test_pieces_lose_nothing_and_each_fits(text: str, limit: int) -> None:
    cut = pieces(text, limit)
    assert all(len(escape(text)) <= limit for text in cut)
    assert "".join("".join(cut).split()) == "".join(text.split())


def test_a_text_is_cut_after_a_sentence() -> None:
    assert pieces("One two three. Four five six.", 22) == ["One two three.", "Four five six."]


@given(ANY, st.lists(st.sampled_from(["a", "b", "é", "&"]), max_size=3), st.integers(10, 500))
def test_bold_words_change_nothing_else(text: str, words: list[str], limit: int) -> None:
    shown = marked(text, words, limit)
    assert len(shown) <= limit
    if "*" not in text:
        assert shown.replace("*", "") == plain(text, limit)


def test_the_words_that_matched_are_bold_where_they_stand_alone() -> None:
    shown = marked("Zelenskiy’s envoys met Zelenskiy, not Zelenskiyism & co.", ["Zelenskiy"])
    assert shown == "*Zelenskiy*’s envoys met *Zelenskiy*, not Zelenskiyism &amp; co."


BLANKS = " \t\n\r\x0b\x0c\x1c\x85\xa0\u1680\u2000\u2003\u2007\u2009\u2028\u2029\u202f\u205f\u3000"


@pytest.mark.parametrize("blank", BLANKS, ids=ascii)
def test_any_blank_parts_typed_words(blank: str) -> None:
    assert typed_words(f"{blank}on{blank}{blank}09:30{blank}daily{blank}") == "on 09:30 daily"


@pytest.mark.parametrize(
    "quotes",
    ["“”", "„“", "„”", "«»", "»«", "‹›", "›‹", "‘’", "‚‘", "‚’", "’’", "''", '""', "‟”"],
)
def test_typed_words_have_no_quotation_marks(quotes: str) -> None:
    first, last = quotes[0], quotes[1]
    assert typed_words(f"on {first}09:30{last}, {first}new york{last}") == "on 09:30, new york"
    assert readable(f"{first}geneva{last}") == "geneva"


@pytest.mark.parametrize(
    "words",
    ["9 o’clock", "today's", "the workers’ strike", "the workers' strike", "rock ’n roll", "<@U1>"],
)
def test_apostrophes_and_mentions_stay(words: str) -> None:
    assert typed_words(words) == words


def test_an_apostrophe_may_be_inside_quotation_marks() -> None:
    assert typed_words("‘it’s on’ and 'it's off'") == "it’s on and it's off"
    assert typed_words("« 09:30 » ‹ daily ›") == "09:30 daily"
