"""The job that polls the feeds that are due."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from bot.feeds import backoff
from bot.feeds.fetching import Failed, Fetched, Fetcher, Gone, NotModified
from bot.feeds.reading import FeedReader, NotAFeedError
from bot.observability.metrics import Metrics
from store import Store
from store.db import DatabaseError
from store.sources.feed_urls import normalise_url
from store.types import FeedSource, ParleyError, TeamId, UserId

log = logging.getLogger(__name__)

_AT_ONCE = 8
_LOADED_AT_ONCE = 4
"""Fewer than are polled: most polls wait for a server, and each load keeps a processor busy.

Parsing counts as loading, because a hostile feed keeps a child process and its memory for seconds.
"""
_SECONDS = 240
"""For one poll with all its steps: less than the lease of a claim."""
_CLAIM_EVERY = 1.0
"""Seconds between two claims while polls are running."""


class Poller:
    """Polls feeds, a few at a time; of several processes, one polls each feed."""

    def __init__(
        self,
        store: Store,
        fetcher: Fetcher,
        reader: FeedReader,
        metrics: Metrics,
        *,
        owner: str,
        every: timedelta,
        clock: Callable[[], datetime],
        admins: Sequence[tuple[TeamId, UserId]] = (),
    ) -> None:
        """*owner* names this process; *every* is the least time between two polls of a feed.

        *admins* are notified of a feed that fails for days, if nobody added it in Slack.
        """
        self._sources = store.sources
        self._feed_loads = store.feed_loads
        self._fetcher = fetcher
        self._reader = reader
        self._metrics = metrics
        self._owner = owner
        self._every = every
        self._clock = clock
        self._admins = admins
        self._polls: set[asyncio.Task[None]] = set()
        self._loading = asyncio.Semaphore(_LOADED_AT_ONCE)
        self._loaded: dict[str, tuple[bytes, str]] = {}
        """A hash of the last answer of each feed, and the digest of the stories it brought."""
        self._is_stopped = False

    def stop(self) -> None:
        """Cancel the polls that are running, and start no more.

        What they have not noted is polled again once their claims have expired.
        """
        self._is_stopped = True
        for poll in self._polls:
            poll.cancel()

    async def run(self) -> None:
        """Poll the feeds that are due; return when none is left."""
        try:
            while not self._is_stopped:
                await self._start_polls()
                if not self._polls:
                    return
                await asyncio.wait(
                    self._polls, timeout=_CLAIM_EVERY, return_when=asyncio.FIRST_COMPLETED
                )
        finally:
            for poll in self._polls:
                poll.cancel()
            await asyncio.gather(*self._polls, return_exceptions=True)

    async def _start_polls(self) -> None:
        free = _AT_ONCE - len(self._polls)
        if not free:
            return
        try:
            due = await self._sources.claim_due(self._clock(), limit=free, owner=self._owner)
        except DatabaseError:
            if self._polls:
                return  # They are waiting for other servers, and may still be noted.
            raise
        for feed in due:
            poll = asyncio.create_task(self._poll(feed), name=f"poll {feed.id}")
            self._polls.add(poll)
            poll.add_done_callback(self._polls.discard)

    async def _poll(self, feed: FeedSource) -> None:
        """Poll one feed; no error of one keeps another from being polled."""
        began = time.perf_counter()
        outcome = "interrupted"
        try:
            outcome = await self._outcome(feed)
        except DatabaseError as error:
            # The claim expires, and then the feed is polled again.
            log.info("feed %s waits for the database: %s", feed.id, error)
        finally:
            self._metrics.polled(outcome, time.perf_counter() - began)

    async def _outcome(self, feed: FeedSource) -> str:
        """Poll a feed and note how it went; return the outcome, as the metrics name it."""
        try:
            async with asyncio.timeout(_SECONDS):
                return await self._fetch_and_load(feed)
        except TimeoutError:
            problem = f"It took more than {_SECONDS} seconds to poll."
        except DatabaseError:
            raise
        except ParleyError as error:
            now = await self._sources.get(feed.id)
            if now is None or now.paused_at:
                return "interrupted"  # somebody paused or removed it during the poll
            problem = str(error)
        except Exception:
            log.exception("polling feed %s", feed.id)
            problem = "It could not be polled: the log says more."
        return await self._fail(feed, Failed(problem=problem))

    async def _fetch_and_load(self, feed: FeedSource) -> str:
        is_full = backoff.is_full_poll(feed.id, feed.last_success_at, self._clock())
        answer = await self._fetcher.fetch(
            feed.url,
            etag=None if is_full else feed.etag,
            last_modified=None if is_full else feed.last_modified,
        )
        match answer:
            case Failed():
                return await self._fail(feed, answer)
            case Gone():
                log.warning("feed %s is paused: %s", feed.id, answer.problem)
                await self._sources.note_gone(
                    feed, answer.problem, now=self._clock(), admins=self._admins
                )
                return "gone"
            case NotModified():
                await self._feed_loads.retire(feed, at=self._clock())
                now = self._clock()
                await self._sources.note_unchanged(
                    feed,
                    now=now,
                    next_poll_at=self._next(feed, now, answer.fresh_for),
                    moved_to=_moved_to(answer),
                )
                return "not modified"
            case Fetched():
                async with self._loading:
                    return await self._load(feed, answer)

    async def _load(self, feed: FeedSource, answer: Fetched) -> str:
        answer_hash = await asyncio.to_thread(_hash, feed, answer)
        known_hash, digest = self._loaded.get(feed.id, (b"", ""))
        title, counts = "", None
        if answer_hash == known_hash and await self._feed_loads.holds(feed, digest):
            # Many servers know no conditional requests. What they send again is not parsed again.
            await self._feed_loads.retire(feed, at=self._clock())
        else:
            try:
                read = await self._reader.read(answer)
            except NotAFeedError as error:
                return await self._fail(feed, Failed(problem=str(error)))
            for warning in read.warnings:
                log.debug("feed %s: %s", feed.id, warning.message)
            load = await self._feed_loads.load(feed, read.stories, at=self._clock())
            self._loaded[feed.id] = answer_hash, load.digest
            title, counts = read.title, load.counts
            if alike := load.near_duplicates.count:
                log.info("feed %s: %d new stories are nearly equal to others", feed.id, alike)
        now = self._clock()
        await self._sources.note_success(
            feed,
            now=now,
            next_poll_at=self._next(feed, now, answer.fresh_for),
            title=title,
            etag=answer.etag,
            last_modified=answer.last_modified,
            moved_to=_moved_to(answer),
        )
        if not (counts and (counts.added or counts.edited or counts.removed)):
            return "unchanged"
        log.info(
            "feed %s: %d stories added, %d edited, %d removed",
            feed.id,
            counts.added,
            counts.edited,
            counts.removed,
        )
        return "changed"

    async def _fail(self, feed: FeedSource, failed: Failed) -> str:
        """Note that a poll failed; log it if the one before did not."""
        if not feed.failures:
            log.warning("feed %s cannot be polled: %s", feed.id, failed.problem)
        now = self._clock()
        next_poll_at = backoff.next_attempt(
            feed.id,
            now,
            every=self._every,
            failures=feed.failures + 1,
            is_reachable=failed.is_reachable,
            retry_after=failed.retry_after,
        )
        await self._sources.note_failure(
            feed, failed.problem, now=now, next_poll_at=next_poll_at, admins=self._admins
        )
        return "failed"

    def _next(self, feed: FeedSource, now: datetime, fresh_for: timedelta | None) -> datetime:
        return backoff.next_poll(feed.id, now, every=self._every, fresh_for=fresh_for)


def _hash(feed: FeedSource, answer: Fetched) -> bytes:
    """Return a hash of all that a load of *answer* depends on."""
    # The links are relative to the address.
    settings = f"{answer.url}\n{feed.keep_days} {feed.keep_stories}\n"
    return sha256(settings.encode() + answer.data).digest()


def _moved_to(answer: Fetched | NotModified) -> str | None:
    return normalise_url(answer.permanent_url) if answer.permanent_url else None
