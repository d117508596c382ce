"""*Start a discussion*: the form, opened by the shortcut or from a story in a direct message."""

import asyncio
from typing import Any

from handlers.ids import Action, Block, Field, Shortcut
from store.types import ChannelId
from tests.handlers.conftest import Slack, dm, in_form, labels, texts
from tests.ids import ANA, BEN, GENERAL, LEADERS, RANDOM


def filled(channel: ChannelId, words: str | None = None) -> dict[str, Any]:
    values: dict[str, Any] = {Block.CHANNEL: {Field.CHANNEL: {"selected_conversation": channel}}}
    if words is not None:
        values[Block.WORDS] = {Field.WORDS: {"value": words}}
    return values


async def opened(slack: Slack, user: str = ANA) -> dict[str, Any]:
    delivery = await slack.workspace.use_shortcut(user, Shortcut.DISCUSSION)
    assert delivery.acked
    await slack.settled()
    modal = slack.modal(user)
    assert modal
    return modal


async def test_a_question_is_previewed_and_then_posted(slack: Slack) -> None:
    modal = await opened(slack)
    assert not await slack.submit(modal, filled(GENERAL, "timber"))
    preview = slack.modal()
    assert preview
    assert "Which sanction would you lift first" in texts([preview])
    assert not slack.public()
    await slack.submit(preview)
    (question,) = slack.public()
    assert "Which sanction would you lift first" in texts([question])
    assert question["reply_count"] == 1
    done = slack.modal()
    assert done
    assert f"Posted in <#{GENERAL}>" in texts([done])


async def test_without_words_it_is_the_channel_s_next_question_or_another(slack: Slack) -> None:
    await slack.submit(await opened(slack), filled(GENERAL))
    first = slack.modal()
    assert first
    second = await slack.press_in(first, Action.DISCUSS_ANOTHER)
    assert second
    assert second["id"] == first["id"]
    assert texts([second]) != texts([first])
    await slack.submit(second)
    (question,) = slack.public()
    assert question["text"].removeprefix("A question: ") in texts([second])


async def test_words_that_find_nothing_show_an_error_at_the_field(slack: Slack) -> None:
    errors = await slack.submit(await opened(slack), filled(GENERAL, "kubernetes"))
    assert errors == {Block.WORDS: "I have no story on “kubernetes”."}
    assert not slack.public()


async def test_submitting_twice_posts_once(slack: Slack) -> None:
    await slack.submit(await opened(slack), filled(GENERAL, "timber"))
    preview = slack.modal()
    assert preview
    for _ in range(2):
        await slack.workspace.submit(ANA, preview["id"])
    await slack.settled()
    assert len(slack.public()) == 1


async def test_where_parley_is_not_a_member_it_offers_to_join_a_public_channel(
    slack: Slack,
) -> None:
    await slack.submit(await opened(slack), filled(RANDOM, "timber"))
    preview = slack.modal()
    assert preview
    await slack.submit(preview)
    offer = slack.modal()
    assert offer
    assert "`/invite @Parley`" in texts([offer])
    done = await slack.press_in(offer, Action.DISCUSS_JOIN)
    assert done
    assert f"Posted in <#{RANDOM}>" in texts([done])
    assert len(slack.public(RANDOM)) == 1


async def test_a_story_from_a_direct_message_is_discussed_in_a_channel(slack: Slack) -> None:
    (answer,) = await slack.say("dockworkers", channel=dm(ANA))
    await slack.press(Action.DISCUSS_START, answer, channel=dm(ANA))
    modal = slack.modal()
    assert modal
    assert "What would make night work fair?" in texts([modal])
    await slack.submit(modal, filled(GENERAL))
    (question,) = slack.public()
    assert "What would make night work fair?" in texts([question])
    await slack.press(Action.DISCUSS_START, answer, channel=dm(ANA))
    again = slack.modal()
    assert again
    await slack.submit(again, filled(GENERAL))
    preview = slack.modal()
    assert preview
    assert "Last asked here:" in texts([preview])
    assert len(slack.public()) == 1
    await slack.submit(preview)
    assert len(slack.public()) == 2


async def test_a_story_that_was_removed_while_the_modal_was_open_is_reported(slack: Slack) -> None:
    await slack.submit(await opened(slack), filled(GENERAL, "dockworkers"))
    preview = slack.modal()
    assert preview
    (slack.corpus / "ports.txt").unlink()
    await slack.type("/corpus reload")
    await slack.submit(preview)
    reply = slack.modal()
    assert reply
    assert "no longer in the corpus" in texts([reply])
    assert not slack.public()


async def test_closing_the_modal_while_posting_loses_nothing(slack: Slack) -> None:
    await slack.submit(await opened(slack), filled(GENERAL, "timber"))
    preview = slack.modal()
    assert preview
    delivery = await slack.workspace.submit(ANA, preview["id"])
    assert delivery.acked
    await slack.workspace.close_view(ANA, preview["id"])
    await slack.settled()
    assert len(slack.public()) == 1


async def test_nobody_posts_into_a_private_channel_that_they_are_not_in(slack: Slack) -> None:
    """A client could put any channel into the form."""
    slack.workspace.invite(LEADERS, slack.workspace.bot_user_id)
    modal = await opened(slack, BEN)
    await slack.submit(modal, filled(LEADERS, "timber"), user=BEN)
    preview = slack.modal(BEN)
    assert preview
    slack.workspace.remove(LEADERS, BEN)
    await slack.submit(preview, user=BEN)
    reply = slack.modal(BEN)
    assert reply
    assert "I don't see you in that channel." in texts([reply])
    errors = await slack.submit(await opened(slack, BEN), filled(LEADERS, "timber"), user=BEN)
    assert errors[Block.CHANNEL].startswith("I don't see you in that channel.")
    assert not slack.public(LEADERS)


async def test_a_story_in_a_direct_message_can_be_discussed_in_a_channel(slack: Slack) -> None:
    (answer,) = await slack.say("harbour strike", channel=dm(ANA))
    assert "Discuss in a channel" in labels(answer)


async def test_a_form_says_that_somebody_has_asked_the_question_since(slack: Slack) -> None:
    views = {}
    for user in (ANA, BEN):
        await slack.submit(await opened(slack, user), filled(GENERAL, "timber"), user=user)
        views[user] = slack.modal(user) or {}
    await slack.submit(views[ANA])
    slack.clock.forward(seconds=5)
    await slack.submit(views[BEN], user=BEN)
    told = slack.modal(BEN)
    assert told
    assert f"in <#{GENERAL}> already: <!date^" in texts([told])
    assert told["submit"]["text"] == "Ask it again"
    assert len(slack.public()) == 1
    await slack.submit(told, user=BEN)
    assert len(slack.public()) == 2
    done = slack.modal(BEN)
    assert done
    assert f"Posted in <#{GENERAL}>" in texts([done])


async def test_a_form_for_a_story_does_not_ask_twice_at_once(slack: Slack) -> None:
    forms = {}
    for user in (ANA, BEN):
        (answer,) = await slack.say("dockworkers", user=user, channel=dm(user))
        await slack.press(Action.DISCUSS_START, answer, user=user, channel=dm(user))
        forms[user] = slack.modal(user) or {}
    await asyncio.gather(
        *(
            slack.workspace.submit(user, view["id"], in_form(view, filled(GENERAL)))
            for user, view in forms.items()
        )
    )
    await slack.settled()
    assert len(slack.public()) == 1
