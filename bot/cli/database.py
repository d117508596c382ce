"""The commands that migrate, back up, restore and copy the database."""

import argparse
from collections.abc import Mapping

from bot.cli.context import command_settings
from bot.cli.terminal import say
from store import open_store
from store.db import backup as backups
from store.db import readable


async def migrate(_: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Update the schema of the database."""
    settings = command_settings(environ)
    async with open_store(settings.database_url):
        say(f"The schema of {readable(settings.database_url)} is up to date.")
    return 0


async def backup(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Back up the database to a new file."""
    settings = command_settings(environ)
    await backups.backup(settings.database_url, arguments.file)
    say(f"{readable(settings.database_url)} is backed up in {arguments.file}.")
    return 0


async def restore(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Replace the database with a backup."""
    settings = command_settings(environ)
    kept = await backups.restore(arguments.file, settings.database_url)
    was = f" The previous database is kept as {kept}." if kept else ""
    say(f"{readable(settings.database_url)} is restored from {arguments.file}.{was}")
    return 0


async def copy(arguments: argparse.Namespace, _: Mapping[str, str]) -> int:
    """Copy a database to an empty one."""
    for table, rows in (await backups.copy(arguments.source, arguments.target)).items():
        say(f"{table}: {rows}")
    say(f"Copied. Now set DATABASE_URL to {readable(arguments.target)}, with its password if any.")
    return 0
