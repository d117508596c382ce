"""Render a post of any kind as a message."""

from collections.abc import Sequence

from handlers.button_value import Value
from handlers.ids import Action
from handlers.mrkdwn import plain
from handlers.views import notice, question
from handlers.views.as_written import question_of
from handlers.views.blocks import actions, button, section
from handlers.views.message import Message, message
from handlers.views.story import shared
from store.types import Article, Post, PostKind


def render(post: Post, articles: Sequence[Article]) -> Message:
    """Render *post* with its articles: one story, a digest's stories, or none for a notice.

    A digest without stories says that nothing is new.
    """
    has_menu = post.why is not None
    match post.kind:
        case PostKind.QUESTION:
            return question.question(articles[0], asked_by=post.asked_by, has_menu=has_menu)
        case PostKind.DIGEST if not articles:
            return question.nothing_new(post.why or "")
        case PostKind.DIGEST:
            return question.digest(articles, asked_by=post.asked_by, has_menu=has_menu)
        case PostKind.STORY:
            return question.thread(articles)
        case PostKind.SHARE:
            return shared(articles[0], by=post.asked_by)
        case _:
            return notice.notice(post)


def render_missed(text: str, post: Post, article: Article) -> Message:
    """Render *text*, which says that *post* was not sent, with its story and a button."""
    value = Value(key=post.key, channel_id=post.channel_id)
    hint = f"Post it: {article.headline}"
    again = button("Post it", Action.POST_AGAIN, value, primary=True, hint=hint)
    shown = question_of(article) if article.question else section(plain(article.headline, 150))
    return message(text, [section(text), shown, actions(again)])
