"""Recognize that somebody asks for the newest stories, and not for stories about a subject."""

import re

_WORD = re.compile(r"[^\W_]+")
_STORIES = "(?:news|stories|story|articles?|headlines?|ones?)"
_ASKED = re.compile(
    "(?:(?:can i see|show(?: me)?|give me|tell me|what (?:is|are|s)|whats|is there|any) )*"
    "(?:(?:the|your|our|all|some) )?"
    f"(?:(?:latest|newest|most recent|recent)(?: {_STORIES})?|(?:todays?|today s) {_STORIES}"
    f"|new {_STORIES}|(?:anything )?new|news|headlines)"
    "(?: (?:today|please|here|so far|this week))*"
)


def asks_for_newest(query: str) -> bool:
    """Return whether the whole *query* asks for the newest stories: "latest", "what's new?"."""
    said = " ".join(_WORD.findall(query[:100].casefold()))
    # "new" is the beginning of many names.
    return said != "new" and bool(_ASKED.fullmatch(said))
