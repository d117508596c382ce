"""The arguments of a Web API call, from the query, a form or JSON."""

import json
from typing import Any

from aiohttp import web

from bot.workspace.errors import ApiError, Json, invalid

_STRUCTURED = ("blocks", "metadata", "view", "attachments", "outputs", "prompts")


class Args(dict[str, Any]):
    """The merged arguments of one call."""

    def text(self, name: str) -> str:
        """Return a required argument as text; raises `ApiError` (invalid_arguments)."""
        value = self.get(name)
        if value is None or value == "":
            raise invalid("invalid_arguments", [f"[ERROR] missing required field: {name}"])
        return str(value)

    def maybe(self, name: str) -> str | None:
        """Return an argument as text, or None if it is absent or empty."""
        value = self.get(name)
        return None if value is None or value == "" else str(value)

    def flag(self, name: str) -> bool:
        """Return whether an argument is true in any of the spellings that Slack accepts."""
        return self.get(name) in (True, 1, "1", "true", "True", "TRUE")

    def number(self, name: str, default: int, most: int) -> int:
        """Return an argument from 1 to *most*; raises `ApiError` (invalid_limit)."""
        try:
            value = int(self.get(name) or default)
        except (TypeError, ValueError):
            raise ApiError("invalid_arguments") from None
        if value < 1:
            raise ApiError("invalid_limit")
        return min(value, most)


async def read(request: web.Request) -> Args:
    """Read the arguments, and decode JSON in the fields of a form.

    Raises `ApiError` if the JSON is invalid.
    """
    args = Args(request.query)
    if request.content_type == "application/json":
        args.update(_object(await request.text()))
    elif request.method == "POST":
        args.update(await request.post())
    for name in _STRUCTURED:
        if isinstance(args.get(name), str) and args[name]:
            args[name] = _decoded(name, args[name])
    return args


def _object(text: str) -> Json:
    try:
        body = json.loads(text or "{}")
    except ValueError:
        raise ApiError("invalid_json") from None
    if not isinstance(body, dict):
        raise ApiError("json_not_object")
    return body


def _decoded(name: str, text: str) -> Any:
    errors = {"blocks": "invalid_blocks_format", "metadata": "invalid_metadata_format"}
    try:
        return json.loads(text)
    except ValueError:
        raise ApiError(errors.get(name, "invalid_arguments")) from None
