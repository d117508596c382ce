"""Every view keeps Slack's limits and pings nobody, whatever the corpus and the people say."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.views import corpus, digest, notice, question, story
from handlers.views.message import Message
from store.planning import Turn
from store.types import (
    About,
    Article,
    Found,
    Match,
    Nothing,
    Occurrence,
    Post,
    PostKind,
    PostState,
    Problem,
    Schedule,
    Timetable,
    Unsure,
)
from tests.conftest import NOW
from tests.handlers.conftest import texts

HOSTILE = st.one_of(
    st.text(min_size=1, max_size=300).filter(str.strip),
    st.sampled_from(
        [
            "<!channel> <@U1> <https://evil.example|bank>",
            "&amp;" * 2000,
            "<" * 20_000,
            "😀" * 9_000,
            "\u202eright to left\u202c",
            "`*_~ > quote",
            "word " * 4_000,
            "x" * 20_000,
        ]
    ),
)
ARTICLES = st.builds(
    Article,
    id=st.just("0123456789abcdef"),
    document=HOSTILE,
    position=st.integers(1, 10**6),
    headline=HOSTILE,
    summary=HOSTILE,
    insight=HOSTILE,
    question=HOSTILE,
)
MATCHES = st.lists(
    st.builds(
        Match, article=ARTICLES, score=st.floats(0, 1), why=st.lists(HOSTILE, max_size=9).map(tuple)
    ),
    min_size=1,
    max_size=3,
).map(tuple)
MENTION = re.compile(r"<(?!@U0ANA>|#C1>|!date\^)")


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if value.get("type") in ("mrkdwn", "plain_text"):
            yield value["text"]
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def check(message: Message) -> None:
    """Check a message against docs.slack.dev, Block Kit reference."""
    assert 1 <= len(message["text"]) <= 4000
    assert len(message["blocks"]) <= 50
    assert sum(map(len, strings(message["blocks"]))) <= 9000
    for block in message["blocks"]:
        limit = {"section": 3000, "header": 150, "context": 3000}.get(block["type"], 75)
        for text in strings({**block, "accessory": None}):
            assert len(text.strip()) >= 1
            assert len(text) <= limit
        ids = [one["action_id"] for one in block.get("elements", []) if "action_id" in one]
        assert len(set(ids)) == len(ids)
        for button in [*block.get("elements", []), block.get("accessory") or {}]:
            assert len(button.get("value", "")) <= 2000
            assert len(button.get("accessibility_label", "")) <= 75
    for text in [message["text"], *strings(message["blocks"])]:
        is_plain = any(text == one for one in plain_texts(message["blocks"]))
        assert is_plain or not MENTION.search(text)


def plain_texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if value.get("type") == "plain_text":
            yield value["text"]
        for inner in value.values():
            yield from plain_texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from plain_texts(inner)


OCCURRENCE = Occurrence(due_on=date(2026, 11, 24), due_at=NOW)


def told(kind: PostKind, words: str) -> Post:
    """A post whose every word comes from somewhere else."""
    return Post(
        key="k" * 80,
        team_id="T1",
        channel_id="C1",
        kind=kind,
        article_id="a",
        revision=3,
        why=words,
        about=About(channel_id="C1", post_key="k" * 80, error=words, left=10**9, days=10**6),
        state=PostState.FAILED,
        due_on=date(2026, 11, 24),
        due_at=NOW,
        parent_key=None,
        asked_by=None,
        attempts=1,
        doubts=0,
        looks=0,
        called_at=None,
        owner="me",
        message_ts=None,
        error=words,
    )


def planned(words: str) -> Schedule:
    return Schedule(
        team_id="T1",
        channel_id="C1",
        organiser_id="U0ANA",
        timetable=Timetable(at=time(9), weekdays=frozenset({0, 2, 4}), zone="UTC"),
        next=OCCURRENCE,
        kind=PostKind.DIGEST,
        stories=5,
        topics=(words,) * 10,
        stopped=words,
    )


VIEWS: dict[str, Callable[[tuple[Match, ...], str], Message]] = {
    "found": lambda matches, words: story.found(Found(matches=matches), words=words, place=0),
    "unsure": lambda matches, words: story.unsure(Unsure(matches=matches), words=words),
    "nothing": lambda matches, words: story.nothing(
        Nothing(topics=tuple(match.article.headline for match in matches)), words=words
    ),
    "picked": lambda matches, words: story.picked(matches[0].article, words=words),
    "shared": lambda matches, words: story.shared(matches[0].article, by="U0ANA"),
    "preview": lambda matches, words: question.preview(matches[0].article, words=words, place=0),
    "question": lambda matches, words: question.question(matches[0].article, asked_by="U0ANA"),
    "of the day": lambda matches, words: question.question(matches[0].article, asked_by=None),
    "story": lambda matches, words: question.thread([matches[0].article]),
    "digest": lambda matches, words: question.digest(
        [match.article for match in matches], asked_by=None, has_menu=True
    ),
    "thread": lambda matches, words: question.thread([match.article for match in matches]),
    "unsure post": lambda matches, words: notice.notice(told(PostKind.UNSURE, words)),
    "stopped": lambda matches, words: notice.notice(told(PostKind.STOPPED, words)),
    "ready": lambda matches, words: notice.notice(told(PostKind.READY, words)),
    "low": lambda matches, words: notice.notice(told(PostKind.LOW, words)),
    "why": lambda matches, words: digest.why(told(PostKind.QUESTION, words)),
    "coming": lambda matches, words: digest.coming(
        planned(words),
        [Turn(occurrence=OCCURRENCE, unless=words), Turn(occurrence=OCCURRENCE)],
        zone="Europe/Lisbon",
        last=told(PostKind.QUESTION, words),
        chosen=None,
    ),
    "schedules": lambda matches, words: digest.schedules([planned(words)] * 70),
    "problems": lambda matches, words: corpus.invalid(
        [Problem(path=words, line=1, message=words)] * 40
    ),
    "unknown digest": lambda matches, words: digest.digest_help(unknown=words),
    "unknown corpus": lambda matches, words: corpus.corpus_help(unknown=words),
}


@pytest.mark.parametrize("view", VIEWS)
@settings(max_examples=40, deadline=None)
@given(matches=MATCHES, words=HOSTILE)
def test_limits_hold_and_nothing_pings(view: str, matches: tuple[Match, ...], words: str) -> None:
    check(VIEWS[view](matches, words))


def test_a_card_says_everything_about_its_story() -> None:
    article = Article(
        id="a",
        document="talks.txt",
        position=2,
        headline="Envoys meet",
        summary="They met.",
        insight="It matters.",
        question="What next?",
    )
    shown = texts([dict(story.picked(article, words="envoys"))])
    for words in ("Envoys meet", "They met.", "It matters.", "What next?", "Story 2 of talks.txt"):
        assert words in shown


@pytest.mark.parametrize("every", [0, 1, 30, 31, 500])
def test_the_list_of_schedules_fits_however_long(every: int) -> None:
    one = Schedule(
        team_id="T1",
        channel_id="C0123456789",
        organiser_id="U1",
        timetable=Timetable(
            at=time(9, 30),
            weekdays=frozenset({0, 2, 4, 6}),
            zone="America/Argentina/ComodRivadavia",
        ),
        next=Occurrence(due_on=date(2026, 11, 24), due_at=datetime(2026, 11, 24, tzinfo=UTC)),
    )
    message = digest.schedules([one] * every)
    assert all(len(text) <= 3000 for text in strings(message["blocks"]))
    assert len(message["text"]) <= 4000
