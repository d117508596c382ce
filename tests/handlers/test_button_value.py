"""The value of a button is encoded whatever text it has, and read back as it was."""

from hypothesis import example, given
from hypothesis import strategies as st

from handlers.button_value import MOST_WORDS, Value
from handlers.mrkdwn import truncate
from store.text import well_formed


@given(st.text(st.characters() | st.sampled_from("\0\ud800\udc00"), max_size=MOST_WORDS + 20))
@example("\ud800")
def test_any_words_are_encoded(words: str) -> None:
    value = Value.decode(Value(words=words, place=3).encode())
    assert value == Value(words=well_formed(truncate(words, MOST_WORDS)), place=3)
