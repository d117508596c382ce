"""The answers to small talk, one for each kind that `parsing.small_talk` recognizes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from handlers.button_value import CHANNEL, CONVERSATION, DIRECT, MODAL, Value
from handlers.ids import Action, Command
from handlers.parsing.small_talk import SmallTalk
from handlers.views.blocks import button
from handlers.views.command_buttons import commands
from handlers.views.message import Message, paragraphs
from handlers.views.notice import TAKE_BACK
from handlers.views.welcome import example, introduction, schedule_button, with_topics


class _Then(Enum):
    """What follows the text of an answer."""

    NOTHING = auto()
    FORM = auto()
    """A button to the form of a new schedule."""
    DISCUSSION = auto()
    """A button that asks in which channel to start one."""
    SCHEDULES = auto()
    """A button that lists every channel with a schedule."""
    TOPICS = auto()
    """Topics that have stories."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """An answer."""

    text: str
    then: _Then = _Then.NOTHING
    lead: str = ""
    """What stands before the channel's schedules, where they help more than the text; else ""."""
    is_for_members: bool = False
    """Whether guests get another answer, because they can do nothing about it."""


def _courtesy(text: str) -> _Answer:
    return _Answer(text=f"{text} Whenever you need a story, {{how_to_ask}}.")


_ANSWERS = {
    SmallTalk.THANKS: _courtesy("You're welcome!"),
    SmallTalk.BYE: _courtesy("See you!"),
    SmallTalk.PRAISE: _courtesy("Glad you like it!"),
    SmallTalk.FINE: _courtesy("All right!"),
    SmallTalk.HELLO: None,
    SmallTalk.ABOUT: None,
    SmallTalk.SCHEDULE: _Answer(
        text="{In} a channel, type `{digest} on 09:30` for a question from Monday to Friday, or"
        " `{digest} on 09:30 fri digest 3` for three stories on Fridays. Or fill in a form:",
        then=_Then.FORM,
        is_for_members=True,
    ),
    SmallTalk.DELETE: _Answer(
        text="A post of mine has *Delete this post* in its menu (⋮), for the person who asked for"
        " it, admins, and people who may change its schedule. {In} the channel, `{digest} off` ends"
        " a schedule."
    ),
    SmallTalk.NEXT: _Answer(
        text="{In} the channel, `{digest} next` shows what is planned there, and when. Every"
        " channel with a schedule, and its next post:",
        then=_Then.SCHEDULES,
        lead="What is planned; `{digest} next` lists more posts:",
        is_for_members=True,
    ),
    SmallTalk.CHANGE: _Answer(
        text="{In} the channel, `{digest} off` ends a schedule, `{digest} pause` stops it for a"
        " time, and `{digest} skip` leaves out its next post. Type `{digest} next` for what is"
        " planned, and `{digest}` alone for another time or other days. A post itself has *Delete"
        " this post* in its menu. Every channel with a schedule:",
        then=_Then.SCHEDULES,
        lead="Nothing has changed yet. {hint} Or choose what to do in the menu (⋮) of a schedule.",
        is_for_members=True,
    ),
    SmallTalk.OWNER: _Answer(
        text="{In} the channel, type `{digest}`: it shows who set up each schedule. Every channel"
        " with a schedule:",
        then=_Then.SCHEDULES,
        lead="Each schedule, and who set it up:",
        is_for_members=True,
    ),
    SmallTalk.UNDO: _Answer(
        text=f"The answer to a change of a schedule has a button *{TAKE_BACK}*. {{In}} the channel,"
        " `{digest} unskip` takes back a skip, and `{digest} resume` ends a pause. Every channel"
        " with a schedule:",
        then=_Then.SCHEDULES,
        lead=f"The answer to a change has a button *{TAKE_BACK}*. The menu (⋮) of a schedule"
        " changes it again, `{digest} unskip` takes back a skip.",
        is_for_members=True,
    ),
    SmallTalk.UNSUBSCRIBE: _Answer(
        text="I post to channels, and write to a person only when asked or about a schedule of"
        " theirs. Leave or mute the channel to see no more of its posts. {In} the channel,"
        " `{digest} off` ends them for everybody, for who may change its schedule.",
        lead="Leave or mute this channel to see no more of its posts. To end them for everybody,"
        " choose *Stop* in the menu (⋮) of a schedule.",
        is_for_members=True,
    ),
    SmallTalk.PRIVACY: _Answer(
        text="I don't store what you look up or write to me, unless you press *Ask for this topic*;"
        " that stores the words without you. No messages and no names are stored. A schedule stores"
        " the Slack id of its owner, and a post the id of the person who asked for it until it is"
        " settled. The page *Privacy* of my documentation lists everything; the people who run me"
        " here can delete it."
    ),
    SmallTalk.DISCUSS: _Answer(
        text="{In} a channel, type `{discuss}` for its next question, or `{discuss} {topic}` for"
        " one on that topic. Only you see it until you post it. Or choose the channel here:",
        then=_Then.DISCUSSION,
    ),
    SmallTalk.INVITE: _Answer(
        text="{In} the channel, type `/invite @Parley`. I can also join a public channel by myself;"
        " choose it here:",
        then=_Then.DISCUSSION,
    ),
    SmallTalk.ADD: _Answer(
        text="Stories come from a folder and from feeds. An admin of Parley can type"
        " `{corpus} sources add ADDRESS` for a feed, or send me a file of stories in a direct"
        " message.",
        then=_Then.TOPICS,
    ),
    SmallTalk.WHY: _Answer(
        text="*Why this one?* in the menu (⋮) of a post says how it was chosen. What a channel was"
        " not asked yet comes first. {In} the channel, `{digest}` shows who set up each schedule."
    ),
    SmallTalk.STORY: _Answer(
        text="The story of a question is the first reply in its thread, with its date and source."
        " For another story, {how_to_ask}."
    ),
    SmallTalk.NEWEST: _Answer(text="Type `{brief} latest` for the newest stories."),
    SmallTalk.REMIND: _Answer(
        text="I post to channels, and remind nobody by themselves. Slack does: type `/remind me`,"
        " what about and when. For a question that comes regularly, type `{digest} on 09:30` in a"
        " channel."
    ),
}
"""The answer to each kind; None stands for the introduction. Slash commands do not work in threads
(docs.slack.dev, Implementing slash commands)."""
_HINTS = (
    (r"\bholidays?\b", "Name whose holidays: `{digest} on {name} except holidays DE`."),
    (
        r"\b(?:once|twice|thrice|times|days|often|less|more) (?:a|per|each|in) |\boften\b",
        "Name the days: `{digest} on {name} mon,thu`.",
    ),
    (
        r"\b(?:until|till?|while|when|for)\b",
        "Name the first day with a post again: `{digest} pause until 2 Jan`; without a date, a"
        " pause lasts until `{digest} resume`.",
    ),
    (
        r"\b(?:later|earlier|sooner|back|forward|by|hours?|minutes)\b",
        "Name the new time: `{digest} on {name} 10:30`.",
    ),
    (
        "",
        "Type, for example, `{digest} on {name} 10:30 mon,thu`, `{digest} skip 24 Dec`,"
        " `{digest} pause until 2 Jan` or `{digest} off`.",
    ),
)
"""What to type for a change, by a word of what was said; `{name}` is that of a schedule."""


def is_about_schedules(talk: SmallTalk) -> bool:
    """Return whether the schedules of a channel answer *talk* better than a text."""
    answer = _ANSWERS[talk]
    return answer is not None and bool(answer.lead)


def about_schedules(talk: SmallTalk, text: str, *, name: str) -> str:
    """Return what stands before a channel's schedules if *talk* is about them.

    *text* is what was said, and *name* that of a schedule for the examples.
    """
    answer = _ANSWERS[talk]
    hint = next(hint for words, hint in _HINTS if re.search(words, text, re.IGNORECASE))
    hint = hint.format(digest=Command.DIGEST, name=name)
    return answer.lead.format(digest=Command.DIGEST, hint=hint) if answer else ""


def small_talk(
    talk: SmallTalk, examples: Sequence[str], *, where: str, is_guest: bool = False
) -> Message:
    """Answer small talk; *examples* are topics that have stories, *where* is as in `Value`."""
    answer = _ANSWERS[talk]
    if answer is None:
        return introduction(examples, where=where)
    if answer.is_for_members and is_guest:
        return paragraphs(
            f"Members can set up and change what a channel gets; guests can't. `{Command.DIGEST}"
            " next` in a channel shows you what is planned there."
        )
    text = answer.text.format(
        In="Outside of threads, in" if Value(where=where).thread_ts else "In",
        topic=example(examples),
        how_to_ask=_how_to_ask(where),
        brief=Command.BRIEF,
        digest=Command.DIGEST,
        discuss=Command.DISCUSS,
        corpus=Command.CORPUS,
    )
    match answer.then:
        case _Then.TOPICS:
            text += " I have stories on these topics, for example:" if examples else ""
            return with_topics(text, examples, where=where)
        case _Then.FORM:
            buttons = [schedule_button(primary=True)]
        case _Then.SCHEDULES:
            buttons = commands([("Show the schedules", "list")])
        case _Then.DISCUSSION:
            buttons = [button("Start a discussion", Action.DISCUSS_START, Value(), primary=True)]
        case _Then.NOTHING:
            buttons = []
    return paragraphs(text, buttons=buttons)


def _how_to_ask(where: str) -> str:
    ways = {
        DIRECT: "send me a few words",
        CHANNEL: f"type `{Command.BRIEF}` and a few words",
        CONVERSATION: f"type `{Command.BRIEF}` and a few words",
        MODAL: "type a few words into my search box",
    }
    return ways.get(where, "mention me with a few words")
