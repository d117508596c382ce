"""The command line: every command with its options."""

import argparse
import sys
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path

from bot.cli import check, corpus, database, demo, export, find, personal_data, run, setup, sources
from bot.cli.arguments import WHO, parse_count, parse_port, parse_public_url, parse_who
from store.text import well_formed
from store.types import FeedChange
from store.version import VERSION

Run = Callable[[argparse.Namespace, Mapping[str, str]], Awaitable[int]]


def command_line() -> argparse.ArgumentParser:
    """Return the parser of the command line; `run` of what it returns is the command."""
    is_module = Path(sys.argv[0]).name == "__main__.py"
    parser = argparse.ArgumentParser(
        prog="python -m bot" if is_module else "parley",
        description="Parley finds the right story and gets a channel talking.",
    )
    parser.add_argument("--version", action="version", version=f"Parley {VERSION}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    command = partial(_command, commands)
    subparser = command("demo", demo.run, "try Parley in the browser, without Slack")
    subparser.add_argument(
        "--port", type=parse_port, default=8765, help="the page's port (8765; 0: any)"
    )
    subparser.add_argument(
        "--corpus", type=Path, metavar="PATH", help="a folder of documents of your own"
    )
    subparser = command("run", run.run, "connect to Slack and serve")
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
    command = partial(_command, commands)
    which = "its address, or a part of its name"

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
        subparser = command(change.value, sources.change, purpose)
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


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    run: Run,
    purpose: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name, help=purpose, description=f"{purpose[0].upper()}{purpose[1:]}."
    )
    parser.set_defaults(run=run)
    return parser
