"""Run one command of `python -m bot`, and end with a sentence and an exit code."""

import argparse
import asyncio
import errno
import sys
from collections.abc import Sequence

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.cli.command_line import command_line
from bot.cli.context import EX_CONFIG
from bot.cli.terminal import abandon_output, complain, replace_invalid_utf8
from bot.entrances.socket_mode import SocketLostError
from bot.log import redact
from bot.observability.status import ListenError
from bot.retry import reason
from bot.settings import ENV_FILE, EnvFileError, SettingsError, read_environment
from bot.shutdown import DEADLINE
from store.db import DatabaseUnavailableError, TemporaryDatabaseError
from store.types import CorpusInvalidError, ParleyError, Problem

_MOST_PROBLEMS = 100
"""The most problems of a corpus that are printed; the rest is counted."""


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code.

    0, 1 (failure), 2 (wrong arguments), 65 (some files are not loaded), 78 (configuration error),
    130 (interrupted), or 141 (nobody reads the output any more, as after `| head`).
    """
    replace_invalid_utf8()
    arguments = command_line().parse_args(argv)
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
        DEADLINE.cancel()


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


async def _command(arguments: argparse.Namespace, environ: dict[str, str]) -> int:
    try:
        code: int = await arguments.run(arguments, environ)
        return code
    finally:
        # Closing the event loop waits for its threads, however long they take.
        DEADLINE.start()


if __name__ == "__main__":
    code = main()
    # At exit the interpreter waits for the threads that are still running.
    DEADLINE.start()
    sys.exit(code)
