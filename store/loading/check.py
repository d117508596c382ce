"""What a reload would do, told before it is done."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from store.db import Database, Row
from store.finding.index import Index
from store.loading.documents import CorpusFolder
from store.loading.near_duplicates import NearDuplicates, find_near_duplicates
from store.loading.plan import Counts, Plan
from store.posting.choice import outlook
from store.types import Article, PostKind

UPCOMING = 10
"""Questions of a schedule that are looked at."""
_CHANNELS = 50
"""Schedules that are looked at, at most."""
_EXAMPLES = 5

_SCHEDULED = """
SELECT team_id, channel_id, kind, topics FROM schedule ORDER BY team_id, channel_id
"""
_QUESTIONS = "SELECT COUNT(*) AS articles FROM article WHERE question <> ''"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a reload would do to one channel's schedule."""

    team_id: str
    channel_id: str
    upcoming: int
    """How many of its next questions were looked at."""
    vanishing: int
    """How many of those would be gone."""
    left: int
    """How many questions it would have that were not asked yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What a reload would change, and whom it would touch."""

    counts: Counts
    added: Sequence[str]
    """Documents that would come, by their paths."""
    edited: Sequence[str]
    removed: Sequence[str]
    headlines: Sequence[str]
    """The first few that would come or change."""
    gone: Sequence[str]
    """The first few whose articles would go."""
    ignored: int
    others: Sequence[str]
    """Those of the ignored whose ending is a document's, and whose fields are not."""
    unasked: int
    """Articles that would come without a question: they are found, and never asked."""
    near_duplicates: NearDuplicates
    effects: Sequence[Effect]
    """Those that lose next questions first, and then those with the fewest left."""
    schedules: int
    """How many channels have one; the first fifty are looked at."""

    @property
    def is_changed(self) -> bool:
        """Tell whether a reload would change anything."""
        return bool(self.added or self.edited or self.removed)


async def check(database: Database, index: Index, plan: Plan, folder: CorpusFolder) -> Check:
    """Tell what *plan* would do."""
    changes = plan.documents.items()
    schedules = await database.fetch(_SCHEDULED)
    return Check(
        counts=plan.counts,
        added=[path for path, change in changes if not change.before],
        edited=[path for path, change in changes if change.before and change.after],
        removed=[path for path, change in changes if not change.after],
        headlines=_examples(step.article for step in plan.come),
        gone=_examples(step.article for step in plan.gone if not step.is_edited),
        ignored=folder.ignored,
        others=folder.others,
        unasked=sum(not step.article.question for step in plan.come),
        near_duplicates=await find_near_duplicates(database, index, plan),
        effects=sorted(
            [one async for one in _effects(database, plan, schedules[:_CHANNELS])],
            key=lambda effect: (not effect.vanishing, effect.left),
        ),
        schedules=len(schedules),
    )


async def _effects(
    database: Database, plan: Plan, schedules: Sequence[Row]
) -> AsyncIterator[Effect]:
    vanishing = _vanishing(plan)
    (now,) = await database.fetch(_QUESTIONS)
    questions = now["articles"] + _more_questions(plan)
    for row in schedules:
        async with database.reading() as connection:
            ahead = await outlook(
                connection,
                row["team_id"],
                row["channel_id"],
                kind=PostKind(row["kind"]),
                has_topics=row["topics"] != "[]",
                count=UPCOMING,
            )
        # What comes on its topics is not known before it is there.
        pool = len(ahead.topical - vanishing) if ahead.topical else questions
        yield Effect(
            team_id=row["team_id"],
            channel_id=row["channel_id"],
            upcoming=len(ahead.next),
            vanishing=len(vanishing.intersection(ahead.next)),
            left=max(pool - len(ahead.had - vanishing), 0),
        )


def _vanishing(plan: Plan) -> set[str]:
    """Give the ids of the articles that would not be asked any more."""
    gone = {step.article.id for step in plan.gone if not step.is_edited}
    return gone | {step.article.id for step in plan.come if not step.article.question}


def _more_questions(plan: Plan) -> int:
    come = sum(bool(step.article.question) for step in plan.come)
    return come - sum(bool(step.article.question) for step in plan.gone)


def _examples(articles: Iterable[Article]) -> Sequence[str]:
    """Give the first few distinct headlines."""
    return list(islice(dict.fromkeys(article.headline for article in articles), _EXAMPLES))
