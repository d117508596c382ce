"""The guard of the HTTP entry, piece by piece."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.guard import Signatures, Sources, source_of
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
        ("2001:db8:1:2:3::4", "", 0, "2001:db8:1:2::"),
        ("2001:db8:1:2::4%eth0", "", 0, "2001:db8:1:2::"),
        ("::ffff:198.51.100.1", "", 0, "198.51.100.1"),
        (None, "", 0, ""),
        ("10.0.0.1", "unknown", 1, "unknown"),
    ],
)
def test_a_source_is_what_our_own_proxies_saw(
    peer: str | None, forwarded: str, proxies: int, source: str
) -> None:
    assert source_of(peer, forwarded, proxies) == source


@given(forged=st.text(max_size=30), proxies=st.integers(1, 3))
def test_a_sender_cannot_choose_its_source(forged: str, proxies: int) -> None:
    seen = ["203.0.113.7", "10.0.0.3", "10.0.0.2"][:proxies]
    header = ", ".join([forged, *seen])
    assert source_of("10.0.0.1", header, proxies) == "203.0.113.7"


def test_a_source_is_let_in_again_after_a_while() -> None:
    now = 0.0
    sources = Sources(lambda: now, burst=3, per_second=0.5)
    for _ in range(3):
        assert not sources.is_shut_out("bad")
        sources.blame("bad")
    assert sources.is_shut_out("bad")
    assert not sources.is_shut_out("good")
    now = 2.0
    assert not sources.is_shut_out("bad")


@given(number=st.integers(1, 300))
def test_no_number_of_sources_fills_the_memory(number: int) -> None:
    sources = Sources(lambda: 0.0, most=50)
    for source in range(number):
        sources.blame(str(source))
    assert len(sources._refused) <= 50


@given(waits=st.lists(st.integers(0, 400), max_size=30), offset=st.integers(-299, 299))
def test_a_signature_is_taken_once_for_as_long_as_it_is_good(waits: list[int], offset: int) -> None:
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
def test_what_slack_did_not_sign_is_refused(body: bytes, timestamp: str, signature: str) -> None:
    headers = {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signature}
    assert Signatures(SECRET, StoppedClock()).problem(headers, body) in ("unsigned", "signature")


def test_forgetting_lets_it_come_again() -> None:
    clock = StoppedClock()
    signatures = Signatures(SECRET, clock)
    headers = signed("body", (clock() - timedelta(seconds=9)).timestamp())
    assert signatures.problem(headers, b"body") is None
    signatures.forget(headers)
    assert signatures.problem(headers, b"body") is None
    assert signatures.problem(headers, b"body") == "replay"
