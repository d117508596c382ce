"""The choice of a channel's next question or digest, from the articles it has not had yet.

The newest article comes first. Articles without a date come after those with one: each has a
position in one random order of the corpus (the shuffle), stored when the article is loaded, and
each channel follows this order from its own starting point. So the order depends only on the
articles and on the stored posts: a restart or another replica chooses the same article, and only a
small window of the corpus is read.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from itertools import islice
from math import ceil
from typing import Any

from store.articles.by_id import SHUFFLE_SIZE, fetch_article, shuffle_position
from store.db import Connection, Database, Row, places, to_instant, to_text
from store.posting.likeness import Leads, are_alike, bare
from store.posting.record import IS_THERE
from store.types import Article, ChannelId, News, Order, PostKind, Schedule, TeamId

_WINDOW = 200
"""How many articles are considered for one choice."""
_APART = 10
"""How many other questions separate two near-identical ones, if there are that many."""
_LATE = timedelta(days=2)
"""How long after its publication a story may arrive and still be new."""
_LOAD = timedelta(minutes=15)
"""How long a load may take: its stories are there later than they are first seen."""

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
WHERE p.team_id = $1 AND p.channel_id = $2 AND s.article_id <> COALESCE(p.article_id, '')
  AND p.state NOT IN ('failed', 'missed', 'skipped')
"""
)
_TIMES = """
WITH had AS (
    SELECT article_id, CAST(SUM(times) AS BIGINT) AS times FROM ({had}) every GROUP BY article_id
)
"""
# What the channel had last, of all that the pool has.
_LATEST = """
SELECT latest.article_id FROM (
    SELECT article_id, due_at AS at FROM post
    WHERE team_id = $1 AND channel_id = $2 AND kind IN ('question', 'digest')
      AND state NOT IN ('failed', 'missed', 'skipped'){shown}
) latest JOIN {{pool}} ON a.id = latest.article_id
GROUP BY latest.article_id ORDER BY MAX(latest.at) DESC, latest.article_id LIMIT :most
"""
_LATEST_ASKED = _LATEST.format(shown="")
_LATEST_SHOWN = _LATEST.format(
    shown="""
    UNION ALL
    SELECT s.article_id, p.due_at AS at FROM post_story s JOIN post p ON p.key = s.post_key
    WHERE p.team_id = $1 AND p.channel_id = $2 AND p.state NOT IN ('failed', 'missed', 'skipped')"""
)
_COUNTS = """
SELECT had.times, COUNT(*) AS articles FROM had JOIN {pool} ON a.id = had.article_id
GROUP BY had.times ORDER BY had.times
"""
_CANDIDATES = """
SELECT a.id, a.headline, a.summary, a.question, a.published_at
FROM {pool}
LEFT JOIN had ON had.article_id = a.id
WHERE COALESCE(had.times, 0) = :times AND
"""
_DATED = _CANDIDATES + "a.published_at IS NOT NULL ORDER BY a.published_at DESC, a.shuffle, a.id"
_UNDATED = (
    _CANDIDATES
    + """
a.published_at IS NULL AND {asked} AND a.shuffle >= :low AND a.shuffle < :high
ORDER BY a.shuffle, a.id
"""
)
# Two queries, because each of them can use an index.
_UNDATED_TIERS = (_UNDATED.replace("{asked}", "a.question <> ''"),)
_UNDATED_TIERS_OF_DIGEST = (*_UNDATED_TIERS, _UNDATED.replace("{asked}", "a.question = ''"))
_REVISION = "SELECT number FROM revision ORDER BY number DESC LIMIT 1"
_SIZE = "SELECT COUNT(*) AS articles FROM {pool}"
_EVERY = """
SELECT a.id, a.headline, a.summary, a.question, a.published_at, a.shuffle
FROM {pool} ORDER BY a.published_at DESC, a.shuffle, a.id
"""
_IDS = "SELECT a.id FROM {pool}"
_HAD_OF_POOL = "SELECT had.article_id, had.times FROM had JOIN {pool} ON a.id = had.article_id"
_LAST_DIGEST = """
SELECT MAX(p.due_at) AS at FROM post p
WHERE p.team_id = $1 AND p.channel_id = $2 AND p.kind = 'digest' AND p.schedule_id = $3
  AND p.state NOT IN ('failed', 'missed', 'skipped')
  AND EXISTS (SELECT 1 FROM post_story s WHERE s.post_key = p.key)
"""
# Articles get rising numbers, which have an index; loads of several sources mix theirs.
_NEXT_NUMBER = """
SELECT COALESCE(MAX(next_number), 0) AS number FROM revision WHERE loaded_at <= $1
"""
# What the channel was asked, with the texts of that time: stories are edited, and leave the corpus.
_ASKED_TEXTS = """
SELECT team_id, channel_id, headline, question, 1 AS times, due_at AS at, key FROM post
WHERE team_id = $1 AND channel_id = $2 AND kind IN ('question', 'digest')
  AND state NOT IN ('failed', 'missed', 'skipped') AND question IS NOT NULL
UNION ALL
SELECT team_id, channel_id, headline, question, asked AS times, asked_on AS at, article_id AS key
FROM posted_article
WHERE team_id = $1 AND channel_id = $2 AND asked > 0 AND question IS NOT NULL
"""
_RECENT = f"""
SELECT team_id, channel_id, headline, question FROM ({_ASKED_TEXTS}) asked
ORDER BY at DESC, key DESC LIMIT $3
"""  # noqa: S608 -- our own text
_QUESTIONS = f"""
SELECT question, CAST(SUM(times) AS BIGINT) AS times FROM ({_ASKED_TEXTS}) asked
GROUP BY question ORDER BY MAX(at) DESC, question
"""  # noqa: S608 -- our own text
# A day without a time stands for its beginning, in UTC.
_LAST_ASKED = """
SELECT article_id, MAX(at) AS at FROM (
    SELECT article_id, due_at AS at FROM post
    WHERE team_id = $1 AND channel_id = $2 AND kind IN ('question', 'digest')
      AND article_id IN ({ids}) AND {is_there}
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
    published_at: datetime | None = None
    times: int
    """How often the channel has had the article."""
    is_recent: bool = False
    """Whether it is in the half of the articles that the channel has had last."""
    is_question_recent: bool = False
    """Whether its question is among as many that the channel was asked last, whatever story had
    it then."""
    is_question_ahead: bool = False
    """Whether the channel was asked its question more often than it has had the article."""

    @property
    def turn(self) -> tuple[bool, bool, int, bool]:
        """Return what comes first, the lowest first."""
        return self.is_recent, self.is_question_recent, self.times, self.is_question_ahead


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """The headlines and texts of a channel's last questions, the latest first."""

    headlines: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The articles of a channel's next post, and why they were chosen."""

    article_ids: tuple[str, ...]
    """One article, or the stories of a digest; none if nothing is new since the last digest."""
    asked_id: str | None
    """The first of these articles that has a question, which is asked."""
    revision: int
    why: str
    pool: int
    """How many articles the schedule can choose from."""
    left: int
    """How many more articles the channel gets before any of them is repeated."""
    times: int
    """How often the channel has had the first of these articles."""

    def days_left(self, schedule: Schedule, *, more: int = 0) -> int | None:
        """Return for how many days *schedule* has articles before any of them is repeated.

        *more* is added to those that are left. None if nobody knows, because what comes next is
        not there yet.
        """
        if not self.article_ids or schedule.max_age_days or schedule.news is not News.ANY:
            return None
        posts = -(-(self.left + more) // len(self.article_ids))
        return ceil(posts * 7 / schedule.timetable.posts_a_week)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """The articles that a channel has had, and those that its schedule posts next, as ids."""

    next: tuple[str, ...]
    """The articles of its next occurrences, if nothing changes."""
    had: frozenset[str]
    """The articles that the channel has had, among those that the schedule chooses from."""
    limited: frozenset[str]
    """The articles that its topics, its maximum age and the like allow; empty without a limit."""


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
            pool = _Pool.of(connection, team_id, channel_id)
            recent = await _recent(connection, team_id, channel_id)
            window = await _window(pool, await pool.stock(), recent)
            if not window.candidates:
                return None
            ranked = rank(window.candidates, recent)
            return await fetch_article(connection, ranked[place % len(ranked)].article_id)

    async def last_asked(
        self, team_id: TeamId, channel_id: ChannelId, article_ids: Sequence[str]
    ) -> Mapping[str, datetime]:
        """Return when the channel was last asked the questions of these articles, by article id.

        Articles that it was never asked are left out. It does not matter who asked, or how.
        """
        if not article_ids:
            return {}
        sql = _LAST_ASKED.format(ids=places(article_ids, start=3), is_there=IS_THERE)
        rows = await self._database.fetch(sql, team_id, channel_id, *article_ids)
        return {row["article_id"]: to_instant(row["at"]) for row in rows}


async def choose(connection: Connection, schedule: Schedule, *, now: datetime) -> Chosen | None:
    """Return what the schedule would post *now*; None if there is nothing to choose from."""
    (chosen,) = await choose_all(connection, [schedule], now=now)
    return chosen


async def choose_all(
    connection: Connection, schedules: Sequence[Schedule], *, now: datetime
) -> Sequence[Chosen | None]:
    """Return what each of the schedules would post *now*; see `choose`.

    They are of different channels. A schedule with topics chooses from its `topic_pool`, the others
    from all stories.
    """
    rows = await connection.fetch(_REVISION)
    if not rows or not schedules:
        return [None] * len(schedules)
    revision: int = rows[0]["number"]
    recents = await _recents(connection, [(each.team_id, each.channel_id) for each in schedules])
    stocks: dict[object, _Stock] = {}
    chosen = []
    for schedule in schedules:
        last = await _last_digest(connection, schedule)
        pool = await _Pool.of_schedule(connection, schedule, last=last, now=now)
        of = pool.table, pool.values
        stocks[of] = stock = stocks.get(of) or await pool.stock()
        recent = recents.get(pool.channel, Recent())
        window = await _window(pool, stock, recent)
        chosen.append(
            _choose(schedule, window, recent, pool=stock.size, revision=revision, last=last)
        )
    return chosen


def _choose(
    schedule: Schedule,
    window: "_Window",
    recent: Recent,
    *,
    pool: int,
    revision: int,
    last: datetime | None,
) -> Chosen | None:
    if not window.candidates:
        if last is None:
            return None
        why = f"No story is new since the digest of {last:%a} {last.day} {last:%b %Y}."
        return Chosen(
            article_ids=(), asked_id=None, revision=revision, why=why, pool=0, left=0, times=0
        )
    if schedule.kind is PostKind.DIGEST:
        picked = _pick_stories(window.candidates, recent, schedule.stories)
    else:
        picked = _pick(window.candidates, recent, 1)
    times = picked[0].times
    before = sum(count for often, count in window.counts.items() if often > times)
    return Chosen(
        article_ids=tuple(each.article_id for each in picked),
        asked_id=next((each.article_id for each in picked if each.question), None),
        revision=revision,
        why=_why(picked[0], recent, schedule, pool=pool, before=before),
        pool=pool,
        left=max(pool - before - len(picked), 0),
        times=times,
    )


async def has_stories(connection: Connection, schedule: Schedule, *, now: datetime) -> bool:
    """Return whether `choose` would return anything, without choosing."""
    if await _last_digest(connection, schedule):
        return True
    pool = await _Pool.of_schedule(connection, schedule, last=None, now=now)
    return bool(await pool.fetch(f"{_IDS} LIMIT 1"))


async def _last_digest(connection: Connection, schedule: Schedule) -> datetime | None:
    """Return when a schedule of news last posted stories; None if it never did.

    None for any other schedule, too.
    """
    if schedule.news is News.ANY:
        return None
    of = schedule.team_id, schedule.channel_id, schedule.id
    (row,) = await connection.fetch(_LAST_DIGEST, *of)
    return to_instant(row["at"]) if row["at"] else None


async def outlook(
    connection: Connection, schedule: Schedule, *, count: int, now: datetime
) -> Outlook:
    """Return the outlook of a schedule, with its next *count* articles."""
    pool = await _Pool.of_schedule(connection, schedule, last=None, now=now)
    recent = await _recent(connection, schedule.team_id, schedule.channel_id)
    window = await _window(pool, await pool.stock(), recent)
    picked = _pick(window.candidates, recent, count)
    limited = await pool.fetch(_IDS) if schedule.topics or schedule.max_age_days else ()
    return Outlook(
        next=tuple(each.article_id for each in picked),
        had=frozenset(row["article_id"] for row in await pool.fetch(_HAD_OF_POOL)),
        limited=frozenset(row["id"] for row in limited),
    )


def _pick(window: Sequence[Candidate], recent: Recent, count: int) -> Sequence[Candidate]:
    picked: list[Candidate] = []
    for _ in range(count):
        rest = [each for each in window if each not in picked]
        if rest:
            picked.append(_first(rest, _after(recent, picked)))
    return picked


def _pick_stories(window: Sequence[Candidate], recent: Recent, count: int) -> Sequence[Candidate]:
    """Return the stories of a digest: at most *count*, no two of them about the same event.

    Stories of one headline are about one event, unless the whole window has the same headline.
    A digest has fewer stories before it repeats one that the channel has had while others wait.
    """
    leads = Leads([each.summary for each in window])
    has_headlines = len({each.headline for each in window}) > 1
    picked: list[int] = []
    rest = list(range(len(window)))
    while rest and len(picked) < count:
        least = min(window[each].turn for each in rest)
        taken = {window[each].headline for each in picked} if has_headlines else ()
        others = [
            each
            for each in rest
            if window[each].turn == least
            and window[each].headline not in taken
            and not any(leads.are_of_one_event(each, one) for one in picked)
        ]
        if not others:
            break
        if not window[others[0]].published_at:
            # The headline of most stories first: else only its stories are left at the end of a
            # round.
            counts = Counter(window[each].headline for each in rest if window[each].turn == least)
            most = max(counts[window[each].headline] for each in others)
            others = [each for each in others if counts[window[each].headline] == most]
        stories = [window[each] for each in others]
        first = _first(stories, _after(recent, [window[one] for one in picked]))
        picked.append(window.index(first))
        rest.remove(picked[-1])
    return [window[one] for one in picked]


def rank(window: Sequence[Candidate], recent: Recent) -> Sequence[Candidate]:
    """Return the candidates of a *window* in the order in which to post them.

    Articles that the channel has had least often come first, so no article is repeated before all
    others were posted. But those that it has had recently come last: a story that came late would
    be repeated until it was posted as often as the others. Among equals, articles with the headline
    of the last post come last; the rest keep their order: the newest first, then those without a
    date as they are shuffled.

    The first candidate also meets the conditions of `_first`.
    """
    last = recent.headlines[0] if recent.headlines else None
    first = _first(window, recent)
    ordered = sorted(window, key=lambda each: (*each.turn, each.headline == last))
    return [first, *(each for each in ordered if each is not first)]


def _first(window: Sequence[Candidate], recent: Recent) -> Candidate:
    """Return the candidate that `rank` puts first.

    It should meet two conditions: its question differs from the last few, and the others can follow
    without the same headline twice in a row. If no candidate meets both, the second condition is
    the more important one, and the question is the one that was asked longest ago.
    """
    last = recent.headlines[0] if recent.headlines else None
    lowest = min(each.turn for each in window)
    least = [each for each in window if each.turn == lowest]
    round_ = [each for each in window if each.times == least[0].times]
    equals = [each for each in least if each.headline != last] or least
    if equals[0].published_at:
        # No headline without a date comes before news.
        round_ = [each for each in round_ if each.published_at]
        equals = [each for each in equals if each.published_at]
    # The headlines can be counted only if the window holds every article of this group.
    if len(round_) < _WINDOW:
        counts = Counter([each.headline for each in round_])
        # If no headline has more than half of them, any headline may come first.
        if max(counts.values()) > len(round_) // 2:
            good = {headline for headline in counts if _alternates(counts, headline)}
            equals = [each for each in equals if each.headline in good] or equals
    others = (each for each in equals if _since_alike(each, recent) is None)
    return next(others, None) or max(equals, key=lambda each: _since_alike(each, recent) or 0)


def _since_alike(candidate: Candidate, recent: Recent) -> int | None:
    """Return how many questions came after one like the candidate's; None if it is unlike all."""
    alike = (are_alike(candidate.question, question) for question in recent.questions)
    return next((place for place, is_alike in enumerate(alike) if is_alike), None)


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


def _why(first: Candidate, recent: Recent, order: Order, *, pool: int, before: int) -> str:
    is_digest = order.kind is PostKind.DIGEST
    of = f" of the last {order.max_age_days} days" if order.max_age_days else ""
    if first.times:
        often = "once" if first.times == 1 else f"{first.times} times"
        what = "stories" if is_digest else "questions"
        had = f"All {pool:,} {what}{of} have been here before; this one {often}"
        if before:
            had += f", {before:,} others more often"
    else:
        was = "shown" if is_digest else "asked"
        had = f"Not {was} here yet ({before:,} of {pool:,}{of} so far)"
        if first.is_question_ahead:
            had += ", though its question was, under another story"
    if recent.headlines and recent.headlines[0] != first.headline:
        had += ", and on a different headline from the last one"
    if at := first.published_at:
        return f"{had}. It is the newest of those, published on {at.day} {at:%b %Y}."
    return f"{had}. It is next in this channel's order."


@dataclass(frozen=True, slots=True)
class _Stock:
    """The articles of a pool, before those are left out that its channel has had."""

    size: int
    """How many articles."""
    rows: Sequence[tuple[Candidate, int]] | None
    """All of them in their order, each with its place in the shuffle, if they fit into a window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pool:
    """The articles that a channel's next post may be about."""

    connection: Connection
    channel: tuple[TeamId, ChannelId]
    had: str
    """The common table expression of what the channel has had."""
    table: str
    """The SQL of the pool."""
    values: tuple[object, ...] = ()
    """The parameters of the pool, from $3 on."""
    is_digest: bool = False
    stories: int = 1
    """How many articles one post takes."""
    has_undated: bool = True
    is_fresh: bool = False
    """Whether the pool leaves out what the channel has had."""

    @classmethod
    def of(cls, connection: Connection, team_id: TeamId, channel_id: ChannelId) -> "_Pool":
        """Return the pool of all questions."""
        return cls(
            connection=connection,
            channel=(team_id, channel_id),
            had=_TIMES.format(had=_ASKED),
            table="(SELECT * FROM loaded_article WHERE question <> '') a",
        )

    @classmethod
    async def of_schedule(
        cls,
        connection: Connection,
        schedule: Schedule,
        *,
        last: datetime | None,
        now: datetime,
    ) -> "_Pool":
        """Return the pool of a schedule, without what is not newer than the digest at *last*."""
        is_digest = schedule.kind is PostKind.DIGEST
        table = "loaded_article b"
        conditions = [] if is_digest else ["b.question <> ''"]
        values: list[object] = []
        if schedule.topics:
            table = "topic_pool t JOIN loaded_article b ON b.id = t.article_id"
            values.append(schedule.id)
            conditions.append("t.schedule_id = $3")
        if schedule.max_age_days:
            # Some dates are days without a time, so count whole days.
            first = (now - timedelta(days=schedule.max_age_days)).date()
            values.append(to_text(datetime.combine(first, time(), UTC)))
            conditions.append(f"b.published_at >= ${len(values) + 2}")
        if last:
            (row,) = await connection.fetch(_NEXT_NUMBER, to_text(last - _LATE))
            values += [row["number"], to_text(last - _LOAD), to_text(last - _LATE)]
            number, seen, late = (f"${len(values) + place}" for place in range(3))
            conditions.append(
                f"b.number >= {number} AND b.first_seen_at >= {seen}"
                f" AND (b.published_at IS NULL OR b.published_at > {late})"
            )
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        return cls(
            connection=connection,
            channel=(schedule.team_id, schedule.channel_id),
            had=_TIMES.format(had=_SHOWN if is_digest else _ASKED),
            table=f"(SELECT b.* FROM {table} {where}) a",  # noqa: S608 -- our own text
            values=tuple(values),
            is_digest=is_digest,
            stories=schedule.stories,
            has_undated=not schedule.max_age_days,
            is_fresh=last is not None,
        )

    async def stock(self) -> _Stock:
        """Count the articles, and read them if they are few."""
        (row,) = await self.fetch(_SIZE)
        size: int = row["articles"]
        rows = await self.fetch(_EVERY) if size <= _WINDOW else None
        return _Stock(
            size, None if rows is None else [(_candidate(row), row["shuffle"]) for row in rows]
        )

    async def fetch(self, sql: str, **named: Any) -> Sequence[Row]:
        """Return the rows of *sql*, in which {pool} is the pool and :name a parameter."""
        values = [*self.channel, *self.values]
        for name, value in named.items():
            values.append(value)
            sql = sql.replace(f":{name}", f"${len(values)}")
        return await self.connection.fetch(self.had + sql.format(pool=self.table), *values)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    candidates: Sequence[Candidate]
    counts: dict[int, int]
    """How many articles the channel has had once, twice and so on."""


async def _window(pool: _Pool, stock: _Stock, recent: Recent) -> _Window:
    """Return the first candidates in the channel's order, and the counts.

    Articles that the channel has had least often come first, at most `_WINDOW` in all.
    """
    if stock.rows is None:
        window = await _read_window(pool)
    else:
        # A channel without recent questions has had none, but perhaps stories.
        is_new = not (recent.headlines or pool.is_digest)
        had = () if is_new else await pool.fetch(_HAD_OF_POOL)
        window = _order(pool, stock.rows, {row["article_id"]: row["times"] for row in had})
    candidates, counts = window.candidates, window.counts
    if candidates and candidates[0].times:
        size = min(sum(counts.values()), _WINDOW)
        # Enough are left for a post, of which some may begin the next round.
        most = max(0, min(size // 2, size + 1 - 2 * pool.stories))
        rows = await pool.fetch(_LATEST_SHOWN if pool.is_digest else _LATEST_ASKED, most=most)
        latest = {row["article_id"] for row in rows}
        candidates = [replace(each, is_recent=each.article_id in latest) for each in candidates]
    if recent.questions and not pool.is_digest:
        rows = await pool.connection.fetch(_QUESTIONS, *pool.channel)
        candidates = _with_questions(candidates, rows, min(stock.size, _WINDOW) // 2)
    return _Window(candidates=candidates, counts=counts)


def _with_questions(
    candidates: Sequence[Candidate], asked: Sequence[Row], most: int
) -> Sequence[Candidate]:
    """Return the *candidates* with what is known of their questions.

    *asked* are the questions that the channel was asked, the latest first; *most* of them are
    recent. It matters only if a question was asked more often than its article.
    """
    times: Counter[str] = Counter()
    for row in asked:
        times[bare(row["question"])] += row["times"]
    questions = [bare(each.question) for each in candidates]
    pairs = list(zip(candidates, questions, strict=True))
    if all(times[question] <= each.times for each, question in pairs):
        return candidates
    # A counter keeps the order in which its keys came.
    latest = frozenset(islice(times, most))
    return [
        replace(
            each,
            is_question_recent=question in latest,
            is_question_ahead=times[question] > each.times,
        )
        for each, question in pairs
    ]


def _order(pool: _Pool, rows: Sequence[tuple[Candidate, int]], had: Mapping[str, int]) -> _Window:
    """Return the window of a small pool, as `_read_window` does; *had* is {article id: times}."""
    start = shuffle_position(":".join(pool.channel))

    def place(row: tuple[Candidate, int]) -> tuple[int, bool, bool, bool]:
        each, shuffle = row
        is_undated = each.published_at is None
        return (
            had.get(each.article_id, 0),
            is_undated,
            is_undated and not each.question,
            is_undated and shuffle < start,
        )

    # Stable: among equals, the newest comes first, or else they are as shuffled.
    ordered = [each for each, _ in sorted(rows, key=place)]
    if pool.is_fresh:
        ordered = [each for each in ordered if each.article_id not in had]
    elif had:
        ordered = [replace(each, times=had.get(each.article_id, 0)) for each in ordered]
    return _Window(candidates=ordered, counts=Counter(had.values()))


async def _read_window(pool: _Pool) -> _Window:
    """Return the window of a large pool, of which the database reads only a small part."""
    counts = {row["times"]: row["articles"] for row in await pool.fetch(_COUNTS)}
    start = shuffle_position(":".join(pool.channel))
    ranges = [{"low": start, "high": SHUFFLE_SIZE}, {"low": 0, "high": start}]
    tiers = _UNDATED_TIERS_OF_DIGEST if pool.is_digest else _UNDATED_TIERS
    queries: list[tuple[str, dict[str, int]]] = [(_DATED, {})]
    if pool.has_undated:
        queries += ((sql, bounds) for sql in tiers for bounds in ranges)
    candidates: list[Candidate] = []
    for times in (0,) if pool.is_fresh else (0, *counts):
        for sql, bounds in queries:
            room = _WINDOW - len(candidates)
            if not room:
                break
            rows = await pool.fetch(f"{sql} LIMIT :room", times=times, room=room, **bounds)
            candidates += (_candidate(row, times) for row in rows)
    return _Window(candidates=candidates, counts=counts)


def _candidate(row: Row, times: int = 0) -> Candidate:
    at = row["published_at"]
    return Candidate(
        article_id=row["id"],
        headline=row["headline"],
        summary=row["summary"],
        question=row["question"],
        published_at=to_instant(at) if at else None,
        times=times,
    )


async def _recent(connection: Connection, team_id: TeamId, channel_id: ChannelId) -> Recent:
    channel = team_id, channel_id
    return (await _recents(connection, [channel])).get(channel, Recent())


async def _recents(
    connection: Connection, channels: Sequence[tuple[TeamId, ChannelId]]
) -> Mapping[tuple[TeamId, ChannelId], Recent]:
    """Return the last questions of each channel that was asked any."""
    asked: dict[tuple[TeamId, ChannelId], list[Row]] = {}
    for row in await connection.fetchmany(_RECENT, [(*each, _APART) for each in channels]):
        asked.setdefault((row["team_id"], row["channel_id"]), []).append(row)
    return {
        channel: Recent(
            headlines=tuple(row["headline"] for row in rows),
            questions=tuple(row["question"] for row in rows),
        )
        for channel, rows in asked.items()
    }
