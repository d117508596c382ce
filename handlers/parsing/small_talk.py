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

from handlers.parsing.words import MONTH_NAMES, NUMBERS


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
    OWNER = auto()
    """Who set up what is scheduled."""
    UNDO = auto()
    """How to take a change of a schedule back."""
    UNSUBSCRIBE = auto()
    """How to get no more posts."""
    PRIVACY = auto()
    """What Parley stores."""
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
_SMALL = _set(
    "a am an and any are at be been by d did didn do does don for from had has have here i in is it"
    " ll m me my not now of on or our please re s so t that the them these they this to us ve was"
    " we were what which will with you your bot parley"
)
_WHEN = _TIMES | _REGULAR | _set(" ".join((*MONTH_NAMES, *NUMBERS)).lower())
_CHANGED = (
    _COMMON
    | _WHEN
    | _POSTS
    | _set(
        "mute snooze skip hold change move push shift set switch reschedule postpone delay ask keep"
        " unpause resume restart bring put update drop run adjust edit pause stop cancel never send"
        " back return later earlier after before half quarter past minute twice once thrice times"
        " per another timezone zone away holiday bank public national bit while summer winter"
        " spring autumn notice further long little rather fewer less often same different office"
        " closed than meant mean said actually sooner forward ahead late early soon second third"
        " leave during break everyone everybody nobody nothing don days except xmas easter year"
        " eve vacation"
    )
) - _set("name work works way ways")
_SAYINGS = (
    (
        SmallTalk.PRIVACY,
        r"\b(?:delete|remove|erase|forget|wipe|clear|export|download|see|show|access)"
        r" (?:(?:all|of|the|me|any) )*(?:my|our) (?:\w+ )?"
        r"(?:data|info|information|messages|history|searches|words|account|records|logs|queries)\b"
        r"|\b(?:forget|erase) (?:about )?me\b|\b(?:about|know|have on) me\b.*"
        r"|\bhave (?:on|about) me\b"
        r"|^(?=.*\b(?:you|parley|bot|my|our)\b)(?:do|does|are|is|what|where|who|how|can|will"
        r"|why|did|have|has|don t)\b.*\b(?:stor(?:e|es|ed|ing)|sav(?:e|es|ed|ing)"
        r"|keep(?:s|ing)?|kept|log(?:s|ged|ging)?|record(?:s|ed|ing)?|track(?:s|ed|ing)?|collect(?:s|ed|ing)?"
        r"|remember(?:s|ed)?|spy(?:ing)?|listen(?:s|ing)?|read(?:ing)?|sell|privacy|confidential)\b"
        r"|^(?:who|(?:who )?(?:can|do|does|will)(?: \w+)?) (?:sees?|reads?) (?:what|my|our)\b"
        r"|\b(?:your|parley s?) (?:privacy|data)\b",
        _SMALL
        | _set(
            "delete remove erase forget wipe clear export download see show access all data info"
            " information message history search word account record log query queries about know"
            " store stored storing save saved saving keep keeping kept logged logging recorded"
            " recording track tracked tracking collect collected collecting remember remembered spy"
            " spying listen listening read reading sell private privacy confidential anonymous safe"
            " who where how long can type typed say said write wrote ask asked look looked up"
            " everything anything something somewhere personal conversation chat channel dm policy"
            " gdpr searches protection people admin anyone everyone others else slack why secret"
            " name"
        ),
    ),
    (
        SmallTalk.ABOUT,
        r"^(?:is|are|do|does|what|which)\b(?=.*\b(?:you|this|it|that|parley|bot)\b)"
        r".*\b(?:chat ?gpt|gpt|openai|ai|a i|llm|claude|gemini|copilot|language model|human"
        r"|robot)\b",
        _SMALL
        | _set(
            "chat gpt chatgpt openai ai i llm claude gemini copilot language model human robot real"
            " person use using used by powered made run built behind just some kind large real"
        ),
    ),
    (
        SmallTalk.UNSUBSCRIBE,
        r"\bunsubscribe (?:me|us)\b|\b(?:remove|take|get) (?:me|us) (?:off|from|out)\b|^remove me$"
        r"|\bopt(?: me| us)? out\b|\bleave (?:me|us) alone\b"
        r"|\bstop (?:messag|bother|spamm|ping|tagg|annoy|writ|dm)\w* (?:to )?(?:me|us)\b",
        _SMALL
        | _set(
            "unsubscribe remove take get off out opt leave alone stop messaging bothering spamming"
            " pinging tagging annoying writing dming list channel post message question digest"
            " daily how can want more all everything"
        ),
    ),
    (
        SmallTalk.UNDO,
        r"^(?:undo|revert)\b|^reverse (?:it|that|this|the)\b|^roll\b.*\bback\b|^take back\b"
        r"|\b(?:take|put|change|bring|turn) (?:it|that|this|them|the \w+) back\b"
        r"|\bdidn t mean\b|\bdid not mean\b|^(?:that|it|this) was (?:a mistake|wrong|an accident)$"
        r"|\bback (?:to )?(?:how|the way|as) it was\b|^cancel (?:the|that|my) (?:skip|pause)$",
        _SMALL
        | _set(
            "undo revert reverse roll take back put change bring turn mean how way as mistake wrong"
            " accident last latest previous skip pause move edit order everything all one just"
            " again changes changed skipping pausing schedule time cancel"
        ),
    ),
    (
        SmallTalk.OWNER,
        r"^whose\b|^(?:who|what|which|tell me who|do you know who)\b.*\b(?:set|setup"
        r"|own(?:s|ed|er)?|created?|made|started|added|scheduled|configured|responsible|charge|manages?|runs?"
        r"|put|turned|switched|asked for)\b.*\b(?:this|it|that|these|them|here|owner|channel|thing"
        r"|(?:post|question|digest|schedule|reminder|message)s?)\b|^who (?:is|s) the owner$"
        r"|^owner$",
        _SMALL
        | _POSTS
        | _WHEN
        | _set(
            "who whose tell know set setup up own owns owned owner create created made started"
            " added scheduled configured responsible charge manage manages run runs put turned"
            " switched asked channel thing current currently first"
        ),
    ),
    (
        SmallTalk.NEXT,
        r"^(?:when|what|which|is|are|was|were|will|does|do|did|has|have|any|anything|show)\b.*"
        r"\b(?:next|still|scheduled|planned|upcoming|paused|running|active|due|coming|stopped"
        r"|skipped|post(?:s|ed|ing)?)\b|^(?:is|are|will) (?:it|they|that|this|there|the \w+) "
        r"(?:be )?(?:on|off|out|one)\b",
        _SMALL
        | _POSTS
        | _WHEN
        | _set(
            "when next still off scheduled planned upcoming paused running active due coming"
            " stopped skipped posted posting one up come comes then there again show get going"
            " out status channel anything set today tonight been yet"
        ),
    ),
    (
        SmallTalk.DISCUSS,
        r"^(?:ask|pose|throw)\b.*\b(?:something|anything|questions?)\b|^(?:post|send) something\b"
        r"|^(?:give|post|send|put|start|drop|bring|suggest|got|get|need)\b.*"
        r"\b(?:questions?|discussion|conversation|debate)\b",
        _SMALL
        | _set(
            "ask pose throw give post send put start drop bring suggest got get need something"
            " anything question discussion conversation debate team everyone everybody people"
            " channel another one new some more interesting fun good random nice today discuss talk"
            " out go going next up about"
        ),
    ),
    (
        SmallTalk.CHANGE,
        r"^(?:pause|mute|snooze|skip|stop|hold|change|move|push|shift|make|set|switch|turn"
        r"|reschedule|postpone|delay|post|send|ask|keep|unpause|resume|restart|cancel|bring|put|update|drop|do"
        r"|run|have|adjust|edit|not|only|except|no|don t|never|also|every|on|at|i (?:meant|said"
        r"|mean)"
        r"|(?:we|i|everyone|everybody|nobody) (?:re|are|m|am|s|is|will)|instead|nothing|leave|it"
        r"|a (?:bit|little)|half an|an|one|\d+) (?=.* )"
        r"(?=.*\b(?:it|them|posts?|posting|questions?|digests?|schedules?|reminders?|time ?zone"
        r"|(?:mon|tues|wednes|thurs|fri|satur|sun)days|weekends|weekdays|holidays|later|earlier"
        r"|half past|(?:twice|once|times) a|\d{1,2} \d\d|\d{1,2} ?[ap]m)\b)",
        _CHANGED,
    ),
)
"""Each kind with what a text says, and all the words that it may have."""
_OPENING = re.compile(
    r"(?:(?:hey|hi|hello|ok|okay|please|pls|parley|so|and|but|oh|oops|um|well|wait|sorry|just"
    r"|actually|(?:can|could|would|will) (?:you|we|i)|i (?:want|d like)(?: you)?(?: to)?|let s) )+"
)
_SAID = frozenset().union(*(known for _, _, known in _SAYINGS)) | _set(
    "hey hi hello ok okay please pls but oh oops um well wait sorry just let like want could"
)
_CLOCK = re.compile(r"\d+(?:am|pm|h|st|nd|rd|th)?")
_ABOUT = re.compile(r"^(?P<what>.+?) (?:about|on) (?P<topic>(?!the\b|this\b|it\b).+)$")
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
    return (
        _courtesy(" ".join(words))
        or _said(words)
        or _question(frozenset(words))
        or _how_to(words)
        or (SmallTalk.DISCUSS if discussed(text) else None)
    )


def meant_talk(text: str) -> SmallTalk | None:
    """Return what a *text* that finds no story probably asks for; None if it is a look-up."""
    return next((kind for kind, words in _MEANT if words.search(text)), None)


def discussed(text: str) -> str:
    """Return the topic of "ask us something about iran"; "" for other words."""
    about = _ABOUT.match(" ".join(text.rstrip("?!. ").split()))
    is_wish = about and _said(_WORD.findall(about["what"].lower())) is SmallTalk.DISCUSS
    return about["topic"] if about and is_wish else ""


def _said(words: list[str]) -> SmallTalk | None:
    """Return the kind of a sentence about what is scheduled, or about what Parley stores."""
    if not all(_is_of(_SAID, word) for word in words):
        return None
    text = " ".join(words)
    if opening := _OPENING.match(text):
        text = text[opening.end() :]
    for kind, said, known in _SAYINGS:
        if re.search(said, text) and all(_is_of(known, word) for word in text.split()):
            return kind
    return None


def _is_of(known: frozenset[str], word: str) -> bool:
    is_plural = word.endswith("s") and word[:-1] in known
    return word in known or is_plural or _CLOCK.fullmatch(word) is not None


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
