"""Recognize small talk: what people say to a colleague, and not to a search box.

Only whole messages count: "hello" greets, and "hello kitty" is a look-up. A question counts as one
about Parley if all of its words are common or belong to what Parley does, so "how do I schedule a
question?" does, and "how do countries schedule elections?" is a look-up.
"""

import re
from enum import Enum, auto
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA


class SmallTalk(Enum):
    """What somebody says to Parley without asking for a story."""

    THANKS = auto()
    BYE = auto()
    PRAISE = auto()
    FINE = auto()
    """An answer that asks for nothing, such as "ok" or "sorry"."""
    HELLO = auto()
    ABOUT = auto()
    """A question about Parley itself: what it is, how it works, how to find a story."""
    DELETE = auto()
    """How to delete a post."""
    NEXT = auto()
    """What is scheduled, and when."""
    CHANGE = auto()
    """How to change, skip or end what is scheduled."""
    ADD = auto()
    """Where stories come from, and how to add some."""
    SCHEDULE = auto()
    """How to get posts regularly."""
    DISCUSS = auto()
    """How to ask a channel a question now."""
    INVITE = auto()
    """How to get Parley into a channel."""

    @property
    def is_courtesy(self) -> bool:
        """Whether it is a phrase of courtesy, and no question about Parley."""
        return self in _PHRASES


_WORD = re.compile(r"[^\W_]+")
_EMOJI = re.compile(r":[\w+'-]+:")
_CHANNEL = re.compile(r"#[^\W\d]\S*")
_COMMAND = re.compile(r"/[\w-]*?(brief|discuss|digest|corpus)\b")
_DAYS = "monday tuesday wednesday thursday friday saturday sunday weekday weekend"

_PHRASES = {
    SmallTalk.THANKS: "thanks|thank (?:you|u)|thx|ty|cheers|danke(?: schön)?|vielen dank"
    "|merci(?: beaucoup)?|(?:muchas |mille )?gra(?:cias|zie)|obrigad[oa]|спасибо",
    SmallTalk.BYE: "(?:good ?)?bye(?: bye)?|farewell|(?:see|catch) (?:you|ya|u)|cya|good ?night"
    "|take care|tschüss|auf wiedersehen|adieu|adiós|au revoir|arrivederci|hasta luego"
    "|(?:have|enjoy) (?:a|your) (?:(?:nice|good|great|lovely) )?(?:day|evening|weekend|lunch)",
    SmallTalk.PRAISE: "cool|awesome|brilliant|perfect|wow|well done|got it|nice one|good one"
    "|(?:i )?(?:love|like) (?:it|this|that|you)|(?:good|great|nice|super|lovely) (?:job|work|bot)"
    "|(?:that|this|it|you) (?:(?:s|is|was|are|re) )?(?:so )?(?:great|super|awesome|nice|good)",
    SmallTalk.FINE: "ok|okay|yes|yep|yeah|no|nope|nah|sure|lol|haha(?:ha)*|sorry|oops|my bad"
    "|nvm|never ?mind|no (?:problem|worries)|great",
    SmallTalk.HELLO: "hi|hello|hey|hiya|howdy|yo|greetings|good (?:morning|afternoon|evening|day)"
    "|hallo|moin|servus|guten (?:morgen|tag|abend)|bonjour|salut|coucou|bonsoir|hola|ciao|salve"
    "|buen[oa]s (?:d[ií]as|tardes|noches)|olá|oi|hej|privet|привет|здравствуйте|namaste"
    rf"|happy (?:{_DAYS.replace(' ', '|')})|how are (?:you|things)|how s it going|what s up",
}
"""Patterns of each kind, in the order of which counts if a message has several of them."""
_FILLERS = (
    "parley|bot|there|everyone|everybody|all|team|friend|mate|please|again|and|so(?: much)?"
    "|very much|a lot|a bunch|too|then|later|tomorrow|soon|today|for (?:your|the|all) (?:the )?help"
)
"""What may stand beside any of them."""
_PHRASE = re.compile(
    "(?:"
    + "|".join(f"(?P<{kind.name}>{words})" for kind, words in _PHRASES.items())
    + rf"|{_FILLERS})(?: |$)"
)


def _set(*words: str) -> frozenset[str]:
    return frozenset(" ".join(words).split())


_QUESTION = _set(
    "what who how which are is s re can could do does did you your yourself i we use this it work"
    " works know have got stories topics things commands command help me the a an for am tell about"
    " here get started name show need made make built human real robot parley bot there"
)
_OF_PARLEY = _set("you your yourself parley bot commands command help")
_NAMELESS = _set(
    "how what who do does i we can is are s this it use work works about for see sees everybody"
    " everyone anyone others else people only me my private"
)
"""The words of questions such as "how does this work" and "who can see this"."""

_ASKS = _set(
    "how what where which when who can could may do does did is are will would should i we want"
    " need like love please help"
)
"""Words that make a sentence a question or a wish."""
_COMMON = _ASKS | _set(
    "a about again already also am an and any at be been before being button by click command d"
    " during explain for from get gets give go got has have here if in instead into it its just"
    " know let ll m make me my new no not now of off on one only or other others another our out"
    " over own parley bot possible press re s say see sees show so some somebody t tell that the"
    " their them there these they this those till to too type until up us use using ve was way ways"
    " were while why with work works write you your"
)
_TIMES = _set(
    _DAYS,
    "today tomorrow day week month morning noon afternoon evening time am pm hour o clock christmas"
    " yesterday last latest previous holiday vacation next one two three four five",
)
_POSTS = _set("question digest schedule post message reminder discussion")
_STORIES = _set("story article news feed rss source")
_PLACES = _set("channel team thread topic conversation")
_THIS = _set("this it these them that")
_REGULAR = _set("daily weekly every each regularly automatically regular automatic")

_DELETING = _set("delete remove")
_HOW_TO = (
    (SmallTalk.CHANGE, _DELETING, _set("schedule you parley bot") | _REGULAR),
    (SmallTalk.DELETE, _DELETING, _POSTS | _THIS),
    (
        SmallTalk.CHANGE,
        _set(
            "change move skip unskip pause stop cancel resume edit delete remove end disable mute"
            " unsubscribe reschedule postpone delay turn"
        ),
        _POSTS | _THIS | _REGULAR | _set("you parley bot ask time get"),
    ),
    (SmallTalk.NEXT, _set("when which next tomorrow plan see show list"), _POSTS),
    (SmallTalk.ADD, _set("add load upload import include submit come"), _STORIES),
    (
        SmallTalk.SCHEDULE,
        _set("schedule set plan automate configure subscribe remind arrange send choose pick"),
        _POSTS | _STORIES | _THIS | _PLACES | _REGULAR | _set("us"),
    ),
    (
        SmallTalk.SCHEDULE,
        _REGULAR | _set("digest schedule reminder often"),
        _POSTS | _STORIES,
    ),
    (
        SmallTalk.DISCUSS,
        _set("ask post discuss start publish question discussion"),
        _POSTS | _THIS | _PLACES,
    ),
    (SmallTalk.ABOUT, _set("find search share look read"), _STORIES),
    (SmallTalk.INVITE, _set("invite add join"), _set("you parley bot")),
)
"""Each kind with what is done and to what; the first that has a word of both is meant."""
_OF_COMMANDS = {
    "brief": SmallTalk.ABOUT,
    "discuss": SmallTalk.DISCUSS,
    "digest": SmallTalk.SCHEDULE,
    "corpus": SmallTalk.ADD,
}
_ENDING = _DELETING | _set("stop cancel end turn")
"""What nobody looks up with "it" or "this" alone."""
_NOUNS = _POSTS - _set("post schedule") | _REGULAR
"""One of them alone says what a question is about."""
_MEANT = (
    (
        SmallTalk.DELETE,
        re.compile(r"\b(?:take back|undo|unsend|retract)\b.*\b(?:question|digest|post)\b", re.I),
    ),
    (SmallTalk.SCHEDULE, re.compile(r"\bremind (?:me|us)\b", re.I)),
    (
        SmallTalk.CHANGE,
        re.compile(
            r"\bdigests?\b|^(?:but )?(?:not|only) on (?:week(?:ends?|days?)|\w+days?)$", re.I
        ),
    ),
)
_ORDERS = frozenset().union(*(verbs for _, verbs, _ in _HOW_TO)) - _TIMES - _REGULAR
_KNOWN = frozenset().union(
    _COMMON, _TIMES, _PLACES, *(verbs | things for _, verbs, things in _HOW_TO)
)
_LONG = sorted(word for word in _KNOWN - _COMMON if len(word) >= 5)


def small_talk(text: str) -> SmallTalk | None:
    """Return what kind of small talk *text* is; None if it may be a look-up.

    A text without a word, such as a waving hand, is a greeting.
    """
    text = _CHANNEL.sub("channel", _EMOJI.sub(" ", text.lower()))
    command = _COMMAND.search(text)
    words = _WORD.findall(_COMMAND.sub(" ", text))
    if command:
        is_question = _KNOWN.issuperset(words) and not _ASKS.isdisjoint(words)
        return _OF_COMMANDS[command[1]] if is_question else None
    if not words:
        return SmallTalk.HELLO
    return _courtesy(" ".join(words)) or _question(frozenset(words)) or _how_to(words)


def meant_talk(text: str) -> SmallTalk | None:
    """Return what a *text* that finds no story probably asks for; None if it is a look-up."""
    return next((kind for kind, words in _MEANT if words.search(text)), None)


def _courtesy(text: str) -> SmallTalk | None:
    """Return the kind of a text that has nothing but phrases of courtesy."""
    kinds, at = set(), 0
    while at < len(text):
        phrase = _PHRASE.match(text, at)
        if phrase is None:
            return None
        kinds.add(phrase.lastgroup)
        at = phrase.end()
    return next((kind for kind in _PHRASES if kind.name in kinds), None)


def _question(words: frozenset[str]) -> SmallTalk | None:
    """Return ABOUT for a question about Parley as a whole."""
    is_of_parley = words <= _QUESTION and words & _OF_PARLEY and words - _OF_PARLEY
    is_nameless = (
        words <= _NAMELESS and words & _set("this it") and words & _set("how what see sees private")
    )
    return SmallTalk.ABOUT if is_of_parley or is_nameless else None


def _how_to(words: list[str]) -> SmallTalk | None:
    """Return what a question or an order of known words wants to do with Parley."""
    said = set()
    for word in words:
        # Most look-ups end at their first word.
        if (corrected := _corrected(word)) not in _KNOWN and not word.isdigit():
            return None
        said.add(corrected)
    verbs, things = said, said
    if not said & _ASKS:
        # An order such as "post a question" begins with what to do, and names the thing.
        first = _corrected(words[0])
        verbs, things = {first} & _ORDERS, said - {first}
        if first not in _ENDING:
            things -= _THIS
    for kind, its_verbs, its_things in _HOW_TO:
        done, about = verbs & its_verbs, things & its_things
        # "I want to schedule a day off" has one word that is both a verb and a thing.
        if done and about and (len(done | about) > 1 or done & _NOUNS):
            return kind
    return None


# People use the same words in different look-ups.
@lru_cache(maxsize=2_000)
def _corrected(word: str) -> str:
    """Return the known word that *word* is a form of or, if it is long, misspells; or the word."""
    if word in _KNOWN:
        return word
    for ending in ("ies", "ing", "ed", "s"):
        base = word.removesuffix(ending)
        # "stories" is of "story", "setting" of "set", and "scheduled" of "schedule".
        for of in (f"{base}y", base, base[:-1], f"{base}e") if base != word else ():
            if of in _KNOWN:
                return of
    if len(word) < 5:
        return word
    near = process.extractOne(word, _LONG, scorer=OSA.distance, score_cutoff=1 + (len(word) > 7))
    return near[0] if near else word
