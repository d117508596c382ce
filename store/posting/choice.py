"""The choice of a channel's next question or digest, from the articles it has not had yet.

Every article has a position in one random order of the corpus (the shuffle), stored when the
article is loaded. Each channel follows this order from its own starting point and starts over at
the end. So the order depends only on ids and on the stored posts: a restart or another replica
chooses the same article, and only a small window of the corpus is read.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from store.articles.by_id import SHUFFLE_SIZE, fetch_article, shuffle_position
from store.db import Connection, Database, places, to_instant
from store.posting.likeness import Leads, are_alike
from store.types import Article, ChannelId, PostKind, Schedule, TeamId

_WINDOW = 200
"""How many articles of the shuffle are considered for one choice."""
_APART = 10
"""How many other questions separate two near-identical ones, if there are that many."""

# A channel has had a question if it was asked, and a digest's story if it was shown.
# The table posted_article counts the posts that were deleted since.
_HAD = """
SELECT article_id, 1 AS times FROM post
WHERE team_id = $1 AND channel_id = $2 AND kind IN ({kinds}) AND article_id IS NOT NULL
  AND state NOT IN ('failed', 'missed', 'skipped')
UNION ALL
SELECT article_id, {before} AS times FROM posted_article
WHERE team_id = $1 AND channel_id = $2 AND {before} > 0
"""
_ASKED = _HAD.format(kinds="'question', 'digest'", before="asked")
_SHOWN = (
    _HAD.format(kinds="'question', 'digest', 'share'", before="shown")
    + """
UNION ALL
SELECT s.article_id, 1 AS times FROM post_story s JOIN post p ON p.key = s.post_key
WHERE p.team_id = $1 AND p.channel_id = $2 AND s.place > 0
  AND p.state NOT IN ('failed', 'missed', 'skipped')
"""
)
_TIMES = """
WITH had AS (
    SELECT article_id, CAST(SUM(times) AS BIGINT) AS times FROM ({had}) every GROUP BY article_id
)
"""
_COUNTS = """
SELECT had.times, COUNT(*) AS articles FROM had JOIN {pool} ON a.id = had.article_id
GROUP BY had.times ORDER BY had.times
"""
_CANDIDATES = """
SELECT a.id, a.headline, a.summary, a.question
FROM {pool}
LEFT JOIN had ON had.article_id = a.id
WHERE a.shuffle >= $3 AND a.shuffle < $4 AND COALESCE(had.times, 0) = $5
ORDER BY a.shuffle, a.id LIMIT $6
"""
_CORPUS = "(SELECT * FROM article WHERE question <> '') a"
_TOPICS = """
(SELECT b.* FROM topic_pool t JOIN article b ON b.id = t.article_id
 WHERE t.team_id = $1 AND t.channel_id = $2 AND b.question <> '') a
"""
_REVISION = "SELECT number FROM revision ORDER BY number DESC LIMIT 1"
_SIZE = "SELECT COUNT(*) AS articles FROM {pool}"
_IDS = "SELECT a.id FROM {pool}"
_HAD_OF_POOL = "SELECT had.article_id FROM had JOIN {pool} ON a.id = had.article_id"
_RECENT = """
SELECT a.headline, a.question FROM (
    SELECT article_id, due_at AS at, key FROM post
    WHERE team_id = $1 AND channel_id = $2 AND kind IN ('question', 'digest')
      AND state NOT IN ('failed', 'missed', 'skipped')
    UNION ALL
    SELECT article_id, asked_on AS at, article_id AS key FROM posted_article
    WHERE team_id = $1 AND channel_id = $2 AND asked > 0
) asked
JOIN article a ON a.id = asked.article_id
ORDER BY asked.at DESC, asked.key DESC LIMIT $3
"""
# A day without a time stands for its beginning, in UTC.
_LAST_ASKED = """
SELECT article_id, MAX(at) AS at FROM (
    SELECT article_id, due_at AS at FROM post
    WHERE team_id = $1 AND channel_id = $2 AND kind IN ('question', 'digest')
      AND state NOT IN ('failed', 'missed', 'skipped') AND article_id IN ({ids})
    UNION ALL
    SELECT article_id, asked_on || 'T00:00:00+00:00' AS at FROM posted_article
    WHERE team_id = $1 AND channel_id = $2 AND asked > 0 AND article_id IN ({ids})
) asked
GROUP BY article_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An article that could be posted next."""

    article_id: str
    headline: str
    summary: str
    question: str
    times: int
    """How often the channel has had the article."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """The headlines and texts of a channel's last questions, the latest first."""

    headlines: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The articles of a channel's next post, and why they were chosen."""

    article_ids: tuple[str, ...]
    """One article, or the stories of a digest; the question of the first article is asked."""
    revision: int
    why: str
    pool: int
    """How many articles the schedule can choose from."""
    left: int
    """How many more articles the channel gets before any of them is repeated."""
    times: int
    """How often the channel has had the first of these articles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """The articles that a channel has had, and those that its schedule posts next, as ids."""

    next: tuple[str, ...]
    """The articles of its next occurrences, if nothing changes."""
    had: frozenset[str]
    """The articles that the channel has had, among those that the schedule chooses from."""
    topical: frozenset[str]
    """The articles on its topics; empty if it chooses from the whole corpus."""


class Choice:
    """Chooses a channel's next questions outside its schedule."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def next(
        self, team_id: TeamId, channel_id: ChannelId, *, place: int = 0
    ) -> Article | None:
        """Return the article whose question comes next; None if the corpus has no questions.

        *place* 1 is the question after that, and so on; after the last comes the first again.
        """
        async with self._database.reading() as connection:
            window = await _window(
                connection, team_id, channel_id, _TIMES.format(had=_ASKED), _CORPUS
            )
            if not window.candidates:
                return None
            ranked = rank(window.candidates, await _recent(connection, team_id, channel_id))
            return await fetch_article(connection, ranked[place % len(ranked)].article_id)

    async def last_asked(
        self, team_id: TeamId, channel_id: ChannelId, article_ids: Sequence[str]
    ) -> Mapping[str, datetime]:
        """Return when the channel was last asked the questions of these articles, by article id.

        Articles that it was never asked are left out. It does not matter who asked, or how.
        """
        if not article_ids:
            return {}
        sql = _LAST_ASKED.format(ids=places(article_ids, start=3))
        rows = await self._database.fetch(sql, team_id, channel_id, *article_ids)
        return {row["article_id"]: to_instant(row["at"]) for row in rows}


async def choose(connection: Connection, schedule: Schedule) -> Chosen | None:
    """Return what the schedule posts next; None if there is nothing to choose from.

    If the schedule has topics, choose from the channel's `topic_pool`, else from all stories.
    """
    team_id, channel_id = schedule.team_id, schedule.channel_id
    is_digest = schedule.kind is PostKind.DIGEST
    had = _TIMES.format(had=_SHOWN if is_digest else _ASKED)
    pool = _TOPICS if schedule.topics else _CORPUS
    window = await _window(connection, team_id, channel_id, had, pool)
    if not window.candidates:
        return None
    (row,) = await connection.fetch(_REVISION)
    revision: int = row["number"]
    channel = (team_id, channel_id) if schedule.topics else ()
    (counted,) = await connection.fetch(_SIZE.format(pool=pool), *channel)
    size: int = counted["articles"]
    recent = await _recent(connection, team_id, channel_id)
    if is_digest:
        picked = _pick_stories(window.candidates, recent, schedule.stories)
    else:
        picked = _pick(window.candidates, recent, 1)
    times = picked[0].times
    before = sum(count for often, count in window.counts.items() if often > times)
    return Chosen(
        article_ids=tuple(each.article_id for each in picked),
        revision=revision,
        why=_why(picked[0], recent, pool=size, before=before),
        pool=size,
        left=max(size - before - len(picked), 0),
        times=times,
    )


async def outlook(
    connection: Connection,
    team_id: TeamId,
    channel_id: ChannelId,
    *,
    kind: PostKind = PostKind.QUESTION,
    has_topics: bool = False,
    count: int,
) -> Outlook:
    """Return the outlook of the channel's schedule, with its next *count* articles."""
    had = _SHOWN if kind is PostKind.DIGEST else _ASKED
    pool = _TOPICS if has_topics else _CORPUS
    window = await _window(connection, team_id, channel_id, _TIMES.format(had=had), pool)
    picked = _pick(window.candidates, await _recent(connection, team_id, channel_id), count)
    sql = _TIMES.format(had=had) + _HAD_OF_POOL.format(pool=pool)
    rows = await connection.fetch(sql, team_id, channel_id)
    topical = (
        await connection.fetch(_IDS.format(pool=pool), team_id, channel_id) if has_topics else ()
    )
    return Outlook(
        next=tuple(each.article_id for each in picked),
        had=frozenset(row["article_id"] for row in rows),
        topical=frozenset(row["id"] for row in topical),
    )


def _pick(window: Sequence[Candidate], recent: Recent, count: int) -> Sequence[Candidate]:
    picked: list[Candidate] = []
    for _ in range(count):
        rest = [each for each in window if each not in picked]
        if rest:
            picked.append(rank(rest, _after(recent, picked))[0])
    return picked


def _pick_stories(window: Sequence[Candidate], recent: Recent, count: int) -> Sequence[Candidate]:
    """Return the stories of a digest: at most *count*, no two of them about the same event.

    Stories of one headline are about one event, unless the whole window has the same headline.
    A digest is rather short than that it repeats a story before the channel has had all others.
    """
    leads = Leads([each.summary for each in window])
    has_headlines = len({each.headline for each in window}) > 1
    picked: list[int] = []
    rest = list(range(len(window)))
    while rest and len(picked) < count:
        least = min(window[each].times for each in rest)
        taken = {window[each].headline for each in picked} if has_headlines else ()
        others = [
            each
            for each in rest
            if window[each].times == least
            and window[each].headline not in taken
            and not any(leads.are_of_one_event(each, one) for one in picked)
        ]
        if not others:
            break
        # The headline of most stories first: else only its stories are left at the end of a round.
        counts = Counter(window[each].headline for each in rest if window[each].times == least)
        most = max(counts[window[each].headline] for each in others)
        commonest = [window[each] for each in others if counts[window[each].headline] == most]
        first = rank(commonest, _after(recent, [window[one] for one in picked]))[0]
        picked.append(window.index(first))
        rest.remove(picked[-1])
    return [window[one] for one in picked]


def rank(window: Sequence[Candidate], recent: Recent) -> Sequence[Candidate]:
    """Return the candidates of a *window* in the order in which to post them.

    Articles that the channel has had least often come first, so no article is repeated before all
    others were posted. Among those, articles with the headline of the last post come last; the
    rest keep the order of the shuffle.

    The first candidate should also meet two conditions: its question differs from the last few,
    and the others can follow without the same headline twice in a row. If no candidate meets
    both, the second condition is the more important one.
    """
    last = recent.headlines[0] if recent.headlines else None
    ordered = sorted(window, key=lambda each: (each.times, each.headline == last))
    least = [each for each in ordered if each.times == ordered[0].times]
    equals = [each for each in least if (each.headline == last) == (least[0].headline == last)]
    # The headlines can be counted only if the window holds every article of this group.
    if len(least) < _WINDOW:
        counts = Counter(each.headline for each in least)
        equals = [each for each in equals if _alternates(counts, each.headline)] or equals
    first = next((each for each in equals if not _is_near(each, recent)), equals[0])
    return [first, *(each for each in ordered if each is not first)]


def _is_near(candidate: Candidate, recent: Recent) -> bool:
    return any(are_alike(candidate.question, question) for question in recent.questions)


def _alternates(counts: Counter[str], headline: str) -> bool:
    """Return whether, after *headline*, the rest can follow with no headline twice in a row."""
    rest = counts.total() - 1
    return all(
        count - (name == headline) <= (rest if name == headline else rest + 1) // 2
        for name, count in counts.items()
    )


def _after(recent: Recent, picked: Sequence[Candidate]) -> Recent:
    """Return the channel's last questions as they will be once *picked* is posted."""
    return Recent(
        headlines=(*(each.headline for each in reversed(picked)), *recent.headlines),
        questions=(*(each.question for each in picked), *recent.questions),
    )


def _why(first: Candidate, recent: Recent, *, pool: int, before: int) -> str:
    if first.times:
        often = "once" if first.times == 1 else f"{first.times} times"
        had = f"All {pool:,} questions had their turn here; this one came {often}"
        if before:
            had += f", {before:,} others more often"
    else:
        had = f"This channel has had {before:,} of {pool:,} questions, and not this one"
    if recent.headlines and recent.headlines[0] != first.headline:
        had += "; the last one was on another headline"
    return f"{had}. Among those it is the next in the channel's own order."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    candidates: Sequence[Candidate]
    counts: dict[int, int]
    """How many articles the channel has had once, twice and so on."""


async def _window(
    connection: Connection, team_id: TeamId, channel_id: ChannelId, had: str, pool: str
) -> _Window:
    """Return the first candidates in the channel's order, and the counts.

    Articles that the channel has had least often come first, at most `_WINDOW` in all.
    """
    rows = await connection.fetch(had + _COUNTS.format(pool=pool), team_id, channel_id)
    counts: dict[int, int] = {row["times"]: row["articles"] for row in rows}
    start = shuffle_position(f"{team_id}:{channel_id}")
    candidates: list[Candidate] = []
    sql = had + _CANDIDATES.format(pool=pool)
    for times in (0, *counts):
        for low, high in ((start, SHUFFLE_SIZE), (0, start)):
            room = _WINDOW - len(candidates)
            if not room:
                break
            found = await connection.fetch(sql, team_id, channel_id, low, high, times, room)
            candidates += (
                Candidate(
                    article_id=row["id"],
                    headline=row["headline"],
                    summary=row["summary"],
                    question=row["question"],
                    times=times,
                )
                for row in found
            )
    return _Window(candidates=candidates, counts=counts)


async def _recent(connection: Connection, team_id: TeamId, channel_id: ChannelId) -> Recent:
    rows = await connection.fetch(_RECENT, team_id, channel_id, _APART)
    return Recent(
        headlines=tuple(row["headline"] for row in rows),
        questions=tuple(row["question"] for row in rows),
    )
