"""`python -m bot check`: find problems of the setup before users do."""

import argparse
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

from aiohttp import web
from slack_sdk.errors import SlackApiError

from bot.cli import corpus
from bot.cli.context import EX_CONFIG
from bot.cli.terminal import complain, say
from bot.clock import CheckedClock, slack_clock, system_clock
from bot.manifest import OPTIONAL, SCOPES
from bot.observability.status import ListenError, listening
from bot.proxies import is_usable, without_credentials
from bot.retry import is_temporary, reason
from bot.settings import ENV_FILE, SAMPLES, Settings, misspelled
from bot.slack_clients import Clients
from handlers.slack.api_errors import FAILURES
from handlers.slack.directory import Directory
from handlers.slack.teams import Bot, Teams
from handlers.views.message import sized
from store import open_store, samples
from store.db import (
    DatabaseUnavailableError,
    TemporaryDatabaseError,
    examine,
    exists,
    exposed,
    pending_migration,
    readable,
)
from store.db.private import is_exposed
from store.loading.documents import read_corpus
from store.teams.installations import Installation
from store.teams.token_cipher import TokenCipher, TokenCipherError
from store.types import (
    ChannelId,
    CorpusInvalidError,
    FeedSource,
    Health,
    ParleyError,
    Schedule,
    TeamId,
)

_TOKEN_PROBLEMS = {
    "invalid_auth": "Slack does not know it",
    "not_authed": "Slack does not know it",
    "account_inactive": "its app or its workspace is gone",
    "token_revoked": "it was revoked: reinstall the app",
    "token_expired": "it has expired: reinstall the app",
    "not_allowed_token_type": "it is a token of another kind",
    "missing_scope": "it lacks the scope connections:write",
}


@dataclass(slots=True)
class Findings:
    """The results of `check`, in sentences."""

    passed: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    """Probable problems; Parley runs anyway, so they do not change the exit code."""
    problems: list[str] = field(default_factory=list)
    """Problems that somebody has to fix."""
    unreachable: list[str] = field(default_factory=list)
    """Checks that failed because Slack or the database cannot be reached."""

    @property
    def exit_code(self) -> int:
        """The exit code that `run` would have: 78 for problems, 1 if something is unreachable."""
        return EX_CONFIG if self.problems else 1 if self.unreachable else 0

    def call_failed(self, name: str, error: Exception, settings: Settings) -> None:
        """Record that a call to Slack about *name* was refused or got no answer."""
        if not is_temporary(error):
            code = reason(error)
            known = _TOKEN_PROBLEMS.get(code)
            why = f"{known} ({code})" if known else f"Slack answers {code}"
            self.problems.append(f"{name}: {why}.")
            return
        what = reason(error) if isinstance(error, SlackApiError) else type(error).__name__
        self.unreachable.append(
            f"{name}: {settings.slack_api_url} cannot be reached{_through(settings)} ({what})."
        )


async def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print all problems of the setup; with --corpus, what loading that folder would change."""
    if arguments.corpus:
        return await corpus.check(arguments.corpus, environ)
    found = await check(environ, env_file=ENV_FILE)
    for line in found.passed:
        say(line)
    for line in found.warnings:
        complain(f"Warning: {line}")
    for line in (*found.problems, *found.unreachable):
        complain(line)
    return found.exit_code


async def check(environ: Mapping[str, str], *, env_file: Path | None = None) -> Findings:
    """Check the whole setup.

    Checks the settings, the corpus, the database, the tokens and their scopes, and whether Parley
    can post in each channel that has a schedule. *env_file* is the file with settings, which may be
    missing.
    """
    settings, wrong = Settings.read(environ)
    found = Findings()
    problems = (*settings.missing(wrong), *wrong.values())
    found.problems = [f"Settings: {problem}." for problem in problems]
    if found.problems and env_file:
        found.warnings += _missing_file(env_file)
    if not found.problems:
        found.passed.append("Settings: complete.")
    found.warnings += [*misspelled(environ), *(f"{one}." for one in settings.ignored())]
    found.warnings += _proxy_warnings(settings)
    await _ports(settings, found)
    if through := _through(settings):
        found.passed.append(f"Proxy: {settings.slack_api_url} is reached{through}.")
    if env_file and is_exposed(env_file):
        found.warnings.append(_exposed("Settings", env_file, "It holds secrets"))
    _corpus(settings.corpus_dir, found)
    if settings.slack_app_token:
        await _app_token(settings, found)
    clock = CheckedClock(slack_clock(settings.slack_api_url, proxy=_usable_proxy(settings)))
    await clock.read()
    if problem := await clock.problem():
        found.warnings.append(f"Clock: {problem}.")
    await _database(settings, found, is_url_valid="database_url" not in wrong)
    return found


def _proxy_warnings(settings: Settings) -> list[str]:
    """Return warnings about PORT and TRUSTED_PROXIES that contradict each other."""
    proxies = settings.trusted_proxies
    if not settings.is_http or settings.port is None:
        if proxies:
            return [f"TRUSTED_PROXIES={proxies} has no effect without HTTP."]
        return []
    host, port = settings.port
    if proxies and host in ("0.0.0.0", "::"):  # noqa: S104
        return [
            f"TRUSTED_PROXIES={proxies} trusts X-Forwarded-For, and port {port} is open on"
            " every address: anybody who bypasses the proxy can fake an address. Give PORT"
            f" the address that the proxy connects to, such as 127.0.0.1:{port}, or let a firewall"
            " block everybody else."
        ]
    if not proxies and _is_loopback(host):
        return [
            f"PORT={host}:{port} is reached only through a proxy on this machine, and with"
            " TRUSTED_PROXIES=0 every request seems to come from that proxy. Set TRUSTED_PROXIES"
            " to the number of proxies that add to X-Forwarded-For."
        ]
    return []


def _missing_file(env_file: Path) -> list[str]:
    return [] if env_file.exists() else [f"Settings: there is no file {env_file.absolute()}."]


async def _ports(settings: Settings, found: Findings) -> None:
    """Try to listen on the ports; a bot that is running has taken them already."""
    port = settings.port if settings.is_http else None
    for name, address in (("STATUS_PORT", settings.status_port), ("PORT", port)):
        try:
            if address:
                async with listening(web.Application(), address):
                    pass
        except ListenError as error:
            found.warnings.append(f"{name}: {error}")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _usable_proxy(settings: Settings) -> str | None:
    proxy = settings.proxy_for(settings.slack_api_url)
    return proxy if proxy and is_usable(proxy) else None


def _through(settings: Settings) -> str:
    proxy = _usable_proxy(settings)
    return f" through {without_credentials(proxy)}" if proxy else ""


def _corpus(path: Path, found: Findings) -> None:
    try:
        contents = read_corpus(path)
    except CorpusInvalidError as error:
        found.problems += [f"Corpus in {path}: {problem}" for problem in error.problems]
    else:
        documents, articles = len(contents.digests), len(contents.hashes)
        found.passed.append(f"Corpus: {sized(documents, articles)} in {path}.")
        found.warnings += [f"Corpus: {one}; it is not loaded." for one in contents.problems]
        found.warnings += [f"Corpus: {warning}." for warning in contents.warnings]
        if contents.fingerprint in samples.FINGERPRINTS:
            found.warnings.append(f"Corpus: {path} holds {SAMPLES}.")


def _exposed(name: str, file: Path, why: str) -> str:
    mode = f"{stat.S_IMODE(file.stat().st_mode):04o}"
    return (
        f"{name}: other users of this machine can read or write {file} (mode {mode}). {why}:"
        f" `chmod 600 {file}`."
    )


async def _app_token(settings: Settings, found: Findings) -> None:
    try:
        client = _clients(settings).asking(None)
        await client.apps_connections_open(app_token=settings.slack_app_token)
        found.passed.append("SLACK_APP_TOKEN: Socket Mode can be opened.")
    except FAILURES as error:
        found.call_failed("SLACK_APP_TOKEN", error, settings)


async def _database(settings: Settings, found: Findings, *, is_url_valid: bool) -> None:
    schedules: Mapping[TeamId, Sequence[Schedule]] = {}
    installations: Sequence[Installation] = ()
    if is_url_valid:
        schedules, installations = await _stored(settings, found)
    if settings.is_shared:
        await _installed(installations, schedules, settings, found)
    elif settings.slack_bot_token:
        await _team("SLACK_BOT_TOKEN", settings.slack_bot_token, schedules, settings, found)


async def _stored(
    settings: Settings, found: Findings
) -> tuple[Mapping[TeamId, Sequence[Schedule]], Sequence[Installation]]:
    """Check the database, and return the schedules and installations that it holds."""
    url = settings.database_url
    schedules: Mapping[TeamId, Sequence[Schedule]] = {}
    installations: Sequence[Installation] = ()
    try:
        async with open_store(url, is_looking=True) as store:
            revision = store.corpus.revision
            schedules = await store.schedules.by_team()
            installations = await store.installations.list()
            feeds = await store.sources.all()
        await examine(url)
        pending = await pending_migration(url) if exists(url) else None
    except (DatabaseUnavailableError, TemporaryDatabaseError) as error:
        found.unreachable.append(f"Database: {error}")
    except ParleyError as error:
        found.problems.append(f"Database: {error}")
    else:
        held = f"revision {revision.number}" if revision else "nothing loaded yet"
        new = "" if exists(url) else "; it does not exist yet, and `run` or `load` creates it"
        found.passed.append(f"Database: {readable(url)}, {held}{new}.")
        if pending:
            old, newest = pending
            found.warnings.append(
                f"Database: the next start, `migrate` or `load` updates its schema from {old} to"
                f" {newest}, and an older Parley cannot open it then."
            )
        if feeds:
            _feeds(feeds, settings, found)
        if samples.are_loaded(revision):
            found.warnings.append(f"Database: it holds {SAMPLES}.")
        found.warnings += [
            _exposed("Database", file, "It holds what people do with Parley")
            for file in exposed(url)
        ]
    return schedules, installations


def _feeds(feeds: Sequence[FeedSource], settings: Settings, found: Findings) -> None:
    found.passed.append(f"Feeds: {len(feeds)}.")
    found.warnings += [
        f"Feeds: {feed.name} {feed.url} fails: {feed.last_problem}"
        for feed in feeds
        if feed.health is Health.FAILING
    ]
    if not settings.feeds_contact:
        found.warnings.append(
            "FEEDS_CONTACT is missing: publishers of feeds cannot reach you. Set it to a web page"
            " or a mail address, which is sent with each request."
        )


async def _installed(
    installations: Sequence[Installation],
    schedules: Mapping[TeamId, Sequence[Schedule]],
    settings: Settings,
    found: Findings,
) -> None:
    found.passed.append(f"Workspaces: {len(installations)} have installed Parley.")
    if not (installations and settings.encryption_key):
        return
    try:
        cipher = TokenCipher(settings.encryption_key)
    except TokenCipherError as error:
        found.problems.append(str(error))
        return
    for one in installations:
        name = f"Workspace {one.team_id}"
        try:
            token = cipher.decrypt(one.token)
        except TokenCipherError as error:
            found.problems.append(
                f"{name}: {error} Put that one behind the new one, or let them install Parley"
                " again."
            )
        else:
            await _team(name, token, schedules, settings, found)


async def _team(
    name: str,
    token: str,
    schedules: Mapping[TeamId, Sequence[Schedule]],
    settings: Settings,
    found: Findings,
) -> None:
    """Check the bot token called *name*, its scopes, and the channels of its team's schedules."""
    try:
        identity = await _clients(settings).asking(token).auth_test()
    except FAILURES as error:
        found.call_failed(name, error, settings)
        return
    found.passed.append(f"{name}: {identity['user']} in {identity['team']}.")
    # Slack lists the token's scopes in a header of every answer (docs.slack.dev: OAuth scopes).
    granted = {scope.strip() for scope in identity.headers.get("x-oauth-scopes", "").split(",")}
    declined = [scope for scope in OPTIONAL if scope not in granted]
    found.warnings += [f"{name}: without {scope}, {OPTIONAL[scope]}." for scope in declined]
    if lacking := [scope for scope in SCOPES if scope not in granted and scope not in OPTIONAL]:
        found.problems.append(
            f"{name}: lacks {', '.join(lacking)}; paste the manifest again"
            " (python -m bot manifest) and reinstall the app."
        )
    elif not declined:
        found.passed.append(f"{name}: has every scope of the manifest.")
    ours = schedules.get(identity["team_id"], ())
    channels = [*dict.fromkeys(schedule.channel_id for schedule in ours)]
    if channels:
        bot = Bot(bot_id=identity["bot_id"], user_id=identity["user_id"], token=token)
        await _channels(identity["team_id"], channels, bot, settings, found)


async def _channels(
    team_id: TeamId, channels: Sequence[ChannelId], bot: Bot, settings: Settings, found: Findings
) -> None:
    async def only(_: TeamId) -> Bot:
        return bot

    clients = _clients(settings)
    teams = Teams(only, asking=clients.asking, posting=clients.posting)
    directory = Directory(teams, admins=frozenset(), clock=system_clock)
    where = f" of {team_id}" if settings.is_shared else ""
    ready = 0
    for channel in channels:
        try:
            await directory.require_parley_in(team_id, channel)
        except ParleyError as error:
            why = str(error).replace(f"<#{channel}>", "this channel")
            found.problems.append(f"Channel {channel}{where} has a schedule: {why}")
        except FAILURES as error:
            found.call_failed(f"Channel {channel}{where} has a schedule", error, settings)
        else:
            ready += 1
    found.passed.append(
        f"Channels{where}: Parley can post in {ready} of {len(channels)} with a schedule."
    )


def _clients(settings: Settings) -> Clients:
    # One call for each channel with a schedule: Slack may well limit the rate.
    return Clients(settings, tries=6, patience=60)
