"""The index: which articles hold a word, as arrays of article numbers.

Numbers rise and are not used again, so that an index, once read, stays right for the articles that
it knows; the columns have a row for each of those alone, however many are gone. In the database the
numbers are cut into chunks; an edited document touches the rows of its own words in its own chunk,
and no others.
"""

from array import array
from collections import OrderedDict, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from itertools import islice
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from store.finding.meaning import BYTES, BitVectors, Embeddings
from store.finding.vocabulary import Vocabulary
from store.finding.words import FUNCTION_WORDS, words
from store.types import Article

Numbers: TypeAlias = NDArray[np.uint32]
Postings: TypeAlias = NDArray[np.uint32]
"""The articles that hold a word: number << 2 | field, rising; the field is the weightiest."""

FIELDS = ("summary", "headline", "insight", "question")
CHUNK = 1 << 16
"""Articles whose numbers share the upper bits, kept together in the database."""

_CACHED_BYTES = 16 << 20
_AT_ONCE = 1_000
"""Articles whose vectors are made together."""

Fetch: TypeAlias = Callable[[Sequence[str]], Awaitable[Mapping[str, Postings]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the index holds of one article."""

    fields: Mapping[str, int]
    """Each distinct word, function words left out, with the first of FIELDS that holds it."""
    headline: int
    """A hash of the words of its headline, to know a headline that is typed in full; never 0."""


def entry(article: Article) -> Entry:
    """Cut an article up for the index."""
    fields: dict[str, int] = {}
    for place, name in enumerate(FIELDS):
        for word in _distinct(getattr(article, name)):
            if word not in fields:
                fields[word] = place
    for word in FUNCTION_WORDS & fields.keys():
        del fields[word]
    return Entry(fields=fields, headline=_headline(article.headline))


# A document's articles share their headline, and many a corpus the same few insights.
@lru_cache(maxsize=1_000)
def _distinct(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word, _ in words(text)))


@lru_cache(maxsize=1_000)
def _headline(text: str) -> int:
    return hashed(tuple(word for word, _ in words(text)))


def hashed(typed: tuple[str, ...]) -> int:
    """Hash a headline's words to 64 bits; 0 is the place of no article."""
    return int.from_bytes(blake2b(" ".join(typed).encode(), digest_size=8).digest()) or 1


class Index:
    """The vocabulary and the columns in memory, the postings fetched when a query needs them."""

    def __init__(
        self,
        *,
        vocabulary: Vocabulary,
        numbers: Numbers,
        headlines: NDArray[np.uint64],
        bit_vectors: BitVectors,
        fetch: Fetch,
    ) -> None:
        self.vocabulary = vocabulary
        self.numbers = numbers
        """Those of the articles, rising; the other columns are in this order."""
        self.bit_vectors = bit_vectors
        """A row an article, of zeros where there was no model."""
        self.has_vector = np.any(bit_vectors, axis=1)
        by_headline = np.argsort(headlines, kind="stable")
        self._by_headline = numbers[by_headline]
        self._headlines = headlines[by_headline]
        self.lacks_vectors = not self.has_vector.all()
        """Whether some articles were indexed while there was no model."""
        self.size = len(numbers)
        """How many articles there are."""
        self._fetch = fetch
        self._cached: OrderedDict[str, Postings] = OrderedDict()
        self._cached_bytes = 0

    @classmethod
    def of(cls, articles: Iterable[Article], model: Embeddings | None = None) -> Self:
        """Index *articles* in memory, numbered from 0."""
        built = build(enumerate(articles), model)

        async def fetch(wanted: Sequence[str]) -> Mapping[str, Postings]:
            return {word: built.postings[word] for word in wanted}

        size = len(built.headlines)
        bit_vectors = np.frombuffer(b"".join(built.bit_vectors.values()), dtype=np.uint8).reshape(
            -1, BYTES
        )
        return cls(
            vocabulary=Vocabulary((word, len(found)) for word, found in built.postings.items()),
            numbers=np.arange(size, dtype=np.uint32),
            headlines=np.fromiter(built.headlines.values(), np.uint64, size),
            bit_vectors=bit_vectors
            if len(bit_vectors)
            else np.zeros((size, BYTES), dtype=np.uint8),
            fetch=fetch,
        )

    def titled(self, typed: tuple[str, ...], limit: int) -> Numbers:
        """Give the first articles whose headline is exactly the words *typed*; none for no word."""
        wanted = np.uint64(hashed(typed))
        low = int(np.searchsorted(self._headlines, wanted))
        high = int(np.searchsorted(self._headlines, wanted, side="right"))
        return self._by_headline[low : min(high, low + limit) if typed else low]

    async def postings(self, wanted: Iterable[str]) -> Mapping[str, Postings]:
        """Give the postings of words of the vocabulary."""
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
                self._keep(word, postings)
        return found

    def _keep(self, word: str, postings: Postings) -> None:
        if word in self._cached:
            return
        self._cached[word] = postings
        self._cached_bytes += postings.nbytes
        while self._cached_bytes > _CACHED_BYTES:
            _, dropped = self._cached.popitem(last=False)
            self._cached_bytes -= dropped.nbytes


class Table(Mapping[str, Postings]):
    """Postings by word, end to end in one array: a few bytes each, and quick to pickle."""

    def __init__(
        self, places: Mapping[str, int], starts: NDArray[np.int64], every: Postings
    ) -> None:
        """Take the place of each word, and where in *every* the postings of each place start."""
        self._places = places
        self._starts = starts
        self._every = every

    def __getitem__(self, word: str) -> Postings:
        """Give the postings of *word*."""
        place = self._places[word]
        return self._every[self._starts[place] : self._starts[place + 1]]

    def __iter__(self) -> Iterator[str]:
        """Yield the words."""
        return iter(self._places)

    def __len__(self) -> int:
        """Count the words."""
        return len(self._places)


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """Articles as the index holds them: postings by word, and columns by article number."""

    postings: Mapping[str, Postings]
    headlines: Mapping[int, int]
    bit_vectors: Mapping[int, bytes]
    """Empty without a model."""


def build(numbered: Iterable[tuple[int, Article]], model: Embeddings | None) -> Built:
    """Index articles whose numbers rise."""
    places: defaultdict[str, int] = defaultdict()
    places.default_factory = places.__len__
    owners, entries = array("I"), array("I")
    headlines: dict[int, int] = {}
    bit_vectors: dict[int, bytes] = {}
    every = iter(numbered)
    while some := list(islice(every, _AT_ONCE)):
        for number, article in some:
            one = entry(article)
            headlines[number] = one.headline
            first = number << 2
            owners.extend([places[word] for word in one.fields])
            entries.extend([first | place for place in one.fields.values()])
        if model:
            rows = model.bit_vectors(article for _, article in some)
            bit_vectors.update(
                (number, row.tobytes()) for (number, _), row in zip(some, rows, strict=True)
            )
    return Built(
        postings=_table(dict(places), owners, entries),
        headlines=headlines,
        bit_vectors=bit_vectors,
    )


def _table(places: Mapping[str, int], owners: "array[int]", entries: "array[int]") -> Table:
    """Put together what each word owns, in the order in which it came."""
    owned_by = np.array(owners, dtype=np.uint32)
    starts = np.zeros(len(places) + 1, dtype=np.int64)
    np.cumsum(np.bincount(owned_by, minlength=len(places)), out=starts[1:])
    order = np.argsort(owned_by, kind="stable")
    return Table(places, starts, np.array(entries, dtype=np.uint32)[order])
