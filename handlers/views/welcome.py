"""What Parley says when nobody asks for a story: hello, what it is, and how to begin."""

from collections.abc import Sequence

from handlers.button_value import CHANNEL, CONVERSATION, DIRECT, MODAL, Value
from handlers.ids import Action, Command
from handlers.mrkdwn import plain
from handlers.parsing.small_talk import SmallTalk
from handlers.views.blocks import Element, button, section
from handlers.views.digest import commands
from handlers.views.message import Message, message, paragraphs
from handlers.views.story import topics

ABOUT = "I find stories from a few words, and bring channels a good question to talk about."
_COURTESIES = {
    SmallTalk.THANKS: "You're welcome!",
    SmallTalk.BYE: "See you!",
    SmallTalk.PRAISE: "Glad you like it!",
    SmallTalk.FINE: "All right!",
}
_HOW_TO = {
    SmallTalk.SCHEDULE: "{In} a channel, type `{digest} on 09:30` for a question from Monday to"
    " Friday, or `{digest} on 09:30 fri digest 3` for three stories on Fridays. Or fill in"
    " a form:",
    SmallTalk.DELETE: "A post of mine has *Delete this post* in its menu (⋮), for the person who"
    " asked for it, admins, and people who may change its schedule. {In} the channel,"
    " `{digest} off` ends a schedule.",
    SmallTalk.NEXT: "{In} the channel, `{digest} next` shows what is planned there, and when. Every"
    " channel with a schedule, and its next post:",
    SmallTalk.CHANGE: "{In} the channel, `{digest} off` ends a schedule, `{digest} pause` stops it"
    " for a time, and `{digest} skip` leaves out its next post. Type `{digest} next` for what is"
    " planned, and `{digest}` alone for another time or other days. A post itself has *Delete this"
    " post* in its menu. Every channel with a schedule:",
    SmallTalk.DISCUSS: "{In} a channel, type `{discuss}` for its next question, or"
    " `{discuss} {topic}` for one on that topic. Only you see it until you post it. Or choose the"
    " channel here:",
    SmallTalk.INVITE: "{In} the channel, type `/invite @Parley`. I can also join a public channel"
    " by myself; choose it here:",
    SmallTalk.ADD: "Stories come from a folder and from feeds. An admin of Parley can type"
    " `{corpus} sources add ADDRESS` for a feed, or send me a file of stories in a direct message.",
}
"""What to type, before a button or the topics; slash commands do not work in threads
(docs.slack.dev, Implementing slash commands)."""


def small_talk(
    talk: SmallTalk, examples: Sequence[str], *, where: str, is_guest: bool = False
) -> Message:
    """Answer small talk; *examples* are topics that have stories, *where* is as in `Value`."""
    if courtesy := _COURTESIES.get(talk):
        return paragraphs(f"{courtesy} Whenever you need a story, {_how_to_ask(where)}.")
    if is_guest and talk in (SmallTalk.SCHEDULE, SmallTalk.CHANGE, SmallTalk.NEXT):
        return paragraphs(
            f"Members can set up and change what a channel gets; guests can't. `{Command.DIGEST}"
            " next` in a channel shows you what is planned there."
        )
    if talk not in _HOW_TO:
        return introduction(examples, where=where)
    text = _HOW_TO[talk].format(
        In="Outside of threads, in" if Value(where=where).thread_ts else "In",
        topic=_example(examples),
        digest=Command.DIGEST,
        discuss=Command.DISCUSS,
        corpus=Command.CORPUS,
    )
    match talk:
        case SmallTalk.ADD:
            text += " I have stories on these topics, for example:" if examples else ""
            return _with_topics(text, examples, where=where)
        case SmallTalk.SCHEDULE:
            buttons = [schedule_button(primary=True)]
        case SmallTalk.DELETE:
            buttons = []
        case SmallTalk.NEXT | SmallTalk.CHANGE:
            buttons = commands([("Show the schedules", "list")])
        case _:
            buttons = [button("Start a discussion", Action.DISCUSS_START, Value(), primary=True)]
    return paragraphs(text, buttons=buttons)


def _with_topics(text: str, examples: Sequence[str], *, where: str) -> Message:
    return message(text, [section(text), *([topics(examples, where=where)] if examples else [])])


def _how_to_ask(where: str) -> str:
    ways = {
        DIRECT: "send me a few words",
        CHANNEL: f"type `{Command.BRIEF}` and a few words",
        CONVERSATION: f"type `{Command.BRIEF}` and a few words",
        MODAL: "type a few words into my search box",
    }
    return ways.get(where, "mention me with a few words")


def _example(examples: Sequence[str]) -> str:
    return plain(examples[0], 75) if examples else "TOPIC"


def introduction(examples: Sequence[str], *, where: str) -> Message:
    """Introduce Parley, and name three things to try where the person is."""
    topic = _example(examples)
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
    text = f"Hello! {ABOUT} Three things to try:\n{lines}"
    return _with_topics(text, examples, where=where)


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
    """Render how to begin, for the person who added Parley to the channel."""
    text = (
        f"Thanks for adding me to <#{channel_id}>! Type `{Command.DISCUSS}` there for a question"
        f" now, or `{Command.DIGEST} on 09:30` for one every weekday."
    )
    return paragraphs(text, buttons=[schedule_button(primary=True)])


def schedule_button(label: str = "Set up a daily question", *, primary: bool = False) -> Element:
    """Return a button to the form of a new schedule."""
    return button(label, Action.DIGEST_SET, Value(), primary=primary)
