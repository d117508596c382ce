"""/brief and its buttons."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.webhook import WebhookResponse

from handlers.button_value import Value
from handlers.features import lookup
from handlers.ids import Action
from handlers.jobs import delivery
from store.db import DatabaseUnavailableError
from store.types import Answer, ChannelId
from tests.handlers.conftest import Slack, dm, labels, texts
from tests.ids import ANA, BEN, GENERAL, RANDOM, TEAM
from tests.machine import NOW


async def test_a_misspelled_name_is_found_and_shown_only_to_the_asker(slack: Slack) -> None:
    (answer,) = await slack.type("/brief zelenksiy")
    assert answer["ephemeral"]
    assert "Zelenskiy flew to Geneva" in texts([answer])
    assert "Envoys meet again" in texts([answer])
    assert labels(answer)[:2] == ["Share to channel", "Discuss here"]
    assert not slack.workspace.messages(GENERAL, BEN)


async def test_the_answer_is_in_the_ack_itself(slack: Slack) -> None:
    """The answer uses no response_url, and Parley makes no call to Slack."""
    calls = len(slack.workspace.calls)
    await slack.type("/brief zelenskiy")
    assert len(slack.workspace.calls) == calls


async def test_without_dates_nobody_can_see_the_newest_stories(slack: Slack) -> None:
    for words in ("latest", "what's new?"):
        (answer,) = await slack.type(f"/brief {words}")
        assert answer["text"].startswith("None of my stories has a date")
        assert "Ask for this topic" not in labels(answer)


async def test_next_match_replaces_the_answer(slack: Slack) -> None:
    (answer,) = await slack.type("/brief geneva")
    assert "Match 1 of 2" in texts([answer])
    (second,) = await slack.press(Action.BRIEF_NEXT, answer)
    assert "Match 2 of 2" in texts([second])
    assert labels(second)[-2:] == ["Previous", "Next"]
    for action in (Action.BRIEF_NEXT, Action.BRIEF_PREVIOUS):
        (first,) = await slack.press(action, second)
        assert "Match 1 of 2" in texts([first])
        assert first["text"] == answer["text"]
        (second,) = await slack.press(Action.BRIEF_PREVIOUS, first)
        assert "Match 2 of 2" in texts([second])


async def test_share_shows_everybody_the_story_and_who_shared_it(slack: Slack) -> None:
    (answer,) = await slack.type("/brief dockworkers")
    await slack.press(Action.BRIEF_SHARE, answer)
    (shared,) = slack.public()
    assert "Dockworkers in Gdansk" in texts([shared])
    assert f"Shared by <@{ANA}>" in texts([shared])
    left = slack.workspace.messages(GENERAL, ANA)
    assert [message["ts"] for message in left] == [shared["ts"]], "the private answer is gone"


async def test_pressing_share_twice_shares_once(slack: Slack) -> None:
    (answer,) = await slack.type("/brief dockworkers")
    press = {"channel": GENERAL, "ts": answer["ts"]}
    await slack.workspace.press(ANA, Action.BRIEF_SHARE, **press)
    await slack.workspace.press(ANA, Action.BRIEF_SHARE, **press)
    await slack.parley.background.drain(10)
    assert len(slack.public()) == 1


async def test_a_story_that_was_shared_here_is_shared_again_only_if_confirmed(
    slack: Slack,
) -> None:
    (answer,) = await slack.type("/brief dockworkers")
    await slack.press(Action.BRIEF_SHARE, answer)
    (answer,) = await slack.type("/brief gdansk", user=BEN)
    (*_, asked) = await slack.press(Action.BRIEF_SHARE, answer, user=BEN)
    assert "This story was shared here <!date^" in texts([asked])
    (*_, back) = await slack.press(Action.BRIEF_BACK, asked, user=BEN)
    assert labels(back)[0] == "Share to channel"
    (*_, asked) = await slack.press(Action.BRIEF_SHARE, back, user=BEN)
    assert len(slack.public()) == 1
    await slack.press_thrice(Action.BRIEF_SHARE, asked, user=BEN)
    assert len(slack.public()) == 2
    # Another channel has not had it.
    (answer,) = await slack.type("/brief dockworkers", channel=RANDOM)
    await slack.press(Action.BRIEF_SHARE, answer, channel=RANDOM)
    assert len(slack.public(RANDOM)) == 1


async def test_share_works_where_parley_is_not_a_member(slack: Slack) -> None:
    (answer,) = await slack.type("/brief dockworkers", channel=RANDOM)
    await slack.press(Action.BRIEF_SHARE, answer, channel=RANDOM)
    (shared,) = slack.public(RANDOM)
    assert "Dockworkers in Gdansk" in texts([shared])


async def test_discuss_here_posts_the_question_and_its_story_in_the_thread(slack: Slack) -> None:
    (answer,) = await slack.type("/brief dockworkers")
    await slack.press(Action.BRIEF_DISCUSS, answer)
    (question,) = slack.public()
    assert "What would make night work fair?" in texts([question])
    assert f"Asked by <@{ANA}>" in texts([question])
    (story,) = [
        message
        for message in slack.public(thread_ts=question["ts"])
        if message["ts"] != question["ts"]
    ]
    assert "Dockworkers in Gdansk" in texts([story])


async def test_discuss_here_shows_first_that_the_channel_was_asked_before(slack: Slack) -> None:
    (answer,) = await slack.type("/brief dockworkers")
    await slack.press(Action.BRIEF_DISCUSS, answer)
    (again,) = await slack.type("/brief dockworkers", user=BEN)
    seen = await slack.press(Action.BRIEF_DISCUSS, again, user=BEN)
    (preview,) = [one for one in seen if one["ts"] == again["ts"]]
    assert "Last asked here:" in texts([preview])
    assert len(slack.public()) == 1
    await slack.press(Action.DISCUSS_POST, preview, user=BEN)
    assert len(slack.public()) == 2


async def test_a_story_without_a_question_is_shown_and_not_discussed(slack: Slack) -> None:
    (slack.corpus / "quarry.csv").write_text("headline,summary\nQuarry,A quarry closed.\n")
    await slack.type("/corpus reload")
    (answer,) = await slack.type("/brief quarry", user=BEN)
    assert "A quarry closed." in texts([answer])
    assert labels(answer) == ["Share to channel", "More like this"]
    assert "Insight" not in texts([answer])
    forged = Value(article_id=_article_of(answer)).encode()
    (other,) = await slack.type("/brief dockworkers")
    seen = await slack.press(Action.BRIEF_DISCUSS, other, forged=forged)
    assert (
        seen[-1]["text"] == "That story has no question yet. `/discuss` shows one of another story."
    )
    assert not slack.public()
    (preview,) = await slack.type("/discuss quarry")
    assert (
        preview["text"]
        == "The stories on that have no question yet. To read them, type `/brief quarry`."
    )


def _article_of(answer: dict[str, Any]) -> str:
    (value,) = [
        element["value"]
        for block in answer["blocks"]
        for element in block.get("elements", [])
        if element.get("action_id") == Action.BRIEF_SHARE
    ]
    return Value.decode(value).article_id


async def test_discuss_where_parley_is_not_a_member_says_how_to_invite_it(slack: Slack) -> None:
    (answer,) = await slack.type("/brief dockworkers", channel=RANDOM)
    seen = await slack.press(Action.BRIEF_DISCUSS, answer, channel=RANDOM)
    assert "`/invite @Parley`" in seen[-1]["text"]
    assert not slack.public(RANDOM)


async def test_after_an_invitation_the_offer_to_join_posts_too(slack: Slack) -> None:
    (answer,) = await slack.type("/brief dockworkers", channel=RANDOM)
    (offer,) = await slack.press(Action.BRIEF_DISCUSS, answer, channel=RANDOM)
    slack.workspace.invite(RANDOM, slack.workspace.bot_user_id)
    await slack.press(Action.DISCUSS_JOIN, offer, channel=RANDOM)
    assert len(slack.public(RANDOM)) == 1


async def test_nothing_found_says_so(slack: Slack) -> None:
    (answer,) = await slack.type("/brief kubernetes")
    assert "I have no story on “kubernetes”." in answer["text"]
    assert answer["ephemeral"]


@pytest.mark.parametrize("text", ["/brief", "/brief   ", "/brief help", "/brief HELP"])
async def test_without_words_it_explains(slack: Slack, text: str) -> None:
    (answer,) = await slack.type(text)
    assert "`/brief Geneva`" in answer["text"]


@pytest.mark.parametrize(
    ("said", "answered"),
    [
        ("hello", "`/brief Geneva`"),
        ("who are you", "`/brief Geneva`"),
        ("bye", "See you!"),
        ("ヘルプ", "I take orders in English"),
        ("Why this question?", "*Why this one?* in the menu"),
        ("Can I see the article?", "first reply in its thread"),
        ("remind me at 3pm", "`/remind me`"),
    ],
)
async def test_small_talk_is_answered_as_such(slack: Slack, said: str, answered: str) -> None:
    (answer,) = await slack.type(f"/brief {said}")
    assert answered in answer["text"]


async def test_a_greeting_that_stands_in_a_story_is_looked_up(slack: Slack) -> None:
    (slack.corpus / "new.txt").write_text("New\nA salve heals burns.\nAn insight.\nWhy?\n")
    await slack.type("/corpus reload")
    (answer,) = await slack.type("/brief salve")
    assert "heals burns" in answer["text"]


@pytest.mark.parametrize("said", ["ajuda", "valeu!", "you are welcome"])
async def test_small_talk_that_only_resembles_a_story_is_answered(slack: Slack, said: str) -> None:
    story = "Welcome to Valência\nOs vizinhos ajudam o clube.\nUma ideia.\nPor quê?\n"
    (slack.corpus / "new.txt").write_text(story)
    await slack.type("/corpus reload")
    (answer,) = await slack.type(f"/brief {said}")
    assert "Valência" not in answer["text"]


@pytest.mark.parametrize("said", ["what did I miss?", "Was gibt es Neues?", "últimas notícias"])
async def test_what_is_new_is_answered_with_the_newest_stories(slack: Slack, said: str) -> None:
    story = (
        "published_at: 2026-11-20\n\nBakery opens\nThe bakery is new.\nGood bread.\nWho bakes?\n"
    )
    (slack.corpus / "new.txt").write_text(story)
    await slack.type("/corpus reload")
    (typed,) = await slack.type(f"/brief {said}")
    (mentioned,) = await slack.say(f"@Parley {said}")
    assert "Bakery opens" in typed["text"]
    assert "Bakery opens" in mentioned["text"]


async def test_the_examples_of_the_help_find_something(slack: Slack) -> None:
    (answer,) = await slack.type("/brief help")
    (shown,) = await slack.press(f"{Action.BRIEF_TOPIC}_0", answer)
    assert "Match 1 of 2 for “Geneva”" in texts([shown])


async def test_more_like_this_offers_similar_stories(slack: Slack) -> None:
    (answer,) = await slack.type("/brief zelenskiy")
    (close,) = await slack.press(Action.BRIEF_LIKE, answer)
    assert "More like “Zelenskiy flew to Geneva" in close["text"]
    assert "Sanctions on timber" in texts([close])
    assert "*Zelenskiy flew" not in texts([close])
    (shown,) = await slack.press(Action.BRIEF_PICK, close)
    assert "Sanctions on timber" in shown["text"]


async def test_back_leads_from_similar_stories_to_the_match_that_was_shown(slack: Slack) -> None:
    (answer,) = await slack.type("/brief geneva")
    (second,) = await slack.press(Action.BRIEF_NEXT, answer)
    (close,) = await slack.press(Action.BRIEF_LIKE, second)
    (back,) = await slack.press(Action.BRIEF_BACK, close)
    assert back["text"] == second["text"]
    assert "Match 2 of 2" in texts([back])


async def test_back_leads_from_a_picked_story_to_the_choice(slack: Slack) -> None:
    (choice,) = await slack.type("/brief qwzrt strike")
    (picked,) = await slack.press(Action.BRIEF_PICK, choice)
    (close,) = await slack.press(Action.BRIEF_LIKE, picked)
    (again,) = await slack.press(Action.BRIEF_BACK, close)
    assert again["text"] == picked["text"]
    (back,) = await slack.press(Action.BRIEF_BACK, again)
    assert back["text"] == choice["text"]


async def test_stories_under_one_headline_are_told_apart_by_their_leads(slack: Slack) -> None:
    (slack.corpus / "lake.csv").write_text(
        "headline,summary,question\n"
        "News of the lake,Divers found a quarry lamp. It is old.,Whose is it?\n"
        "News of the lake,A quarry owner wants the lake drained. Others object.,Would you?\n"
    )
    await slack.type("/corpus reload")
    (answer,) = await slack.type("/brief qwzrt quarry")
    shown = texts([answer])
    assert "*Divers found a quarry lamp*" in shown
    assert "*A quarry owner wants the lake drained*" in shown
    assert "*News of the lake*" not in shown
    assert shown.count("News of the lake") == 2


async def test_in_a_direct_message_nothing_is_offered_that_cannot_work(slack: Slack) -> None:
    where = dm(ANA)
    (answer,) = await slack.type("/brief dockworkers", channel=where)
    assert labels(answer) == ["Share here", "Discuss in a channel", "More like this"]
    await slack.press(Action.BRIEF_LIKE, answer, channel=where)
    (preview,) = [*await slack.type("/discuss timber", channel=where)][-1:]
    assert labels(preview) == ["Discuss in a channel", "Another one"]
    assert "in the thread" not in texts([preview])
    (refused,) = [*await slack.type("/digest next", channel=where)][-1:]
    assert refused["text"].startswith("Schedules work only in channels")


async def test_the_words_that_matched_are_bold(slack: Slack) -> None:
    (answer,) = await slack.type("/brief zelenksiy")
    assert "*Zelenskiy* flew to Geneva" in texts([answer])


async def test_a_share_names_the_person_but_not_their_words(slack: Slack) -> None:
    (answer,) = await slack.type("/brief dokworkers")
    await slack.press(Action.BRIEF_SHARE, answer)
    shared = texts(slack.public())
    assert f"Shared by <@{ANA}>" in shared
    assert "dokworkers" not in shared


async def test_a_topic_that_is_not_found_can_be_requested(slack: Slack) -> None:
    (answer,) = await slack.type("/brief kubernetes")
    (noted,) = await slack.press(Action.BRIEF_ASK, answer)
    assert "someone wants stories on “kubernetes”" in noted["text"]
    await slack.type("/brief Kubernetes!", user=BEN)
    (request,) = await slack.parley.store.topic_requests.list(TEAM, since=slack.clock())
    assert (request.words, request.requests) == ("kubernetes", 1)
    assert await slack.parley.store.misses.number(TEAM, since=slack.clock()) == 2


async def test_one_person_counts_once_for_a_topic(slack: Slack) -> None:
    for user in (BEN, BEN, ANA, BEN):
        (answer,) = await slack.type("/brief kubernetes", user=user)
        await slack.press(Action.BRIEF_ASK, answer, user=user)
    (request,) = await slack.parley.store.topic_requests.list(TEAM, since=slack.clock())
    assert request.requests == 2


async def test_a_topic_can_be_requested_if_no_suggestion_fits(slack: Slack) -> None:
    (answer,) = await slack.type("/brief qwzrt strike")
    assert "Did you mean" in answer["text"]
    (noted,) = await slack.press(Action.BRIEF_ASK, answer)
    assert "someone wants stories on “qwzrt strike”" in noted["text"]


async def test_paging_works_after_the_first_response_url_expires(slack: Slack) -> None:
    """A response_url allows five answers within half an hour; each press has its own."""
    (answer,) = await slack.type("/brief geneva")
    for _ in range(8):
        slack.clock.forward(minutes=10)
        (answer,) = await slack.press(Action.BRIEF_NEXT, answer)
    assert "Match 1 of 2" in texts([answer])


async def test_a_long_story_is_shown_in_parts_without_losing_text(slack: Slack) -> None:
    sentences = [f"Sentence {number} of the long quarry story." for number in range(400)]
    (slack.corpus / "long.txt").write_text(f"Quarry\n{' '.join(sentences)}\nInsight.\nWhy?\n")
    await slack.type("/corpus reload")
    (answer,) = await slack.type("/brief quarry")
    read = [answer]
    while "Read on" in labels(read[-1]):
        read.append((await slack.press(Action.STORY_READ, read[-1]))[-1])
    shown = texts(read).replace("*", "")
    assert len(read) == 3
    assert all(sentence in shown for sentence in sentences)
    assert "Part 3 of 3" in shown
    await slack.press(Action.BRIEF_SHARE, answer)
    assert "Read on" in labels(slack.public()[-1])


async def test_typed_words_cannot_ping_or_mislead(slack: Slack) -> None:
    (answer,) = await slack.type("/brief <!channel> & <https://evil.example|bank> xyzzy")
    # The fixture `slack` checks that the blocks ping nobody either.
    assert "<" not in answer["text"]
    assert "&lt;!channel&gt; &amp; " in answer["text"]


async def test_sharing_a_removed_story_says_that_it_is_gone(slack: Slack) -> None:
    (answer,) = await slack.type("/brief dockworkers")
    (slack.corpus / "ports.txt").unlink()
    await slack.type("/corpus reload")
    seen = await slack.press(Action.BRIEF_SHARE, answer)
    assert "no longer in the corpus" in seen[-1]["text"]
    assert not slack.public()


@pytest.mark.parametrize(
    "value", ["", "{", "[]", "7", '{"place": "x"}', '{"place": -1}', json.dumps({"place": 10**30})]
)
async def test_a_value_that_is_not_ours_is_refused_in_a_sentence(slack: Slack, value: str) -> None:
    (answer,) = await slack.type("/brief geneva")
    (*_, reply) = await slack.press(Action.BRIEF_SHARE, answer, forged=value)
    assert not slack.public()
    assert reply["text"].startswith(("That button is from", "That story is no longer"))


def test_a_value_survives_encoding() -> None:
    value = Value(article_id="a1", words="“x” & <y>", place=3)
    assert Value.decode(value.encode()) == value


def test_a_value_always_fits_in_a_button() -> None:
    assert len(Value(article_id="a" * 16, words='\\"é😀' * 3000, place=99).encode()) <= 2000


@pytest.mark.parametrize("channel", [GENERAL, RANDOM])
async def test_pressing_share_again_posts_once(slack: Slack, channel: ChannelId) -> None:
    (answer,) = await slack.type("/brief dockworkers", channel=channel)
    seen = await slack.press_thrice(Action.BRIEF_SHARE, answer, channel=channel)
    assert len(slack.public(channel)) == 1
    assert seen[-1]["text"] == "That was posted already."


async def test_a_share_is_not_repeated_after_parley_is_invited(slack: Slack) -> None:
    (answer,) = await slack.type("/brief dockworkers", channel=RANDOM)
    await slack.press(Action.BRIEF_SHARE, answer, channel=RANDOM)
    slack.workspace.invite(RANDOM, slack.workspace.bot_user_id)
    slack.payloads.append({**slack.payloads[-1], "trigger_id": "1.1.late"})
    await slack.repeat()
    assert len(slack.public(RANDOM)) == 1


async def test_a_share_does_not_bypass_a_restricted_channel(slack: Slack) -> None:
    (answer,) = await slack.type("/brief dockworkers")
    slack.workspace.restrict(GENERAL)
    seen = await slack.press(Action.BRIEF_SHARE, answer)
    assert seen[-1]["text"] == "Only some people may post in this channel. Its managers can let me."
    assert not slack.public()


async def test_a_share_refused_by_its_response_url_can_be_repeated(
    slack: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    (answer,) = await slack.type("/brief dockworkers", channel=RANDOM)

    async def refused(*_: object, **__: object) -> WebhookResponse:
        return WebhookResponse(url="", status_code=404, body="used_url", headers={})

    with monkeypatch.context() as patched:
        patched.setattr(delivery, "answer_channel", refused)
        seen = await slack.press(Action.BRIEF_SHARE, answer, channel=RANDOM)
    assert f"Slack refused the post in <#{RANDOM}> (used_url)." in texts(seen)
    await slack.press(Action.BRIEF_SHARE, answer, channel=RANDOM)
    assert len(slack.public(RANDOM)) == 1


async def test_a_share_with_unknown_outcome_asks_the_person(
    slack: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    (answer,) = await slack.type("/brief dockworkers", channel=RANDOM)

    async def lost(*_: object, **__: object) -> WebhookResponse:
        raise TimeoutError

    with monkeypatch.context() as patched:
        patched.setattr(delivery, "answer_channel", lost)
        seen = await slack.press(Action.BRIEF_SHARE, answer, channel=RANDOM)
    assert "Slack has not confirmed the post" in texts(seen)
    seen = await slack.press(Action.BRIEF_SHARE, answer, channel=RANDOM)
    assert "Slack has not confirmed the post" in seen[-1]["text"]
    await slack.parley.ticker.tick()
    asked = slack.public("D0ANA")[-1]
    assert "Slack did not confirm a post of mine" in texts([asked])
    # The person who shared may settle the outcome once; a late second press changes nothing.
    seen = await slack.press(Action.POST_SEEN, asked, channel="D0ANA")
    assert f"Thanks! I count the post in <#{RANDOM}> as sent." in texts(seen)
    press = next(payload for payload in reversed(slack.payloads) if "actions" in payload)
    slack.payloads.append({**press, "trigger_id": "1.1.late"})
    await slack.repeat()
    assert "Somebody has answered that already." in texts(slack.workspace.messages("D0ANA", ANA))


async def test_a_repeated_look_up_after_a_reload_gets_a_new_answer(slack: Slack) -> None:
    (answer,) = await slack.type("/brief dockworkers")
    (same,) = await slack.type("/brief dockworkers")
    assert same["text"] == answer["text"]
    ports = slack.corpus / "ports.txt"
    ports.write_text(ports.read_text().replace("night shifts", "the price of bread"))
    await slack.type("/corpus reload")
    (changed,) = await slack.type("/brief dockworkers")
    assert "the price of bread" in texts([changed])


@pytest.mark.parametrize("command", ["/brief moonbase", "/discuss moonbase"])
async def test_a_database_that_is_slow_is_named_in_the_ack(
    slack: Slack, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """Slack gives a command three seconds: no answer at all would be worse."""

    async def never(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("handlers.features.lookup._ACK_SECONDS", 0.05)
    monkeypatch.setattr(slack.parley.store.corpus, "find", never)
    assert "My database does not answer just now" in texts(await slack.type(command))


async def test_only_the_answer_in_an_ack_has_a_time_limit(
    slack: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slack waits three seconds for an ack; a direct message or a button can wait longer."""
    (shown,) = await slack.type("/brief geneva")
    monkeypatch.setattr(lookup, "_ACK_SECONDS", 0)
    corpus = slack.parley.store.corpus
    search = corpus.find

    async def slow(query: str, *, limit: int = 10) -> Answer:
        await asyncio.sleep(0)
        return await search(query, limit=limit)

    monkeypatch.setattr(corpus, "find", slow)
    (late,) = await slack.type("/brief zelenskiy")
    assert late["text"] == str(DatabaseUnavailableError())
    (answer,) = await slack.say("zelenskiy", channel=dm(ANA))
    assert "Zelenskiy flew to Geneva" in texts([answer])
    assert "Match 2 of 2" in texts(await slack.press(Action.BRIEF_NEXT, shown))


async def test_the_newest_stories_are_shown_one_by_one(slack: Slack, tmp_path: Path) -> None:
    lines = [
        {"headline": f"Day {day}", "summary": "It rained.", "insight": "It is wet."}
        | {"question": f"Was it wet on day {day}?", "published_at": f"2026-11-0{day}"}
        for day in (4, 6, 5)
    ]
    (tmp_path / "days.jsonl").write_text("\n".join(map(json.dumps, lines)))
    await slack.parley.store.loads.reload(tmp_path, by="terminal", at=NOW)
    (answer,) = await slack.type("/brief what's new?")
    assert "The newest story" in texts([answer])
    assert "Day 6" in texts([answer])
    (answer,) = await slack.press(Action.BRIEF_NEXT, answer)
    assert "Story 2 of the 3 newest" in texts([answer])
    assert "Day 5" in texts([answer])


@pytest.mark.parametrize("said", ["owners", "support", "supports", "ties"])
async def test_one_word_is_a_lookup_if_it_finds_a_story(slack: Slack, said: str) -> None:
    story = "Home owners sue\nThe support of a bridge failed. Old ties broke.\nAn insight.\nWhy?\n"
    (slack.corpus / "new.txt").write_text(story)
    await slack.type("/corpus reload")
    (answer,) = await slack.type(f"/brief {said}")
    assert "Home owners sue" in answer["text"]


@pytest.mark.parametrize("said", ["ties", "sweets", "notes", "salute"])
async def test_another_form_of_a_courtesy_is_a_lookup(slack: Slack, said: str) -> None:
    (answer,) = await slack.type(f"/brief {said}")
    assert f"“{said}”" in answer["text"]


async def test_what_only_resembles_small_talk_is_a_lookup_if_it_finds_a_story(slack: Slack) -> None:
    (answer,) = await slack.type("/brief is it paused?")
    assert "what is planned there" in answer["text"]
    (slack.corpus / "new.txt").write_text("New\nThe truce is paused.\nAn insight.\nWhy?\n")
    await slack.type("/corpus reload")
    (answer,) = await slack.type("/brief is it paused?")
    assert "The truce is paused" in answer["text"]
