"""The addresses that may be requested for a feed: public ones, and those that FEEDS_ALLOW lists.

An admin types the address of a feed, and any server can redirect to another address. Neither may
make Parley request a service inside its own network (server-side request forgery).
"""

import asyncio
import re
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Self

from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

IP = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
LookUp = Callable[[str, int], Awaitable[Sequence[IP]]]
"""Returns the addresses of a host; raises OSError if it has none."""

_PORTS = frozenset({80, 443})
_MAX_LENGTH = 2_000
_HOST = re.compile(r"[a-z0-9_-]([a-z0-9._-]*[a-z0-9_-])?\.?")
_IPV6 = IPv6Network("2000::/3")
"""The addresses of IPv6 that are assigned to the internet (RFC 4291, 2.4)."""
_NAT64 = IPv6Network("64:ff9b::/96")
"""How a network without IPv4 reaches it: the last four bytes are the address (RFC 6052)."""
_NOT_PUBLIC = tuple(
    map(
        ip_network,
        (
            # Not in the list of every Python that we support, or thought to be public there.
            "100.64.0.0/10",  # behind a provider's NAT (RFC 6598); also a cloud's metadata
            "168.63.129.16/32",  # the metadata of Azure
            "192.0.0.0/24",
            "192.88.99.0/24",  # 6to4 relays
            "2001::/23",  # Teredo and other tunnels
            "2001:db8::/32",
            "2002::/16",  # 6to4: holds an address of IPv4
            "3fff::/20",
        ),
    )
)
_METADATA = tuple(map(ip_address, ("168.63.129.16", "100.100.100.200", "fd00:ec2::254")))
_LOCAL_NAMES = ("localhost", "local", "localdomain", "internal", "home.arpa")
"""Domains that exist only inside of a network (RFC 6761, 6762, 8375; .internal by ICANN)."""


class AddressError(Exception):
    """Raised for an address that is not requested; the message is a sentence for an admin."""

    def __init__(self, problem: str, advice: str = "") -> None:
        """Create an error; *advice* is meant for somebody who typed the address."""
        super().__init__(problem)
        self.advice = advice


@dataclass(frozen=True, slots=True)
class _Allowed:
    """An entry of FEEDS_ALLOW: a name or a network, on one port or on the usual ones."""

    name: str
    """In lower case; with `*.` for its subdomains; empty for a network."""
    network: Network | None
    port: int | None

    def has_port(self, port: int) -> bool:
        return port == self.port if self.port else port in _PORTS

    def has_name(self, host: str) -> bool:
        host = host.rstrip(".")
        if self.name.startswith("*."):
            return host.endswith(self.name[1:])
        return bool(self.name) and host == self.name


@dataclass(frozen=True, slots=True)
class AllowList:
    """The hosts and networks that are not public and may be requested."""

    entries: tuple[_Allowed, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse entries separated by commas or blanks; raises ValueError for a malformed one.

        An entry is a name, `*.` and a name, an IP address or a network, each with `:port` if it is
        not 80 or 443; IPv6 with a port is written in brackets.
        """
        return cls(tuple(_entry(one) for one in re.split(r"[,\s]+", text.strip()) if one))

    def has_ip(self, ip: IP, port: int) -> bool:
        """Return whether an entry lists this address."""
        return any(one.network and ip in one.network and one.has_port(port) for one in self.entries)

    def has_name(self, host: str, port: int) -> bool:
        """Return whether an entry lists this name."""
        return any(one.has_name(host) and one.has_port(port) for one in self.entries)

    @property
    def has_networks(self) -> bool:
        """Whether a network or an IP address is listed."""
        return any(one.network for one in self.entries)

    def has_port(self, port: int) -> bool:
        """Return whether a network is listed with this port."""
        return any(one.network and one.port == port for one in self.entries)


def _entry(text: str) -> _Allowed:
    problem = (
        "must list hosts or networks such as wiki.example, *.corp.example, 10.0.0.0/8 or"
        f" 127.0.0.1:8000, not {text!r}"
    )
    # In brackets, or with one colon before the port; IPv6 without a port has more colons.
    parts = re.fullmatch(r"\[([^]]+)](?::(.+))?|([^:[]+)(?::(.+))?|([^:[]*:[^:]*:.*)", text)
    if parts is None:
        raise ValueError(problem)
    host, port = parts[1] or parts[3] or parts[5], parts[2] or parts[4]
    if port and not (re.fullmatch(r"[0-9]{1,5}", port) and 0 < int(port) < 65536):
        raise ValueError(problem)
    number = int(port) if port else None
    try:
        return _Allowed("", ip_network(host, strict=False), number)
    except ValueError:
        pass
    prefix, name = ("*.", host[2:]) if host.startswith("*.") else ("", host)
    try:
        name = (URL(f"http://{name}/").raw_host or "").rstrip(".")
    except ValueError as error:
        raise ValueError(problem) from error
    if not _HOST.fullmatch(name) or _ends_in_a_number(name) or "/" in host or "@" in host:
        raise ValueError(problem)
    return _Allowed(prefix + name, None, number)


def is_public(ip: IP) -> bool:
    """Return whether *ip* is an address of a single host on the internet."""
    if isinstance(ip, IPv6Address):
        if ip in _NAT64:
            return is_public(IPv4Address(int(ip) & 0xFFFF_FFFF))
        if ip not in _IPV6:
            # Among others: loopback, private, link-local, multicast, and embedded IPv4.
            return False
    return ip.is_global and not ip.is_multicast and not any(ip in one for one in _NOT_PUBLIC)


def _is_beyond_a_name(ip: IP) -> bool:
    """Return whether *ip* must be listed itself: no name that is listed leads there."""
    return (
        ip.is_link_local
        or ip.is_multicast
        or ip.is_unspecified
        or ip in _METADATA
        or getattr(ip, "ipv4_mapped", None) is not None
    )


class Addresses:
    """Decides which addresses are requested."""

    def __init__(self, allow: AllowList = AllowList()) -> None:
        self._allow = allow

    def check(self, url: URL, *, is_proxied: bool) -> None:
        """Check everything about *url* that is known before its host is resolved.

        Raises `AddressError`. If the request *is_proxied*, the proxy resolves the host, so names
        that exist only inside of a network are refused here.
        """
        host, port = url.raw_host or "", url.port or 0
        if url.scheme not in ("http", "https"):
            raise AddressError("The address must start with https:// or http://.")
        if url.raw_user is not None or url.raw_password is not None:
            raise AddressError("The address must not hold a user name or a password.")
        if len(str(url)) > _MAX_LENGTH:
            raise AddressError(f"The address is longer than {_MAX_LENGTH:,} characters.")
        ip = _literal(host)
        if ip is None and not (_HOST.fullmatch(host) and ".." not in host and len(host) <= 253):
            raise AddressError("The address has no valid host name.")
        is_listed = self._allow.has_name(host, port) if ip is None else self._allow.has_ip(ip, port)
        # Whether a name leads into a listed network is known when it is resolved.
        is_unknown = ip is None and not is_proxied and self._allow.has_port(port)
        if port not in _PORTS and not is_listed and not is_unknown:
            raise AddressError(
                f"I fetch feeds from the ports 80 and 443 only, not from port {port} of {host}.",
                f"Add {host}:{port} to FEEDS_ALLOW if it is yours.",
            )
        if ip is not None and not self.permits(host, port, ip):
            raise _private(host, [ip])
        if is_proxied and ip is None and not is_listed and _is_local(host):
            raise _private(host)

    def check_unresolved(self, url: URL) -> None:
        """Check *url* without resolving its host; raises `AddressError`.

        Names that exist only inside of a network pass if they may lead into a listed network.
        """
        self.check(url, is_proxied=not self._allow.has_networks)

    def permits(self, host: str, port: int, ip: IP) -> bool:
        """Return whether *ip*, to which *host* resolves, may be requested."""
        if self._allow.has_ip(ip, port):
            return True
        if self._allow.has_name(host, port):
            return not _is_beyond_a_name(ip)
        return port in _PORTS and is_public(ip)


def _literal(host: str) -> IP | None:
    """Return the IP address that *host* is; None for a name.

    Raises `AddressError` for other spellings, which the system would accept: `0x7f.1`, `2130706433`
    or `017700000001` (url.spec.whatwg.org, "ends in a number").
    """
    if ":" in host:
        try:
            return IPv6Address(host)
        except ValueError as error:
            raise AddressError("The address has no valid IP address.") from error
    if not _ends_in_a_number(host):
        return None
    try:
        return IPv4Address(host)
    except ValueError as error:
        raise AddressError(
            "The IP address must be written as four decimal numbers, such as 203.0.113.7."
        ) from error


def _ends_in_a_number(host: str) -> bool:
    last = host.rstrip(".").rpartition(".")[2]
    return re.fullmatch(r"[0-9]+|0x[0-9a-f]*", last, re.IGNORECASE) is not None


def _is_local(host: str) -> bool:
    name = host.rstrip(".")
    return "." not in name or any(f".{name}".endswith(f".{one}") for one in _LOCAL_NAMES)


def _private(host: str, ips: Sequence[IP] = ()) -> AddressError:
    """Return the error for *host*, which is or resolves to *ips*, if they are known."""
    is_never_a_feed = any(map(_is_beyond_a_name, ips))
    advice = "" if is_never_a_feed else "If it is a server of yours, add it to FEEDS_ALLOW."
    return AddressError(f"{host} is not on the public internet, so I don't fetch it.", advice)


async def look_up(host: str, port: int) -> Sequence[IP]:
    """Return the addresses of *host*, as the system resolves it.

    A name server that does not answer keeps a thread busy for half a minute. A daemon thread for
    each look-up blocks neither the threads that others use nor the end of the process.
    """
    loop = asyncio.get_running_loop()
    found: asyncio.Future[Sequence[IP]] = loop.create_future()

    def resolve() -> None:
        outcome: Sequence[IP] | OSError
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            # An address with a zone, such as fe80::1%eth0, is link-local.
            outcome = [ip_address(str(info[4][0])) for info in infos]
        except (OSError, ValueError) as error:
            # UnicodeError is a ValueError: a label of a name that is too long.
            outcome = error if isinstance(error, OSError) else socket.gaierror(str(error))
        try:
            loop.call_soon_threadsafe(finish, outcome)
        except RuntimeError:
            return  # The loop is closed, and nobody waits any longer.

    def finish(outcome: Sequence[IP] | OSError) -> None:
        if found.done():
            return
        if isinstance(outcome, OSError):
            found.set_exception(outcome)
        else:
            found.set_result(outcome)

    threading.Thread(target=resolve, name="feed-dns", daemon=True).start()
    return await found


class CheckedResolver(AbstractResolver):
    """Resolves a host for a connection, and returns only addresses that may be requested.

    aiohttp connects to what this returns and resolves nothing else, so a name that resolves to
    another address a moment later has no effect.
    """

    def __init__(self, addresses: Addresses, look_up: LookUp = look_up) -> None:
        self._addresses = addresses
        self._look_up = look_up

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of *host* that may be requested; raises `AddressError` if none."""
        del family
        found = await self._look_up(host, port)
        permitted = [ip for ip in found if self._addresses.permits(host, port, ip)]
        if found and not permitted:
            raise _private(host, found)
        return [
            ResolveResult(
                hostname=host,
                host=str(ip),
                port=port,
                family=socket.AF_INET if ip.version == 4 else socket.AF_INET6,
                proto=0,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for ip in permitted
        ]

    async def close(self) -> None:
        """Release nothing: there is nothing to release."""
