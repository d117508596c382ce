"""A question put to a channel: its preview, the post, and the story in its thread."""

from handlers.ids import Action, Command
from handlers.mrkdwn import plain, quote
from handlers.values import Value
from handlers.views.message import Message, actions, button, context, message, section
from handlers.views.story import card, spoken
from store.types import Article


def preview(article: Article, *, words: str, place: int) -> Message:
    """Show one person the question as the channel would see it."""
    text = f"Here is a question for this channel: {plain(article.question, 2500)}"
    this = Value(article_id=article.id, words=words, place=place)
    another = Value(words=words, place=place + 1)
    return message(
        text,
        [
            context("Only you see this. Posted, it comes with its story in the thread."),
            section(f"*{plain(article.headline, 150)}*\n{quote(article.question, 2000)}"),
            actions(
                [
                    button("Post it here", Action.DISCUSS_POST, this, primary=True),
                    button("Another one", Action.DISCUSS_ANOTHER, another),
                ]
            ),
        ],
    )


def question(article: Article, *, asked_by: str | None) -> Message:
    """Put the question to the channel; *asked_by* is None when a schedule does."""
    source = f"Asked by <@{asked_by}>" if asked_by else "Question of the day"
    return message(
        f"{'A question' if asked_by else 'Question of the day'}: {plain(article.question, 2500)}",
        [
            context(f"{source} · the story is in the thread"),
            section(f"*{plain(article.question, 2900)}*"),
        ],
    )


def story(article: Article) -> Message:
    """Tell the story in the question's thread."""
    return message(spoken(article), card(article, question=False))


def discuss_help() -> Message:
    """Explain /discuss."""
    text = (
        f"Type `{Command.DISCUSS}` for the next question this channel has not had, or"
        f" `{Command.DISCUSS} sanctions` for one on a topic. You see it first, and decide."
    )
    return message(text, [section(text)])
