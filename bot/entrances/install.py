"""Installation in many workspaces: Bolt's OAuth flow with the store, and its pages.

Tokens are encrypted before they are stored. Installing for a whole organization is refused, because
Parley stores schedules, users and channels by workspace.
"""

import html
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from secrets import token_urlsafe
from typing import Any

from aiohttp import web
from slack_bolt import BoltResponse
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.error import BoltError
from slack_bolt.oauth.async_callback_options import (
    AsyncCallbackOptions,
    AsyncFailureArgs,
    AsyncSuccessArgs,
)
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_sdk.oauth.installation_store import Installation as SlackInstallation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import Clock
from handlers.ids import Command
from handlers.slack.api_errors import FAILURES
from handlers.slack.teams import Bot, ClosedError
from store.teams.installations import Installation, Installations
from store.teams.token_cipher import TokenCipher, TokenCipherError
from store.text import showable
from store.types import ParleyError, TeamId, UserId

log = logging.getLogger(__name__)

INSTALL_PATH, REDIRECT_PATH = "/slack/install", "/slack/oauth_redirect"
_LONGEST_REASON = 300
_STATE_LIFE = timedelta(minutes=10)

_AGAIN = f'<a href="{INSTALL_PATH}">Begin again</a>.'
_REASONS = {
    "access_denied": "You said no, so nothing is installed.",
    "invalid_browser": "The installation was not begun in this browser.",
    "invalid_state": "That took too long, or was done already.",
    "missing_code": "Slack did not say whether Parley may come in.",
    "invalid_code": "Slack does not let Parley in by that.",
}
_FAILED = "The installation failed."
_UNREACHED = "Slack cannot be reached: please try again in a minute."
_ORGANISATION = (
    "Parley is installed in one workspace at a time, not in a whole organisation: choose one"
    " workspace when Slack asks, and install it in each that wants it."
)
_NO_BOT = "Slack let no bot in, so nothing is installed, and what was installed stays."
_ROTATION = "The app has token rotation switched on, and Parley does not take part in that."

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Parley</title>
<style>body{{font:16px/1.5 system-ui;max-width:34rem;margin:4rem auto;padding:0 1rem}}</style>
<h1>{title}</h1>
<p>{text}</p>
</html>
"""
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Content-Type": "text/html; charset=utf-8",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}


class RefusedError(BoltError):
    """Raised when Parley refuses an installation that Slack allows."""


class Bots:
    """Finds the bot of each team that installed Parley, and manages the encrypted tokens."""

    def __init__(self, installations: Installations, cipher: TokenCipher) -> None:
        self._installations = installations
        self._cipher = cipher

    async def find(self, team_id: TeamId) -> Bot | None:
        """Return the team's bot, or None if Parley is not installed; raises `ClosedError`."""
        found = await self._installations.find(team_id)
        if found is None:
            return None
        try:
            token = self._cipher.decrypt(found.token)
        except TokenCipherError as error:
            raise ClosedError(team_id) from error
        return Bot(bot_id=found.bot_id, user_id=found.bot_user_id, token=token)

    async def renew(self) -> None:
        """Encrypt every token with the newest key, and log which ones no key decrypts.

        Raises `TokenCipherError` if no key decrypts any token: the key is probably wrong, not lost.
        """
        every = await self._installations.list()
        unreadable = [one for one in every if not await self._renew(one)]
        if len(unreadable) == len(every) and not all(one.is_given_up for one in unreadable):
            raise TokenCipherError(
                "ENCRYPTION_KEY decrypts no workspace's token: add the previous key after the new"
                " one, or give up all tokens with `python -m bot key --lost`."
            )
        for one in unreadable:
            log.error(
                "ENCRYPTION_KEY does not decrypt the token of %s, so it is not served: add the"
                " previous key after the new one, or let the workspace install Parley again",
                one.team_id,
            )

    async def give_up(self, *, is_sure: bool) -> str:
        """Mark the tokens that no key decrypts as given up, if *is_sure*; return a report."""
        every = await self._installations.list()
        unreadable = [one for one in every if not await self._renew(one)]
        names = ", ".join(one.team_id for one in unreadable)
        if not unreadable:
            return "ENCRYPTION_KEY decrypts every token: there is nothing to give up."
        if not is_sure:
            return (
                f"ENCRYPTION_KEY does not decrypt the tokens of {names}. Giving them up cannot be"
                " undone: if their key is really lost, run `python -m bot key --lost --yes`."
            )
        for one in unreadable:
            await self._installations.give_up(one)
        return f"Gave up the tokens of {names}. These workspaces must install Parley again."

    async def _renew(self, one: Installation) -> bool:
        """Encrypt the token with the newest key; return False if no key decrypts it."""
        try:
            token = self._cipher.renew(one.token)
        except TokenCipherError:
            return False
        if token != one.token:
            await self._installations.replace_token(one, token)
        return True


class Install:
    """The pages /slack/install and /slack/oauth_redirect."""

    def __init__(
        self,
        installations: Installations,
        cipher: TokenCipher,
        *,
        client: AsyncWebClient,
        client_id: str,
        client_secret: str,
        scopes: Sequence[str],
        clock: Clock,
    ) -> None:
        """*client_id* and *client_secret* are the app's; *scopes* are the scopes to request."""
        # Bolt would log the OAuth code of a failed installation; this module logs the failure.
        quiet = logging.getLogger("slack_bolt.oauth")
        quiet.setLevel(logging.CRITICAL)
        base = client.base_url.removesuffix("api/")
        self._flow = AsyncOAuthFlow(
            client=client,
            logger=quiet,
            settings=AsyncOAuthSettings(
                client_id=client_id,
                client_secret=client_secret,
                scopes=list(scopes),
                user_scopes=[],
                install_path=INSTALL_PATH,
                redirect_uri_path=REDIRECT_PATH,
                install_page_rendering_enabled=False,
                authorization_url=f"{base}oauth/v2/authorize",
                installation_store=_InstallationSaver(installations, cipher, client, clock),
                state_store=_StateStore(installations, clock),
                state_expiration_seconds=int(_STATE_LIFE.total_seconds()),
                callback_options=AsyncCallbackOptions(success=_installed, failure=_failed),
                logger=quiet,
            ),
        )

    async def begin(self, request: web.Request) -> web.StreamResponse:
        """Redirect to Slack, which asks the user to allow the installation."""
        return await to_aiohttp_response(
            await self._flow.handle_installation(await to_bolt_request(request))
        )

    async def end(self, request: web.Request) -> web.StreamResponse:
        """Handle the redirect back from Slack, and return a page with the result."""
        asked = await to_bolt_request(request)
        try:
            answer = await self._flow.handle_callback(asked)
        except FAILURES as error:
            log.warning("an installation failed: %s", type(error).__name__)
            answer = _page(502, _FAILED, f"{_UNREACHED} {_AGAIN}")
        except ParleyError as error:
            log.warning("an installation failed: %s", error)
            answer = _page(503, _FAILED, f"{html.escape(str(error))} {_AGAIN}")
        return await to_aiohttp_response(answer)


@dataclass(eq=False)
class _InstallationSaver(AsyncInstallationStore):
    """Saves installations; Bolt's OAuth flow calls nothing else."""

    installations: Installations
    cipher: TokenCipher
    client: AsyncWebClient
    clock: Clock

    async def async_save(self, installation: SlackInstallation) -> None:
        """Encrypt the token and save the installation; raises `RefusedError`."""
        token = installation.bot_token
        if installation.is_enterprise_install or not installation.team_id:
            await self._revoke(token)
            raise RefusedError(_ORGANISATION)
        if installation.bot_refresh_token:
            await self._revoke(token)
            raise RefusedError(_ROTATION)
        if not (token and installation.bot_id and installation.bot_user_id):
            # As if the visitor had taken the bot's scopes out of the address. A token of the bot
            # may be that of the installation which stays.
            await self._revoke(installation.user_token)
            raise RefusedError(_NO_BOT)
        await self.installations.save(
            Installation(
                team_id=TeamId(installation.team_id),
                name=installation.team_name or installation.team_id,
                bot_id=installation.bot_id,
                bot_user_id=UserId(installation.bot_user_id),
                scopes=tuple(installation.bot_scopes or ()),
                token=self.cipher.encrypt(token),
                installed_at=self.clock(),
            )
        )
        log.info("installed in %s", installation.team_id)

    async def _revoke(self, token: str | None) -> None:
        """Revoke a token that Parley will not keep, if there is one."""
        if not token:
            return
        try:
            await self.client.auth_revoke(token=token)
        except FAILURES as error:
            log.warning("a token could not be revoked: %s", type(error).__name__)


@dataclass(eq=False)
class _StateStore(AsyncOAuthStateStore):
    """Stores OAuth states in the database, so that any process can check them."""

    installations: Installations
    clock: Clock

    async def async_issue(self, *_: Any, **__: Any) -> str:
        state, now = token_urlsafe(32), self.clock()
        await self.installations.begin(state, now=now, until=now + _STATE_LIFE)
        return state

    async def async_consume(self, state: str) -> bool:
        return await self.installations.end(state, now=self.clock())


async def _installed(args: AsyncSuccessArgs) -> BoltResponse:
    one = args.installation
    where = html.escape(one.team_name or "your workspace")
    to_slack = f"https://slack.com/app_redirect?app={one.app_id}&team={one.team_id}"
    text = (
        f"Type <code>{Command.BRIEF} help</code> there to begin, or"
        f' <a href="{html.escape(to_slack)}">open it in Slack</a>.'
    )
    return _page(200, f"Parley is in {where}", text, is_over=args)


async def _failed(args: AsyncFailureArgs) -> BoltResponse:
    # The reason may be text that a visitor put into the URL.
    reason = showable(str(args.error or args.reason))[:_LONGEST_REASON]
    log.warning("an installation failed: %s", reason)
    status = args.suggested_status_code
    if isinstance(args.error, RefusedError):
        # Bolt suggests 500 for every exception.
        status, text = 403, str(args.error)
    else:
        text = _REASONS.get(args.reason, "Slack does not let Parley in.")
    return _page(status, _FAILED, f"{text} {_AGAIN}", is_over=args)


def too_many() -> BoltResponse:
    """Return the page for an address that began too many installations."""
    text = "Too many installations were begun from your network."
    answer = _page(429, "Please try again in a minute", text)
    answer.headers["retry-after"] = ["60"]
    return answer


def _page(
    status: int,
    title: str,
    text: str,
    *,
    is_over: AsyncSuccessArgs | AsyncFailureArgs | None = None,
) -> BoltResponse:
    """Build a page from *title* and *text*, both HTML; *is_over* deletes the state cookie."""
    headers: dict[str, str | Sequence[str]] = {**_HEADERS}
    if is_over:
        headers["Set-Cookie"] = is_over.settings.state_utils.build_set_cookie_for_deletion()
    return BoltResponse(status=status, body=_PAGE.format(title=title, text=text), headers=headers)
