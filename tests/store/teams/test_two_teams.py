"""Two teams whose channels and people have the same ids: each sees what it would see alone.

The actions of one team are played alone, and then mixed with those of another team. Every public
method of the store is tried, or is listed in `WITHOUT_TEAM`.

Each play reuses the database of the play before, with its stories and without rows of a team,
because loading the stories takes longer than everything else.
"""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store import Store, open_store
from store.db import Database, open_database
from store.db.schema import LEDGER_TABLE
from store.posting.notices import Told
from store.posting.posts import Outcome, PostedBeforeError
from store.posting.record import NewPost
from store.teams.installations import Installation
from store.types import (
    About,
    ChannelId,
    GoneError,
    Order,
    Post,
    PostKind,
    PostState,
    Schedule,
    TeamId,
    Timetable,
    UserId,
)
from tests.conftest import StoppedClock
from tests.ids import ANA, C1, C2, T1, T2, U1
from tests.machine import NOW

CHANNELS = st.sampled_from([C1, C2])
MAX_NUMBER = 6
"""The largest number that varies an action."""
TODAY = NOW.date()
EVER = NOW - timedelta(days=400)

WITHOUT_TEAM = frozenset(
    [
        # The corpus, its articles, folder and feeds, and the holidays are shared by all teams.
        *(
            f"corpus.{name}"
            for name in ("complete", "find", "like", "read_stored", "search", "stories")
        ),
        *("corpus.near_duplicates", "corpus.switch", "corpus.use"),
        *(
            f"revisions.{name}"
            for name in ("apply", "finish", "follow", "open", "planning", "require_base", "timing")
        ),
        *(f"loads.{name}" for name in ("check", "history", "reload", "undo")),
        *(
            f"feed_loads.{name}"
            for name in ("change", "forget_retired", "holds", "load", "remove", "retire")
        ),
        *(f"questions.{name}" for name in ("as_in_source", "can_write", "like", "write")),
        "questions.take_back",
        *(f"sources.{name}" for name in ("add", "all", "claim_due", "find", "get", "keep")),
        *(
            f"sources.{name}"
            for name in (
                "add_list",
                "names",
                "pause",
                "refresh_now",
                "remove",
                "require_new",
                "resume",
            )
        ),
        *(f"sources.note_{name}" for name in ("failure", "gone", "success", "unchanged")),
        "sources.stories",
        *(f"embedder.{name}" for name in ("read", "run")),
        *(f"articles.{name}" for name in ("get", "get_many", "measure")),
        *(f"articles.{name}" for name in ("count_unasked", "next_unasked")),
        *(f"holidays.{name}" for name in ("between", "replace")),
        *(f"statistics.{name}" for name in ("lag", "ping", "posts", "posts_due")),
        # The retention settings are the same for all teams.
        *("misses.forget", "topic_requests.forget", "posts.delete_old", "idempotency.forget"),
        "personal_data.forget_loaders",
        "personal_data.overwrite_deleted",
        *(f"failed_loads.{name}" for name in ("forget_others", "last", "note")),
        # They belong to a person who begins to install it, before there is a team.
        *(f"installations.{name}" for name in ("begin", "end")),
    ]
)


class PlayingTeam:
    """One team of a store."""

    def __init__(self, store: Store, team_id: TeamId, clock: Callable[[], Any]) -> None:
        self.store = store
        self.team_id = team_id
        self.clock = clock

    def key(self, channel_id: ChannelId, number: int) -> str:
        """Return the key of one of the team's posts."""
        return f"{self.team_id}:{channel_id}:{number}"

    def plan(self, channel_id: ChannelId, number: int, **more: Any) -> NewPost:
        return NewPost(
            key=self.key(channel_id, number),
            team_id=self.team_id,
            channel_id=channel_id,
            kind=PostKind.QUESTION,
            due_at=NOW,
            asked_by=U1,
            **more,
        )

    async def posts(self) -> list[Post]:
        every = await self.store.posts.open(NOW + timedelta(days=400))
        return [one for one in every if one.team_id == self.team_id]

    async def schedule(self, channel_id: ChannelId) -> Schedule | None:
        schedules = await self.store.schedules.of_channel(self.team_id, channel_id)
        return schedules[0] if schedules else None


async def set_up(team: PlayingTeam, channel_id: ChannelId, number: int) -> Any:
    before = await team.schedule(channel_id)
    return await team.store.schedules.set(
        team_id=team.team_id,
        schedule_id=before.id if before else "",
        channel_id=channel_id,
        owner_id=U1,
        now=team.clock(),
        order=Order(
            timetable=Timetable(at=time(9 + number), weekdays=frozenset(range(7)), zone="UTC"),
            topics=("geneva",) if number else (),
        ),
    )


async def pause(team: PlayingTeam, channel_id: ChannelId, number: int) -> Any:
    until = TODAY + timedelta(days=number)
    if schedule := await team.schedule(channel_id):
        await team.store.schedules.pause(schedule, until=until)


async def resume(team: PlayingTeam, channel_id: ChannelId, _: int) -> Any:
    if schedule := await team.schedule(channel_id):
        await team.store.schedules.resume(schedule)


async def stop(team: PlayingTeam, channel_id: ChannelId, _: int) -> Any:
    return await team.store.schedules.stop(
        team.team_id, channel_id, error="is_archived", now=team.clock()
    )


async def remove(team: PlayingTeam, channel_id: ChannelId, _: int) -> Any:
    schedule = await team.schedule(channel_id)
    return schedule and await team.store.schedules.remove(schedule)


async def hand_over(team: PlayingTeam, channel_id: ChannelId, number: int) -> Any:
    about = About(channel_id=channel_id, what="a question")
    told = Told(about=about, by=U1 if number % 2 else None, now=team.clock())
    schedule = await team.schedule(channel_id)
    return schedule and await team.store.schedules.hand_over(schedule, ANA, told=told)


async def plan(team: PlayingTeam, channel_id: ChannelId, number: int) -> Any:
    article = await team.store.choice.next(team.team_id, channel_id, place=number)
    made = team.plan(channel_id, number, article_id=article.id if article else None)
    return await team.store.posts.plan(made, now=team.clock())


async def press(team: PlayingTeam, channel_id: ChannelId, number: int) -> Any:
    article = await team.store.choice.next(team.team_id, channel_id, place=number)
    made = team.plan(channel_id, number, article_id=article.id if article else None)
    try:
        return await team.store.posts.plan_unless_posted(made, since=None, now=team.clock())
    except PostedBeforeError as error:
        return error.post


async def now(team: PlayingTeam, channel_id: ChannelId, number: int) -> Any:
    if schedule := await team.schedule(channel_id):
        key = f"{team.key(channel_id, number)}:now" if number else None
        return await team.store.planning.plan_now(schedule, by=U1, now=team.clock(), key=key)
    return None


async def skip(team: PlayingTeam, channel_id: ChannelId, number: int) -> Any:
    on = TODAY + timedelta(days=number)
    return await team.store.posts.skip(team.plan(channel_id, number, due_on=on), now=team.clock())


async def unskip(team: PlayingTeam, channel_id: ChannelId, number: int) -> Any:
    return await team.store.posts.unskip(team.team_id, team.key(channel_id, number))


async def seen(team: PlayingTeam, channel_id: ChannelId, number: int) -> Any:
    key = team.key(channel_id, number)
    return await team.store.posts.seen(team.team_id, key, now=team.clock())


async def not_there(team: PlayingTeam, channel_id: ChannelId, number: int) -> Any:
    key = team.key(channel_id, number)
    return await team.store.posts.not_there(team.team_id, key, now=team.clock())


async def take_back(team: PlayingTeam, channel_id: ChannelId, number: int) -> Any:
    """Delete a post that is sent."""
    posts = team.store.posts
    post = await posts.get(team.team_id, team.key(channel_id, number))
    if post and post.state is PostState.SENT:
        stories = await posts.close_thread(post, now=team.clock())
        await posts.take_back([post, *stories], now=team.clock())
        return [story.key for story in stories]
    return None


async def send(team: PlayingTeam, channel_id: ChannelId, number: int) -> Any:
    """Send every open post; the messages of both teams have the same timestamps."""
    posts, at = team.store.posts, team.clock()
    for post in await team.posts():
        if claim := await posts.claim(post, owner="me", now=at):
            await posts.record(
                claim, Outcome(PostState.SENT, message_ts=f"{number}.{channel_id}"), now=at
            )


async def post(team: PlayingTeam, channel_id: ChannelId, number: int) -> Any:
    await plan(team, channel_id, number)
    await send(team, channel_id, number)


async def fail(team: PlayingTeam, _: ChannelId, number: int) -> Any:
    """Claim every open post, and record another end of its call."""
    posts, at = team.store.posts, team.clock()
    later = at + timedelta(minutes=1)
    for post in await team.posts():
        claim = await posts.claim(post, owner="me", now=at)
        if claim is None:
            continue
        match number:
            case 0:
                await posts.record(
                    claim, Outcome(PostState.PLANNED, error="ratelimited", until=later), now=at
                )
            case 1:
                await posts.record(
                    claim,
                    Outcome(PostState.UNKNOWN, error="TimeoutError", until=at, is_unanswered=True),
                    now=at,
                )
            case 2:
                await posts.record(claim, Outcome(PostState.FAILED, error="no_text"), now=at)
            case 3:
                await posts.record(
                    claim,
                    Outcome(PostState.FAILED, error="not_in_channel", stops_schedule=True),
                    now=at,
                )
            case 4:
                await posts.record(claim, Outcome(PostState.MISSED, error="too late"), now=at)
            case 5:
                await posts.record(
                    claim, Outcome(PostState.UNKNOWN, error="", until=at, is_absent=True), now=at
                )
            case _:
                await posts.record(claim, Outcome(PostState.UNKNOWN, error="no answer"), now=at)


async def count(team: PlayingTeam, _: ChannelId, number: int) -> Any:
    """Count the replies that are due, or find that they cannot be counted."""
    reply_counts = team.store.reply_counts
    for one in await reply_counts.due(team.clock()):
        if one.team_id == team.team_id and await reply_counts.claim(one, now=team.clock()):
            match number:
                case 0:
                    await reply_counts.fail(one, "timeout")
                case 1:
                    await reply_counts.cancel(one, "deleted")
                case 2:
                    await reply_counts.cancel_channel(one, "not_in_channel")
                case _:
                    await reply_counts.record(one, replies=number, people=1)


async def miss(team: PlayingTeam, _: ChannelId, number: int) -> Any:
    team.store.misses.add(team.team_id, at=team.clock())
    await team.store.misses.write()
    once = f"pizza {number}"
    await team.store.topic_requests.add(team.team_id, "pizza", by=once, now=team.clock())


async def once(team: PlayingTeam, channel_id: ChannelId, number: int) -> Any:
    return await team.store.idempotency.claim(
        team.team_id, f"{channel_id} {number}", now=team.clock()
    )


async def install(team: PlayingTeam, _: ChannelId, number: int) -> Any:
    await team.store.installations.save(
        Installation(
            team_id=team.team_id,
            name="Harbour",
            bot_id="B1",
            bot_user_id=UserId("U0"),
            scopes=("commands",),
            token=f"ciphertext {number}",
            installed_at=team.clock(),
        )
    )


async def replace_token(team: PlayingTeam, _: ChannelId, __: int) -> Any:
    if found := await team.store.installations.find(team.team_id):
        await team.store.installations.replace_token(found, f"{found.token} renewed")


async def give_up(team: PlayingTeam, _: ChannelId, __: int) -> Any:
    if found := await team.store.installations.find(team.team_id):
        await team.store.installations.give_up(found)


async def forget(team: PlayingTeam, _: ChannelId, __: int) -> Any:
    if found := await team.store.installations.find(team.team_id):
        await team.store.installations.forget(found)


async def erase(team: PlayingTeam, _: ChannelId, number: int) -> Any:
    await team.store.personal_data.forget(team.team_id, U1 if number else None)


ACTIONS: Sequence[Callable[[PlayingTeam, ChannelId, int], Awaitable[Any]]] = [
    *(
        set_up,
        pause,
        resume,
        stop,
        remove,
        hand_over,
        plan,
        press,
        now,
        skip,
        unskip,
        seen,
        not_there,
        take_back,
        send,
    ),
    *(post, post, fail, count),
    *(miss, once, install, replace_token, give_up, forget, erase),
]


async def view(team: PlayingTeam) -> dict[str, Any]:
    """Return everything that the team can see."""
    store, team_id = team.store, team.team_id
    seen: dict[str, Any] = {
        "schedules": await store.schedules.list(team_id),
        "by team": (await store.schedules.by_team()).get(team_id, []),
        "watched": [one for one in await store.schedules.watched(NOW) if one.team_id == team_id],
        "open": await team.posts(),
        "misses": await store.misses.number(team_id, since=EVER),
        "requests": await store.topic_requests.list(team_id, since=EVER),
        "installation": await store.installations.find(team_id),
        "listed": [one for one in await store.installations.list() if one.team_id == team_id],
    }
    for who in (None, U1):
        exported = await store.personal_data.export(team_id, who)
        seen[f"exported {who}"] = {table: sorted(map(repr, exported[table])) for table in exported}
        seen[f"effects {who}"] = await store.personal_data.effects(team_id, who)
    other = T2 if team_id == T1 else T1
    seen["but the other"] = await store.posts.open(NOW + timedelta(days=400), but=[other])
    for channel_id in (C1, C2):
        scheduled = await store.posts.scheduled(team_id, channel_id, since=date(2026, 1, 1))
        article_ids = [post.article_id for post in scheduled if post.article_id]
        seen[channel_id] = [
            scheduled,
            [await store.posts.stories(team_id, one.key) for one in scheduled],
            [await store.choice.next(team_id, channel_id, place=place) for place in range(3)],
            await store.choice.last_asked(team_id, channel_id, article_ids),
            await store.reply_counts.asked(team_id, [channel_id], since=EVER),
            [
                await store.posts.get(team_id, team.key(channel_id, one))
                for one in range(MAX_NUMBER + 1)
            ],
            [
                await store.posts.by_message(team_id, channel_id, f"{number}.{channel_id}")
                for number in range(MAX_NUMBER + 1)
            ],
        ]
        if schedule := await team.schedule(channel_id):
            seen[channel_id] += [
                await store.planning.preview(schedule, now=NOW),
                await store.planning.upcoming(schedule, 3),
                await store.planning.coming([schedule], now=NOW),
                await store.posts.last_scheduled(schedule, now=NOW + timedelta(days=9)),
                await store.posts.is_extra_since(schedule, EVER, but=""),
            ]
            # The id of another team's schedule finds nothing.
            assert await store.schedules.get(other, schedule.id) is None
        # The key of another team's post finds nothing.
        theirs = f"{other}:{channel_id}:0"
        assert await store.posts.get(team_id, theirs) is None
        assert not await store.posts.stories(team_id, theirs)
        assert not await store.posts.unskip(team_id, theirs)
        assert not await store.posts.seen(team_id, theirs, now=NOW)
        assert await store.posts.not_there(team_id, theirs, now=NOW) is None
    return seen


Action = tuple[str, int, ChannelId, int]
TIME = "time"
FIRST_ACTIONS: Sequence[Action] = [
    (team_id, ACTIONS.index(action), C1, 1)
    for team_id in (T1, T2)
    for action in (install, set_up, post, miss, once)
]
"""Played first, so that the other actions have rows to work on."""


SHARED_TABLES = frozenset(
    [
        *(LEDGER_TABLE, "revision", "document", "article", "past_document", "past_article"),
        *("segment", "derived", "topic", "topic_article", "embedding", "staging", "removal"),
    ]
)
"""The tables of the corpus; all other tables must be empty when no team is left."""


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A database with stories, and its URL."""

    url: str
    database: Database


async def clear(database: Database) -> set[str]:
    """Delete every row that belongs to a team, and return the tables that had any."""
    async with database.transaction() as connection:
        found = set()
        for table in reversed(await database.tables()):
            if table not in SHARED_TABLES:
                if await connection.fetch(f"SELECT 1 FROM {table} LIMIT 1"):
                    found.add(table)
                await connection.execute(f"DELETE FROM {table}")
        return found


async def play(
    loaded: Loaded, actions: Sequence[Action], only: str | None, *, is_shared: bool
) -> list[dict[str, Any]]:
    await clear(loaded.database)
    clock = StoppedClock()
    async with open_store(loaded.url, is_shared=is_shared) as store:
        teams = {one: PlayingTeam(store, one, clock) for one in (T1, T2)}
        done: dict[str, list[Any]] = {one: [] for one in teams}
        for who, what, channel_id, number in (*FIRST_ACTIONS, *actions):
            if who == TIME:
                clock.forward(hours=13)
                await store.planning.plan_some(clock())
                await store.planning.plan_due(clock())
                await store.reply_counts.due(clock())
            elif only in (None, who):
                try:
                    done[who].append(await ACTIONS[what](teams[TeamId(who)], channel_id, number))
                except GoneError as error:
                    done[who].append(str(error))
        seen = [
            {"done": done[one], **await view(team)}
            for one, team in teams.items()
            if only in (None, one)
        ]
        for team in teams.values():
            await install(team, C1, 0)
            await forget(team, C1, 0)
    assert not await clear(loaded.database)
    return seen


@pytest.fixture
async def loaded(database_url: str, tmp_path: Path) -> AsyncIterator[Loaded]:
    story = "Talks in Geneva {0}\n\nEnvoys of {0} met.\nIt takes {0}.\nWho hosts {0}?\n"
    for number in range(5):
        (tmp_path / f"{number}.txt").write_text(story.format(f"city{number}"))
    async with open_store(database_url) as store:
        await store.loads.reload(tmp_path, by="terminal", at=NOW)
    async with open_database(database_url) as database:
        yield Loaded(url=database_url, database=database)


# Examples share the database, so each play clears it first.
@settings(
    max_examples=8,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    actions=st.lists(
        st.tuples(
            st.sampled_from(["T1", "T2", TIME]),
            st.integers(0, len(ACTIONS) - 1),
            CHANNELS,
            st.integers(0, MAX_NUMBER),
        ),
        min_size=10,
        max_size=40,
    ),
    is_shared=st.booleans(),
)
async def test_no_team_sees_or_changes_another(
    loaded: Loaded, actions: list[Action], is_shared: bool
) -> None:
    first, second = await play(loaded, actions, None, is_shared=is_shared)
    assert [first] == await play(loaded, actions, "T1", is_shared=is_shared)
    assert [second] == await play(loaded, actions, "T2", is_shared=is_shared)


def test_every_method_of_the_store_is_tried() -> None:
    every = {
        f"{part}.{name}"
        for part, kind in get_type_hints(Store).items()
        for name, _ in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_")
    }
    sources: Sequence[Callable[..., Any]] = (
        *ACTIONS,
        view,
        play,
        PlayingTeam.posts,
        PlayingTeam.schedule,
    )
    text = "".join(inspect.getsource(one) for one in sources)
    for name in ("posts", "reply_counts"):
        text = text.replace(f" {name}.", f"store.{name}.")
    called = {one for one in every if f"store.{one}(" in text}
    assert called | WITHOUT_TEAM == every
