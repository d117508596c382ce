"""The commands that print or erase what is stored about a person or a team."""

import argparse
from collections.abc import Mapping

from bot.cli.context import command_settings, command_store, existing_store
from bot.cli.terminal import complain, is_confirmed, say, say_json
from bot.clock import system_clock
from store.db import copies_of


async def export(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print as JSON what is stored about a person or a team."""
    team_id, user_id = arguments.who
    async with command_store(environ, is_looking=True) as store:
        tables = await store.personal_data.export(team_id, user_id)
    exported = {"team": team_id, "user": user_id, "at": system_clock().isoformat()}
    say_json(exported | {"tables": tables}, indent=2)
    return 0


async def forget(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Erase what is stored about a person or a team, after asking."""
    team_id, user_id = arguments.who
    who = f"{user_id} of {team_id}" if user_id else f"the team {team_id}"
    settings = command_settings(environ)
    # Only look until it is certain that something is erased: opening may migrate the database.
    async with existing_store(settings, is_looking=True) as store:
        effects = await store.personal_data.effects(team_id, user_id)
    if not effects:
        say(f"Nothing is stored about {who}.")
    else:
        say(f"What is stored about {who}:")
        for effect in effects:
            say(f"- {effect}")
        if not (arguments.yes or is_confirmed("Erase it? This cannot be undone [y/N] ")):
            complain("Nothing was erased. Use --yes to erase without asking.")
            return 2
        async with existing_store(settings) as store:
            await store.personal_data.forget(team_id, user_id)
        say("Erased. Delete backups and log files yourself: they are unchanged.")
    if copies := copies_of(settings.database_url):
        say(f"These copies may still hold it: {', '.join(map(str, copies))}.")
    for admin in sorted(settings.admin_user_ids):
        if admin in (user_id, f"{team_id}:{user_id}") or (
            not user_id and admin.startswith(f"{team_id}:")
        ):
            say(f"ADMIN_USER_IDS in the settings still lists {admin}.")
    if not user_id:
        say("Also remove the app from that workspace, or new data about it will be stored.")
    return 0
