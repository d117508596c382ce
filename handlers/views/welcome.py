"""What Parley says when nobody asks for a story: hello, what it is, and how to begin."""

import re
from collections.abc import Sequence

from handlers.button_value import CHANNEL, CONVERSATION, DIRECT, MODAL, Value
from handlers.ids import Action, Command
from handlers.mrkdwn import code, plain
from handlers.parsing.small_talk import SmallTalk
from handlers.views.blocks import Element, button, section
from handlers.views.command_buttons import commands
from handlers.views.message import Message, message, paragraphs
from handlers.views.notice import TAKE_BACK
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
    SmallTalk.OWNER: "{In} the channel, type `{digest}`: it shows who set up each schedule. Every"
    " channel with a schedule:",
    SmallTalk.UNDO: f"The answer to a change of a schedule has a button *{TAKE_BACK}*."
    " {In} the channel, `{digest} unskip` takes back a skip, and `{digest} resume` ends a pause."
    " Every channel with a schedule:",
    SmallTalk.UNSUBSCRIBE: "I post to channels, and write to a person only when asked or about a"
    " schedule of theirs. Leave or mute the channel to see no more of its posts. {In} the channel,"
    " `{digest} off` ends them for everybody, for who may change its schedule.",
    SmallTalk.PRIVACY: "I don't store what you look up or write to me, unless you press *Ask for"
    " this topic*; that stores the words without you. No messages and no names are stored. A"
    " schedule stores the Slack id of its owner, and a post the id of the person who asked for it"
    " until it is settled. The page *Privacy* of my documentation lists everything; the people who"
    " run me here can delete it.",
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


_OF_MEMBERS = (
    *(SmallTalk.SCHEDULE, SmallTalk.CHANGE, SmallTalk.NEXT),
    *(SmallTalk.OWNER, SmallTalk.UNDO, SmallTalk.UNSUBSCRIBE),
)
_LEADS = {
    SmallTalk.OWNER: "Each schedule, and who set it up:",
    SmallTalk.NEXT: f"What is planned; `{Command.DIGEST} next` lists more posts:",
    SmallTalk.UNDO: f"The answer to a change has a button *{TAKE_BACK}*. The menu (⋮) of a schedule"
    f" changes it again, `{Command.DIGEST} unskip` takes back a skip.",
    SmallTalk.UNSUBSCRIBE: "Leave or mute this channel to see no more of its posts. To end them for"
    " everybody, choose *Stop* in the menu (⋮) of a schedule.",
    SmallTalk.CHANGE: "Nothing has changed yet. {hint} Or choose what to do in the menu (⋮) of a"
    " schedule.",
}
"""What stands before the schedules of a channel."""
_HINTS = (
    (r"\bholidays?\b", "Name whose holidays: `{digest} on NAME except holidays DE`."),
    (
        r"\b(?:once|twice|thrice|times|days|often|less|more) (?:a|per|each|in) |\boften\b",
        "Name the days: `{digest} on NAME mon,thu`.",
    ),
    (
        r"\b(?:until|till?|while|when|for)\b",
        "Name the first day with a post again: `{digest} pause until 2 Jan`; without a date, a"
        " pause lasts until `{digest} resume`.",
    ),
    (
        r"\b(?:later|earlier|sooner|back|forward|by|hours?|minutes)\b",
        "Name the new time: `{digest} on NAME 10:30`.",
    ),
    (
        "",
        "Type, for example, `{digest} on NAME 10:30 mon,thu`, `{digest} skip 24 Dec`,"
        " `{digest} pause until 2 Jan` or `{digest} off`.",
    ),
)
"""What to type for a change, by a word of what was said; NAME is a schedule's."""


def about_schedules(talk: SmallTalk, text: str) -> str:
    """Return what stands before a channel's schedules; "" if *talk* is about something else.

    *text* is what was said.
    """
    hint = next(hint for words, hint in _HINTS if re.search(words, text, re.IGNORECASE))
    return _LEADS.get(talk, "").format(hint=hint.format(digest=Command.DIGEST))


def small_talk(
    talk: SmallTalk, examples: Sequence[str], *, where: str, is_guest: bool = False
) -> Message:
    """Answer small talk; *examples* are topics that have stories, *where* is as in `Value`."""
    if courtesy := _COURTESIES.get(talk):
        return paragraphs(f"{courtesy} Whenever you need a story, {_how_to_ask(where)}.")
    if is_guest and talk in _OF_MEMBERS:
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
        case SmallTalk.DELETE | SmallTalk.UNSUBSCRIBE | SmallTalk.PRIVACY:
            buttons = []
        case SmallTalk.NEXT | SmallTalk.CHANGE | SmallTalk.OWNER | SmallTalk.UNDO:
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
