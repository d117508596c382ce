"""The values and errors of the domain: articles, answers, schedules and posts.

Names that end in `_at` are aware datetimes in UTC; names that end in `_on` are local dates.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from pathlib import PurePosixPath
from typing import NewType
from zoneinfo import ZoneInfo

TeamId = NewType("TeamId", str)
"""Slack's id of a workspace."""
UserId = NewType("UserId", str)
"""Slack's id of a person or a bot user."""
ChannelId = NewType("ChannelId", str)
"""Slack's id of a conversation: a channel or a direct message."""


class ParleyError(Exception):
    """The base class of errors whose message is one friendly sentence for a person.

    The message is shown to the person unchanged, so it names no internals.
    """


class GoneError(ParleyError):
    """Raised when Parley is not installed in the workspace, or not any more."""

    def __init__(self) -> None:
        """Set the message, which is always the same."""
        super().__init__(
            "I am not installed in this workspace any more: please ask who runs me for a link."
        )


# --- the corpus --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One story: a summary, one line of insight and an open question, under a headline.

    A story from a feed has no insight and no question. Look-ups find it, but it is never asked.
    """

    id: str
    document: str
    """The path of its document below the corpus folder, with forward slashes."""
    position: int
    """Its position in the document, counted from 1."""
    headline: str
    summary: str
    insight: str
    question: str
    url: str | None = None
    """The address of the whole story."""
    publisher: str | None = None
    published_at: datetime | None = None
    guid: str | None = None
    """The id that its feed or file identifies it by."""
    first_seen_at: datetime | None = None
    """When it was first loaded; edits and moves keep it. None for what older versions loaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A mistake in a document, and its place."""

    path: PurePosixPath
    line: int | None
    """Counted from 1; None if the problem concerns a whole file or folder."""
    message: str

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else str(self.path)
        return f"{where}: {self.message}"


FOLDER = "folder"
"""The id of the source that is the corpus folder."""
POLL = "feed"
"""Stored instead of the id of who loaded a revision, if a poll of a feed did."""
QUESTION = "question"
"""Stored instead of the id of who loaded a revision, if somebody wrote a question."""
SOMEBODY = "somebody"
"""Stored instead of the id of who loaded a revision, once that id is deleted."""


class CorpusInvalidError(ParleyError):
    """Raised when a corpus has problems; the corpus that was loaded before stays."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class StaleRevisionError(ParleyError):
    """Raised by a look-up if its revision of the corpus was replaced during the look-up."""


class ConcurrentLoadError(ParleyError):
    """Raised by a load or an undo if another one changed the corpus first; nothing is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedLoad:
    """The reason why the corpus folder last failed to load completely."""

    at: datetime
    """When the load failed; in a stored value, when the folder first failed for this reason."""
    problem: Problem
    """The first problem; its path is the name of the folder if no document caused it."""
    more: int
    """How many more problems there are."""


def tally(**counts: int) -> str:
    """Return the *counts* that are not 0 with their names: "1 added, 2 edited"."""
    return ", ".join(f"{count:,} {what}" for what, count in counts.items() if count) or "no change"


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One loaded state of the corpus."""

    number: int
    fingerprint: str
    """A hash of the folder's paths and texts, also if another source was loaded."""
    documents: int
    articles: int
    loaded_at: datetime
    loaded_by: str
    """A Slack user id (with the team id, `T1:U1`, if several teams share the corpus), "terminal",
    "folder", `POLL`, `QUESTION`, or `SOMEBODY` once the id is deleted."""
    restores: int | None
    """The number of the revision that an undo restored; None if a folder was loaded."""
    added: int
    """How many articles are new."""
    edited: int
    """How many articles have the same id as before and another text."""
    moved: int
    """How many articles have the same text as before in another place."""
    removed: int
    """How many articles are gone."""
    source: str = FOLDER
    """The id of the source whose documents it replaced."""
    touched: int = field(default=0, compare=False)
    """How many documents changed; 0 if unknown. Only the history sets it."""
    paths: tuple[str, ...] = field(default=(), compare=False)
    """The paths of the first few changed documents."""
    story: str = field(default="", compare=False)
    """The headline of the story whose question it wrote or took back; only the history sets it."""
    has_question: bool = field(default=True, compare=False)
    """Whether that story has a question since then."""
    author: tuple[TeamId, UserId] | None = field(default=None, compare=False)
    """Who wrote the question, if that is known."""

    @property
    def changes(self) -> str:
        """How many articles it changed, in words."""
        texts = {"added": self.added, "edited": self.edited, "removed": self.removed}
        others = {"only in another place, or with another link or date": self.moved}
        return tally(**(texts if any(texts.values()) else others))


class FeedChange(StrEnum):
    """What an admin does to a feed, besides adding it and setting what it keeps."""

    PAUSE = "pause"
    RESUME = "resume"
    REFRESH = "refresh"
    REMOVE = "remove"


class Health(StrEnum):
    """How the polls of a feed go."""

    WAITING = "waiting"
    """It was not polled yet."""
    WELL = "well"
    FAILING = "failing"
    """The last poll failed; the stories stay."""
    PAUSED = "paused"
    """A person paused it, or its server says that it is gone for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSource:
    """A feed that is polled for stories, and how its last polls went."""

    id: str
    url: str
    title: str
    """What it calls itself; empty until it was first fetched."""
    team_id: TeamId | None
    added_by: UserId | None
    """None if it was added from the terminal, or once the person's data is deleted."""
    added_at: datetime
    paused_at: datetime | None
    """When its polls were paused; None if it is polled."""
    etag: str | None
    """The ETag of the last response, for a conditional request."""
    last_modified: str | None
    """The Last-Modified of the last response, as the server wrote it."""
    next_poll_at: datetime
    failures: int
    """How many polls in a row have failed."""
    failed_since: datetime | None
    """When the first of these polls failed; None if the last poll succeeded."""
    last_success_at: datetime | None
    last_problem: str | None
    """Why the last poll failed; None if it succeeded."""
    keep_days: int | None
    """How many days its stories stay; None for ever."""
    keep_stories: int | None
    """How many of its stories stay, the newest; None for all."""
    claims: int
    """How often a poll was claimed. This is the fencing token of a claim."""

    @property
    def document(self) -> str:
        """Return the path of its document. No file of the folder has such a path."""
        # A path below the folder has no empty part.
        return f"feed://{self.id}"

    @property
    def keeps_all(self) -> bool:
        """Return whether all of its stories stay for ever."""
        return self.keep_days is None and self.keep_stories is None

    @property
    def name(self) -> str:
        """Return what people call it: its title, or else the host of its address."""
        return self.title or self.url.split("/")[2]

    @property
    def health(self) -> Health:
        """Return how its polls go."""
        if self.paused_at:
            return Health.PAUSED
        if self.failures:
            return Health.FAILING
        return Health.WELL if self.last_success_at else Health.WAITING


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A person, place, organisation or thing that articles are about, in its commonest spelling."""

    name: str
    articles: int
    """How many articles are about it."""


# --- looking up --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """An article that a look-up found, and why."""

    article: Article
    score: float
    """The share of the query that the article covers, 0 to 1."""
    reasons: Callable[[Article], Iterable[str]] = field(repr=False, compare=False)
    """Returns the article's words that matched. It is slow, so call it only for shown articles."""

    @property
    def why(self) -> tuple[str, ...]:
        """Return the article's words that matched, as the article spells them."""
        return tuple(dict.fromkeys(self.reasons(self.article)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The answer to a query whose words were found, misspelled or not: the best match first."""

    matches: tuple[Match, ...]
    is_by_date: bool = False
    """Whether they are the newest stories, which the query asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsure:
    """The answer to a query that may mean one of at most three matches.

    Ask the person about them; never act on a match.
    """

    matches: tuple[Match, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """The answer to a query without a match: the topics nearest to its words, possibly none."""

    topics: tuple[str, ...] = ()
    is_undated: bool = False
    """Whether the query asked for the newest stories, and no story has a date."""


Answer = Found | Unsure | Nothing


# --- schedules and posts -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """A wall time on some weekdays, every week or in some weeks, in one IANA time zone."""

    at: time
    weekdays: frozenset[int]
    """Monday is 0."""
    zone: str
    every_weeks: int = 1
    """2 for every other week."""
    begins_on: date | None = None
    """The date of the first post, if `every_weeks` is not 1; weeks begin on Monday."""
    of_month: frozenset[int] = frozenset()
    """Which of each weekday in its month: 1 to 4, and -1 for the last. Empty for all."""

    @property
    def posts_a_week(self) -> float:
        """Return how many days a week have a post, in the long run."""
        share = len(self.of_month) * 12 * 7 / 365.2425 if self.of_month else 1 / self.every_weeks
        return len(self.weekdays) * share

    def has_post_on(self, on: date) -> bool:
        """Return whether the local date has a post."""
        if on.weekday() not in self.weekdays:
            return False
        if begins_on := self.begins_on:
            weeks = (_monday(on) - _monday(begins_on)).days // 7
            if on < begins_on or weeks % self.every_weeks:
                return False
        place = (on.day - 1) // 7 + 1
        is_last = (on + timedelta(days=7)).month != on.month
        return not self.of_month or place in self.of_month or (is_last and -1 in self.of_month)

    def local_date(self, instant: datetime) -> date:
        """Return the local date at *instant*."""
        return instant.astimezone(ZoneInfo(self.zone)).date()


def _monday(on: date) -> date:
    return on - timedelta(days=on.weekday())


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One occurrence of a timetable: a local date, and the instant at which it is due."""

    due_on: date
    due_at: datetime


class PostKind(StrEnum):
    """What a post is: a question, a digest, a notice and so on."""

    QUESTION = "question"
    DIGEST = "digest"
    """A few stories and one question."""
    STORY = "story"
    """The stories of a question or a digest, in its thread."""
    SHARE = "share"
    """A story that a person shared."""
    UNSURE = "unsure"
    """A notice that asks whether a post arrived, because its outcome is unknown."""
    STOPPED = "stopped"
    """A notice to a schedule's owner that Parley cannot post in the channel, and why."""
    READY = "ready"
    """A notice to a schedule's owner that Parley can post in the channel again."""
    LOW = "low"
    """A notice to a schedule's owner that the channel's questions run out."""
    CHANGED = "changed"
    """A notice to a schedule's owner that somebody else has changed it."""
    ENDED = "ended"
    """A notice to a schedule's owner that somebody else has ended it."""
    OWNED = "owned"
    """A notice to a person that they own a schedule now."""
    RESTORED = "restored"
    """A notice to who changed or ended a schedule that its owner has taken that back."""
    REFUSED = "refused"
    """A notice to an admin that the watched folder failed to load."""
    FAILING = "failing"
    """A notice to who added a feed that its polls have failed for days, or that it is gone."""

    @property
    def is_notice(self) -> bool:
        """Whether the post is a notice to one person."""
        return self in _NOTICES


_NOTICES = frozenset(
    {
        PostKind.UNSURE,
        PostKind.STOPPED,
        PostKind.READY,
        PostKind.LOW,
        PostKind.CHANGED,
        PostKind.ENDED,
        PostKind.OWNED,
        PostKind.RESTORED,
        PostKind.REFUSED,
        PostKind.FAILING,
    }
)


class News(StrEnum):
    """Which stories a digest may have, by what is new to the channel."""

    ANY = "any"
    NEW = "new"
    """Only what is new since the last digest; a sentence if there is nothing new."""
    NEW_OR_NOTHING = "new or nothing"
    """Only what is new since the last digest; no post if there is nothing new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a person wants a channel to get: when, how much and about what."""

    timetable: Timetable
    name: str = ""
    """The name of its schedule; empty for the default name."""
    kind: PostKind = PostKind.QUESTION
    """QUESTION or DIGEST."""
    stories: int = 1
    """The most stories that a digest shows."""
    topics: tuple[str, ...] = ()
    """The queries that its stories match; empty for the whole corpus."""
    max_age_days: int | None = None
    """The most days since a story was published; stories without a date are left out then. None
    for any age."""
    news: News = News.ANY
    """Which stories a digest may have; ANY for a question."""
    holidays: str = ""
    """The code of the country or region on whose public holidays it does not post, such as DE-BY;
    empty if it posts on them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule(Order):
    """One of a channel's questions or digests, as it was ordered, its owner and its state.

    Its name is never empty, is unique in the channel, and has small letters only.
    """

    id: str
    """How the delivery keys of its posts begin. It is never used again for another schedule."""
    team_id: TeamId
    channel_id: ChannelId
    owner_id: UserId | None
    """None after the owner's data was deleted. The schedule goes on; the next person to save it
    becomes its owner."""
    next: Occurrence
    paused_until: date | None = None
    """The local date on which posting resumes; None if it is not paused."""
    stopped: str | None = None
    """The Slack API error for which it was stopped; None if it is not stopped."""

    @property
    def is_paused(self) -> bool:
        """Whether its next occurrence falls into a pause."""
        return self.paused_until is not None and self.next.due_on < self.paused_until


FOREVER = date.max
"""The `paused_until` of a pause that lasts until a person resumes the schedule."""


class PostState(StrEnum):
    """The state of a post; `store.posting.record.MOVES` has the legal changes."""

    PLANNED = "planned"
    SENDING = "sending"
    """Claimed. Stored before the call to Slack, so the call may have been made."""
    SENT = "sent"
    UNKNOWN = "unknown"
    """The call to Slack was made, and its outcome is unknown."""
    FAILED = "failed"
    """It cannot be sent, and is not tried again."""
    MISSED = "missed"
    """It was not sent in time."""
    SKIPPED = "skipped"
    """Not posted because of a person, a pause or a holiday."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """The details of a notice or of a shared story; each kind of post uses some of the fields."""

    channel_id: ChannelId
    schedule_id: str = ""
    post_key: str = ""
    error: str = ""
    left: int = 0
    days: int = 0
    thread_ts: str = ""
    """The thread of another person's message in which to share a story; else empty."""
    more: int = 0
    """How many problems there are besides the one in *error*."""
    what: str = ""
    """What a schedule posted before a change, as it is shown."""
    became: str = ""
    """What it posts after the change; empty if it was ended or got another owner."""
    name: str = ""
    """The name of the schedule."""
    words: str = ""
    """The commands that take a change of a schedule back, one a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One message, which is planned first and then sent at most once."""

    key: str
    """The delivery key. It is unique, and the message carries it."""
    team_id: TeamId
    channel_id: ChannelId
    """A user id if the post is a direct message."""
    kind: PostKind
    article_id: str | None
    """The article whose question it asks; None if nothing was chosen."""
    revision: int | None
    """The revision of the corpus that the article was chosen from."""
    why: str | None
    """Why this article was chosen."""
    about: About | None
    state: PostState
    schedule_id: str | None
    """The schedule that it is a post of; None for any other post."""
    due_on: date | None
    """The local date of its schedule's occurrence; None for any other post."""
    due_at: datetime
    parent_key: str | None
    """The key of the post in whose thread this post goes; None if it is not a reply."""
    asked_by: UserId | None
    """The person who asked for it; None if a schedule did, or once the post is done."""
    attempts: int
    """How often it was claimed. This is the fencing token of a claim."""
    doubts: int
    """How many calls ended with an unknown outcome."""
    looks: int
    """How many checks of the history since the last such call did not find the message."""
    called_at: datetime | None
    """When the first call with an unknown outcome was made."""
    not_before: datetime
    """The earliest time at which it can be claimed; `record.NEVER` if it waits for a person."""
    owner: str | None
    """The process that claimed it last, or `person` if a person changed its state last."""
    message_ts: str | None
    error: str | None
