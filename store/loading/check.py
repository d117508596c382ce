"""The preview of a reload: what it would change, before anything is written."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from store.db import Database
from store.finding.index import Index
from store.loading.documents import CorpusFolder
from store.loading.near_duplicates import NearDuplicates, find_near_duplicates
from store.loading.plan import Counts, DocumentChange, LoadPlan, WrittenChanges
from store.posting.choice import outlook
from store.posting.schedules import to_schedule
from store.rows import QueueReader
from store.types import Article, ChannelId, PostKind, Problem, Schedule, TeamId

UPCOMING = 10
"""How many of a schedule's next questions are checked."""
_MAX_SCHEDULES = 50
"""The maximum number of schedules that are checked."""
_MAX_HEADLINES = 5

_SCHEDULED = "SELECT * FROM schedule ORDER BY team_id, channel_id, name"
_SIZES = "SELECT COUNT(*) AS stories, COUNT(NULLIF(question, '')) AS questions FROM loaded_article"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a reload would do to one channel's schedule."""

    team_id: TeamId
    channel_id: ChannelId
    name: str
    """The name of the schedule."""
    upcoming: int
    """How many of its next questions were checked."""
    vanishing: int
    """How many of those would be removed."""
    left: int
    """How many questions it would have that the channel was not asked yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What a reload would change, and the schedules that it would affect."""

    counts: Counts
    documents: Mapping[str, DocumentChange]
    """The documents that would change, by path."""
    headlines: Sequence[str]
    """The first few headlines of articles that would be added or edited."""
    gone: Sequence[str]
    """The first few headlines of articles that would be removed."""
    ignored: int
    unasked: int
    """Articles to be added or edited without a question: they can be found, but are never asked."""
    problems: Sequence[Problem]
    """Why files cannot be loaded: they keep the articles they had, and new ones are left out."""
    warnings: Sequence[Problem]
    """Mistakes in the documents to be added or edited that do not keep them from being loaded."""
    near_duplicates: NearDuplicates
    written: WrittenChanges
    effects: Sequence[Effect]
    """Schedules that lose next questions come first, then those with the fewest questions left."""
    schedules: int
    """How many schedules there are; only the first fifty are checked."""

    @property
    def added(self) -> Sequence[str]:
        """Return the paths of the documents that would be added."""
        return [path for path, change in self.documents.items() if not change.before]

    @property
    def edited(self) -> Sequence[str]:
        """Return the paths of the documents that would be edited."""
        return [path for path, one in self.documents.items() if one.before and one.after]

    @property
    def removed(self) -> Sequence[str]:
        """Return the paths of the documents that would be removed."""
        return [path for path, change in self.documents.items() if not change.after]

    @property
    def is_changed(self) -> bool:
        """Return whether a reload would change anything."""
        return bool(self.documents)


async def check(
    database: Database, index: Index, plan: LoadPlan, folder: CorpusFolder, now: datetime
) -> Check:
    """Return what *plan* for loading *folder* would change."""
    rows = await database.fetch(_SCHEDULED)
    readable = QueueReader(to_schedule, "schedule", "id")
    schedules = readable.read(rows[:_MAX_SCHEDULES])
    return Check(
        counts=plan.counts,
        documents=plan.documents,
        headlines=_first_headlines(change.article for change in plan.additions),
        gone=_first_headlines(change.article for change in plan.removals if not change.is_edited),
        ignored=folder.ignored,
        problems=folder.problems,
        warnings=folder.warnings,
        unasked=sum(not change.article.question for change in plan.additions),
        near_duplicates=await find_near_duplicates(database, index, plan),
        written=plan.written_changes(),
        effects=sorted(
            [effect async for effect in _effects(database, plan, schedules, now)],
            key=lambda effect: (not effect.vanishing, effect.left),
        ),
        schedules=len(rows),
    )


async def _effects(
    database: Database, plan: LoadPlan, schedules: Sequence[Schedule], now: datetime
) -> AsyncIterator[Effect]:
    removed = {change.article.id for change in plan.removals if not change.is_edited}
    unasked = {change.article.id for change in plan.additions if not change.article.question}
    (loaded,) = await database.fetch(_SIZES)
    stories = loaded["stories"] + len(plan.additions) - len(plan.removals)
    questions = loaded["questions"] + _added_questions(plan)
    for schedule in schedules:
        async with database.reading() as connection:
            ahead = await outlook(connection, schedule, count=UPCOMING, now=now)
        is_digest = schedule.kind is PostKind.DIGEST
        vanishing = removed if is_digest else removed | unasked
        # Which new articles match its topics is known only after the load.
        size = stories if is_digest else questions
        pool = len(ahead.limited - vanishing) if ahead.limited else size
        yield Effect(
            team_id=schedule.team_id,
            channel_id=schedule.channel_id,
            name=schedule.name,
            upcoming=len(ahead.next),
            vanishing=len(vanishing.intersection(ahead.next)),
            left=max(pool - len(ahead.had - vanishing), 0),
        )


def _added_questions(plan: LoadPlan) -> int:
    """Return how many more questions there would be; negative if there would be fewer."""
    added = sum(bool(change.article.question) for change in plan.additions)
    return added - sum(bool(change.article.question) for change in plan.removals)


def _first_headlines(articles: Iterable[Article]) -> Sequence[str]:
    """Return the first few distinct headlines."""
    return list(islice(dict.fromkeys(article.headline for article in articles), _MAX_HEADLINES))
