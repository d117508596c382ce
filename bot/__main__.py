"""The command line: `python -m bot run` and the other commands."""

import argparse
import asyncio
import errno
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.app import serve
from bot.cli import check, corpus, database, export, find, personal_data, setup, sources
from bot.cli.arguments import WHO, parse_count, parse_port, parse_public_url, parse_who
from bot.cli.context import EX_CONFIG
from bot.cli.demo import demo
from bot.cli.terminal import abandon_output, complain, replace_invalid_utf8
from bot.clock import CheckedClock, Clock, FollowingClock, slack_clock
from bot.entrances.socket_mode import SocketLostError
from bot.log import configure_logging, redact
from bot.observability.status import ListenError
from bot.retry import reason
from bot.settings import (
    ENV_FILE,
    EnvFileError,
    Settings,
    SettingsError,
    misspelled,
    read_environment,
)
from bot.shutdown import ShutdownDeadline
from store.db import DatabaseUnavailableError, TemporaryDatabaseError
from store.text import well_formed
from store.types import CorpusInvalidError, FeedChange, ParleyError, Problem
from store.version import VERSION

log = logging.getLogger(__name__)

_MOST_PROBLEMS = 100
"""The most problems of a corpus that are printed; the rest is counted."""

_OTHER_TRANSPORT = {
    True: "SLACK_SIGNING_SECRET and PORT are for HTTP: start `run --http`, which is `web` in the"
    " Procfile, or set SLACK_APP_TOKEN in place of SLACK_SIGNING_SECRET",
    False: "SLACK_APP_TOKEN is for Socket Mode: start `run --socket-mode`, which is `worker` in the"
    " Procfile, or set SLACK_SIGNING_SECRET and PORT in place of SLACK_APP_TOKEN",
}
"""The error if an option of `run` contradicts the settings; the key is `Settings.is_http`."""


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code.

    0, 1 (failure), 2 (wrong arguments), 65 (some files are not loaded), 78 (configuration error),
    130 (interrupted), or 141 (nobody reads the output any more, as after `| head`).
    """
    replace_invalid_utf8()
    arguments = _parser().parse_args(argv)
    try:
        code = _run_command(arguments)
        if sys.stdout:
            sys.stdout.flush()
        return code
    except BrokenPipeError:
        abandon_output()
        return 141
    except OSError as error:
        # Other errors of files and connections were turned into sentences before.
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS, errno.EMFILE):
            raise
        where = f"{error.filename}: " if error.filename else "Writing failed: "
        complain(f"{where}{error.strerror}.")
        abandon_output()
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        _deadline.cancel()


def _run_command(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code; print a sentence for each error that has one."""
    try:
        return asyncio.run(_command(arguments, read_environment(ENV_FILE)))
    except SettingsError as error:
        _complain_of_settings(error)
        return EX_CONFIG
    except CorpusInvalidError as error:
        _complain_of_files(error.problems)
        return EX_CONFIG
    except (DatabaseUnavailableError, TemporaryDatabaseError, ListenError) as error:
        complain(str(error))
        return 1
    except ParleyError as error:
        complain(str(error))
        return EX_CONFIG
    except SlackApiError as error:
        complain(f"Slack refuses the token: {reason(error)}. Try `python -m bot check`.")
        return EX_CONFIG
    except SocketLostError as error:
        complain(f"{error}: exiting, so that the supervisor restarts Parley.")
        return 1
    except (aiohttp.ClientError, TimeoutError) as error:
        complain(f"Slack cannot be reached: {redact(str(error)) or type(error).__name__}.")
        return 1


def _complain_of_settings(error: SettingsError) -> None:
    for problem in error.problems:
        complain(f"{problem}.")
    if not isinstance(error, EnvFileError):
        complain("`python -m bot check` checks everything, and .env.example lists the settings.")


def _complain_of_files(problems: Sequence[Problem]) -> None:
    for problem in problems[:_MOST_PROBLEMS]:
        complain(str(problem))
    if len(problems) > _MOST_PROBLEMS:
        complain(
            f"… and {len(problems) - _MOST_PROBLEMS:,} more:"
            " `python -m bot check --corpus PATH` lists all."
        )


_deadline = ShutdownDeadline()


async def _command(arguments: argparse.Namespace, environ: dict[str, str]) -> int:
    try:
        code: int = await arguments.run(arguments, environ)
        return code
    finally:
        # Closing the event loop waits for its threads, however long they take.
        _deadline.start()


def _parser() -> argparse.ArgumentParser:
    is_module = Path(sys.argv[0]).name == "__main__.py"
    parser = argparse.ArgumentParser(
        prog="python -m bot" if is_module else "parley",
        description="Parley finds the right story and gets a channel talking.",
    )
    parser.add_argument("--version", action="version", version=f"Parley {VERSION}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def command(name: str, run: object, purpose: str) -> argparse.ArgumentParser:
        subparser = commands.add_parser(
            name, help=purpose, description=f"{purpose[0].upper()}{purpose[1:]}."
        )
        subparser.set_defaults(run=run)
        return subparser

    subparser = command("demo", _demo, "try Parley in the browser, without Slack")
    subparser.add_argument(
        "--port", type=parse_port, default=8765, help="the page's port (8765; 0: any)"
    )
    subparser.add_argument(
        "--corpus", type=Path, metavar="PATH", help="a folder of documents of your own"
    )
    subparser = command("run", _run, "connect to Slack and serve")
    transport = subparser.add_mutually_exclusive_group()
    transport.add_argument(
        "--http",
        dest="is_http",
        action="store_true",
        default=None,
        help="stop with an error if the settings are for Socket Mode",
    )
    transport.add_argument(
        "--socket-mode",
        dest="is_http",
        action="store_false",
        default=None,
        help="stop with an error if the settings are for HTTP",
    )
    subparser = command(
        "check", check.run, "find problems in settings, corpus, database and tokens"
    )
    subparser.add_argument(
        "--corpus",
        type=Path,
        metavar="PATH",
        help="show what loading this folder would change instead",
    )
    subparser = command("find", find.run, "find stories from the terminal")
    words = "a few words to search for"
    subparser.add_argument("words", nargs="*", type=well_formed, metavar="WORDS", help=words)
    subparser.add_argument(
        "--jsonl",
        action="store_true",
        help="write a JSON object for the words, or for each line of input if there are none",
    )
    subparser.add_argument(
        "--corpus", type=Path, metavar="PATH", help="search this folder, not the database"
    )
    subparser = command(
        "load", corpus.load, "load a folder of documents, or holidays, into the database"
    )
    subparser.add_argument(
        "path", type=Path, nargs="?", metavar="PATH", help="instead of CORPUS_DIR"
    )
    subparser.add_argument(
        "--holidays", type=Path, metavar="FILE", help="a calendar (.ics) of dates without posts"
    )
    subparser = command("undo", corpus.undo, "restore the previous corpus")
    subparser.add_argument(
        "revision", type=int, nargs="?", metavar="REVISION", help="a number from history"
    )
    command("history", corpus.history, "list who loaded what, and when")
    _sources_parser(command("sources", sources.show, "list, add and change the feeds"))
    command("migrate", database.migrate, "update the database's schema")
    subparser = command(
        "backup", database.backup, "back up the database to a new file; the bot may be running"
    )
    subparser.add_argument("file", type=Path, metavar="FILE", help="the backup to write")
    subparser = command("restore", database.restore, "replace the database with a backup")
    subparser.add_argument("file", type=Path, metavar="FILE", help="the backup to read")
    subparser = command(
        "copy", database.copy, "copy a database to an empty one, also of the other engine"
    )
    subparser.add_argument("source", metavar="FROM", help="sqlite:///… or postgresql://…")
    subparser.add_argument("target", metavar="TO", help="sqlite:///… or postgresql://…")
    subparser = command(
        "export",
        export.run,
        "print what is stored about a person or a team, as JSON, or write the stories to a file",
    )
    subparser.add_argument("who", type=parse_who, nargs="?", metavar="TEAM[:USER]", help=WHO)
    to_file = "write all stories, with the questions that admins wrote, to a new *.jsonl or *.csv"
    subparser.add_argument("--stories", type=Path, metavar="FILE", help=to_file)
    subparser = command(
        "forget", personal_data.forget, "erase what is stored about a person or a team"
    )
    subparser.add_argument("who", type=parse_who, metavar="TEAM[:USER]", help=WHO)
    subparser.add_argument("--yes", action="store_true", help="erase without asking")
    subparser = command(
        "manifest", setup.print_manifest, "print the app manifest to paste into Slack"
    )
    subparser.add_argument(
        "--url",
        type=parse_public_url,
        help="for HTTP: Parley's public URL, https://…; without it, Socket Mode",
    )
    subparser.add_argument(
        "--shared", action="store_true", help="with --url: for many workspaces that install it"
    )
    subparser = command("key", setup.key, "generate an ENCRYPTION_KEY, for many workspaces")
    lost = "give up the tokens that no key decrypts; their workspaces must install Parley again"
    subparser.add_argument("--lost", action="store_true", help=lost)
    subparser.add_argument(
        "--yes", action="store_true", help="with --lost: give them up, not only list them"
    )
    return parser


def _sources_parser(parser: argparse.ArgumentParser) -> None:
    """Add what `sources` can do to its parser."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    which = "its address, or a part of its name"

    def command(name: str, run: object, purpose: str) -> argparse.ArgumentParser:
        subparser = commands.add_parser(
            name, help=purpose, description=f"{purpose[0].upper()}{purpose[1:]}."
        )
        subparser.set_defaults(run=run)
        return subparser

    def add_limits(subparser: argparse.ArgumentParser) -> None:
        limits = subparser.add_argument_group("which stories stay (all of them)")
        limits.add_argument("--days", type=parse_count, help="those of the last DAYS days")
        limits.add_argument("--stories", type=parse_count, help="the newest STORIES")

    subparser = command("add", sources.add, "add a feed, or the feed of a web page")
    subparser.add_argument("address", type=well_formed, metavar="ADDRESS")
    add_limits(subparser)
    for change, purpose in (
        (FeedChange.REMOVE, "stop polling a feed, and take its stories away"),
        (FeedChange.PAUSE, "stop polling a feed; its stories stay"),
        (FeedChange.RESUME, "poll a feed again"),
        (FeedChange.REFRESH, "poll a feed now"),
    ):
        subparser = command(change, sources.change, purpose)
        subparser.set_defaults(what=change)
        subparser.add_argument("feed", type=well_formed, metavar="FEED", help=which)
    subparser = command("history", sources.history, "list what the last polls of a feed changed")
    subparser.add_argument("feed", type=well_formed, metavar="FEED", help=which)
    subparser = command("keep", sources.keep, "set which stories of a feed stay")
    subparser.add_argument("feed", type=well_formed, metavar="FEED", help=which)
    add_limits(subparser)
    subparser = command("import", sources.import_list, "add the feeds of an OPML file")
    subparser.add_argument("file", type=Path, metavar="FILE")
    command("export", sources.export_list, "print the feeds as OPML")


def _is_about_port(error: OSError) -> bool:
    # EACCES may also be about a file, and then the error has its name.
    return error.errno in (errno.EADDRINUSE, errno.EACCES) and not error.filename


async def _demo(arguments: argparse.Namespace, environ: dict[str, str]) -> int:
    settings = Settings.from_env({"LOG_LEVEL": "warning"} | environ, connecting=False)
    configure_logging(level=settings.log_level, style="text")
    try:
        with _deadline.on_signals() as stop:
            await demo(
                port=arguments.port,
                corpus=arguments.corpus,
                agent_view=settings.agent_view,
                command_prefix=settings.command_prefix,
                stop=stop,
            )
    except OSError as error:
        if not _is_about_port(error):
            raise
        is_taken = error.errno == errno.EADDRINUSE
        complain(
            f"Port {arguments.port} {'is taken by another program' if is_taken else 'needs root'}:"
            " `make demo PORT=0`, or `python -m bot demo --port 0`, takes any free port."
        )
        return 1
    return 0


async def _run(arguments: argparse.Namespace, environ: dict[str, str]) -> int:
    settings = Settings.from_env(environ)
    if arguments.is_http not in (None, settings.is_http):
        raise SettingsError([_OTHER_TRANSPORT[settings.is_http]])
    configure_logging(level=settings.log_level, style=settings.log_format)
    for sentence in misspelled(environ):
        log.warning("%s", sentence)
    slack, followed = settings.slack_api_url, settings.clock_url
    clock: Clock = CheckedClock(slack_clock(slack, proxy=settings.proxy_for(slack)))
    if followed:
        clock = FollowingClock(followed, proxy=settings.proxy_for(followed))
    with _deadline.on_signals() as stop:
        await serve(settings, clock=clock, stop=stop, closing=_deadline.start)
    return 0


if __name__ == "__main__":
    code = main()
    # At exit the interpreter waits for the threads that are still running.
    _deadline.start()
    sys.exit(code)
