"""What commands share: an exit code, the settings, and the store."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from bot.cli.terminal import complain
from bot.settings import Settings, misspelled
from store import Store, open_store
from store.db import DatabaseError, exists, readable

EX_DATAERR = 65
"""The exit code if files are not loaded, and the others are (sysexits.h)."""
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
    """Read the settings of a command, and open the database as `existing_store` does."""
    async with existing_store(command_settings(environ), is_looking=is_looking) as store:
        yield store


@asynccontextmanager
async def existing_store(settings: Settings, *, is_looking: bool = False) -> AsyncIterator[Store]:
    """Open the store of a database, or raise `DatabaseError` if it does not exist.

    A command that only looks (*is_looking*) changes no file.
    """
    url = settings.database_url
    if not exists(url):
        raise DatabaseError(
            f"There is no database {readable(url)}."
            " Check DATABASE_URL, or load stories first: python -m bot load"
        )
    async with open_store(url, is_looking=is_looking) as store:
        yield store
