"""Orders in ordinary words: a button carries out what the command would do."""

from datetime import date

import pytest

from handlers.ids import Action
from store.types import Schedule
from tests.handlers.conftest import Slack, dm, labels, texts
from tests.handlers.features.test_schedule_form import chosen, menus
from tests.ids import ANA, BEN, GENERAL, LEADERS, RANDOM, TEAM
from tests.schedules import schedule_of

_FORM = "Open the form"


async def only(slack: Slack) -> Schedule:
    schedule = await schedule_of(slack.parley.store, TEAM, GENERAL)
    assert schedule
    return schedule


async def test_an_order_in_a_channel_is_carried_out_by_its_button(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    (asked,) = await slack.say("@Parley could you skip tomorrow please?")
    assert "`/digest skip tomorrow`" in asked["text"]
    schedule = await only(slack)
    assert labels(asked) == ["Skip Wed 25 Nov 2026"]
    seen = await slack.press(Action.DIGEST_GUESS, asked)
    assert "No post on" in texts(seen)
    (asked,) = await slack.say("@Parley move it to 10")
    await slack.press(Action.DIGEST_GUESS, asked)
    moved = await only(slack)
    assert (moved.id, f"{moved.timetable.at:%H:%M}") == (schedule.id, "10:00")
    assert len(moved.timetable.weekdays) == 7
    (asked,) = await slack.say("@Parley stop the questions here")
    assert labels(asked) == ["Yes, end it"]
    await slack.press(Action.DIGEST_GUESS, asked)
    assert not await slack.parley.store.schedules.of_channel(TEAM, GENERAL)


async def test_a_new_schedule_is_started_where_the_order_says(slack: Slack) -> None:
    said = "post a question in general every morning at 9"
    (asked,) = await slack.say(said, channel=dm(ANA))
    assert f"for <#{GENERAL}>" in asked["text"]
    assert labels(asked) == ["Start it", _FORM]
    await slack.press(Action.DIGEST_SET, asked, channel=dm(ANA))
    modal = slack.modal()
    assert modal
    assert (chosen(modal, "channel"), chosen(modal, "time")) == (GENERAL, "09:00")
    assert len(chosen(modal, "weekdays")) == 7
    await slack.press(Action.DIGEST_GUESS, asked, channel=dm(ANA))
    schedule = await only(slack)
    assert f"{schedule.timetable.at:%H:%M}" == "09:00"


async def test_what_an_order_leaves_open_is_asked_in_the_form(slack: Slack) -> None:
    (asked,) = await slack.say("set up a digest on fridays", channel=dm(ANA))
    assert labels(asked) == [_FORM]
    assert "`/digest on 09:30 fridays digest`" in asked["text"]
    (asked,) = await slack.say("set up a digest on fridays at 4", channel=dm(ANA))
    await slack.press(Action.DIGEST_SET, asked, channel=dm(ANA))
    modal = slack.modal()
    assert modal
    assert chosen(modal, "time") == "16:00"
    assert chosen(modal, "kind")["value"] == "digest"


async def test_an_order_without_a_channel_is_about_one_s_own_schedules(slack: Slack) -> None:
    (asked,) = await slack.say("pause until monday", channel=dm(BEN), user=BEN)
    assert "`/digest pause until monday` in the channel" in asked["text"]
    await slack.type("/digest on 09:30 daily", user=BEN)
    await slack.type("/digest on 16:00 fri digest named friday-digest")
    (asked,) = await slack.say("stop the questions", channel=dm(BEN), user=BEN)
    assert f"<#{GENERAL}> `daily-question`" in asked["text"]
    await slack.press(Action.DIGEST_GUESS, asked, channel=dm(BEN), user=BEN)
    (left,) = await slack.parley.store.schedules.of_channel(TEAM, GENERAL)
    assert left.name == "friday-digest"


async def test_several_schedules_are_chosen_from(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    await slack.type("/digest on 16:00 daily digest named news")
    (asked,) = await slack.say("@Parley skip tomorrow")
    assert labels(asked) == ["1. daily-question", "2. news", "All of them"]
    await slack.press(f"{Action.DIGEST_GUESS}_2", asked)
    schedules = await slack.parley.store.schedules.of_channel(TEAM, GENERAL)
    posts = [await slack.parley.store.planning.upcoming(one, 2) for one in schedules]
    assert all(any(post.skip_reason for post in each) for each in posts)
    (asked,) = await slack.say("@Parley skip the digest tomorrow")
    assert labels(asked) == ["Skip Wed 25 Nov 2026"]


async def test_an_order_is_refused_before_anything_is_offered(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    (refused,) = await slack.say("@Parley stop the questions", user=BEN)
    assert "Only its owner" in refused["text"]
    (refused,) = await slack.say(
        f"post a question daily at 9 in <#{LEADERS}|leaders>", user=BEN, channel=dm(BEN)
    )
    assert "I don't see you in that channel" in refused["text"]


async def test_a_button_of_yesterday_is_about_the_day_that_was_meant(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily UTC")
    (asked,) = await slack.say("@Parley skip tomorrow")
    slack.clock.forward(days=1)
    await slack.press(Action.DIGEST_GUESS, asked)
    schedule = await only(slack)
    posts = await slack.parley.store.planning.upcoming(schedule, 3)
    skipped = [f"{post.occurrence.due_on:%d %b}" for post in posts if post.skip_reason]
    assert skipped == ["25 Nov"]


async def test_one_more_schedule_replaces_none_without_asking(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    (asked,) = await slack.say("set up a question every weekday at 10 in general", channel=dm(ANA))
    assert "a question at 09:30 every day" in asked["text"]
    assert labels(asked) == ["Add it", "Replace daily-question", _FORM]
    await slack.press(Action.DIGEST_GUESS, asked, channel=dm(ANA))
    schedules = await slack.parley.store.schedules.of_channel(TEAM, GENERAL)
    assert {one.name for one in schedules} == {"daily-question", "weekday-question"}
    (answer,) = await slack.say("@Parley post a question every day at 9:30")
    assert "That is `daily-question` already" in answer["text"]
    (asked,) = await slack.say("@Parley post a digest on fridays at 16:00", user=BEN)
    assert labels(asked) == ["Add it", _FORM]


async def test_a_verb_alone_is_looked_up_where_it_can_be_no_order(slack: Slack) -> None:
    (answer,) = await slack.say("@Parley resume")
    assert "schedule" not in answer["text"]
    await slack.type("/digest on 09:30 daily")
    (answer,) = await slack.say("@Parley pause")
    assert labels(answer) == ["Yes, pause it"]
    slack.workspace.change_person(BEN, is_restricted=True)
    (answer,) = await slack.say("@Parley pause", user=BEN)
    assert "Guests" not in answer["text"]


async def test_an_order_can_join_another_channel(slack: Slack) -> None:
    said = f"post a question every day at 9 in <#{RANDOM}|random>"
    (asked,) = await slack.say(said, channel=dm(ANA))
    (*_, offer) = await slack.press(Action.DIGEST_GUESS, asked, channel=dm(ANA))
    assert labels(offer) == ["Join and start it"]
    await slack.press(Action.DIGEST_JOIN, offer, channel=dm(ANA))
    assert await schedule_of(slack.parley.store, TEAM, RANDOM)


async def test_who_wants_to_hand_a_schedule_over_reads_how(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    (answer,) = await slack.say(f"@Parley please make <@{BEN}> the owner")
    assert "`/digest owner @name`" in answer["text"]
    assert (await only(slack)).owner_id == ANA


async def test_a_schedule_is_handed_over_only_where_one_is_meant(slack: Slack) -> None:
    sentences = ("give ownership to Ben", "make Ben the owner", "hand it over to Ben")
    for said in sentences:
        (answer,) = await slack.say(said, channel=dm(ANA))
        assert "/digest owner" not in answer["text"]
    await slack.type("/digest on 09:30 daily")
    for said in sentences:
        (answer,) = await slack.say(said, channel=dm(ANA))
        assert "`/digest owner @name`" in answer["text"]
    (answer,) = await slack.say("@Parley give ownership of Iran to Iran")
    assert "/digest owner" not in answer["text"]
    (refused,) = await slack.say("@Parley make me the owner of the schedule", user=BEN)
    assert "Only its owner" in refused["text"]


@pytest.mark.parametrize("said", ["antisemitism and how to stop it", "don't stop it"])
async def test_words_that_end_like_an_order_are_none(slack: Slack, said: str) -> None:
    await slack.type("/digest on 09:30 daily")
    (answer,) = await slack.say(f"@Parley {said}", user=BEN)
    assert "Only its owner" not in answer["text"]
    (answer,) = await slack.say(f"@Parley {said}")
    assert "Yes, end it" not in labels(answer)


async def test_all_of_ten_schedules_are_chosen_from(slack: Slack) -> None:
    for hour in range(10):
        await slack.type(f"/digest on {hour + 8}:00 daily named q{hour}")
    (asked,) = await slack.say("@Parley skip tomorrow")
    assert len(labels(asked)) == 11
    assert labels(asked)[-1] == "All of them"


async def test_days_that_are_left_out_change_the_schedule(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    (asked,) = await slack.say("@Parley not on Fridays")
    assert labels(asked) == ["Change it to 09:30 on Mon, Tue, Wed, Thu, Sat, Sun (Europe/Lisbon)"]
    await slack.press(Action.DIGEST_GUESS, asked)
    assert (await only(slack)).timetable.weekdays == {0, 1, 2, 3, 5, 6}
    (asked,) = await slack.say("@Parley only on Mondays and Thursdays")
    await slack.press(Action.DIGEST_GUESS, asked)
    assert (await only(slack)).timetable.weekdays == {0, 3}
    (asked,) = await slack.say("@Parley change timezone to London")
    await slack.press(Action.DIGEST_GUESS, asked)
    assert (await only(slack)).timetable.zone == "Europe/London"


@pytest.mark.parametrize("said", ["push the question to Friday", "move it to Friday"])
async def test_a_day_can_be_the_end_of_a_pause_or_the_new_day(slack: Slack, said: str) -> None:
    await slack.type("/digest on 09:30 daily")
    (asked,) = await slack.say(f"@Parley {said}")
    pause, change = "Pause until Fri 27 Nov 2026", "Change it to 09:30 on Fri (Europe/Lisbon)"
    assert labels(asked) == [pause, change]
    await slack.press(Action.DIGEST_GUESS, asked)
    assert (await only(slack)).paused_until == date(2026, 11, 27)
    await slack.type("/digest resume")
    (asked,) = await slack.say(f"@Parley {said}")
    await slack.press(f"{Action.DIGEST_GUESS}_1", asked)
    assert (await only(slack)).timetable.weekdays == {4}
    (asked,) = await slack.say(f"@Parley {said.replace('Friday', 'Thursday')}")
    # No post comes before Thursday that a pause could leave out.
    assert labels(asked) == ["Change it to 09:30 on Thu (Europe/Lisbon)"]


async def test_what_each_schedule_would_become_is_shown_before_one_is_chosen(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    await slack.type("/digest on 11:00 mon named lunch-quiz")
    (asked,) = await slack.say("@Parley push it to Friday")
    assert labels(asked) == ["1. daily-question", "2. lunch-quiz"]
    assert "`/digest on Friday`" in asked["text"]
    assert "pause" not in asked["text"]
    first, second = asked["text"].splitlines()[1:]
    assert first.endswith("; it would come at 09:30 on Friday (Europe/Lisbon)")
    assert second.endswith("; it would come at 11:00 on Friday (Europe/Lisbon)")
    await slack.press(f"{Action.DIGEST_GUESS}_1", asked)
    schedules = await slack.parley.store.schedules.of_channel(TEAM, GENERAL)
    assert [one.timetable.weekdays for one in schedules if one.name == "lunch-quiz"] == [{4}]


async def test_a_pause_is_offered_only_if_the_post_then_comes_on_that_day(slack: Slack) -> None:
    await slack.type("/digest on 09:30 tue")
    (asked,) = await slack.say("@Parley postpone it to friday")
    assert labels(asked) == ["Change it to 09:30 on Fri (Europe/Lisbon)"]
    await slack.type("/digest off")
    await slack.type("/digest on 09:30 daily")
    await slack.type("/digest pause until 7 December")
    (asked,) = await slack.say("@Parley move it to friday")
    assert labels(asked) == ["Change it to 09:30 on Fri (Europe/Lisbon)"]


@pytest.mark.parametrize(
    ("said", "days"),
    [("to friday", {4}), ("from mondays to thursdays", {3}), ("to mon to wed", {0, 1, 2})],
)
async def test_a_schedule_is_moved_by_its_name(slack: Slack, said: str, days: set[int]) -> None:
    await slack.type("/digest on 09:30 daily named lunch-quiz")
    (asked,) = await slack.type(f"/digest move lunch-quiz {said}")
    await slack.press(Action.DIGEST_GUESS, asked)
    assert (await only(slack)).timetable.weekdays == days


async def test_a_name_that_no_schedule_has_means_no_other(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    await slack.type("/digest on 16:00 fri digest")
    for said in ("/digest shift friday-question to 11", "@Parley pause the monday-digest"):
        (answer,) = await (slack.say if said[0] == "@" else slack.type)(said)
        assert "There is no schedule `" in answer["text"]
        assert labels(answer) == []
    for said in ("/digest shift daily-question to 11", "@Parley move the daily question to 11"):
        (asked,) = await (slack.say if said[0] == "@" else slack.type)(said)
        assert labels(asked) == ["Change it to 11:00 every day (Europe/Lisbon)"]


async def test_to_resume_later_ends_a_pause_then(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    await slack.type("/digest pause")
    (asked,) = await slack.say("@Parley resume next monday")
    assert labels(asked) == ["Pause until Mon 30 Nov 2026"]
    await slack.press(Action.DIGEST_GUESS, asked)
    assert (await only(slack)).paused_until == date(2026, 11, 30)


async def test_a_button_that_could_only_fail_is_not_shown(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    (asked,) = await slack.say("@Parley postpone the question to tomorrow")
    assert labels(asked) == ["Pause until Wed 25 Nov 2026"]
    (answer,) = await slack.say("@Parley switch the question to tomorrow")
    assert "A schedule starts at once" in answer["text"]
    assert labels(answer) == []


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("push it back by an hour", "`/digest on daily-question 10:30`"),
        ("postpone the question", "`/digest pause until 2 Jan`"),
        ("put it off", "`/digest pause until 2 Jan`"),
        ("change it to twice a week", "`/digest on daily-question mon,thu`"),
        ("no posts on bank holidays", "`/digest on daily-question except holidays DE`"),
        ("pause it until I'm back", "`/digest pause until 2 Jan`"),
        ("when is the next one?", "`/digest next` lists more posts"),
        ("undo that", "*Take it back*"),
        ("unsubscribe me", "mute this channel"),
    ],
)
async def test_what_is_about_a_schedule_lists_those_of_the_channel(
    slack: Slack, said: str, hint: str
) -> None:
    await slack.type("/digest on 09:30 daily")
    before = await only(slack)
    (answer,) = await slack.say(f"@Parley {said}")
    assert hint in answer["text"]
    assert menus(answer) == 1
    assert await only(slack) == before
    (answer,) = await slack.say(said, channel=dm(ANA))
    assert "I have no story" not in answer["text"]
    slack.workspace.change_person(BEN, is_restricted=True)
    (answer,) = await slack.say(f"@Parley {said}", user=BEN)
    assert not menus(answer)


async def test_the_owner_of_a_schedule_is_named_wherever_it_is_asked(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    owner = f"set up by <@{ANA}>"
    for said in ("/digest who set this up?", "/digest owner?", "/brief who set this up?"):
        (answer,) = await slack.type(said, user=BEN)
        assert owner in answer["text"]
    (answer,) = await slack.say("@Parley who owns this schedule?", user=BEN)
    assert owner in answer["text"]
    for said in ("who set this up?", f"who set up the schedule in <#{GENERAL}|general>?"):
        (answer,) = await slack.say(said, user=BEN, channel=dm(BEN))
        assert owner in answer["text"]
    (answer,) = await slack.say("@Parley who set up the schedule in #random?")
    assert "has no schedule" in answer["text"]
    (refused,) = await slack.say(
        f"who set up the schedule in <#{LEADERS}|leaders>?", user=BEN, channel=dm(BEN)
    )
    assert "I don't see you in that channel" in refused["text"]


async def test_a_question_with_a_topic_names_the_command_for_it(slack: Slack) -> None:
    (answer,) = await slack.say("@Parley ask us something about Iran")
    assert "`/discuss Iran`" in answer["text"]


async def test_what_is_stored_is_answered_and_not_searched_for(slack: Slack) -> None:
    for said in ("@Parley delete my data", "/digest do you store what I type?"):
        (answer,) = await (slack.say if said[0] == "@" else slack.type)(said)
        assert "I don't store what you look up" in answer["text"]


@pytest.mark.parametrize("said", ["drop a question", "drop us one more question", "drop one"])
async def test_a_wish_for_a_question_ends_no_schedule(slack: Slack, said: str) -> None:
    await slack.type("/digest on 09:30 daily")
    (answer,) = await slack.type(f"/digest {said}")
    assert "`/digest off" not in texts([answer])
    assert "`/discuss" in answer["text"]
    (asked,) = await slack.type("/digest drop the question")
    assert labels(asked) == ["Yes, end it"]


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("how does this work?", "I find stories from a few words"),
        ("thank you", "You're welcome!"),
        ("is it private?", "I don't store what you look up"),
        ("post something", "`/discuss`"),
        ("show me your sources", "/corpus"),
        ("delete that post", "*Delete this post*"),
        ("drop it", "Nothing has changed yet"),
        ("add monday", "Nothing has changed yet"),
        ("9 is too late", "Nothing has changed yet"),
        ("undo the pause", "*Take it back*"),
    ],
)
async def test_a_command_with_a_word_too_many_is_not_preferred_to_small_talk(
    slack: Slack, said: str, hint: str
) -> None:
    await slack.type("/digest on 09:30 daily")
    (answer,) = await slack.type(f"/digest {said}")
    assert "Did you mean" not in answer["text"]
    assert hint in texts([answer])


@pytest.mark.parametrize(
    ("said", "command"),
    [
        ("cancel the pause", "resume"),
        ("stop", "off"),
        ("stop friday-digest", "off"),
        ("status", "next"),
        ("start at 9 daily", "on 9 daily"),
        ("omit tomorrow", "skip tomorrow"),
    ],
)
async def test_a_command_that_is_understood_is_preferred_to_small_talk(
    slack: Slack, said: str, command: str
) -> None:
    await slack.type("/digest on 09:30 fri digest")
    (answer,) = await slack.type(f"/digest {said}")
    assert f"`/digest {command}`" in answer["text"]


async def test_after_the_command_what_is_moved_need_not_be_named(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    for said in ("push to Friday", "reschedule friday", "change to friday", "move it to Friday"):
        (asked,) = await slack.type(f"/digest {said}")
        change = "Change it to 09:30 on Fri (Europe/Lisbon)"
        assert labels(asked) == ["Pause until Fri 27 Nov 2026", change]
    (asked,) = await slack.type("/digest shift to 10:00")
    assert labels(asked) == ["Change it to 10:00 every day (Europe/Lisbon)"]
    (asked,) = await slack.type("/digest postpone to tomorrow")
    assert labels(asked) == ["Pause until Wed 25 Nov 2026"]


@pytest.mark.parametrize("said", ["unsubscribe from the questions", "unsubscribe everybody"])
async def test_to_unsubscribe_from_more_offers_no_end(slack: Slack, said: str) -> None:
    await slack.type("/digest on 09:30 daily")
    (answer,) = await slack.type(f"/digest {said}")
    assert "`/digest off " not in texts([answer])
    (asked,) = await slack.type("/digest unsubscribe")
    assert labels(asked) == ["Yes, end it"]
