"""What Parley says to somebody new: hello, what it is, and how to begin."""

from collections.abc import Sequence

from handlers.button_value import CHANNEL, DIRECT, MODAL, Value
from handlers.ids import Action, Command
from handlers.mrkdwn import code, plain
from handlers.views.blocks import Element, button, section
from handlers.views.message import Message, message, paragraphs
from handlers.views.story import topics

ABOUT = "I find stories from a few words, and bring channels a good question to talk about."

LANGUAGES = "I take orders in English; stories, and searches for them, may be in any language."


def with_topics(text: str, examples: Sequence[str], *, where: str) -> Message:
    """Render *text*, and a button for each of the *examples*, which are topics with stories."""
    return message(text, [section(text), *([topics(examples, where=where)] if examples else [])])


def example(examples: Sequence[str]) -> str:
    """Return the first of the *examples*, or what stands for any topic."""
    return plain(examples[0], 75) if examples else "TOPIC"


def introduction(examples: Sequence[str], *, where: str) -> Message:
    """Introduce Parley, and name three things to try where the person is."""
    topic = example(examples)
    tries = [
        f"Write `@Parley {topic}` in this thread for a story that only you see.",
        "Press *Share in thread* under it to show it to everybody here.",
        f"Outside of threads, type `{Command.DISCUSS}` for a question to ask in the channel.",
    ]
    if not Value(where=where).thread_ts:
        lead, there = (
            ("Type", "in this channel") if where == CHANNEL else ("In a channel, type", "there")
        )
        tries = [
            f"Type `{Command.BRIEF} {topic}` for a story that only you see until you share it.",
            f"{lead} `{Command.DISCUSS}` for a question to ask {there}.",
            f"{lead} `{Command.DIGEST} on 09:30` for a question every weekday.",
        ]
    if where == DIRECT:
        tries[0] = f"Send me a few words here, such as `{topic}`. Typos are fine."
    elif where == MODAL:
        tries[0] = f"Type a few words into the search box, such as `{topic}`. Typos are fine."
    lines = "\n".join(f"{number}. {line}" for number, line in enumerate(tries, start=1))
    text = f"Hello! {ABOUT} Three things to try:\n{lines}\n{LANGUAGES}"
    return with_topics(text, examples, where=where)


def command(name: Command, words: str) -> Message:
    """Explain how to type the command that came in a message, with *words* after it.

    Slash commands do not work in threads (docs.slack.dev, Implementing slash commands).
    """
    typed = code(f"{name} {words}".strip(), 200)
    return paragraphs(
        f"That is a command: type `{typed}` by itself in the channel, without mentioning me. Slack"
        " takes no commands in threads."
    )


def added(channel_id: str) -> Message:
    """Render how to begin, for the person who added Parley to the channel."""
    text = (
        f"Thanks for adding me to <#{channel_id}>! Type `{Command.DISCUSS}` there for a question"
        f" now, or `{Command.DIGEST} on 09:30` for one every weekday."
    )
    return paragraphs(text, buttons=[schedule_button(primary=True)])


def schedule_button(label: str = "Set up a daily question", *, primary: bool = False) -> Element:
    """Return a button to the form of a new schedule."""
    return button(label, Action.DIGEST_SET, Value(), primary=primary)
