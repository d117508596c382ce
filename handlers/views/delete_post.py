"""The question whether to delete a post."""

from handlers import ids
from handlers.button_value import Value
from handlers.mrkdwn import plain
from handlers.views.blocks import section
from handlers.views.modal import View, form
from store.types import Post, PostKind

NOT_A_POST = (
    "I can delete a question, a digest or a shared story that I posted in a channel I am in. Choose"
    " its first message."
)
NOT_THEIRS = (
    "Only the person who asked for that post, the owner of its schedule or an admin can delete it."
)
GONE = "That post is deleted already."
DELETED = "Deleted. A schedule posts it here again only after all the others."


def ask(post: Post, value: Value, *, problem: str = "") -> View:
    """Ask whether to delete *post*, after a *problem* again; *value* comes back on submission."""
    text = "The shared story disappears for everybody."
    if post.kind is not PostKind.SHARE:
        more = "stories" if post.kind is PostKind.DIGEST else "story"
        text = (
            f"The {post.kind} and its {more} in the thread disappear for everybody. What people"
            " answered in the thread stays."
        )
    if post.schedule_id:
        text += " The schedule goes on."
    blocks = [*map(section, filter(None, (problem, text)))]
    return form(ids.Modal.DELETE, "Delete this post?", blocks, submit="Delete", value=value)


def not_deleted(code: str) -> str:
    """Return that Slack refused to delete a message, with its error *code*."""
    return f"Slack did not let me delete it: `{plain(code, 100)}`."
