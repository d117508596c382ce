"""What a person reads about a post that they asked for and that Slack has not taken yet."""

from datetime import datetime

from handlers.mrkdwn import plain
from handlers.slack.api_errors import RATE_LIMITED
from handlers.slack.directory import format_not_ready
from handlers.views.message import channel_link, in_words
from store.posting.record import NEVER
from store.types import Post, PostState

_MAX_ERROR = 200


def format_outcome(post: Post) -> str | None:
    """Return the outcome of *post* in words; None as long as it is open."""
    error = plain(post.error or "no reason given", _MAX_ERROR)
    where = channel_link(post.channel_id)
    match post.state:
        case PostState.SENT:
            return f"Posted in {where}."
        case PostState.FAILED:
            why = format_not_ready(post.error or "", post.channel_id)
            return why or f"The post in {where} was not sent: {error}."
        case PostState.MISSED:
            return (
                f"The post is not in {where}: Slack did not take it in time ({error}), so I stopped"
                " trying. Please ask for it again."
            )
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
        return (
            "Slack has not confirmed the post. I'm checking whether it arrived, and will tell you"
            " here. Please do not post it again."
        )
    if post.error in RATE_LIMITED:
        return (
            f"Slack has had too many posts from me. I will send this one in {wait}, and tell you"
            " here. You don't need to do anything."
        )
    error = plain(post.error or "no reason given", _MAX_ERROR)
    return f"Slack did not take the post ({error}). I will try again in {wait}, and tell you here."
