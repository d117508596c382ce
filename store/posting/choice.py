"""Choosing what a channel is asked next, from what it has had.

Every article has a place in one shuffle of the corpus, written when it is loaded. A channel goes
around that circle from a start of its own, so the order depends on nothing but ids and the record:
a restart or another replica chooses the same, and no more than a window of the corpus is read.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from store.articles.by_id import SHUFFLE_SIZE, fetch_article, shuffle_position
from store.db import Connection, Database
from store.posting.likeness import are_alike
from store.types import Article, PostKind

_WINDOW = 200
"""How many articles of the shuffle are looked at for one choice."""
_APART = 10
"""How many other questions lie between two near-identical ones, where there are so many."""

# What counts as had: for a question, that it was asked; for a digest's story, that it was shown.
# Of posts that are deleted by now, posted_article knows.
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
SELECT a.id, a.headline, a.question
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An article that could come next."""

    article_id: str
    headline: str
    question: str
    times: int
    """How often the channel had it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """The last questions of a channel, the latest first."""

    headlines: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What comes next in a channel, and why."""

    article_ids: tuple[str, ...]
    """One, or a digest's stories; the first one's question is asked."""
    revision: int
    why: str
    pool: int
    """How many articles there are to choose from."""
    left: int
    """How many come after these before one of them returns."""
    times: int
    """How often the channel has had these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What a channel's schedule has before it, as things are now."""

    next: tuple[str, ...]
    """The articles of its next turns, should nothing change."""
    had: frozenset[str]
    """Those it has had, of what it chooses from."""
    topical: frozenset[str]
    """Those that its topics allow; empty where it chooses from the whole corpus."""


class Choice:
    """Chooses what a channel is asked."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def next(self, team_id: str, channel_id: str, *, place: int = 0) -> Article | None:
        """Give the channel's next question with its story; None where the corpus is empty.

        *place* counts on from there, and goes around.
        """
        async with self._database.reading() as connection:
            window = await _window(
                connection, team_id, channel_id, _TIMES.format(had=_ASKED), _CORPUS
            )
            if not window.candidates:
                return None
            ranked = rank(window.candidates, await _recent(connection, team_id, channel_id))
            return await fetch_article(connection, ranked[place % len(ranked)].article_id)


async def choose(
    connection: Connection,
    team_id: str,
    channel_id: str,
    *,
    kind: PostKind = PostKind.QUESTION,
    stories: int = 1,
    has_topics: bool = False,
) -> Chosen | None:
    """Choose what the channel's schedule posts next; None where there is nothing to choose from.

    With *has_topics* it is chosen from the channel's `topic_pool`.
    """
    had = _TIMES.format(had=_SHOWN if kind is PostKind.DIGEST else _ASKED)
    pool = _TOPICS if has_topics else _CORPUS
    window = await _window(connection, team_id, channel_id, had, pool)
    if not window.candidates:
        return None
    (row,) = await connection.fetch(_REVISION)
    revision: int = row["number"]
    where = (team_id, channel_id) if has_topics else ()
    (counted,) = await connection.fetch(_SIZE.format(pool=pool), *where)
    size: int = counted["articles"]
    recent = await _recent(connection, team_id, channel_id)
    picked = _pick(window.candidates, recent, stories if kind is PostKind.DIGEST else 1)
    times = picked[0].times
    before = sum(count for often, count in window.counts.items() if often > times)
    return Chosen(
        article_ids=tuple(one.article_id for one in picked),
        revision=revision,
        why=_why(picked[0], recent, pool=size, before=before),
        pool=size,
        left=max(size - before - len(picked), 0),
        times=times,
    )


async def outlook(
    connection: Connection,
    team_id: str,
    channel_id: str,
    *,
    kind: PostKind = PostKind.QUESTION,
    has_topics: bool = False,
    count: int,
) -> Outlook:
    """Give what the channel's schedule has before it, with the next *count* of it."""
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
        next=tuple(one.article_id for one in picked),
        had=frozenset(row["article_id"] for row in rows),
        topical=frozenset(row["id"] for row in topical),
    )


def _pick(window: Sequence[Candidate], recent: Recent, count: int) -> Sequence[Candidate]:
    picked: list[Candidate] = []
    for _ in range(count):
        rest = [one for one in window if one not in picked]
        if rest:
            picked.append(rank(rest, _after(recent, picked))[0])
    return picked


def rank(window: Sequence[Candidate], recent: Recent) -> Sequence[Candidate]:
    """Order the candidates of a *window*, the next one first.

    What the channel had least comes first, so that nothing returns before all have had their turn.
    Among equals, those behind come that share the last headline; the rest stays as the shuffle has
    it. The first of all is one whose question is not nearly one of the last few, and that lets the
    rest follow without one headline twice in a row, where there is such a one.
    """
    last = recent.headlines[0] if recent.headlines else None
    ordered = sorted(window, key=lambda one: (one.times, one.headline == last))
    equals = [
        one
        for one in ordered
        if one.times == ordered[0].times and (one.headline == last) == (ordered[0].headline == last)
    ]
    whole = sum(one.times == ordered[0].times for one in ordered)
    if whole < _WINDOW:
        counts = Counter(one.headline for one in ordered[:whole])
        equals = [one for one in equals if _alternates(counts, one.headline)] or equals
    first = next((one for one in equals if not _is_near(one, recent)), equals[0])
    return [first, *(one for one in ordered if one is not first)]


def _is_near(one: Candidate, recent: Recent) -> bool:
    return any(are_alike(one.question, other) for other in recent.questions)


def _alternates(counts: Counter[str], headline: str) -> bool:
    """Say whether, with *headline* now, the rest can follow without one twice in a row."""
    rest = counts.total() - 1
    return all(
        count - (name == headline) <= (rest if name == headline else rest + 1) // 2
        for name, count in counts.items()
    )


def _after(recent: Recent, picked: Sequence[Candidate]) -> Recent:
    """Give what was last, once those *picked* are out too."""
    return Recent(
        headlines=(*(one.headline for one in reversed(picked)), *recent.headlines),
        questions=(*(one.question for one in picked), *recent.questions),
    )


def _why(first: Candidate, recent: Recent, *, pool: int, before: int) -> str:
    if first.times:
        turns = "once" if first.times == 1 else f"{first.times} times"
        had = f"All {pool:,} questions had their turn here; this one came {turns}"
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
    """How many articles the channel had once, twice, …"""


async def _window(
    connection: Connection, team_id: str, channel_id: str, had: str, pool: str
) -> _Window:
    """Go around the shuffle from the channel's start: first what it never had, then the rest."""
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
                    question=row["question"],
                    times=times,
                )
                for row in found
            )
    return _Window(candidates=candidates, counts=counts)


async def _recent(connection: Connection, team_id: str, channel_id: str) -> Recent:
    rows = await connection.fetch(_RECENT, team_id, channel_id, _APART)
    return Recent(
        headlines=tuple(row["headline"] for row in rows),
        questions=tuple(row["question"] for row in rows),
    )
