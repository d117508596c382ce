"""Schedules of some weeks, of several times a day, and without public holidays."""

from dataclasses import replace
from datetime import date, time
from typing import Any

import pytest

from handlers.ids import Action, Block
from store.types import Schedule
from tests.handlers.conftest import Slack, labels, texts
from tests.handlers.features.test_schedule_form import chosen, edited, opened, option, values
from tests.ids import GENERAL, TEAM


async def schedules(slack: Slack) -> list[Schedule]:
    return [*await slack.parley.store.schedules.of_channel(TEAM, GENERAL)]


async def test_every_other_friday_is_asked_back_and_then_kept(slack: Slack) -> None:
    (asked,) = await slack.type("/digest on 09:30 every other friday")
    assert len(labels(asked)) == 2
    assert not await schedules(slack)
    shown = await slack.press(f"{Action.DIGEST_GUESS}_1", asked)
    assert "every other week from Fri 4 Dec 2026" in texts(shown[-1:])
    (schedule,) = await schedules(slack)
    assert schedule.next.due_on == date(2026, 12, 4)
    assert schedule.timetable.every_weeks == 2


async def test_the_next_posts_are_those_of_the_month(slack: Slack) -> None:
    await slack.type("/digest on 09:30 first monday of the month UTC")
    (shown,) = await slack.type("/digest next")
    for day in ("Mon 7 Dec", "Mon 4 Jan", "Mon 1 Feb"):
        assert day in texts([shown])
    assert "on the first Monday of the month" in texts([shown])


async def test_public_holidays_of_a_country_have_no_post(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily UTC except holidays US")
    (shown,) = await slack.type("/digest next")
    assert "no post (Thanksgiving Day)" in texts([shown])
    slack.clock.forward(days=2, hours=2)
    await slack.parley.ticker.tick()
    assert not slack.public()
    slack.clock.forward(days=1)
    await slack.parley.ticker.tick()
    assert len(slack.public()) == 1


async def test_holidays_can_be_taken_in_again(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily UTC except holidays US")
    await slack.type("/digest on 09:30 daily UTC and holidays")
    (shown,) = await slack.type("/digest next")
    assert "Thanksgiving" not in texts([shown])


async def test_a_schedule_is_taken_back_as_it_was(slack: Slack) -> None:
    await slack.type("/digest on 09:30 last friday of the month UTC except holidays PT")
    (before,) = await schedules(slack)
    (off,) = await slack.type("/digest off")
    await slack.press(Action.DIGEST_GUESS, off)
    (after,) = await schedules(slack)
    assert (after.timetable, after.holidays) == (before.timetable, before.holidays)


async def test_several_times_a_day_are_several_schedules(slack: Slack) -> None:
    (asked,) = await slack.type("/digest on 09:30, 12:00 and 15:00 weekdays UTC")
    assert labels(asked) == ["Start all 3"]
    await slack.press(Action.DIGEST_GUESS, asked)
    found = await schedules(slack)
    assert [f"{one.timetable.at:%H:%M}" for one in found] == ["09:30", "12:00", "15:00"]
    assert len({one.name for one in found}) == 3


async def test_today_has_no_post_in_a_week_without(slack: Slack) -> None:
    await slack.type("/digest on 09:30 every other tuesday from 1 dec UTC")
    (shown,) = await slack.type("/digest now today")
    assert "There is no post on Tue 24 Nov 2026" in texts([shown])


async def test_the_form_shows_and_keeps_weeks_and_holidays(slack: Slack) -> None:
    """The form is opened in a week without a post, three weeks after the first one."""
    await slack.type("/digest on 09:30 every other friday from 27 nov UTC except holidays DE")
    (before,) = await schedules(slack)
    slack.clock.forward(weeks=3)
    form = await edited(slack)
    assert chosen(form, "weeks")["text"]["text"] == "Every other week, from next week"
    assert chosen(form, "holidays") == "DE"
    assert not await slack.submit(form, values(time="10:00"))
    (after,) = await schedules(slack)
    assert after.timetable == replace(before.timetable, at=time(10))
    assert after.holidays == "DE"


async def test_weeks_and_holidays_are_chosen_in_the_form(slack: Slack) -> None:
    filled = values(weekdays=["4"], weeks=option("of -1"), holidays="Germany")
    assert not await slack.submit(await opened(slack), filled)
    (schedule,) = await schedules(slack)
    assert (schedule.next.due_on, schedule.holidays) == (date(2026, 11, 27), "DE")
    (shown,) = await slack.type("/digest next")
    assert "on the last Friday of the month" in texts([shown])
    filled = values(weeks=option("2 2026-11-30"), holidays="")
    assert not await slack.submit(await edited(slack), filled)
    (schedule,) = await schedules(slack)
    assert (schedule.next.due_on, schedule.holidays) == (date(2026, 12, 4), "")


@pytest.mark.parametrize(
    ("fields", "block"),
    [
        ({"holidays": "Narnia"}, Block.HOLIDAYS),
        ({"holidays": "Georgia"}, Block.HOLIDAYS),
        ({"weeks": option("of 1")}, Block.WEEKS),
    ],
)
async def test_what_cannot_be_is_said_at_its_field(
    slack: Slack, fields: dict[str, Any], block: Block
) -> None:
    errors = await slack.submit(await opened(slack), values(**fields))
    assert [*errors] == [block]
    assert not await schedules(slack)


@pytest.mark.parametrize("words", ["except holidays", "except holidays in Narnia"])
async def test_a_country_is_asked_for(slack: Slack, words: str) -> None:
    (shown,) = await slack.type(f"/digest on 09:30 {words}")
    assert "Whose holidays" in texts([shown])
    assert not await schedules(slack)


async def test_a_guessed_region_is_on_the_button(slack: Slack) -> None:
    (shown,) = await slack.type("/digest on 09:30 except holidays Catalonia")
    (label,) = labels(shown)
    assert label.endswith("holidays of Catania, Italy (IT-CT)")
    assert not await schedules(slack)
