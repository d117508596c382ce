"""The command line: `python -m bot run` and the other commands."""

import argparse
import asyncio
import errno
import logging
import re
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.app import serve
from bot.cli.channel_names import channel_names
from bot.cli.check import EX_CONFIG, check
from bot.cli.demo import demo
from bot.cli.find import Finds, find_each, format_answer
from bot.cli.load_report import (
    format_check,
    format_revision,
    format_warnings,
    listed_effects,
)
from bot.cli.progress_bar import show_progress
from bot.cli.terminal import (
    abandon_output,
    complain,
    is_confirmed,
    replace_invalid_utf8,
    say,
    say_json,
)
from bot.clock import CheckedClock, Clock, FollowingClock, slack_clock, system_clock
from bot.entrances.http_mode import PATH
from bot.entrances.install import Bots
from bot.entrances.socket_mode import SocketLostError
from bot.log import configure_logging, redact
from bot.manifest import render
from bot.observability.status import ListenError
from bot.proxies import is_usable
from bot.retry import reason
from bot.settings import (
    SAMPLES,
    EnvFileError,
    Settings,
    SettingsError,
    misspelled,
    read_environment,
)
from bot.shutdown import ShutdownDeadline
from handlers.views.message import sized
from store import Store, open_store, samples
from store.db import DatabaseError, DatabaseUnavailableError, DiskError, exists, readable
from store.db.backup import backup, copy, restore
from store.finding.embeddings import Embeddings
from store.finding.finder import Finder
from store.loading.documents import read_corpus
from store.posting.holidays import read_holidays
from store.teams.token_cipher import TokenCipher, new_key
from store.text import well_formed
from store.types import CorpusInvalidError, ParleyError, Problem, TeamId, UserId
from store.version import VERSION

log = logging.getLogger(__name__)

_ENV_FILE = Path(".env")
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

    0, 1 (failure), 2 (wrong arguments), 78 (configuration error), 130 (interrupted), or 141 (nobody
    reads the output any more, as after `| head`).
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
        # Everything else about a file or a connection has a sentence of its own by now.
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
        return asyncio.run(_command(arguments, read_environment(_ENV_FILE)))
    except SettingsError as error:
        _complain_of_settings(error)
        return EX_CONFIG
    except CorpusInvalidError as error:
        _complain_of_files(error.problems)
        return EX_CONFIG
    except (DatabaseUnavailableError, DiskError, ListenError) as error:
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
        "--port", type=_parse_port, default=8765, help="the page's port (8765; 0: any)"
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
    subparser = command("check", _check, "find problems in settings, corpus, database and tokens")
    subparser.add_argument(
        "--corpus",
        type=Path,
        metavar="PATH",
        help="show what loading this folder would change instead",
    )
    subparser = command("find", _find, "find stories from the terminal")
    words = "a few words to search for"
    subparser.add_argument("words", nargs="*", type=well_formed, metavar="WORDS", help=words)
    subparser.add_argument(
        "--jsonl", action="store_true", help="read a query per line, write a JSON object per line"
    )
    subparser.add_argument(
        "--corpus", type=Path, metavar="PATH", help="search this folder, not the database"
    )
    subparser = command("load", _load, "load a folder of documents, or holidays, into the database")
    subparser.add_argument(
        "path", type=Path, nargs="?", metavar="PATH", help="instead of CORPUS_DIR"
    )
    subparser.add_argument(
        "--holidays", type=Path, metavar="FILE", help="a calendar (.ics) of dates without posts"
    )
    subparser = command("undo", _undo, "restore the previous corpus")
    subparser.add_argument(
        "revision", type=int, nargs="?", metavar="REVISION", help="a number from history"
    )
    command("history", _history, "list who loaded what, and when")
    command("migrate", _migrate, "update the database's schema")
    subparser = command(
        "backup", _backup, "back up the database to a new file; the bot may be running"
    )
    subparser.add_argument("file", type=Path, metavar="FILE", help="the backup to write")
    subparser = command("restore", _restore, "replace the database with a backup")
    subparser.add_argument("file", type=Path, metavar="FILE", help="the backup to read")
    subparser = command("copy", _copy, "copy a database to an empty one, also of the other engine")
    subparser.add_argument("source", metavar="FROM", help="sqlite:///… or postgresql://…")
    subparser.add_argument("target", metavar="TO", help="sqlite:///… or postgresql://…")
    subparser = command("export", _export, "print what is stored about a person or a team, as JSON")
    subparser.add_argument("who", type=_parse_who, metavar="TEAM[:USER]", help=_WHO)
    subparser = command("forget", _forget, "erase what is stored about a person or a team")
    subparser.add_argument("who", type=_parse_who, metavar="TEAM[:USER]", help=_WHO)
    subparser.add_argument("--yes", action="store_true", help="erase without asking")
    subparser = command("manifest", _manifest, "print the app manifest to paste into Slack")
    subparser.add_argument(
        "--url",
        type=_parse_public_url,
        help="for HTTP: Parley's public URL, https://…; without it, Socket Mode",
    )
    subparser.add_argument(
        "--shared", action="store_true", help="with --url: for many workspaces that install it"
    )
    subparser = command("key", _key, "generate an ENCRYPTION_KEY, for many workspaces")
    lost = "give up the tokens that no key decrypts; their workspaces must install Parley again"
    subparser.add_argument("--lost", action="store_true", help=lost)
    subparser.add_argument(
        "--yes", action="store_true", help="with --lost: give them up, not only list them"
    )
    return parser


def _parse_port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 65535")
    return int(text)


def _parse_public_url(text: str) -> str:
    """Parse the public URL of Parley, with or without the path that Slack's requests have."""
    is_plain = re.fullmatch(r"https://[^\s?#@\\\"<>]+", text, re.ASCII)
    if not (is_plain and is_usable(text)):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not like https://parley.example.com, where Slack sends its requests"
        )
    return text.rstrip("/").removesuffix(PATH)


def _is_about_port(error: OSError) -> bool:
    # EACCES may also be about a file, and then the error has its name.
    return error.errno in (errno.EADDRINUSE, errno.EACCES) and not error.filename


_WHO = (
    "Slack's ids: a team such as T012AB3CD, or a person or direct message of it such as"
    " T012AB3CD:U012AB3CD"
)


def _parse_who(text: str) -> tuple[TeamId, UserId | None]:
    """Parse TEAM or TEAM:USER; raises `ArgumentTypeError`."""
    found = re.fullmatch(r"(T[A-Z0-9]+)(?::([UWD][A-Z0-9]+))?", text, re.ASCII)
    if found is None:
        raise argparse.ArgumentTypeError(f"must be {_WHO}, not {text!r}")
    return TeamId(found[1]), UserId(found[2]) if found[2] else None


async def _demo(arguments: argparse.Namespace, environ: dict[str, str]) -> int:
    settings = Settings.from_env({"LOG_LEVEL": "warning"} | environ, connecting=False)
    configure_logging(level=settings.log_level, style="text")
    try:
        with _deadline.on_signals() as stop:
            await demo(port=arguments.port, corpus=arguments.corpus, stop=stop)
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


def _settings(environ: dict[str, str]) -> Settings:
    """Return the settings of a command that does not connect to Slack; warn of misspelled names."""
    for sentence in misspelled(environ):
        complain(f"Warning: {sentence}")
    return Settings.from_env(environ, connecting=False)


@asynccontextmanager
async def _store(environ: dict[str, str], *, is_looking: bool = False) -> AsyncIterator[Store]:
    """Open the store of a command that reads or changes what is there.

    Raises `DatabaseError` if there is no database, unless *is_looking*: then it looks empty.
    """
    url = _settings(environ).database_url
    if not (is_looking or exists(url)):
        raise DatabaseError(f"There is no database {readable(url)}.")
    async with open_store(url, is_looking=is_looking) as store:
        yield store


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


async def _check(arguments: argparse.Namespace, environ: dict[str, str]) -> int:
    if arguments.corpus:
        return await _check_corpus(arguments.corpus, environ)
    found = await check(environ, env_file=_ENV_FILE)
    for line in found.passed:
        say(line)
    for line in found.warnings:
        complain(f"Warning: {line}")
    for line in (*found.problems, *found.unreachable):
        complain(line)
    return found.exit_code


async def _check_corpus(path: Path, environ: dict[str, str]) -> int:
    settings = _settings(environ)
    url = settings.database_url
    async with open_store(url, is_looking=True) as store, show_progress() as progress:
        try:
            checked = await store.corpus.check(path, progress=progress)
        except CorpusInvalidError as error:
            # Only this command prints all problems.
            complain(str(error))
            return EX_CONFIG
        channels = [(effect.team_id, effect.channel_id) for effect in listed_effects(checked)]
        names = await channel_names(channels, settings, store.installations)
    for line in format_check(checked, names):
        say(line)
    return 0


async def _find(arguments: argparse.Namespace, environ: dict[str, str]) -> int:
    if not arguments.words and not arguments.jsonl:
        complain("Type what to search for: python -m bot find embassy talks")
        return 2
    async with _finder(arguments.corpus, environ) as finder:
        if arguments.jsonl:
            async for found in find_each(finder, sys.stdin or ()):
                say_json(found)
        else:
            query = " ".join(arguments.words)
            say(format_answer(query, await finder.find(query)))
    return 0


async def _load(arguments: argparse.Namespace, environ: dict[str, str]) -> int:
    settings = _settings(environ)
    async with open_store(settings.database_url) as store:
        if arguments.holidays:
            await _load_holidays(store, arguments.holidays)
        if arguments.path or not arguments.holidays:
            await _load_corpus(store, arguments.path or settings.corpus_dir)
    return 0


async def _load_corpus(store: Store, path: Path) -> None:
    try:
        async with show_progress() as progress:
            reload = await store.corpus.reload(
                path, by="terminal", at=system_clock(), progress=progress
            )
    except CorpusInvalidError:
        complain(f"Nothing was loaded, because of problems in {path}:")
        raise
    revision = reload.revision
    done = "Loaded" if reload.is_changed else "Nothing has changed:"
    changes = f", {revision.changes}" if reload.is_changed else ""
    say(
        f"{done} {sized(revision.documents, revision.articles)} from {path}:"
        f" revision {revision.number}{changes}."
    )
    for line in format_warnings(reload.warnings):
        complain(line)
    if samples.are_loaded(revision):
        complain(f"Warning: these are {SAMPLES}.")


async def _load_holidays(store: Store, path: Path) -> None:
    file = read_holidays(path, today=system_clock().date())
    holidays = file.holidays
    await store.holidays.replace(holidays)
    first, last = holidays[0], holidays[-1]
    say(
        f"No posts on {len(holidays)} dates from {path}, in the place of those before:"
        f" the first is {first.due_on} ({first.name}), the last {last.due_on} ({last.name})."
    )
    for line in format_warnings(file.warnings):
        complain(line)


async def _undo(arguments: argparse.Namespace, environ: dict[str, str]) -> int:
    async with _store(environ) as store:
        async with show_progress() as progress:
            revision = await store.corpus.undo(
                by="terminal", at=system_clock(), number=arguments.revision, progress=progress
            )
        say(format_revision(revision))
    return 0


async def _history(_: argparse.Namespace, environ: dict[str, str]) -> int:
    async with _store(environ, is_looking=True) as store:
        for revision in await store.corpus.history(20):
            say(format_revision(revision))
    return 0


async def _migrate(_: argparse.Namespace, environ: dict[str, str]) -> int:
    settings = _settings(environ)
    async with open_store(settings.database_url):
        say(f"The schema of {readable(settings.database_url)} is up to date.")
    return 0


async def _backup(arguments: argparse.Namespace, environ: dict[str, str]) -> int:
    settings = _settings(environ)
    await backup(settings.database_url, arguments.file)
    say(f"{readable(settings.database_url)} is backed up in {arguments.file}.")
    return 0


async def _restore(arguments: argparse.Namespace, environ: dict[str, str]) -> int:
    settings = _settings(environ)
    kept = await restore(arguments.file, settings.database_url)
    was = f" The previous database is kept as {kept}." if kept else ""
    say(f"{readable(settings.database_url)} is restored from {arguments.file}.{was}")
    return 0


async def _copy(arguments: argparse.Namespace, _: dict[str, str]) -> int:
    for table, rows in (await copy(arguments.source, arguments.target)).items():
        say(f"{table}: {rows}")
    say(f"Copied. Now set DATABASE_URL to {readable(arguments.target)}, with its password if any.")
    return 0


async def _export(arguments: argparse.Namespace, environ: dict[str, str]) -> int:
    team_id, user_id = arguments.who
    async with _store(environ, is_looking=True) as store:
        tables = await store.personal_data.export(team_id, user_id)
    exported = {"team": team_id, "user": user_id, "at": system_clock().isoformat()}
    say_json(exported | {"tables": tables}, indent=2)
    return 0


async def _forget(arguments: argparse.Namespace, environ: dict[str, str]) -> int:
    team_id, user_id = arguments.who
    who = f"{user_id} of {team_id}" if user_id else f"the team {team_id}"
    async with _store(environ) as store:
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
            await store.personal_data.forget(team_id, user_id)
            say("Erased. Delete backups and log files yourself: they are unchanged.")
    for admin in sorted(Settings.from_env(environ, connecting=False).admin_user_ids):
        if admin in (user_id, f"{team_id}:{user_id}") or (
            not user_id and admin.startswith(f"{team_id}:")
        ):
            say(f"ADMIN_USER_IDS in the settings still lists {admin}.")
    if not user_id:
        say("Also remove the app from that workspace, or new data about it will be stored.")
    return 0


async def _manifest(arguments: argparse.Namespace, environ: dict[str, str]) -> int:
    settings = _settings(environ)
    if arguments.shared and not arguments.url:
        complain("Many workspaces need HTTP: python -m bot manifest --shared --url https://…")
        return 2
    manifest = render(
        arguments.url,
        agent_view=settings.agent_view,
        workflow_steps=settings.workflow_steps,
        is_shared=arguments.shared,
    )
    say(manifest.removesuffix("\n"))
    return 0


async def _key(arguments: argparse.Namespace, environ: dict[str, str]) -> int:
    if not arguments.lost:
        say(new_key())
        return 0
    async with _store(environ) as store:
        keys = Settings.from_env(environ, connecting=False).encryption_key
        bots = Bots(store.installations, TokenCipher(keys))
        say(await bots.give_up(is_sure=arguments.yes))
    return 0


@asynccontextmanager
async def _finder(corpus: Path | None, environ: dict[str, str]) -> AsyncIterator[Finds]:
    """Yield a finder over the folder *corpus*, or else over the database's corpus.

    While the database is empty, the corpus folder of the settings is searched.
    """
    if not corpus:
        async with _store(environ, is_looking=True) as store:
            if store.corpus.revision:
                await store.embedder.read()
                yield store.corpus
                return
        corpus = Settings.from_env(environ, connecting=False).corpus_dir
    yield Finder.of([*read_corpus(corpus).articles()], Embeddings.load())


if __name__ == "__main__":
    code = main()
    # At exit the interpreter waits for the threads that are still running.
    _deadline.start()
    sys.exit(code)
