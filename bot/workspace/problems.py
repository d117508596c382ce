"""Collecting what is wrong with a payload, in Slack's words."""

from typing import Any

_TEXT_KINDS = ("plain_text", "mrkdwn")


def kind_of(value: Any) -> str | None:
    """Give the `type` of a block or an element; None for what is neither."""
    kind = value.get("type") if isinstance(value, dict) else None
    return kind if isinstance(kind, str) else None


class Problems:
    """The problems found so far, each with a pointer to its place."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def add(self, what: str, at: str) -> None:
        """Note that *what* is wrong *at* a place."""
        self.found.append(f"[ERROR] {what} [json-pointer:{at}]")

    def items(self, value: Any, at: str, *, most: int, least: int = 0) -> bool:
        """Check a list's length; say whether it is a list."""
        if not isinstance(value, list):
            self.add("must be an array", at)
            return False
        if len(value) > most:
            self.add(f"no more than {most} items allowed", at)
        if len(value) < least:
            self.add(f"must have at least {least} items", at)
        return True

    def string(self, value: Any, at: str, *, most: int, least: int = 1) -> None:
        """Check a string's length, in characters."""
        if value is None:
            self.add(f"missing required field: {at.rpartition('/')[2]}", at.rpartition("/")[0])
        elif not isinstance(value, str):
            self.add("must be a string", at)
        elif len(value) > most:
            self.add(f"must be less than {most + 1} characters", at)
        elif len(value) < least:
            self.add(f"must be more than {least - 1} characters", at)

    def text(self, value: Any, at: str, *, most: int, kinds: tuple[str, ...] = _TEXT_KINDS) -> None:
        """Check a text object: its kind and its length."""
        if value is None:
            self.add(f"missing required field: {at.rpartition('/')[2]}", at.rpartition("/")[0])
        elif not isinstance(value, dict):
            self.add("must be an object", at)
        elif kind_of(value) not in kinds:
            self.add(f"must be one of: {', '.join(kinds)}", f"{at}/type")
        else:
            self.string(value.get("text"), f"{at}/text", most=most)
