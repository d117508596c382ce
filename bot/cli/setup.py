"""The commands that set up the Slack app: its manifest and its encryption key."""

import argparse
from collections.abc import Mapping

from bot.cli.context import command_settings, command_store
from bot.cli.terminal import complain, say
from bot.entrances.install import Bots
from bot.manifest import render
from bot.settings import Settings
from store.teams.token_cipher import TokenCipher, new_key


async def print_manifest(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print the manifest of the Slack app."""
    settings = command_settings(environ)
    if arguments.shared and not arguments.url:
        complain("Many workspaces need HTTP: python -m bot manifest --shared --url https://…")
        return 2
    manifest = render(
        arguments.url,
        command_prefix=settings.command_prefix,
        agent_view=settings.agent_view,
        workflow_steps=settings.workflow_steps,
        is_shared=arguments.shared,
    )
    say(manifest.removesuffix("\n"))
    return 0


async def key(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print a new ENCRYPTION_KEY; with --lost, give up tokens that no key decrypts."""
    if not arguments.lost:
        say(new_key())
        return 0
    async with command_store(environ) as store:
        keys = Settings.from_env(environ, connecting=False).encryption_key
        bots = Bots(store.installations, TokenCipher(keys))
        say(await bots.give_up(is_sure=arguments.yes))
    return 0
