"""The domain: what Parley holds and what it answers, as frozen values, and what can go wrong.

Instants are aware and in UTC (`…_at`); local dates are `…_on`.
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from pathlib import PurePosixPath
from zoneinfo import ZoneInfo


class ParleyError(Exception):
    """Say in one friendly sentence what a person asked for that cannot be had.

    The sentence is shown to that person as it is, so it names no internals.
    """


# --- the corpus --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One story: a summary, one line of insight and an open question, under a headline.

    One that came by a feed has neither insight nor question: it is found, and never asked.
    """

    id: str
    document: str
    """Path of its document below the corpus folder, with forward slashes."""
    position: int
    """Its place in the document, counted from 1."""
    headline: str
    summary: str
    insight: str
    question: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something in a document that keeps it from being loaded, and where."""

    path: PurePosixPath
    line: int | None
    """Counted from 1; None where the problem is the whole file's or folder's."""
    message: str

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else str(self.path)
        return f"{where}: {self.message}"


class CorpusInvalidError(ParleyError):
    """Refuse a corpus that has problems; the one that was loaded before stays."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One loaded state of the corpus."""

    number: int
    fingerprint: str
    """Hash over every document's path and text; equal fingerprints mean equal corpora."""
    documents: int
    articles: int
    loaded_at: datetime
    loaded_by: str
    """A Slack user id, or "terminal"."""
    restores: int | None
    """The revision that it brought back; None where a folder was read."""
    added: int
    """Articles that were not there before."""
    edited: int
    """Articles with another text, under the id that they had."""
    moved: int
    """Articles in another place, with the text that they had."""
    removed: int
    """Articles that are gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A person, place, organisation or thing argued about, under its commonest spelling."""

    name: str
    articles: int
    """How many articles there are on it."""


# --- looking up --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """An article that answers a look-up, and why."""

    article: Article
    score: float
    """The share of the query that the article covers, 0 to 1."""
    why: tuple[str, ...]
    """The article's own words that matched, as they are spelt there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The words are there, misspelt or not: matches, best first."""

    matches: tuple[Match, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsure:
    """The story may be meant: at most three matches to ask about, never to act on."""

    matches: tuple[Match, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """No story answers: the topics nearest to the words, possibly none."""

    topics: tuple[str, ...]


Answer = Found | Unsure | Nothing


# --- schedules and posts -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """A wall time on some weekdays in one IANA time zone."""

    at: time
    weekdays: frozenset[int]
    """Monday is 0."""
    zone: str

    def local_date(self, instant: datetime) -> date:
        """Give the local date at *instant*."""
        return instant.astimezone(ZoneInfo(self.zone)).date()


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One turn of a timetable: a local date, and the instant at which it falls due."""

    due_on: date
    due_at: datetime


class PostKind(StrEnum):
    """What a message to a channel carries."""

    QUESTION = "question"
    STORY = "story"
    """A question's story, in the question's thread."""
    SHARE = "share"
    """A story that a person shared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A channel's daily question: when, and whose idea it was."""

    team_id: str
    channel_id: str
    organiser_id: str
    timetable: Timetable
    next: Occurrence


class PostState(StrEnum):
    """Where one message to a channel stands; `store.posts` has the legal moves."""

    PLANNED = "planned"
    SENDING = "sending"
    """The call may have left; written before it does."""
    SENT = "sent"
    UNKNOWN = "unknown"
    """The call left and its outcome is not known."""
    FAILED = "failed"
    MISSED = "missed"
    """Its time went by, grace included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One message to a channel: planned, and then sent at most once."""

    key: str
    """The delivery key, unique, and carried in the message's metadata."""
    team_id: str
    channel_id: str
    kind: PostKind
    article_id: str | None
    """None where a turn was missed, for nothing was chosen."""
    state: PostState
    due_on: date | None
    """The local date of its schedule's turn; None for what a person pressed for."""
    due_at: datetime
    parent_key: str | None
    """The post in whose thread this one goes; None for a message of its own."""
    asked_by: str | None
    """The person who pressed for it; None when a schedule did."""
    attempts: int
    message_ts: str | None
    error: str | None
