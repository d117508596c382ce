"""The addresses of feeds, as people write them."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from store.sources.feed_urls import derive_id, mask_credentials, normalise_url
from store.types import ParleyError


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("https://Example.COM/feed.xml", "https://example.com/feed.xml"),
        ("example.com/feed", "https://example.com/feed"),
        ("example.com:8080/feed", "https://example.com:8080/feed"),
        ("http://example.com:80", "http://example.com/"),
        ("https://example.com:443/a#top", "https://example.com/a"),
        ("  <https://example.com/a?b=1&c=2>  ", "https://example.com/a?b=1&c=2"),
        ("<https://example.com/a|example.com/a>", "https://example.com/a"),
        ("feed://example.com/rss", "http://example.com/rss"),
        ("feed:https://example.com/rss", "https://example.com/rss"),
        ("HTTPS://example.com./a", "https://example.com/a"),
        ("https://bücher.example/neu", "https://xn--bcher-kva.example/neu"),
        ("https://example.com/año", "https://example.com/a%C3%B1o"),
        ("https://example.com/a%20b", "https://example.com/a%20b"),
        ("http://[2001:DB8::1]:8080/a", "http://[2001:db8::1]:8080/a"),
    ],
)
def test_an_address_is_read_in_one_form(written: str, url: str) -> None:
    assert normalise_url(written) == url
    assert normalise_url(url) == url


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", "needs its address"),
        ("https://exa mple.com", "needs its address"),
        ("https://example.com/\u202egnp", "needs its address"),
        ("https://example.com/" + "a" * 3_000, "longer than 3,000 characters"),
        ("ftp://example.com/feed", "does not start with https:// or http://"),
        ("javascript:alert(1)", "does not start with https:// or http://"),
        ("file:///etc/passwd", "does not start with https:// or http://"),
        ("https://ana:secret@example.com/feed", "with a user name or a password"),
        ("https://:@example.com/feed", "with a user name or a password"),
        ("https:///feed", "without a valid host name"),
        ("https://example.com:99999/", "port is not a number up to 65535"),
        ("https://[::1/", "that is malformed"),
        ("https://example.com:abc/", "port is not a number up to 65535"),
        ("https://0x7f.1/feed", "IP address is not four decimal numbers"),
        ("https://a..example/", "without a valid host name"),
    ],
)
def test_what_cannot_be_polled_is_refused(written: str, said: str) -> None:
    with pytest.raises(ParleyError, match=said):
        normalise_url(written)


@given(st.text() | st.from_regex(r"(?:https?|feed)://[^ ]{1,30}", fullmatch=True))
def test_any_text_is_an_address_in_one_form_or_refused(written: str) -> None:
    try:
        url = normalise_url(written)
    except ParleyError:
        return
    assert url.startswith(("https://", "http://"))
    assert url.isascii()
    assert normalise_url(url) == url


@pytest.mark.parametrize(
    "scheme", ["", "feed:", "feed://", "feed:https://", "https:", "HTTPS://", "http:/"]
)
@given(password=st.text(), rest=st.text(st.characters(exclude_characters="@")))
@example(password="pa/ss", rest="h/f")
@example(password="pa#s?", rest="h/f")
@example(password="p@\n", rest="h/f")
def test_a_refused_address_is_shown_without_credentials(
    scheme: str, password: str, rest: str
) -> None:
    assert mask_credentials(f"{scheme}ana:{password}@{rest}") == f"{scheme}…@{rest}"
    assert mask_credentials(f"{scheme}{rest}") == f"{scheme}{rest}"


def test_http_and_https_are_one_feed() -> None:
    assert derive_id("http://example.com/a") == derive_id("https://example.com/a")
    assert derive_id("http://example.com/a") != derive_id("http://example.com/b")
