"""/digest and the daily question."""

import pytest

from tests.handlers.conftest import BEN, GENERAL, LEADERS, RANDOM, Slack, texts


async def tick(slack: Slack) -> None:
    """Let the ticker's jobs run once."""
    await slack.parley.ticker.tick()


async def test_on_takes_the_asker_s_own_zone(slack: Slack) -> None:
    (answer,) = await slack.type("/digest on 09:30")
    assert "at 09:30 on Mon–Fri (Europe/Lisbon)" in answer["text"]
    assert answer["ephemeral"]
    (answer,) = await slack.type("/digest on 09:30 daily", user=BEN)
    assert "at 09:30 every day (Africa/Accra)" in answer["text"]


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


async def test_days_without_parley_are_missed_not_made_up_for(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    slack.clock.forward(days=5)
    await tick(slack)
    assert not slack.public()
    slack.clock.forward(hours=2)
    await tick(slack)
    assert len(slack.public()) == 1


async def test_a_little_late_is_late_and_not_missed(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    slack.clock.forward(hours=3)
    await tick(slack)
    assert len(slack.public()) == 1


async def test_now_today_counts_as_today_s(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    (*_, answer) = await slack.type("/digest now today")
    assert "Today's post is in this channel." in answer["text"]
    assert len(slack.public()) == 1
    slack.clock.forward(hours=2)
    await tick(slack)
    assert len(slack.public()) == 1
    (answer,) = await slack.type("/digest now today")
    assert answer["text"] == "Today's post is in this channel already."


async def test_now_is_one_more(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    (*_, answer) = await slack.type("/digest now")
    assert "One more post is in this channel." in answer["text"]
    slack.clock.forward(hours=2)
    await tick(slack)
    first, second = slack.public()
    assert first["reply_count"] == second["reply_count"] == 1
    assert first["blocks"][1] != second["blocks"][1]


async def test_next_lists_five_and_leaves_out_what_was_posted(slack: Slack) -> None:
    await slack.type("/digest on 09:30")
    (answer,) = await slack.type("/digest next")
    assert answer["text"].count("<!date^") == 5
    assert "Tue 24 Nov 2026, 09:30 UTC" in answer["text"]
    await slack.type("/digest now today")
    (answer,) = await slack.type("/digest next")
    assert "24 Nov" not in answer["text"]
    assert answer["text"].count("<!date^") == 5


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
    assert "No channel has a schedule" in answer["text"]
    await slack.type("/digest on 09:30")
    await slack.type("/digest on 10:00", channel="C0WORLD")
    (answer,) = await slack.type("/digest list")
    assert f"<#{GENERAL}>: a question at 09:30" in answer["text"]
    assert "<#C0WORLD>: a question at 10:00" in answer["text"]


@pytest.mark.parametrize("channel", [RANDOM, LEADERS])
async def test_on_where_parley_is_no_member_is_refused_at_once(slack: Slack, channel: str) -> None:
    (answer,) = await slack.type("/digest on 09:30", channel=channel)
    assert "`/invite @Parley`" in answer["text"]
    (answer,) = await slack.type("/digest list")
    assert "No channel" in answer["text"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("help", "A question a day"),
        ("xylophone", "I do not know “xylophone”."),
        ("on", "Start with a time"),
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


async def test_every_question_is_asked_before_one_returns(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    for _ in range(6):
        slack.clock.forward(minutes=91)
        await tick(slack)
        slack.clock.forward(hours=24, minutes=-91)
    asked = [texts([one]).partition("\n")[0] for one in slack.public()]
    assert len(asked) == 6
    assert len(set(asked[:3])) == len(set(asked[3:])) == 3
