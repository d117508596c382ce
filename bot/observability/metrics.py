"""Prometheus metrics of a running Parley."""

import platform
import time
from collections.abc import Callable, Sequence, Sized
from datetime import datetime, timedelta
from functools import cache
from math import nan
from types import SimpleNamespace
from typing import Any

import aiohttp
from prometheus_client import (
    GC_COLLECTOR,
    PROCESS_COLLECTOR,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    generate_latest,
)

from store import Store
from store.db import DatabaseError
from store.types import Health
from store.version import VERSION

_QUICK = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3)
_SLOW = (0.03, 0.1, 0.3, 1, 3, 10)
_HISTORY_METHODS = frozenset({"conversations.history", "conversations.replies"})


class Metrics:
    """Every counter, gauge and histogram of this process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        for collector in (PROCESS_COLLECTOR, GC_COLLECTOR):
            self._registry.register(collector)
        ours: dict[str, Any] = {"namespace": "parley", "registry": self._registry}

        def counter(name: str, what: str, labels: Sequence[str] = ()) -> Counter:
            return Counter(name, what, labels, **ours)

        def gauge(name: str, what: str, labels: Sequence[str] = ()) -> Gauge:
            return Gauge(name, what, labels, **ours)

        build = Info("build", "The version of Parley and of Python", **ours)
        build.info({"version": VERSION, "python": platform.python_version()})
        requests = counter("requests", "Requests from Slack", ["request", "outcome"])
        took = Histogram(
            "request_seconds", "Seconds to the answer", ["request"], buckets=_QUICK, **ours
        )
        # Cached, because looking up a label takes longer than counting; there are few labels.
        self._request = cache(requests.labels)
        self._request_took = cache(took.labels)
        self._calls = counter("slack_calls", "Calls of Slack's Web API", ["method", "status"])
        self._call_seconds = Histogram(
            "slack_call_seconds", "Seconds to Slack's answer", ["method"], buckets=_SLOW, **ours
        )
        self._reconciliations = counter(
            "reconciliations", "Checks of the history whether a post had arrived"
        )
        self.refusals = counter("http_refusals", "HTTP requests refused unread", ["reason"])
        self._posts = gauge("posts", "Posts by state", ["state"])
        self._lag = gauge("post_lag_seconds", "How overdue the oldest occurrence or open post is")
        self._database_up = gauge("database_up", "1 while the database answers")
        self._articles = gauge("corpus_articles", "Articles loaded")
        self._revision = gauge("corpus_revision", "Revision loaded")
        self._refused = gauge(
            "corpus_refused", "1 while the watched folder has changed and cannot be loaded"
        )
        self._without_token = gauge(
            "workspaces_without_token", "Workspaces whose token this process found to be unusable"
        )
        self._load_seconds = gauge("corpus_load_seconds", "Seconds that the last load took")
        self.socket_connected = gauge("socket_connected", "1 while the socket is connected")
        self.socket_connections = gauge(
            "socket_connections", "The app's sockets, as Slack said last"
        )
        self.socket_rebuilds = counter("socket_rebuilds", "Sockets given up for a new one")
        self._clock_ahead = gauge(
            "clock_ahead_seconds", "How far the machine's clock is ahead of Slack's; 0 if not wrong"
        )
        self._polls = counter("feed_polls", "Polls of feeds", ["outcome"])
        self._poll_seconds = Histogram(
            "feed_poll_seconds", "Seconds that a poll of a feed took", buckets=_SLOW, **ours
        )
        self._failing_feeds = gauge(
            "feeds_failing", "Feeds whose last poll failed and that are not paused"
        )
        self._silence = gauge(
            "socket_silence_seconds", "Seconds since the last frame of each kind arrived", ["frame"]
        )

    def watch_tokens(self, lost: Sized) -> None:
        """Export the number of workspaces in *lost*, whose tokens are unusable."""
        self._without_token.set_function(lambda: len(lost))

    def answered(self, request: str, outcome: str, seconds: float) -> None:
        """Count a request from Slack."""
        self._request(request, outcome).inc()
        self._request_took(request).observe(seconds)

    def polled(self, outcome: str, seconds: float) -> None:
        """Count a poll of a feed."""
        self._polls.labels(outcome).inc()
        self._poll_seconds.observe(seconds)

    def watch_clock(self, ahead: Callable[[], timedelta]) -> None:
        """Export how far the machine's clock is *ahead* of the right time."""
        self._clock_ahead.set_function(lambda: ahead().total_seconds())

    def watch_silence(self, frame: str, seconds: Callable[[], float]) -> None:
        """Export the seconds since the socket received a *frame*: hello, pong or envelope."""
        self._silence.labels(frame).set_function(seconds)

    def called(self, method: str, status: int | None, seconds: float) -> None:
        """Count a call of Slack's Web API; *status* is None if there was no answer."""
        self._calls.labels(method, str(status or "none")).inc()
        self._call_seconds.labels(method).observe(seconds)
        if method in _HISTORY_METHODS:
            self._reconciliations.inc()

    def trace(self) -> aiohttp.TraceConfig:
        """Return a trace that counts an HTTP session's calls."""
        trace = aiohttp.TraceConfig()

        async def start(_: aiohttp.ClientSession, call: SimpleNamespace, __: Any) -> None:
            call.began = time.perf_counter()

        async def end(_: aiohttp.ClientSession, call: SimpleNamespace, done: Any) -> None:
            method = done.url.path.rpartition("/")[2]
            response = getattr(done, "response", None)
            status = response.status if response else None
            self.called(method, status, time.perf_counter() - call.began)

        trace.on_request_start.append(start)
        trace.on_request_end.append(end)
        trace.on_request_exception.append(end)
        return trace

    async def page(self, store: Store | None, now: datetime) -> bytes:
        """Return all metrics in Prometheus format; *store* is None while it is not open."""
        if store:
            try:
                await self._count(store, now)
                self._database_up.set(1)
            except DatabaseError:
                # Export the other metrics, but no stale values of these.
                self._posts.clear()
                self._lag.set(nan)
                self._refused.set(nan)
                self._database_up.set(0)
            if revision := store.corpus.revision:
                self._articles.set(revision.articles)
                self._revision.set(revision.number)
                self._load_seconds.set(store.revisions.load_seconds)
        return generate_latest(self._registry)

    async def _count(self, store: Store, now: datetime) -> None:
        for state, number in (await store.statistics.posts()).items():
            self._posts.labels(state).set(number)
        self._lag.set((await store.statistics.lag(now)).total_seconds())
        self._refused.set(await store.failed_loads.last() is not None)
        self._failing_feeds.set(
            sum(feed.health is Health.FAILING for feed in await store.sources.all())
        )
