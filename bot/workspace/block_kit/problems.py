"""Collect the problems of a payload, worded as Slack does."""

from typing import Any

_TEXT_KINDS = ("plain_text", "mrkdwn")


def kind_of(value: Any) -> str | None:
    """Return the `type` of a block or an element; None if *value* is neither."""
    kind = value.get("type") if isinstance(value, dict) else None
    return kind if isinstance(kind, str) else None


class Problems:
    """The problems found so far, each with a JSON pointer."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def add(self, what: str, at: str) -> None:
        """Add the problem *what* at the pointer *at*."""
        self.found.append(f"[ERROR] {what} [json-pointer:{at}]")

    def items(self, value: Any, at: str, *, most: int, least: int = 0) -> bool:
        """Check the length of a list; return whether *value* is a list."""
        if not isinstance(value, list):
            self.add("must be an array", at)
            return False
        if len(value) > most:
            self.add(f"no more than {most} items allowed", at)
        if len(value) < least:
            self.add(f"must have at least {least} items", at)
        return True

    def string(self, value: Any, at: str, *, most: int, least: int = 1) -> None:
        """Check the length of a string, in characters."""
        if value is None:
            self.add(f"missing required field: {at.rpartition('/')[2]}", at.rpartition("/")[0])
        elif not isinstance(value, str):
            self.add("must be a string", at)
        elif len(value) > most:
            self.add(f"must be less than {most + 1} characters", at)
        elif len(value) < least:
            self.add(f"must be more than {least - 1} characters", at)

    def text(self, value: Any, at: str, *, most: int, kinds: tuple[str, ...] = _TEXT_KINDS) -> None:
        """Check the type and the length of a text object."""
        if value is None:
            self.add(f"missing required field: {at.rpartition('/')[2]}", at.rpartition("/")[0])
        elif not isinstance(value, dict):
            self.add("must be an object", at)
        elif kind_of(value) not in kinds:
            self.add(f"must be one of: {', '.join(kinds)}", f"{at}/type")
        else:
            self.string(value.get("text"), f"{at}/text", most=most)
