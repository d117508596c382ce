"""Whether the database answers, and the one line that is logged when it stops and when it is back.

Every call to a database has a deadline. A call that misses it, or loses its connection, ends in
`DatabaseUnavailableError`; whoever catches that error need not log it again.
"""

import asyncio
import logging
from collections.abc import Callable

from store.db.types import DatabaseUnavailableError

log = logging.getLogger(__name__)


class Availability:
    """The state of one database: it answers, or it does not."""

    def __init__(self, *, on_loss: Callable[[], None] = lambda: None) -> None:
        """Call *on_loss* whenever a call gets no answer."""
        self._away_since: float | None = None
        self._on_loss = on_loss

    @property
    def is_away(self) -> bool:
        """Whether the last thing that we know of the database is that it did not answer."""
        return self._away_since is not None

    def lost(self, why: object) -> DatabaseUnavailableError:
        """Note that the database does not answer, and return the error to raise."""
        self._on_loss()
        if self._away_since is None:
            self._away_since = asyncio.get_running_loop().time()
            log.error(
                "the database does not answer (%s): nothing is posted or looked up until it does",
                why,
            )
        return DatabaseUnavailableError()

    def found(self) -> None:
        """Note that the database has answered."""
        if self._away_since is not None:
            seconds = asyncio.get_running_loop().time() - self._away_since
            self._away_since = None
            log.warning("the database answers again, after %.0f s", seconds)
