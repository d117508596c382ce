"""What a person reads about a post that they asked for and that Slack has not taken yet."""

import re
from datetime import datetime

from handlers.mrkdwn import plain
from handlers.slack.api_errors import RATE_LIMITED
from handlers.slack.directory import format_not_ready
from handlers.views.message import Message, channel_link, in_words, message
from handlers.views.notice import OUR_DELAYS
from handlers.views.post import render_missed
from store.posting.record import NEVER
from store.types import Article, Post, PostState

_MAX_ERROR = 200
_HERE = "here or, if that takes long, in a direct message"


def outcome_of(post: Post, article: Article | None) -> Message | None:
    """Return the outcome of *post* as a message; None as long as it is open.

    A post that did not arrive is shown by its *article*'s question, with a button to try again.
    """
    if article is None or post.state is not PostState.MISSED:
        text = format_outcome(post)
        return message(text) if text else None
    text = format_outcome(post, retry="press *Post it* to try again") or ""
    return render_missed(text, post, article)


def _is_from_slack(error: str) -> bool:
    """Return whether Slack answered with this error; else it is the name of an exception."""
    return bool(re.fullmatch(r"[a-z_]+", error))


def format_outcome(post: Post, *, retry: str = "ask for it again") -> str | None:
    """Return the outcome of *post* in words; None as long as it is open.

    *retry* is what to do if it did not arrive.
    """
    error = plain(post.error or "no reason given", _MAX_ERROR)
    where = channel_link(post.channel_id)
    match post.state:
        case PostState.SENT:
            return f"Posted in {where}."
        case PostState.FAILED:
            why = format_not_ready(post.error or "", post.channel_id)
            return why or (
                f"Slack refused the post in {where} ({error}). If you need it there, tell an admin."
                if _is_from_slack(error)
                else f"I could not post in {where}: {error}. If you need it there, tell an admin."
            )
        case PostState.MISSED:
            if error in OUR_DELAYS:
                why = "I could not send it in time"
            elif _is_from_slack(error):
                why = f"Slack answered with an error ({error}), and it is too late now"
            else:
                why = "Slack did not take it in time, and it is too late now"
            return f"The post is not in {where}: {why}. Please {retry}."
        case PostState.UNKNOWN if post.not_before == NEVER:
            return (
                "Slack has not confirmed the post, and I can't see whether it is there. I am"
                " sending you a direct message about it: please look, and press a button there."
            )
        case _:
            return None


def format_pending(post: Post, now: datetime) -> str:
    """Return why *post* is not sent yet, and what happens next."""
    wait = in_words(post.not_before - now)
    if post.state is not PostState.PLANNED:
        is_unknown = post.state is PostState.UNKNOWN
        lead = (
            f"Slack answered with an error ({post.error}), so"
            if is_unknown and post.error and _is_from_slack(post.error)
            else "Slack has not confirmed the post, so"
        )
        return (
            f"{lead} I'm checking whether it arrived, and will tell you {_HERE}. Please do not"
            " post it again."
        )
    if post.error in RATE_LIMITED:
        return (
            f"Slack has had too many posts from me. I will send this one in {wait}, and tell you"
            f" {_HERE}. You don't need to do anything."
        )
    if not post.error or post.error in OUR_DELAYS:
        return f"The post is not sent yet. I will send it in {wait}, and tell you {_HERE}."
    error = plain(post.error, _MAX_ERROR)
    return (
        f"Slack did not take the post ({error}). I will try again in {wait}, and tell you {_HERE}."
    )
