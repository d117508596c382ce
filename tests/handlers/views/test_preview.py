"""The longest answers of /corpus check and history, and progress messages."""

from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.slack import progress
from handlers.slack.background import ResponseUrlError
from handlers.views import preview
from store.articles.reading import StoredDocument
from store.loading.check import Check, Effect
from store.loading.near_duplicates import NearDuplicate, NearDuplicates
from store.loading.plan import Counts, DocumentChange, WrittenChanges
from store.progress import Progress
from store.types import Article, ChannelId, Problem, Revision, TeamId
from tests.blockkit import check_message
from tests.handlers.conftest import Slack, labels, texts, under
from tests.handlers.views.test_views import ARTICLES, HOSTILE
from tests.ids import T1, T2
from tests.machine import NOW

_STORED = StoredDocument(digest="a", articles=1)
NAMES = st.lists(HOSTILE, max_size=30)
PROBLEMS = st.lists(
    st.builds(Problem, path=st.just(PurePosixPath("a.rss")), line=st.integers(1), message=HOSTILE),
    max_size=30,
)
CHECKS = st.builds(
    Check,
    counts=st.builds(Counts, added=st.integers(0, 10**6)),
    documents=st.dictionaries(
        HOSTILE,
        st.sampled_from(
            [
                DocumentChange(None, _STORED),
                DocumentChange(_STORED, None),
                DocumentChange(_STORED, replace(_STORED, digest="b")),
            ]
        ),
        max_size=30,
    ),
    headlines=NAMES,
    gone=NAMES,
    ignored=st.integers(0, 10**6),
    unasked=st.integers(0, 10**6),
    problems=PROBLEMS,
    warnings=PROBLEMS,
    near_duplicates=st.builds(
        NearDuplicates,
        found=st.lists(
            st.builds(NearDuplicate, article=ARTICLES, other=ARTICLES, is_question=st.booleans()),
            max_size=9,
        ),
        count=st.integers(0, 10**6),
        looked_at=st.integers(0, 10**6),
        passed_over=st.integers(0, 10**6),
        repeated=st.lists(st.tuples(HOSTILE, st.integers(2, 10**6)), max_size=9),
    ),
    effects=st.lists(
        st.builds(
            Effect,
            team_id=st.just("T1"),
            channel_id=st.just("C0123456789"),
            upcoming=st.just(10),
            vanishing=st.integers(0, 10),
            left=st.integers(0, 10**6),
        ),
        max_size=50,
    ),
    schedules=st.integers(0, 10**4),
)


@given(CHECKS)
def test_a_check_fits_and_mentions_nobody(check: Check) -> None:
    check_message(preview.checked(check, team_id=T1), people=frozenset())
    for name in check.documents:
        shown = preview.uploaded(
            check, name, "F1", team_id=T1, in_folder="c", is_watched=True, has_changed=True
        )
        check_message(shown, people=frozenset())


def test_warnings_are_listed_and_counted() -> None:
    check = replace(made([]), warnings=[warning(line) for line in range(1, 13)])
    shown = dict(preview.checked(check, team_id=T1))
    listed = [f"• news.rss:{line}: &amp; stands by itself" for line in range(1, 11)]
    assert under("Warnings", shown) == [*listed, "… and 2 more"]


def warning(line: int) -> Problem:
    return Problem(path=PurePosixPath("news.rss"), line=line, message="& stands by itself")


def made(
    effects: list[Effect], duplicates: NearDuplicates | None = None, schedules: int = 0
) -> Check:
    """Make a check that found nothing else."""
    return Check(
        counts=Counts(),
        documents={},
        headlines=(),
        gone=(),
        ignored=0,
        unasked=0,
        problems=(),
        warnings=(),
        near_duplicates=duplicates or NearDuplicates(),
        written=WrittenChanges((), ()),
        effects=effects,
        schedules=schedules or len(effects),
    )


def effect(
    channel: int, *, vanishing: int = 0, team_id: TeamId = T1, name: str = "daily-question"
) -> Effect:
    return Effect(
        team_id=team_id,
        channel_id=ChannelId(f"C{channel:02}"),
        name=name,
        upcoming=10,
        vanishing=vanishing,
        left=channel + 12,
    )


def test_schedules_of_one_channel_are_named() -> None:
    effects = [effect(0), effect(0, name="friday-digest"), effect(1)]
    shown = under("Schedules", dict(preview.checked(made(effects), team_id=T1)))
    assert [line.partition(": ")[0] for line in shown] == [
        "• <#C00>, daily-question",
        "• <#C00>, friday-digest",
        "• <#C01>",
    ]


def test_the_first_ten_schedules_are_listed_and_the_rest_counted() -> None:
    effects = [effect(number, vanishing=2) for number in range(11)]
    effects += [effect(number) for number in range(11, 14)]
    effects += [effect(0, vanishing=1, team_id=T2), effect(1, team_id=T2)]
    shown = preview.checked(made(effects, schedules=60), team_id=T1)
    lost = "of its next 10 posts, 2 would be lost"
    told = [f"• <#C{n:02}>: {lost}. {n + 12} stories were never posted there" for n in range(10)]
    rest = (
        "• 1 schedule more would lose some of their next posts",
        "• 3 schedules more would lose none of their next posts",
        "• 1 schedule of other workspaces would lose some of their next posts",
        "• 1 schedule of other workspaces would lose none of their next posts",
        "… and 44 that were not looked at",
    )
    assert under("Schedules", dict(shown)) == [*told, *rest]


def article(document: str, position: int, summary: str, question: str) -> Article:
    return Article(
        id=f"{document}{position}",
        document=document,
        position=position,
        headline="Head",
        summary=summary,
        insight="",
        question=question,
    )


def alike(*, times: int = 1, passed_over: int = 0) -> NearDuplicates:
    """Make a pair of stories and a pair of questions, *times* each, and repeated questions."""
    one = article("a.txt", 1, "Envoys met in <Geneva>.", "Who gains & who loses?")
    other = article("b.txt", 2, "The envoys met in Geneva.", "Who gains and who loses?")
    pairs = [
        NearDuplicate(article=one, other=other, is_question=is_question)
        for is_question in (False, True)
    ]
    return NearDuplicates(
        found=pairs * times,
        count=2 * times,
        looked_at=20_000,
        passed_over=passed_over,
        repeated=[("What now?", 3)] * times,
    )


def test_near_duplicates_are_reported() -> None:
    told = under("Nearly the same", dict(preview.checked(made([], alike()), team_id=T1)))
    assert told == [
        "• the story of a.txt, story 1, and b.txt, story 2: “Envoys met in &lt;Geneva&gt;.”",
        "• the question of a.txt, story 1, and b.txt, story 2: “Who gains &amp; who loses?”",
        "• asked by 3 of the stories that come: “What now?”",
    ]


def test_first_near_duplicates_are_reported_and_the_rest_counted() -> None:
    check = made([], alike(times=6, passed_over=1234))
    told = under("Nearly the same", dict(preview.checked(check, team_id=T1)))
    assert [line.split(" of ")[0] for line in told[:5]] == ["• the story", "• the question"] * 2 + [
        "• the story"
    ]
    assert told[5] == "… and 7 more"
    assert told[11:] == [
        "… and 1 more such question",
        "• the first 20,000 stories that come were compared; 1,234 more were not",
    ]


def test_the_history_fits() -> None:
    revision = Revision(
        number=10**6,
        fingerprint="",
        documents=10**6,
        articles=10**6,
        loaded_at=NOW,
        loaded_by="U0123456789",
        restores=10**6,
        added=10**6,
        edited=10**6,
        moved=10**6,
        removed=10**6,
        touched=10**6,
        paths=("&" * 300,) * 10,
    )
    message = preview.history([revision] * 10)
    check_message(message)
    assert str(message["blocks"]).count(f"by <@{revision.loaded_by}>") == 10


class Responses:
    """Stands for a response_url: records what was sent, or refuses it."""

    def __init__(self, status: int = 200) -> None:
        self.sent: list[dict[str, Any]] = []
        self.status_code, self.body = status, ""

    async def __call__(self, **message: Any) -> "Responses":
        self.sent.append(message)
        return self


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_AFTER_SECONDS", (0, 0, 0))


async def test_long_work_sends_progress_messages() -> None:
    responses = Responses()
    work = Progress()
    work.start("Reading", 8)
    work.done = 2
    await progress._notify(work, responses)  # type: ignore[arg-type]
    assert {one["text"] for one in responses.sent} == {"Reading, 25 % …"}
    assert [one["replace_original"] for one in responses.sent] == [False, True, True]


async def test_work_continues_if_progress_cannot_be_sent() -> None:
    async with progress.notify_progress(Responses(404)) as work:  # type: ignore[arg-type]
        work.start("Reading", 8)
        with pytest.raises(ResponseUrlError):
            await progress._notify(work, Responses(404))  # type: ignore[arg-type]


async def test_a_story_of_a_feed_is_shown_and_not_discussed(slack: Slack) -> None:
    """The story has neither an insight nor a question, so it has no button to discuss it."""
    (slack.corpus / "feed.rss").write_text(
        "<rss version='2.0'><channel><title>World</title><item><title>Harbour news</title>"
        "<description>Whales came to Porto.</description></item></channel></rss>"
    )
    await slack.type("/corpus reload")
    (answer,) = await slack.type("/brief whales porto")
    assert "Whales came to Porto." in answer["text"]
    assert "*Insight*" not in texts([answer])
    assert "*Question*" not in texts([answer])
    assert not any(label.startswith("Discuss") for label in labels(answer))
    (answer,) = await slack.type("/discuss whales porto")
    assert (
        answer["text"]
        == "The stories on that have no question yet. To read them, type `/brief whales porto`."
    )
