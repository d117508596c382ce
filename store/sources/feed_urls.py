"""The addresses of feeds: what people may write, in one form."""

import re
from hashlib import blake2b
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

from store.text import MISLEADING
from store.types import ParleyError

MAX_LENGTH = 2_000
"""Characters; browsers and servers refuse much longer addresses."""

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:(?!\d+(?:/|$))", re.IGNORECASE)
"""A scheme and its colon; but `example.com:8080/feed` names a port."""
_FEED_SCHEME = re.compile(r"feed:(?://)?(?=https?:)|feed:(?://)?", re.IGNORECASE)
_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)*|[\da-f:.]*:[\da-f:.]*", re.ASCII)
_PORTS = {"http": 80, "https": 443}
_SAFE = "/?:@!$&'()*+,;=%~-._[]"


def normalise_url(written: str) -> str:
    """Return the address of a feed as people write it, in one form; https unless it says http.

    Equal addresses give equal text: the host is in lower case, and the default port and the
    fragment are left out. Raises `ParleyError` if *written* is no address that can be polled.
    """
    text = written.strip().removeprefix("<").removesuffix(">").partition("|")[0].strip()
    if match := _FEED_SCHEME.match(text):
        rest = text[match.end() :]
        text = rest if _SCHEME.match(rest) else f"http://{rest}"
    elif text and not _SCHEME.match(text):
        text = f"https://{text}"
    if not text or MISLEADING.search(text) or re.search(r"\s", text):
        raise ParleyError("A feed needs its address, such as https://example.com/feed.xml.")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
        host = host if host.isascii() else host.encode("idna").decode()
    except ValueError as error:
        # UnicodeError of a host that is no name is a ValueError too.
        raise ParleyError(f"{text} is no address that I can poll.") from error
    if parts.scheme not in _PORTS:
        raise ParleyError("A feed's address starts with https:// or http://.")
    if parts.username is not None or parts.password is not None:
        raise ParleyError(
            "A feed's address must not hold a user name or a password: whoever manages stories can"
            " see it."
        )
    host = host.removesuffix(".")
    if not _HOST.fullmatch(host):
        raise ParleyError(f"{text} names no host.")
    at = f"[{host}]" if ":" in host else host
    if port and port != _PORTS[parts.scheme]:
        at += f":{port}"
    path, query = quote(parts.path or "/", safe=_SAFE), quote(parts.query, safe=_SAFE)
    url = urlunsplit(SplitResult(parts.scheme, at, path, query, ""))
    if len(url) > MAX_LENGTH:
        raise ParleyError(f"A feed's address has at most {MAX_LENGTH:,} characters.")
    return url


def derive_id(url: str) -> str:
    """Return the id of a new feed: 8 hex digits; equal for http and https."""
    return blake2b(url.partition("://")[2].encode(), digest_size=4).hexdigest()
