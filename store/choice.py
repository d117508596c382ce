"""Choosing a channel's next question from what it has been asked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from store.types import Article


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """That a channel was asked an article's question, and how often."""

    article_id: str
    times: int


def rank(
    articles: Iterable[Article], asked: Sequence[Asked], *, channel_id: str
) -> Sequence[Article]:
    """Order *articles* for the channel, the next question first.

    What was asked least comes first, so that nothing returns before all have had their turn; among
    equals the headline asked last is put behind the others. The rest is a shuffle of the channel's
    own that depends on nothing but its id: a restart or another replica gives the same order.

    *asked* is in the order of asking, the latest last.
    """
    times = {one.article_id: one.times for one in asked}
    candidates = list(articles)
    latest = asked[-1].article_id if asked else None
    headline = next((one.headline for one in candidates if one.id == latest), None)

    def place(article: Article) -> tuple[int, bool, bytes]:
        shuffle = blake2b(f"{channel_id}\0{article.id}".encode(), digest_size=8).digest()
        return times.get(article.id, 0), article.headline == headline, shuffle

    return sorted(candidates, key=place)
