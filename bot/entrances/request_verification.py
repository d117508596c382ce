"""Checks that refuse HTTP requests before Parley reads their content.

A request to /slack/events is verified by its signature only (docs.slack.dev: Verifying requests
from Slack), never by its address: behind a proxy, Slack and everybody else may share one address.
"""

import hmac
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
"""Returns the seconds of a clock that never goes back."""

_SECONDS = re.compile(r"[0-9]{1,12}")

WINDOW = timedelta(minutes=5)
"""The maximum age of a signed request."""


class VisitLimit:
    """Limits how often each source address may do something expensive."""

    def __init__(
        self, clock: Monotonic, *, burst: float = 20, per_second: float = 0.2, most: int = 10_000
    ) -> None:
        """Allow each source *burst* visits at once, and then *per_second*.

        At most *most* sources are kept; the least recent ones are forgotten.
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
    """Logs refused requests, at most one line a minute for each reason."""

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
    "packed": "its body has a Content-Encoding, which Slack does not use",
    "too large": "it is too large to be from Slack",
    "too slow": "it did not arrive in time",
    "unreadable": "its body is neither a form nor JSON, or not what its headers say",
    "too many": (
        "it is one of too many that begin an installation; if that is the address of your own"
        " proxy, set TRUSTED_PROXIES"
    ),
}
"""Why a request is refused: the label of the metric, and what the log says about it."""

_WITH_PORT = re.compile(r"\[([^]]*)\](?::[0-9]+)?|([0-9.]+):[0-9]+")


def hops(forwarded: str) -> list[str]:
    """Return the addresses in X-Forwarded-For; the last one was added by the nearest proxy."""
    return [hop.strip() for hop in forwarded.split(",") if hop.strip()]


def source_of(peer: str | None, forwarded: str, proxies: int) -> str:
    """Return the sender's address, as the outermost of our own *proxies* saw it.

    The sender may have written addresses further left in X-Forwarded-For. If there are fewer
    addresses than *proxies*, the request did not pass them, and the sender is *peer*. An IPv6
    address is replaced by its /64 network, because one sender usually owns a whole /64.
    """
    seen = hops(forwarded)
    address = seen[-proxies] if 0 < proxies <= len(seen) else peer or ""
    # Some proxies add the port, which differs for each connection.
    if match := _WITH_PORT.fullmatch(address):
        address = match[1] or match[2] or ""
    try:
        # Drop the zone, which the sender can choose freely.
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        # The address is logged, so escape the characters that a log line cannot hold.
        return ascii(address)[1:-1][:50]
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    if ip.ipv4_mapped:
        return str(ip.ipv4_mapped)
    return str(ipaddress.IPv6Network((ip, 64), strict=False).network_address)


class Signatures:
    """Verifies that requests are signed with our secret, are recent, and are not replays."""

    def __init__(self, secret: str, clock: Callable[[], datetime], *, most: int = 200_000) -> None:
        """Remember at most *most* signatures, which take about a hundred bytes each."""
        self._verifier = _Verifier(secret, _Clock(clock))
        self._clock = clock
        self._most = most
        # Two sets, so that old signatures are dropped together and not one by one.
        self._seen: set[str] = set()
        self._seen_before: set[str] = set()
        self._swapped_at = clock()

    def problem(self, headers: Mapping[str, str], body: bytes) -> str | None:
        """Return a key of `REASONS`, or None for a valid request, which is then remembered."""
        timestamp = headers.get("X-Slack-Request-Timestamp", "")
        signature = headers.get("X-Slack-Signature", "")
        # The SDK raises for a timestamp that is no number and for a non-ASCII signature.
        if not (_SECONDS.fullmatch(timestamp) and signature.isascii()):
            return "unsigned"
        if not self._verifier.is_valid(body, timestamp, signature):
            return "signature"
        if signature in self._seen or signature in self._seen_before:
            return "replay"
        self._remember(signature)
        return None

    def forget(self, headers: Mapping[str, str]) -> None:
        """Forget the request's signature, because it failed and Slack may redeliver it."""
        self._seen.discard(headers.get("X-Slack-Signature", ""))

    def _remember(self, signature: str) -> None:
        now = self._clock()
        # A timestamp may be up to a window in the future, so a signature is valid for two.
        if now - self._swapped_at >= 2 * WINDOW or len(self._seen) >= self._most // 2:
            self._seen_before, self._seen, self._swapped_at = self._seen, set(), now
        self._seen.add(signature)


class _Verifier(SignatureVerifier):
    """Computes a signature in one call, which takes a third of the time."""

    def generate_signature(self, *, timestamp: str, body: str | bytes) -> str:
        """Return the signature of *body*, which may be any bytes."""
        content = body.encode() if isinstance(body, str) else body
        signed = b"v0:%b:%b" % (timestamp.encode(), content)
        return f"v0={hmac.digest(self.signing_secret.encode(), signed, 'sha256').hex()}"


class _Clock(_SdkClock):
    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock

    def now(self) -> float:
        return self._clock().timestamp()
