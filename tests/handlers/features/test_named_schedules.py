"""Several schedules in a channel: their names in commands, lists, menus and the form."""

import re
from datetime import date
from typing import Any

import pytest

from handlers.button_value import Value
from handlers.ids import Action, Block
from handlers.views.blocks import actions, button, overflow
from handlers.views.digest import one_of_several
from handlers.views.message import message
from handlers.views.notice import TAKE_BACK
from store.types import PostKind, PostState, Schedule
from tests.handlers.conftest import Slack, dm, labels, texts
from tests.handlers.features.test_schedule_actions import choose, tick
from tests.handlers.features.test_schedule_form import option, values
from tests.ids import ANA, BEN, GENERAL, TEAM, WORLD

_QUESTION = "/digest on 09:30 daily"
_DIGEST = "/digest on 16:00 fri digest 3 named friday-digest"


async def schedules(slack: Slack) -> dict[str, Schedule]:
    """Return the schedules of the general channel by name."""
    found = await slack.parley.store.schedules.of_channel(TEAM, GENERAL)
    return {one.name: one for one in found}


async def states(slack: Slack, name: str) -> dict[date, PostState]:
    """Return the states of the posts of a schedule by date."""
    schedule = (await schedules(slack))[name]
    posts = await slack.parley.store.posts.scheduled(TEAM, GENERAL, since=date.min)
    return {one.due_on: one.state for one in posts if one.schedule_id == schedule.id and one.due_on}


@pytest.fixture
async def two(slack: Slack) -> Slack:
    """A question every morning and a digest on Friday, in the general channel."""
    await slack.type(_QUESTION)
    await slack.type(_DIGEST)
    assert list(await schedules(slack)) == ["daily-question", "friday-digest"]
    return slack


def which(message: dict[str, Any]) -> list[str]:
    """Return the labels of the buttons of a question which schedule is meant."""
    assert "Which one do you mean" in message["text"]
    return labels(message)


async def menu(slack: Slack, message: dict[str, Any], label: str, place: int) -> str:
    """Choose from the menu of the schedule at *place* in a list; return all that is new."""
    menus = [block["accessory"] for block in message["blocks"] if block.get("accessory")]
    options = {one["text"]["text"]: one["value"] for one in menus[place]["options"]}
    seen = await slack.press(
        Action.DIGEST_CHANGE, message, nth=place, selected_option=options[label]
    )
    return texts(seen)


# --- one more ------------------------------------------------------------------------------------


async def test_one_schedule_needs_no_name(slack: Slack) -> None:
    (answer,) = await slack.type(_QUESTION)
    assert "name" not in texts([answer])
    for words in ("next", "skip", "pause", "resume", "off"):
        (answer,) = await slack.type(f"/digest {words}")
        assert "daily-question" not in answer["text"]


async def test_an_order_of_the_same_kind_replaces_the_only_schedule(slack: Slack) -> None:
    await slack.type(_QUESTION)
    (answer,) = await slack.type("/digest on 10:00 mon")
    assert "It replaces a question at 09:30 every day" in answer["text"]
    assert list(await schedules(slack)) == ["monday-question"]
    await slack.press(Action.DIGEST_GUESS, answer)
    (schedule,) = (await schedules(slack)).values()
    assert (schedule.name, f"{schedule.timetable.at:%H:%M}") == ("daily-question", "09:30")


async def test_an_order_of_another_kind_is_asked_about(slack: Slack) -> None:
    await slack.type(_QUESTION)
    (answer,) = await slack.type("/digest on 16:00 fri digest 3")
    assert "This channel has a schedule already" in answer["text"]
    assert labels(answer) == ["Add it", "Replace daily-question"]
    assert list(await schedules(slack)) == ["daily-question"]
    await slack.press(Action.DIGEST_GUESS, answer)
    assert list(await schedules(slack)) == ["daily-question", "friday-digest"]


async def test_it_can_be_put_in_place_of_another(slack: Slack) -> None:
    await slack.type(_QUESTION)
    before = (await schedules(slack))["daily-question"]
    (answer,) = await slack.type("/digest on 16:00 fri digest 3")
    await slack.press(f"{Action.DIGEST_GUESS}_1", answer)
    (schedule,) = (await schedules(slack)).values()
    assert (schedule.name, schedule.id) == ("friday-digest", before.id)
    assert schedule.kind is PostKind.DIGEST


async def test_where_there_are_several_each_can_be_replaced(two: Slack) -> None:
    (answer,) = await two.type("/digest on 12:00 digest 2")
    assert labels(answer) == ["Add it", "Replace daily-question", "Replace friday-digest"]


@pytest.mark.parametrize(
    "words",
    [
        "friday-digest 10:00",
        "10:00 named Friday-Digest",
        "the friday-digest at 10",
        "10:00 friday-digest",
    ],
)
async def test_a_name_changes_only_what_is_said(two: Slack, words: str) -> None:
    before = (await schedules(two))["friday-digest"]
    (answer,) = await two.type(f"/digest on {words}")
    assert "It replaces a digest of 3 stories at 16:00 on Friday" in answer["text"]
    after = (await schedules(two))["friday-digest"]
    assert (after.id, after.kind, after.stories) == (before.id, before.kind, before.stories)
    assert after.timetable.weekdays == before.timetable.weekdays
    assert f"{after.timetable.at:%H:%M}" == "10:00"


@pytest.mark.parametrize(
    "name",
    ["friday", "skip", "digest", "lisbon", "mon-fri", "24-dec", "next-week", "all", "7up", "a+b"],
)
async def test_a_word_of_the_grammar_is_no_name(slack: Slack, name: str) -> None:
    (answer,) = await slack.type(f"/digest on 09:30 named {name}")
    assert "cannot be a name" in answer["text"]
    assert not await schedules(slack)


async def test_a_channel_has_ten_schedules_at_most(slack: Slack) -> None:
    for number in range(10):
        (started,) = await slack.type(f"/digest on 09:30 named room-{'abcdefghij'[number]}")
    assert "The channel has 9 other schedules: `/digest` lists them." in texts([started])
    assert not labels(started)
    (answer,) = await slack.type("/digest on 09:30 named one-more")
    assert "10 schedules" in answer["text"]
    (answer,) = await slack.type("/digest")
    assert texts([answer]).count("a question at 09:30") >= 10


# --- which one -----------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["now", "skip", "pause", "off", "preview"])
async def test_a_command_without_a_name_asks_which(two: Slack, word: str) -> None:
    before = await schedules(two)
    (answer,) = await two.type(f"/digest {word}")
    every = [] if word in ("now", "preview") else ["All of them"]
    assert which(answer) == ["daily-question", "friday-digest", *every]
    assert await schedules(two) == before
    assert not await states(two, "friday-digest")


async def test_all_of_many_long_names_fit_in_a_button(slack: Slack) -> None:
    for letter in "abcdefghij":
        await slack.type(f"/digest on 09:30 named {letter * 38}")
    (answer,) = await slack.type("/digest pause")
    assert which(answer)[-1] == "All of them"
    await slack.press(f"{Action.DIGEST_GUESS}_10", answer)
    assert all(one.is_paused for one in (await schedules(slack)).values())


@pytest.mark.parametrize(
    "words",
    [
        "skip friday-digest",
        "skip FRIDAY-DIGEST!",
        "skip the friday digest",
        "skip fridaydigest",
        "skip the digest please",
        "skip 27 Nov of friday-digest",
        "skip friday-digest next 1",
    ],
)
async def test_a_name_says_which(two: Slack, words: str) -> None:
    (answer,) = await two.type(f"/digest {words}")
    assert "`friday-digest`: no post on Fri 27 Nov 2026." in answer["text"]
    assert await states(two, "friday-digest") == {date(2026, 11, 27): PostState.SKIPPED}
    assert not await states(two, "daily-question")
    seen = await two.press(Action.DIGEST_GUESS, answer)
    assert "there will be a post on Fri 27 Nov 2026" in texts(seen)
    assert not await states(two, "friday-digest")


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("skip monday-digest", "monday-digest"),
        ("skip monday-digest next week", "monday-digest"),
        ("unskip ben-q", "ben-q"),
        ("pause monday-digest until 2 Jan", "monday-digest"),
        ("pause until 2 Jan for friday-digst", "friday-digst"),
        ("resume team-lunch", "team-lunch"),
        ("off monday-digest", "monday-digest"),
        ("now the monday-digest", "monday-digest"),
        ("next monday-digest", "monday-digest"),
        ("next nosuchname", "nosuchname"),
        ("preview monday-digest", "monday-digest"),
        (f"owner monday-digest <@{BEN}>", "monday-digest"),
        ("on monday-digest 10:00", "monday-digest"),
        ("on team-lunch 10:00 daily", "team-lunch"),
    ],
)
@pytest.mark.parametrize("with_several", [True, False])
async def test_a_name_that_no_schedule_has_is_said_to_be_unknown(
    slack: Slack, words: str, name: str, with_several: bool
) -> None:
    await slack.type(_DIGEST)
    if with_several:
        await slack.type(_QUESTION.replace("on", "on named daily-question"))
    before = await schedules(slack)
    (answer,) = await slack.type(f"/digest {words}")
    assert f"There is no schedule `{name}` here." in answer["text"]
    assert set(before) <= set(labels(answer))
    assert await schedules(slack) == before
    assert not await states(slack, "friday-digest")


async def test_the_button_after_an_unknown_name_keeps_the_other_words(two: Slack) -> None:
    (answer,) = await two.type("/digest pause monday-digest until 2 Jan")
    await two.press(f"{Action.DIGEST_GUESS}_1", answer)
    assert (await schedules(two))["friday-digest"].paused_until == date(2027, 1, 2)
    (answer,) = await two.type("/digest on team-lunch 12:00 mon")
    assert labels(answer)[-1] == "Add team-lunch"
    await two.press(f"{Action.DIGEST_GUESS}_2", answer)
    assert "team-lunch" in await schedules(two)


@pytest.mark.parametrize("words", ["skip perjantai", "unskip foobar", "pause foobar until 2 Jan"])
async def test_a_word_that_is_neither_date_nor_name_is_not_asked_about(
    two: Slack, words: str
) -> None:
    (answer,) = await two.type(f"/digest {words}")
    assert "Name a date, as in 24 Dec, or a schedule of this channel: `" in answer["text"]
    assert not labels(answer)


@pytest.mark.parametrize("words", ["skip lunch", "skip wednesday lunch", "pause lunch until 9 Dec"])
async def test_a_part_that_only_one_name_has_says_which(two: Slack, words: str) -> None:
    await two.type("/digest on 12:00 tue,wed named team-lunch")
    (answer,) = await two.type(f"/digest {words}")
    assert answer["text"].startswith("`team-lunch`: ")
    assert labels(answer) == ["Take it back"]


async def test_each_of_several_answers_says_of_which_schedule_it_is(two: Slack) -> None:
    (answer,) = await two.type("/digest off everything")
    assert labels(answer) == ["Take back daily-question", "Take back friday-digest"]
    assert answer["text"].count("`daily-question`") >= 1
    assert not await schedules(two)
    await two.press(f"{Action.DIGEST_GUESS}", answer, nth=1)
    assert list(await schedules(two)) == ["friday-digest"]


async def test_one_of_several_answers_may_hold_a_menu(two: Slack) -> None:
    """Slack's overflow menus and date pickers have no text."""
    schedule = (await schedules(two))["friday-digest"]
    menu = overflow(Action.DIGEST_CHANGE, [("Pause", Value(words="pause"))])
    take_back = button(TAKE_BACK, Action.DIGEST_GUESS, Value(words="resume"))
    shown = one_of_several(schedule, message("Done.", [actions(menu, take_back)]))
    assert labels(dict(shown)) == ["Take back friday-digest"]


async def test_what_cannot_be_resumed_is_said_once(two: Slack) -> None:
    for words in ("resume", "resume all schedules"):
        (answer,) = await two.type(f"/digest {words}")
        assert answer["text"] == "No schedule here is paused or stopped."


@pytest.mark.parametrize("words", ["skip mid-december", "skip twenty-fourth", "skip mon-fri"])
async def test_a_date_with_hyphens_is_no_unknown_name(two: Slack, words: str) -> None:
    (answer,) = await two.type(f"/digest {words}")
    assert "There is no schedule" not in answer["text"]


async def test_two_names_are_about_both(two: Slack) -> None:
    await two.type("/digest on 12:00 daily named noon-poll")
    (answer,) = await two.type("/digest pause noon-poll and the friday digest until 4 Dec")
    assert answer["text"].count("paused until") == 2
    paused = {name for name, one in (await schedules(two)).items() if one.paused_until}
    assert paused == {"noon-poll", "friday-digest"}


@pytest.mark.parametrize("words", ["off", "pause", "owner me"])
async def test_only_what_a_person_may_change_is_asked_about(two: Slack, words: str) -> None:
    (answer,) = await two.type(f"/digest {words}", user=BEN)
    assert f"Only its owner, <@{ANA}>" in answer["text"]
    await two.type("/digest on 11:00 named ben-q", user=BEN)
    (answer,) = await two.type("/digest pause", user=BEN)
    assert "`ben-q`: paused" in answer["text"]


@pytest.mark.parametrize(
    "words", ["unskip all", "unskip all of friday-digest", "unskip everything"]
)
async def test_all_skips_are_taken_back_at_once(two: Slack, words: str) -> None:
    await two.type("/digest skip friday-digest next 3")
    (answer,) = await two.type(f"/digest {words}")
    assert "there will be posts after all" in answer["text"]
    assert not await states(two, "friday-digest")


async def test_an_order_that_is_there_already_changes_nothing(two: Slack) -> None:
    before = await schedules(two)
    for words in ("9:30 daily", "9:30 and 9:30 daily", "16:00 fri digest"):
        (answer,) = await two.type(f"/digest on {words}")
        assert re.search("That is `(daily-question|friday-digest)` already", answer["text"])
    assert await schedules(two) == before
    (answer,) = await two.type("/digest on 9:30 and 15:00 daily")
    assert "You want a question at 15:00 every day" in answer["text"]


async def test_a_default_name_follows_the_days(two: Slack) -> None:
    (answer,) = await two.type("/digest on friday-digest mon")
    assert "Its name is now `monday-digest`" in answer["text"]
    await two.press(Action.DIGEST_GUESS, answer)
    assert list(await schedules(two)) == ["daily-question", "friday-digest"]


async def test_a_name_of_several_words_is_asked_about(slack: Slack) -> None:
    (answer,) = await slack.type("/digest on 10:00 named my schedule")
    assert "A name is one word. Do you mean `my-schedule`?" in answer["text"]
    seen = await slack.press(Action.DIGEST_GUESS, answer)
    assert "Its name is `my-schedule`." in texts(seen)


async def test_a_button_says_which(two: Slack) -> None:
    (answer,) = await two.type("/digest pause until 4 Dec")
    seen = await two.press(f"{Action.DIGEST_GUESS}_1", answer)
    assert "`friday-digest`: paused until Fri 4 Dec 2026, which leaves out 1 post." in texts(seen)
    found = await schedules(two)
    assert found["friday-digest"].paused_until == date(2026, 12, 4)
    assert not found["daily-question"].paused_until


async def test_a_date_on_which_only_one_posts_says_which(slack: Slack) -> None:
    await slack.type("/digest on 09:30 mon")
    await slack.type(_DIGEST)
    (answer,) = await slack.type("/digest skip 30 Nov")
    assert "`monday-question`: no post on Mon 30 Nov 2026." in answer["text"]
    (answer,) = await slack.type("/digest unskip")
    assert "`monday-question`: there will be a post" in answer["text"]


async def test_only_what_is_paused_is_resumed(two: Slack) -> None:
    await two.type("/digest pause friday-digest")
    (answer,) = await two.type("/digest resume")
    assert "`friday-digest`:" in answer["text"]
    assert not (await schedules(two))["friday-digest"].paused_until


@pytest.mark.parametrize(
    "words", ["all schedules until 4 Dec", "until 4 Dec for all the schedules"]
)
async def test_all_schedules_are_paused_at_once(two: Slack, words: str) -> None:
    (answer,) = await two.type(f"/digest pause {words}")
    assert answer["text"].count("paused until") == 2
    assert {one.paused_until for one in (await schedules(two)).values()} == {date(2026, 12, 4)}
    (answer,) = await two.type("/digest resume all")
    assert answer["text"].count("gets its posts again") == 2


async def test_an_unclear_date_keeps_its_schedule(two: Slack) -> None:
    (answer,) = await two.type("/digest skip friday-digest friday or saturday")
    if labels(answer):
        await two.press(Action.DIGEST_GUESS, answer)
        assert not await states(two, "daily-question")


async def test_one_is_ended_and_started_again_with_its_skips(two: Slack) -> None:
    await two.type("/digest skip friday-digest")
    before = (await schedules(two))["friday-digest"]
    (answer,) = await two.type("/digest off friday-digest")
    assert f"<#{GENERAL}> gets no more posts of `friday-digest`" in answer["text"]
    assert list(await schedules(two)) == ["daily-question"]
    seen = await two.press(Action.DIGEST_GUESS, answer)
    assert "will get a digest of 3 stories" in texts(seen)
    assert (await schedules(two))["friday-digest"] == before
    assert await states(two, "friday-digest") == {date(2026, 11, 27): PostState.SKIPPED}


async def test_a_skip_ends_with_its_schedule(slack: Slack) -> None:
    await slack.type(_QUESTION)
    await slack.type("/digest skip")
    await slack.type("/digest off")
    slack.clock.forward(seconds=1)
    await slack.type(_QUESTION)
    slack.clock.forward(minutes=91)
    await tick(slack)
    assert len(slack.public()) == 1


# --- posting -------------------------------------------------------------------------------------


async def test_three_schedules_that_are_due_at_once_post_three_things(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily named first-one")
    await slack.type("/digest on 09:30 daily named second-one")
    await slack.type("/digest on 09:30 daily digest 1 named third-one")
    slack.clock.forward(minutes=91)
    for _ in range(8):
        await tick(slack)
        slack.clock.forward(seconds=2)
    posts = slack.public()
    assert len(posts) == 3
    assert len({str(post["blocks"][-1]) for post in posts}) == 3
    assert [post["reply_count"] for post in posts] == [1, 1, 1]


async def test_the_menu_of_a_post_is_about_its_schedule(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily named first-one")
    await slack.type("/digest on 12:00 daily named second-one")
    slack.clock.forward(minutes=91)
    await tick(slack)
    (post,) = slack.public()
    await choose(slack, post, "pause")
    found = await schedules(slack)
    assert found["first-one"].paused_until
    assert not found["second-one"].paused_until
    await slack.type("/digest off first-one")
    assert "Somebody has ended that schedule" in await choose(slack, post, "pause")


async def test_a_channel_that_refuses_stops_all_with_one_notice_to_each_owner(two: Slack) -> None:
    await two.type("/digest on 18:00 daily named evening-question", user=BEN)
    two.workspace.remove(GENERAL, two.workspace.bot_user_id)
    two.clock.forward(minutes=91)
    for _ in range(3):
        await tick(two)
        two.clock.forward(seconds=2)
    assert {one.stopped for one in (await schedules(two)).values()} == {"not_in_channel"}
    for user in (ANA, BEN):
        notices = [one for one in two.public(dm(user)) if "I can't post" in one["text"]]
        assert len(notices) == 1
    two.workspace.invite(GENERAL, two.workspace.bot_user_id)
    (notice,) = [one for one in two.public(dm(BEN)) if "I can't post" in one["text"]]
    await two.press(Action.DIGEST_RESUME, notice, user=BEN, channel=dm(BEN))
    stopped = {name: bool(one.stopped) for name, one in (await schedules(two)).items()}
    assert stopped == {"daily-question": True, "evening-question": False, "friday-digest": True}


# --- the lists, the form -------------------------------------------------------------------------


async def test_digest_alone_lists_the_channel_s_schedules(two: Slack) -> None:
    await two.type("/digest on 09:30", channel=WORLD)
    (answer,) = await two.type("/digest")
    shown = texts([answer])
    assert "`daily-question`: a question at 09:30 every day" in shown
    assert "`friday-digest`: a digest of 3 stories at 16:00 on Friday" in shown
    assert WORLD not in shown
    assert labels(answer) == ["Add another"]


@pytest.mark.parametrize(
    ("label", "reply"),
    [
        ("Skip the next one", "`friday-digest`: no post on Fri 27 Nov 2026"),
        ("Pause", "`friday-digest`: paused"),
        ("Stop", "gets no more posts of `friday-digest`"),
    ],
)
async def test_the_list_has_a_menu_for_each(two: Slack, label: str, reply: str) -> None:
    (answer,) = await two.type("/digest")
    seen = await menu(two, answer, label, place=1)
    assert reply in seen
    assert "`daily-question`" in seen or label == "Stop"
    assert not (await schedules(two))["daily-question"].paused_until


async def test_the_form_edits_one_and_adds_another(two: Slack) -> None:
    (answer,) = await two.type("/digest")
    await menu(two, answer, "Edit", place=1)
    modal = two.modal()
    assert modal
    assert not await two.submit(modal, values(time="17:00"))
    assert f"{(await schedules(two))['friday-digest'].timetable.at:%H:%M}" == "17:00"
    (answer,) = await two.type("/digest")
    await two.press(Action.DIGEST_SET, answer)
    modal = two.modal()
    assert modal
    errors = await two.submit(modal, values(name="Friday Digest"))
    assert errors == {Block.NAME: "This channel has a schedule called friday-digest already."}
    errors = await two.submit(modal, values(name="tomorrow"))
    assert "cannot be a name" in errors[Block.NAME]
    assert not await two.submit(modal, values(name="Noon Poll", time="12:00", zone=option("UTC")))
    assert sorted(await schedules(two)) == ["daily-question", "friday-digest", "noon-poll"]


async def test_the_form_adds_no_schedule_that_is_there(two: Slack) -> None:
    noon = values(time="12:00", zone=option("UTC"))
    for expected in (None, "weekday-question posts just that."):
        (answer,) = await two.type("/digest")
        await two.press(Action.DIGEST_SET, answer)
        modal = two.modal()
        assert modal
        errors = await two.submit(modal, noon)
        assert (expected in errors[Block.TIME]) if expected else not errors
    assert modal
    assert not await two.submit(modal, noon | values(name="twin"))
    assert len(await schedules(two)) == 4


async def test_list_and_home_name_schedules_of_one_channel(two: Slack) -> None:
    await two.type("/digest on 09:30", channel=WORLD)
    (answer,) = await two.type("/digest list")
    await two.workspace.open_home(ANA)
    await two.settled()
    for shown in (texts([answer]), str(two.workspace.home(ANA))):
        assert f"<#{GENERAL}> `friday-digest`: a digest of 3 stories" in shown
        assert f"<#{GENERAL}> `daily-question`: a question at 09:30" in shown
        assert f"<#{WORLD}>: a question at 09:30" in shown


async def test_a_forged_id_reaches_no_other_channel(two: Slack) -> None:
    await two.type("/digest on 09:30", channel=WORLD)
    (theirs,) = await two.parley.store.schedules.of_channel(TEAM, WORLD)
    (answer,) = await two.type("/digest pause")
    for words in ("pause", "on 23:00 daily"):
        value = Value(words=words, schedule_id=theirs.id).encode()
        await two.press(Action.DIGEST_GUESS, answer, forged=value)
    assert await two.parley.store.schedules.of_channel(TEAM, WORLD) == [theirs]


async def test_a_button_of_an_older_version_names_only_the_channel(slack: Slack) -> None:
    await slack.type(_QUESTION)
    (answer,) = await slack.type("/digest list")
    old = Value(words="edit", channel_id=GENERAL).encode()
    await slack.press(Action.DIGEST_CHANGE, answer, forged=old)
    assert slack.modal()


async def test_next_lists_the_posts_of_all_schedules_in_order_of_time(two: Slack) -> None:
    await two.type("/digest skip friday-digest")
    (answer,) = await two.type("/digest next")
    lines = answer["text"].splitlines()[1:]
    names = [name for line in lines for name in re.findall("`(.+)`", line)]
    assert names == ["daily-question"] * 4 + ["friday-digest"] * 2
    assert "no post (skipped)" in lines[-2]
    assert "Fri 4 Dec 2026" in lines[-1], "the next post of each, however late it comes"


async def test_an_old_answer_takes_back_nothing_newer(slack: Slack) -> None:
    await slack.type("/digest on 09:30 tue,thu")
    (first,) = await slack.type("/digest on 09:30 weekdays")
    (second,) = await slack.type("/digest on 12:00 daily")
    assert labels(first) == labels(second) == [TAKE_BACK]
    (now,) = (await schedules(slack)).values()
    seen = await slack.press_thrice(Action.DIGEST_GUESS, first)
    assert "It has been changed again since" in texts(seen)
    assert [*(await schedules(slack)).values()] == [now]
    # The newest change can still be taken back, and then the one before it.
    seen = await slack.press_thrice(Action.DIGEST_GUESS, second)
    assert "is back" in texts(seen)
    await slack.press(Action.DIGEST_GUESS, first)
    (now,) = (await schedules(slack)).values()
    assert now.timetable.weekdays == {1, 3}


async def test_all_of_them_are_those_that_were_listed(two: Slack) -> None:
    (asked,) = await two.type("/digest off")
    await two.type("/digest on 12:00 daily named noon-poll")
    seen = await two.press(f"{Action.DIGEST_GUESS}_2", asked)
    assert "`noon-poll` stays as before." in texts(seen)
    assert list(await schedules(two)) == ["noon-poll"]
