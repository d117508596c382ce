"""`python -m bot check`: what is wrong, in plain words, before anybody meets it."""

from collections.abc import Mapping
from pathlib import Path

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.settings import Settings
from store import open_store
from store.db import examine, readable
from store.documents import read_corpus
from store.types import CorpusInvalidError, ParleyError

EX_CONFIG = 78
"""The exit code for a configuration error (sysexits.h)."""

_UNREACHED = (SlackApiError, aiohttp.ClientError, TimeoutError)
_WHY = {
    "invalid_auth": "Slack does not know it",
    "not_authed": "Slack does not know it",
    "account_inactive": "its app or its workspace is gone",
    "token_revoked": "it was revoked: install the app anew",
    "token_expired": "it has expired: install the app anew",
    "not_allowed_token_type": "it is a token of another kind",
    "missing_scope": "it lacks the scope connections:write",
}


async def check(environ: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Look at the settings, the corpus, the database and the tokens: (what is well, problems)."""
    settings, wrong = Settings.read(environ)
    problems = [f"Settings: {problem}." for problem in (*settings.missing(), *wrong)]
    well = [] if problems else ["Settings: complete."]
    _corpus(settings.corpus_dir, well, problems)
    await _database(settings.database_url, well, problems)
    await _tokens(settings, well, problems)
    return well, problems


def _corpus(path: Path, well: list[str], problems: list[str]) -> None:
    try:
        contents = read_corpus(path)
    except CorpusInvalidError as error:
        problems += [f"Corpus: {problem}" for problem in error.problems]
    else:
        documents, articles = len(contents.digests), len(contents.keys)
        well.append(f"Corpus: {documents} documents with {articles} articles in {path}.")


async def _database(url: str, well: list[str], problems: list[str]) -> None:
    try:
        async with open_store(url) as store:
            revision = store.corpus.revision
        await examine(url)
    except ParleyError as error:
        problems.append(f"Database: {error}")
    else:
        held = f"revision {revision.number}" if revision else "nothing loaded yet"
        well.append(f"Database: {readable(url)}, {held}.")


async def _tokens(settings: Settings, well: list[str], problems: list[str]) -> None:
    client = AsyncWebClient(base_url=settings.slack_api_url, timeout=10)
    if settings.slack_bot_token:
        try:
            me = await client.auth_test(token=settings.slack_bot_token)
            well.append(f"SLACK_BOT_TOKEN: {me['user']} in {me['team']}.")
        except _UNREACHED as error:
            problems.append(f"SLACK_BOT_TOKEN: {_reason(error, settings)}.")
    if settings.slack_app_token:
        try:
            await client.apps_connections_open(app_token=settings.slack_app_token)
            well.append("SLACK_APP_TOKEN: Socket Mode can be opened.")
        except _UNREACHED as error:
            problems.append(f"SLACK_APP_TOKEN: {_reason(error, settings)}.")


def _reason(error: Exception, settings: Settings) -> str:
    if isinstance(error, SlackApiError):
        code = str(error.response.get("error"))
        return f"{_WHY[code]} ({code})" if code in _WHY else f"Slack answers {code}"
    return f"{settings.slack_api_url} cannot be reached ({type(error).__name__})"
