"""What Parley says when nobody asks for a story: hello, what it is, and how to begin."""

from collections.abc import Sequence

from handlers.button_value import CHANNEL, DIRECT, Value
from handlers.ids import Action, Command
from handlers.mrkdwn import plain
from handlers.parsing.small_talk import SmallTalk
from handlers.views.blocks import button, section
from handlers.views.message import Message, message, paragraphs
from handlers.views.story import topics

ABOUT = "I find stories from a few words, and bring channels a good question to talk about."
_THANKS = "You're welcome! Whenever you need a story, {how}."


def small_talk(talk: SmallTalk, examples: Sequence[str], *, where: str) -> Message:
    """Answer small talk; *examples* are topics that have stories, *where* is as in `Value`."""
    if talk is SmallTalk.THANKS:
        how = "send me a few words" if where == DIRECT else "mention me with a few words"
        return paragraphs(_THANKS.format(how=how))
    return introduction(examples, where=where)


def introduction(examples: Sequence[str], *, where: str) -> Message:
    """Introduce Parley, and name three things to try where the person is.

    Slash commands do not work in threads (docs.slack.dev, Implementing slash commands).
    """
    topic = plain(examples[0], 75) if examples else "a topic"
    if where == DIRECT:
        tries = [
            f"Send me a few words here, such as `{topic}`. Typos are fine.",
            f"In a channel, type `{Command.DISCUSS}` for a question to ask there.",
            f"In a channel, type `{Command.DIGEST} on 09:30` for a question every day.",
        ]
    elif where == CHANNEL:
        tries = [
            f"Type `{Command.BRIEF} {topic}` for a story that only you see until you share it.",
            f"Type `{Command.DISCUSS}` for a question to ask in this channel.",
            f"Type `{Command.DIGEST} on 09:30` for a question every day.",
        ]
    else:
        tries = [
            f"Write `@Parley {topic}` in this thread for a story that only you see.",
            "Press *Share in thread* under it to show it to everybody here.",
            f"Outside of threads, type `{Command.DISCUSS}` for a question to ask in the channel.",
        ]
    lines = "\n".join(f"{number}. {line}" for number, line in enumerate(tries, start=1))
    text = f"Hello! {ABOUT} Three things to try:\n{lines}"
    return message(text, [section(text), *([topics(examples, where=where)] if examples else [])])


def command(name: Command, words: str) -> Message:
    """Explain how to type the command that came in a message, with *words* after it.

    Slash commands do not work in threads (docs.slack.dev, Implementing slash commands).
    """
    typed = plain(f"{name} {words}".strip(), 200).replace("`", "'")
    return paragraphs(
        f"That is a command: type `{typed}` by itself in the channel, without mentioning me. Slack"
        " takes no commands in threads."
    )


def added(channel_id: str) -> Message:
    """Tell the person who added Parley to the channel how to begin."""
    text = (
        f"Thanks for adding me to <#{channel_id}>! Type `{Command.DISCUSS}` there for a question"
        f" now, or `{Command.DIGEST} on 09:30` for one every day. Only you see this."
    )
    form = button("Set up a daily question", Action.DIGEST_SET, Value(), primary=True)
    return paragraphs(text, buttons=[form])
