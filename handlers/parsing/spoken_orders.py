"""Recognize orders that people give in ordinary words: "post a question here every day at 9".

An order counts only if every word of it is understood: "stop the questions" ends a schedule, and
"stop the war" is a look-up. Only a plain reason may stand beside it: "skip Friday, we have guests".
"""

import re
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from handlers.button_value import NO_CHANNEL
from handlers.mrkdwn import readable
from handlers.parsing.dates import is_until, parse_posts, parse_until
from handlers.parsing.delays import FROM_TO, READ_ORDER, is_timed, pause_of
from handlers.parsing.readings import LaterStartError, UnschedulableError, is_read
from handlers.parsing.schedule_names import could_be_name
from handlers.parsing.schedule_order import parse_order
from handlers.parsing.sub_commands import DELAY, MOVE, VERBS, DigestWord
from handlers.parsing.timetable import has_time
from handlers.parsing.words import DAY_NAMES, MONTH_NAMES, as_typed
from store.types import ChannelId, PostKind


class Verb(StrEnum):
    """What to do with a schedule; the text is the sub-command of `/digest`."""

    ON = "on"
    MOVE = "move"
    """Change the time or the days of a schedule: `on` with its name."""
    SKIP = "skip"
    PAUSE = "pause"
    RESUME = "resume"
    OFF = "off"
    OWNER = "owner"


@dataclass(frozen=True, slots=True)
class SpokenOrder:
    """An order, and the channel that it names."""

    verb: Verb
    words: str = ""
    """The words after the sub-command."""
    kind: PostKind | None = None
    """The kind of post that was named; None if none was."""
    name: str = ""
    """Words that may name the schedule, as in "the friday digest"."""
    is_whole_name: bool = False
    """Whether they are its name with the kind, as in "friday-digest"."""
    is_alone: bool = False
    """Whether it could be a look-up, as a verb alone could: "resume"."""
    channel_id: ChannelId = NO_CHANNEL
    channel_name: str = ""
    """The name of the channel if it was typed without a link."""


_CHANNEL = re.compile(
    r"(?:\b(?:in|into|to|for|on|from)\s+)?(?:the\s+)?<#(?P<id>\w+)(?:\|[^<>]*)?>(?:\s+channel\b)?",
    re.IGNORECASE,
)
_NAMED_CHANNEL = re.compile(
    r"\b(?:in|into|to|for|on|from)\s+(?:the\s+)?(?:#([\w-]+)(?:\s+channel)?"
    r"|([^\W\d_]+(?:[-_]\w+)+)(?:\s+channel)?|(\w+)\s+channel)(?!\S)",
    re.IGNORECASE,
)
_IN_WORD = re.compile(r"\b(?:in|into)\s+(?:the\s+)?([^\W\d_]+)(?!\S)", re.IGNORECASE)
_HERE = re.compile(
    r"\b(?:(?:in|into|to|from|for)\s+)?(?:here|(?:this|the|our)\s+(?:channel|room))\b",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"(?:(?:hey|hi|hello|ok|okay|parley|kindly|just|also|maybe|then|now|and|so)\b[\s,:!]*"
    r"|(?:can|could|will|would|may)\s+(?:you|u|we|i)\s+|let'?s\s+)*",
    re.IGNORECASE,
)
_WISH = re.compile(
    r"(?:i|we)(?:'d\s+(?:like|love)|\s+(?:would\s+(?:like|love)|want|need))\s+"
    r"(?:you\s+)?(?:to\s+)?",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"(?:[\s,]*\b(?:instead|rather|only|from now on|any\s?more|for now|after all|if possible"
    r"|for (?:us|me)|immediately|with immediate effect|(?:right )?now|right away|ok(?:ay)?)"
    r"|[\s.!?,;:]+)$",
    re.IGNORECASE,
)
_OURS = r"(?:it|this|(?:the|this|our|my)\s+(?:\w+\s+)?(?:schedule|question|digest)s?)"
_HAND_OVER = re.compile(
    rf"(?:(?:transfer|hand|pass|give)\s+(?:over\s+)?(?:the\s+)?ownership(?:\s+of\s+{_OURS})?"
    rf"|(?:hand|pass|give)\s+(?:over\s+{_OURS}|{_OURS}\s+over))\s+to\b(?:\s+\S+){{0,2}}"
    rf"|make\s+(?:\S+\s+){{0,2}}(?:the\s+)?(?:new\s+)?owner(?:\s+of\s+{_OURS})?",
    re.IGNORECASE,
)
"""An order to change who owns a schedule: "make Ben the owner"."""
_CLAUSE = re.compile(
    r"\s*[,;:.!()]+\s+|\s+\(|\s+-+\s+|\s+(?P<why>(?:be)?cause|cos|bc|since|due\s+to)\s+"
    r"|\s+(?:as|(?P<so>so))\s+"
    r"|\s+(?P<bare>)(?=(?:(?:we|they)'(?:re|ve)|(?:it|there)'s|i'(?:m|ve)|were|its|im"
    r"|(?:we|it|there|they)\s+(?:is|are|r|have|has))\s)",
    re.IGNORECASE,
)
"""What stands between an order and its reason: "skip friday, we have an offsite"."""
_NO_REASON = re.compile(
    r"\b(?:no|not|never|nobody|nothing|none|neither|(?:\w+n't|(?:do|does|did|ca|wo|is|are)nt)|cannot"
    r"|can|could|would|should|may|might|must|if|unless|when|whenever|whether|once|who|how|why|what"
    r"|which|where|until|till?|before|after|while|as|soon|long|but|except|instead|only"
    r"|said|say|says|told|tell|tells|asked|wrote|think|thinks)\b",
    re.IGNORECASE,
)
"""A word of a condition, of a quotation or of the opposite."""
_SURE_OWNER = re.compile(
    r"\bto$|^make\s+(?:the\s+)?(?:new\s+)?owner\b|\b(?:schedule|question|digest)s?\b", re.IGNORECASE
)
"""What names a schedule, or lacks the name of a person, because it was a mention."""
_SUBJECT = re.compile(r"(?:we|they|i|it|this|that|everyone|everybody)\b", re.IGNORECASE)
_COMPLAINT = re.compile(
    r"^(?:(?:everyone|everybody)\s+hates\s+(?:this|it)|(?:we(?:\s+all)?|i)\s+hate\s+(?:this|it)"
    r"|(?:this|it)(?:'s|\s+is)\s+(?:(?:so|very|really|too)\s+)?(?:annoying|boring|useless|spam)"
    r"|(?:nobody|no\s+one)\s+(?:needs|wants|likes|reads)\s+(?:this|it))(?:\s*[,;:.!]+)?\s+(?:so\s+)?",
    re.IGNORECASE,
)
"""What may stand before "stop it"."""
_DAY = re.compile(
    rf"\d|\b(?:{'|'.join(name[:3] for name in (*DAY_NAMES, *MONTH_NAMES))})"
    r"|\b(?:today|tonight|tomorrow|week|month|year|noon|christmas|easter)",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    r"(?:how|why|what|when|where|who|which|is|are|do|does|did|should)\b", re.IGNORECASE
)
_PARTED = re.compile(r"^(turn|switch|shut)\s+(.+?)\s+(?:back\s+)?(off|on)$", re.IGNORECASE)
"""A verb in two parts: "turn the questions off"."""
_MADE = re.compile(r"^make\s+(.+)\s+(stop)$", re.IGNORECASE)
"""A verb after what it is about: "make it stop"."""
_AGAIN = re.compile(r"[\s,]*\bagain$", re.IGNORECASE)
_OF_ANY = "the|an?|any|all|of|our|your|my|this|that|these|those|more|daily|weekly|regular|with|next"
_THING = re.compile(
    rf"""(?:(?:{_OF_ANY})\s+)*
    (?:(?P<name>[^\W\d_]+)(?:(?P<hyphen>-)|[\s-]+)(?=(?:questions?|digests?)\b))?
    (?:(?:(?:asking|sending|posting)\s+(?:me\s+|us\s+)?)?(?P<kind>question|digest)s?
    |(?:doing\s+)?(?<!of\s)(?:this|that|these|those)(?=\s*$|\s+(?:until|till?|for|to)\b)
    |(?:doing\s+)?it|them|everything|things?|bot|parley|posting|time(?:\s?zone)?(?:\s+of\s+(?:the\s+question|the\s+digest|it))?
    |(?:post(?:ing)?|schedule|reminder|message)s?)\b\s*""",
    re.VERBOSE | re.IGNORECASE,
)
"""What an order is about: "the friday digest", "sending us questions", "it"."""
_INDEFINITE = re.compile(r"(?:an?|another|any|one)\b", re.IGNORECASE)
_ONE_MORE = re.compile(r"(?:an?|another|one)\b", re.IGNORECASE)
"""What may be posted: "drop a question" wants one."""


def _verbs(word: DigestWord, *more: str) -> str:
    return "|".join((*VERBS[word], *more))


_HALTS = (
    (Verb.OFF, "no more"),
    (None, "(?:don'?t|do not) (?:post|send|ask)|refrain from (?:post|send|ask)ing|no|not"),
    (
        Verb.OFF,
        _verbs(DigestWord.OFF, "unsubscribe", "get rid of", "turn off", "switch off", "shut off"),
    ),
    (Verb.PAUSE, _verbs(DigestWord.PAUSE, "pause", "shut up", "be quiet")),
    (Verb.SKIP, _verbs(DigestWord.SKIP, "skip", "leave out")),
)
"""Verbs, with what they mean if no day is named."""
_ALONE = frozenset(
    (
        "stop",
        "unsubscribe",
        "pause",
        "mute",
        "snooze",
        "shut up",
        "be quiet",
        "skip",
        "resume",
        "unpause",
        *("cease", "discontinue", "turn off", "switch off", "shut off"),
    )
)
"""Orders of one verb, which hardly anybody looks up."""
_STOP = re.compile(
    r"(?:stop|end|cease|discontinue|(?:turn|switch|shut)\s+off)\s+(?:doing\s+)?"
    r"(?:(?:this|that)(?:\s+thing)?|these|those|it)",
    re.IGNORECASE,
)
"""An order that names what it is about by a pronoun, and could be a look-up."""
_ONE_POST = re.compile(
    r"\b(?:post|message|reminder|it|(?:last|latest|previous|this|that)\s+(?:question|digest))$"
    r"|^(?:delete|remove|get\s+rid\s+of)\b(?!.*\bschedules?$)",
    re.IGNORECASE,
)
"""An order that is no order to end a schedule: it may be about a post that is there."""
_ENDS = re.compile(
    r"(?:end|stop|cease|discontinue|terminate|quit|disable|(?:turn|switch|shut)\s+off)\b",
    re.IGNORECASE,
)
"""Verbs that end a schedule also if a day follows: "end it on Friday"."""
_NOT_ONLY = re.compile(
    r"(?:(?:not?|never|don'?t|do\s+not)\b(?![,.:;!]).*\b(?:only|just)"
    r"|not?\s+(?:on\s+)?(?:every|always|all))\b",
    re.IGNORECASE,
)
"""The beginning of words that want more days, not fewer: "not only on Mondays"."""
_NEXT = re.compile(r"\bnext\s+(?:post|question|digest|message|reminder)$", re.IGNORECASE)
_NOUNS = re.compile(
    r"\b(?:the|an?|any|our|your|my)\b|(?:'s)?\s+(?:questions?|digests?|post(?:ing)?s?|messages?)\b"
    r"|^(?:questions?|digests?|post(?:s|ing)?|messages?|it)\b",
    re.IGNORECASE,
)
_RESUME = _verbs(DigestWord.RESUME, "resume", "turn on", "switch on")
_MOVE = "|".join((*MOVE, "make", "do", "put", "set", "switch", "post", "send", "ask"))
_FROM = re.compile(r"^(?:on|from|at|in)\s+", re.IGNORECASE)
_BACK = re.compile(r"(?:back|forward|up|come|be)\s+", re.IGNORECASE)
_TO = re.compile(rf"(?:{_BACK.pattern})?(?:(?:to|for)\s+(?:at\s+)?)?", re.IGNORECASE)
_BEGIN = _verbs(
    DigestWord.ON,
    r"set\s*up|sign\s+(?:me|us)\s+up\s+for|subscribe\s+(?:me|us)\s+to|remind|post|send|give|bring|get",
    "put|make|publish|deliver|ask|have|run|share|show",
)
_START = re.compile(
    rf"\b(?:{_BEGIN})\b(?:\s+(?:me|us|the\s+team|everyone|everybody|people)\b)?", re.IGNORECASE
)
_FIRST = re.compile(
    rf"\b(?:{'|'.join([_RESUME, _MOVE, _BEGIN, 'turn', *(verbs for _, verbs in _HALTS)])}"
    r"|questions?|digests?|instead|rather|meant|mean|said|sorry|only|actually|oops"
    r"|ownership|owner|over|off|away|closed|out|nobody|no\s+one|one\s+on)\b",
    re.IGNORECASE,
)
"""A word of every order: most look-ups have none."""
_POSTED = re.compile(
    r"""\b(?:(?:the|an?|one|our|some|new|weekly|regular)\s+)*(?P<when>(?:daily|\w+day)\s+)?
    (?:(?P<question>questions?|something(?:\s+to\s+discuss)?
    |to\s+(?:discuss|talk\s+about)\s+the\s+news)
    |(?:digests?\s+(?:of|with)\s+)?(?P<stories>\w+)\s+(?:stories|items|articles)|digests?|news|headlines)(?!\S)""",
    re.VERBOSE | re.IGNORECASE,
)
_REGULAR = re.compile(r"\b(?:every|each|daily|weekdays|weekends?|\w+days)\b", re.IGNORECASE)
_WEEKLY = re.compile(rf"{_REGULAR.pattern}|\bholidays\b", re.IGNORECASE)
"""What a schedule can leave out."""
_FILLER = re.compile(r"\b(?:(?:and|but)\s+(?=not\b)|for\s+(?=every|each|\w+day))", re.IGNORECASE)
_MEANT = re.compile(
    r"^(?:(?:(?:i|we)\s+(?:meant|mean|said)|sorry|no(?=[,.:;])|oops|actually|rather|only|make\s+(?:it|that))"
    r"[\s,:]+)+(?:to\s+)?(?:(?:on|at)\s+)?",
    re.IGNORECASE,
)
"""The beginning of a correction: "I meant 10:30", "only on Mondays"."""
_INSTEAD = re.compile(r"[\s,]*\b(?:instead|rather|only)[\s.!?]*$", re.IGNORECASE)
_OFF = re.compile(
    r"^(?:(?:(?:we|everybody|everyone)(?:'?re|'s|\s+r|\s+are|\s+is|\s+will\s+be)?"
    r"|(?:the|our)\s+office(?:'s|\s+is))\s+(?:off|away|closed|out|on\s+(?:holiday|vacation|leave))"
    r"|(?:nobody|no\s+one)(?:'s|\s+is|\s+will\s+be)\s+(?:in|around))\s+"
    r"(?P<days>.+?)(?:[\s,.;:]+(?:so\s+)?(?:(?:don't|do\s+not)\s+(?:post|send|ask)(?:\s+(?:us|anything))?"
    r"|no\s+(?:posts?|questions?|digests?)|skip(?:\s+(?:it|that|those))?)(?:\s+(?:then|that\s+day))?)?$",
    re.IGNORECASE,
)
"""Days on which nobody is there: "we're off on Friday, so no question"."""
_PLAIN_POST = re.compile(
    r"^(?:(?:post|publish|ask\s+us)\s+(?:one\s+)?|(?:another\s+)?one\s+(?=on\s+\w+day|every|each))(?=on|every|each|at)",
    re.IGNORECASE,
)
_TOO = re.compile(r"[\s,]*\b(?:too|as\s+well)$", re.IGNORECASE)
_ABOUT = re.compile(
    r"\babout\b.*?(?=\s+(?:every|each|daily|weekdays|on\s+\w+days?|at\s+\d+)\b|$)", re.IGNORECASE
)
_ON = re.compile(r"^\s*(?:on|at)\b", re.IGNORECASE)
_MOST_CHARACTERS = 300


def spoken_order(text: str, *, today: date) -> SpokenOrder | None:
    """Return the order in the *text* of a message, as Slack sent it; None if it may be a look-up.

    *today* only tells dates from other words: the command reads them again, in the right zone.
    """
    if len(text) > _MOST_CHARACTERS or not _FIRST.search(text):
        return None
    found = _CHANNEL.search(text)
    channel_id = ChannelId(found["id"]) if found else NO_CHANNEL
    words = " ".join(as_typed(readable(_CHANNEL.sub(" ", text))).split())
    words = _without(words, _HERE.search(words))
    order, name = _with_reason(words, today), ""
    for channel in () if order or found else (_NAMED_CHANNEL, _IN_WORD):
        if order is None and (named := channel.search(words)):
            name = next(filter(None, named.groups())).lower()
            order = _read(_without(words, named), today)
            is_post = order and (order.kind or order.verb is Verb.ON)
            if channel is _IN_WORD and not (is_post and could_be_name(name)):
                order = None  # "pause in fighting"
    return order and replace(order, channel_id=channel_id, channel_name=name)


def channel_in(text: str) -> tuple[ChannelId, str]:
    """Return the id of the channel that the *text* of a message links, or else the name of one."""
    if found := _CHANNEL.search(text):
        return ChannelId(found["id"]), ""
    named = re.search(r"(?<!\S)#([\w-]+)", readable(text))
    return NO_CHANNEL, named[1].lower() if named else ""


def _without(words: str, found: re.Match[str] | None) -> str:
    words = f"{words[: found.start()]} {words[found.end() :]}" if found else words
    return " ".join(words.split())


def _read(words: str, today: date) -> SpokenOrder | None:
    """Return the order in *words*, which name no channel."""
    if _NOT_ONLY.match(_LEAD.sub("", words, count=1)):
        return None
    is_instead = _INSTEAD.search(words) is not None
    while (shorter := _TAIL.sub("", words)) != words:
        words = shorter
    words = _PARTED.sub(r"\1 \3 \2", _MADE.sub(r"\2 \1", _LEAD.sub("", words, count=1)))
    plain_words = _WISH.sub("", words, count=1)
    if _HAND_OVER.fullmatch(plain_words):
        return SpokenOrder(Verb.OWNER, is_alone=not _SURE_OWNER.search(plain_words))
    return (
        _halt(plain_words, today)
        or _correction(plain_words, today, is_instead=is_instead)
        or _resume(plain_words, today)
        or _move(plain_words, today)
        or _start(plain_words, today, is_wish=plain_words != words)
    )


def _with_reason(words: str, today: date) -> SpokenOrder | None:
    """Return the order in *words* beside a plain reason, before it or after it.

    The reason must not change what is ordered, as a condition, a "not" or another day could.
    """
    if (order := _read(words, today)) or _QUESTION.match(words):
        return order
    plain_words = _COMPLAINT.sub("", words, count=1)
    if plain_words != words:
        return _read(plain_words, today)
    for clause in _CLAUSE.finditer(words):
        first, last = words[: clause.start()], words[clause.end() :]
        before = _read(first, today) if " " in first else None
        if before:
            is_whole = before.words or (
                before.verb is not Verb.SKIP
                and clause["bare"] is None
                and (not before.is_alone or _SUBJECT.match(last))
            )
            # After "because", nothing else can be meant by a day.
            is_reason = (clause["why"] and before.words) or not _DAY.search(last)
            return before if is_whole and is_reason and not _NO_REASON.search(last) else None
        is_reason = not (_NO_REASON.search(first) or _DAY.search(first))
        if is_reason and (clause["so"] or clause[0].strip(", ;.!-") == ""):
            after = _read(last, today)
            if after and (
                after.words or (after.verb is Verb.OFF and after.kind and not after.name)
            ):
                return after
    return None


def _after(verbs: str, words: str) -> str | None:
    """Return what follows one of *verbs* at the start of *words*; None if none does."""
    found = re.match(rf"(?:{verbs})(?!\S)\s*", words, re.IGNORECASE)
    return words[found.end() :] if found else None


def _about(verb: Verb, words: str) -> tuple[SpokenOrder, str, bool]:
    """Return an order with the schedule that *words* begin with, the rest, and whether they do."""
    found = _THING.match(words)
    if found is None:
        return SpokenOrder(verb), words, False
    kind = PostKind(found["kind"].lower()) if found["kind"] else None
    name, is_whole_name = found["name"] or "", bool(found["hyphen"])
    order = SpokenOrder(verb, kind=kind, name=name, is_whole_name=is_whole_name)
    return order, words[found.end() :], True


def _halt(words: str, today: date) -> SpokenOrder | None:
    """Return an order to skip, to pause or to end, or to post no more on some weekdays."""
    if off := _OFF.match(words):
        words = f"not {off['days']}"
    verb, rest = next(
        ((verb, rest) for verb, verbs in _HALTS if (rest := _after(verbs, words)) is not None),
        (None, None),
    )
    if rest is None or (verb is Verb.OFF and _ONE_MORE.match(rest)):
        return None
    if _NEXT.search(words):
        verb = Verb.SKIP
    order, when, is_named = _about(verb or Verb.SKIP, rest)
    if not when:
        is_alone = words.lower() in _ALONE or bool(_STOP.fullmatch(words))
        is_clear = is_named and not (verb is Verb.OFF and _ONE_POST.search(words))
        return replace(order, is_alone=is_alone) if verb and (is_clear or is_alone) else None
    if is_until(when):
        is_pause = not is_timed(when) and is_read(parse_until, when, today=today)
        return replace(order, verb=Verb.PAUSE, words=when) if is_pause else None
    days = " ".join(_NOUNS.sub(" ", rest).split())
    if (days.isdigit() and not is_named) or not is_read(parse_posts, days, today=today):
        days = f"not {days}"
        is_weekly = verb is not Verb.PAUSE and _WEEKLY.search(days) and not has_time(days)
        if is_weekly and _is_order(days, today):
            return replace(order, verb=Verb.MOVE, words=days)
        return None
    if _ENDS.match(words):
        return None  # the end of the schedule, or one post less
    return replace(order, verb=Verb.PAUSE if verb is Verb.PAUSE else Verb.SKIP, words=days)


def _correction(words: str, today: date, *, is_instead: bool) -> SpokenOrder | None:
    """Return an order to change what a schedule is: "I meant 10:30", "on Fridays instead"."""
    found = _MEANT.match(words)
    when = _TO.sub("", words[found.end() :] if found else words, count=1)
    if not (found or is_instead) or not (has_time(when) or _REGULAR.search(when)):
        return None
    if has_time(when) and when.isdigit() and not is_instead:
        return None  # no 10
    return SpokenOrder(Verb.MOVE, words=when) if _is_order(when, today) else None


def _resume(words: str, today: date) -> SpokenOrder | None:
    again = _AGAIN.search(words)
    rest = _after("start" if again else _RESUME, words[: again.start()] if again else words)
    order, others, is_named = _about(Verb.RESUME, rest or "")
    until = f"until {_FROM.sub('', others, count=1)}" if others and not is_timed(others) else ""
    if until and is_read(parse_until, until, today=today):
        return replace(order, verb=Verb.PAUSE, words=until)
    is_alone = words.lower() in _ALONE
    is_clear = is_named or again or is_alone
    is_whole = rest is not None and not others and is_clear
    return replace(order, is_alone=is_alone) if is_whole else None


def _move(words: str, today: date) -> SpokenOrder | None:
    """Return an order to change a schedule that is there: "it", "the question"."""
    rest = _after(_MOVE, words)
    if not rest or _INDEFINITE.match(rest):
        return None
    order, when, is_named = _about(Verb.MOVE, rest)
    if _after("|".join((*MOVE, "switch")), words) is not None:
        when = FROM_TO.sub("to ", when, count=1)
    is_delay = is_named and _after("|".join(DELAY), words) is not None
    if is_delay and (pause := pause_of(_BACK.sub("", when, count=1), today=today)):
        return replace(order, verb=Verb.PAUSE, words=pause)
    when = _TO.sub("", when, count=1)
    if is_until(when):
        return None
    is_order = is_named and when and _is_order(when, today)
    return replace(order, words=when) if is_order else None


def _start(words: str, today: date, *, is_wish: bool) -> SpokenOrder | None:
    """Return an order to set up a schedule."""
    about = _ABOUT.search(words)
    is_time = about and has_time(about[0].partition(" ")[2], first=True)  # about 9:30
    topics = about[0] if about and not is_time else ""
    when = _TOO.sub("", _without(words, about) if topics else words)
    if plain := _PLAIN_POST.match(when):
        when = f"post a question {when[plain.end() :]}"
    verb = _START.search(when)
    when = _without(when, verb)
    posted = _POSTED.search(when)
    if not posted or not (verb or is_wish or _REGULAR.search(when)):
        return None
    kind = "" if posted["question"] else f"digest {posted['stories'] or ''}"
    when = _FILLER.sub(
        "", f"{when[: posted.start()]} {posted['when'] or ''} {when[posted.end() :]}"
    )
    order = " ".join(f"{_ON.sub('', when)} {kind} {topics}".split())
    if not (has_time(when) or _REGULAR.search(when)):
        return None
    if not _is_order(order, today):
        return None
    return SpokenOrder(Verb.ON, words=order)


def _is_order(words: str, today: date) -> bool:
    """Return whether *words* are an order; also if it has a beginning, an end or a day off."""
    try:
        return is_read(parse_order, words, **READ_ORDER, today=today)
    except LaterStartError:
        return True
    except UnschedulableError as error:
        return _is_order(words.replace(error.typed, " ", 1), today)
