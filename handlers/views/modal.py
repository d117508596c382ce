"""Modals: an answer in a window of its own, and the form that starts a discussion."""

from collections.abc import Sequence
from typing import Any, TypeAlias

from slack_sdk.models.blocks import (
    Block,
    ConversationFilter,
    ConversationSelectElement,
    InputBlock,
    PlainTextInputElement,
    PlainTextObject,
)
from slack_sdk.models.views import View as SdkView

from handlers import ids
from handlers.ids import Action
from handlers.mrkdwn import plain, quote
from handlers.values import MODAL, Value
from handlers.views.message import Message, actions, button, context, section
from handlers.views.story import card
from store.types import Article

View: TypeAlias = dict[str, Any]
"""What views.open, views.update and views.publish take."""

MAX_WORDS = 200


def window(shown: Message) -> View:
    """Show a message in a modal."""
    return {
        "type": "modal",
        "title": _plain("Parley"),
        "close": _plain("Close"),
        "blocks": shown["blocks"] or [section(shown["text"]).to_dict()],
    }


def form(
    callback_id: str,
    title: str,
    blocks: Sequence[Block],
    *,
    submit: str | None = None,
    value: Value | None = None,
) -> View:
    """Put a modal together; *value* comes back with it, and is to be checked like a button's."""
    return SdkView(
        type="modal",
        callback_id=callback_id,
        title=_text(title),
        close=_text("Cancel" if submit else "Close"),
        submit=_text(submit) if submit else None,
        private_metadata=value.encode() if value else None,
        blocks=list(blocks),
    ).to_dict()


def discussion(article: Article | None, *, channel_id: str = "", words: str = "") -> View:
    """Ask for the channel of a discussion, and for its topic unless it is about *article*."""
    channel = ConversationSelectElement(
        action_id=ids.Field.CHANNEL,
        placeholder=_text("Choose a channel"),
        initial_conversation=channel_id or None,
        default_to_current_conversation=True,
        filter=ConversationFilter(include=["public", "private"]),
    )
    blocks: list[Block] = [
        InputBlock(block_id=ids.Block.CHANNEL, label=_text("Channel"), element=channel)
    ]
    if article:
        asked = f"*{plain(article.headline, 150)}*\n{quote(article.question, 2000)}"
        blocks.insert(0, section(asked))
    else:
        typed = PlainTextInputElement(
            action_id=ids.Field.WORDS,
            placeholder=_text("sanctions"),
            initial_value=words or None,
            max_length=MAX_WORDS,
        )
        blocks.append(
            InputBlock(
                block_id=ids.Block.WORDS,
                label=_text("About"),
                hint=_text("A few words; without any it is the channel's next question."),
                element=typed,
                optional=True,
            )
        )
    value = Value(article_id=article.id if article else "")
    submit = "See the question" if article is None else "Post it"
    return form(ids.Modal.DISCUSSION, "Start a discussion", blocks, submit=submit, value=value)


def discussion_preview(article: Article, *, value: Value) -> View:
    """Show the question before it is posted; *value* says where, and from which words."""
    another = Value(
        words=value.words, place=value.place + 1, channel_id=value.channel_id, where=MODAL
    )
    blocks: list[Block] = [
        context(f"For <#{value.channel_id}>. Posted, it comes with its story in the thread."),
        section(f"*{plain(article.headline, 150)}*\n{quote(article.question, 2000)}"),
        actions([button("Another one", Action.DISCUSS_ANOTHER, another)]),
        *card(article, question=False, where=MODAL),
    ]
    return form(
        ids.Modal.DISCUSSION_PREVIEW, "Start a discussion", blocks, submit="Post it", value=value
    )


def _text(text: str) -> PlainTextObject:
    return PlainTextObject(text=text, emoji=False)


def _plain(text: str) -> dict[str, Any]:
    return _text(text).to_dict()
