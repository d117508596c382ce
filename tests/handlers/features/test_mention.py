"""Look-ups by mentions, direct messages and the message shortcut."""

from typing import Any

import pytest

from handlers.ids import Action, Shortcut
from tests.handlers.conftest import Slack, dm, labels, texts
from tests.ids import ANA, BEN, GENERAL, RANDOM, TEAM


async def thread(slack: Slack, text: str = "What do we know?", channel: str = GENERAL) -> str:
    """Start a thread, and return its ts."""
    root = slack.workspace.post_as(BEN, channel, text)
    slack.workspace.post_as(BEN, channel, "Anybody?", thread_ts=root["ts"])
    return str(root["ts"])


async def test_a_mention_in_a_thread_is_answered_there_and_only_its_author_sees_it(
    slack: Slack,
) -> None:
    ts = await thread(slack)
    (answer,) = await slack.say("@Parley zelenksiy", thread_ts=ts)
    assert answer["ephemeral"]
    assert answer["thread_ts"] == ts
    assert "Zelenskiy* flew to Geneva" in texts([answer])
    assert labels(answer)[0] == "Share in thread"
    assert len(slack.public(thread_ts=ts)) == 3


async def test_a_share_from_a_thread_goes_into_the_thread(slack: Slack) -> None:
    ts = await thread(slack)
    (answer,) = await slack.say("@Parley dockworkers", thread_ts=ts)
    for _ in range(2):
        await slack.workspace.press(ANA, Action.BRIEF_SHARE, channel=GENERAL, ts=answer["ts"])
    await slack.settled()
    shared = slack.public(thread_ts=ts)[-1]
    assert f"Shared by <@{ANA}>" in texts([shared])
    assert len(slack.public(thread_ts=ts)) == 4
    assert len(slack.public()) == 1


async def test_the_buttons_stay_in_the_thread(slack: Slack) -> None:
    ts = await thread(slack)
    (answer,) = await slack.say("@Parley geneva", thread_ts=ts)
    seen = await slack.press(Action.BRIEF_NEXT, answer, thread_ts=ts)
    assert "Match 2 of 2" in texts([seen[-1]])
    assert "Share in thread" in labels(seen[-1])


async def test_a_mention_in_the_channel_is_answered_in_the_channel(slack: Slack) -> None:
    (answer,) = await slack.say("Hey @Parley dockworkers")
    assert answer["ephemeral"]
    assert "Share to channel" in labels(answer)


async def test_a_mention_without_words_explains(slack: Slack) -> None:
    (answer,) = await slack.say("@Parley")
    assert "`/brief Geneva`" in answer["text"]


async def test_a_direct_message_is_a_look_up(slack: Slack) -> None:
    (answer,) = await slack.say("geneva", channel=dm(BEN), user=BEN)
    assert "Match 1 of 2" in texts([answer])
    assert labels(answer) == ["Discuss in a channel", "More like this", "Previous", "Next"]
    seen = await slack.press(Action.BRIEF_NEXT, answer, user=BEN, channel=dm(BEN))
    assert "Match 2 of 2" in texts([seen[-1]])


@pytest.mark.parametrize("subtype", ["thread_broadcast", "me_message"])
async def test_other_ways_to_write_a_direct_message(slack: Slack, subtype: str) -> None:
    """A reply that is "also sent as a direct message", and `/me`."""
    await slack.say("dockworkers", channel=dm(BEN), user=BEN)
    said = next(one for one in slack.payloads if one["event"]["user"] == BEN)
    slack.payloads.append(
        {**said, "event_id": "Ev2", "event": {**said["event"], "subtype": subtype}}
    )
    before = slack.workspace.messages(dm(BEN), BEN)
    await slack.repeat()
    assert slack.workspace.messages(dm(BEN), BEN)[-1]["text"] == before[-1]["text"]
    assert len(slack.workspace.messages(dm(BEN), BEN)) == len(before) + 1


@pytest.mark.parametrize(
    "words",
    ["/digest on 09:30", "digest on 09:30", "digest on 09:30 daily", "/discuss", "Corpus status"],
)
async def test_a_command_in_a_message_is_named_and_not_looked_up(slack: Slack, words: str) -> None:
    (answer,) = await slack.say(f"@Parley {words}")
    typed = words.lower().removeprefix("/")
    assert f"type `/{typed}` by itself in the channel" in answer["text"]


async def test_brief_in_a_message_is_a_look_up(slack: Slack) -> None:
    (answer,) = await slack.say("@Parley /brief dockworkers")
    assert "*Dockworkers* in Gdansk" in texts([answer])
    (answer,) = await slack.say("@Parley /brief")
    assert answer["text"].startswith("Hello!")


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("make fridays digest skip christmas", "`/digest skip`"),
        ("not on weekends", "`/digest on friday-digest not on weekends`"),
        ("make it less often", "`/digest` alone for another time or other days"),
        ("remind me every friday at 5pm in general", "`/digest on 09:30`"),
        ("take back the last post", "*Delete this post*"),
        ("delete the last question", "*Delete this post*"),
        ("what time is the next question?", "`/digest next`"),
    ],
)
async def test_what_sounds_like_an_order_gets_a_hint(slack: Slack, words: str, hint: str) -> None:
    await slack.type("/digest on 16:00 fri digest")
    (answer,) = await slack.say(words, channel=dm(ANA))
    assert hint in answer["text"]
    assert len(await slack.parley.store.schedules.list(TEAM)) == 1


async def test_a_word_that_is_also_a_command_is_looked_up(slack: Slack) -> None:
    (slack.corpus / "new.txt").write_text("New\nA digest of the law.\nAn insight.\nWhy?\n")
    await slack.type("/corpus reload")
    (answer,) = await slack.say("@Parley digest of the law")
    assert "A *digest* of the *law*" in texts([answer])


async def test_messages_without_a_mention_are_ignored(slack: Slack) -> None:
    assert not await slack.say("dockworkers everywhere")


async def test_messages_of_apps_are_not_answered(slack: Slack) -> None:
    """Otherwise two bots could answer each other forever."""
    channel = slack.workspace.channels[dm(ANA)]
    calls = len(slack.workspace.calls)
    await slack.parley.app.client.chat_postMessage(
        token=slack.workspace.bot_token,
        channel=channel.id,
        text="dockworkers",
        unfurl_links=False,
        unfurl_media=False,
    )
    await slack.settled()
    assert len(slack.workspace.calls) == calls + 1


async def test_stories_related_to_a_message(slack: Slack) -> None:
    root = slack.workspace.post_as(
        BEN, GENERAL, "I wonder whether <https://x.example|Gdansk> port workers will strike again"
    )
    delivery = await slack.workspace.use_message_shortcut(
        ANA, Shortcut.RELATED, GENERAL, root["ts"]
    )
    assert delivery.acked
    await slack.settled()
    answer = slack.workspace.messages(GENERAL, ANA)[-1]
    assert answer["ephemeral"]
    assert "Dockworkers in Gdansk" in texts([answer])
    (*_, shown) = await slack.press(Action.BRIEF_PICK, answer)
    assert "What would make night work fair?" in texts([shown])


async def test_stories_related_to_a_message_of_blocks(slack: Slack) -> None:
    posted = await slack.parley.app.client.chat_postMessage(
        token=slack.workspace.bot_token,
        channel=GENERAL,
        text="A link",
        blocks=[
            {"type": "section", "text": {"type": "plain_text", "text": "Port workers of Gdansk"}}
        ],
        unfurl_links=False,
        unfurl_media=False,
    )
    await slack.workspace.use_message_shortcut(ANA, Shortcut.RELATED, GENERAL, posted["ts"])
    await slack.settled()
    assert "Dockworkers in Gdansk" in texts([slack.workspace.messages(GENERAL, ANA)[-1]])


async def test_stories_related_to_a_message_where_parley_is_not_a_member(
    slack: Slack,
) -> None:
    ts = await thread(slack, channel=RANDOM)
    reply = slack.workspace.post_as(
        BEN, RANDOM, "Geneva talks about sanctions on timber", thread_ts=ts
    )
    delivery = await slack.workspace.use_message_shortcut(
        ANA, Shortcut.RELATED, RANDOM, reply["ts"]
    )
    assert delivery.acked
    await slack.settled()
    answer = slack.workspace.messages(RANDOM, ANA, ts)[-1]
    assert answer["thread_ts"] == ts
    where = {"channel": RANDOM, "thread_ts": ts}
    (*_, shown) = await slack.press(Action.BRIEF_PICK, answer, **where)
    await slack.press(Action.BRIEF_SHARE, shown, **where)
    assert f"Shared by <@{ANA}>" in texts([slack.public(RANDOM, ts)[-1]])
    assert len(slack.public(RANDOM)) == 1


async def related(slack: Slack, ts: str, thread_ts: str | None = None) -> dict[str, Any]:
    """Look for the stories related to a message; return the answer, which stands beside it."""
    await slack.workspace.use_message_shortcut(ANA, Shortcut.RELATED, GENERAL, ts)
    await slack.settled()
    answer = slack.workspace.messages(GENERAL, ANA, thread_ts)[-1]
    assert answer["ephemeral"]
    return answer


async def test_stories_related_to_a_message_with_replies_are_shown_in_the_channel(
    slack: Slack,
) -> None:
    ts = await thread(slack, "Geneva talks about sanctions on timber")
    answer = await related(slack, ts)
    assert answer["thread_ts"] is None
    (*_, shown) = await slack.press(Action.BRIEF_PICK, answer)
    assert "Share to channel" in labels(shown)


async def with_more_talks(slack: Slack) -> None:
    """Load two stories more that are close to the one on the talks in Geneva."""
    (slack.corpus / "more.jsonl").write_text(
        """{"headline": "Swiss hosts", "summary": "Geneva hosts envoys of nine countries again."}
{"headline": "A neutral city", "summary": "Envoys of nine countries flew to Geneva for talks."}
"""
    )
    await slack.type("/corpus reload")


@pytest.mark.parametrize("command", ["/discuss zelenskiy", "/brief zelenskiy"])
async def test_stories_related_to_a_post_of_parley_are_other_ones_beside_it(
    slack: Slack, command: str
) -> None:
    await with_more_talks(slack)
    (found,) = await slack.type(command)
    await slack.press(Action.BRIEF_SHARE if "brief" in command else Action.DISCUSS_POST, found)
    post = slack.public()[-1]
    answer = await related(slack, post["ts"])
    assert answer["thread_ts"] is None
    assert "Swiss hosts" in texts([answer])
    assert "A neutral city" in texts([answer])
    assert "Zelenskiy flew" not in texts([answer])


async def test_stories_related_to_the_story_in_the_thread_of_a_question_are_other_ones_there(
    slack: Slack,
) -> None:
    await with_more_talks(slack)
    (found,) = await slack.type("/discuss zelenskiy")
    await slack.press(Action.DISCUSS_POST, found)
    ts = slack.public()[-1]["ts"]
    story = slack.public(thread_ts=ts)[-1]
    answer = await related(slack, story["ts"], ts)
    assert answer["thread_ts"] == ts
    assert "Swiss hosts" in texts([answer])
    assert "Zelenskiy flew" not in texts([answer])


async def test_stories_related_to_a_digest_are_none_of_its_own(slack: Slack) -> None:
    await with_more_talks(slack)
    await slack.type("/digest on 09:30 daily UTC digest 2 about zelenskiy, geneva")
    await slack.type("/digest now")
    digest = next(one for one in slack.public() if "thread" in texts([one]))
    ids = await slack.parley.store.posts.by_message(TEAM, GENERAL, digest["ts"])
    assert ids
    own = await slack.parley.store.posts.stories(TEAM, ids.key)
    answer = await related(slack, digest["ts"])
    assert answer["thread_ts"] is None
    assert not [one for one in own if one in texts([answer])]


async def test_a_post_of_parley_without_related_stories_says_so(slack: Slack) -> None:
    (found,) = await slack.type("/discuss dockworkers")
    await slack.press(Action.DISCUSS_POST, found)
    answer = await related(slack, slack.public()[-1]["ts"])
    assert answer["text"] == "I have no other story that is close to that one."


@pytest.mark.parametrize(
    ("text", "reply"),
    [("", "no words"), ("kubernetes ingress", "no story that is close")],
)
async def test_a_message_without_related_stories(slack: Slack, text: str, reply: str) -> None:
    root = slack.workspace.post_as(BEN, GENERAL, text)
    await slack.workspace.use_message_shortcut(ANA, Shortcut.RELATED, GENERAL, root["ts"])
    await slack.settled()
    assert reply in slack.workspace.messages(GENERAL, ANA)[-1]["text"]


async def test_a_stranger_is_refused_in_a_sentence(slack: Slack) -> None:
    slack.workspace.change_person(BEN, is_stranger=True)
    (answer,) = await slack.say("@Parley dockworkers", user=BEN)
    assert answer["text"].startswith("I can only help members of this workspace")


async def test_a_guest_can_look_up_stories(slack: Slack) -> None:
    slack.workspace.change_person(BEN, is_restricted=True)
    (answer,) = await slack.say("@Parley dockworkers", user=BEN)
    assert "Dockworkers in Gdansk" in answer["text"]
