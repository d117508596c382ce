"""Install the app by OAuth v2 and uninstall it (docs.slack.dev: installing with OAuth)."""

import html
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from aiohttp import web

from bot.workspace.errors import ApiError, Json
from bot.workspace.model.directory import APP_ID, BOT_USER_ID
from bot.workspace.model.rate_tiers import Tier
from bot.workspace.model.state import State
from bot.workspace.model.tickets import new_id
from bot.workspace.model.tokens import Tokens
from bot.workspace.web_api.arguments import Args
from bot.workspace.web_api.method import Method

CLIENT_ID = "1000000000.2000000000"
CLIENT_SECRET = "local-not-a-secret"  # noqa: S105 -- what it says
CODE_LIFE = timedelta(minutes=10)

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Install {app}</title>
<style>body{{font:16px/1.5 system-ui;max-width:34rem;margin:4rem auto;padding:0 1rem}}</style>
<h1>{app} asks to be let in</h1>
<form method="post">
<p><label>Workspace <select name="team">{teams}</select></label></p>
<p>It wants to:</p><ul>{scopes}</ul>
<button name="decision" value="allow">Allow</button>
<button name="decision" value="cancel">Cancel</button>
</form></html>
"""
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


@dataclass(slots=True, kw_only=True)
class _Code:
    """An authorization that the app has not exchanged for a token yet."""

    state: State
    user: str
    scopes: list[str]
    redirect_uri: str | None
    expires_at: datetime
    is_used: bool = False


class OAuth:
    """Asks a person to allow the installation, and exchanges the code for a token."""

    def __init__(self, tokens: Tokens, teams: Mapping[str, State]) -> None:
        self._tokens = tokens
        self._teams = teams
        self._codes: dict[str, _Code] = {}

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of the page with Allow and Cancel."""
        return [
            web.get("/oauth/v2/authorize", self._ask),
            web.post("/oauth/v2/authorize", self._answer),
        ]

    def methods(self) -> dict[str, Method]:
        """Return the methods of the Web API."""
        return {
            "oauth.v2.access": Method(self._access, Tier.FOUR, actor="nobody"),
            "auth.revoke": Method(self._revoke, Tier.THREE),
            "apps.uninstall": Method(self._uninstall, Tier.ONE),
        }

    async def _ask(self, request: web.Request) -> web.Response:
        self._check(request)
        home = next(iter(self._teams.values()))
        options = (
            f'<option value="{one.team.id}">{html.escape(one.team.name)}'
            for one in self._teams.values()
        )
        scopes = (f"<li>{html.escape(scope)}</li>" for scope in _scopes(request))
        name = html.escape(home.manifest["display_information"]["name"])
        page = _PAGE.format(app=name, teams="".join(options), scopes="".join(scopes))
        return web.Response(text=page, content_type="text/html", headers=_HEADERS)

    async def _answer(self, request: web.Request) -> web.Response:
        redirect_uri = self._check(request)
        form = await request.post()
        given = {"state": request.query["state"]} if "state" in request.query else {}
        if form.get("decision") == "allow":
            state = self._teams.get(str(form.get("team") or next(iter(self._teams))))
            if state is None:
                raise web.HTTPBadRequest(text="invalid_team")
            answer = {"code": self._code(request, state), **given}
        else:
            answer = {"error": "access_denied", **given}
        joint = "&" if "?" in redirect_uri else "?"
        raise web.HTTPFound(f"{redirect_uri}{joint}{urlencode(answer)}")

    def _code(self, request: web.Request, state: State) -> str:
        code = f"{new_id('')}.{new_id('')}"
        self._codes[code] = _Code(
            state=state,
            user=next(one.id for one in state.people.values() if one.is_admin),
            scopes=_scopes(request),
            redirect_uri=request.query.get("redirect_uri"),
            expires_at=state.clock() + CODE_LIFE,
        )
        return code

    def _check(self, request: web.Request) -> str:
        """Return the redirect address; like Slack, show mistakes on the page itself."""
        config = next(iter(self._teams.values())).manifest.get("oauth_config", {})
        registered = config.get("redirect_urls", [])
        redirect_uri = request.query.get("redirect_uri") or next(iter(registered), "")
        unknown = set(_scopes(request)) - set(config.get("scopes", {}).get("bot", []))
        if request.query.get("client_id") != CLIENT_ID:
            raise web.HTTPBadRequest(text="invalid_client_id")
        if not any(redirect_uri.startswith(one) for one in registered):
            raise web.HTTPBadRequest(text="bad_redirect_uri")
        if unknown or not _scopes(request):
            raise web.HTTPBadRequest(text=f"invalid_scope: {', '.join(sorted(unknown))}")
        return redirect_uri

    def _access(self, home: State, args: Args) -> Json:
        """Exchange a code for the token of its team."""
        if args.maybe("client_id") != CLIENT_ID:
            raise ApiError("invalid_client_id")
        if args.maybe("client_secret") != CLIENT_SECRET:
            raise ApiError("bad_client_secret")
        if args.get("grant_type", "authorization_code") != "authorization_code":
            raise ApiError("invalid_grant_type")
        code = self._codes.get(args.maybe("code") or "")
        if code is None or code.is_used or home.clock() > code.expires_at:
            raise ApiError("invalid_code")
        if args.maybe("redirect_uri") != code.redirect_uri:
            raise ApiError("bad_redirect_uri")
        code.is_used = True
        return granted(code.state, code.user, self._tokens.install(code.state, code.scopes))

    def _revoke(self, state: State, args: Args) -> Json:
        """Revoke the token; it is the team's only one, so this uninstalls the app."""
        if args.flag("test"):
            return {"revoked": False}
        self._tokens.uninstall(state, "token_revoked")
        return {"revoked": True}

    def _uninstall(self, state: State, args: Args) -> Json:
        """Uninstall the app from the token's team."""
        if args.text("client_id") != CLIENT_ID:
            raise ApiError("invalid_client_id")
        if args.text("client_secret") != CLIENT_SECRET:
            raise ApiError("bad_client_secret")
        self._tokens.uninstall(state)
        return {}


def granted(state: State, user: str, token: str) -> Json:
    """Return the answer of oauth.v2.access to a valid code."""
    return {
        "app_id": APP_ID,
        "authed_user": {"id": user},
        "scope": ",".join(state.scopes),
        "token_type": "bot",
        "access_token": token,
        "bot_user_id": BOT_USER_ID,
        "team": {"id": state.team.id, "name": state.team.name},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def basic(header: str) -> Json:
    """Return the client id and secret of an Authorization header; {} if it has none."""
    scheme, _, given = header.partition(" ")
    if scheme != "Basic":
        return {}
    try:
        client_id, _, secret = b64decode(given, validate=True).decode().partition(":")
    except ValueError:
        return {}
    return {"client_id": client_id, "client_secret": secret}


def _scopes(request: web.Request) -> list[str]:
    return [one for one in request.query.get("scope", "").replace(" ", ",").split(",") if one]
