"""The preview of a reload, before anything is written."""

from pathlib import Path

import pytest

from store import Store
from store.loading.check import Check
from store.posting.record import NewPost
from store.types import Order, PostKind, Timetable
from tests.ids import C1, C2, C3, T1, U1
from tests.machine import NOW
from tests.store.loading.test_revisions import STORIES, load, loaded_articles, write


async def check(store: Store, path: Path) -> Check:
    """Check *path*, and assert that nothing has changed."""
    before = store.corpus.revision, await store.loads.history()
    checked = await store.loads.check(path, at=NOW)
    assert (store.corpus.revision, await store.loads.history()) == before
    return checked


async def test_a_check_counts_the_changes(store: Store, tmp_path: Path) -> None:
    await load(store, write(tmp_path, a=STORIES[:2], b=STORIES[2:3], c=STORIES[3:]))
    before = await loaded_articles(store)
    edited = STORIES[0].replace("closed", "open")
    path = write(tmp_path, a=[edited], b=STORIES[2:3], d=STORIES[3:])
    (path / "notes.md").write_text("x")
    (path / "sums.csv").write_text("month,amount\nMay,3\n")
    (path / "bad.txt").write_text("Head\n")
    checked = await check(store, path)
    assert (checked.added, checked.edited, checked.removed) == (["d.txt"], ["a.txt"], ["c.txt"])
    counts = checked.counts
    assert (counts.added, counts.edited, counts.moved, counts.removed) == (0, 2, 0, 1)
    assert checked.headlines == ["Head a", "Head d"]
    assert checked.gone == ["Head a"]
    assert checked.ignored == 1
    assert [one.path.name for one in checked.warnings] == ["sums.csv", "notes.md"]
    assert [one.path.name for one in checked.problems] == ["bad.txt"]
    assert await loaded_articles(store) == before


async def test_a_loaded_folder_would_change_nothing(store: Store, tmp_path: Path) -> None:
    await load(store, path := write(tmp_path, a=STORIES))
    assert not (await check(store, path)).is_changed


async def test_a_check_before_the_first_load(store: Store, tmp_path: Path) -> None:
    checked = await check(store, write(tmp_path, a=STORIES))
    assert checked.counts.added == 4
    assert store.corpus.revision is None


async def test_a_reload_announces_its_changes_before_writing(store: Store, tmp_path: Path) -> None:
    announced: list[tuple[int, bool]] = []

    async def announce(checked: Check) -> None:
        announced.append((checked.counts.added, store.corpus.revision is None))

    path = write(tmp_path, a=STORIES)
    for _ in range(2):
        await store.loads.reload(path, by="U1", at=NOW, announce=announce)
    # The second reload changes nothing, so it announces nothing.
    assert announced == [(4, True)]


async def test_every_problem_is_reported(store: Store, tmp_path: Path) -> None:
    await load(store, write(tmp_path, b=STORIES))
    path = write(tmp_path, a="Head\nOnly a summary.\n", b=STORIES, c="")
    checked = await check(store, path)
    assert not checked.is_changed
    assert [str(problem).split(" ")[0] for problem in checked.problems] == [
        "a.txt:2:",
        "c.txt:",
    ]


async def test_near_duplicate_stories_are_reported(store: Store, tmp_path: Path) -> None:
    """Each new story is compared with loaded and with other new stories, and reported once."""
    await load(store, write(tmp_path, a=STORIES[:2]))
    copies = [STORIES[0].replace("Envoys met", "The envoys met"), STORIES[2], STORIES[3]]
    again = STORIES[2].replace("every mountain road", "each mountain road")
    checked = await check(store, write(tmp_path, a=STORIES[:2], b=copies, c=[again]))
    found = {
        (pair.article.document, pair.other.document)
        for pair in checked.near_duplicates.found
        if not pair.is_question
    }
    assert found == {("b.txt", "a.txt"), ("c.txt", "b.txt")}


async def test_new_stories_that_are_not_compared_are_counted(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, a=STORIES, b=[STORIES[0]])
    duplicates = (await check(store, path)).near_duplicates
    assert (duplicates.count, duplicates.looked_at, duplicates.passed_over) == (1, 5, 0)
    monkeypatch.setattr("store.loading.near_duplicates.LOOKED_AT", 4)
    duplicates = (await check(store, path)).near_duplicates
    assert (duplicates.count, duplicates.looked_at, duplicates.passed_over) == (0, 4, 1)


async def test_an_edited_story_is_not_a_near_duplicate_of_its_old_text(
    store: Store, tmp_path: Path
) -> None:
    await load(store, write(tmp_path, a=STORIES))
    edited = [story.replace(".\n", " again.\n", 1) for story in STORIES]
    assert (await check(store, write(tmp_path, a=edited))).near_duplicates.count == 0


async def test_near_duplicate_questions_are_reported(store: Store, tmp_path: Path) -> None:
    def story(number: int, question: str) -> str:
        summary = f"Number{number} " + " ".join(f"word{number}x{place}" for place in range(6))
        return f"{summary}.\nInsight.\n{question}\n"

    await load(store, write(tmp_path, a=[story(1, "Should museums return looted statues?")]))
    checked = await check(
        store,
        write(
            tmp_path,
            a=[story(1, "Should museums return looted statues?")],
            b=[
                story(2, "Should the museums return looted statues?"),
                story(3, "What now?"),
                story(4, "What now?"),
            ],
        ),
    )
    (pair,) = checked.near_duplicates.found
    assert pair.is_question
    assert (pair.article.position, pair.other.document) == (1, "a.txt")
    assert checked.near_duplicates.repeated == [("What now?", 2)]


async def test_effects_on_a_schedule(store: Store, tmp_path: Path) -> None:
    """Of four questions, one was asked already; two of the others vanish."""
    await load(store, write(tmp_path, a=STORIES))
    timetable = Timetable(at=NOW.time(), weekdays=frozenset(range(7)), zone="UTC")
    await store.schedules.set(
        team_id=T1, channel_id=C1, owner_id=U1, now=NOW, order=Order(timetable=timetable)
    )
    asked = await store.choice.next(T1, C1)
    assert asked
    await store.posts.plan(
        NewPost(
            key="k",
            team_id=T1,
            channel_id=C1,
            kind=PostKind.QUESTION,
            article_id=asked.id,
            due_at=NOW,
        ),
        now=NOW,
    )
    kept = next(story for story in STORIES if story.startswith(asked.summary))
    others = [story for story in STORIES if story != kept]
    (effect,) = (await check(store, write(tmp_path, a=[kept, others[0]]))).effects
    assert (effect.channel_id, effect.upcoming, effect.vanishing, effect.left) == ("C1", 4, 2, 1)


async def test_schedules_that_lose_questions_come_first_then_those_with_the_fewest_left(
    store: Store, tmp_path: Path
) -> None:
    await load(store, write(tmp_path, a=STORIES))
    for channel, topics in ((C1, ()), (C2, ("Quito",)), (C3, ("Geneva", "Lagos"))):
        schedule = await store.schedules.set(
            team_id=T1,
            channel_id=channel,
            owner_id=U1,
            now=NOW,
            order=Order(
                timetable=Timetable(at=NOW.time(), weekdays=frozenset(range(7)), zone="UTC"),
                topics=topics,
            ),
        )
        assert await store.planning.preview(schedule, now=NOW)
    effects = (await check(store, write(tmp_path, a=STORIES[1:]))).effects
    assert [(one.channel_id, one.vanishing, one.left) for one in effects] == [
        ("C3", 1, 1),
        ("C1", 1, 3),
        ("C2", 0, 1),
    ]


async def test_a_deleted_question_vanishes(store: Store, tmp_path: Path) -> None:
    path = write(tmp_path)
    story = '{"headline": "Head", "summary": "Envoys met in Geneva.", "question": "Why?"}'
    (path / "a.jsonl").write_text(story)
    await load(store, path)
    timetable = Timetable(at=NOW.time(), weekdays=frozenset(range(7)), zone="UTC")
    await store.schedules.set(
        team_id=T1, channel_id=C1, owner_id=U1, now=NOW, order=Order(timetable=timetable)
    )
    (path / "a.jsonl").write_text(story.replace("Why?", ""))
    checked = await check(store, path)
    (effect,) = checked.effects
    assert (effect.vanishing, effect.left, checked.unasked) == (1, 0, 1)


async def test_effects_on_a_schedule_with_topics(store: Store, tmp_path: Path) -> None:
    """Only the questions on its topics count."""
    await load(store, write(tmp_path, a=STORIES))
    schedule = await store.schedules.set(
        team_id=T1,
        channel_id=C1,
        owner_id=U1,
        now=NOW,
        order=Order(
            timetable=Timetable(at=NOW.time(), weekdays=frozenset(range(7)), zone="UTC"),
            topics=("Geneva", "Lagos"),
        ),
    )
    assert await store.planning.preview(schedule, now=NOW)
    (effect,) = (await check(store, write(tmp_path, a=STORIES[1:2]))).effects
    assert (effect.upcoming, effect.vanishing, effect.left) == (2, 1, 1)
