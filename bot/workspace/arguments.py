"""The arguments of a Web API call: by query, form and JSON alike."""

import json
from typing import Any

from aiohttp import web

from bot.workspace.errors import ApiError, Json, invalid

_STRUCTURED = ("blocks", "metadata", "view", "attachments", "outputs", "prompts")


class Args(dict[str, Any]):
    """The merged arguments of one call."""

    def text(self, name: str) -> str:
        """Give a required argument as text; raises `ApiError` (invalid_arguments)."""
        value = self.get(name)
        if value is None or value == "":
            raise invalid("invalid_arguments", [f"[ERROR] missing required field: {name}"])
        return str(value)

    def maybe(self, name: str) -> str | None:
        """Give an argument as text; None where it is absent or empty."""
        value = self.get(name)
        return None if value is None or value == "" else str(value)

    def flag(self, name: str) -> bool:
        """Say whether an argument is true, however it is written."""
        return self.get(name) in (True, 1, "1", "true", "True", "TRUE")

    def number(self, name: str, default: int, most: int) -> int:
        """Give an argument from 1 to *most*; raises `ApiError` (invalid_limit)."""
        try:
            value = int(self.get(name) or default)
        except (TypeError, ValueError):
            raise ApiError("invalid_arguments") from None
        if value < 1:
            raise ApiError("invalid_limit")
        return min(value, most)


async def read(request: web.Request) -> Args:
    """Read the arguments; JSON written into a form's fields is decoded.

    Raises `ApiError` for JSON that is none.
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
