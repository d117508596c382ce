"""Titles of stories that are shown together."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from handlers.mrkdwn import truncate
from store.types import Article

_TITLE = 120
"""The most characters of a lead."""
_LEAD = re.compile(r"\s*(.{15,}?\w{4}[.!?]+[\"'”’)]*)\s+(?=\S)|\s*(.{8,}?[。！？])", re.DOTALL)
"""A first sentence. One that ends with a short word may end with an abbreviation: Gen. Miller."""


def repeats_headline(article: Article) -> bool:
    """Return whether the summary is the headline again, as in many feeds."""
    # Most summaries begin with another letter.
    begins_alike = article.summary[:1].lower() == article.headline[:1].lower()
    return begins_alike and _bare(article.summary) == _bare(article.headline)


class Titled(NamedTuple):
    """A story with the title that tells it from the stories beside it."""

    article: Article
    title: str
    rest: str
    """What the summary says after the title."""
    headline: str = ""
    """The headline, if it is not the title."""


def titled(articles: Sequence[Article]) -> list[Titled]:
    """Return the stories with their titles.

    The title is the headline, or the lead of the summary if stories share the headline.
    """
    shared = Counter(_bare(article.headline) for article in articles)
    return [
        Titled(article, *split_lead(article.summary), article.headline)
        if shared[_bare(article.headline)] > 1
        else Titled(article, article.headline, "" if repeats_headline(article) else article.summary)
        for article in articles
    ]


def split_lead(summary: str) -> tuple[str, str]:
    """Return the first sentence of a summary, cut if it is long, and the rest of the summary."""
    found = _LEAD.match(summary)
    lead = (found[1] or found[2]) if found else summary.strip()
    if len(lead) <= _TITLE:
        return lead.removesuffix(".") or lead, summary[found.end() :] if found else ""
    title = truncate(lead, _TITLE)
    return title, f"…{summary.lstrip()[len(title) - 1 :]}"


def _bare(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(".")
