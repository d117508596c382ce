"""The addresses of feeds: what people may write, in one form."""

import re
from hashlib import blake2b
from urllib.parse import urldefrag

from store.links import clean_link
from store.text import MISLEADING
from store.types import ParleyError

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:(?!\d+(?:/|$))", re.IGNORECASE)
"""A scheme and its colon; but `example.com:8080/feed` names a port."""
_FEED_SCHEME = re.compile(r"feed:(?://)?(?=https?:)|feed:(?://)?", re.IGNORECASE)

_CREDENTIALS = re.compile(r"^((?:(?:feed|https?):/{0,2})*+).*@", re.IGNORECASE | re.DOTALL)


def normalise_url(written: str) -> str:
    """Return the address of a feed as people write it, in one form; https unless it says http.

    Equal addresses give equal text: as `clean_link` writes them, without the fragment. Raises
    `ParleyError` if *written* is no address that can be polled.
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
        return urldefrag(clean_link(text)).url
    except ValueError as error:
        raise ParleyError(f"I can't poll an address {error}.") from error


def mask_credentials(refused: str) -> str:
    """Return a refused address with "…" in place of everything between its scheme and the last @.

    A user name or a password can contain any character, even the slash that ends a host.
    """
    return _CREDENTIALS.sub(r"\1…@", refused)


def derive_id(url: str) -> str:
    """Return the id of a new feed: 8 hex digits; equal for http and https."""
    return blake2b(url.partition("://")[2].encode(), digest_size=4).hexdigest()
