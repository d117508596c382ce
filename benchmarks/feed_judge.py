"""Judges what came of hostile feeds: compares what was sent with what is in the database.

It is in the process of the server (`benchmarks.feed_server`), so that its notes take no memory of
the process that polls.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from store.db import open_database, to_instant

KEEP_STORIES = 15
"""How many stories of every third feed are kept: more than a feed lists."""
_LOAD = timedelta(minutes=15)
_DIGESTS = """
SELECT p.due_at, a.summary FROM post p JOIN post_story s ON s.post_key = p.key JOIN (
    SELECT id, summary FROM loaded_article UNION SELECT id, summary FROM retired_article
) a ON a.id = s.article_id
"""


@dataclass(frozen=True, slots=True)
class Served:
    """An answer that was sent."""

    feed: int
    at: float
    """When it had been sent, by the machine's monotonic clock."""
    now: datetime
    """The same on the clock of the run."""
    stories: Mapping[str, str]
    """The stories that it has to bring, as words and the marks of their last edits."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A story in the database."""

    text: str
    first_seen_at: datetime
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is in the database, and how much is wrong with it."""

    stories: int
    digests: int
    posted: int
    """How many stories the digests have."""
    problems: Counter[str]


class Judge:
    """Compares what the server sent with what was stored."""

    def __init__(self, kept: Callable[[int], int | None]) -> None:
        """*kept* returns how many stories of a feed are kept, by its number; None for all."""
        self._kept = kept
        self._first: dict[str, Served] = {}
        """The answer that first brought each word."""
        self._last: dict[int, Served] = {}
        """The last answer of each feed."""
        self._marks: dict[str, str] = {}
        self.problems = Counter[str]()

    def note(self, served: Served) -> Sequence[str]:
        """Note an answer; return the words that no answer brought before."""
        words = [word for pair in served.stories.items() for word in pair if word]
        new = [word for word in words if word not in self._first]
        self._first.update(dict.fromkeys(new, served))
        self._last[served.feed] = served
        self._marks |= served.stories
        return new

    def judge(self, stories: Sequence[Stored]) -> None:
        """Compare all stories in the database with what was sent."""
        by_word: dict[str, list[Stored]] = {word: [] for word in self._marks}
        counts = Counter[int]()
        for story in stories:
            for word in by_word.keys() & set(story.text.split()):
                by_word[word].append(story)
        for word, found in by_word.items():
            first = self._first[word]
            is_listed = word in self._last[first.feed].stories
            must_be_there = is_listed or self._kept(first.feed) is None
            counts[first.feed] += len(found)
            self.problems["lost"] += must_be_there and not found
            self.problems["there twice"] += len(found) > 1
            for story in found:
                self.problems["old, and thought to be new"] += story.first_seen_at > first.now
                is_late = (story.published_at or story.first_seen_at) > story.first_seen_at
                self.problems["dated after it was there"] += is_late
                mark = self._marks[word]
                self.problems["without its last edit"] += bool(mark) and mark not in story.text
        for feed, count in counts.items():
            self.problems["more than are kept"] += count > (self._kept(feed) or count)

    def judge_digests(self, digests: Mapping[datetime, Sequence[str]]) -> None:
        """Judge digests of what is new: the texts of their stories, by the time of each digest."""
        posted: set[str] = set()
        # A story may be loaded while the last digest is chosen.
        since: datetime | None = None
        for at, texts in sorted(digests.items()):
            words = {word for text in texts for word in text.split()} & self._marks.keys()
            self.problems["posted twice"] += len(words & posted)
            old = [word for word in words if since and self._first[word].now < since]
            self.problems["posted as new after an earlier digest could have it"] += len(old)
            posted |= words
            since = at - _LOAD

    async def judge_database(self, url: str) -> Verdict:
        """Judge what is in the database *url*."""
        stories, digests = await _stored(url), await _digests(url)
        self.judge(stories)
        self.judge_digests(digests)
        return Verdict(len(stories), len(digests), sum(map(len, digests.values())), self.problems)


def kept(number: int) -> int | None:
    """Return how many stories of a feed are kept, by its number; None for all."""
    return KEEP_STORIES if number % 3 == 0 else None


async def _stored(url: str) -> Sequence[Stored]:
    async with open_database(url, is_looking=True) as database:
        rows = await database.fetch("SELECT * FROM loaded_article")
    return [
        Stored(
            text=f"{row['headline']} {row['summary']}",
            first_seen_at=to_instant(row["first_seen_at"]),
            published_at=to_instant(row["published_at"]) if row["published_at"] else None,
        )
        for row in rows
    ]


async def _digests(url: str) -> Mapping[datetime, Sequence[str]]:
    async with open_database(url, is_looking=True) as database:
        rows = await database.fetch(_DIGESTS)
    texts: dict[datetime, list[str]] = {}
    for row in rows:
        texts.setdefault(to_instant(row["due_at"]), []).append(row["summary"])
    return texts
