"""Links to stories in one form, with the host that they open."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from store.links import MAX_LINK, clean_link, host_of


@pytest.mark.parametrize(
    ("text", "link", "host"),
    [
        ("https://example.org", "https://example.org/", "example.org"),
        (" HTTP://Example.ORG:80/a?b=c#d ", "http://example.org/a?b=c#d", "example.org"),
        ("https://example.org:8443/a", "https://example.org:8443/a", "example.org:8443"),
        ("https://example.org./", "https://example.org/", "example.org"),
        ("https://example.org/ä b|<c>%zz%41", None, "example.org"),
        ("https://bücher.example/x", "https://xn--bcher-kva.example/x", "xn--bcher-kva.example"),
        # Cyrillic letters that look like apple.com, and full-width letters that are google.com.
        ("https://аррӏе.com/", "https://xn--80ak6aa92e.com/", "xn--80ak6aa92e.com"),
        ("https://ｇｏｏｇｌｅ.com/", "https://google.com/", "google.com"),
        ("https://strasse。de/", "https://strasse.de/", "strasse.de"),
        ("https://straße.de/", "https://xn--strae-oqa.de/", "xn--strae-oqa.de"),
        ("https://news_1.example.org/", "https://news_1.example.org/", "news_1.example.org"),
        ("https://127.0.0.1:8080/", "https://127.0.0.1:8080/", "127.0.0.1:8080"),
        ("https://[2001:DB8::0:1]/", "https://[2001:db8::1]/", "[2001:db8::1]"),
        ("https://intranet/a", "https://intranet/a", "intranet"),
        ("https://example.org/\u202egnp.exe", "https://example.org/%E2%80%AEgnp.exe", None),
    ],
)
def test_a_link_is_in_ascii_and_names_the_host_that_it_opens(
    text: str, link: str | None, host: str | None
) -> None:
    found = clean_link(text)
    assert found.isascii()
    assert not set(found) & set(' <>|"\\')
    assert link in (None, found)
    assert host_of(found) == (host or "example.org")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "does not start with https:// or http://"),
        ("example.org/a", "does not start with"),
        ("//example.org/a", "does not start with"),
        ("https:/example.org", "does not start with"),
        ("javascript:alert(1)", "does not start with"),
        ("data:text/html,x", "does not start with"),
        ("ftp://example.org/", "does not start with"),
        ("feed:https://example.org/", "does not start with"),
        ("https://ana:hush@example.org/", "a user name or a password"),
        ("https://bank.example@evil.example/", "a user name or a password"),
        # Browsers read a backslash as a slash, other programs do not.
        ("https://bank.example\\@evil.example/", "a user name or a password"),
        ("https://evil.example\\.bank.example/", "without a valid host name"),
        ("https:///a", "without a valid host name"),
        ("https://a..b/", "without a valid host name"),
        ("https://-a.example/", "without a valid host name"),
        ("https://exa mple.org/", "without a valid host name"),
        ("https://%65xample.org/", "without a valid host name"),
        ("https://bank.example\u202e/", "without a valid host name"),
        # Browsers open 127.0.0.1 for these.
        ("https://2130706433/", "four decimal numbers"),
        ("https://0x7f.1/", "four decimal numbers"),
        ("https://127.1/", "four decimal numbers"),
        ("https://0177.0.0.1/", "four decimal numbers"),
        ("https://[fe80::1%25eth0]/", "without a valid host name"),
        ("https://[v1.a]/", "malformed|host name"),
        ("https://example.org:99999/", "port is not a number"),
        (f"https://{'a' * 64}.example/", "without a valid host name"),
        (f"https://{'a.' * 150}example/", "without a valid host name"),
        (f"https://example.org/{'ä' * 600}", f"longer than {MAX_LINK:,} characters"),
    ],
)
def test_a_link_that_could_mislead_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        clean_link(text)


_parts = st.sampled_from(
    ["https://", "http://", "//", "@", "\\", "/", ":", "?", "#", "[", "]", "%", ".", "example.org"]
) | st.text(max_size=5)


@given(st.lists(_parts, max_size=8).map("".join).map("https://example.org".__add__))
def test_other_programs_read_the_same_host(text: str) -> None:
    try:
        link = clean_link(text)
    except ValueError:
        return
    assert clean_link(link) == link
    parts = urlsplit(link)
    assert (parts.username, parts.password) == (None, None)
    assert URL(link).raw_host == parts.hostname
    assert link.isascii()
    assert link.isprintable()
