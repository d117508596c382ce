"""The domain: what Parley holds and what it answers, as frozen values, and what can go wrong.

Instants are aware and in UTC (`…_at`); local dates are `…_on`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from functools import cached_property
from pathlib import PurePosixPath
from zoneinfo import ZoneInfo


class ParleyError(Exception):
    """Say in one friendly sentence what a person asked for that cannot be had.

    The sentence is shown to that person as it is, so it names no internals.
    """


class GoneError(ParleyError):
    """Say that Parley is not, or no longer, installed in the workspace."""

    def __init__(self) -> None:
        """Take nothing: there is one sentence for it."""
        super().__init__(
            "I am not installed in this workspace any more: please ask who runs me for a link."
        )


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


SOMEBODY = "somebody"
"""Who loaded a revision, once that is forgotten."""


class CorpusInvalidError(ParleyError):
    """Refuse a corpus that has problems; the one that was loaded before stays."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class OvertakenError(ParleyError):
    """Refuse what was begun before another revision of the corpus was loaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a folder that is watched is not what is loaded."""

    at: datetime
    """When it was met; of one that is kept, since when the folder has been refused."""
    problem: Problem
    """The first; its path is the folder's own name where no document is to blame."""
    more: int
    """How many there are beside it."""


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
    """A Slack user id, with its team's before it (`T1:U1`) where several share the corpus, or
    "terminal", or "folder", or `SOMEBODY` once that is forgotten."""
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
    touched: int = field(default=0, compare=False)
    """Documents that it changed; 0 where that is not kept, and outside of the history."""
    paths: tuple[str, ...] = field(default=(), compare=False)
    """The first few of those."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A person, place, organisation or thing argued about, under its commonest spelling."""

    name: str
    articles: int
    """How many articles there are on it."""


# --- looking up --------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Match:
    """An article that answers a look-up, and why."""

    article: Article
    score: float
    """The share of the query that the article covers, 0 to 1."""
    reasons: Callable[[Article], Iterable[str]] = field(repr=False, compare=False)
    """Gives the article's words that matched; only of what is shown, for it takes a while."""

    @cached_property
    def why(self) -> tuple[str, ...]:
        """Give the article's own words that matched, as they are spelt there."""
        return tuple(dict.fromkeys(self.reasons(self.article)))


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
    """What a message carries."""

    QUESTION = "question"
    DIGEST = "digest"
    """A few stories and one question."""
    STORY = "story"
    """The stories of a question or a digest, in its thread."""
    SHARE = "share"
    """A story that a person shared."""
    UNSURE = "unsure"
    """Asks its organiser whether a post arrived."""
    STOPPED = "stopped"
    """Tells its organiser what keeps Parley out of a channel."""
    READY = "ready"
    """Tells its organiser that nothing does any more."""
    LOW = "low"
    """Tells its organiser that a channel's questions run out."""
    REFUSED = "refused"
    """Tells an admin that the watched folder cannot be loaded."""

    @property
    def is_notice(self) -> bool:
        """Say whether it is for one person, and about something else."""
        return self in _NOTICES


_NOTICES = frozenset(
    {PostKind.UNSURE, PostKind.STOPPED, PostKind.READY, PostKind.LOW, PostKind.REFUSED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A channel's daily question or digest: when, about what, and whose idea it was."""

    team_id: str
    channel_id: str
    owner_id: str | None
    """None after its owner was forgotten: it goes on, and whoever saves it next owns it."""
    timetable: Timetable
    next: Occurrence
    kind: PostKind = PostKind.QUESTION
    """QUESTION or DIGEST."""
    stories: int = 1
    """How many stories a digest shows."""
    topics: tuple[str, ...] = ()
    """Words that its stories answer; none for the whole corpus."""
    paused_until: date | None = None
    """The local date on which it goes on; None where it is not paused."""
    stopped: str | None = None
    """Slack's word for what keeps Parley out of the channel; None when nothing does."""

    @property
    def is_paused(self) -> bool:
        """Say whether its next turn falls into a pause."""
        return self.paused_until is not None and self.next.due_on < self.paused_until


FOREVER = date.max
"""A pause that only a person ends."""


class PostState(StrEnum):
    """Where one message stands; `store.posting.posts` has the legal moves."""

    PLANNED = "planned"
    SENDING = "sending"
    """The call may have left; written before it does."""
    SENT = "sent"
    UNKNOWN = "unknown"
    """The call left and its outcome is not known."""
    FAILED = "failed"
    """Slack refused it for good."""
    MISSED = "missed"
    """Its time went by, grace included."""
    SKIPPED = "skipped"
    """A person, a pause or a holiday said no."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a notice tells, or where a story is shared; each kind fills in what it needs."""

    channel_id: str
    post_key: str = ""
    error: str = ""
    left: int = 0
    days: int = 0
    thread_ts: str = ""
    """The thread that a story is shared in, where it is another's."""
    more: int = 0
    """How many problems there are beside the one that *error* names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One message: planned, and then sent at most once."""

    key: str
    """The delivery key, unique, and carried by the message."""
    team_id: str
    channel_id: str
    """A person's id where it goes to them alone."""
    kind: PostKind
    article_id: str | None
    """The article whose question it asks; None where nothing was chosen."""
    revision: int | None
    """The revision of the corpus that it was chosen from."""
    why: str | None
    """What made it the next one."""
    about: About | None
    state: PostState
    due_on: date | None
    """The local date of its schedule's turn; None for any other message."""
    due_at: datetime
    parent_key: str | None
    """The post in whose thread this one goes; None for a message of its own."""
    asked_by: str | None
    """The person who pressed for it, while it is open; None when a schedule did, or it is done."""
    attempts: int
    """How often it was claimed."""
    doubts: int
    """How many calls ended without an answer."""
    looks: int
    """How often the last of them was looked for, and not found."""
    called_at: datetime | None
    """When the first call left whose outcome is open."""
    owner: str | None
    """The process that claimed it last, or `person` when a person moved it."""
    message_ts: str | None
    error: str | None
