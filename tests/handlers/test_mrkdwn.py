"""Text that says only what it says."""

import html
import re

from hypothesis import given
from hypothesis import strategies as st

from handlers.mrkdwn import escape, plain, quote, truncate, unescape

ANY = st.text(alphabet=st.sampled_from("ab &<>!@#;`*_~é😀\n"), max_size=400)
CONTROL = re.compile(r"<|>|&(?!amp;|lt;|gt;)")


@given(ANY)
def test_nothing_is_left_that_slack_would_read(text: str) -> None:
    assert not CONTROL.search(escape(text))


@given(ANY)
def test_reading_gives_back_what_was_written(text: str) -> None:
    assert unescape(escape(text)) == text
    assert html.unescape(escape(text)) == text


@given(ANY, st.integers(1, 50))
def test_cut_text_is_never_longer_than_asked(text: str, limit: int) -> None:
    cut = truncate(text, limit)
    assert len(cut) <= limit
    assert cut == text or cut.endswith("…")


@given(ANY, st.integers(10, 200))
def test_ready_text_holds_whole_entities_within_its_limit(text: str, limit: int) -> None:
    ready = plain(text, limit)
    assert len(ready) <= limit
    assert not CONTROL.search(ready)


def test_a_channel_mention_in_a_story_pings_nobody() -> None:
    assert plain("<!channel> look") == "&lt;!channel&gt; look"


def test_text_is_cut_at_a_word() -> None:
    assert truncate("one two three four", 16) == "one two three…"


def test_a_quote_is_one_line() -> None:
    """A second line would fall out of the quote."""
    assert quote("a\nb & c") == "> a b &amp; c"
