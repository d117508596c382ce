"""`python -m bot check`: what is wrong, in plain words, before anybody meets it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.clock import system_clock
from bot.manifest import SCOPES
from bot.patience import reason
from bot.settings import Settings
from handlers.directory import Directory
from store import open_store
from store.db import examine, readable
from store.loading.documents import read_corpus
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


class _Findings:
    def __init__(self) -> None:
        self.well: list[str] = []
        self.problems: list[str] = []


async def check(environ: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Look at everything that can be looked at from here: (what is well, problems).

    The settings, the corpus, the database, the tokens, the token's scopes, and whether Parley may
    post in each channel that has a schedule.
    """
    settings, wrong = Settings.read(environ)
    found = _Findings()
    found.problems = [f"Settings: {problem}." for problem in (*settings.missing(), *wrong)]
    if not found.problems:
        found.well.append("Settings: complete.")
    _corpus(settings.corpus_dir, found)
    client = AsyncWebClient(
        base_url=settings.slack_api_url,
        timeout=10,
        retry_handlers=[AsyncRateLimitErrorRetryHandler(max_retry_count=5)],
    )
    me = await _bot_token(settings, client, found) if settings.slack_bot_token else None
    if settings.slack_app_token:
        await _app_token(settings, client, found)
    await _database(settings, client, me, found)
    return found.well, found.problems


def _corpus(path: Path, found: _Findings) -> None:
    try:
        contents = read_corpus(path)
    except CorpusInvalidError as error:
        found.problems += [f"Corpus: {problem}" for problem in error.problems]
    else:
        documents, articles = len(contents.digests), len(contents.keys)
        found.well.append(f"Corpus: {documents} documents with {articles} articles in {path}.")


async def _bot_token(
    settings: Settings, client: AsyncWebClient, found: _Findings
) -> AsyncSlackResponse | None:
    try:
        me = await client.auth_test(token=settings.slack_bot_token)
    except _UNREACHED as error:
        found.problems.append(f"SLACK_BOT_TOKEN: {_reason(error, settings)}.")
        return None
    found.well.append(f"SLACK_BOT_TOKEN: {me['user']} in {me['team']}.")
    # Slack lists the token's scopes on every answer (docs.slack.dev: OAuth scopes).
    granted = {scope.strip() for scope in me.headers.get("x-oauth-scopes", "").split(",")}
    if lacking := [scope for scope in SCOPES if scope not in granted]:
        found.problems.append(
            f"SLACK_BOT_TOKEN: lacks {', '.join(lacking)}; paste the manifest anew"
            " (python -m bot manifest) and install the app again."
        )
    else:
        found.well.append("SLACK_BOT_TOKEN: has every scope of the manifest.")
    return me


async def _app_token(settings: Settings, client: AsyncWebClient, found: _Findings) -> None:
    try:
        await client.apps_connections_open(app_token=settings.slack_app_token)
        found.well.append("SLACK_APP_TOKEN: Socket Mode can be opened.")
    except _UNREACHED as error:
        found.problems.append(f"SLACK_APP_TOKEN: {_reason(error, settings)}.")


async def _database(
    settings: Settings, client: AsyncWebClient, me: AsyncSlackResponse | None, found: _Findings
) -> None:
    url = settings.database_url
    try:
        async with open_store(url) as store:
            revision = store.corpus.revision
            schedules = await store.schedules.list(me["team_id"]) if me else []
        await examine(url)
    except ParleyError as error:
        found.problems.append(f"Database: {error}")
        return
    held = f"revision {revision.number}" if revision else "nothing loaded yet"
    found.well.append(f"Database: {readable(url)}, {held}.")
    if schedules:
        client.token = settings.slack_bot_token
        channels = list(dict.fromkeys(schedule.channel_id for schedule in schedules))
        await _channels(channels, client, settings, found)


async def _channels(
    channels: Sequence[str], client: AsyncWebClient, settings: Settings, found: _Findings
) -> None:
    directory = Directory(client, admins=frozenset(), clock=system_clock)
    ready = 0
    for channel in channels:
        try:
            await directory.require_member(channel)
        except ParleyError as error:
            found.problems.append(f"Channel {channel} has a schedule: {error}")
        except _UNREACHED as error:
            found.problems.append(f"Channel {channel} has a schedule: {_reason(error, settings)}.")
        else:
            ready += 1
    found.well.append(f"Channels: Parley can post in {ready} of {len(channels)} with a schedule.")


def _reason(error: Exception, settings: Settings) -> str:
    if not isinstance(error, SlackApiError):
        return f"{settings.slack_api_url} cannot be reached ({type(error).__name__})"
    code = reason(error)
    return f"{_WHY[code]} ({code})" if code in _WHY else f"Slack answers {code}"
