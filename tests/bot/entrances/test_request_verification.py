"""The parts of request verification, each on its own."""

from datetime import timedelta
from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.entrances.request_verification import RefusalLog, Signatures, VisitLimit, hops, source_of
from tests.bot.conftest import SECRET, signed
from tests.conftest import StoppedClock


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "source"),
    [
        ("198.51.100.1", "", 0, "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, 203.0.113.7", 0, "10.0.0.1"),
        ("10.0.0.1", "1.1.1.1, 203.0.113.7", 1, "203.0.113.7"),
        ("10.0.0.1", "1.1.1.1, 203.0.113.7, 10.0.0.2", 2, "203.0.113.7"),
        ("10.0.0.1", "", 2, "10.0.0.1"),
        ("198.51.100.1", "1.1.1.1", 2, "198.51.100.1"),
        ("10.0.0.1", "203.0.113.7:51234", 1, "203.0.113.7"),
        ("10.0.0.1", "[2001:db8:1:2::4]:443", 1, "2001:db8:1:2::"),
        ("10.0.0.1", "[2001:db8:1:2::4]", 1, "2001:db8:1:2::"),
        ("10.0.0.1", " , 203.0.113.7 ,", 1, "203.0.113.7"),
        ("10.0.0.1", "\udc80\x1b[2J", 1, "\\udc80\\x1b[2J"),
        ("2001:db8:1:2:3::4", "", 0, "2001:db8:1:2::"),
        ("2001:db8:1:2::4%eth0", "", 0, "2001:db8:1:2::"),
        ("::ffff:198.51.100.1", "", 0, "198.51.100.1"),
        (None, "", 0, ""),
        ("10.0.0.1", "unknown", 1, "unknown"),
    ],
)
def test_the_source_is_the_address_that_our_proxies_saw(
    peer: str | None, forwarded: str, proxies: int, source: str
) -> None:
    assert source_of(peer, forwarded, proxies) == source


@given(forged=st.text(max_size=30), proxies=st.integers(1, 3))
def test_a_sender_cannot_choose_its_source(forged: str, proxies: int) -> None:
    seen = ["203.0.113.7", "10.0.0.3", "10.0.0.2"][:proxies]
    header = ", ".join([forged, *seen])
    assert source_of("10.0.0.1", header, proxies) == "203.0.113.7"


addresses = st.ip_addresses().map(str) | st.ip_addresses(v=6).map(lambda ip: f"[{ip}]:443")


@given(
    peer=st.none() | st.ip_addresses().map(str),
    forged=st.lists(addresses | st.text(max_size=60), max_size=4),
    proxies=st.integers(0, 3),
)
def test_any_request_has_a_source(peer: str | None, forged: list[str], proxies: int) -> None:
    """The address is short and printable, and is the sender's if no proxy wrote one."""
    source = source_of(peer, ",".join(forged), proxies)
    assert len(source) <= 50
    assert source.isascii()
    assert source.isprintable()
    if len(hops(",".join(forged))) < proxies or not proxies:
        assert source == source_of(peer, "", 0)


@given(network=st.ip_addresses(v=6), ends=st.lists(st.integers(0, 2**64 - 1), min_size=2))
def test_all_of_one_ipv6_network_is_one_source(network: IPv6Address, ends: list[int]) -> None:
    # Not ::/64, which would also contain the mapped IPv4 addresses.
    first = (int(network) | 1 << 64) >> 64 << 64
    assert len({source_of(str(IPv6Address(first + end)), "", 0) for end in ends}) == 1


def test_a_visitor_is_allowed_again_after_a_while() -> None:
    now = 0.0
    limit = VisitLimit(lambda: now, burst=3, per_second=0.5)
    assert [limit.allows("bad") for _ in range(4)] == [True, True, True, False]
    assert limit.allows("good")
    now = 1.0
    assert not limit.allows("bad")
    now = 2.0
    # Refused visits do not count.
    assert [limit.allows("bad") for _ in range(2)] == [True, False]


@given(number=st.integers(1, 300))
def test_no_number_of_sources_fills_the_memory(number: int) -> None:
    limit = VisitLimit(lambda: 0.0, most=50)
    for source in range(number):
        limit.allows(str(source))
    assert len(limit._visits) <= 50


def test_refusals_are_logged_once_a_minute_for_each_reason(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = 0.0
    refusals = RefusalLog(lambda: now)
    for number in range(1_000):
        refusals.note("unsigned", f"10.0.0.{number % 250}")
    refusals.note("signature", "203.0.113.7")
    assert caplog.messages == [
        "refused a request from 10.0.0.0: it is not signed, so it is not from Slack",
        "refused a request from 203.0.113.7: its signature is wrong; if it is from Slack, check"
        " SLACK_SIGNING_SECRET and this machine's clock",
    ]
    caplog.clear()
    now = 60.0
    refusals.note("unsigned", "198.51.100.1")
    assert caplog.messages == [
        "refused 1,000 requests, the last from 198.51.100.1: it is not signed, so it is not from"
        " Slack"
    ]


@given(waits=st.lists(st.integers(0, 400), max_size=30), offset=st.integers(-299, 299))
def test_a_signature_is_accepted_once_while_it_is_valid(waits: list[int], offset: int) -> None:
    clock = StoppedClock()
    signatures = Signatures(SECRET, clock)
    headers = signed("body", clock().timestamp() + offset)
    assert signatures.problem(headers, b"body") is None
    for wait in waits:
        clock.forward(seconds=wait)
        assert signatures.problem(headers, b"body") in ("replay", "signature")
        other = f"{clock()}"
        assert signatures.problem(signed(other, clock().timestamp()), other.encode()) in (
            None,
            "replay",
        )


def test_no_number_of_signatures_fills_the_memory() -> None:
    clock = StoppedClock()
    signatures = Signatures(SECRET, clock, most=100)
    for number in range(300):
        body = str(number)
        assert signatures.problem(signed(body, clock().timestamp()), body.encode()) is None
    assert len(signatures._seen) + len(signatures._seen_before) <= 100


@given(body=st.binary(max_size=60), timestamp=st.text(max_size=14), signature=st.text(max_size=70))
def test_a_request_that_slack_did_not_sign_is_refused(
    body: bytes, timestamp: str, signature: str
) -> None:
    headers = {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signature}
    assert Signatures(SECRET, StoppedClock()).problem(headers, body) in ("unsigned", "signature")


def test_a_forgotten_signature_is_accepted_again() -> None:
    clock = StoppedClock()
    signatures = Signatures(SECRET, clock)
    headers = signed("body", (clock() - timedelta(seconds=9)).timestamp())
    assert signatures.problem(headers, b"body") is None
    signatures.forget(headers)
    assert signatures.problem(headers, b"body") is None
    assert signatures.problem(headers, b"body") == "replay"
