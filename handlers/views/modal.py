"""Modals: a message shown in a modal, and the form that starts a discussion."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeAlias

from handlers import ids
from handlers.button_value import MODAL, Value
from handlers.ids import Action
from handlers.mrkdwn import truncate
from handlers.views.as_written import Part, as_written, question_of
from handlers.views.blocks import (
    Block,
    actions,
    button,
    channel_select,
    context,
    input_block,
    literal,
    section,
    text_input,
)
from handlers.views.message import Message
from handlers.views.question import asked_before
from handlers.views.story import card
from store.types import Article

_CHANNEL = re.compile(r"<#\w+>")
View: TypeAlias = dict[str, Any]
"""The `view` argument of views.open, views.update and views.publish."""

MAX_WORDS = 200
_TOO_LONG = "… The rest of this story is too long for a window."
_MAX_BYTES = 240_000
"""Of the blocks as JSON; a whole view may have 250 kB (docs.slack.dev: views.open)."""


def window(shown: Message) -> View:
    """Return a modal that shows a message."""
    return {
        "type": "modal",
        "title": literal("Parley"),
        "close": literal("Close"),
        "blocks": _bounded(shown["blocks"] or [section(shown["text"])]),
    }


def field_errors(errors: Mapping[str, str]) -> dict[str, Any]:
    """Return the ack that keeps a form open, with an error at each field: {block_id: error}."""
    # Slack shows errors at fields as plain text, with neither code nor links to channels.
    plain_errors = {
        block_id: _CHANNEL.sub("this channel", error).replace("`", "")
        for block_id, error in errors.items()
    }
    return {"response_action": "errors", "errors": plain_errors}


def updated(view: View) -> dict[str, Any]:
    """Return the ack that shows *view* in place of the submitted form."""
    return {"response_action": "update", "view": view}


def form(
    callback_id: str,
    title: str,
    blocks: Sequence[Block],
    *,
    submit: str | None = None,
    value: Value | None = None,
) -> View:
    """Build a modal; *value* comes back on submission and must be checked like a button's."""
    view: View = {
        "type": "modal",
        "callback_id": callback_id,
        "title": literal(title),
        "close": literal("Cancel" if submit else "Close"),
        "blocks": _bounded(blocks),
    }
    if submit:
        view["submit"] = literal(submit)
    if value:
        view["private_metadata"] = value.encode()
    return view


def _bounded(blocks: Sequence[Block]) -> list[Block]:
    """Return *blocks* without the last texts of a story that is too long for a view.

    A character outside ASCII has six bytes in JSON, so a story in another script gets there sooner.
    """
    kept = list(blocks)
    note_at = None
    for place in reversed(range(len(kept))):
        if len(json.dumps(kept)) <= _MAX_BYTES:
            break
        if kept[place]["type"] in ("section", "rich_text"):
            if note_at is not None:
                del kept[note_at]
            kept[place], note_at = context(_TOO_LONG), place
    return kept


def discussion(article: Article | None, *, example: str) -> View:
    """Build the form that asks for a channel and, unless *article* is given, for a topic.

    *example* is a topic that has stories.
    """
    channel = channel_select(ids.Field.CHANNEL)
    blocks = [input_block(ids.Block.CHANNEL, "Channel", channel)]
    if article:
        blocks.insert(0, question_of(article))
    else:
        typed = text_input(ids.Field.WORDS, truncate(example, 75) or "A few words", most=MAX_WORDS)
        hint = "A few words. Leave it empty for the channel's next question."
        blocks.append(input_block(ids.Block.WORDS, "About", typed, hint=hint, optional=True))
    value = Value(article_id=article.id if article else "")
    submit = "See the question" if article is None else "Post it"
    return form(ids.Modal.DISCUSSION, "Start a discussion", blocks, submit=submit, value=value)


def discussion_preview(
    article: Article,
    *,
    value: Value,
    asked_at: datetime | None,
    note: str | None = None,
    submit: str = "Post it",
) -> View:
    """Build the preview of a question; *value* holds its channel and the query that found it.

    *asked_at* is when the channel was last asked it, or None. *note* is shown first and says why
    the question could not be posted yet. *submit* is the label of the button that posts it.
    """
    value = replace(value, posted_at=asked_at or value.posted_at)
    another = Value(
        words=value.words, place=value.place + 1, channel_id=value.channel_id, where=MODAL
    )
    blocks: list[Block] = [
        *([section(note)] if note else []),
        context(f"For <#{value.channel_id}>. The story will be posted in the thread."),
        *asked_before(None if note else asked_at),
        as_written(Part(article.question, "quote", 2900)),
        actions(button("Another one", Action.DISCUSS_ANOTHER, another)),
        *card(article, question=False, where=MODAL),
    ]
    return form(
        ids.Modal.DISCUSSION_PREVIEW, "Start a discussion", blocks, submit=submit, value=value
    )
