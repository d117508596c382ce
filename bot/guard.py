"""The guard of the HTTP entry: what is refused before Parley looks at what a request asks for.

Three checks, the cheapest first: a source that has sent too much that was refused, a signature that
is not Slack's (docs.slack.dev: Verifying requests from Slack), and a request that came before.
"""

import ipaddress
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache

from slack_sdk.signature import Clock as _SdkClock
from slack_sdk.signature import SignatureVerifier

Monotonic = Callable[[], float]
"""Gives seconds that only grow."""

_SECONDS = re.compile(r"[0-9]{1,12}")

WINDOW = timedelta(minutes=5)
"""How old a signed request may be."""


class Sources:
    """Where refused requests come from, and who has sent so many that none is read any more.

    Only refused requests count, so whatever Slack sends is never slowed down.
    """

    def __init__(
        self,
        clock: Monotonic,
        *,
        burst: float = 20,
        per_second: float = 1,
        most: int = 10_000,
    ) -> None:
        """Let each source have *burst* refusals at once and then so many *per_second*.

        Of the *most* sources kept, the ones that were silent longest are forgotten.
        """
        self._clock = clock
        self._burst = burst
        self._per_second = per_second
        self._most = most
        self._refused: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def is_shut_out(self, source: str) -> bool:
        """Say whether nothing that *source* sends is to be read for now."""
        return source in self._refused and self._level(source) > self._burst - 1

    def blame(self, source: str) -> None:
        """Note that a request of *source* was refused."""
        level = self._level(source) if source in self._refused else 0
        self._refused[source] = (level + 1, self._clock())
        self._refused.move_to_end(source)
        if len(self._refused) > self._most:
            self._refused.popitem(last=False)

    def _level(self, source: str) -> float:
        level, at = self._refused[source]
        return max(level - (self._clock() - at) * self._per_second, 0)


@lru_cache(1_000)
def source_of(peer: str | None, forwarded: str, proxies: int) -> str:
    """Name the source of a request: its address, as the outermost of our own *proxies* saw it.

    What stands further left in X-Forwarded-For was written by the sender. An IPv6 address stands
    for its network of 64 bits, all of which one sender has.
    """
    hops = [*(hop.strip() for hop in forwarded.split(",") if hop.strip()), peer or ""]
    address = hops[-1 - min(proxies, len(hops) - 1)]
    try:
        # Without its zone, which is a name of the sender's choice.
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:50]
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    if ip.ipv4_mapped:
        return str(ip.ipv4_mapped)
    return str(ipaddress.IPv6Network((ip, 64), strict=False).network_address)


class Signatures:
    """Whether a request is signed with our secret, now and for the first time."""

    def __init__(self, secret: str, clock: Callable[[], datetime], *, most: int = 200_000) -> None:
        """Remember at most so many signatures: about as many bytes times a hundred."""
        self._verifier = SignatureVerifier(secret, _Clock(clock))
        self._clock = clock
        self._most = most
        # Two halves, so that what is too old is forgotten at once and not one by one.
        self._seen: set[str] = set()
        self._seen_before: set[str] = set()
        self._turned_at = clock()

    def problem(self, headers: Mapping[str, str], body: bytes) -> str | None:
        """Say in a word why the request is refused, or None; the same one is then a replay."""
        timestamp = headers.get("X-Slack-Request-Timestamp", "")
        signature = headers.get("X-Slack-Signature", "")
        # What is no number of seconds raises in the SDK, and so does a signature beyond ASCII.
        if not (_SECONDS.fullmatch(timestamp) and signature.isascii()):
            return "unsigned"
        try:
            is_signed = self._verifier.is_valid(body, timestamp, signature)
        except UnicodeDecodeError:
            is_signed = False
        if not is_signed:
            return "signature"
        if signature in self._seen or signature in self._seen_before:
            return "replay"
        self._remember(signature)
        return None

    def forget(self, headers: Mapping[str, str]) -> None:
        """Let the request come again: it failed here, and Slack may send it anew."""
        self._seen.discard(headers.get("X-Slack-Signature", ""))

    def _remember(self, signature: str) -> None:
        now = self._clock()
        # A timestamp may lie ahead by a window too, so a signature can be good for two.
        if now - self._turned_at >= 2 * WINDOW or len(self._seen) >= self._most // 2:
            self._seen_before, self._seen, self._turned_at = self._seen, set(), now
        self._seen.add(signature)


class _Clock(_SdkClock):
    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock

    def now(self) -> float:
        return self._clock().timestamp()
