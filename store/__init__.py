"""The domain and its database: the corpus, the schedules and the posts, without Slack.

Start with `types` (the values), then `corpus` (loading stories and finding them).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from store.articles.by_id import Articles
from store.corpus.corpus import Corpus
from store.corpus.embedder import Embedder
from store.corpus.feed_loads import FeedLoads
from store.corpus.loads import Loads
from store.corpus.questions import Questions
from store.corpus.revisions import Revisions
from store.db import Database, open_database
from store.guards.idempotency import Idempotency
from store.guards.installed import Installed
from store.loading.failed_loads import FailedLoads
from store.posting.choice import Choice
from store.posting.holidays import Holidays
from store.posting.planning import Planning
from store.posting.posts import Posts
from store.posting.reply_counts import ReplyCounts
from store.posting.schedules import Schedules
from store.sources.sources import Sources
from store.statistics import Statistics
from store.teams.installations import Installations
from store.teams.personal_data import PersonalData
from store.teams.search_misses import SearchMisses, TopicRequests


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """Everything that Parley stores, one attribute for each part."""

    corpus: Corpus
    revisions: Revisions
    loads: Loads
    feed_loads: FeedLoads
    questions: Questions
    embedder: Embedder
    failed_loads: FailedLoads
    sources: Sources
    articles: Articles
    choice: Choice
    schedules: Schedules
    planning: Planning
    posts: Posts
    reply_counts: ReplyCounts
    statistics: Statistics
    holidays: Holidays
    misses: SearchMisses
    topic_requests: TopicRequests
    installations: Installations
    idempotency: Idempotency
    personal_data: PersonalData


@asynccontextmanager
async def open_store(
    url: str,
    *,
    hold: bool = False,
    is_looking: bool = False,
    is_shared: bool = False,
    folder: Path | None = None,
) -> AsyncIterator[Store]:
    """Open the database at *url*, migrate its schema and load its corpus into memory.

    Set *is_shared* if many workspaces install Parley. *folder* is the corpus folder, whose failed
    loads `Store.failed_loads` reports. For *hold*, *is_looking* and the errors raised, see
    `store.db.open_database`.
    """
    async with open_database(url, hold=hold, is_looking=is_looking) as database:
        store = compose(database, is_shared=is_shared, folder=folder)
        await store.revisions.open()
        yield store


def compose(database: Database, *, is_shared: bool = False, folder: Path | None = None) -> Store:
    """Return the store of an open *database*; its corpus is empty until `Revisions.open`."""
    corpus = Corpus(database)
    revisions = Revisions(database, corpus)
    questions = Questions(database, corpus, revisions)
    installed = Installed(database, is_shared=is_shared)
    return Store(
        corpus=corpus,
        revisions=revisions,
        loads=Loads(database, corpus, revisions, questions),
        feed_loads=FeedLoads(database, corpus, revisions),
        questions=questions,
        embedder=Embedder(database, corpus),
        failed_loads=FailedLoads(database, installed, folder),
        sources=Sources(database, installed),
        articles=Articles(database),
        choice=Choice(database),
        schedules=Schedules(database, installed),
        planning=Planning(database, installed, corpus),
        posts=Posts(database, installed),
        reply_counts=ReplyCounts(database),
        statistics=Statistics(database),
        holidays=Holidays(database),
        misses=SearchMisses(database, installed),
        topic_requests=TopicRequests(database, installed),
        installations=Installations(database),
        idempotency=Idempotency(database, installed),
        personal_data=PersonalData(database),
    )
