"""The benchmark of hostile feeds notices what a bad reader does, which good results do not show."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import aiohttp
import pytest

from benchmarks import feeds
from benchmarks.feed_judge import Judge, Served, Stored
from benchmarks.feed_server import Manners, Server
from benchmarks.hostile_feeds import (
    ALLOWED,
    FULL_EVERY,
    KINDS,
    TRAPS,
    Answer,
    Drip,
    Request,
    Silent,
)
from tests.machine import NOW

EVERY = timedelta(hours=1)
NAMED = {"user-agent": "Parley/1"}
STORY = {"bodefa": ""}


class Conversation:
    """One reader's requests for one feed."""

    def __init__(self) -> None:
        self.manners = Manners(EVERY)
        self.now = NOW

    def ask(
        self,
        answer: Answer,
        headers: Mapping[str, str] = {},
        *,
        path: str = "/feed",
        after: timedelta = EVERY,
    ) -> list[str]:
        """Ask *after* a time, and get *answer*; return what is wrong with the request."""
        self.now += after
        request = Request(path, {**NAMED, **headers})
        problems = [*self.manners.judge(request, self.now)]
        self.manners.note(request, answer, self.now)
        return problems


def whole(etag: str = '"1"') -> Answer:
    return Answer(headers={"ETag": etag}, stories=STORY)


def test_a_polite_reader_has_no_problems() -> None:
    talk = Conversation()
    assert not talk.ask(whole())
    assert not talk.ask(Answer(status=304), {"if-none-match": '"1"'})
    assert not talk.ask(whole('"2"'), {"if-none-match": '"1"'})
    # Once a week everything may be asked for.
    assert not talk.ask(whole('"2"'))
    assert not talk.ask(whole('"2"'), after=FULL_EVERY)
    # Of what cannot be read, nothing has to be remembered.
    assert not talk.ask(Answer(b"<html>"), {"if-none-match": '"2"'})
    assert not talk.ask(whole())


def test_needless_requests_are_noticed() -> None:
    talk = Conversation()
    talk.ask(whole())
    talk.ask(whole())
    assert talk.ask(whole()) == ["needlessly without a condition"]
    assert talk.ask(whole(), {"if-none-match": '"0"'}) == [
        "with a validator that the server did not send last"
    ]
    assert talk.ask(whole(), {"if-none-match": '"1"'}, after=EVERY / 2) == [
        "sooner than the setting allows"
    ]
    talk.ask(Answer(status=503, wait=EVERY * 5))
    assert talk.ask(whole(), after=EVERY * 4) == ["that the server had asked not to make"]
    assert not talk.ask(whole(), {"if-none-match": '"1"'}, after=EVERY * 5)
    assert "without a name" in talk.ask(whole(), {"user-agent": "Mozilla"})


def test_stories_that_went_wrong_are_noticed() -> None:
    judge = Judge(lambda number: 1 if number == 1 else None)
    early = Served(0, 10.0, NOW, {"kept": "", "lost": "", "twice": "", "old": "", "edited": ""})
    assert judge.note(early) == ["kept", "lost", "twice", "old", "edited"]
    later = replace(early, at=20.0, now=NOW + EVERY, stories={"edited": "mark"})
    assert judge.note(later) == ["mark"]
    judge.note(Served(1, 10.0, NOW, {"retired": "", "listed": "", "also": ""}))
    judge.note(Served(1, 20.0, NOW, {"listed": ""}))
    good = Stored("A kept story", first_seen_at=NOW, published_at=NOW - EVERY)
    judge.judge(
        [
            good,
            replace(good, text="twice"),
            replace(good, text="twice again"),
            replace(good, text="old", first_seen_at=NOW + EVERY),
            replace(good, text="edited", published_at=NOW + EVERY),
            replace(good, text="retired"),
            replace(good, text="also"),
        ]
    )
    assert +judge.problems == Counter(
        {
            "lost": 2,
            "more than are kept": 1,
            "there twice": 1,
            "old, and thought to be new": 1,
            "dated after it was there": 1,
            "without its last edit": 1,
        }
    )


def test_digests_with_old_stories_are_noticed() -> None:
    judge = Judge(lambda _: None)
    judge.note(Served(0, 10.0, NOW, {"first": "", "left": ""}))
    judge.note(Served(0, 20.0, NOW + 5 * EVERY, {"second": ""}))
    judge.judge_digests({NOW + EVERY: ["a first story"], NOW + 6 * EVERY: ["a second story"]})
    assert not +judge.problems
    judge.judge_digests({NOW + EVERY: ["first"], NOW + 6 * EVERY: ["second", "first", "left"]})
    assert +judge.problems == Counter(
        {"posted twice": 1, "posted as new after an earlier digest could have it": 2}
    )


async def test_every_kind_of_feed_answers_and_a_careless_reader_is_noticed() -> None:
    server = Server(len(KINDS), 1, NOW, EVERY)
    connected = Counter[str]()
    async with server.listening(), aiohttp.ClientSession(auto_decompress=False) as session:

        async def read(url: str) -> int:
            headers = {"Host": urlsplit(url).netloc}
            address = f"http://{ALLOWED}:{server.port}/feed"
            async with session.get(address, headers=headers, allow_redirects=False) as answer:
                await answer.read()
                return answer.status

        with feeds.connections(connected):
            pairs = zip(KINDS, server.urls, strict=True)
            urls = [url for kind, url in pairs if kind not in (Drip, Silent)]
            results = await asyncio.gather(*map(read, urls), return_exceptions=True)
            brought, problems = server.take()
            with pytest.raises(aiohttp.ClientError):
                await session.get(f"http://{TRAPS[0]}:{server.port}/feed")
        assert set(connected) == {f"{at}:{server.port}" for at in (ALLOWED, TRAPS[0])}
        assert set(server.take()[1]) == {f"a connection to {TRAPS[0]}"}
    assert {200, 301, 302} <= set(results)
    assert len(brought) > len(KINDS) / 2
    assert len(problems) == len(urls)
    assert problems[0] == "Feed: a request without a name"
