"""The guard of the HTTP entrance: what is refused before Parley looks at what a request asks for.

A request to /slack/events is judged by its signature alone (docs.slack.dev: Verifying requests from
Slack), and never by where it comes from: behind a proxy everybody may share one address, Slack too.
"""

import ipaddress
import logging
import re
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from slack_sdk.signature import Clock as _SdkClock
from slack_sdk.signature import SignatureVerifier

log = logging.getLogger(__name__)

Monotonic = Callable[[], float]
"""Returns seconds that only grow."""

_SECONDS = re.compile(r"[0-9]{1,12}")

WINDOW = timedelta(minutes=5)
"""How old a signed request may be."""


class VisitLimit:
    """Limits how often each source may do something that costs us something."""

    def __init__(
        self,
        clock: Monotonic,
        *,
        burst: float = 20,
        per_second: float = 0.2,
        most: int = 10_000,
    ) -> None:
        """Allow each source *burst* visits at once, and then *per_second*.

        Of the *most* sources kept, the ones that were silent longest are forgotten.
        """
        self._clock = clock
        self._burst = burst
        self._per_second = per_second
        self._most = most
        self._visits: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allows(self, source: str) -> bool:
        """Return whether *source* may visit now, and count the visit if it may."""
        now = self._clock()
        level, at = self._visits.get(source, (0.0, now))
        level = max(level - (now - at) * self._per_second, 0)
        if level > self._burst - 1:
            return False
        self._visits[source] = (level + 1, now)
        self._visits.move_to_end(source)
        if len(self._visits) > self._most:
            self._visits.popitem(last=False)
        return True


class RefusalLog:
    """Logs refused requests: a line a minute for each reason, so that no flood fills the log."""

    SECONDS = 60

    def __init__(self, clock: Monotonic) -> None:
        self._clock = clock
        self._counts: Counter[str] = Counter()
        self._logged_at: dict[str, float] = {}

    def note(self, reason: str, source: str) -> None:
        """Count a request from *source*, refused for *reason*, and log it if a line is due.

        *reason* is a key of `REASONS`.
        """
        self._counts[reason] += 1
        now = self._clock()
        if reason in self._logged_at and now - self._logged_at[reason] < self.SECONDS:
            return
        count = self._counts.pop(reason)
        self._logged_at[reason] = now
        requests = "a request" if count == 1 else f"{count:,} requests, the last"
        log.warning(
            "refused %s from %s: %s", requests, source or "an unknown address", REASONS[reason]
        )


REASONS = {
    "unsigned": "it is not signed, so it is not from Slack",
    "signature": (
        "its signature is wrong; if it is from Slack, check SLACK_SIGNING_SECRET and this machine's"
        " clock"
    ),
    "replay": "it was sent before",
    "too large": "it is too large to be from Slack",
    "too slow": "it did not arrive in time",
    "unreadable": "it is signed, but neither a form nor JSON",
    "too many": (
        "it is one of too many that begin an installation; if that is the address of your own"
        " proxy, set TRUSTED_PROXIES"
    ),
}
"""Why a request is refused: the label of the metric, and what the log says about it."""

_WITH_PORT = re.compile(r"\[([^]]*)\](?::[0-9]+)?|([0-9.]+):[0-9]+")


def hops(forwarded: str) -> list[str]:
    """Return the addresses in X-Forwarded-For, the one that the nearest proxy saw last."""
    return [hop.strip() for hop in forwarded.split(",") if hop.strip()]


def source_of(peer: str | None, forwarded: str, proxies: int) -> str:
    """Return the address that a request comes from, as the outermost of our own *proxies* saw it.

    What is further left in X-Forwarded-For was written by the sender. A request with fewer
    addresses than our proxies write did not come through them, so it comes from *peer*. An IPv6
    address stands for its network of 64 bits, all of which one sender has.
    """
    seen = hops(forwarded)
    address = seen[-proxies] if 0 < proxies <= len(seen) else peer or ""
    # Some proxies add the port, which is another one for each connection.
    if match := _WITH_PORT.fullmatch(address):
        address = match[1] or match[2] or ""
    try:
        # Without its zone, which is a name of the sender's choice.
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        # It goes to the log, which cannot hold every character of a header.
        return ascii(address)[1:-1][:50]
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
