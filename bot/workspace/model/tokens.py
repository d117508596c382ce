"""Access tokens, and the installations they belong to."""

from dataclasses import dataclass
from typing import Literal

from bot.workspace.errors import ApiError
from bot.workspace.model.directory import BOT_USER_ID
from bot.workspace.model.state import State
from bot.workspace.model.tickets import new_id

BOT_TOKEN = "xoxb-local-not-a-secret"  # noqa: S105 -- what it says
APP_TOKEN = "xapp-local-not-a-secret"  # noqa: S105 -- what it says

Kind = Literal["bot", "app", "step"]


@dataclass(slots=True, kw_only=True)
class TokenGrant:
    """What a token allows and in which team; *refusal* is the error code once it is revoked."""

    kind: Kind
    state: State
    refusal: str | None = None


class Tokens:
    """Every token ever issued; the app-level token belongs to the first team."""

    def __init__(self, home: State) -> None:
        self._tokens = {APP_TOKEN: TokenGrant(kind="app", state=home)}

    def find(self, token: str) -> TokenGrant:
        """Return what *token* allows; raises `ApiError` if it is unknown or revoked."""
        grant = self._tokens.get(token)
        if grant is None:
            raise ApiError("invalid_auth")
        if grant.refusal:
            raise ApiError(grant.refusal)
        return grant

    def install(self, state: State, scopes: list[str], token: str | None = None) -> str:
        """Install the app in a team, or add *scopes* to its installation; return the bot token."""
        state.scopes = list(dict.fromkeys([*state.scopes, *scopes]))
        if state.bot_token is None:
            state.bot_token = token or f"xoxb-{state.team.id}-{new_id('')}"
            state.people[BOT_USER_ID].is_deleted = False
            self._tokens[state.bot_token] = TokenGrant(kind="bot", state=state)
            state.changed({"type": "installed", "installed": True})
        return state.bot_token

    def uninstall(self, state: State, refusal: str = "account_inactive") -> None:
        """Uninstall the app from a team and answer its later calls with the error *refusal*.

        The app gets the events of it, and its bot user leaves every channel.
        """
        if state.bot_token is None:
            return
        for grant in self._tokens.values():
            if grant.state is state and grant.kind != "app":
                grant.refusal = refusal
        # Sent before the removal: the subscriptions go with the installation.
        tokens = {"oauth": [], "bot": [BOT_USER_ID]}
        state.tell_app({"type": "tokens_revoked", "tokens": tokens})
        state.tell_app({"type": "app_uninstalled"})
        state.bot_token, state.scopes = None, []
        state.withdraw(BOT_USER_ID)
        state.changed({"type": "installed", "installed": False})

    def issue_step_token(self, state: State) -> str:
        """Issue the token of one workflow step, which has the bot's scopes until the step ends."""
        token = f"xwfp-{new_id('')}"
        self._tokens[token] = TokenGrant(kind="step", state=state)
        return token

    def revoke_step_token(self, token: str) -> None:
        """Revoke the token of a workflow step."""
        self._tokens[token].refusal = "token_expired"
