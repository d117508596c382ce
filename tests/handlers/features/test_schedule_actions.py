"""Skip, pause, preview and resume, and the menu under a post."""

import json
from datetime import date
from typing import Any

import pytest

from handlers.button_value import Value
from handlers.ids import Action
from handlers.views.question import MENU_PAUSE, MENU_SKIP, MENU_WHY
from store.posting.notices import READY_AGAIN
from store.types import PostState
from tests.handlers.conftest import Slack, labels, texts
from tests.ids import ANA, BEN, CHLOE, GENERAL, TEAM, WORLD
from tests.schedules import schedule_of

ANA_DM = "D0ANA"


async def tick(slack: Slack) -> None:
    await slack.parley.ticker.tick()


async def posted(slack: Slack, words: str = "09:30 daily") -> dict[str, Any]:
    """Start a schedule, wait for its first post, and return the post."""
    await slack.type(f"/digest on {words}")
    slack.clock.forward(minutes=91)
    await tick(slack)
    return slack.public()[-1]


async def choose(slack: Slack, post: dict[str, Any], what: str, user: str = ANA) -> str:
    """Choose *what* from the post's menu, and return the text of the answer."""
    before = {message["ts"] for message in slack.workspace.messages(GENERAL, user)}
    delivery = await slack.workspace.press(
        user,
        Action.POST_MORE,
        channel=GENERAL,
        ts=post["ts"],
        selected_option=Value(words=what).encode(),
    )
    assert delivery.acked
    await slack.parley.background.drain(10)
    (reply,) = [
        message
        for message in slack.workspace.messages(GENERAL, user)
        if message["ts"] not in before
    ]
    assert reply["ephemeral"]
    return str(reply["text"])


async def test_skip_omits_the_next_post_and_unskip_restores_it(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    (answer,) = await slack.type("/digest skip")
    assert "No post on Tue 24 Nov 2026." in answer["text"]
    assert "Wed 25 Nov 2026 at 09:30 (Europe/Lisbon)" in answer["text"]
    (answer,) = await slack.type("/digest next")
    assert answer["text"].count("• ") == 6
    assert "no post (skipped)" in answer["text"]
    (answer,) = await slack.type("/digest unskip")
    assert "There will be a post on Tue 24 Nov 2026 after all." in answer["text"]
    await slack.type("/digest skip")
    slack.clock.forward(minutes=91)
    await tick(slack)
    assert not slack.public()
    slack.clock.forward(days=1)
    await tick(slack)
    assert len(slack.public()) == 1


async def test_unskip_asks_which_of_several_skips_it_takes_back(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    await slack.type("/digest skip")
    await slack.type("/digest skip 24 Dec")
    (answer,) = await slack.type("/digest unskip")
    assert labels(answer) == ["Tue 24 Nov 2026", "Thu 24 Dec 2026", "All of them"]
    await slack.press(f"{Action.DIGEST_GUESS}_1", answer)
    assert await skipped(slack) == ["2026-11-24"]


async def test_skipping_twice_skips_two(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    await slack.type("/digest skip")
    (answer,) = await slack.type("/digest skip")
    assert "No post on Wed 25 Nov 2026." in answer["text"]


async def test_choosing_skip_twice_in_the_menu_skips_one(slack: Slack) -> None:
    post = await posted(slack)
    assert "No post on Wed 25 Nov 2026." in await choose(slack, post, MENU_SKIP)
    assert "No post on Wed 25 Nov 2026." in await choose(slack, post, MENU_SKIP)


async def test_given_dates_can_be_skipped(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    (answer,) = await slack.type("/digest skip 24 Dec, 2026-12-31 and friday")
    assert "Fri 27 Nov 2026, Thu 24 Dec 2026, Thu 31 Dec 2026" in answer["text"]
    (answer,) = await slack.type("/digest unskip 31 Dec")
    assert "after all" in answer["text"]
    (answer,) = await slack.type("/digest unskip 31 Dec")
    assert answer["text"] == "The post of Thu 31 Dec 2026 is not skipped."


async def skipped(slack: Slack) -> list[str]:
    posts = await slack.parley.store.posts.scheduled(TEAM, GENERAL, since=date(2026, 11, 24))
    return [str(post.due_on) for post in posts if post.state is PostState.SKIPPED]


async def test_a_range_skips_exactly_the_posts_that_it_names(slack: Slack) -> None:
    await slack.type("/digest on 09:30 mon,wed")
    (answer,) = await slack.type("/digest skip 24 Dec to 2 Jan")
    assert "No post on Mon 28 Dec 2026, Wed 30 Dec 2026. The next one" in answer["text"]
    assert await skipped(slack) == ["2026-12-28", "2026-12-30"]
    (answer,) = await slack.type("/digest skip 2 and 3 Dec")
    assert "No post on Wed 2 Dec 2026." in answer["text"]
    assert "None was planned for Thu 3 Dec 2026." in answer["text"]
    await slack.type("/digest unskip 2 Dec")
    (answer,) = await slack.type("/digest skip 26 Dec")
    assert "Sat 26 Dec 2026: posts come on Monday and Wednesday." in answer["text"]
    (answer,) = await slack.type("/digest skip 1 Dec 2026 to 1 Dec 2027")
    assert "I skip at most 60 posts at a time, and these are 105." in answer["text"]
    assert await skipped(slack) == ["2026-12-28", "2026-12-30"]


async def test_the_next_posts_can_be_skipped_by_number(slack: Slack) -> None:
    await slack.type("/digest on 09:30 mon-fri")
    await slack.type("/digest skip next")
    (answer,) = await slack.type("/digest skip the next 3 posts")
    assert "No posts: Wed 25 Nov 2026 to Fri 27 Nov 2026." in answer["text"]
    await slack.type("/digest unskip next")
    assert await skipped(slack) == ["2026-11-25", "2026-11-26", "2026-11-27"]
    await slack.type("/digest unskip next 2")
    assert await skipped(slack) == ["2026-11-27"]


@pytest.mark.parametrize(
    ("words", "buttons"),
    [
        ("off friday", ["Skip Fri 27 Nov 2026", "End the schedule"]),
        ("off until 2 Jan", ["Pause until Sat 2 Jan 2027", "End the schedule"]),
        ("off soonish", ["End the schedule"]),
        ("resume on 2 Jan", ["Pause until Sat 2 Jan 2027", "Resume now"]),
    ],
)
async def test_a_date_after_off_or_resume_is_asked_about(
    slack: Slack, words: str, buttons: list[str]
) -> None:
    await slack.type("/digest on 09:30 daily")
    await slack.type("/digest pause")
    before = await slack.parley.store.schedules.list(TEAM)
    (answer,) = await slack.type(f"/digest {words}")
    assert labels(answer) == buttons
    assert await slack.parley.store.schedules.list(TEAM) == before
    await slack.press(f"{Action.DIGEST_GUESS}_{len(buttons) - 1}".removesuffix("_0"), answer)
    assert await slack.parley.store.schedules.list(TEAM) != before


async def test_a_skip_can_be_taken_back(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    await slack.type("/digest skip 25 Dec")
    (answer,) = await slack.type("/digest skip 31 Dec and 1 Jan")
    assert labels(answer) == ["Take it back"]
    seen = await slack.press_thrice(Action.DIGEST_GUESS, answer)
    assert "There will be posts after all: Thu 31 Dec 2026, Fri 1 Jan 2027." in texts(seen)
    assert await skipped(slack) == ["2026-12-25"]


async def test_the_posts_of_a_range_that_are_out_are_named(slack: Slack) -> None:
    await posted(slack)
    (answer,) = await slack.type("/digest skip today to friday")
    assert "No posts: Wed 25 Nov 2026 to Fri 27 Nov 2026." in answer["text"]
    assert "The post of Tue 24 Nov 2026 is out already, or under way." in answer["text"]


@pytest.mark.parametrize(
    ("words", "buttons", "expected"),
    [
        ("skip Fri 24 Dec", ["Skip Thu 24 Dec 2026", "Skip Fri 25 Dec 2026"], ["2026-12-25"]),
        ("skip 2", ["Skip Wed 2 Dec 2026", "Skip the next 2 posts"], ["2026-11-24", "2026-11-25"]),
        ("skip 3/4", ["Skip Sat 3 Apr 2027", "Skip Thu 4 Mar 2027"], ["2027-03-04"]),
        ("pause 26 Nov", ["Skip Thu 26 Nov 2026", "Pause until Thu 26 Nov 2026"], []),
    ],
)
async def test_unclear_dates_are_asked_back_before_anything_changes(
    slack: Slack, words: str, buttons: list[str], expected: list[str]
) -> None:
    await slack.type("/digest on 09:30 daily")
    (answer,) = await slack.type(f"/digest {words}")
    assert labels(answer) == buttons
    (schedule,) = await slack.parley.store.schedules.list(TEAM)
    assert not schedule.paused_until
    assert not await skipped(slack)
    await slack.press(f"{Action.DIGEST_GUESS}_1", answer)
    (schedule,) = await slack.parley.store.schedules.list(TEAM)
    assert bool(schedule.paused_until) == words.startswith("pause")
    assert await skipped(slack) == expected


async def test_a_published_post_cannot_be_skipped(slack: Slack) -> None:
    await posted(slack)
    (answer,) = await slack.type("/digest skip today")
    assert answer["text"] == "The post of Tue 24 Nov 2026 is out already, or under way."


async def test_a_pause_until_a_date(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    (answer,) = await slack.type("/digest pause until 26 Nov")
    assert "Paused until Thu 26 Nov 2026, which leaves out 2 posts. The next one" in answer["text"]
    (answer,) = await slack.type("/digest next")
    assert "It is paused until Thu 26 Nov 2026." in answer["text"]
    assert "• Thu 26 Nov 2026 at 09:30" in answer["text"]
    assert "25 Nov 2026" not in answer["text"]
    slack.clock.forward(minutes=91)
    for count in (0, 0, 1):
        await tick(slack)
        assert len(slack.public()) == count
        slack.clock.forward(days=1)


async def test_a_pause_can_be_taken_back(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    (first,) = await slack.type("/digest pause for 2 weeks")
    (second,) = await slack.type("/digest pause")
    assert "The first post left out is that of Tue 24 Nov 2026." in second["text"]
    for answer, until in ((second, date(2026, 12, 8)), (first, None)):
        await slack.press_thrice(Action.DIGEST_GUESS, answer)
        (schedule,) = await slack.parley.store.schedules.list(TEAM)
        assert schedule.paused_until == until


async def test_a_long_pause_counts_its_posts(slack: Slack) -> None:
    await slack.type("/digest on 09:30 weekdays")
    (answer,) = await slack.type("/digest pause until 1 Jan 2027")
    assert "Paused until Fri 1 Jan 2027, which leaves out 28 posts." in answer["text"]
    (answer,) = await slack.type("/digest skip 24 Dec")
    assert "no post on Thu 24 Dec 2026 anyway, because the schedule is paused" in answer["text"]
    assert not await skipped(slack)


async def test_a_pause_before_which_no_post_is_planned_is_refused(slack: Slack) -> None:
    await slack.type("/digest on 09:30 mon")
    (answer,) = await slack.type("/digest pause until friday")
    assert answer["text"] == (
        "No post is planned before Fri 27 Nov 2026. The next one comes on Mon 30 Nov 2026:"
        " `/digest skip monday-question` leaves it out, or `/digest pause monday-question until"
        " 1 Dec`."
    )
    (answer,) = await slack.type("/digest pause for today")
    assert answer["text"].startswith("No post is planned for Tue 24 Nov 2026: posts come on Mon")
    (answer,) = await slack.type("/digest pause until 1st")
    assert "until Tue 1 Dec 2026, which leaves out 1 post." in answer["text"]


async def test_an_ended_schedule_can_be_started_again(slack: Slack) -> None:
    words = "10:15 mon,sat Asia/Tokyo digest 2 about geneva"
    await slack.type(f"/digest on {words}")
    (before,) = await slack.parley.store.schedules.list(TEAM)
    (answer,) = await slack.type("/digest off")
    assert "Sat 28 Nov 2026 at 10:15" in answer["text"]
    assert "then at 10:15 on Monday and Saturday (Asia/Tokyo)" in answer["text"]
    await slack.press_thrice(Action.DIGEST_GUESS, answer)
    assert await slack.parley.store.schedules.list(TEAM) == [before]


@pytest.mark.parametrize("pause", ["pause", "pause until 2 Jan"])
async def test_a_paused_schedule_is_paused_when_it_is_started_again(
    slack: Slack, pause: str
) -> None:
    await slack.type("/digest on 09:30 daily")
    await slack.type(f"/digest {pause}")
    before = await slack.parley.store.schedules.list(TEAM)
    (answer,) = await slack.type("/digest off")
    seen = await slack.press_thrice(Action.DIGEST_GUESS, answer)
    assert "Paused" in texts(seen)
    assert await slack.parley.store.schedules.list(TEAM) == before


async def test_who_ended_a_schedule_and_left_the_channel_starts_it_again(
    slack: Slack,
) -> None:
    await slack.type("/digest on 10:30", channel=WORLD)
    (shown,) = await slack.type("/digest list")
    _, end = shown["blocks"][1]["accessory"]["options"]
    await slack.workspace.press(
        ANA, Action.DIGEST_CHANGE, channel=GENERAL, ts=shown["ts"], selected_option=end
    )
    await slack.settled()
    answer = next(
        message
        for message in slack.workspace.messages(GENERAL, ANA)
        if labels(message) == ["Take it back"]
    )
    slack.workspace.remove(WORLD, ANA)
    slack.clock.forward(minutes=6)
    await slack.press(Action.DIGEST_GUESS, answer)
    assert await schedule_of(slack.parley.store, TEAM, WORLD)


@pytest.mark.parametrize(
    ("minutes", "words", "why"),
    [
        (0, "09:30", ""),
        (91, "09:30", "Not today, because 09:30 has passed."),
        (0, "09:30 mon", ""),
    ],
)
async def test_on_says_why_the_first_post_is_not_today(
    slack: Slack, minutes: int, words: str, why: str
) -> None:
    slack.clock.forward(minutes=minutes)
    (answer,) = await slack.type(f"/digest on {words}")
    assert ("Not today" in answer["text"]) == bool(why)
    assert why in answer["text"]


async def test_on_says_why_the_first_days_have_no_post(slack: Slack) -> None:
    (answer,) = await slack.type("/digest on 09:30 thu except holidays US")
    assert "Not on Thu 26 Nov 2026: Thanksgiving Day." in answer["text"]


async def test_a_week_is_skipped_in_one_short_line(slack: Slack) -> None:
    await slack.type("/digest on 09:30")
    (answer,) = await slack.type("/digest skip next week")
    assert answer["text"].startswith("No posts: Mon 30 Nov 2026 to Fri 4 Dec 2026. The next")
    assert "None was planned" not in answer["text"]


async def test_resume_offers_to_take_back_what_is_skipped(slack: Slack) -> None:
    await slack.type("/digest on 09:30")
    await slack.type("/digest skip next week")
    (answer,) = await slack.type("/digest resume")
    assert "5 posts will be skipped: Mon 30 Nov 2026 to Fri 4 Dec 2026" in answer["text"]
    await slack.press(Action.DIGEST_GUESS, answer)
    assert not await skipped(slack)


@pytest.mark.parametrize(
    ("typed", "kept", "note"),
    [
        ("santions, geneva", ("Sanctions", "geneva"), "I read “santions” as Sanctions."),
        ("sanction", ("sanction",), ""),
        ("kubernetes", ("kubernetes",), "There is no story for it yet"),
    ],
)
async def test_a_misspelt_topic_is_kept_as_the_stories_spell_it(
    slack: Slack, typed: str, kept: tuple[str, ...], note: str
) -> None:
    (answer,) = await slack.type(f"/digest on 09:30 about {typed}")
    (schedule,) = await slack.parley.store.schedules.list(TEAM)
    assert schedule.topics == kept
    assert note in answer["text"]
    assert ("I read" in answer["text"]) == ("I read" in note)


async def test_now_today_on_a_day_without_a_post_says_so(slack: Slack) -> None:
    await slack.type("/digest on 09:30 mon")
    (answer,) = await slack.type("/digest now today")
    assert answer["text"] == (
        "There is no post on Tue 24 Nov 2026: posts come on Monday."
        " `/digest now` posts an extra one."
    )
    assert not slack.public()


async def test_a_pause_without_a_date_ends_by_resume(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    await slack.type("/digest pause")
    (answer,) = await slack.type("/digest next")
    assert "It is paused;" in answer["text"]
    slack.clock.forward(minutes=91)
    await tick(slack)
    (answer,) = await slack.type("/digest resume")
    assert "gets its posts again" in answer["text"]
    await tick(slack)
    assert not slack.public(), "posts that a pause skipped are not sent later"
    slack.clock.forward(days=1)
    await tick(slack)
    assert len(slack.public()) == 1
    (answer,) = await slack.type("/digest resume")
    assert "isn't paused or stopped" in answer["text"]


@pytest.mark.parametrize("words", ["09:30 daily", "09:30 daily digest 3"])
async def test_preview_shows_exactly_what_is_then_posted(slack: Slack, words: str) -> None:
    await slack.type(f"/digest on {words}")
    (preview,) = await slack.type("/digest preview")
    assert preview["ephemeral"]
    slack.clock.forward(minutes=91)
    await tick(slack)
    (post,) = slack.public()
    assert bare(preview["blocks"][1:]) == bare(post["blocks"])
    assert preview["text"].endswith(post["text"])


async def test_the_preview_of_a_paused_schedule_names_no_time(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    await slack.type("/digest pause")
    (preview,) = await slack.type("/digest preview")
    assert "To be posted after it is resumed:" in texts([preview])


def bare(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: of for name, of in block.items() if name != "block_id"} for block in blocks]


async def test_a_digest_is_one_message_with_its_details_in_the_thread(slack: Slack) -> None:
    post = await posted(slack, "09:30 daily digest 3")
    assert len(slack.public()) == 1
    shown = texts([post])
    details = texts(slack.public(thread_ts=post["ts"])[1:])
    # Two stories have the same headline, so one of them waits for another digest.
    talks = {"Zelenskiy flew": "A neutral city", "Sanctions on timber": "Trade moves sooner"}
    assert "Dockworkers in Gdansk" in shown
    assert [words for words in talks if words in shown] == [
        words for words, insight in talks.items() if insight in details
    ]
    assert sum(words in shown for words in talks) == 1
    assert "makes its importance plain" in details


async def test_a_schedule_posts_only_its_topics(slack: Slack) -> None:
    (answer,) = await slack.type("/digest on 09:30 daily about gdansk")
    assert "a question about gdansk at 09:30" in answer["text"]
    slack.clock.forward(minutes=91)
    await tick(slack)
    assert "What would make night work fair?" in texts(slack.public())
    (answer,) = await slack.type("/digest on 09:30 daily about kubernetes")
    assert "There is no story for it yet" in answer["text"]


async def test_why_this_one_is_answered_for_anybody(slack: Slack) -> None:
    post = await posted(slack)
    reply = await choose(slack, post, MENU_WHY, user=CHLOE)
    assert "Not asked here yet (0 of 3 so far)" in reply
    assert "revision 1" in reply


@pytest.mark.parametrize("said", ["why this question?", "Who picked this?", "warum diese Frage?"])
async def test_why_this_one_is_answered_in_the_thread_of_a_post(slack: Slack, said: str) -> None:
    post = await posted(slack)
    (answer,) = await slack.say(f"@Parley {said}", user=CHLOE, thread_ts=post["ts"])
    assert "Not asked here yet (0 of 3 so far)" in answer["text"]
    assert answer["ephemeral"]


async def test_why_this_one_is_explained_elsewhere(slack: Slack) -> None:
    root = slack.workspace.post_as(BEN, GENERAL, "Anybody?")
    (answer,) = await slack.say("@Parley why this question?", thread_ts=root["ts"])
    assert "*Why this one?* in the menu" in answer["text"]


async def test_the_menu_skips_and_pauses(slack: Slack) -> None:
    post = await posted(slack)
    assert "No post on Wed 25 Nov 2026" in await choose(slack, post, MENU_SKIP)
    assert "Paused" in await choose(slack, post, MENU_PAUSE)


async def test_a_forged_menu_does_nothing(slack: Slack) -> None:
    post = await posted(slack)
    slack.forged = json.dumps({"words": "everything"})
    assert "another version of me" in await choose(slack, post, MENU_WHY)


async def test_a_removed_bot_notifies_the_owner_once_and_resumes_by_the_button(
    slack: Slack,
) -> None:
    await slack.type("/digest on 09:30 daily")
    slack.workspace.remove(GENERAL, slack.workspace.bot_user_id)
    slack.clock.forward(minutes=91)
    for _ in range(5):
        await tick(slack)
        slack.clock.forward(minutes=6)
    assert not slack.public()
    (notice,) = slack.public(ANA_DM)
    assert "/invite @Parley" in notice["text"]
    await slack.press(Action.DIGEST_RESUME, notice, channel=ANA_DM)
    assert not slack.public()
    slack.workspace.invite(GENERAL, slack.workspace.bot_user_id)
    await slack.press(Action.DIGEST_RESUME, notice, channel=ANA_DM)
    assert len(slack.public()) == 1, "within the grace, today's post is not lost"
    assert "gets its posts again" in texts(slack.public(ANA_DM))
    slack.clock.forward(days=1)
    await tick(slack)
    assert len(slack.public()) == 2


async def test_an_archived_channel_is_noticed_before_the_post_is_due(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    slack.workspace.channels[GENERAL].is_archived = True
    slack.clock.forward(minutes=40)
    await tick(slack)
    (notice,) = slack.public(ANA_DM)
    assert "it is archived" in notice["text"]
    slack.workspace.channels[GENERAL].is_archived = False
    slack.clock.forward(minutes=6)
    await tick(slack)
    (_, ready) = slack.public(ANA_DM)
    assert "I can post in" in ready["text"]
    slack.clock.forward(minutes=6)
    await tick(slack)
    assert len(slack.public(ANA_DM)) == 2
    await slack.press(Action.DIGEST_RESUME, ready, channel=ANA_DM)
    slack.clock.forward(minutes=45)
    await tick(slack)
    assert len(slack.public()) == 1
    posts = [call for call in slack.workspace.calls if call.method == "chat.postMessage"]
    assert all(post.is_ok for post in posts), "no call that Slack would certainly refuse"


async def test_a_schedule_that_goes_on_is_not_stopped_with_the_others(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    (answer,) = await slack.type("/digest on 16:00 fri digest 3")
    await slack.press(Action.DIGEST_GUESS, answer)
    schedules = slack.parley.store.schedules
    await schedules.stop(TEAM, GENERAL, error="not_in_channel", now=slack.clock())
    await slack.type("/digest resume friday-digest")
    await schedules.stop(TEAM, GENERAL, error=READY_AGAIN, now=slack.clock())
    stopped = {one.name: one.stopped for one in await schedules.of_channel(TEAM, GENERAL)}
    assert stopped == {"daily-question": READY_AGAIN, "friday-digest": None}


async def test_a_channel_that_is_renamed_gets_its_post(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    slack.workspace.channels[GENERAL].name = "everything"
    slack.clock.forward(minutes=91)
    await tick(slack)
    assert len(slack.public()) == 1


async def test_next_notes_a_change_of_the_clocks(slack: Slack) -> None:
    """Lisbon's clocks go forward on 28 March 2027 and New York's on 14 March."""
    slack.clock.forward(days=108)  # Friday 12 March 2027
    await slack.type("/digest on 14:00 weekdays Europe/Lisbon")
    (answer,) = await slack.type("/digest next", user=CHLOE)
    assert "10:00 (instead of 09:00: the clocks change in America/New_York)" in answer["text"]
    (answer,) = await slack.type("/digest next")
    assert "clocks" not in answer["text"]
    slack.clock.forward(days=14)
    await tick(slack)
    (answer,) = await slack.type("/digest next", user=BEN)
    assert "13:00 (instead of 14:00: the clocks change in Europe/Lisbon)" in answer["text"]
    await slack.type("/digest on 01:30 daily Europe/Lisbon")
    (answer,) = await slack.type("/digest next")
    assert "(the clocks skip 01:30 that day, so it comes at 02:00)" in answer["text"]
    assert "the clocks change" not in answer["text"]


async def test_next_shows_the_outcome_of_the_last_post(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    slack.clock.forward(hours=5)
    await tick(slack)
    (answer,) = await slack.type("/digest next")
    assert (
        "The last one, on Tue 24 Nov 2026, was missed: I could not send it in time."
        in answer["text"]
    )


async def test_politeness_and_emoji_change_nothing(slack: Slack) -> None:
    await slack.type("/digest on 09:30 please :pray:")
    await slack.type("/digest skip please")
    assert await skipped(slack) == ["2026-11-24"]
    await slack.type("/digest unskip, thanks! 🙏")
    assert not await skipped(slack)
    await slack.type("/digest off please")
    assert not await slack.parley.store.schedules.list(TEAM)
