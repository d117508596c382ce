"""Whatever happens to one source, each of the others stays as it was after its own last load."""

import random
import shutil
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store import Store, open_store
from store.articles import reading
from store.articles.written_questions import WrittenQuestion
from store.db import Database, open_database
from store.types import FOLDER, Article, FeedSource, ParleyError
from tests.ids import T1, U1
from tests.machine import NOW
from tests.store.loading.test_feed_load import SUBJECTS, story
from tests.store.loading.test_revisions import VARIANTS, columns, write

Texts = tuple[str, str, str]

FEEDS = 2
VERSIONS = ("", " It was confirmed.", " Nobody had expected that.")


@dataclass(frozen=True)
class Poll:
    """Poll feed number *feed*, which has these stories, each in a version."""

    feed: int
    entries: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Ask:
    """Poll a feed whose story *number* has a question now."""

    feed: int
    number: int


@dataclass(frozen=True)
class Write:
    """An admin writes the question of a story of a feed, or of the folder, which comes last."""

    source: int
    place: int


@dataclass(frozen=True)
class Reload:
    """Load the folder with these stories; none stands for a folder that cannot be loaded."""

    stories: tuple[str, ...]


@dataclass(frozen=True)
class Undo:
    """Undo the last change, or restore the revision with this number."""

    number: int | None


@dataclass(frozen=True)
class Remove:
    """Remove a feed."""

    feed: int


@dataclass(frozen=True)
class Resume:
    """Resume a feed, or add it again."""

    feed: int


Step = Poll | Ask | Write | Reload | Undo | Remove | Resume
SOURCES = st.integers(0, FEEDS - 1)
STEPS = st.one_of(
    st.builds(
        Poll,
        SOURCES,
        st.lists(
            st.tuples(st.integers(0, len(SUBJECTS) - 1), st.integers(0, len(VERSIONS) - 1)),
            unique_by=lambda pair: pair[0],
        ).map(tuple),
    ),
    st.builds(Ask, SOURCES, st.integers(0, len(SUBJECTS) - 1)),
    st.builds(Write, st.integers(0, FEEDS), st.integers(0, 9)),
    st.builds(Reload, st.lists(st.sampled_from(VARIANTS), max_size=4).map(tuple)),
    st.builds(Undo, st.none() | st.integers(1, 9)),
    st.builds(Remove, SOURCES),
    st.builds(Resume, SOURCES),
)


@dataclass
class World:
    """A store, and what each of its sources should hold."""

    store: Store
    database: Database
    tmp: Path
    sources: list[str]
    last_good: dict[str, dict[str, Article]] = field(default_factory=dict)
    at_revision: dict[int, dict[str, Article]] = field(default_factory=dict)
    written: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """The questions that were written for each story, the newest last."""

    async def loaded(self, source: str) -> dict[str, Article]:
        return {
            article.id: article
            async for batch in reading.articles_from_number(self.database, 0, source=source)
            for _, article in batch
        }

    async def do(self, step: Step) -> None:
        """Do *step*, and check that it changed its own source as it should, and no other."""
        before = self.store.corpus.revision
        try:
            source = await self._do(step)
        except ParleyError:
            source = None
        for other in (FOLDER, *self.sources):
            if other != source:
                assert await self.loaded(other) == self.last_good.get(other, {}), other
        if source:
            self.last_good[source] = await self.loaded(source)
            for one in self.last_good[source].values():
                if not self.own(one).question:
                    assert one.question == (self.written[one.id] or [""])[-1]
        after = self.store.corpus.revision
        if after and after != before:
            assert after.source == source
            self.at_revision[after.number] = self.last_good[after.source]
            assert after.articles == sum(map(len, self.last_good.values()))

    def own(self, article: Article) -> Article:
        """Return *article* as its source has it, without a question that was written for it."""
        is_written = article.question in self.written[article.id]
        return replace(article, question="") if is_written else article

    async def _write(self, source: str, place: int) -> str:
        ids = sorted(await self.loaded(source))
        if not ids:
            raise ParleyError("It has no story.")
        article_id = ids[place % len(ids)]
        question = f"Who pays for number {sum(map(len, self.written.values()))}?"
        written = WrittenQuestion(insight="", question=question)
        await self.store.questions.write(article_id, written, team_id=T1, by=U1, at=NOW)
        self.written[article_id].append(question)
        return source

    async def _undo(self, number: int | None, now: datetime) -> str:
        revision = await self.store.loads.undo(by="U1", at=now, number=number)
        assert revision.restores
        if revision.story:
            now_loaded = await self.loaded(revision.source)
            before = self.last_good[revision.source]
            ((id_, changed),) = [
                (id_, one) for id_, one in now_loaded.items() if one != before[id_]
            ]
            self.written[id_].append(changed.question)
            return revision.source
        # What was written since then stays.
        loaded, then = (
            {one.id: self.own(one) for one in stories.values()}
            for stories in (
                await self.loaded(revision.source),
                self.at_revision[revision.restores],
            )
        )
        assert loaded == then
        if revision.source != FOLDER:
            feed = await self.store.sources.get(revision.source)
            assert feed
            assert feed.paused_at
        return revision.source

    async def _do(self, step: Step) -> str:
        """Do *step*, check its own source, and return that source."""
        now = NOW + timedelta(hours=len(self.at_revision))
        match step:
            case Poll(number, entries):
                return await self._poll(number, {one: ("", "", VERSIONS[v]) for one, v in entries})
            case Ask(number, one):
                return await self._poll(number, {one: ("It matters.", "Why?", "")})
            case Write(number, place):
                return await self._write([*self.sources, FOLDER][number], place)
            case Reload(stories):
                folder = write(self.tmp, a=[*stories]) if stories else self.tmp / "nowhere"
                await self.store.loads.reload(folder, by="U1", at=now)
                summaries = sorted(one.summary for one in (await self.loaded(FOLDER)).values())
                assert summaries == sorted(one.partition("\n")[0] for one in stories)
                return FOLDER
            case Undo(number):
                return await self._undo(number, now)
            case Remove(number):
                feed = await self._feed(number)
                await self.store.feed_loads.remove(feed, by="U1", at=now)
                assert not await self.loaded(feed.id)
                return feed.id
            case Resume(number):
                if not await self.store.sources.resume(self.sources[number], now=now):
                    await self.store.sources.add(f"https://{number}.example/", now=now)
                return self.sources[number]

    async def _feed(self, number: int) -> FeedSource:
        feed = await self.store.sources.get(self.sources[number])
        if feed is None:
            raise ParleyError("It is removed.")
        return feed

    async def _poll(self, number: int, entries: dict[int, Texts]) -> str:
        feed = await self._feed(number)
        before = await self.loaded(feed.id)
        stories = [
            story(
                one,
                insight=insight,
                question=question,
                summary=f"{SUBJECTS[one][1]}{more}",
                guid=f"{number}-{one}",
                url=f"https://{number}.example/{one}",
            )
            for one, (insight, question, more) in entries.items()
        ]
        await self.store.feed_loads.load(feed, stories, at=NOW + timedelta(hours=99))
        after = {one.guid: one for one in (await self.loaded(feed.id)).values()}
        expected = {one.guid: (one.summary, one.question) for one in before.values()}
        for each in stories:
            guid = each.provenance.guid
            question = each.question or expected.get(guid, ("", ""))[1]
            expected[guid] = each.summary, question
        assert {guid: (one.summary, one.question) for guid, one in after.items()} == expected
        assert before.keys() <= {one.id for one in after.values()}
        return feed.id


async def walk(url: str, tmp: Path, steps: Sequence[Step]) -> None:
    async with (
        open_store(url) as store,
        open_store(url) as replica,
        open_database(url) as database,
    ):
        feeds = [
            await store.sources.add(f"https://{number}.example/", now=NOW)
            for number in range(FEEDS)
        ]
        world = World(store, database, tmp, [feed.id for feed in feeds])
        for number, step in enumerate(steps):
            await world.do(step)
            # A replica follows now and then, also over several loads at once.
            if number % 3 == 0:
                await replica.revisions.follow()
        await replica.revisions.follow()
        in_memory = columns(store)
        assert columns(replica) == in_memory
    async with open_store(url) as store:
        # What the loads changed in memory is what the next start reads.
        assert columns(store) == in_memory


@settings(max_examples=20)  # each makes up to twelve loads
@given(st.lists(STEPS, min_size=4, max_size=12))
async def test_sources_do_not_touch_each_other(
    tmp_path_factory: pytest.TempPathFactory, migrated: Path, steps: list[Step]
) -> None:
    tmp = tmp_path_factory.mktemp("sources")
    await walk(f"sqlite:///{shutil.copy(migrated, tmp)}", tmp, steps)


@pytest.mark.parametrize("seed", range(2))
async def test_sources_do_not_touch_each_other_on_any_engine(
    database_url: str, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)

    def entries() -> tuple[tuple[int, int], ...]:
        numbers = chance.sample(range(len(SUBJECTS)), chance.randrange(len(SUBJECTS)))
        return tuple((number, chance.randrange(len(VERSIONS))) for number in numbers)

    def step() -> Step:
        feed = chance.randrange(FEEDS)
        steps: list[Step] = [
            Poll(feed, entries()),
            Ask(feed, chance.randrange(len(SUBJECTS))),
            Write(chance.randrange(FEEDS + 1), chance.randrange(9)),
            Reload(tuple(chance.sample(VARIANTS, chance.randrange(4)))),
            Undo(chance.choice([None, chance.randrange(1, 30)])),
            Remove(feed),
            Resume(feed),
        ]
        return chance.choices(steps, [6, 2, 3, 3, 3, 1, 3])[0]

    await walk(database_url, tmp_path, [step() for _ in range(40)])
