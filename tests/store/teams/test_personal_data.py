"""Everything stored about a person or a team is exported and erased, and nothing else."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import time, timedelta
from pathlib import Path, PurePosixPath

import pytest

from store import Store, open_store
from store.articles.written_questions import WrittenQuestion
from store.db import Database, open_database
from store.db.schema import LEDGER_TABLE
from store.posting.posts import Outcome
from store.posting.record import NewPost
from store.types import (
    SOMEBODY,
    ChannelId,
    FailedLoad,
    Found,
    Order,
    PostKind,
    PostState,
    Problem,
    TeamId,
    Timetable,
    UserId,
)
from tests.ids import ANA, BEN, C1, C2, T1, T2
from tests.machine import NOW
from tests.rows import every_row
from tests.schedules import schedule_of
from tests.store.teams.test_installations import ONE

CHANNEL = {BEN: C1, ANA: C2}
TIMETABLE = Timetable(at=time(9), weekdays=frozenset(range(7)), zone="UTC")


@dataclass
class House:
    """A store with many teams, and its database."""

    store: Store
    database: Database
    folder: Path

    async def rows(self) -> dict[str, list[dict[str, object]]]:
        held = await every_row(self.database)
        return {table: [dict(row) for row in rows] for table, rows in held.items()}

    async def text(self) -> str:
        return str(await self.rows())


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for number in range(20):
        story = f"Talks {number}\n\nEnvoys met {number}.\nIt takes {number}.\nWho hosts {number}?\n"
        (folder / f"{number}.txt").write_text(story)
    async with open_store(database_url, is_shared=True) as store:
        await store.loads.reload(folder, by="terminal", at=NOW)
        async with open_database(database_url) as database:
            yield House(store, database, folder)


async def live(house: House, team_id: TeamId, who: UserId) -> None:
    """Store every kind of row that can hold a person's id."""
    store = house.store
    await store.installations.save(replace(ONE, team_id=team_id))
    channel_id = CHANNEL[who]
    schedule = await store.schedules.set(
        team_id=team_id,
        channel_id=channel_id,
        owner_id=who,
        now=NOW,
        order=Order(timetable=TIMETABLE, topics=("talks",)),
    )
    await store.planning.preview(schedule, now=NOW)
    await store.schedules.stop(team_id, channel_id, error="is_archived", now=NOW)
    problem = Problem(path=PurePosixPath("a.txt"), line=1, message="There is no story in it.")
    failed_load = FailedLoad(at=NOW, problem=problem, more=0)
    await store.failed_loads.note(house.folder, failed_load, admins=[(team_id, who)])

    def plan(key: str, kind: PostKind = PostKind.SHARE) -> NewPost:
        return NewPost(
            key=f"{team_id}:{channel_id}:{key}",
            team_id=team_id,
            channel_id=channel_id,
            kind=kind,
            article_id="a1",
            story_ids=("a1", "a2") if kind is PostKind.DIGEST else (),
            due_at=NOW,
            asked_by=who,
        )

    for key, kind in (("sent", PostKind.DIGEST), ("unknown", PostKind.SHARE)):
        post = await store.posts.plan(plan(key, kind), now=NOW)
        assert post
        claim = await store.posts.claim(post, owner="host:1", now=NOW)
        assert claim
        if key == "sent":
            await store.posts.record(claim, Outcome(PostState.SENT, message_ts="1.0"), now=NOW)
        else:
            await store.posts.record(claim, Outcome(PostState.UNKNOWN, error="no answer"), now=NOW)
    await store.posts.plan(plan("open"), now=NOW)
    old = await store.posts.plan(replace(plan("old"), due_at=NOW - timedelta(days=99)), now=NOW)
    assert old
    claim = await store.posts.claim(old, owner="host:1", now=NOW)
    assert claim
    await store.posts.record(claim, Outcome(PostState.SENT, message_ts="1.0"), now=NOW)
    await store.posts.delete_old(before=NOW - timedelta(days=90))
    news = house.folder / f"{team_id}-{channel_id}.txt"
    news.write_text(f"News for {team_id}\n\nA.\nB.\nWhat of {channel_id}?\n")
    await store.loads.reload(house.folder, by=f"{team_id}:{who}", at=NOW)
    news.unlink()
    unasked = {"headline": "Fog", "summary": f"Ferries wait in {team_id}, {channel_id}."}
    news.with_suffix(".jsonl").write_text(json.dumps(unasked))
    await store.loads.reload(house.folder, by="terminal", at=NOW)
    article = await store.articles.next_unasked()
    assert article
    await store.questions.write(
        article.id,
        WrittenQuestion(insight="", question="Who pays?"),
        team_id=team_id,
        by=who,
        at=NOW,
    )
    store.misses.add(team_id, at=NOW)
    await store.misses.write()
    await store.topic_requests.add(team_id, "pizza", by=who, now=NOW)
    await store.sources.add(
        f"{team_id}-{channel_id}.example", now=NOW, team_id=team_id, added_by=who
    )


async def test_a_person_is_erased_and_everybody_else_stays(house: House) -> None:
    for team_id, who in ((T1, BEN), (T1, ANA), (T2, BEN)):
        await live(house, team_id, who)
    before, data = await house.rows(), house.store.personal_data
    exported = await data.export(T1, BEN)
    # Three posts hold the id of who asked: two open ones, and the story of a sent one.
    # Three are notices to that person: about an unknown outcome, a schedule and the folder.
    assert {table: len(rows) for table, rows in exported.items()} == {
        "schedule": 1,
        "post": 6,
        "revision": 1,
        "source": 1,
        "written_question": 1,
    }
    assert all(BEN in str(row) for rows in exported.values() for row in rows)
    assert len(await data.effects(T1, BEN)) == 6

    await data.forget(T1, BEN)
    assert not await data.effects(T1, BEN)
    assert not await data.export(T1, BEN)
    after = await house.rows()
    for table in ("post", "post_move", "schedule"):
        rows = [row for row in after[table] if "'T1" in str(row)]
        assert BEN not in str(rows), table
    theirs = [[row for row in rows if ANA in str(row)] for rows in before.values()]
    assert theirs == [[row for row in rows if ANA in str(row)] for rows in after.values()]
    other = [[row for row in rows if "'T2" in str(row)] for rows in before.values()]
    assert other == [[row for row in rows if "'T2" in str(row)] for rows in after.values()]
    assert [row["loaded_by"] for row in after["revision"]].count(SOMEBODY) == 1
    # Nothing else is deleted: the posts stay, and the open ones can still be finished.
    assert await house.store.posts.get(T1, "T1:C1:open")
    unknown = await house.store.posts.get(T1, "T1:C1:unknown")
    assert unknown
    assert (unknown.state, unknown.asked_by) == (PostState.UNKNOWN, None)
    schedule = await schedule_of(house.store, T1, C1)
    assert schedule
    assert schedule.owner_id is None


async def test_no_row_names_an_erased_person(house: House) -> None:
    await live(house, T1, BEN)
    assert BEN in await house.text()
    await house.store.personal_data.forget(T1, BEN)
    assert BEN not in await house.text()


async def test_a_team_is_erased_and_the_others_stay(house: House) -> None:
    for team_id in (T1, T2):
        await live(house, team_id, BEN)
    before = await house.rows()
    await house.store.personal_data.forget(T1)
    assert not await house.store.personal_data.effects(T1)
    after = await house.rows()
    for table, rows in after.items():
        for row in rows:
            assert row.get("team_id") != "T1", table
            assert not str(row.get("post_key", "")).startswith("T1:"), table
            assert not str(row.get("loaded_by", "")).startswith("T1:"), table
    others = [row for rows in before.values() for row in rows if row.get("team_id") == "T2"]
    assert others == [row for rows in after.values() for row in rows if row.get("team_id") == "T2"]
    assert "T2:U0BEN" in str(after["revision"])


async def test_every_table_with_a_team_is_exported(house: House) -> None:
    await live(house, T1, BEN)
    held = await house.rows()
    of_team = {
        table
        for table, rows in held.items()
        if any({"team_id", "post_key"} & set(row) for row in rows)
    }
    exported = await house.store.personal_data.export(T1)
    assert set(exported) - {"revision"} == of_team
    tables = set(await house.database.tables()) - {LEDGER_TABLE}
    assert of_team <= tables
    assert "ciphertext" not in str(exported)
    for table in of_team - {"installation"}:
        assert len(exported[table]) == len(held[table])


async def test_ids_without_a_team_belong_to_the_only_team(
    database_url: str, tmp_path: Path
) -> None:
    """With a single team, `loaded_by` holds a user id without a team id."""
    (tmp_path / "a.txt").write_text("News\n\nA.\nB.\nC?\n")
    async with open_store(database_url) as store:
        await store.loads.reload(tmp_path, by=BEN, at=NOW)
        await store.schedules.set(
            team_id=T1, channel_id=C1, owner_id=ANA, now=NOW, order=Order(timetable=TIMETABLE)
        )
        # A mistyped team id matches no rows, also not those of the only team.
        assert not await store.personal_data.effects(T2)
        await store.personal_data.forget(T2)
        assert [one.loaded_by for one in await store.loads.history()] == [BEN]
        await store.personal_data.forget(T1)
        assert [one.loaded_by for one in await store.loads.history()] == [SOMEBODY]
        assert not await store.schedules.list(T1)


async def test_the_ids_of_loaders_are_deleted_after_a_time(store: Store, tmp_path: Path) -> None:
    for days, by in enumerate((BEN, "terminal", "folder", "T1:U0BEN", ANA)):
        (tmp_path / "a.txt").write_text(f"News\n\nA.\nB.\nC {days}?\n")
        await store.loads.reload(tmp_path, by=by, at=NOW + timedelta(days=days))
    await store.personal_data.forget_loaders(before=NOW + timedelta(days=4))
    loaders = [one.loaded_by for one in await store.loads.history()]
    assert loaders == [ANA, SOMEBODY, "folder", "terminal", SOMEBODY]


async def test_the_ids_of_those_who_wrote_questions_are_deleted_after_a_time(house: House) -> None:
    await live(house, T1, BEN)
    await house.store.personal_data.forget_loaders(before=NOW + timedelta(seconds=1))
    (row,) = (await house.rows())["written_question"]
    assert (row["team_id"], row["written_by"], row["question"]) == (None, None, "Who pays?")


def holding(words: str, folder: Path) -> list[str]:
    """Return the names of the files in *folder* that hold *words*."""
    return [file.name for file in folder.iterdir() if words.encode() in file.read_bytes()]


async def test_erased_words_are_in_no_file_while_the_bot_runs(tmp_path: Path) -> None:
    """SQLite's log beside the file keeps pages as they were until it is emptied."""
    async with open_store(f"sqlite:///{tmp_path}/parley.db") as bot:
        await bot.topic_requests.add(T1, "quixotic zeppelins", by="press", now=NOW)
        assert holding("zeppelins", tmp_path)
        async with open_store(f"sqlite:///{tmp_path}/parley.db") as terminal:
            await terminal.personal_data.forget(T1)
        assert not holding("zeppelins", tmp_path)


async def test_posts_in_a_direct_message_are_erased_by_its_id(house: House) -> None:
    await house.store.installations.save(replace(ONE, team_id=T1))
    story = await house.store.corpus.find("talks 3")
    assert isinstance(story, Found)
    for channel_id in (ChannelId("D0BEN"), ChannelId("D0ANA")):
        post = await house.store.posts.plan(
            NewPost(
                key=f"T1:{channel_id}:press",
                team_id=T1,
                channel_id=channel_id,
                kind=PostKind.QUESTION,
                article_id=story.matches[0].article.id,
                due_at=NOW,
            ),
            now=NOW,
        )
        assert post
        claim = await house.store.posts.claim(post, owner="me", now=NOW)
        assert claim
        await house.store.posts.record(
            claim, Outcome(PostState.SENT, message_ts=f"1.{channel_id}"), now=NOW
        )
    await house.store.personal_data.forget(T1, UserId("D0BEN"))
    assert "D0BEN" not in await house.text()
    assert "D0ANA" in await house.text()
    await house.store.posts.delete_old(before=NOW + timedelta(days=400))
    await house.store.personal_data.forget(T1, UserId("D0ANA"))
    assert "D0ANA" not in await house.text()
