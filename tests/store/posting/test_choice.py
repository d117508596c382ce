"""The choice of the next question: no early repetition, and no headline twice in a row."""

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store import Store, open_store
from store.posting.choice import Candidate, Recent, rank
from store.posting.posts import Outcome
from store.posting.record import NewPost
from store.types import Article, ChannelId, PostKind, PostState
from tests.conftest import StoppedClock
from tests.ids import C1, C2, T1
from tests.machine import NOW


async def load(store: Store, folder: Path, *counts: int) -> None:
    """Load documents with the given numbers of articles."""
    write(folder, counts)
    await store.loads.reload(folder, by="U1", at=NOW)


def write(folder: Path, counts: tuple[int, ...]) -> None:
    folder.mkdir(exist_ok=True)
    for number, count in enumerate(counts):
        lines = [f"Headline {number}"]
        for place in range(count):
            lines += [f"Summary {number}.{place}.", "Insight.", f"Question {number}.{place}?"]
        (folder / f"d{number}.txt").write_text("\n".join(lines))


async def ask(store: Store, clock: StoppedClock, channel: ChannelId = C1) -> Article:
    """Plan the channel's next question, and return its article."""
    article = await store.choice.next(T1, channel)
    assert article
    clock.forward(days=1)
    plan = NewPost(
        key=f"{channel}:{clock()}",
        team_id=T1,
        channel_id=channel,
        kind=PostKind.QUESTION,
        article_id=article.id,
        due_at=clock(),
    )
    assert await store.posts.plan(plan, now=clock())
    return article


async def test_an_empty_corpus_has_nothing_to_ask(store: Store) -> None:
    assert await store.choice.next(T1, C1) is None


@pytest.mark.parametrize("channel", ["C1", "C2", "C3", "C4"])
async def test_no_question_is_repeated_before_all_others_were_asked(
    store: Store, clock: StoppedClock, tmp_path: Path, channel: ChannelId
) -> None:
    await load(store, tmp_path / "corpus", 3, 2, 4)
    asked = [(await ask(store, clock, channel)).id for _ in range(27)]
    for start in range(0, 27, 9):
        assert len(set(asked[start : start + 9])) == 9


@pytest.mark.parametrize("counts", [(3, 3, 3), (5, 3, 1), (4, 4), (2, 6, 3)])
@pytest.mark.parametrize("channel", ["C1", "C2", "C3"])
async def test_no_headline_twice_in_a_row(
    store: Store, clock: StoppedClock, tmp_path: Path, channel: ChannelId, counts: tuple[int, ...]
) -> None:
    """Also at the end of a round, where articles of only one headline could be left."""
    await load(store, tmp_path / "corpus", *counts)
    headlines = [(await ask(store, clock, channel)).headline for _ in range(sum(counts))]
    most = max(counts)
    unavoidable = max(0, most - (sum(counts) - most) - 1)
    twice = sum(one == other for one, other in pairwise(headlines))
    assert twice == unavoidable


async def test_near_identical_questions_are_kept_apart(
    store: Store, clock: StoppedClock, tmp_path: Path
) -> None:
    folder = tmp_path / "corpus"
    write(folder, (12, 12))
    for number in range(2):
        path = folder / f"d{number}.txt"
        path.write_text(
            path.read_text().replace(
                f"Question {number}.3?", f"Who should guard the northern border{'s' * number}?"
            )
        )
    await store.loads.reload(folder, by="U1", at=NOW)
    for channel in map(ChannelId, ("C1", "C2", "C3", "C4", "C5", "C6")):
        asked = [(await ask(store, clock, channel)).question for _ in range(24)]
        first, second = (place for place, one in enumerate(asked) if "guard" in one)
        # Far enough apart, or the only article left of its round.
        assert second - first > 10 or second == 23


async def test_each_channel_has_its_own_order(store: Store, tmp_path: Path) -> None:
    await load(store, tmp_path / "corpus", 9)
    orders = set()
    for channel in map(ChannelId, ("C1", "C2", "C3", "C4", "C5")):
        order = [await store.choice.next(T1, channel, place=place) for place in range(9)]
        assert len({one.id for one in order if one}) == 9
        orders.add(tuple(one.id for one in order if one))
    assert len(orders) > 1


async def test_a_restart_and_another_replica_choose_the_same(
    database_url: str, clock: StoppedClock, tmp_path: Path
) -> None:
    url = database_url
    async with open_store(url) as store:
        await load(store, tmp_path / "corpus", 5, 5)
        await ask(store, clock)
        chosen = await store.choice.next(T1, C1)
    async with open_store(url) as one, open_store(url) as two:
        assert await one.choice.next(T1, C1) == await two.choice.next(T1, C1) == chosen


async def test_a_new_story_is_asked_before_an_old_one_returns(
    store: Store, clock: StoppedClock, tmp_path: Path
) -> None:
    await load(store, tmp_path / "corpus", 2)
    for _ in range(2):
        await ask(store, clock)
    await load(store, tmp_path / "corpus", 2, 1)
    assert (await ask(store, clock)).headline == "Headline 1"


@pytest.mark.parametrize("rounds", [1, 2, 3])
async def test_a_story_that_came_late_is_not_asked_again_and_again(
    store: Store, clock: StoppedClock, tmp_path: Path, rounds: int
) -> None:
    await load(store, tmp_path / "corpus", 3, 3)
    for _ in range(6 * rounds):
        await ask(store, clock)
    await load(store, tmp_path / "corpus", 3, 3, 1)
    asked = [(await ask(store, clock)).headline for _ in range(8)]
    places = [place for place, headline in enumerate(asked) if headline == "Headline 2"]
    assert places[0] == 0
    assert all(other - one > 3 for one, other in pairwise(places))


candidates = st.lists(
    st.builds(
        Candidate,
        article_id=st.uuids().map(str),
        headline=st.sampled_from("ABC"),
        question=st.sampled_from(["Who goes first?", "Who came last?", "What now?"]),
        times=st.integers(0, 2),
    ),
    min_size=1,
    max_size=12,
)


@given(window=candidates, headline=st.sampled_from([None, *"ABC"]))
def test_the_first_is_asked_least_and_has_another_headline_if_possible(
    window: list[Candidate], headline: str | None
) -> None:
    ranked = rank(window, Recent(headlines=(headline,) if headline else ()))
    assert Counter(ranked) == Counter(window)
    least = min(one.times for one in window)
    others = [one for one in window if one.times == least and one.headline != headline]
    assert ranked[0].times == least
    assert not others or ranked[0].headline != headline


@given(window=candidates, question=st.sampled_from(["Who goes first?", "What now?"]))
def test_the_first_differs_from_the_last_few_if_possible(
    window: list[Candidate], question: str
) -> None:
    """Among the candidates that meet the headline condition, which is more important."""
    recent = Recent(headlines=("Z",), questions=(question,))
    first = rank(window, recent)[0]
    twins = [one for one in window if one.times == first.times and one.headline == first.headline]
    assert first.question != question or all(one.question == question for one in twins)


async def test_when_a_question_was_last_asked(
    store: Store, clock: StoppedClock, tmp_path: Path
) -> None:
    await load(store, tmp_path / "corpus", 3)
    first, second = await ask(store, clock), await ask(store, clock)
    last_asked = await store.choice.last_asked(T1, C1, [first.id, second.id, "none"])
    assert last_asked == {first.id: NOW + timedelta(days=1), second.id: NOW + timedelta(days=2)}
    assert not await store.choice.last_asked(T1, C2, [first.id])
    assert not await store.choice.last_asked(T1, C1, [])


async def test_an_old_question_that_was_deleted_still_counts_as_asked(
    store: Store, clock: StoppedClock, tmp_path: Path
) -> None:
    await load(store, tmp_path / "corpus", 3)
    article = await ask(store, clock)
    # The question, then the story in its thread.
    for _ in range(2):
        (post,) = await store.posts.open(clock())
        claim = await store.posts.claim(post, owner="one", now=clock())
        assert claim
        await store.posts.record(claim, Outcome(PostState.SENT, message_ts="1.2"), now=clock())
    asked_on = clock().replace(hour=0, minute=0, second=0, microsecond=0)
    while await store.posts.delete_old(before=clock() + timedelta(days=400)):
        pass
    assert not await store.posts.scheduled(T1, C1, since=date.min)
    assert await store.choice.last_asked(T1, C1, [article.id]) == {article.id: asked_on}


async def send_all(store: Store, clock: StoppedClock) -> None:
    """Send what is planned, and what follows in its thread."""
    for _ in range(2):
        for post in await store.posts.open(clock()):
            claim = await store.posts.claim(post, owner="one", now=clock())
            assert claim
            await store.posts.record(claim, Outcome(PostState.SENT, message_ts="1.2"), now=clock())


@pytest.mark.parametrize("copy", ["Question 0.0?", "question 0.0 ?!", "“Question 0.0?”"])
@pytest.mark.parametrize("is_deleted", [False, True])
async def test_a_question_whose_story_is_gone_waits_for_all_others(
    store: Store, clock: StoppedClock, tmp_path: Path, copy: str, is_deleted: bool
) -> None:
    """Another story asks it; the post on record may be deleted, too."""
    folder = tmp_path / "corpus"
    await load(store, folder, 1)
    assert (await ask(store, clock)).question == "Question 0.0?"
    if is_deleted:
        await send_all(store, clock)
        while await store.posts.delete_old(before=clock() + timedelta(days=400)):
            pass
    write(folder, (0, 1, 1, 1, 1))
    (folder / "d0.txt").write_text(f"Lighthouse\nA lamp burns.\nIt is bright.\n{copy}")
    await store.loads.reload(folder, by="U1", at=NOW)
    asked = [(await ask(store, clock)).question for _ in range(5)]
    assert asked[4] == copy
    assert len({*asked}) == 5


@pytest.mark.parametrize("asked_before", [3, 6, 7])
async def test_a_copy_of_a_question_is_not_asked_on_the_next_day(
    store: Store, clock: StoppedClock, tmp_path: Path, asked_before: int
) -> None:
    """Although the copy is the only story that was never asked."""
    folder = tmp_path / "corpus"
    await load(store, folder, 1, 1, 1)
    for _ in range(asked_before):
        last = await ask(store, clock)
    copy = f"Copied\nOther words stand here.\nSo what.\n{last.question}"
    (folder / "copy.txt").write_text(copy)
    await store.loads.reload(folder, by="U1", at=NOW)
    asked = [last.question, *[(await ask(store, clock)).question for _ in range(7)]]
    assert not [one for one, other in pairwise(asked) if one == other]


async def test_the_text_that_was_asked_counts_and_not_its_later_edit(
    store: Store, clock: StoppedClock, tmp_path: Path
) -> None:
    folder = tmp_path / "corpus"
    await load(store, folder, 1, 1)
    asked = await ask(store, clock)
    (other,) = {"Question 0.0?", "Question 1.0?"} - {asked.question}
    for path in folder.iterdir():
        text = path.read_text()
        path.write_text(text.replace(asked.question, "Who keeps the lamp alight tonight?"))
    (folder / "more.txt").write_text(f"More\nA gull sang.\nLoudly.\n{asked.question}")
    await store.loads.reload(folder, by="U1", at=NOW)
    assert (await ask(store, clock)).question == other


async def test_a_question_that_was_edited_before_it_was_sent_counts_as_it_was_sent(
    store: Store, clock: StoppedClock, tmp_path: Path
) -> None:
    folder, edited = tmp_path / "corpus", "Who keeps the lamp alight tonight?"
    await load(store, folder, 1)
    planned = await ask(store, clock)
    path = folder / "d0.txt"
    path.write_text(path.read_text().replace(planned.question, edited))
    await store.loads.reload(folder, by="U1", at=NOW)
    await send_all(store, clock)
    write(folder, (0, 1, 1, 1, 1, 1, 1))
    path.unlink()
    (folder / "copy.txt").write_text(f"More\nA gull sang.\nLoudly.\n{edited}")
    await store.loads.reload(folder, by="U1", at=NOW)
    asked = [(await ask(store, clock)).question for _ in range(7)]
    assert asked[-1] == edited


async def test_one_question_for_all_stories_starves_none(
    store: Store, clock: StoppedClock, tmp_path: Path
) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for number in range(9):
        story = f"Headline {number}\nSummary {number}.\nInsight.\nWhat do you think?"
        (folder / f"d{number}.txt").write_text(story)
    await store.loads.reload(folder, by="U1", at=NOW)
    for _ in range(3):
        assert len({(await ask(store, clock)).id for _ in range(9)}) == 9


def test_of_questions_that_are_all_alike_the_one_asked_longest_ago_comes_first() -> None:
    questions = ("Who came last to town?", "Who goes first to sea?")
    window = [
        Candidate(article_id=each, headline=each, summary="", question=each, times=0)
        for each in questions
    ]
    first = rank(window, Recent(headlines=("Z", "Y"), questions=questions))[0]
    assert first.question == questions[1]
