"""The inverted index: for each word, the numbers of the articles that contain it.

Article numbers are assigned in ascending order and never used again, so a loaded index stays
correct for the articles it knows. The columns have one row for each of those articles, however many
were deleted. `store.finding.chunks` stores the index in the database.
"""

import asyncio
from array import array
from collections import OrderedDict, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from store.finding.vocabulary import Vocabulary
from store.finding.words import FUNCTION_WORDS, terms, words
from store.types import Article

Numbers: TypeAlias = NDArray[np.uint32]
Postings: TypeAlias = NDArray[np.uint32]
"""The articles that contain a term, as ascending values of number << 2 | place.

The places: 0 the headline and the rest of the article, 1 the headline or the question, 2 the
summary, 3 only the insight. The obvious story comes first.
"""

CHUNK = 1 << 16
"""Article numbers in one chunk, which the database stores together."""

_CACHED_BYTES = 16 << 20

Fetch: TypeAlias = Callable[[Sequence[str]], Awaitable[Mapping[str, Postings]]]


def to_places(article: Article) -> Mapping[str, int]:
    """Return each term of *article* that is no function word, with its place; see `Postings`."""
    headline = _distinct(article.headline)
    own: dict[str, int] = {}
    for name, place in (("question", 1), ("summary", 2), ("insight", 3)):
        for term in _distinct(getattr(article, name)):
            own.setdefault(term, place)
    places = dict.fromkeys(headline, 1) | own | dict.fromkeys(own.keys() & headline, 0)
    for word in FUNCTION_WORDS & places.keys():
        del places[word]
    return places


# The articles of a document share a headline, and many corpora repeat a few insights.
@lru_cache(maxsize=1_000)
def _distinct(text: str) -> frozenset[str]:
    return frozenset(term for term, _ in terms(text))


@lru_cache(maxsize=1_000)
def _hash_headline(text: str) -> int:
    return hash_words(tuple(word for word, _ in words(text)))


def hash_words(headline: tuple[str, ...]) -> int:
    """Return a 64-bit hash of a headline's words; never 0, which stands for "no article"."""
    return int.from_bytes(blake2b(" ".join(headline).encode(), digest_size=8).digest()) or 1


class Index:
    """The index: vocabulary and columns in memory, postings fetched when a query needs them."""

    def __init__(
        self,
        *,
        vocabulary: Vocabulary,
        numbers: Numbers,
        headlines: NDArray[np.uint64],
        fetch: Fetch,
    ) -> None:
        self.vocabulary = vocabulary
        self.numbers = numbers
        """The article numbers, ascending; the other columns are in the same order."""
        by_headline = np.argsort(headlines, kind="stable")
        self._by_headline = numbers[by_headline]
        self._headlines = headlines[by_headline]
        self.size = len(numbers)
        """The number of articles."""
        self._fetch = fetch
        self._cached: OrderedDict[str, Postings] = OrderedDict()
        self._cached_bytes = 0

    async def updated(
        self,
        *,
        removed: Numbers,
        added: Mapping[int, int],
        counts: Mapping[str, int],
        fetch: Fetch,
    ) -> Self:
        """Return the index after a few articles changed; look-ups go on meanwhile.

        *added* has the hashes of headlines by number; *counts* has the new number of articles of
        each word of an article that was removed or added.
        """
        index = await asyncio.to_thread(self._updated, removed, added, counts, fetch)
        # Not in the thread: look-ups change the cache at any time.
        for word, postings in self._cached.items():
            if word not in counts:
                index._cache(word, postings)
        return index

    def _updated(
        self, removed: Numbers, added: Mapping[int, int], counts: Mapping[str, int], fetch: Fetch
    ) -> Self:
        by_number = np.argsort(self._by_headline)
        is_kept = ~np.isin(self.numbers, removed)
        new = np.array(sorted(added), dtype=np.uint32)
        numbers = self.numbers[is_kept]
        places = np.searchsorted(numbers, new)
        hashes = np.array([added[number] for number in new.tolist()], dtype=np.uint64)
        return type(self)(
            vocabulary=self.vocabulary.updated(counts),
            numbers=np.insert(numbers, places, new),
            headlines=np.insert(self._headlines[by_number][is_kept], places, hashes),
            fetch=fetch,
        )

    @classmethod
    def of(cls, articles: Iterable[Article]) -> Self:
        """Build an index of *articles* in memory, numbered from 0."""
        built = build(enumerate(articles))

        async def fetch(wanted: Sequence[str]) -> Mapping[str, Postings]:
            return {word: built.postings[word] for word in wanted}

        size = len(built.headlines)
        return cls(
            vocabulary=Vocabulary((word, len(found)) for word, found in built.postings.items()),
            numbers=np.arange(size, dtype=np.uint32),
            headlines=np.fromiter(built.headlines.values(), np.uint64, size),
            fetch=fetch,
        )

    def with_headline(self, headline: tuple[str, ...], limit: int) -> Numbers:
        """Return the first articles whose headline has exactly these words; none if it is empty."""
        wanted = np.uint64(hash_words(headline))
        low = int(np.searchsorted(self._headlines, wanted))
        high = int(np.searchsorted(self._headlines, wanted, side="right"))
        return self._by_headline[low : min(high, low + limit) if headline else low]

    async def postings(self, wanted: Iterable[str]) -> Mapping[str, Postings]:
        """Return the postings of *wanted*, which must be words of the vocabulary."""
        found: dict[str, Postings] = {}
        missing: list[str] = []
        for word in dict.fromkeys(wanted):
            cached = self._cached.get(word)
            if cached is None:
                missing.append(word)
            else:
                self._cached.move_to_end(word)
                found[word] = cached
        if missing:
            fetched = await self._fetch(missing)
            found.update(fetched)
            for word, postings in fetched.items():
                self._cache(word, postings)
        return found

    def _cache(self, word: str, postings: Postings) -> None:
        if word in self._cached:
            return
        self._cached[word] = postings
        self._cached_bytes += postings.nbytes
        while self._cached_bytes > _CACHED_BYTES:
            _, dropped = self._cached.popitem(last=False)
            self._cached_bytes -= dropped.nbytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """Indexed articles: postings by word, and columns by article number."""

    postings: Mapping[str, Postings]
    headlines: Mapping[int, int]


def build(numbered: Iterable[tuple[int, Article]]) -> Built:
    """Index articles, which must be sorted by number."""
    places: defaultdict[str, int] = defaultdict()
    places.default_factory = places.__len__
    owners, values = array("I"), array("I")
    headlines: dict[int, int] = {}
    for number, article in numbered:
        headlines[number] = _hash_headline(article.headline)
        first, of_article = number << 2, to_places(article)
        owners.extend([places[word] for word in of_article])
        values.extend([first | place for place in of_article.values()])
    # Group the values by word, keeping their order.
    owned_by = np.array(owners, dtype=np.uint32)
    grouped = np.array(values, dtype=np.uint32)[np.argsort(owned_by, kind="stable")]
    ends = np.cumsum(np.bincount(owned_by, minlength=len(places)))
    postings = dict(zip(places, np.split(grouped, ends), strict=False))
    return Built(postings=postings, headlines=headlines)
