"""The arguments of the command line that are more than a word or a path."""

import argparse
import re

from bot.entrances.http_mode import PATH
from bot.proxies import is_usable
from store.types import TeamId, UserId

WHO = (
    "Slack's ids: a team such as T012AB3CD, or a person or direct message of it such as"
    " T012AB3CD:U012AB3CD"
)


def parse_port(text: str) -> int:
    """Parse a port; raises `ArgumentTypeError`, as all of these do."""
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 65535")
    return int(text)


def parse_count(text: str) -> int:
    """Parse a number of days or stories, from 1."""
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 1_000_000):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 999,999")
    return int(text)


def parse_public_url(text: str) -> str:
    """Parse the public URL of Parley, with or without the path that Slack's requests have."""
    is_plain = re.fullmatch(r"https://[^\s?#@\\\"<>]+", text, re.ASCII)
    if not (is_plain and is_usable(text)):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not like https://parley.example.com, where Slack sends its requests"
        )
    return text.rstrip("/").removesuffix(PATH)


def parse_who(text: str) -> tuple[TeamId, UserId | None]:
    """Parse TEAM or TEAM:USER."""
    found = re.fullmatch(r"(T[A-Z0-9]+)(?::([UWD][A-Z0-9]+))?", text, re.ASCII)
    if found is None:
        raise argparse.ArgumentTypeError(f"must be {WHO}, not {text!r}")
    return TeamId(found[1]), UserId(found[2]) if found[2] else None
