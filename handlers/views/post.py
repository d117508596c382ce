"""Render a post of any kind as a message."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from handlers.button_value import Value
from handlers.ids import Action
from handlers.mrkdwn import plain
from handlers.views import notice, question
from handlers.views.as_written import question_of
from handlers.views.blocks import actions, button, section
from handlers.views.message import Message, message
from handlers.views.story import shared
from store.types import Article, Post, PostKind, UserId


def render(post: Post, articles: Sequence[Article]) -> Message:
    """Render *post* with its articles: one story, a digest's stories, or none for a notice.

    A digest without stories says that nothing is new. The message must not be changed.
    """
    if post.kind.is_notice:
        return notice.notice(post)
    if post.kind is PostKind.DIGEST and not articles:
        return question.nothing_new(post.why or "")
    # A schedule's post is cached, because in a crowd of channels many get the same stories. Who
    # asked for a post is not kept in memory.
    render_stories = _stories if post.asked_by else _scheduled_stories
    return render_stories(post.kind, tuple(articles), post.asked_by, post.why is not None)


def _stories(
    kind: PostKind, articles: tuple[Article, ...], asked_by: UserId | None, has_menu: bool
) -> Message:
    match kind:
        case PostKind.QUESTION:
            return question.question(articles[0], asked_by=asked_by, has_menu=has_menu)
        case PostKind.DIGEST:
            return question.digest(articles, asked_by=asked_by, has_menu=has_menu)
        case PostKind.STORY:
            return question.thread(articles)
        case _:
            return shared(articles[0], by=asked_by)


_scheduled_stories = lru_cache(maxsize=200)(_stories)


def render_missed(
    text: str, post: Post, article: Article, *, posted_at: datetime | None = None
) -> Message:
    """Render *text*, which says that *post* was not sent, with its story and a button.

    *posted_at* is when the channel got the same from somebody else, if *text* says that it did.
    """
    value = Value(key=post.key, posted_at=posted_at)
    hint = f"Post it: {article.headline}"
    again = button("Post it", Action.POST_AGAIN, value, primary=True, hint=hint)
    shown = question_of(article) if article.question else section(plain(article.headline, 150))
    return message(text, [section(text), shown, actions(again)])
