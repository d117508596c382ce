"""Recognize small talk: what people say to a colleague, and not to a search box.

Only whole messages count: "hello" greets, and "hello kitty" is a look-up.
"""

import re
from enum import Enum, auto

_WORD = re.compile(r"[^\W_]+")
_EMOJI = re.compile(r":[\w+'-]+:")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_ADDRESS = _set("parley bot there everyone everybody all team friend please so much again")
"""Words that may stand beside any of the phrases."""
_HELLO = _set(
    "hi hello hey hiya howdy yo greetings hallo moin servus bonjour salut coucou bonsoir hola ciao"
    " salve olá oi hej privet привет здравствуйте namaste"
)
_DAYTIME = _set(
    "good morning evening afternoon day guten tag morgen abend buenos buenas dias días tardes"
)
_THANKS = _set(
    "thanks thank thx ty cheers danke merci gracias grazie obrigado obrigada спасибо ok okay cool"
    " awesome brilliant perfect wow bye goodbye tschüss adieu adiós"
)
_PRAISE = _set(
    "you that is was great nice one got it well done super lovely good job work bot for your the"
    " help see later beaucoup schön vielen dank muchas mille a lot"
)
_QUESTION = _set(
    "what who how which are is s re can could do does did you your yourself i we use this it work"
    " works know have got stories topics things commands command help me the a for am tell about"
    " here get started name show need"
)
_OF_PARLEY = _set("you your yourself parley bot commands command help")
_HOW = _set("how do does i we this it use work works")


class SmallTalk(Enum):
    """What somebody says to Parley without asking for a story."""

    HELLO = auto()
    THANKS = auto()
    ABOUT = auto()
    """A question about Parley itself: what it is, and how it works."""


def small_talk(text: str) -> SmallTalk | None:
    """Return what kind of small talk *text* is; None if it may be a look-up.

    A text without a word, such as a waving hand, is a greeting.
    """
    words = {word.lower() for word in _WORD.findall(_EMOJI.sub(" ", text))}
    said = words - _ADDRESS
    if not words:
        return SmallTalk.HELLO
    # One of the last words alone may be a topic, such as Nice.
    if said <= _HELLO | _DAYTIME and (said & _HELLO or len(said) > 1):
        return SmallTalk.HELLO
    if said <= _THANKS | _PRAISE and (said & _THANKS or len(words & _PRAISE) > 1):
        return SmallTalk.THANKS
    is_about_parley = said <= _QUESTION and _OF_PARLEY & words and said - _OF_PARLEY
    if is_about_parley or ("how" in said and said & {"this", "it"} and said <= _HOW):
        return SmallTalk.ABOUT
    return None
