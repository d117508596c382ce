"""The state of the database: available or not, logged once when that changes.

Every call to a database has a deadline. A call that misses it, or loses its connection, raises
`DatabaseUnavailableError`. Code that catches this error need not log it.
"""

import asyncio
import logging
from collections.abc import Callable

from store.db.types import DatabaseUnavailableError

log = logging.getLogger(__name__)


class Availability:
    """The state of one database: available or not."""

    def __init__(self, *, on_loss: Callable[[], None] = lambda: None) -> None:
        """Set *on_loss*, which is called after each call without an answer."""
        self._away_since: float | None = None
        self._on_loss = on_loss

    @property
    def is_away(self) -> bool:
        """Whether the last call to the database got no answer."""
        return self._away_since is not None

    def lost(self, why: object) -> DatabaseUnavailableError:
        """Record that a call got no answer, and return the error to raise."""
        self._on_loss()
        if self._away_since is None:
            self._away_since = asyncio.get_running_loop().time()
            log.error(
                "the database does not answer (%s): nothing is posted or looked up until it does",
                why,
            )
        return DatabaseUnavailableError()

    def found(self) -> None:
        """Record that a call got an answer."""
        if self._away_since is not None:
            seconds = asyncio.get_running_loop().time() - self._away_since
            self._away_since = None
            log.warning("the database answers again, after %.0f s", seconds)
