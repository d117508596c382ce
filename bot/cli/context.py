"""What commands share: an exit code, the settings, and the store."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from bot.cli.terminal import complain
from bot.settings import Settings, misspelled
from store import Store, open_store
from store.db import DatabaseError, exists, readable

EX_CONFIG = 78
"""The exit code for a configuration error (sysexits.h)."""


def command_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings of a command that does not connect to Slack; warn of misspelled names."""
    for sentence in misspelled(environ):
        complain(f"Warning: {sentence}")
    return Settings.from_env(environ, connecting=False)


@asynccontextmanager
async def command_store(
    environ: Mapping[str, str], *, is_looking: bool = False
) -> AsyncIterator[Store]:
    """Open the store of a command that needs a database with something in it.

    If there is no database, a command that only looks (*is_looking*) finds an empty one, and any
    other raises `DatabaseError`.
    """
    url = command_settings(environ).database_url
    if not (is_looking or exists(url)):
        raise DatabaseError(f"There is no database {readable(url)}.")
    async with open_store(url, is_looking=is_looking) as store:
        yield store
