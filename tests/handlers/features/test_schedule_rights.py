"""One rule for who may change a schedule: in the command, the menus, the lists and the form."""

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.workspace import Fault
from handlers.button_value import Value
from handlers.features.dependencies import Options
from handlers.features.schedule_actions import ScheduleActions
from handlers.features.schedule_rights import ScheduleRights
from handlers.ids import Action
from handlers.parsing.schedule_order import order_of
from handlers.parsing.sub_commands import MenuWord
from handlers.slack.people import FullMember
from handlers.views.question import MENU_PAUSE, MENU_SKIP
from store import Store, open_store
from store.types import (
    FOREVER,
    ChannelId,
    Order,
    ParleyError,
    Post,
    PostKind,
    Schedule,
    TeamId,
    Timetable,
    UserId,
)
from tests.conftest import StoppedClock
from tests.handlers.conftest import Slack, dm, labels, texts
from tests.handlers.features.test_schedule_actions import choose, tick
from tests.handlers.features.test_schedule_form import choice, edited, listed, menus, values
from tests.ids import ANA, BEN, CHLOE, GENERAL, TEAM
from tests.schedules import schedule_of

_REFUSED = "Only its owner"
_ON = "/digest on 09:30 daily UTC"


async def schedule(slack: Slack) -> Schedule | None:
    return await schedule_of(slack.parley.store, TEAM, GENERAL)


async def its(slack: Slack) -> Schedule:
    """Return the schedule of the general channel, which is there."""
    found = await schedule(slack)
    assert found
    return found


@pytest.fixture
async def chloes(slack: Slack) -> Slack:
    """A daily question of Chloe's in the general channel. Ana is an admin, and Ben is neither."""
    await slack.type(_ON, user=CHLOE)
    return slack


def told(slack: Slack, user: UserId) -> list[dict[str, Any]]:
    """Return the messages to a person about a schedule of theirs."""
    return [
        one
        for one in slack.public(dm(user))
        if "your schedule" in one["text"] or "the schedule" in one["text"]
    ]


# --- the same rule everywhere --------------------------------------------------------------------


async def by_command(slack: Slack, user: UserId) -> str:
    return texts(await slack.type("/digest pause", user=user))


async def by_menu_of_a_post(slack: Slack, user: UserId) -> str:
    if not slack.public():
        slack.clock.forward(minutes=91)
        await tick(slack)
    return await choose(slack, slack.public()[-1], MENU_PAUSE, user=user)


async def by_list(slack: Slack, user: UserId) -> str:
    return await from_chloes_list(slack, "Pause", user)


async def by_form(slack: Slack, user: UserId) -> str:
    return await from_chloes_list(slack, "Edit", user)


async def from_chloes_list(slack: Slack, label: str, user: UserId) -> str:
    """Choose from Chloe's list, but as *user*; return what is shown then."""
    (shown,) = await slack.type("/digest", user=CHLOE)
    slack.in_place_of = {CHLOE: user}
    slack.workspace.views.stack(CHLOE).clear()
    option = choice(shown, label)
    seen = await slack.press(Action.DIGEST_CHANGE, shown, user=CHLOE, selected_option=option)
    slack.in_place_of = {}
    modal = slack.modal(CHLOE)
    return texts([modal] if modal else seen[-1:])


@pytest.mark.parametrize("way", [by_command, by_menu_of_a_post, by_list, by_form])
async def test_every_way_asks_the_same_rule(chloes: Slack, way: Any) -> None:
    channel = chloes.workspace.channels[GENERAL]
    channel.creator = "U0NOBODY"
    reply = await way(chloes, BEN)
    assert _REFUSED in reply
    assert "You can skip its next post: `/digest skip daily-question`" in reply
    assert not (await its(chloes)).is_paused
    # Slack makes the creator of a channel its manager, while they are in it.
    channel.creator = BEN
    chloes.clock.forward(minutes=6)
    assert _REFUSED not in await way(chloes, BEN)
    await chloes.type("/digest resume", user=CHLOE)
    chloes.workspace.remove(GENERAL, BEN)
    assert "I don't see you in that channel" in await way(chloes, BEN)
    for user in (ANA, CHLOE):
        await chloes.type("/digest resume", user=CHLOE)
        assert _REFUSED not in await way(chloes, user)


async def test_nothing_is_changed_when_slack_does_not_name_the_manager(chloes: Slack) -> None:
    chloes.workspace.faults.add(
        Fault(method="conversations.info", kind="html", status=503, times=None)
    )
    (answer,) = await chloes.type("/digest pause", user=BEN)
    assert "I can't check with Slack who you are" in answer["text"]
    assert not (await its(chloes)).is_paused


@pytest.mark.parametrize(
    ("words", "back"),
    [("skip", "unskip"), ("skip tomorrow", "unskip"), ("pause until tomorrow", "resume")],
)
async def test_anybody_in_the_channel_leaves_out_the_next_post(
    chloes: Slack, words: str, back: str
) -> None:
    chloes.clock.forward(minutes=91)
    await tick(chloes)
    words = words.replace("pause until tomorrow", "pause until 26 Nov")
    assert _REFUSED not in texts(await chloes.type(f"/digest {words}", user=BEN))
    before = await chloes.parley.store.planning.upcoming(await its(chloes), 1)
    assert before[-1].occurrence.due_on == date(2026, 11, 26)
    assert _REFUSED not in texts(await chloes.type(f"/digest {back}", user=BEN))
    after = await chloes.parley.store.planning.upcoming(await its(chloes), 1)
    assert after[-1].occurrence.due_on == date(2026, 11, 25)


@pytest.mark.parametrize(
    "words", ["skip next 2", "skip 27 Nov", "pause", "pause until 2 Jan", "off", "owner me"]
)
async def test_no_more_than_that(chloes: Slack, words: str) -> None:
    before = await its(chloes)
    assert _REFUSED in texts(await chloes.type(f"/digest {words}", user=BEN))
    assert await its(chloes) == before


async def test_a_member_adds_a_schedule_instead_of_replacing_one(chloes: Slack) -> None:
    (answer,) = await chloes.type("/digest on 10:00", user=BEN)
    assert labels(answer) == ["Add it"]
    await chloes.press(Action.DIGEST_GUESS, answer, user=BEN)
    found = await chloes.parley.store.schedules.of_channel(TEAM, GENERAL)
    assert {one.name: one.owner_id for one in found} == {
        "daily-question": CHLOE,
        "weekday-question": BEN,
    }


async def test_the_lists_offer_what_a_person_may_do(chloes: Slack) -> None:
    (shown,) = await chloes.type("/digest", user=BEN)
    assert labels(shown) == ["Add another"]
    assert choice(shown, "Skip the next one")
    assert not menus(await listed(chloes, BEN))
    chloes.workspace.channels[GENERAL].creator = BEN
    chloes.clock.forward(minutes=6)
    assert labels((await chloes.type("/digest", user=BEN))[0]) == ["Edit", "Add another"]
    assert menus(await listed(chloes, BEN)) == 1


class TestWithoutTheSetting:
    @pytest.fixture
    def more_settings(self) -> dict[str, Any]:
        return {"anyone_may_skip": False}

    async def test_only_those_who_may_change_it_skip(self, chloes: Slack) -> None:
        for words in ("skip", "pause until tomorrow"):
            answer = texts(await chloes.type(f"/digest {words}", user=BEN))
            assert _REFUSED in answer
            assert "You can skip" not in answer
        chloes.clock.forward(minutes=91)
        await tick(chloes)
        assert _REFUSED in await choose(chloes, chloes.public()[-1], MENU_SKIP, user=BEN)
        (shown,) = await chloes.type("/digest", user=BEN)
        assert not menus(shown)


# --- somebody else's -----------------------------------------------------------------------------


async def test_ending_somebody_else_s_asks_tells_and_can_be_taken_back(chloes: Slack) -> None:
    before = await its(chloes)
    (answer,) = await chloes.type("/digest off", user=ANA)
    assert f"This is <@{CHLOE}>'s schedule" in answer["text"]
    assert labels(answer) == ["End it"]
    assert await its(chloes) == before
    await chloes.press(Action.DIGEST_CONFIRM, answer, user=ANA)
    assert await schedule(chloes) is None
    await tick(chloes)
    (notice,) = told(chloes, CHLOE)
    lead = f"<@{ANA}> has ended your schedule `daily-question` in <#{GENERAL}>: a question at 09:30"
    assert notice["text"].startswith(lead)
    seen = await chloes.press_thrice(Action.DIGEST_GUESS, notice, user=CHLOE, channel=dm(CHLOE))
    assert f"`daily-question` is back in <#{GENERAL}>: a question at 09:30 every day" in texts(seen)
    assert await schedule(chloes) == before
    await tick(chloes)
    (reply,) = told(chloes, ANA)
    assert f"<@{CHLOE}> has taken back what you changed" in reply["text"]
    assert "It is a question at 09:30 every day" in reply["text"]


async def test_replacing_somebody_else_s_asks_tells_and_can_be_taken_back(chloes: Slack) -> None:
    await chloes.type("/digest pause until 2 Jan", user=CHLOE)
    before = await its(chloes)
    (answer,) = await chloes.type("/digest on 18:00 mon", user=ANA)
    assert labels(answer) == ["Replace it"]
    new = "a question at 18:00 on Monday (Europe/Lisbon)"
    assert f"replace it with {new}, called `monday-question`?" in answer["text"]
    assert await its(chloes) == before
    await chloes.press(Action.DIGEST_CONFIRM, answer, user=ANA)
    after = await its(chloes)
    assert (after.owner_id, f"{after.timetable.at:%H:%M}") == (CHLOE, "18:00")
    await tick(chloes)
    (notice,) = told(chloes, CHLOE)
    was = (
        f"<@{ANA}> has changed your schedule `daily-question` in <#{GENERAL}>. It was a question at"
    )
    assert notice["text"].startswith(f"{was} 09:30 every day")
    assert f"It is now {new}." in notice["text"]
    seen = await chloes.press(Action.DIGEST_GUESS, notice, user=CHLOE, channel=dm(CHLOE))
    assert "every day (UTC), paused until Sat 2 Jan 2027" in texts(seen)
    assert await its(chloes) == before
    await tick(chloes)
    (reply,) = told(chloes, ANA)
    assert "It is a question at 09:30 every day" in reply["text"]


async def test_who_ends_it_can_take_it_back_for_the_owner(chloes: Slack) -> None:
    (answer,) = await chloes.type("/digest off", user=ANA)
    (done,) = await chloes.press(Action.DIGEST_CONFIRM, answer, user=ANA)
    await chloes.press(Action.DIGEST_GUESS, done, user=ANA)
    assert (await its(chloes)).owner_id == CHLOE


async def test_the_form_says_whose_it_is_and_the_owner_is_told(chloes: Slack) -> None:
    modal = await edited(chloes, ANA)
    assert f"This is <@{CHLOE}>'s schedule" in texts([modal])
    assert not await chloes.submit(modal, values(time="11:45"), user=ANA)
    assert (await its(chloes)).owner_id == CHLOE
    await tick(chloes)
    assert len(told(chloes, CHLOE)) == 1


async def test_nobody_is_asked_or_told_about_their_own(chloes: Slack) -> None:
    await chloes.type("/digest on 10:00 daily", user=CHLOE)
    await chloes.type("/digest off", user=CHLOE)
    await tick(chloes)
    assert await schedule(chloes) is None
    assert not told(chloes, CHLOE)


# --- the owner -----------------------------------------------------------------------------------


async def test_an_owner_hands_it_over(chloes: Slack) -> None:
    (answer,) = await chloes.type(f"/digest owner <@{BEN}|ben>", user=CHLOE)
    assert f"<@{BEN}> owns it now" in answer["text"]
    await tick(chloes)
    (notice,) = chloes.public(dm(BEN))
    assert notice["text"].startswith(
        f"<@{CHLOE}> made you the owner of the schedule `daily-question`"
    )
    assert not told(chloes, CHLOE)
    assert _REFUSED in texts(await chloes.type("/digest pause", user=CHLOE))
    assert "Paused" in texts(await chloes.type("/digest pause", user=BEN))


async def test_an_admin_who_hands_it_over_is_asked_and_the_owner_told(chloes: Slack) -> None:
    (answer,) = await chloes.type(f"/digest owner <@{BEN}>", user=ANA)
    assert (await its(chloes)).owner_id == CHLOE
    await chloes.press(Action.DIGEST_CONFIRM, answer, user=ANA)
    assert (await its(chloes)).owner_id == BEN
    await tick(chloes)
    (notice,) = told(chloes, CHLOE)
    assert notice["text"] == (
        f"<@{ANA}> has given your schedule `daily-question` in <#{GENERAL}> another owner: a"
        " question at 09:30 every day (UTC). `/digest next` there shows who it is."
    )
    assert f"set up by <@{BEN}>" in texts(await chloes.type("/digest next", user=CHLOE))


@pytest.mark.parametrize(
    ("words", "reply"),
    [
        ("", "Who? As in `/digest owner @name`"),
        ("ben", "Who? As in `/digest owner @name`"),
        (f"<@{CHLOE}>", "owns it already"),
        ("<@{guest}>", "can't own it"),
        ("<@U0PARLEY>", "can't own it"),
        ("<@{away}>", "can't own it"),
    ],
)
async def test_an_owner_is_a_full_member_in_the_channel(
    chloes: Slack, words: str, reply: str
) -> None:
    guest = chloes.workspace.add_person("Gus", is_restricted=True).id
    chloes.workspace.invite(GENERAL, guest)
    away = chloes.workspace.add_person("Dana").id
    before = await its(chloes)
    (answer,) = await chloes.type(
        f"/digest owner {words.format(guest=guest, away=away)}", user=CHLOE
    )
    assert reply in answer["text"]
    assert await its(chloes) == before


async def leave(slack: Slack, user: UserId) -> None:
    """Deactivate a person, and let Parley notice it before the next post."""
    slack.workspace.change_person(user, is_deleted=True)
    slack.clock.forward(minutes=31)
    await tick(slack)
    await slack.settled()


async def test_a_deactivated_owner_s_schedule_goes_to_the_manager(chloes: Slack) -> None:
    chloes.workspace.channels[GENERAL].creator = BEN
    await leave(chloes, CHLOE)
    assert (await its(chloes)).owner_id == BEN
    await tick(chloes)
    (notice,) = chloes.public(dm(BEN))
    assert notice["text"].startswith("Its owner has left, so you are the owner of the schedule")


async def test_or_to_the_owner_of_another_schedule_there(chloes: Slack) -> None:
    chloes.workspace.channels[GENERAL].creator = CHLOE
    await chloes.type("/digest on 18:00 fri digest 3 named friday-digest", user=BEN)
    await leave(chloes, CHLOE)
    found = await chloes.parley.store.schedules.of_channel(TEAM, GENERAL)
    assert [one.owner_id for one in found] == [BEN, BEN]


async def test_a_person_whom_slack_does_not_know_is_passed_over(chloes: Slack) -> None:
    chloes.workspace.channels[GENERAL].creator = CHLOE
    order = replace(order_of(await its(chloes)), name="noon-poll")
    await chloes.parley.store.schedules.set(
        team_id=TEAM,
        channel_id=GENERAL,
        owner_id=UserId("U0NOBODY"),
        order=order,
        now=chloes.clock(),
    )
    await chloes.type("/digest on 18:00 fri digest 3 named friday-digest", user=BEN)
    await leave(chloes, CHLOE)
    found = await chloes.parley.store.schedules.of_channel(TEAM, GENERAL)
    assert {one.name: one.owner_id for one in found} == {
        "daily-question": BEN,
        "noon-poll": "U0NOBODY",
        "friday-digest": BEN,
    }


async def test_or_to_nobody_until_somebody_saves_it(chloes: Slack) -> None:
    chloes.workspace.channels[GENERAL].creator = CHLOE
    await leave(chloes, CHLOE)
    assert (await its(chloes)).owner_id is None
    await chloes.type("/digest on 10:00 daily", user=BEN)
    assert (await its(chloes)).owner_id == BEN


async def test_an_owner_stays_while_slack_does_not_say(chloes: Slack) -> None:
    chloes.parley.directory._drop(TEAM)
    chloes.workspace.faults.add(
        Fault(method="users.info", kind="refuse", error="fatal_error", times=9)
    )
    await leave(chloes, CHLOE)
    assert (await its(chloes)).owner_id == CHLOE
    chloes.workspace.faults.clear()
    chloes.clock.forward(minutes=6)
    await tick(chloes)
    assert (await its(chloes)).owner_id == ANA, "the creator of the channel"


# --- any orders of any people --------------------------------------------------------------------

OWNER, MANAGER, ADMIN, MEMBER, LEFT = (UserId(f"U{name}") for name in "OMAXL")
_IN_CHANNEL = {OWNER, MANAGER, ADMIN, MEMBER}
_C1, _T1 = ChannelId("C1"), TeamId("T1")
_DAYS = 21


@dataclass
class House:
    """A directory of five people; LEFT has created the channel too, and is not in it any more."""

    manager: UserId = MANAGER

    async def creator(self, *_: object) -> UserId:
        return self.manager

    async def full_member(self, team_id: TeamId, user_id: UserId) -> FullMember:
        is_admin = user_id == ADMIN
        return FullMember(team_id=team_id, user_id=user_id, is_admin=is_admin, is_guest=False)

    async def require_present(self, _: TeamId, user_id: UserId, channel_id: ChannelId) -> None:
        assert channel_id == _C1
        if user_id not in _IN_CHANNEL:
            raise ParleyError("not there")

    async def require_parley_in(self, *_: object) -> None:
        pass


def may_change(user_id: UserId, before: Schedule, house: House) -> bool:
    """Return whether the rule lets that person change the schedule: the rule in other words."""
    if user_id in (ADMIN, before.owner_id):
        return True
    return user_id in _IN_CHANNEL and (before.owner_id is None or user_id == house.manager)


class _Teams:
    """Teams whose signatures nobody checks."""

    async def of(self, _: TeamId) -> Any:
        return SimpleNamespace(sign=str)


@dataclass
class Play:
    """One schedule, people who give orders about it, and what came of each."""

    store: Store
    clock: StoppedClock
    house: House
    anyone_may_skip: bool
    actions: ScheduleActions = field(init=False)

    def __post_init__(self) -> None:
        directory: Any = self.house
        parts: Any = SimpleNamespace(directory=directory, teams=_Teams())
        options = Options(clock=self.clock, corpus_path=Path(), keep_misses=timedelta())
        rights = ScheduleRights(directory, self.anyone_may_skip)
        self.actions = ScheduleActions(self.store, parts, options, rights)

    async def schedule(self) -> Schedule | None:
        return await schedule_of(self.store, _T1, _C1)

    async def days(self, schedule: Schedule | None) -> set[date]:
        """Return the dates of the posts of the next three weeks."""
        if schedule is None:
            return set()
        last = self.clock().date() + timedelta(days=_DAYS)
        posts = await self.store.planning.upcoming(schedule, _DAYS)
        dates = {one.occurrence.due_on for one in posts if one.skip_reason is None}
        return {on for on in dates if on <= last}

    async def order(self, what: str, number: int, by: FullMember, *, is_confirmed: bool) -> None:
        schedule = await self.schedule()
        if schedule is None:
            return
        actions, on = self.actions, self.clock().date() + timedelta(days=number)
        every = (OWNER, MANAGER, ADMIN, MEMBER, LEFT)
        timetable = Timetable(at=schedule.timetable.at, weekdays=frozenset({number}), zone="UTC")
        order, to = Order(timetable=timetable), every[number % 5]
        sure = is_confirmed
        orders: dict[str, Callable[[], Awaitable[Any]]] = {
            "skip": lambda: actions.skip(schedule, [on], by=by),
            "skip two": lambda: actions.skip(schedule, [on, on + timedelta(days=1)], by=by),
            "skip next": lambda: actions.skip_next(schedule, by=by),
            "unskip": lambda: actions.unskip(schedule, (), number=number, by=by),
            "pause": lambda: actions.pause(schedule, on, by=by),
            "stop": lambda: actions.pause(schedule, FOREVER, by=by),
            "resume": lambda: actions.resume(schedule, by=by),
            "off": lambda: actions.off(schedule, by=by, is_confirmed=sure),
            "on": lambda: actions.set_up(
                _C1, order=order, by=by, schedule_id=schedule.id, is_confirmed=sure
            ),
            "owner": lambda: actions.hand_over(schedule, to, by=by, is_confirmed=sure),
        }
        await orders[what]()

    async def notices(self) -> Sequence[Post]:
        later = self.clock() + timedelta(days=1)
        return [one for one in await self.store.posts.open(later) if one.kind.is_notice]


WHATS = (
    "skip",
    "skip two",
    "skip next",
    "unskip",
    "pause",
    "stop",
    "resume",
    "off",
    "on",
    "owner",
)
ORDERS = st.lists(
    st.tuples(
        st.sampled_from([OWNER, MANAGER, ADMIN, MEMBER, LEFT]),
        st.sampled_from(WHATS),
        st.integers(0, 6),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=25, deadline=None)
@given(orders=ORDERS, creator=st.sampled_from([MANAGER, LEFT]), anyone=st.booleans())
def test_any_orders_of_any_people_leave_what_the_rule_allows(
    loaded: Path, orders: Sequence[tuple[UserId, str, int, bool]], creator: UserId, anyone: bool
) -> None:
    async def run(folder: str) -> None:
        async with open_store(f"sqlite:///{shutil.copy(loaded, folder)}") as store:
            clock = StoppedClock()
            daily = Timetable(at=clock().time(), weekdays=frozenset(range(7)), zone="UTC")
            await store.schedules.set(
                team_id=_T1,
                channel_id=_C1,
                owner_id=OWNER,
                order=Order(timetable=daily),
                now=clock(),
            )
            play = Play(store, clock, House(creator), anyone)
            for user_id, what, number, is_confirmed in orders:
                clock.forward(seconds=1)
                before = await play.schedule()
                if before is None:
                    break
                days, told = await play.days(before), len(await play.notices())
                member = await play.house.full_member(_T1, user_id)
                with suppress(ParleyError):
                    await play.order(what, number, member, is_confirmed=is_confirmed)
                after = await play.schedule()
                changed = days ^ await play.days(after)
                is_other = after is None or after.owner_id != before.owner_id
                is_new = is_other or (after and after.timetable != before.timetable)
                if not may_change(user_id, before, play.house):
                    assert not is_new, "nobody else changes what it is or whose"
                    assert len(changed) <= (anyone and user_id in _IN_CHANNEL)
                    assert not changed or changed <= {min(days | changed)}
                if is_new and before.owner_id not in (None, user_id):
                    assert is_confirmed, "somebody else's is asked about first"
                    assert any(
                        str(one.channel_id) == before.owner_id
                        for one in (await play.notices())
                        if one.kind in (PostKind.CHANGED, PostKind.ENDED)
                    )
                    assert len(await play.notices()) > told
                assert after is None or after.owner_id in _IN_CHANNEL

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(folder))


async def test_what_was_shown_lately_gives_no_right(slack: Slack) -> None:
    """The channels of a person are cached for lists, not for changes."""
    await slack.type("/digest on 09:30 daily")
    (listed,) = await slack.type("/digest", user=BEN)
    slack.workspace.remove(GENERAL, BEN)
    (schedule,) = await slack.parley.store.schedules.list(TEAM)
    skip = Value(words=f"{MenuWord.SKIP}:", schedule_id=schedule.id).encode()
    seen = await slack.press(Action.DIGEST_CHANGE, listed, user=BEN, forged=skip)
    assert "I don't see you in that channel" in seen[-1]["text"]
    assert not await slack.parley.store.posts.scheduled(TEAM, GENERAL, since=slack.clock().date())
