"""Recognise the entries of a feed: by guid, link and text, none of which can be trusted alone.

Feeds give old guids to new stories, other links or guids to the same story on every request, and
all entries one link. So an id that two stories share is evidence only if their texts are alike, and
equal texts are evidence whatever the ids are.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import blake2b
from urllib.parse import parse_qsl, urlencode, urlsplit

from store.language.words import has_digit
from store.loading.documents.source import Story
from store.loading.same_story import SHARED_HEADLINE, Texts, contained, is_same_story, shares_words
from store.types import Article

LONG = 10
"""Distinct words from which on a text is one story's own, and no title that comes every day."""
_ALIKE = 0.6
"""The share of all words that two versions have in common if no id connects them."""
_A_DAY = timedelta(hours=12)
_TRACKING = ("utm_", "fbclid", "gclid", "mc_cid", "mc_eid", "at_medium", "at_campaign", "xtor")
"""The beginnings of parameters that only count readers."""


@dataclass(frozen=True, kw_only=True)
class FeedEntry:
    """An entry of a feed."""

    story: Story
    place: int
    """Its place in the feed, counted from 0; feeds mostly begin with the newest."""
    guid: str | None
    link: str | None
    text: str
    """Hashes of the guid, the link and the texts."""
    texts: Texts

    @classmethod
    def of(cls, story: Story, place: int) -> "FeedEntry":
        """Build the entry of *story*."""
        return cls(
            story=story,
            place=place,
            guid=hash_key(story.provenance.guid),
            link=hash_link(story.provenance.url),
            text=hash_text(story.headline, story.summary),
            texts=Texts(headline=story.headline, summary=story.summary),
        )

    @property
    def key(self) -> str:
        """Return what identifies the entry best: its guid, else its link, else its text."""
        return self.guid or self.link or self.text


@dataclass(frozen=True, kw_only=True)
class KnownStory:
    """A story that the feed has brought before."""

    id: str
    guid: str | None
    link: str | None
    text: str
    """Hashes, as in `FeedEntry`."""
    headline: str
    published_at: datetime | None
    first_seen_at: datetime | None
    retired_at: datetime | None
    """When retention took it away; None if it did not."""
    number: int | None = None
    article: Article | None = None
    """None for a story that is not loaded, because it is retired or was undone."""

    @cached_property
    def texts(self) -> Texts:
        """Return its texts; the headline alone if it is not loaded."""
        article = self.article
        if article is None:
            return Texts(headline=self.headline, summary="")
        return Texts(headline=article.headline, summary=article.summary)


def hash_text(headline: str, summary: str) -> str:
    """Return the hash of a story's texts."""
    return _hash(f"{headline}\n{summary}")


def hash_key(text: str | None) -> str | None:
    """Return the hash of a guid, or None without one."""
    return _hash(text) if text else None


def hash_link(url: str | None) -> str | None:
    """Return the hash of a link without what does not identify a page, or None without one."""
    if not url:
        return None
    parts = urlsplit(url)
    query = urlencode(
        [pair for pair in parse_qsl(parts.query, True) if not pair[0].startswith(_TRACKING)]
    )
    host = parts.netloc.removeprefix("www.")
    return _hash(f"{host}{parts.path.rstrip('/')}?{query}")


def _hash(text: str) -> str:
    return blake2b(text.encode(), digest_size=8).hexdigest()


def distinct(entries: Iterable[FeedEntry]) -> Sequence[FeedEntry]:
    """Return *entries* without those that are another version of one of them.

    Of several versions, the latest stays. The order in which they come does not matter.
    """
    kept: list[FeedEntry] = []
    by_key: defaultdict[str, list[FeedEntry]] = defaultdict(list)
    for entry in sorted(entries, key=_latest_first):
        keys = [key for key in (entry.guid, entry.link, entry.text) if key]
        rivals = [rival for key in keys for rival in by_key[key]]
        if any(_is_repeated(entry, rival) for rival in rivals):
            continue
        kept.append(entry)
        for key in keys:
            by_key[key].append(entry)
    return kept


def _latest_first(entry: FeedEntry) -> tuple[object, ...]:
    published = entry.story.provenance.published_at
    return (
        -published.timestamp() if published else 0,
        -len(entry.story.summary),
        entry.text,
        entry.guid or "",
        entry.link or "",
    )


def _is_repeated(entry: FeedEntry, rival: FeedEntry) -> bool:
    if entry.text == rival.text:
        has_its_id = (entry.guid and entry.guid == rival.guid) or (
            entry.link and entry.link == rival.link
        )
        return bool(has_its_id) or not _is_another_day(rival, entry.story.provenance.published_at)
    return is_same_story(entry.texts, rival.texts, has_guid=False)


def _is_another_day(entry: FeedEntry, other: datetime | None) -> bool:
    """Return whether *entry* is a title that comes every day, and *other* another day's date."""
    published = entry.story.provenance.published_at
    is_short = len(entry.texts.words) < LONG
    return bool(is_short and published and other and published - other >= _A_DAY)


def match(
    entries: Sequence[FeedEntry], known: Iterable[KnownStory]
) -> tuple[dict[int, KnownStory], bool]:
    """Match *entries* with the *known* stories that share a guid, a link or the text with them.

    Return the stories by the index of the entry, and whether the ids of the feed can be trusted:
    not if they differ from those of most stories that have come again.
    """
    by_key: defaultdict[str, dict[str, KnownStory]] = defaultdict(dict)
    for story in known:
        for key in (story.guid, story.link, story.text):
            if key:
                by_key[key][story.id] = story
    pairs: list[tuple[int, str, str, int, KnownStory]] = []
    with_id = with_text_only = 0
    for index, entry in enumerate(entries):
        rivals = {
            story.id: story
            for key in (entry.guid, entry.link, entry.text)
            if key
            for story in by_key[key].values()
        }
        is_single = entry.guid is not None and len(by_key[entry.guid]) == 1
        ranks = [(_rank(entry, story, is_single), story) for story in rivals.values()]
        with_id += any(rank in _WITH_ID for rank, _ in ranks)
        with_text_only += any(rank == _EQUAL_TEXT for rank, _ in ranks) and not any(
            rank in _WITH_ID for rank, _ in ranks
        )
        pairs += (
            (rank, entry.text, story.id, index, story) for rank, story in ranks if rank is not None
        )
    is_rotating = with_text_only > max(with_id, 1)
    found: dict[int, KnownStory] = {}
    taken: set[str] = set()
    for rank, _, story_id, index, story in sorted(pairs, key=lambda pair: pair[:4]):
        is_another = (
            rank == _EQUAL_TEXT
            and not is_rotating
            and _is_another_day(entries[index], story.published_at)
        )
        if index not in found and story_id not in taken and not is_another:
            found[index] = story
            taken.add(story_id)
    return found, with_id > 0 and not is_rotating


_WITH_ID = (0, 1, 3, 4)
_EQUAL_TEXT = 2


def _rank(entry: FeedEntry, story: KnownStory, is_single: bool) -> int | None:
    """Return how sure it is that *entry* is *story*, from 0; None if it is not.

    Guid and link together are sure if the guid *is_single*, that is, one story's only.
    """
    has_guid = entry.guid is not None and entry.guid == story.guid
    has_link = entry.link is not None and entry.link == story.link
    if entry.text == story.text:
        return 0 if has_guid else 1 if has_link else _EQUAL_TEXT
    is_same = (has_guid and has_link and is_single and shares_words(entry.texts, story.texts)) or (
        (has_guid or has_link) and is_same_story(entry.texts, story.texts, has_guid=has_guid)
    )
    if is_same:
        return 3 if has_guid else 4
    return None


def match_alike(
    entries: Mapping[int, FeedEntry], known: Iterable[KnownStory]
) -> dict[int, KnownStory]:
    """Match *entries* that have no id to rely on with the *known* stories of nearly the same words.

    Their numbers must be equal, and their headlines alike: stories about earthquakes differ in
    numbers only, and those of a series have one text. Return the stories by the index of the entry.
    """
    stories = [story for story in known if len(story.texts.words) >= LONG]
    pairs = sorted(
        (-score, entry.text, story.id, index, story)
        for index, entry in entries.items()
        for score, story in _alike(entry, stories)
    )
    found: dict[int, KnownStory] = {}
    taken: set[str] = set()
    for _, _, story_id, index, story in pairs:
        if index not in found and story_id not in taken:
            found[index] = story
            taken.add(story_id)
    return found


def _alike(entry: FeedEntry, stories: Iterable[KnownStory]) -> Iterator[tuple[float, KnownStory]]:
    own = entry.texts.words
    for story in stories:
        other = story.texts.words
        shared = len(own & other)
        if (
            shared >= _ALIKE * (len(own) + len(other) - shared)
            and not any(map(has_digit, own ^ other))
            and contained(entry.texts.headline_words, story.texts.headline_words) >= SHARED_HEADLINE
        ):
            yield shared / (len(own) + len(other) - shared), story
