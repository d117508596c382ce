"""Every view keeps Slack's limits and mentions nobody, for any corpus and any input."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.button_value import CHANNEL, CONVERSATION, DIRECT, MODAL, Value
from handlers.ids import Action
from handlers.parsing.small_talk import SmallTalk
from handlers.views import (
    corpus,
    digest,
    home,
    modal,
    notice,
    question,
    schedule_form,
    schedule_list,
    schedule_questions,
    small_talk,
    story,
    talk,
    unasked,
    welcome,
)
from handlers.views.message import Message
from store.articles.written_questions import WrittenQuestion
from store.links import clean_link
from store.loading.documents import read_corpus
from store.posting.planning import UpcomingPost
from store.posting.reply_counts import Asked
from store.samples import STARTER
from store.teams.search_misses import TopicRequest
from store.types import (
    About,
    Article,
    ChannelId,
    FailedLoad,
    Found,
    Match,
    Nothing,
    Occurrence,
    Order,
    Post,
    PostKind,
    PostState,
    Problem,
    Schedule,
    Timetable,
    Topic,
    Unsure,
)
from tests.blockkit import check_message, check_view
from tests.handlers.conftest import texts
from tests.ids import ANA, C1, T1, U1
from tests.machine import NOW, ROOT

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
LINKS = [
    clean_link(f"https://{link}")
    for link in (
        "example.org",
        "www.example.org/a?b=1&c=2&amp;d=<!channel>|x",
        "bücher.example:8443/ä",
        f"example.org/{'&' * 2900}",
        f"{'bank.example.' * 15}evil.example/x",
        "[2001:db8::1]/",
    )
]
ARTICLES = st.builds(
    Article,
    id=st.just("0123456789abcdef"),
    document=HOSTILE,
    position=st.integers(1, 10**6),
    headline=HOSTILE,
    summary=HOSTILE,
    insight=HOSTILE,
    question=HOSTILE,
    url=st.none() | st.sampled_from(LINKS),
    publisher=st.none() | HOSTILE.map(lambda text: text[:200]),
    published_at=st.none() | st.datetimes(datetime(1990, 1, 1), timezones=st.just(UTC)),
)
MATCHES = st.lists(
    st.builds(
        lambda article, score, why: Match(article=article, score=score, reasons=lambda _: why),
        ARTICLES,
        st.floats(0, 1),
        st.lists(HOSTILE, max_size=9),
    ),
    min_size=1,
    max_size=3,
).map(tuple)
PEOPLE = frozenset({"U0ANA"})


OCCURRENCE = Occurrence(due_on=date(2026, 11, 24), due_at=NOW)


def refused(words: str) -> FailedLoad:
    problem = Problem(path=PurePosixPath(words), line=10**6, message=words)
    return FailedLoad(at=NOW, problem=problem, more=10**6)


def told(kind: PostKind, words: str) -> Post:
    """Return a post in which every text comes from users or documents."""
    return Post(
        key="k" * 80,
        team_id=T1,
        channel_id=C1,
        kind=kind,
        article_id="a",
        revision=3,
        why=words,
        about=About(channel_id=C1, post_key="k" * 80, error=words, left=10**9, days=10**6, more=9),
        state=PostState.FAILED,
        schedule_id="T1:C1",
        due_on=date(2026, 11, 24),
        due_at=NOW,
        parent_key=None,
        asked_by=None,
        attempts=1,
        doubts=0,
        looks=0,
        called_at=None,
        not_before=NOW,
        owner="me",
        message_ts=None,
        error=words,
    )


def planned(words: str) -> Schedule:
    return Schedule(
        id="T1:C1",
        name="n" * 40,
        team_id=T1,
        channel_id=C1,
        owner_id=ANA,
        timetable=Timetable(at=time(9), weekdays=frozenset({0, 2, 4}), zone="UTC"),
        next=OCCURRENCE,
        kind=PostKind.DIGEST,
        stories=5,
        topics=(words,) * 10,
        stopped=words,
    )


def same_headline(matches: tuple[Match, ...]) -> tuple[Match, ...]:
    """Return at least two matches, all with the first one's headline."""
    headline = matches[0].article.headline
    return (
        tuple(
            replace(match, article=replace(match.article, headline=headline)) for match in matches
        )
        + matches[:1]
    )


VIEWS: dict[str, Callable[[tuple[Match, ...], str], Message]] = {
    "found": lambda matches, words: story.found(Found(matches=matches), words=words, place=0),
    "unsure": lambda matches, words: story.unsure(Unsure(matches=matches), words=words),
    "nothing": lambda matches, words: story.nothing(
        Nothing(topics=tuple(match.article.headline for match in matches)), words=words
    ),
    "picked": lambda matches, words: story.picked(matches[0].article, words=words, can_write=True),
    "question offer": lambda matches, words: story.question_offer(
        matches[0].article, where=CHANNEL
    ),
    "shared": lambda matches, words: story.shared(matches[0].article, by=ANA),
    "in a thread": lambda matches, words: story.found(
        Found(matches=matches), words=words, place=0, where="1.2"
    ),
    "in a direct message": lambda matches, words: story.picked(
        matches[0].article, words=words, where=DIRECT
    ),
    "last part": lambda matches, words: story.more(matches[0].article, page=99, where=CHANNEL),
    "like": lambda matches, words: story.like(
        matches[0].article, matches, words=words, where=CHANNEL
    ),
    "nothing like": lambda matches, words: story.like(
        matches[0].article, (), words=words, where=CHANNEL
    ),
    "in a conversation": lambda matches, words: story.found(
        Found(matches=matches), words=words, place=0, where=CONVERSATION
    ),
    "under one headline": lambda matches, words: story.unsure(
        Unsure(matches=same_headline(matches)), words=words
    ),
    "digest under one headline": lambda matches, words: question.digest(
        [match.article for match in same_headline(matches)], asked_by=ANA
    ),
    "thread under one headline": lambda matches, words: question.thread(
        [match.article for match in same_headline(matches) * 3]
    ),
    "preview in a conversation": lambda matches, words: question.preview(
        matches[0].article, words=words, place=0, where=CONVERSATION
    ),
    "related": lambda matches, words: story.related(matches, where="1.2"),
    "asked": lambda matches, words: story.asked(words),
    "help": lambda matches, words: story.brief_help([words] * 3),
    "hello": lambda matches, words: welcome.introduction([words] * 3, where=DIRECT),
    "hello without stories": lambda matches, words: welcome.introduction([], where=CHANNEL),
    "hello in a thread": lambda matches, words: welcome.introduction([words], where="1.2"),
    "thanks": lambda matches, words: small_talk.small_talk(SmallTalk.THANKS, [words], where=DIRECT),
    "added to a channel": lambda matches, words: welcome.added(C1),
    "discuss help": lambda matches, words: question.discuss_help([words]),
    "offer to join": lambda matches, words: question.offer_to_join(
        "Why.", "Join and post it", Action.DISCUSS_JOIN, Value(article_id="a", words=words)
    ),
    "preview": lambda matches, words: question.preview(matches[0].article, words=words, place=0),
    "preview with an offer to join": lambda matches, words: question.preview(
        matches[0].article,
        words=words,
        place=0,
        why_not="Why.",
        join=Value(article_id="a", words=words, key="1.2"),
    ),
    "preview of one asked before": lambda matches, words: question.preview(
        matches[0].article, words=words, place=0, asked_at=NOW
    ),
    "question": lambda matches, words: question.question(matches[0].article, asked_by=ANA),
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
    "changed": lambda matches, words: notice.notice(told(PostKind.CHANGED, words)),
    "ended": lambda matches, words: notice.notice(told(PostKind.ENDED, words)),
    "owned": lambda matches, words: notice.notice(told(PostKind.OWNED, words)),
    "restored": lambda matches, words: notice.notice(told(PostKind.RESTORED, words)),
    "confirm": lambda matches, words: schedule_questions.confirm(planned(words), "off"),
    "confirm a change": lambda matches, words: schedule_questions.confirm(
        planned(words), f"on {words}", order=planned(words)
    ),
    "handed over": lambda matches, words: digest.is_handed_over(planned(words), ANA),
    "refused": lambda matches, words: notice.notice(told(PostKind.REFUSED, words)),
    "why": lambda matches, words: digest.why(told(PostKind.QUESTION, words)),
    "talk": lambda matches, words: talk.talk(talked(words), channel_id=C1),
    "talk of several channels": lambda matches, words: talk.talk(talked(words), channel_id=None),
    "coming": lambda matches, words: digest.coming(
        planned(words),
        [
            UpcomingPost(occurrence=OCCURRENCE, skip_reason=words),
            UpcomingPost(occurrence=OCCURRENCE),
        ],
        zone="Europe/Lisbon",
        last=told(PostKind.QUESTION, words),
        chosen=None,
    ),
    "schedules": lambda matches, words: schedule_list.schedules(
        [planned(words)] * 20, {}, changeable={planned(words).id}, page=1, pages=4
    ),
    "mistyped digest": lambda matches, words: schedule_questions.digest_help(
        [words] * 2, unknown=words, correction=words
    ),
    "status": lambda matches, words: corpus.status(
        None, corpus.Size(questions=1, unasked=10**6, topics=10**6, characters=10**9)
    ),
    "status of a refused folder": lambda matches, words: corpus.status(
        None, failed_load=refused(words)
    ),
    "missed": lambda matches, words: corpus.missed(
        [TopicRequest(words=words[:200], requests=10**6, last_on=NOW.date())] * 60,
        searches=10**9,
        days=90,
    ),
    "problems": lambda matches, words: corpus.invalid(
        [Problem(path=PurePosixPath(words), line=1, message=words)] * 40
    ),
    "unknown digest": lambda matches, words: schedule_questions.digest_help(
        [words] * 2, unknown=words
    ),
    "unknown corpus": lambda matches, words: corpus.corpus_help(unknown=words),
}


@pytest.mark.parametrize("view", VIEWS)
@settings(max_examples=40, deadline=None)
@given(matches=MATCHES, words=HOSTILE)
def test_limits_are_kept_and_nobody_is_mentioned(
    view: str, matches: tuple[Match, ...], words: str
) -> None:
    shown = VIEWS[view](matches, words)
    check_message(shown, people=PEOPLE)
    check_buttons(shown["blocks"])


@pytest.mark.parametrize("written", ["x", "&amp;", "<", '"', "\\"])
@pytest.mark.parametrize("stories", [2, 5, 12])
def test_a_thread_of_long_stories_is_a_message_slack_takes(stories: int, written: str) -> None:
    long = Article(
        id="a",
        document="plan.txt",
        position=1,
        headline="Plan",
        summary=written * 3000,
        insight=written * 3000,
        question="",
    )
    check_message(question.thread([long] * stories), people=PEOPLE)


def check_buttons(blocks: list[dict[str, Any]]) -> None:
    """Fail if two buttons with different values have the same label for a screen reader."""
    heard: dict[str, tuple[str, str]] = {}
    for block in blocks:
        for one in [*block.get("elements", []), block.get("accessory") or {}]:
            if one.get("type") == "button":
                does = (one["action_id"].rstrip("0123456789"), one.get("value", ""))
                label = one.get("accessibility_label") or one["text"]["text"]
                assert heard.setdefault(label, does) == does, label


WINDOWS: dict[str, Callable[[tuple[Match, ...], str], modal.View]] = {
    "answer": lambda matches, words: modal.window(
        story.found(Found(matches=matches), words=words, place=0, where=MODAL)
    ),
    "discussion": lambda matches, words: modal.discussion(None, example=words),
    "discussion of a story": lambda matches, words: modal.discussion(
        matches[0].article, example=words
    ),
    "discussion preview": lambda matches, words: modal.discussion_preview(
        matches[0].article,
        value=Value(article_id="a", words=words, channel_id=C1, where=MODAL),
        asked_at=NOW,
    ),
}


def written(words: str) -> Article:
    return Article(
        id="a",
        document=words,
        position=1,
        headline=words,
        summary=words,
        insight="",
        question=words,
    )


def talked(words: str) -> talk.Contents:
    """Return questions about topics of which every name comes from documents."""
    asked = [
        Asked(
            channel_id=C1,
            article_id="a",
            due_on=None,
            posted_at=NOW + timedelta(days=day),
            replies=10**6 + day if day < 9 else None,
            people=10**5,
            count_at=NOW + timedelta(days=day),
            problem=words if day < 11 else None,
            topics=[f"{words[:5000]} {day}", f"{day} {words[:5000]}", words[:5000]],
        )
        for day in range(12)
    ]
    articles = {"a": written(words)}
    return talk.Contents(asked=asked, articles=articles, days=90, zone="Europe/Lisbon", now=NOW)


def at_home(words: str, *, page: int) -> home.Contents:
    return home.Contents(
        today=home.Today(article=written(words), channel_id=C1),
        topics=[Topic(name=words[:5000] or "x", articles=300)] * 100,
        page=page,
        schedules=[planned(words)] * 60,
        coming={},
        talk=talked(words),
        revision=None,
        is_corpus_admin=True,
        failed_load=refused(words),
        unasked=10**6,
    )


WINDOWS |= {
    "schedule": lambda matches, words: schedule_form.schedule(
        Order(timetable=planned(words).timetable, topics=(words, words[:75], "x")),
        channel_id=C1,
        value=Value(),
        note=schedule_form.replaces(planned(words)),
        now=NOW,
    ),
    "known schedule": lambda matches, words: schedule_form.schedule(
        Order(timetable=planned(words).timetable),
        channel_id=C1,
        value=Value(channel_id=C1, schedule_id="T1:C1", key="of before"),
        note=schedule_form.before_editing(planned(words), U1),
        now=NOW,
    ),
    "question": lambda matches, words: unasked.question_form(
        replace(matches[0].article, insight="", question=""),
        WrittenQuestion(insight=words, question=words),
        value=Value(article_id="a", key="1", place=1),
        is_change=False,
        left=10**6,
        note=unasked.nearly_identical(matches[0].article),
    ),
    "changed question": lambda matches, words: unasked.question_form(
        matches[0].article,
        WrittenQuestion(insight="", question=words),
        value=Value(article_id="a"),
        is_change=True,
        left=0,
        note=unasked.changed_meanwhile(matches[0].article),
    ),
    "saved question": lambda matches, words: modal.window(
        unasked.saved(matches[0].article, left=10**6, after="a")
    ),
    "home": lambda matches, words: home.home(at_home(words, page=0)),
    "home's last page": lambda matches, words: home.home(at_home(words, page=4)),
}


@pytest.mark.parametrize("view", WINDOWS)
@settings(max_examples=40, deadline=None)
@given(matches=MATCHES, words=HOSTILE)
def test_modals_keep_their_limits(view: str, matches: tuple[Match, ...], words: str) -> None:
    check_view(WINDOWS[view](matches, words), people=PEOPLE)


def test_a_story_too_long_for_a_window_is_cut_and_keeps_its_buttons() -> None:
    """In a script outside ASCII, where a character takes six bytes of JSON."""
    words = "ж" * 19_900
    article = replace(next(iter(read_corpus(STARTER).articles())), summary=words, insight=words)
    shown = story.found(
        Found(matches=(Match(article=article, score=1.0, reasons=lambda _: ()),)),
        words="слово",
        place=0,
        where=MODAL,
    )
    view = modal.window(shown)
    check_view(view, people=PEOPLE)
    kinds = [block["type"] for block in view["blocks"]]
    assert kinds.count("actions") == [one["type"] for one in shown["blocks"]].count("actions") > 0
    assert kinds.count("section") < [one["type"] for one in shown["blocks"]].count("section")
    assert json.dumps(view).count("too long for a window") == 1


def check_every_view(articles: tuple[Article, ...]) -> None:
    matches = tuple(
        Match(article=one, score=1.0, reasons=lambda _: ("the", "Russia")) for one in articles
    )
    for place in range(0, len(matches), max(1, len(matches) // 30)):
        some = (matches * 2)[place : place + 3]
        for view in VIEWS.values():
            check_message(view(some, "embassy talks"), people=PEOPLE)
        for window in WINDOWS.values():
            check_view(window(some, "embassy talks"), people=PEOPLE)


@pytest.mark.parametrize("folder", [STARTER, ROOT / "tests" / "data"], ids=["starter", "harbour"])
def test_every_view_of_a_corpus_keeps_the_limits(folder: Path) -> None:
    check_every_view(tuple(read_corpus(folder).articles()))


def test_every_view_of_300_stories_under_one_headline_keeps_the_limits() -> None:
    one = next(iter(read_corpus(STARTER).articles()))
    check_every_view(
        tuple(replace(one, id=f"{number:016x}", position=number) for number in range(300))
    )


def test_no_character_of_a_long_story_is_lost() -> None:
    long = Article(
        id="a",
        document="talks.txt",
        position=1,
        headline="Long",
        summary="Envoys & <ports>. " * 1100,
        insight="It matters. " * 900,
        question="What next? " * 900,
    )
    pages: list[str] = []
    for page in range(99):
        shown = texts([dict(story.more(long, page=page, where=CHANNEL))])
        pages.append(shown)
        if "Read on" not in shown:
            break
    whole = "".join(pages)
    assert whole.count("Envoys &amp; &lt;ports&gt;.") >= 1100
    assert whole.count("It matters.") >= 900
    assert whole.count("What next?") >= 900


def test_a_card_shows_everything_about_its_story() -> None:
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
    for words in ("Envoys meet", "They met.", "It matters.", "What next?"):
        assert words in shown
    assert "talks.txt" not in shown


def test_a_card_shows_where_its_story_comes_from() -> None:
    article = article_of("https://www.example.org/talks?a=1&b=2")
    header, origin, *_, row = story.card(article)
    assert header["text"]["text"] == "Envoys meet"
    publisher, on = (element["text"] for element in origin["elements"])
    assert publisher == "The &lt;Example&gt;"
    at = int(NOW.timestamp())
    assert on == f"<!date^{at}^{{date_short_pretty}}|24 Nov 2026>"
    button = row["elements"][-1]
    assert button["text"]["text"] == "Open www.example.org"
    assert button["url"] == "https://www.example.org/talks?a=1&b=2"
    assert button["accessibility_label"] == "Open www.example.org: Envoys meet"


def test_a_day_without_a_time_is_the_same_day_for_every_reader() -> None:
    article = replace(article_of(None), published_at=datetime(2026, 11, 24, tzinfo=UTC))
    _, origin, *_ = story.card(article)
    assert [element["text"] for element in origin["elements"]] == [
        "The &lt;Example&gt;",
        "24 Nov 2026",
    ]


def test_a_story_of_unknown_origin_has_no_small_print() -> None:
    article = replace(article_of(None), publisher=None, published_at=None)
    assert [block["type"] for block in story.card(article)] == ["header", "section"]


@pytest.mark.parametrize(
    ("days", "age"),
    [
        (59, ""),
        (60, "2 months old"),
        (364, "12 months old"),
        (365, "1 year old"),
        (1000, "2 years old"),
    ],
)
def test_an_old_story_is_marked(days: int, age: str) -> None:
    article = replace(article_of(None), published_at=NOW - timedelta(days=days))
    match = Match(article=article, score=1.0, reasons=lambda _: ())
    today, found = NOW.date(), Found(matches=(match,))
    shown = [
        story.found(found, words="x", place=0, today=today),
        story.picked(article, words="x", today=today),
        story.unsure(Unsure(matches=(match,)), words="x", today=today),
        story.like(article, [match], words="x", where=CHANNEL, today=today),
        story.related([match], where=CHANNEL, today=today),
    ]
    for message in shown:
        check_message(message)
        assert (f"*{age}*" in texts([dict(message)])) is bool(age)
    # A post would say so for ever.
    assert "old" not in texts([dict(story.shared(article, by=None))])


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("rained", "It rained. Words"),
        ("ferries", "… Two ferries sank."),
        ("later", "much, and later left."),
        ("why", "And why not?"),
    ],
)
def test_a_story_that_is_asked_about_is_shown_where_it_has_the_word(word: str, shown: str) -> None:
    summary = f"It rained. {'Words and words. ' * 30}Two ferries sank. Nobody "
    summary += f"{'was hurt ' * 30}much, and later left."
    article = replace(article_of(None), summary=summary, insight="", question="And why not?")
    match = Match(article=article, score=0.5, reasons=lambda _: (word,))
    assert shown in texts([dict(story.unsure(Unsure(matches=(match,)), words="x"))])


def test_the_end_of_a_long_host_is_shown() -> None:
    """Its beginning could be the name of another publisher."""
    host = f"{'bank.example.' * 15}evil.example"
    *_, row = story.card(article_of(clean_link(f"https://{host}/")))
    label = row["elements"][-1]["text"]["text"]
    assert label.startswith("Open …")
    assert label.endswith("bank.example.evil.example")


def test_a_digest_and_its_thread_show_where_each_story_comes_from() -> None:
    links = ["https://example.org/a?b=1&c=2", None, f"https://example.org/{'x' * 2900}"]
    articles = [replace(article_of(link), id=f"{link}") for link in links]
    for shown in (question.digest(articles, asked_by=None), question.thread(articles)):
        check_message(shown)
        small = [
            [element["text"] for element in block["elements"]]
            for block in shown["blocks"]
            if block["type"] == "context"
        ]
        first, second, third = small[-3:]
        assert first[-1] == "<https://example.org/a?b=1&amp;c=2|example.org>"
        assert first[:-1] == second == third


def test_a_digest_says_a_title_once_if_the_summary_repeats_it() -> None:
    repeated = replace(article_of(None), summary="Envoys meet. They met in Geneva.")
    other = replace(article_of(None), headline="Harbours", summary="Dockworkers ended a strike.")
    shown = texts([dict(question.digest([repeated, other], asked_by=None))])
    assert "1. Envoys meet: Envoys" not in shown
    assert "2. Harbours: Dockworkers ended a strike" in shown


def article_of(url: str | None) -> Article:
    return Article(
        id="a",
        document="talks.txt",
        position=1,
        headline="Envoys meet",
        summary="They met.",
        insight="",
        question="",
        url=url,
        publisher="The <Example>",
        published_at=NOW,
    )


@pytest.mark.parametrize("every", [0, 1, 30, 31, 500])
def test_the_list_of_schedules_fits_at_any_length(every: int) -> None:
    one = Schedule(
        id="T1:C0123456789",
        name="weekly-question",
        team_id=T1,
        channel_id=ChannelId("C0123456789"),
        owner_id=U1,
        timetable=Timetable(
            at=time(9, 30),
            weekdays=frozenset({0, 2, 4, 6}),
            zone="America/Argentina/ComodRivadavia",
        ),
        next=Occurrence(due_on=date(2026, 11, 24), due_at=datetime(2026, 11, 24, tzinfo=UTC)),
    )
    shown, page, pages = schedule_list.paged([one] * every, 99)
    message = schedule_list.schedules(shown, {}, changeable={one.id}, page=page, pages=pages)
    check_message(message, people=PEOPLE)
