"""Prometheus metrics of a running Parley."""

import platform
import time
from collections.abc import Callable, Sized
from datetime import datetime
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
        one = self._registry
        build = Info("parley_build", "The version of Parley and of Python", registry=one)
        build.info({"version": VERSION, "python": platform.python_version()})
        requests = Counter(
            "parley_requests", "Requests from Slack", ["request", "outcome"], registry=one
        )
        request_seconds = Histogram(
            "parley_request_seconds",
            "Seconds to the answer",
            ["request"],
            buckets=_QUICK,
            registry=one,
        )
        # Cached, because looking up a label takes longer than counting; there are few labels.
        self._request = cache(requests.labels)
        self._request_took = cache(request_seconds.labels)
        self._calls = Counter(
            "parley_slack_calls", "Calls of Slack's Web API", ["method", "status"], registry=one
        )
        self._call_seconds = Histogram(
            "parley_slack_call_seconds",
            "Seconds to Slack's answer",
            ["method"],
            buckets=_SLOW,
            registry=one,
        )
        self._reconciliations = Counter(
            "parley_reconciliations",
            "Checks of the history whether a post had arrived",
            registry=one,
        )
        self.refusals = Counter(
            "parley_http_refusals", "HTTP requests refused unread", ["reason"], registry=one
        )
        self._posts = Gauge("parley_posts", "Posts by state", ["state"], registry=one)
        self._lag = Gauge(
            "parley_post_lag_seconds",
            "How overdue the oldest occurrence or open post is",
            registry=one,
        )
        self._database_up = Gauge(
            "parley_database_up", "1 while the database answers", registry=one
        )
        self._articles = Gauge("parley_corpus_articles", "Articles loaded", registry=one)
        self._revision = Gauge("parley_corpus_revision", "Revision loaded", registry=one)
        self._refused = Gauge(
            "parley_corpus_refused",
            "1 while the watched folder has changed and cannot be loaded",
            registry=one,
        )
        self._without_token = Gauge(
            "parley_workspaces_without_token",
            "Workspaces whose token this process found to be unusable",
            registry=one,
        )
        self._load_seconds = Gauge(
            "parley_corpus_load_seconds", "Seconds that the last load took", registry=one
        )
        self.socket_connected = Gauge(
            "parley_socket_connected", "1 while the socket is connected", registry=one
        )
        self.socket_connections = Gauge(
            "parley_socket_connections", "The app's sockets, as Slack said last", registry=one
        )
        self.socket_rebuilds = Counter(
            "parley_socket_rebuilds", "Sockets given up for a new one", registry=one
        )
        self._silence = Gauge(
            "parley_socket_silence_seconds",
            "Seconds since the last frame of each kind arrived",
            ["frame"],
            registry=one,
        )

    def watch_tokens(self, lost: Sized) -> None:
        """Export the number of workspaces in *lost*, whose tokens are unusable."""
        self._without_token.set_function(lambda: len(lost))

    def answered(self, request: str, outcome: str, seconds: float) -> None:
        """Count a request from Slack."""
        self._request(request, outcome).inc()
        self._request_took(request).observe(seconds)

    def watch_silence(self, frame: str, seconds: Callable[[], float]) -> None:
        """Export the seconds since the socket received a *frame*: hello, pong or envelope."""
        self._silence.labels(frame).set_function(seconds)

    def trace(self, *, posting: bool = False) -> aiohttp.TraceConfig:
        """Return a trace that counts an HTTP session's calls; *posting* if it sends posts."""
        trace = aiohttp.TraceConfig()

        async def start(_: aiohttp.ClientSession, call: SimpleNamespace, __: Any) -> None:
            call.began = time.perf_counter()

        async def end(_: aiohttp.ClientSession, call: SimpleNamespace, done: Any) -> None:
            method = done.url.path.rpartition("/")[2]
            response = getattr(done, "response", None)
            self._calls.labels(method, str(response.status) if response else "none").inc()
            self._call_seconds.labels(method).observe(time.perf_counter() - call.began)
            if posting and method in _HISTORY_METHODS:
                self._reconciliations.inc()

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
                self._load_seconds.set(store.corpus.load_seconds)
        return generate_latest(self._registry)

    async def _count(self, store: Store, now: datetime) -> None:
        for state, number in (await store.statistics.posts()).items():
            self._posts.labels(state).set(number)
        self._lag.set((await store.statistics.lag(now)).total_seconds())
        self._refused.set(await store.failed_loads.last() is not None)
