"""Links to stories: in one form that every program reads alike, so that no link misleads."""

import re
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import quote, urlsplit, urlunsplit

import idna

MAX_LINK = 3000
"""The most characters of a button's link (docs.slack.dev, button)."""
_PORTS = {"http": 80, "https": 443}
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*")
_NUMBER = re.compile(r"(.*\.)?(\d+|0x[0-9a-f]*)")
"""A host that browsers read as an IPv4 address (url.spec.whatwg.org, ends in a number)."""
_SAFE = "/?:@!$&'()*+,;=~%"
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


def clean_link(text: str) -> str:
    """Return the link *text* in ASCII, with its host as it is looked up.

    Raises `ValueError` with a phrase such as "that is longer than 3,000 characters".
    """
    text = text.strip()
    scheme = text.partition(":")[0].lower()
    if scheme not in _PORTS or not text[len(scheme) :].startswith("://"):
        raise ValueError("that does not start with https:// or http://")
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise ValueError("that is malformed") from error
    try:
        port = parts.port
    except ValueError as error:
        raise ValueError("whose port is not a number up to 65535") from error
    if "@" in parts.netloc:
        raise ValueError("with a user name or a password")
    is_v6 = parts.netloc.startswith("[")
    host = _clean_host(parts.hostname or "", is_v6=is_v6)
    at = f"[{host}]" if is_v6 else host
    if port is not None and port != _PORTS[scheme]:
        at += f":{port}"
    rest = (_quoted(part) for part in (parts.path or "/", parts.query, parts.fragment))
    link = urlunsplit((scheme, at, *rest))
    if len(link) > MAX_LINK:
        raise ValueError(f"that is longer than {MAX_LINK:,} characters")
    return link


def host_of(link: str) -> str:
    """Return the host that a clean *link* opens, with its port unless it is the usual one.

    A name in other letters than ASCII is in Punycode (xn--…), because letters can look alike.
    """
    return urlsplit(link).netloc


def _clean_host(host: str, *, is_v6: bool) -> str:
    try:
        if is_v6:
            # A zone (fe80::1%eth0) is a matter of one machine.
            return IPv6Address("" if "%" in host else host).compressed
        if not host.isascii():
            host = idna.encode(host, uts46=True).decode()
    except ValueError as error:
        # idna's errors are UnicodeErrors, which are ValueErrors.
        raise ValueError("without a valid host name") from error
    host = host.removesuffix(".")
    if _NUMBER.fullmatch(host):
        try:
            return str(IPv4Address(host))
        except ValueError as error:
            raise ValueError(
                "whose IP address is not four decimal numbers, such as 203.0.113.7"
            ) from error
    if not _NAME.fullmatch(host) or len(host) > 253:
        raise ValueError("without a valid host name")
    return host


def _quoted(part: str) -> str:
    return quote(_STRAY_PERCENT.sub("%25", part), safe=_SAFE, errors="replace")
