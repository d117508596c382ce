"""Settings, read from environment variables; all problems are reported together."""

import os
import re
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field, fields
from io import StringIO
from pathlib import Path
from typing import Any, Self

from dotenv.parser import parse_stream
from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.feeds.addresses import AllowList
from bot.proxies import is_usable, proxy_for
from store.db import url_problem
from store.samples import STARTER

SAMPLES = (
    "the sample stories that come with Parley, which are about a war: before colleagues are asked"
    " about them, set CORPUS_DIR to a folder of your own, and load it (python -m bot load)"
)

ENV_FILE = Path(".env")
"""The file with settings, in the working directory; it may be missing."""

_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")


class SettingsError(Exception):
    """Raised for invalid settings: one line per problem, without the values of secrets."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class EnvFileError(SettingsError):
    """Raised for a file of settings that cannot be read."""


def read_environment(env_file: Path) -> dict[str, str]:
    """Return the environment variables, with those of *env_file* as defaults if it exists.

    SLACK_* and the proxy variables are removed from os.environ, because Bolt and the SDK would read
    them directly and ignore NO_PROXY. No child process needs them. Raises `EnvFileError` if the
    file cannot be read.
    """
    file = _read_file(env_file)
    environ = file | os.environ
    for source in (file, os.environ):
        for name in _PROXIES:
            # The lower-case name wins, as in urllib.request.
            for spelling in (name, name.lower()):
                if spelling in source:
                    environ[name] = source[spelling]
    for name in environ:
        if name.startswith("SLACK_") or name.upper() in _PROXIES:
            os.environ.pop(name, None)
    return environ


def _read_file(env_file: Path) -> dict[str, str]:
    try:
        text = env_file.read_text("utf-8-sig")
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError as error:
        raise EnvFileError([f"{env_file} is not in UTF-8: save it again as UTF-8"]) from error
    except OSError as error:
        raise EnvFileError([f"{env_file} cannot be read: {error.strerror}"]) from error
    lines = list(parse_stream(StringIO(text)))
    if wrong := [line.original.line for line in lines if line.error]:
        raise EnvFileError([f"{env_file}:{wrong[0]} is not a line such as NAME=value"])
    return {line.key: line.value for line in lines if line.key and line.value is not None}


def misspelled(environ: Mapping[str, str]) -> Sequence[str]:
    """Return a sentence for each name in *environ* that is nearly the name of a setting."""
    names = [one.name.upper() for one in fields(Settings)]
    known = {*names, *map(str.lower, _PROXIES)}
    sentences = []
    for name in sorted(environ.keys() - known):
        # One edit in six letters; a short name such as PORT is near to too many others.
        near = process.extractOne(
            name.upper(), names, scorer=OSA.distance, score_cutoff=len(name) // 6
        )
        if near and near[0] not in environ:
            sentences.append(f"{name} is not a setting of Parley: is it meant to be {near[0]}?")
    return sentences


def _one_word(text: str) -> str:
    if not re.fullmatch(r"[!-~]+", text):
        raise ValueError("must be one word, without spaces, line breaks and other characters")
    return text


def _token(prefix: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not text.startswith(prefix):
            raise ValueError(f"must start with {prefix}")
        return _one_word(text)

    return read


def _user_ids(text: str) -> frozenset[str]:
    ids = frozenset(part for part in re.split(r"[,\s]+", text) if part)
    if wrong := sorted(one for one in ids if not re.fullmatch(r"(T[A-Z0-9]+:)?[UW][A-Z0-9]+", one)):
        raise ValueError(
            f"must list Slack user ids such as U012AB3CD, not {wrong[0]!r}"
            " (in Slack: a person's profile, ⋮, Copy member ID)"
        )
    return ids


def _keys(text: str) -> tuple[str, ...]:
    keys = tuple(part for part in re.split(r"[,\s]+", text) if part)
    if not all(re.fullmatch(r"[\w-]{43}=", key, re.ASCII) for key in keys):
        raise ValueError("must be a key from `python -m bot key`, or several separated by commas")
    return keys


def _choice(*allowed: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text.lower() not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}, not {text!r}")
        return text.lower()

    return read


def _flag(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError(f"must be 0 or 1, not {text!r}")
    return text == "1"


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
            raise ValueError(f"must be a whole number from {low} to {high}, not {text!r}")
        return int(text)

    return read


def _contact(text: str) -> str:
    if not re.fullmatch(r"(?:https?://|(?=.*[.@]))(?:mailto:)?[!-'*-~]+", text):
        raise ValueError("must be an address such as https://example.com/bot or bot@example.com")
    return text


def _address(default: str) -> Callable[[str], tuple[str, int]]:
    """Return a parser of PORT or HOST:PORT to (host, port); *default* is the default host."""

    def read(text: str) -> tuple[str, int]:
        host, _, port = text.rpartition(":")
        if not re.fullmatch(r"([\w.-]+|\[[0-9a-fA-F:.]+\])?", host, re.ASCII):
            raise ValueError(
                "must be a port such as 3000, or an address and a port such as 127.0.0.1:3000 or"
                f" [::1]:3000, not {text!r}"
            )
        return host.strip("[]") or default, _whole(0, 65535)(port)

    return read


def _prefix(text: str) -> str:
    # Slack: a command has at most 32 characters, and /discuss is the longest.
    if not re.fullmatch(r"[a-z0-9_-]{1,24}", text):
        raise ValueError("must be at most 24 of the characters a-z, 0-9, - and _, such as team-")
    return text


def _proxy(text: str) -> str:
    """Parse the URL of a proxy; http:// may be left out before a host with a port."""
    return f"http://{text}" if re.search(r"^[^/]*:\d+/?$", text) else text


_NO_PROXY_ADDRESS = (
    "must be the address of an HTTP proxy, such as http://proxy.example:3128, with special"
    " characters of a password percent-encoded"
)


def _url(text: str) -> str:
    if not is_usable(text) or re.search(r"\s", text):
        raise ValueError("must be an address such as https://slack.com/api/")
    return text


def _database_url(text: str) -> str:
    if problem := url_problem(text):
        raise ValueError(problem)
    return text


def _path(text: str) -> Path:
    # In a file of settings no shell has replaced the "~".
    return Path(text).expanduser() if text.startswith("~/") else Path(text)


def _slack_url(text: str) -> str:
    return _url(text).rstrip("/") + "/"


def _setting(
    read: Callable[[str], Any], default: Any, purpose: str, *, secret: bool = False
) -> Any:
    """Declare a setting: *read* parses its text and raises ValueError, *purpose* is its help."""
    return field(default=default, repr=not secret, metadata={"read": read, "help": purpose})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings; each field is set by the environment variable of the same name."""

    slack_bot_token: str = _setting(
        _token("xoxb-"), "", "the bot token (in Slack: OAuth & Permissions)", secret=True
    )
    slack_app_token: str = _setting(
        _token("xapp-"),
        "",
        "the app-level token for Socket Mode, or for HTTP a SLACK_SIGNING_SECRET and a PORT"
        " (in Slack: Basic Information)",
        secret=True,
    )
    slack_signing_secret: str = _setting(
        _one_word,
        "",
        "the signing secret for HTTP, in place of Socket Mode (in Slack: Basic Information)",
        secret=True,
    )
    port: tuple[str, int] | None = _setting(
        # Every address: hosts that set PORT send requests from elsewhere.
        _address("0.0.0.0"),  # noqa: S104
        None,
        "the port for HTTP, on every address of the machine, or address:port",
    )
    slack_client_id: str = _setting(
        _one_word, "", "for many workspaces by HTTP: the client id (in Slack: Basic Information)"
    )
    slack_client_secret: str = _setting(
        _one_word,
        "",
        "for many workspaces: the client secret (in Slack: Basic Information)",
        secret=True,
    )
    encryption_key: tuple[str, ...] = _setting(
        _keys,
        (),
        "for many workspaces: the keys that encrypt their tokens, newest first",
        secret=True,
    )
    trusted_proxies: int = _setting(
        _whole(0, 9), 0, "how many proxies in front of the port add to X-Forwarded-For"
    )
    database_url: str = _setting(
        _database_url, "sqlite:///data/parley.db", "the URL of the database", secret=True
    )
    corpus_dir: Path = _setting(
        _path, STARTER, "the folder of documents, if not the sample stories"
    )
    corpus_watch: bool = _setting(
        _flag, False, "1 to reload the folder of documents whenever it changes"
    )
    feeds_minutes: int = _setting(
        _whole(5, 1440), 30, "minutes between two polls of a feed, at least"
    )
    feeds_contact: str = _setting(
        _contact, "", "where publishers of feeds reach you: a web page or a mail address"
    )
    feeds_allow: AllowList = _setting(
        AllowList.parse,
        AllowList(),
        "hosts and networks of your own whose feeds may be polled: wiki.example, *.corp.example,"
        " 10.0.0.0/8, 127.0.0.1:8000",
    )
    admin_user_ids: frozenset[str] = _setting(
        _user_ids,
        frozenset(),
        "who may reload the corpus besides workspace admins; with many workspaces only these, as"
        " T012AB3CD:U012AB3CD",
    )
    anyone_may_skip: bool = _setting(
        _flag,
        True,
        "anybody in a channel may skip the next post of its schedules or pause them for a day; 0:"
        " only those who may change the schedule",
    )
    misses_days: int = _setting(
        _whole(0, 3650),
        90,
        "days for which topic requests and the number of search misses are kept; 0: they are not"
        " stored",
    )
    posts_days: int = _setting(
        _whole(30, 3650),
        90,
        "days for which the record of posts is kept; which articles a channel has had is kept"
        " longer, without users",
    )
    command_prefix: str = _setting(
        _prefix,
        "",
        "what the commands begin with: team- makes /team-brief, if another app has /brief",
    )
    agent_view: bool = _setting(
        _flag, False, "1 to switch on the agent panel, if the workspace's plan has it"
    )
    workflow_steps: bool = _setting(
        _flag, False, "1 to switch on steps for Workflow Builder, if the plan has it"
    )
    status_port: tuple[str, int] | None = _setting(
        _address("127.0.0.1"), None, "the port of /healthz, /readyz and /metrics, or address:port"
    )
    log_level: str = _setting(
        _choice("debug", "info", "warning", "error"), "info", "the lowest level that is logged"
    )
    log_format: str = _setting(
        _choice("auto", "text", "json"),
        "auto",
        "text for people, json for machines; auto is text on a terminal",
    )
    slack_api_url: str = _setting(
        _slack_url,
        "https://slack.com/api/",
        "the URL of Slack's Web API; change it only to try things out",
    )
    clock_url: str = _setting(_url, "", "the URL of the local workspace's clock, to try things out")
    https_proxy: str = _setting(
        _proxy,
        "",
        "the proxy through which https: addresses, such as Slack's, are reached",
        secret=True,
    )
    http_proxy: str = _setting(_proxy, "", "the proxy for http: addresses", secret=True)
    no_proxy: str = _setting(str, "", "hosts that are reached without a proxy, separated by commas")

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> tuple[Self, Mapping[str, str]]:
        """Return all settings, with defaults in place of invalid values, and the problems found.

        The problems are sentences by the name of their setting.
        """
        values: dict[str, Any] = {}
        problems: dict[str, str] = {}
        for one in fields(cls):
            name = one.name.upper()
            text = environ.get(name, "").strip()
            # An env file of Docker keeps the quotes around a value.
            if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
                text = text[1:-1].strip()
            if not text:
                continue
            try:
                values[one.name] = one.metadata["read"](text)
            except ValueError as error:
                problems[one.name] = f"{name} {error}"
        return cls(**values), problems

    @property
    def is_http(self) -> bool:
        """Return whether requests arrive by HTTP; if not, by Socket Mode."""
        return bool(self.slack_signing_secret) and self.port is not None

    @property
    def is_shared(self) -> bool:
        """Return whether many workspaces install Parley; if not, there is one bot token."""
        return bool(self.slack_client_id or self.slack_client_secret or self.encryption_key)

    def missing(self, invalid: Container[str] = ()) -> list[str]:
        """Return the problems that prevent connecting: missing and contradicting settings.

        The settings *invalid* are set, but not to a usable value.
        """
        is_shared = self.is_shared or "encryption_key" in invalid
        bare = [one for one in sorted(self.admin_user_ids) if (":" in one) != is_shared]
        shape = "T012AB3CD:U012AB3CD" if is_shared else "U012AB3CD"
        misnamed = [f"ADMIN_USER_IDS must list ids such as {shape}, not {bare[0]}"] if bare else []
        unset, contradictions = self._missing_shared() if is_shared else self._missing()
        return [
            *(
                f"{one.name.upper()} is missing: {one.metadata['help']}"
                for one in fields(self)
                if one.name in unset
                and one.name not in invalid
                and getattr(self, one.name) in ("", None, ())
            ),
            *contradictions,
            *misnamed,
            *self._unusable_proxies(),
        ]

    def proxy_for(self, url: str) -> str | None:
        """Return the proxy through which *url* is requested, or None for a direct connection."""
        return proxy_for(
            url, https_proxy=self.https_proxy, http_proxy=self.http_proxy, no_proxy=self.no_proxy
        )

    def _unusable_proxies(self) -> list[str]:
        # Check only the proxy that is needed: others may be meant for other programs.
        proxy = self.proxy_for(self.slack_api_url)
        if proxy is None or is_usable(proxy):
            return []
        name = "HTTPS_PROXY" if self.slack_api_url.startswith("https:") else "HTTP_PROXY"
        return [f"{name} {_NO_PROXY_ADDRESS}; or name Slack in NO_PROXY"]

    def ignored(self) -> list[str]:
        """Return sentences on settings that are set and have no effect, or not the wanted one."""
        found = []
        is_half = bool(self.port) != bool(self.slack_signing_secret)
        if is_half and self.slack_app_token and not self.is_shared:
            names = ["PORT", "SLACK_SIGNING_SECRET"]
            ignored, lacking = names if self.port else reversed(names)
            found.append(
                f"{ignored} has no effect without {lacking}: SLACK_APP_TOKEN is for Socket Mode"
            )
        for name, url in (
            ("HTTPS_PROXY", "https://feed.example/"),
            ("HTTP_PROXY", "http://feed.example/"),
        ):
            proxy = self.proxy_for(url)
            if proxy and not is_usable(proxy) and proxy != self.proxy_for(self.slack_api_url):
                found.append(f"{name} {_NO_PROXY_ADDRESS}: no feed is reached through it")
        return found

    def _missing_shared(self) -> tuple[Sequence[str], Sequence[str]]:
        """Return the names of the settings that are needed, and contradictions."""
        problems = []
        if self.slack_bot_token:
            problems.append(
                "SLACK_BOT_TOKEN is for one workspace, SLACK_CLIENT_ID, SLACK_CLIENT_SECRET and"
                " ENCRYPTION_KEY are for many: remove one or the other"
            )
        if self.slack_app_token:
            problems.append(
                "SLACK_APP_TOKEN is for Socket Mode, and many workspaces need HTTP: remove it"
            )
        needed = ["slack_signing_secret", "port", "slack_client_id", "slack_client_secret"]
        return [*needed, "encryption_key"], problems

    def _missing(self) -> tuple[Sequence[str], Sequence[str]]:
        """Return the names of the settings that are needed, and contradictions."""
        if self.slack_app_token and self.is_http:
            return ["slack_bot_token"], [
                "SLACK_APP_TOKEN is for Socket Mode, SLACK_SIGNING_SECRET with PORT is for HTTP:"
                " remove one of them"
            ]
        if self.slack_signing_secret and not self.slack_app_token:
            return ["slack_bot_token", "port"], []
        return ["slack_bot_token", "slack_app_token"], []

    @classmethod
    def from_env(cls, environ: Mapping[str, str], *, connecting: bool = True) -> Self:
        """Parse every setting; *connecting* requires those that a connection to Slack needs.

        Raises `SettingsError` with all problems.
        """
        settings, invalid = cls.read(environ)
        problems = [*(settings.missing(invalid) if connecting else ()), *invalid.values()]
        if problems:
            raise SettingsError(problems)
        return settings
