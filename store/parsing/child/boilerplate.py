"""Leave out what publishing systems add to the text of an entry."""

import re

_POSTS = (
    ("The post", "(?:first )?appeared first on"),
    ("Der Beitrag", "erschien zuerst auf"),
    ("L[’']article", "est apparu en premier sur"),
    ("La entrada", "se publicó primero en"),
    ("L[’']articolo", "proviene da"),
    ("O post", "apareceu primeiro em"),
    ("Het bericht", "verscheen eerst op"),
    ("Artykuł", "pochodzi z serwisu"),
    ("Inlägget", "dök först upp på"),
    ("Запись", "впервые появилась"),
    ("Сообщение", "появились сначала на"),
    ("Допис", "з[’']явився спочатку на"),
)
"""WordPress, in the languages that it is used in most."""
_LINKS = (
    "Continue reading|Read more|Read the rest of this (?:entry|article|post)|Keep reading"
    "|Read (?:the )?full (?:article|story|post)|Read on|Full story|Learn more"
    "|Weiterlesen|Mehr lesen|Lire la suite|En savoir plus|Leer más|Seguir leyendo|Sigue leyendo"
    "|Leggi tutto|Continua a leggere|Leia mais|Continue lendo|Lees verder|Lees meer|Läs mer|Les mer"
    "|Læs mere|Lue lisää|Czytaj dalej|Celý článek|Citește mai mult|Devamını oku|Читать далее"
    "|Читать полностью|Читати далі|続きを読む|阅读全文|閱讀全文|더 보기"
)
_SENTENCE = r"(?:^|(?<=[.!?…:)\]”\"»。！？])|(?<=\.\.\.))\s*"
"""The links stand apart: “children should read more” is no link."""
_POST = tuple(
    re.compile(
        rf"{_SENTENCE}{start} (?P<title>(?:(?!{start} ).){{1,400}}?) {end} .{{1,200}}$",
    )
    for start, end in _POSTS
)
_ENDINGS = (
    re.compile(
        rf"(?:\s+(?:…|\.\.\.))?{_SENTENCE}[\[(]?(?i:{_LINKS})\b\s*"
        r"(?:→|»|›|>{1,2}|…|\.\.\.|\.)?[\])]?$"
    ),
    re.compile(rf"{_SENTENCE}[\[(]?(?i:{_LINKS})\s*[\[(]?[^.!?]{{0,200}}(?:→|»|›)[\])]?$"),
    re.compile(r"\s*[\[(](?:more\s*)?(?:more|link|…|\.\.\.)[\])]$", re.IGNORECASE),
    # Reddit and Hacker News.
    re.compile(r"\s*submitted by\s*\S+(?:\s+to\s+\S+)?\s*\[link\]\s*\[(?:[\d,]+ )?comments?\]$"),
    re.compile(r"^Comments$"),
)
_CONTINUE = re.compile(
    r"\s*\b(?:Continue reading|Weiterlesen|Lire la suite(?: de)?|Seguir leyendo)"
    r" (?P<title>.{1,300}?)\s*(?:→|»|›|…|\.\.\.)?$"
)
"""WordPress's link to the whole text may name the title."""


def without_boilerplate(text: str, title: str) -> str:
    """Return *text* without what a publishing system has added at its end."""
    before = None
    while text != before:
        before = text
        for ending in _ENDINGS:
            text = ending.sub("", text)
        for pattern in (*_POST, _CONTINUE):
            found = pattern.search(text)
            if found and title and found["title"].strip(" “”\"'").casefold() == title.casefold():
                text = text[: found.start()]
        text = text.rstrip()
    return text
