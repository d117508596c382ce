"""Signed HTTP to the app's request URLs (docs.slack.dev: verifying requests, Events API)."""

import hashlib
import hmac
import json
import secrets
import time
from typing import Any
from urllib.parse import urlencode, urlsplit

import aiohttp

from bot.workspace.delivery.transports import UndeliveredError, not_acked, not_connected
from bot.workspace.errors import Json
from bot.workspace.origin_check import is_here

_AGENT = "Slackbot 1.0 (+https://api.slack.com/robots)"
_MAX_REDIRECTS = 2
_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"
_TOKEN = "local"  # noqa: S105 -- the deprecated verification token


class RequestUrls:
    """Sends envelopes to the request URLs of the app's manifest, or to the one that was set."""

    def __init__(
        self, manifest: Json, *, signing_secret: str, retry_waits: tuple[float, ...]
    ) -> None:
        self.retry_waits = retry_waits
        self._manifest = manifest
        self._secret = signing_secret
        self._url: str | None = None
        self._session: aiohttp.ClientSession | None = None

    @property
    def is_chosen(self) -> bool:
        """Return whether the app uses request URLs and not Socket Mode."""
        is_socket = self._manifest.get("settings", {}).get("socket_mode_enabled", False)
        return self._url is not None or not is_socket

    @property
    def urls(self) -> list[str]:
        """Return every request URL once."""
        if self._url:
            return [self._url]
        settings = self._manifest.get("settings", {})
        interactivity = settings.get("interactivity", {})
        commands = self._manifest["features"].get("slash_commands", [])
        named = [
            settings.get("event_subscriptions", {}).get("request_url"),
            interactivity.get("request_url"),
            interactivity.get("message_menu_options_url"),
            *(one.get("url") for one in commands),
        ]
        return list(dict.fromkeys(filter(None, named)))

    async def set(self, url: str, seconds: float) -> None:
        """Send everything to *url*.

        As in Slack's settings, the address must first answer a challenge, and a probe of its
        certificate. Raises ValueError if it does not, or if it is not on this computer.
        """
        if not is_here(urlsplit(url).netloc):
            raise ValueError(f"{url} is not on this computer, and nothing leaves it")
        challenge = secrets.token_hex(16)
        body = {"token": _TOKEN, "challenge": challenge, "type": "url_verification"}
        try:
            answer = await self._post(url, json.dumps(body), _JSON, {}, seconds)
            await self._post(
                url, urlencode({"token": _TOKEN, "ssl_check": "1"}), _FORM, {}, seconds
            )
        except UndeliveredError as error:
            raise ValueError(f"{url} does not answer with 200: {error.reason}") from None
        if challenge not in answer:
            raise ValueError(f"{url} does not answer the challenge")
        self._url = url

    async def ready(self, seconds: float) -> None:
        """Return at once: only a request shows whether an address answers."""

    async def ask(self, envelope: Json, seconds: float) -> Any:
        """Post the envelope's payload and return the body of the answer."""
        kind, payload = envelope["type"], envelope["payload"]
        url = self._url or self._named(kind, payload)
        if not url or not is_here(urlsplit(url).netloc):
            raise not_connected("connection_failed")
        match kind:
            case "slash_commands":
                body, content_type = urlencode(payload), _FORM
            case "interactive":
                body, content_type = urlencode({"payload": json.dumps(payload)}), _FORM
            case _:
                body, content_type = json.dumps(payload), _JSON
        headers = {}
        if attempt := envelope.get("retry_attempt"):
            headers["X-Slack-Retry-Num"] = str(attempt)
            headers["X-Slack-Retry-Reason"] = envelope["retry_reason"]
        return await self._post(url, body, content_type, headers, seconds)

    async def close(self) -> None:
        """Close the connections."""
        if self._session:
            await self._session.close()

    def _named(self, kind: str, payload: Json) -> str | None:
        settings: Json = self._manifest.get("settings", {})
        interactivity = settings.get("interactivity", {})
        url: str | None = None
        match kind:
            case "slash_commands":
                commands = self._manifest["features"].get("slash_commands", [])
                url = {one["command"]: one.get("url") for one in commands}[payload["command"]]
            case "interactive" if payload["type"] == "block_suggestion":
                url = interactivity.get("message_menu_options_url")
            case "interactive":
                url = interactivity.get("request_url")
            case _:
                url = settings.get("event_subscriptions", {}).get("request_url")
        return url

    async def _post(
        self, url: str, body: str, content_type: str, headers: dict[str, str], seconds: float
    ) -> str:
        if self._session is None:
            self._session = aiohttp.ClientSession(headers={"User-Agent": _AGENT})
        signed = self._signature(body) | headers | {"Content-Type": content_type}
        try:
            async with self._session.post(
                url,
                data=body.encode(),
                headers=signed,
                max_redirects=_MAX_REDIRECTS,
                timeout=aiohttp.ClientTimeout(total=seconds),
            ) as response:
                text = await response.text()
        except TimeoutError:
            raise not_acked("http_timeout") from None
        except aiohttp.TooManyRedirects:
            raise not_connected("too_many_redirects") from None
        except aiohttp.ClientSSLError:
            raise not_connected("ssl_error") from None
        except (aiohttp.ClientConnectionError, aiohttp.InvalidURL):
            raise not_connected("connection_failed") from None
        except (aiohttp.ClientError, UnicodeError):
            raise not_connected("unknown_error") from None
        # Any 2xx acks an event, which has no answer; everything else needs 200.
        if not 200 <= response.status < (300 if content_type == _JSON else 201):
            is_final = response.headers.get("X-Slack-No-Retry") == "1"
            raise UndeliveredError("dispatch_failed", "http_error", is_final=is_final)
        return text

    def _signature(self, body: str) -> dict[str, str]:
        # Signed with the machine's clock, which the app checks against, not the movable one.
        stamp = str(int(time.time()))
        signed = f"v0:{stamp}:{body}".encode()
        digest = hmac.new(self._secret.encode(), signed, hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}
