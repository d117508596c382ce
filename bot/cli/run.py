"""`python -m bot run`: Parley, connected to Slack."""

import argparse
import logging
from collections.abc import Mapping

from bot.app import serve
from bot.clock import CheckedClock, Clock, FollowingClock, slack_clock
from bot.log import configure_logging
from bot.settings import Settings, SettingsError, misspelled
from bot.shutdown import DEADLINE
from store.version import VERSION

log = logging.getLogger(__name__)

_OTHER_TRANSPORT = {
    True: "SLACK_SIGNING_SECRET and PORT are for HTTP: start `run --http`, which is `web` in the"
    " Procfile, or set SLACK_APP_TOKEN in place of SLACK_SIGNING_SECRET",
    False: "SLACK_APP_TOKEN is for Socket Mode: start `run --socket-mode`, which is `worker` in the"
    " Procfile, or set SLACK_SIGNING_SECRET and PORT in place of SLACK_APP_TOKEN",
}
"""The error if an option of `run` contradicts the settings; the key is `Settings.is_http`."""


async def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Connect to Slack and serve until a signal; return the exit code."""
    settings = Settings.from_env(environ)
    if arguments.is_http not in (None, settings.is_http):
        raise SettingsError([_OTHER_TRANSPORT[settings.is_http]])
    configure_logging(level=settings.log_level, style=settings.log_format)
    log.info(
        "Parley %s starts, by %s, with %s",
        VERSION,
        "HTTP" if settings.is_http else "Socket Mode",
        # Only the kind: in a URL that lacks its host, the password stands in the place of a port.
        "SQLite" if settings.database_url.startswith("sqlite:") else "PostgreSQL",
    )
    for sentence in misspelled(environ):
        log.warning("%s", sentence)
    slack, followed = settings.slack_api_url, settings.clock_url
    clock: Clock = CheckedClock(slack_clock(slack, proxy=settings.proxy_for(slack)))
    if followed:
        clock = FollowingClock(followed, proxy=settings.proxy_for(followed))
    with DEADLINE.on_signals() as stop:
        await serve(settings, clock=clock, stop=stop, closing=DEADLINE.start)
    return 0
