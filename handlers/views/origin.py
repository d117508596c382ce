"""Where a story comes from: its publisher, its date and its link.

A link always shows the host that it opens.
"""

import datetime

from handlers.ids import Action
from handlers.mrkdwn import date, escape, plain
from handlers.views.blocks import Element, link_button
from handlers.views.message import counted
from store.links import host_of
from store.types import Article

_OLD = 60
"""Days after which a story is marked as old."""
_PUBLISHER = 80
_HOST = 60
"""The most characters of a host; the end of a longer one is shown, which says whose it is."""


def origin(
    article: Article, *, most_link: int = 0, today: datetime.date | None = None
) -> list[str]:
    """Return the publisher, the date and the link of a story, as far as they are known.

    Each is a mrkdwn text of its own, so that letters from right to left reorder no other. The link
    is left out if it is longer than *most_link* characters. An old story is marked if *today* is
    given.
    """
    texts = [plain(article.publisher, _PUBLISHER)] if article.publisher else []
    if article.published_at:
        texts.append(day_of(article.published_at))
    if today and (age := old(article, today)):
        texts.append(f"*{age}*")
    if article.url and len(link := escape(article.url)) <= most_link:
        texts.append(f"<{link}|{_host(article.url)}>")
    return texts


def open_button(article: Article) -> Element | None:
    """Return the button that opens the whole story; None if it has no link."""
    if not article.url:
        return None
    label = f"Open {_host(article.url)}"
    return link_button(label, Action.STORY_OPEN, article.url, hint=f"{label}: {article.headline}")


def _host(url: str) -> str:
    host = host_of(url)
    return host if len(host) <= _HOST else f"…{host[1 - _HOST :]}"


def old(article: Article, today: datetime.date) -> str:
    """Return how old a story is *today*, as "2 months old"; "" if it is young or has no date."""
    days = (today - article.published_at.date()).days if article.published_at else 0
    if days < _OLD:
        return ""
    years, months = days // 365, days // 30
    return f"{counted(years, 'year') if years else counted(months, 'month')} old"


def day_of(at: datetime.datetime) -> str:
    """Return the day on which a story was published, in each reader's time zone.

    Midnight in UTC stands for a day without a time, which is the same day everywhere.
    """
    return local_day(at) if at.hour or at.minute or at.second else _day(at)


def local_day(at: datetime.datetime) -> str:
    """Return the day of *at*, which Slack shows in each reader's time zone."""
    return date(int(at.timestamp()), _day(at), "{date_short_pretty}")


def _day(at: datetime.datetime) -> str:
    return f"{at.day} {at:%b %Y}"
