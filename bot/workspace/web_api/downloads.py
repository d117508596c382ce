"""Files for the app: `files.info`, and downloads with its token."""

from aiohttp import web

from bot.workspace.errors import ApiError, Json
from bot.workspace.model.directory import BOT_USER_ID
from bot.workspace.model.files import File
from bot.workspace.model.state import State
from bot.workspace.model.tokens import Tokens
from bot.workspace.web_api.arguments import Args

_SIGN_IN = "<!doctype html><title>Sign in</title><p>You need to sign in to see this file."


def info(state: State, args: Args) -> Json:
    """Describe a file that is shared in a channel of the bot."""
    file = state.files.get(args.text("file"))
    if file is None or not _is_seen_by_bot(state, file):
        raise ApiError("file_not_found")
    return {"file": file.as_slack(), "comments": [], "response_metadata": {"next_cursor": ""}}


class Downloads:
    """Serves `url_private` and `url_private_download` to requests with the right token.

    Other requests are redirected to a sign-in page that answers 200. Slack does the same, so what
    an app reads with a wrong token is HTML and not the file.
    """

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of the files and of the sign-in page."""
        return [
            web.get("/files-pri/{id}/{name}", self._serve),
            web.get("/files-pri/{id}/download/{name}", self._serve),
            web.get("/signin", self._sign_in),
        ]

    async def _serve(self, request: web.Request) -> web.Response:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        try:
            state = self._tokens.find(token if scheme == "Bearer" else "").state
            state.need("files:read")
        except ApiError:
            raise web.HTTPFound("/signin") from None
        file = state.files.get(request.match_info["id"])
        if file is None or not _is_seen_by_bot(state, file):
            raise web.HTTPNotFound(text="file_not_found")
        return web.Response(body=file.content, content_type=file.as_slack()["mimetype"])

    async def _sign_in(self, _: web.Request) -> web.Response:
        return web.Response(text=_SIGN_IN, content_type="text/html")


def _is_seen_by_bot(state: State, file: File) -> bool:
    return any(BOT_USER_ID in state.channels[channel].members for channel in file.channels)
