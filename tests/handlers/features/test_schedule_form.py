"""The `/digest` form: its initial values, its checks of each field, and saving it."""

from typing import Any

import pytest

from bot.workspace import Fault
from handlers.ids import Action, Block, Field
from handlers.parsing import zones
from handlers.parsing.schedule_order import order_of, parse_order
from tests.handlers.conftest import Slack, dm, labels, texts
from tests.ids import ANA, BEN, CHLOE, GENERAL, LEADERS, RANDOM, TEAM, WORLD
from tests.machine import NOW
from tests.schedules import schedule_of


async def opened(slack: Slack, user: str = ANA, channel: str = GENERAL) -> dict[str, Any]:
    """Type `/digest`, and return the modal that opens."""
    assert not await slack.type("/digest", user=user, channel=channel)
    modal = slack.modal(user)
    assert modal
    return modal


async def edited(slack: Slack, user: str = ANA, channel: str = GENERAL) -> dict[str, Any]:
    """Type `/digest`, choose *Edit* in the menu of the only schedule, and return the modal."""
    (answer,) = await slack.type("/digest", user=user, channel=channel)
    edit = choice(answer, "Edit")
    await slack.press(
        Action.DIGEST_CHANGE, answer, user=user, channel=channel, selected_option=edit
    )
    modal = slack.modal(user)
    assert modal
    return modal


def values(**fields: Any) -> dict[str, Any]:
    """Return the state of a form in which somebody filled in *fields*, named as their blocks."""
    names = {
        "channel": "selected_conversation",
        "time": "selected_time",
        "kind": "selected_option",
        "stories": "selected_option",
        "news": "selected_option",
        "max_age": "selected_option",
        "zone": "selected_option",
        "weekdays": "selected_options",
        "topics": "selected_options",
        "weeks": "selected_option",
        "holidays": "value",
        "name": "value",
    }
    return {
        Block[name.upper()]: {Field[name.upper()]: {names[name]: value}}
        for name, value in fields.items()
    }


def option(value: str) -> dict[str, Any]:
    return {"text": {"type": "plain_text", "text": value}, "value": value}


def chosen(view: dict[str, Any], name: str) -> Any:
    (state,) = view["state"]["values"][Block[name.upper()]].values()
    state = {key: value for key, value in state.items() if key != "type"}
    (value,) = state.values()
    return value


async def of_digest(slack: Slack) -> dict[str, Any]:
    """Open the form and choose a digest, which shows its fields."""
    modal = await slack.press_in(await opened(slack), Field.KIND, selected_option="digest")
    assert modal
    return modal


async def saved(slack: Slack, modal: dict[str, Any], filled: dict[str, Any]) -> str:
    """Submit the form, which closes, and return the text of the confirmation in the channel."""
    before = len(slack.workspace.messages(GENERAL, ANA))
    assert not await slack.submit(modal, filled)
    assert not slack.modal()
    return texts(slack.workspace.messages(GENERAL, ANA)[before:])


def shown_fields(view: dict[str, Any]) -> set[str]:
    return {block["block_id"] for block in view["blocks"]}


async def test_a_question_hides_what_is_of_a_digest_and_keeps_the_rest(slack: Slack) -> None:
    of_digest = {Block.STORIES, Block.NEWS}
    modal = await opened(slack)
    assert not of_digest & shown_fields(modal)
    slack.workspace.views[modal["id"]].values[Block.TIME][Field.TIME]["selected_time"] = "11:45"
    for kind, expected in (("digest", of_digest), ("question", set())):
        changed = await slack.press_in(modal, Field.KIND, selected_option=kind)
        assert changed
        assert shown_fields(changed) & of_digest == expected
        assert chosen(changed, "time") == "11:45"
    assert "11:45" in await saved(slack, modal, {})


async def test_it_opens_with_this_channel_and_the_asker_s_zone(slack: Slack) -> None:
    modal = await opened(slack)
    assert chosen(modal, "channel") == GENERAL
    assert chosen(modal, "time") == "09:30"
    assert [option["value"] for option in chosen(modal, "weekdays")] == ["0", "1", "2", "3", "4"]
    assert chosen(modal, "zone")["value"] == "Europe/Lisbon"
    assert chosen(modal, "kind")["value"] == "question"


async def test_a_submitted_schedule_is_saved_and_posts(slack: Slack) -> None:
    filled = values(
        time="10:00",
        weekdays=["1"],
        zone=option("UTC"),
        stories="2",
        topics=[option("Geneva")],
    )
    confirmed = await saved(slack, await of_digest(slack), filled)
    assert (
        f"<#{GENERAL}> will get a digest of 2 stories about Geneva at 10:00 on Tuesday (UTC)"
        in confirmed
    )
    slack.clock.forward(hours=2, minutes=1)
    await slack.parley.ticker.tick()
    assert "Zelenskiy flew" in texts(slack.public())
    assert "Sanctions on timber" in texts(slack.public())


async def test_news_and_their_age_are_saved_and_shown_again(slack: Slack) -> None:
    modal = await of_digest(slack)
    assert (chosen(modal, "news")["value"], chosen(modal, "max_age")["value"]) == ("any", "0")
    filled = values(stories="3", news=option("new or nothing"), max_age=option("7"))
    what = "will get a digest of 3 new stories, if there are any, of the last 7 days"
    assert what in await saved(slack, modal, filled)
    modal = await edited(slack)
    assert chosen(modal, "news")["value"] == "new or nothing"
    assert chosen(modal, "max_age")["value"] == "7"


async def test_an_age_that_was_typed_is_among_those_to_choose(slack: Slack) -> None:
    await slack.type("/digest on 09:30 max age 5 days")
    modal = await edited(slack)
    assert chosen(modal, "max_age")["value"] == "5"
    assert not await slack.submit(modal, values(time="10:00"))
    schedule = await schedule_of(slack.parley.store, TEAM, GENERAL)
    assert schedule
    assert schedule.max_age_days == 5


async def test_another_channel_may_be_chosen(slack: Slack) -> None:
    await slack.submit(await opened(slack), values(channel=WORLD))
    assert await schedule_of(slack.parley.store, TEAM, WORLD)
    assert not await schedule_of(slack.parley.store, TEAM, GENERAL)


async def test_it_shows_the_channel_s_current_schedule(slack: Slack) -> None:
    await slack.type("/digest on 07:15 sat,sun Asia/Tokyo digest 4 about sanctions, gdansk")
    modal = await edited(slack)
    assert chosen(modal, "time") == "07:15"
    assert [option["value"] for option in chosen(modal, "weekdays")] == ["5", "6"]
    assert chosen(modal, "zone")["value"] == "Asia/Tokyo"
    assert chosen(modal, "kind")["value"] == "digest"
    assert chosen(modal, "stories")["value"] == "4"
    assert [option["value"] for option in chosen(modal, "topics")] == ["sanctions", "gdansk"]


async def options(slack: Slack, field: Field, typed: str) -> list[str]:
    modal = slack.modal() or await opened(slack)
    delivery = await slack.workspace.options(ANA, field, typed, view_id=modal["id"])
    assert delivery.acked
    return [option["value"] for option in delivery.answer["options"]]


async def test_topics_are_completed_while_they_are_typed(slack: Slack) -> None:
    assert set(await options(slack, Field.TOPICS, "")) >= {"Geneva", "Gdansk"}
    assert (await options(slack, Field.TOPICS, "gen"))[0] == "Geneva"
    assert "timber" in await options(slack, Field.TOPICS, "timber")
    assert await options(slack, Field.TOPICS, "geneva") == ["Geneva"]
    assert not await options(slack, Field.TOPICS, "x" * 80)


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("", "UTC"),
        ("lisb", "Europe/Lisbon"),
        ("new y", "America/New_York"),
        ("Europe/Kyiv", "Europe/Kyiv"),
        ("lisbom", "Europe/Lisbon"),
        ("EST", "America/New_York"),
        ("WET", "Europe/Lisbon"),
        ("utc+2", "Etc/GMT-2"),
    ],
)
async def test_zones_are_completed_while_they_are_typed(
    slack: Slack, typed: str, first: str
) -> None:
    assert (await options(slack, Field.ZONE, typed))[0] == first


async def test_a_topic_without_a_story_shows_an_error_at_its_field(slack: Slack) -> None:
    modal = await opened(slack)
    errors = await slack.submit(modal, values(topics=[option("kubernetes")]))
    assert errors == {Block.TOPICS: "I have no story on “kubernetes”: please take it out."}
    assert not await slack.parley.store.schedules.list(TEAM)


async def test_it_offers_to_join_a_channel_without_parley(slack: Slack) -> None:
    assert not await slack.submit(await opened(slack), values(channel=RANDOM))
    again = slack.modal()
    assert again
    assert f"I'm not in <#{RANDOM}> yet" in texts([again])
    assert not await schedule_of(slack.parley.store, TEAM, RANDOM)
    assert f"<#{RANDOM}> will get" in await saved(slack, again, {})
    assert await schedule_of(slack.parley.store, TEAM, RANDOM)
    assert slack.workspace.bot_user_id in slack.workspace.channels[RANDOM].members


async def test_a_channel_that_parley_cannot_join_shows_an_error_at_its_field(slack: Slack) -> None:
    errors = await slack.submit(await opened(slack), values(channel=LEADERS))
    assert list(errors) == [Block.CHANNEL]
    assert "/invite @Parley" in errors[Block.CHANNEL]
    assert "`" not in errors[Block.CHANNEL]


async def test_a_channel_of_others_is_not_theirs_to_fill(slack: Slack) -> None:
    slack.workspace.invite(LEADERS, slack.workspace.bot_user_id)
    slack.workspace.remove(LEADERS, BEN)
    modal = await opened(slack, BEN)
    errors = await slack.submit(modal, values(channel=LEADERS), user=BEN)
    assert "I don't see you in that channel" in errors[Block.CHANNEL]


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("zone", {"selected_option": option("Moon/Base")}, "Choose a time zone."),
        ("weekdays", {"selected_options": [option("9")]}, "Choose at least one day."),
        ("time", {"selected_time": "25:00"}, "Choose a time."),
    ],
)
async def test_an_invalid_value_shows_an_error_at_its_field(
    slack: Slack, field: str, value: dict[str, Any], error: str
) -> None:
    modal = await opened(slack)
    view = slack.workspace.views[modal["id"]]
    view.values[Block[field.upper()]] = {Field[field.upper()]: {"type": "x", **value}}
    errors = await slack.submit(modal)
    assert errors == {Block[field.upper()]: error}


async def test_it_is_saved_when_slack_does_not_say_whether_parley_may_post(slack: Slack) -> None:
    """The channel checks before each post will find out later."""
    modal = await opened(slack)
    slack.workspace.faults.add(
        Fault(method="conversations.info", kind="refuse", error="internal_error")
    )
    assert not await slack.submit(modal)
    assert await schedule_of(slack.parley.store, TEAM, GENERAL)


async def test_a_concurrent_edit_shows_what_the_other_person_saved(slack: Slack) -> None:
    await slack.type("/digest on 09:30", user=BEN)
    mine, theirs = await edited(slack), await edited(slack, BEN)
    await slack.submit(theirs, values(time="10:00"), user=BEN)
    assert not await slack.submit(mine, values(time="11:00", topics=[option("Geneva")]))
    again = slack.modal()
    assert again
    assert "Not saved yet" in texts([again])
    assert "a question at 10:00, Monday to Friday (Africa/Accra), next" in texts([again])
    assert f"set up by <@{BEN}>" in texts([again])
    assert chosen(again, "time") == "11:00"
    assert [option["value"] for option in chosen(again, "topics")] == ["Geneva"]
    (schedule,) = await slack.parley.store.schedules.list(TEAM)
    assert f"{schedule.timetable.at:%H:%M}" == "10:00"
    assert not await slack.submit(again)
    (schedule,) = await slack.parley.store.schedules.list(TEAM)
    assert f"{schedule.timetable.at:%H:%M}" == "11:00"


async def test_another_channel_s_schedule_is_shown_before_one_is_added(slack: Slack) -> None:
    await slack.type("/digest on 08:00 daily", user=BEN, channel=WORLD)
    modal = await opened(slack)
    assert not await slack.submit(modal, values(channel=WORLD))
    again = slack.modal()
    assert again
    assert "This channel has a schedule already" in texts([again])
    assert f"<#{WORLD}>: a question at 08:00 every day" in texts([again])
    assert chosen(again, "channel") == WORLD
    assert len(await slack.parley.store.schedules.of_channel(TEAM, WORLD)) == 1
    await slack.submit(again)
    schedules = await slack.parley.store.schedules.of_channel(TEAM, WORLD)
    assert {(one.owner_id, f"{one.timetable.at:%H:%M}") for one in schedules} == {
        (BEN, "08:00"),
        (ANA, "09:30"),
    }


async def test_a_second_schedule_is_no_surprise(slack: Slack) -> None:
    """The form names the first one and can change it instead, and the answer can end it."""
    await slack.type("/digest on 09:30 daily")
    (asked,) = await slack.say("@Parley set up a question every weekday at 10")
    await slack.press(Action.DIGEST_SET, asked)
    modal = slack.modal()
    assert modal
    assert "This channel has a schedule already. Saving adds one more." in texts([modal])
    assert "a question at 09:30 every day" in texts([modal])
    assert chosen(modal, "time") == "10:00"
    assert not await slack.submit(modal)
    answer = slack.workspace.messages(GENERAL, ANA)[-1]
    assert "also has `daily-question`: a question at 09:30 every day" in answer["text"]
    assert labels(answer) == ["Stop daily-question"]
    await slack.press(Action.DIGEST_GUESS, answer)
    (left,) = await slack.parley.store.schedules.list(TEAM)
    assert left.name == "weekday-question"


async def test_an_order_in_the_form_replaces_all_of_a_schedule_but_its_name(slack: Slack) -> None:
    old = "fri 09:30 Asia/Tokyo digest 2 max age 7 days named poll about geneva"
    await slack.type(f"/digest on {old}")
    await slack.type("/digest pause")
    (before,) = await slack.parley.store.schedules.list(TEAM)
    (asked,) = await slack.say("@Parley post a question every weekday at 10")
    await slack.press(Action.DIGEST_SET, asked)
    form = slack.modal()
    assert form
    changed = await slack.press_in(form, Action.DIGEST_SET)
    assert changed
    assert "Saving changes `poll`" in texts([changed])
    assert "are paused. Saving resumes them." in texts([changed])
    assert not await slack.submit(changed)
    (after,) = await slack.parley.store.schedules.list(TEAM)
    ordered = parse_order("10:00 weekdays named poll", zone="Europe/Lisbon", today=NOW.date())
    assert (after.id, order_of(after)) == (before.id, ordered)


async def test_the_form_without_an_order_offers_to_replace_nothing(slack: Slack) -> None:
    await slack.type("/digest on 09:30 fri digest 2 about geneva")
    (listed,) = await slack.type("/digest")
    await slack.press(Action.DIGEST_SET, listed)
    form = slack.modal()
    assert form
    assert "a digest of 2" in texts([form])
    assert labels(form) == []


async def test_a_schedule_that_ended_while_the_form_was_open_is_not_restarted_unasked(
    slack: Slack,
) -> None:
    await slack.type("/digest on 09:30")
    answer = await listed(slack)
    edit = choice(answer, "Edit")
    await slack.press(Action.DIGEST_CHANGE, answer, selected_option=edit)
    modal = slack.modal()
    assert modal
    await slack.type("/digest off")
    await slack.submit(modal, values(time="11:45"))
    again = slack.modal()
    assert again
    assert f"Somebody ended the schedule of <#{GENERAL}> since then" in texts([again])
    assert not await slack.parley.store.schedules.list(TEAM)
    await slack.submit(again)
    assert await slack.parley.store.schedules.list(TEAM)


async def test_a_form_of_a_paused_schedule_says_that_saving_resumes_it(slack: Slack) -> None:
    await slack.type("/digest on 09:30")
    await slack.type("/digest pause")
    modal = await edited(slack)
    assert f"Posts in <#{GENERAL}> are paused. Saving resumes them." in texts([modal])


async def test_an_admin_edits_a_schedule_that_somebody_else_owns(slack: Slack) -> None:
    """The admin need not be in that channel, and the owner does not change."""
    slack.workspace.invite(LEADERS, slack.workspace.bot_user_id)
    await slack.type("/digest on 09:30", user=BEN, channel=LEADERS)
    slack.workspace.remove(LEADERS, ANA)
    answer = await listed(slack)
    edit = choice(answer, "Edit")
    await slack.press(Action.DIGEST_CHANGE, answer, selected_option=edit)
    modal = slack.modal()
    assert modal
    assert not await slack.submit(modal, values(time="11:45"))
    (schedule,) = await slack.parley.store.schedules.list(TEAM)
    assert f"{schedule.timetable.at:%H:%M}" == "11:45"
    assert schedule.owner_id == BEN


async def test_in_a_direct_message_the_form_leaves_the_channel_open(slack: Slack) -> None:
    modal = await opened(slack, channel=dm(ANA))
    assert not chosen(modal, "channel")
    assert Block.CHANNEL in await slack.submit(modal)
    assert not await slack.submit(modal, values(channel=GENERAL))
    assert await schedule_of(slack.parley.store, TEAM, GENERAL)
    assert f"<#{GENERAL}> will get" in texts(slack.public(dm(ANA)))


async def test_an_unknown_zone_is_utc(slack: Slack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Slack may know a zone that this machine does not."""
    monkeypatch.setattr(zones, "_zones", lambda: {"utc": "UTC"})
    modal = await opened(slack)
    assert chosen(modal, "zone")["value"] == "UTC"


async def test_typeahead_options_load_before_anything_is_typed(slack: Slack) -> None:
    """With a longer minimum query, Slack would not ask for options until somebody types."""
    modal = await opened(slack)
    selects = [block["element"] for block in modal["blocks"] if "element" in block]
    external = [select for select in selects if "external" in select["type"]]
    assert [select["min_query_length"] for select in external] == [0, 0]


async def test_guests_change_nothing(slack: Slack) -> None:
    slack.workspace.change_person(BEN, is_restricted=True)
    (answer,) = await slack.type("/digest on 09:30", user=BEN)
    assert answer["text"].startswith("Guests can't change schedules")
    (answer,) = await slack.type("/digest", user=BEN)
    assert answer["text"].startswith("Guests can't change schedules")
    assert not slack.modal(BEN)
    form = await opened(slack, CHLOE)
    slack.workspace.change_person(CHLOE, is_restricted=True)
    slack.clock.forward(minutes=6)
    errors = await slack.submit(form, user=CHLOE)
    assert errors[Block.CHANNEL].startswith("Guests can't change schedules")
    await slack.type("/digest on 09:30")
    (answer,) = await slack.type("/digest next", user=BEN)
    assert "set up by" in answer["text"]


async def listed(slack: Slack, user: str = ANA) -> dict[str, Any]:
    (answer,) = await slack.type("/digest list", user=user)
    return answer


def menus(message: dict[str, Any]) -> int:
    return sum(
        block.get("accessory", {}).get("action_id") == Action.DIGEST_CHANGE
        for block in message["blocks"]
    )


def choice(message: dict[str, Any], label: str) -> str:
    (menu,) = [block["accessory"] for block in message["blocks"] if block.get("accessory")]
    (value,) = [option["value"] for option in menu["options"] if option["text"]["text"] == label]
    return str(value)


async def test_a_schedule_is_edited_from_the_list(slack: Slack) -> None:
    await slack.type("/digest on 09:30", user=BEN, channel=WORLD)
    answer = await listed(slack, BEN)
    edit = choice(answer, "Edit")
    await slack.press(Action.DIGEST_CHANGE, answer, user=BEN, selected_option=edit)
    modal = slack.modal(BEN)
    assert modal
    assert f"For <#{WORLD}>" in texts([modal])
    assert Block.CHANNEL not in modal["state"]["values"]
    await slack.submit(modal, values(time="11:45"), user=BEN)
    assert f"<#{WORLD}>: a question at 11:45" in (await listed(slack))["text"]


async def test_a_schedule_is_ended_from_the_list(slack: Slack) -> None:
    await slack.type("/digest on 09:30")
    answer = await listed(slack)
    end = choice(answer, "Stop")
    seen = await slack.press(Action.DIGEST_CHANGE, answer, selected_option=end)
    assert "No channel that you see has a schedule" in texts(seen)


async def test_only_owners_and_admins_change_a_schedule_from_the_list(slack: Slack) -> None:
    await slack.type("/digest on 09:30")
    assert menus(await listed(slack, BEN)) == 0
    await slack.type("/digest on 10:30", user=BEN, channel=WORLD)
    theirs = await listed(slack, BEN)
    assert menus(theirs) == 1
    assert menus(await listed(slack)) == 2
    forged = choice(theirs, "Stop").replace(WORLD, GENERAL)
    slack.forged = forged
    await slack.workspace.press(
        BEN,
        Action.DIGEST_CHANGE,
        channel=GENERAL,
        ts=theirs["ts"],
        selected_option=choice(theirs, "Stop"),
    )
    await slack.settled()
    assert await schedule_of(slack.parley.store, TEAM, GENERAL)
    assert await schedule_of(slack.parley.store, TEAM, WORLD)


async def test_lists_warn_of_a_schedule_that_will_post_nothing(slack: Slack) -> None:
    await slack.type("/digest on 09:30 about kubernetes")
    await slack.type("/digest on 09:30 named all-of-it digest")
    for command in ("/digest", "/digest list"):
        (answer,) = await slack.type(command)
        lines = [line for line in answer["text"].splitlines() if line.startswith("•")]
        assert ["I have no story for it" in line for line in lines] == [False, True]
        assert "kubernetes" in lines[1]


async def test_a_long_list_has_pages(slack: Slack) -> None:
    for number in range(45):
        where = slack.workspace.add_channel(
            f"room-{number}", members=[ANA, slack.workspace.bot_user_id]
        )
        await slack.type("/digest on 09:30", channel=where.id)
    first = await listed(slack)
    assert menus(first) == 15
    assert labels(first) == ["Next page"]
    (*_, second) = await slack.press(f"{Action.DIGEST_PAGE}_0", first)
    assert labels(second) == ["Previous", "Next page"]
    assert "Page 2 of 3" in texts([second])


async def test_a_mistyped_word_asks_before_doing_anything(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    (answer,) = await slack.type("/digest puase until 26 Nov")
    assert answer["text"] == "I don't know “puase”. Did you mean `/digest pause until 26 Nov`?"
    (schedule,) = await slack.parley.store.schedules.list(TEAM)
    assert schedule.paused_until is None
    seen = await slack.press(Action.DIGEST_GUESS, answer)
    assert "Paused until Thu 26 Nov 2026" in texts(seen)
    (schedule,) = await slack.parley.store.schedules.list(TEAM)
    assert schedule.paused_until is not None


@pytest.mark.parametrize(
    ("typed", "guessed", "label"),
    [
        ("stop", "off", "Yes, end it"),
        ("cancel", "off", "Yes, end it"),
        ("delete", "off", "Yes, end it"),
        ("status", "next", "Yes, next"),
        ("9:30 weekdays", "on 9:30 weekdays", "Yes, on 9:30 weekdays"),
        (
            "move it to 10:00",
            "on daily-question 10:00",
            "Change it to 10:00 every day (Europe/Lisbon)",
        ),
        ("no question tomorrow", "skip tomorrow", "Skip Wed 25 Nov 2026"),
        ("not on Christmas", "skip on Christmas", "Skip Fri 25 Dec 2026"),
        ("cancel the pause", "resume", "Yes, resume"),
        ("every day at 9", "on every day at 9", "Yes, on every day at 9"),
        ("turn it off", "off", "Yes, end it"),
    ],
)
async def test_another_word_for_a_command_is_known(
    slack: Slack, typed: str, guessed: str, label: str
) -> None:
    await slack.type("/digest on 07:00 daily")
    (answer,) = await slack.type(f"/digest {typed}")
    assert f"`/digest {guessed}`" in answer["text"]
    assert labels(answer) == [label]
    assert await slack.parley.store.schedules.list(TEAM)


@pytest.mark.parametrize(
    "typed",
    ["not at 9", "never now", "no posts at 10:00", "don't skip 24 Dec", "not off", "do not pause"],
)
async def test_what_is_not_wanted_is_not_offered(slack: Slack, typed: str) -> None:
    await slack.type("/digest on 07:00 daily")
    (answer,) = await slack.type(f"/digest {typed}")
    assert not [label for label in labels(answer) if label.startswith("Yes")]


async def test_a_sign_at_the_end_of_a_command_does_not_matter(slack: Slack) -> None:
    await slack.type("/digest on 07:00 daily")
    for typed in ("next?", "next!", "off?", "list.", "skip tomorrow?"):
        (answer,) = await slack.type(f"/digest {typed}")
        (without,) = await slack.type(f"/digest {typed[:-1]}")
        assert "I don't know" not in answer["text"]
        assert typed == "off?" or "skip" in typed or answer["text"] == without["text"]
        await slack.type("/digest on 07:00 daily")


@pytest.mark.parametrize("typed", ["edit", "edit daily-question", "change the digest", "update it"])
async def test_a_change_that_is_left_open_opens_the_form(slack: Slack, typed: str) -> None:
    await slack.type("/digest on 07:00 daily")
    assert not await slack.type(f"/digest {typed}")
    modal = slack.modal()
    assert modal
    assert chosen(modal, "time") == "07:00"
    assert not slack.modal(BEN)
    (refused,) = await slack.type(f"/digest {typed}", user=BEN)
    assert "Only its owner" in refused["text"]


async def test_of_several_schedules_the_one_to_edit_is_chosen(slack: Slack) -> None:
    await slack.type("/digest on 07:00 daily")
    assert not await slack.type("/digest new")
    await slack.type("/digest on 16:00 fri digest named friday-digest")
    (answer,) = await slack.type("/digest edit")
    assert menus(answer) == 2
    assert not await slack.type("/digest edit the digest")
    modal = slack.modal()
    assert modal
    assert chosen(modal, "time") == "16:00"


async def test_a_guess_that_is_pressed_twice_posts_once(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    (answer,) = await slack.type("/digest nwo")
    await slack.press_thrice(Action.DIGEST_GUESS, answer)
    assert len(slack.public()) == 1


async def test_a_guess_that_is_pressed_twice_skips_one(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    (answer,) = await slack.type("/digest skp")
    await slack.press_thrice(Action.DIGEST_GUESS, answer)
    (answer,) = await slack.type("/digest next")
    assert answer["text"].count("no post (skipped)") == 1


async def test_a_guess_that_is_too_long_for_a_button_is_not_offered(slack: Slack) -> None:
    topics = ", ".join(f"{'geneva ' * 9}{number}" for number in range(5))
    (answer,) = await slack.type(f"/digest onn 09:30 about {topics}")
    assert answer["text"].startswith("I don't know “onn”. A question a day")
    assert Action.DIGEST_GUESS not in texts([answer])


async def test_a_schedule_that_has_ended_is_not_changed_from_the_list(slack: Slack) -> None:
    await slack.type("/digest on 09:30")
    answer = await listed(slack)
    end = choice(answer, "Stop")
    await slack.type("/digest off")
    seen = await slack.press(Action.DIGEST_CHANGE, answer, selected_option=end)
    assert seen[-1]["text"] == "Somebody has ended that schedule."


async def test_an_unknown_word_gets_the_help_with_the_form(slack: Slack) -> None:
    (answer,) = await slack.type("/digest xylophone")
    assert answer["text"].startswith("I don't know “xylophone”. A question a day")
    await slack.press(Action.DIGEST_SET, answer)
    modal = slack.modal()
    assert modal
    assert chosen(modal, "channel") == GENERAL


async def test_of_two_quick_choices_the_later_one_stays(slack: Slack) -> None:
    modal = await opened(slack)
    slow = Fault(method="views.update", kind="delay", seconds=0.2)
    slack.workspace.faults.add(slow)
    for kind in ("digest", "question"):
        await slack.workspace.press(ANA, Field.KIND, view_id=modal["id"], selected_option=kind)
    await slack.settled()
    shown = slack.modal()
    assert shown
    assert Block.STORIES not in {block.get("block_id") for block in shown["blocks"]}
