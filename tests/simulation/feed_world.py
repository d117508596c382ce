"""The world of feeds: publishers that publish, edit and break, and bots that poll and load."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from bot.feeds.fetching import Failed, Fetched, NotModified, Outcome
from bot.feeds.poller import Poller
from bot.feeds.reading import Feed
from store import compose
from store.articles.written_questions import WrittenQuestion
from store.loading.documents.provenance import Provenance
from store.loading.documents.source import Story
from store.samples import STARTER
from store.types import Found, ParleyError, Unsure
from tests.ids import T1, U1
from tests.simulation.database import SharedDatabase
from tests.simulation.faults import Faults
from tests.simulation.world import Process, World

_EVERY = timedelta(minutes=30)
_WINDOW = 5
"""How many entries a feed shows; older ones leave it, and must stay stories."""
_SUBJECTS = ("bakers", "bridges", "ferries", "glaciers", "libraries", "orchards", "tramways")
_EVENTS = ("reopen", "strike", "vanish", "win a prize", "move north", "cost more", "are painted")


@dataclass(slots=True)
class Publisher:
    """One feed, and all that it ever published."""

    entries: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Headline and text of everything that was published, by guid, the oldest first."""
    version: int = 0
    is_broken: bool = False
    asked_by: "Poll | None" = None
    """The process whose request it is answering."""

    @property
    def window(self) -> list[tuple[str, str, str]]:
        """Return guid, headline and text of the newest entries."""
        newest = list(self.entries.items())[-_WINDOW:]
        return [(guid, *texts) for guid, texts in reversed(newest)]


class _Fetcher:
    """Fetches from the publishers of the world, with failures."""

    def __init__(self, process: "Poll") -> None:
        self._process = process

    async def fetch(self, url: str, *, etag: str | None, last_modified: str | None) -> Outcome:
        """Return what the publisher at *url* answers."""
        process, world = self._process, self._process.feeds
        publisher = world.publishers[url]
        await process.step("feed")
        if publisher.asked_by and publisher.asked_by.is_alive:
            world.broken.append(f"{url} was asked twice at the same time")
        publisher.asked_by = process
        await asyncio.sleep(world.faults.between("latency", 0.05, 20))
        publisher.asked_by = None
        process.require_alive()
        if publisher.is_broken or world.faults.happens("server error"):
            return Failed(problem="It answers with status 500.")
        if etag == str(publisher.version):
            return NotModified(fresh_for=None)
        return Fetched(
            data=json.dumps(publisher.window).encode(),
            url=url,
            etag=str(publisher.version),
            last_modified=None,
            fresh_for=None,
            permanent_url=None,
        )


class _Reader:
    """Reads what the publishers of the world answer."""

    async def read(self, fetched: Fetched) -> Feed:
        """Return the entries."""
        stories = [
            Story(headline, text, "", "", Provenance(guid=guid))
            for guid, headline, text in json.loads(fetched.data)
        ]
        return Feed(title="", stories=stories, warnings=())


class Poll(Process):
    """A bot that polls."""

    def __init__(self, world: "FeedWorld", name: str) -> None:
        super().__init__(world, name)
        self.feeds = world
        self.store = compose(self.database)
        self._is_open = False
        fetcher: Any = _Fetcher(self)
        reader: Any = _Reader()
        metrics: Any = SimpleNamespace(polled=lambda *_: None)
        self._poller = Poller(
            self.store, fetcher, reader, metrics, owner=name, every=_EVERY, clock=self.clock
        )

    async def work(self) -> None:
        """Poll what is due, and follow what the others loaded."""
        await self.open()
        await self.store.revisions.follow()
        await self._poller.run()

    async def open(self) -> None:
        """Open the corpus, once."""
        if not self._is_open:
            await self.store.revisions.open()
            self._is_open = True


Order = Callable[[Poll], Awaitable[object]]


class FeedWorld(World):
    """Each source is its own last good state, and what people wrote stays."""

    what = "stories"
    due = (
        "SELECT MIN(MAX(next_poll_at, COALESCE(lease_until, ''))) FROM source"
        " WHERE paused_at IS NULL AND removed_at IS NULL"
    )

    def __init__(self, database: SharedDatabase, faults: Faults, *, days: int) -> None:
        super().__init__(database, faults, days=days)
        path = database.path
        # Two states of the corpus folder, one of which lacks a document.
        self._folders = STARTER, path.with_name(f"{path.stem}-folder")
        self._folders[1].mkdir(exist_ok=True)
        for file in sorted(STARTER.iterdir())[1:]:
            (self._folders[1] / file.name).write_bytes(file.read_bytes())
        count = faults.whole("feeds", 1, 3)
        self.publishers = {f"https://feed{one}.example/rss": Publisher() for one in range(count)}
        self._written: dict[str, str] = {}
        """The questions that were stored, by the id of their story."""

    def make(self, name: str) -> Process:
        """Return a new bot."""
        return Poll(self, name)

    def begin(self) -> None:
        """Subscribe to every feed."""
        for url, publisher in self.publishers.items():
            self._publish(publisher)
            self._order(lambda poll, url=url: poll.store.sources.add(url, now=poll.clock()))  # type: ignore[misc]

    def trouble(self) -> Iterable[Awaitable[None]]:
        """Return what the publishers and the people do."""
        return self._publishing(), self._breaking(), self._people()

    def repair(self) -> None:
        """Make every publisher answer, and poll every feed, also one that is missing or paused."""
        for url, publisher in self.publishers.items():
            publisher.is_broken = False
            self._order(lambda poll, url=url: poll.store.sources.add(url, now=poll.clock()))  # type: ignore[misc]
        self._order(self._refresh_all)

    async def check(self) -> tuple[int, Iterable[str]]:
        """Return the number of stories, and what is wrong with them."""
        rows = self.fetch(
            "SELECT a.*, d.source FROM loaded_article a JOIN document d ON d.path = a.document"
        )
        broken = []
        for row in self.fetch("SELECT * FROM source"):
            stories = {
                one["guid"]: (one["headline"], one["summary"])
                for one in rows
                if one["source"] == row["id"]
            }
            publisher = self.publishers[row["url"]]
            if len(stories) != sum(one["source"] == row["id"] for one in rows):
                broken.append(f"{row['url']} has a story twice")
            broken += [
                f"{row['url']} lacks {guid}, or has an old text"
                for guid, *texts in publisher.window
                if stories.get(guid) != tuple(texts)
            ]
            if unknown := stories.keys() - publisher.entries.keys():
                broken.append(f"{row['url']} has {unknown}, which was never published")
            if row["failures"]:
                broken.append(f"{row['url']} failed last: {row['last_problem']}")
        files = {row["document"] for row in rows if row["source"] == "folder"}
        if files not in [{file.name for file in folder.iterdir()} for folder in self._folders]:
            broken.append(f"the folder's stories are of {files}")
        questions = {row["id"]: row["question"] for row in rows}
        broken += [
            f"the question of {article_id} is lost"
            for article_id, question in self._written.items()
            if questions.get(article_id) != question
        ]
        return len(rows), [*broken, *await self._unfound()]

    async def _unfound(self) -> Iterable[str]:
        """Yield the newest stories that a look-up does not find."""
        poll = Poll(self, "reader")
        await poll.open()
        broken = []
        for publisher in self.publishers.values():
            for guid, headline, _ in publisher.window:
                answer = await poll.store.corpus.find(headline.split()[0])
                matches = answer.matches if isinstance(answer, Found | Unsure) else ()
                if guid not in [match.article.guid for match in matches]:
                    broken.append(f"{guid} is not found by {headline.split()[0]}")
        poll.die()
        return broken

    # --- what goes on --------------------------------------------------------------------------

    def _publish(self, publisher: Publisher) -> None:
        number = self.faults.whole("number", 0, 10**9)
        subject = _SUBJECTS[number % 7]
        headline = f"{_word(number)} and the {subject}"
        publisher.entries[f"guid-{number}"] = headline, self._text(headline)
        publisher.version += 1

    def _text(self, headline: str) -> str:
        event = _EVENTS[self.faults.whole("event", 0, 6)]
        return f"In {headline} it is said that they {event}, for all who were there to see it."

    async def _publishing(self) -> None:
        async for _ in self.now_and_then("publish", days=0.1):
            for publisher in self.publishers.values():
                drawn = self.faults.number("what")
                if drawn < 0.5:
                    self._publish(publisher)
                elif drawn < 0.7:
                    guid, headline, _ = publisher.window[0]
                    publisher.entries[guid] = headline, self._text(headline)
                    publisher.version += 1

    async def _breaking(self) -> None:
        async for _ in self.now_and_then("feed broken", days=0.5):
            publishers = list(self.publishers.values())
            publisher = publishers[self.faults.whole("which", 0, len(publishers) - 1)]
            publisher.is_broken = True
            await asyncio.sleep(self.length())
            publisher.is_broken = False

    async def _people(self) -> None:
        orders = self._reload, self._write, self._pause, self._resume_all, self._undo
        async for _ in self.now_and_then("order", days=0.2):
            # Sometimes two people act at once.
            for _ in range(self.faults.whole("at once", 1, 2)):
                self._order(orders[self.faults.whole("order", 0, len(orders) - 1)])

    def _order(self, order: Order) -> None:
        """Start an order at one of the bots."""
        process = self.any_process()
        if not isinstance(process, Poll):
            return
        poll = process

        async def carry_out() -> None:
            with suppress(ParleyError):
                await poll.open()
                await order(poll)
            self.wake()

        poll.begin(carry_out)

    async def _reload(self, poll: Poll) -> None:
        folder = self._folders[self.faults.whole("folder", 0, 1)]
        await poll.store.loads.reload(folder, by="U1", at=poll.clock())

    async def _undo(self, poll: Poll) -> None:
        # By its number, because an undo without one may take back a question that was written.
        for revision in (await poll.store.loads.history(2))[1:]:
            await poll.store.loads.undo(by="U1", at=poll.clock(), number=revision.number)

    async def _write(self, poll: Poll) -> None:
        rows = self.fetch("SELECT id FROM loaded_article WHERE guid IS NOT NULL ORDER BY id")
        if not rows:
            return
        article_id = rows[self.faults.whole("story", 0, len(rows) - 1)]["id"]
        question = f"What of it, {self.faults.number('question')}?"
        self._written.pop(article_id, None)
        await poll.store.questions.write(
            article_id,
            WrittenQuestion(insight="", question=question),
            team_id=T1,
            by=U1,
            at=poll.clock(),
        )
        self._written[article_id] = question

    async def _pause(self, poll: Poll) -> None:
        for feed in (await poll.store.sources.all())[:1]:
            await poll.store.sources.pause(feed.id, now=poll.clock())

    async def _resume_all(self, poll: Poll) -> None:
        for feed in await poll.store.sources.all():
            if feed.paused_at:
                await poll.store.sources.resume(feed.id, now=poll.clock())

    async def _refresh_all(self, poll: Poll) -> None:
        """Poll every feed soon: after failures, a poll may be due only after the quiet hours."""
        await self._resume_all(poll)
        for feed in await poll.store.sources.all():
            await poll.store.sources.refresh_now(feed.id, now=poll.clock())


def _word(number: int) -> str:
    """Return a word that no other number has."""
    letters = "bcdfghjklm"
    return "".join(f"{letters[int(digit)]}{'aeiou'[int(digit) % 5]}" for digit in f"{number:09}")
