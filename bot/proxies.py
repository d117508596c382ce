"""Outgoing proxies: the choice of a proxy for each URL.

The rules are those of the standard library's urllib.request, with three additions: this machine is
never reached through a proxy, wss: counts as https:, and NO_PROXY may also contain spaces instead
of commas, `*.example.com`, and networks such as `10.0.0.0/8`, as for curl and Docker.
"""

import re
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

ProxyFor = Callable[[str], str | None]
"""Returns the proxy for a URL, or None for a direct connection."""

_DEFAULT_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}


def no_proxy_for(_: str) -> None:
    """Return None: every URL is requested directly."""


def proxy_for(url: str, *, https_proxy: str, http_proxy: str, no_proxy: str) -> str | None:
    """Return the URL of the proxy for *url*, or None for a direct connection.

    https: and wss: go through *https_proxy*, http: and ws: through *http_proxy*; either may be
    empty. A malformed *url* has no proxy.
    """
    if not (https_proxy or http_proxy):
        return None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
    except ValueError:
        return None
    proxy = {"https": https_proxy, "wss": https_proxy, "http": http_proxy, "ws": http_proxy}.get(
        parts.scheme
    )
    if not (proxy and host) or _is_this_machine(host) or _is_exempt(host, port, no_proxy):
        return None
    return proxy


def is_usable(proxy: str) -> bool:
    """Return whether *proxy* is the URL of an HTTP proxy, the only kind that aiohttp speaks to."""
    try:
        parts = urlsplit(proxy)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def without_credentials(proxy: str) -> str:
    """Return the URL *proxy* without its user name and password."""
    parts = urlsplit(proxy)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _is_this_machine(host: str) -> bool:
    name = host.rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        ip = ip_address(host)
    except ValueError:
        return False
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return ip.is_loopback or ip.is_unspecified


def _is_exempt(host: str, port: int, no_proxy: str) -> bool:
    for name in filter(None, re.split(r"[,\s]+", no_proxy.lower())):
        if name == "*" or _is_within(host, name):
            return True
        # An IPv6 address with a port is written in brackets.
        suffix = name.removeprefix("*").lstrip(".").replace("[", "").replace("]", "")
        if any(one == suffix or one.endswith(f".{suffix}") for one in (host, f"{host}:{port}")):
            return True
    return False


def _is_within(host: str, network: str) -> bool:
    try:
        return ip_address(host) in ip_network(network, strict=False)
    except ValueError:
        return False
