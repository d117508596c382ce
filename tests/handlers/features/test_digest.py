"""/digest and the daily question."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.workspace import Fault
from handlers.ids import Action
from store.posting.due import occurrences
from store.types import ChannelId
from tests.handlers.conftest import Slack, dm, labels, texts
from tests.ids import ANA, BEN, CHLOE, GENERAL, LEADERS, RANDOM, TEAM


async def tick(slack: Slack) -> None:
    """Run the ticker's jobs once."""
    await slack.parley.ticker.tick()


async def test_on_uses_the_asker_s_time_zone(slack: Slack) -> None:
    (answer,) = await slack.type("/digest on 09:30")
    assert "at 09:30, Monday to Friday (Europe/Lisbon)" in answer["text"]
    assert answer["ephemeral"]
    (answer,) = await slack.type("/digest on 09:30 daily", user=BEN)
    assert "at 09:30 every day (Africa/Accra)" in answer["text"]


async def test_an_abbreviation_of_a_zone_is_asked_back_with_the_time_there(slack: Slack) -> None:
    (answer,) = await slack.type("/digest on 9:30 am EST mon digest 2 about geneva")
    assert "“EST” is the time of several places." in answer["text"]
    assert labels(answer) == [
        "America/New_York, 03:00 now (EST, EDT in summer)",
        "America/Panama, 03:00 now (EST all year)",
    ]
    assert not await slack.parley.store.schedules.list(TEAM)
    seen = await slack.press_thrice(Action.DIGEST_GUESS, answer)
    assert "a digest of 2 stories about geneva at 09:30 on Monday (America/New_York)" in texts(seen)
    assert "It is 03:00 there now." in texts(seen)
    (schedule,) = await slack.parley.store.schedules.list(TEAM)
    summer = occurrences(schedule.timetable, after=datetime(2027, 7, 1, tzinfo=UTC))
    assert f"{next(summer).due_at:%H:%M}" == "13:30", "09:30 on the wall in New York"


async def test_days_and_a_zone_are_asked_back_together(slack: Slack) -> None:
    (answer,) = await slack.type("/digest on 9:30 daily mon EST")
    assert [label.partition(" (")[0] for label in labels(answer)] == [
        "every day, America/New_York, 03:00 now",
        "on Mon, America/New_York, 03:00 now",
        "every day, America/Panama, 03:00 now",
        "on Mon, America/Panama, 03:00 now",
    ]


@pytest.mark.parametrize(
    ("words", "place", "started"),
    [
        ("9:30 GMT-5", 1, "09:30, Monday to Friday (America/New_York)"),
        ("2:30 mon", 1, "14:30 on Monday (Europe/Lisbon)"),
        ("9:30 every morning, mon-fri", 1, "09:30, Monday to Friday (Europe/Lisbon)"),
        ("9:30 mon,wendesday", 0, "09:30 on Monday and Wednesday (Europe/Lisbon)"),
        ("9:30 lisbom", 0, "09:30, Monday to Friday (Europe/Lisbon)"),
    ],
)
async def test_an_unclear_schedule_starts_with_a_button(
    slack: Slack, words: str, place: int, started: str
) -> None:
    (answer,) = await slack.type(f"/digest on {words}")
    assert len(labels(answer)) > place
    assert not await slack.parley.store.schedules.list(TEAM)
    seen = await slack.press(f"{Action.DIGEST_GUESS}_{place}".removesuffix("_0"), answer)
    assert started in texts(seen)


async def test_the_question_comes_at_its_time_and_once(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    slack.clock.forward(minutes=89)
    await tick(slack)
    assert not slack.public()
    slack.clock.forward(minutes=1)
    await tick(slack)
    await tick(slack)
    (question,) = slack.public()
    assert "Question of the day" in question["text"]
    assert question["reply_count"] == 1
    slack.clock.forward(days=1)
    await tick(slack)
    assert len(slack.public()) == 2


async def test_days_without_parley_are_missed_and_not_posted_later(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    slack.clock.forward(days=5)
    await tick(slack)
    assert not slack.public()
    slack.clock.forward(hours=2)
    await tick(slack)
    assert len(slack.public()) == 1


async def test_a_post_within_the_grace_is_late_but_not_missed(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    slack.clock.forward(hours=3)
    await tick(slack)
    assert len(slack.public()) == 1


async def test_now_today_counts_as_today_s_post(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    (*_, answer) = await slack.type("/digest now today")
    assert "Posted today's post." in answer["text"]
    assert len(slack.public()) == 1
    slack.clock.forward(hours=2)
    await tick(slack)
    assert len(slack.public()) == 1
    (answer,) = await slack.type("/digest now today")
    assert answer["text"] == "Today's post was made already. `/digest now` posts an extra one."


@pytest.mark.parametrize("words", ["today!", "as today's post", "for today please"])
async def test_now_today_may_be_said_in_other_words(slack: Slack, words: str) -> None:
    await slack.type("/digest on 09:30 daily")
    (*_, answer) = await slack.type(f"/digest now {words}")
    assert "Posted today's post." in answer["text"]


async def test_now_asks_before_a_second_extra_post_in_a_minute(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    await slack.type("/digest now")
    (asked,) = await slack.type("/digest now")
    assert "less than a minute ago" in asked["text"]
    assert len(slack.public()) == 1
    await slack.press(Action.DIGEST_GUESS, asked)
    assert len(slack.public()) == 2
    slack.clock.forward(seconds=61)
    await slack.type("/digest now")
    assert len(slack.public()) == 3


async def test_undo_says_how_each_change_is_taken_back(slack: Slack) -> None:
    (answer,) = await slack.type("/digest undo")
    assert "*Take it back*" in answer["text"]


async def test_resume_says_what_stays_skipped(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    await slack.type("/digest skip 26 nov")
    await slack.type("/digest pause")
    (answer,) = await slack.type("/digest resume")
    assert "Still skipped: Thu 26 Nov 2026." in answer["text"]
    seen = await slack.press(Action.DIGEST_GUESS, answer)
    assert "There will be a post on Thu 26 Nov 2026 after all." in texts(seen)


async def test_pause_tomorrow_has_a_button_for_each_meaning(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily UTC")
    (asked,) = await slack.type("/digest pause tomorrow")
    assert labels(asked) == ["Skip Wed 25 Nov 2026", "Pause until Wed 25 Nov 2026"]
    slack.clock.forward(hours=4)  # today's post is over
    await tick(slack)
    (asked,) = await slack.type("/digest pause tomorrow")
    assert labels(asked) == ["Skip Wed 25 Nov 2026", "Pause from then on"]
    await slack.press(f"{Action.DIGEST_GUESS}_1", asked)
    (schedule,) = await slack.parley.store.schedules.list(TEAM)
    assert schedule.paused_until


async def test_pause_does_not_offer_a_skip_that_is_made(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily UTC")
    await slack.type("/digest skip tomorrow")
    (asked,) = await slack.type("/digest pause tomorrow")
    question = "The post of Wed 25 Nov 2026 is skipped already. Do you mean a pause?"
    assert asked["text"].startswith(question)
    assert labels(asked) == ["Pause until Wed 25 Nov 2026"]


@pytest.mark.parametrize("words", ["yesterday", "24 and 25 or 26 Dec", "until 31 Nov or so"])
async def test_an_unclear_pause_without_a_reading_offers_nothing(slack: Slack, words: str) -> None:
    await slack.type("/digest on 09:30 daily UTC")
    (asked,) = await slack.type(f"/digest pause {words}")
    assert labels(asked) == []
    assert "Do you mean to leave that out" not in asked["text"]


@pytest.mark.parametrize("words", ["skip 27 or 28 nov", "pause 28 nov", "pause until 27 or 28 nov"])
async def test_what_is_not_theirs_is_not_offered(slack: Slack, words: str) -> None:
    await slack.type("/digest on 09:30 daily")
    (refused,) = await slack.type(f"/digest {words}", user=BEN)
    assert "Only its owner" in refused["text"]


async def test_now_posts_one_more(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    (*_, answer) = await slack.type("/digest now")
    assert "Posted an extra one." in answer["text"]
    slack.clock.forward(hours=2)
    await tick(slack)
    first, second = slack.public()
    assert first["reply_count"] == second["reply_count"] == 1
    assert first["blocks"][1] != second["blocks"][1]


async def test_next_lists_five_upcoming_posts(slack: Slack) -> None:
    await slack.type("/digest on 09:30")
    (answer,) = await slack.type("/digest next")
    assert "Next, in your own time (Europe/Lisbon):\n• Tue 24 Nov 2026 at 09:30\n" in answer["text"]
    assert answer["text"].count("• ") == 5
    await slack.type("/digest now today")
    (answer,) = await slack.type("/digest next")
    assert "24 Nov" not in answer["text"]
    assert answer["text"].count("• ") == 5


async def test_off_ends_it(slack: Slack) -> None:
    await slack.type("/digest on 09:30")
    await slack.type("/digest off")
    slack.clock.forward(hours=2)
    await tick(slack)
    assert not slack.public()
    (answer,) = await slack.type("/digest next")
    assert "no schedule" in answer["text"]


async def test_off_and_on_again_does_not_post_twice_a_day(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    slack.clock.forward(minutes=91)
    await tick(slack)
    await slack.type("/digest off")
    (answer,) = await slack.type("/digest on 10:00 daily")
    assert "25 Nov" in answer["text"]
    slack.clock.forward(hours=1)
    await tick(slack)
    assert len(slack.public()) == 1


async def test_list_names_every_channel(slack: Slack) -> None:
    (answer,) = await slack.type("/digest list")
    assert "No channel that you see has a schedule" in answer["text"]
    await slack.type("/digest on 09:30")
    await slack.type("/digest on 10:00", channel="C0WORLD")
    (answer,) = await slack.type("/digest list")
    assert f"<#{GENERAL}>: a question at 09:30" in answer["text"]
    assert "<#C0WORLD>: a question at 10:00" in answer["text"]


async def test_list_and_home_leave_out_a_post_that_is_skipped(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    first, second = "next Tue 24 Nov 2026 at 09:30", "next Wed 25 Nov 2026 at 09:30"
    (answer,) = await slack.type("/digest list")
    assert first in texts([answer])
    await slack.type("/digest skip")
    (answer,) = await slack.type("/digest list")
    await slack.workspace.open_home(ANA)
    await slack.settled()
    for shown in (answer, slack.workspace.home(ANA) or {}):
        assert second in str(shown)
        assert first not in str(shown)


async def test_schedules_of_private_channels_are_listed_only_to_members_and_admins(
    slack: Slack,
) -> None:
    slack.workspace.invite(LEADERS, slack.workspace.bot_user_id)
    await slack.type("/digest on 09:30 about geneva", user=BEN, channel=LEADERS)
    await slack.type("/digest on 09:30", user=BEN, channel="C0WORLD")
    (answer,) = await slack.type("/digest list", user=CHLOE)
    assert LEADERS not in texts([answer])
    assert "C0WORLD" in texts([answer])
    for who in (BEN, ANA):
        (answer,) = await slack.type("/digest list", user=who)
        assert LEADERS in texts([answer])
    slack.workspace.change_person(CHLOE, is_restricted=True)
    slack.workspace.remove("C0WORLD", CHLOE)
    slack.clock.forward(minutes=6)
    (answer,) = await slack.type("/digest list", user=CHLOE)
    assert "No channel that you see has a schedule" in answer["text"]


async def test_list_shows_only_own_schedules_if_slack_does_not_list_channels(slack: Slack) -> None:
    await slack.type("/digest on 09:30", user=BEN)
    await slack.type("/digest on 09:30", channel="C0WORLD")
    slack.workspace.faults.add(
        Fault(method="users.conversations", kind="refuse", error="internal_error", times=9)
    )
    (answer,) = await slack.type("/digest list", user=BEN)
    assert GENERAL in texts([answer])
    assert "C0WORLD" not in texts([answer])


async def test_list_hides_other_channels_if_slack_does_not_say_who_is_a_guest(
    slack: Slack,
) -> None:
    await slack.type("/digest on 09:30")
    await slack.type("/digest on 09:30", channel="C0WORLD")
    slack.workspace.remove("C0WORLD", CHLOE)
    slack.workspace.change_person(CHLOE, is_restricted=True)
    slack.workspace.faults.add(Fault(method="users.info", kind="html", status=503, times=None))
    (answer,) = await slack.type("/digest list", user=CHLOE)
    assert GENERAL in texts([answer])
    assert "C0WORLD" not in texts([answer])


async def test_on_in_a_direct_message_is_refused(slack: Slack) -> None:
    (answer,) = await slack.type("/digest on 09:30", channel=dm(BEN), user=BEN)
    assert answer["text"].startswith("Schedules work only in channels")


async def test_parley_offers_to_join_a_public_channel_and_starts_the_schedule(
    slack: Slack,
) -> None:
    words = "10:15 sat,sun Asia/Tokyo digest 2 about geneva"
    (offer,) = await slack.type(f"/digest on {words}", channel=RANDOM)
    assert "`/invite @Parley`" in offer["text"]
    assert labels(offer) == ["Join and start it"]
    assert not await slack.parley.store.schedules.list(TEAM)
    seen = await slack.press_thrice(Action.DIGEST_JOIN, offer, channel=RANDOM)
    assert (
        f"<#{RANDOM}> will get a digest of 2 stories about geneva at 10:15 on Saturday and Sunday"
        in texts(seen)
    )
    assert "cannot join" not in texts(seen)
    assert len(await slack.parley.store.schedules.list(TEAM)) == 1


async def test_a_new_time_ends_a_pause_and_says_so(slack: Slack) -> None:
    await slack.type("/digest on 09:30")
    await slack.type("/digest pause")
    (answer,) = await slack.type("/digest on 11:00")
    assert "It was paused, and goes on now." in answer["text"]


async def test_guests_cannot_let_parley_join_a_channel(slack: Slack) -> None:
    (offer,) = await slack.type("/digest on 09:30", channel=RANDOM, user=BEN)
    slack.workspace.change_person(BEN, is_restricted=True)
    slack.clock.forward(minutes=6)
    seen = await slack.press(Action.DIGEST_JOIN, offer, channel=RANDOM, user=BEN)
    assert seen[-1]["text"].startswith("Guests can't change schedules")
    assert not await slack.parley.store.schedules.list(TEAM)


@pytest.mark.parametrize("channel", [RANDOM, LEADERS])
async def test_on_where_parley_is_not_a_member_is_refused(slack: Slack, channel: ChannelId) -> None:
    (answer,) = await slack.type("/digest on 09:30", channel=channel)
    assert "`/invite @Parley`" in answer["text"]
    (answer,) = await slack.type("/digest list")
    assert "No channel" in answer["text"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("help", "A question a day"),
        ("xylophone", "I don't know “xylophone”."),
        ("on", "I need a time of day"),
        ("on 9:30 Europe/Lisbom", "Did you mean Europe/Lisbon?"),
        ("next", "This channel has no schedule."),
        ("now", "This channel has no schedule."),
        ("off", "This channel has no schedule."),
    ],
)
async def test_words_that_change_nothing_get_a_sentence(
    slack: Slack, words: str, sentence: str
) -> None:
    (answer,) = await slack.type(f"/digest {words}")
    assert sentence in answer["text"]
    assert answer["ephemeral"]


async def test_every_question_is_asked_before_one_repeats(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    for _ in range(6):
        slack.clock.forward(minutes=91)
        await tick(slack)
        slack.clock.forward(hours=24, minutes=-91)
    asked = [texts([message]).partition("\n")[0] for message in slack.public()]
    assert len(asked) == 6
    assert len(set(asked[:3])) == len(set(asked[3:])) == 3


# --- news ---------------------------------------------------------------------------------------


async def bring(slack: Slack, *stories: str, question: str = "") -> None:
    """Load these stories; each was published now."""
    at = slack.clock().isoformat()
    records = [
        {"headline": text, "summary": f"{text}.", "question": question, "published_at": at}
        for text in stories
    ]
    name = f"news-{len([*slack.corpus.iterdir()])}.json"
    (slack.corpus / name).write_text(json.dumps(records))
    assert "problem" not in texts(await slack.type("/corpus reload"))


async def after_a_day(slack: Slack) -> list[dict[str, Any]]:
    """Go on to the next 09:31, and return what was posted."""
    before = len(slack.public())
    now = slack.clock()
    at = now.replace(hour=9, minute=31)
    slack.clock.now = at if at > now else at + timedelta(days=1)
    await tick(slack)
    return slack.public()[before:]


async def test_a_digest_without_a_question_shows_its_stories_and_has_its_menu(slack: Slack) -> None:
    for file in slack.corpus.iterdir():
        file.unlink()
    await bring(slack, "Wolves return to Riga", "Farmers march in Lyon")
    await slack.type("/digest on 09:30 daily digest 2")
    (post,) = await after_a_day(slack)
    shown = texts([post])
    assert "Wolves return to Riga" in shown
    assert "Farmers march in Lyon" in shown
    assert "**" not in shown
    assert "Pause" in str(post["blocks"])
    thread = slack.public(GENERAL, post["ts"])
    assert "Farmers march in Lyon" in texts(thread)


async def test_a_digest_says_that_nothing_is_new(slack: Slack) -> None:
    await bring(slack, "Wolves return to Riga", question="Who keeps the sheep?")
    (answer,) = await slack.type("/digest on 09:30 daily digest 2 only new")
    assert "will get a digest of 2 new stories at 09:30" in answer["text"]
    (post,) = await after_a_day(slack)
    assert "Who keeps the sheep?" in texts([post])
    (preview,) = await slack.type("/digest preview")
    assert "No story is new since the digest of Tue 24 Nov 2026." in preview["text"]
    (nothing,) = await after_a_day(slack)
    assert nothing["text"] == "No story is new since the digest of Tue 24 Nov 2026."
    assert [one["ts"] for one in slack.public(GENERAL, nothing["ts"])] == [nothing["ts"]]
    (refused,) = await slack.type("/digest now")
    assert "No story is new since" in refused["text"]
    await bring(slack, "Farmers march in Lyon")
    (post,) = await after_a_day(slack)
    assert "Farmers march in Lyon" in texts([post])
    assert "Riga" not in texts([post])


async def test_nothing_is_posted_when_nothing_is_new_if_the_owner_chose_so(slack: Slack) -> None:
    await bring(slack, "Wolves return to Riga")
    await slack.type("/digest on 09:30 daily digest 1 only new or nothing")
    assert len(await after_a_day(slack)) == 1
    (preview,) = await slack.type("/digest preview")
    assert "Nothing will be posted until there is one." in preview["text"]
    assert not await after_a_day(slack)
    (following,) = await slack.type("/digest next")
    assert "was left out: No story is new since the digest of Tue 24 Nov 2026." in following["text"]


async def test_a_schedule_with_a_maximum_age_says_that_it_has_no_story(slack: Slack) -> None:
    (answer,) = await slack.type("/digest on 09:30 daily max age 2 days")
    assert "There is no story for it yet" in answer["text"]
    (preview,) = await slack.type("/digest preview")
    assert "There is no story of the last 2 days to choose from." in preview["text"]
    await bring(slack, "Wolves return to Riga", question="Who keeps the sheep?")
    (post,) = await after_a_day(slack)
    assert "Who keeps the sheep?" in texts([post])
