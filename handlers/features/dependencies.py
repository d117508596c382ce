"""What the features share besides the store: the parts that speak to Slack, and the options."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from handlers.jobs.posting import Posting
from handlers.jobs.uninstalls import Uninstalls
from handlers.slack.background import Background
from handlers.slack.directory import Directory
from handlers.slack.files import Files
from handlers.slack.responders import Responders
from handlers.slack.teams import Teams


@dataclass(frozen=True, slots=True, kw_only=True)
class Slack:
    """Everything that speaks to Slack."""

    teams: Teams
    directory: Directory
    responders: Responders
    background: Background
    files: Files
    posting: Posting
    uninstalls: Uninstalls | None
    """None if Parley serves one workspace, by the token in the settings."""


class FoundFeed(Protocol):
    """A feed that works."""

    @property
    def url(self) -> str:
        """Return its address."""
        ...

    @property
    def title(self) -> str:
        """Return what it calls itself; empty text if it has no title."""
        ...

    @property
    def stories(self) -> int:
        """Return how many stories it has now."""
        ...


class FindsFeeds(Protocol):
    """Finds the feeds at addresses that people write; its methods raise `ParleyError`."""

    def check(self, written: str) -> None:
        """Raise if no request is needed to see that no feed is at the address."""
        ...

    async def find_feed(self, written: str) -> FoundFeed:
        """Return the feed at the address, or that of the web page there."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The settings of the features, and the clock."""

    clock: Callable[[], datetime]
    corpus_path: Path
    """The folder that a reload reads, and that uploads are added to."""
    keep_misses: timedelta
    """How long search misses and topic requests are stored; zero stores none."""
    feeds: FindsFeeds | None = None
    """None where no feed can be requested."""
    has_agent_view: bool = False
    has_workflow_steps: bool = False
    anyone_may_skip: bool = True
    """Whether anybody in a channel may skip its next post or pause for a day."""
    is_watched: bool = False
    """Whether the corpus folder is loaded whenever it changes."""
    warns_of_samples: bool = True
    """False for the demo, in which sample stories are expected."""

    @property
    def keeps_misses(self) -> bool:
        """Whether search misses and topic requests are stored at all."""
        return bool(self.keep_misses)
