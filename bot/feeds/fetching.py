"""Fetch a feed over HTTP: conditional requests, redirects, and a limit for everything."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Self
from weakref import WeakValueDictionary

import aiohttp
from yarl import URL

from bot.feeds.addresses import AddressError, Addresses, CheckedResolver, LookUp, look_up
from bot.feeds.unpacking import ENCODINGS, UnpackingError, unpack
from bot.proxies import ProxyFor, is_usable, no_proxy_for
from store.text import showable
from store.types import ParleyError
from store.version import VERSION

_ACCEPT = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9,"
    " text/xml;q=0.9, application/json;q=0.8, text/html;q=0.5, */*;q=0.1"
)
_REDIRECTS = (301, 302, 303, 307, 308)
_PERMANENT = (301, 308)
_MAX_RETRY_AFTER = timedelta(days=7)
_MAX_VALIDATOR = 1_000
"""The longest ETag or Last-Modified that is stored, in characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits for fetching one feed."""

    seconds: float = 30
    """For all its requests together, however slowly they go on."""
    size: int = 10 << 20
    """Bytes of the body, as received and unpacked."""
    redirects: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """The feed is as it was."""

    fresh_for: timedelta | None
    permanent_url: str | None = None
    """As for `Fetched`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """The body of a successful answer, which may be anything."""

    data: bytes
    url: str
    """The address that answered, after all redirects."""
    etag: str | None
    last_modified: str | None
    """These two are sent back with the next request, exactly as they are."""
    fresh_for: timedelta | None
    permanent_url: str | None
    """The address to store instead, if permanent redirects alone led here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The feed was not fetched."""

    problem: str
    """A sentence for an admin. It names the host and nothing else of an address."""
    is_reachable: bool = True
    """False if the host did not answer at all."""
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """The server says that the feed will not come back (410)."""

    problem: str


Outcome = NotModified | Fetched | Failed | Gone


@dataclass(frozen=True, slots=True)
class _Redirect:
    url: URL
    is_permanent: bool


@dataclass(frozen=True, slots=True)
class _Hop:
    """One request on the way from the address of a source to its feed."""

    url: URL
    is_redirected: bool = False
    is_permanent: bool = True
    """Whether all redirects that led here are permanent."""

    @property
    def host(self) -> str:
        # Never the decoded name: it can look like another one.
        return self.url.raw_host or ""

    @property
    def permanent_url(self) -> str | None:
        """Return this address if it replaces that of the feed for good."""
        return str(self.url) if self.is_redirected and self.is_permanent else None

    def follow(self, redirect: _Redirect) -> "_Hop":
        # An address with TLS is never replaced for good by one without.
        is_downgrade = self.url.scheme == "https" and redirect.url.scheme != "https"
        is_permanent = self.is_permanent and redirect.is_permanent and not is_downgrade
        return _Hop(redirect.url, True, is_permanent)


class _FailedError(Exception):
    def __init__(
        self, problem: str, *, is_reachable: bool = True, retry_after: timedelta | None = None
    ) -> None:
        super().__init__(problem)
        self.outcome = Failed(problem=problem, is_reachable=is_reachable, retry_after=retry_after)


class Fetcher:
    """Fetches feeds, with one request at a time for each host."""

    def __init__(
        self,
        direct: aiohttp.ClientSession,
        proxied: aiohttp.ClientSession,
        addresses: Addresses,
        *,
        clock: Callable[[], datetime],
        proxy_for: ProxyFor = no_proxy_for,
        limits: Limits = Limits(),
    ) -> None:
        """*direct* must connect to permitted addresses only: see `Fetcher.open`."""
        self._direct = direct
        self._proxied = proxied
        self._addresses = addresses
        self._clock = clock
        self._proxy_for = proxy_for
        self._limits = limits
        self._hosts: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._paused: dict[str, datetime] = {}
        """Hosts that asked to be left alone, and until when."""

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        addresses: Addresses,
        *,
        clock: Callable[[], datetime],
        proxy_for: ProxyFor = no_proxy_for,
        contact: str = "",
        limits: Limits = Limits(),
        look_up: LookUp = look_up,
    ) -> AsyncIterator[Self]:
        """Open a fetcher that requests only what *addresses* permits.

        *contact* is an address at which publishers reach the person who runs this bot.
        """
        headers = {
            "User-Agent": f"Parley/{VERSION} (feed reader; {contact or 'no contact given'})",
            "Accept": _ACCEPT,
            "Accept-Encoding": ENCODINGS,
        }

        def session(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
            return aiohttp.ClientSession(
                connector=connector,
                headers=headers,
                cookie_jar=aiohttp.DummyCookieJar(),
                # We unpack ourselves, up to a limit, and have one deadline for everything.
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
            )

        # A connection is made for each request, because each is checked.
        checked = aiohttp.TCPConnector(
            resolver=CheckedResolver(addresses, look_up), use_dns_cache=False, force_close=True
        )
        async with (
            session(checked) as direct,
            session(aiohttp.TCPConnector(use_dns_cache=False, force_close=True)) as proxied,
        ):
            yield cls(direct, proxied, addresses, clock=clock, proxy_for=proxy_for, limits=limits)

    def check(self, url: str) -> None:
        """Raise `ParleyError` if *url* is refused whatever its host resolves to."""
        try:
            self._addresses.check_unresolved(_parse(url))
        except _FailedError as error:
            raise ParleyError(error.outcome.problem) from error
        except AddressError as error:
            raise ParleyError(f"{error} {error.advice}".strip()) from error

    async def fetch(
        self, url: str, *, etag: str | None = None, last_modified: str | None = None
    ) -> Outcome:
        """Fetch *url*; return 304 as `NotModified` if *etag* or *last_modified* are given."""
        conditions = {}
        if etag:
            conditions["If-None-Match"] = etag
        if last_modified:
            conditions["If-Modified-Since"] = last_modified
        try:
            return await self._follow(_Hop(_parse(url)), conditions)
        except _FailedError as error:
            return error.outcome
        except AddressError as error:
            return Failed(problem=f"{error} {error.advice}".strip())

    async def _follow(self, hop: _Hop, conditions: Mapping[str, str]) -> Outcome:
        """Request the feed, and what it redirects to."""
        asked, seconds = [hop.url], self._limits.seconds
        loop = asyncio.get_running_loop()
        while True:
            # The time that other requests of this host take is not counted.
            async with self._hosts.setdefault(hop.host, asyncio.Lock()):
                self._require_no_pause(hop.host)
                began = loop.time()
                try:
                    async with asyncio.timeout(seconds):
                        answer = await self._request(hop, conditions)
                except TimeoutError as error:
                    raise _FailedError(
                        f"{hop.host} took more than {self._limits.seconds:.0f} seconds to answer.",
                        is_reachable=False,
                    ) from error
                except AddressError as error:
                    if not hop.is_redirected:
                        raise
                    # Without the advice to allow this address: a stranger chose it.
                    raise _FailedError(
                        f"{asked[0].raw_host} redirects to an address that I don't fetch. {error}"
                    ) from error
                seconds -= loop.time() - began
            if not isinstance(answer, _Redirect):
                return answer
            hop = hop.follow(answer)
            if hop.url in asked:
                raise _FailedError(f"{asked[0].raw_host} redirects in a circle.")
            if len(asked) > self._limits.redirects:
                raise _FailedError(
                    f"{asked[0].raw_host} redirects more than {self._limits.redirects} times."
                )
            asked.append(hop.url)

    def _require_no_pause(self, host: str) -> None:
        # A limit is one of the host, and not of the one feed that met it.
        now = self._clock()
        self._paused = {one: until for one, until in self._paused.items() if until > now}
        if until := self._paused.get(host):
            raise _FailedError(f"{host} has asked for a pause.", retry_after=until - now)

    async def _request(self, hop: _Hop, conditions: Mapping[str, str]) -> Outcome | _Redirect:
        proxy = self._proxy_for(str(hop.url))
        self._addresses.check(hop.url, is_proxied=proxy is not None)
        if proxy and not is_usable(proxy):
            raise _FailedError(
                f"The proxy for {hop.host} is not an HTTP proxy: check HTTPS_PROXY and HTTP_PROXY."
            )
        session = self._proxied if proxy else self._direct
        try:
            async with session.get(
                hop.url, headers=conditions, allow_redirects=False, proxy=proxy
            ) as response:
                return await self._read(hop, response, bool(conditions))
        except UnpackingError as error:
            raise _FailedError(f"The answer of {hop.host} {error}.") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # ValueError: what aiohttp can neither send nor read.
            raise _connection_error(hop.host, error) from error

    async def _read(
        self, hop: _Hop, response: aiohttp.ClientResponse, is_conditional: bool
    ) -> Outcome | _Redirect:
        headers, status = response.headers, response.status
        if status == 304 and is_conditional:
            return NotModified(fresh_for=_fresh_for(response), permanent_url=hop.permanent_url)
        if status in _REDIRECTS and "Location" in headers:
            return _Redirect(_target(hop, headers["Location"]), status in _PERMANENT)
        if status == 410 and hop.is_permanent:
            return Gone(problem=f"{hop.host} says that the feed is gone for good (410).")
        if status != 200:
            retry_after = _retry_after(headers.get("Retry-After", ""), self._clock())
            if retry_after and status in (429, 503):
                self._paused[hop.host] = self._clock() + retry_after
            return Failed(
                problem=f"{hop.host} answers {_in_words(status)}.", retry_after=retry_after
            )
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > self._limits.size:
                raise UnpackingError(f"is larger than {self._limits.size >> 20} MB")
        encoding = ", ".join(headers.getall("Content-Encoding", ()))
        # In a thread, because it may take a tenth of a second.
        data = await asyncio.to_thread(unpack, bytes(body), encoding, limit=self._limits.size)
        return Fetched(
            data=data,
            url=str(hop.url),
            etag=_storable(headers.get("ETag", "")),
            last_modified=_storable(headers.get("Last-Modified", "")),
            fresh_for=_fresh_for(response),
            permanent_url=hop.permanent_url,
        )


def _parse(url: str) -> URL:
    try:
        return URL(url).with_fragment(None)
    except ValueError as error:
        raise AddressError("That is not an address of the web.") from error


def _target(hop: _Hop, location: str) -> URL:
    try:
        return hop.url.join(URL(location)).with_fragment(None)
    except ValueError as error:
        raise _FailedError(f"{hop.host} redirects to something that is no address.") from error


def _in_words(status: int) -> str:
    try:
        text = f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        text = str(status)
    if status == 304:
        return f"{text}, although it was asked for the whole feed"
    if status in (401, 402, 403):
        return f"{text}: it wants a sign-in, or refuses programs"
    if status in (404, 405):
        return f"{text}: the feed may have moved; check its address"
    return text


def _connection_error(host: str, error: Exception) -> _FailedError:
    """Return what went wrong between us and *host*."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            problem = f"There is no host {host}, or its name cannot be resolved now."
        case aiohttp.ClientHttpProxyError():
            problem = f"The proxy does not reach {host}: it answers {_in_words(error.status)}."
        case aiohttp.ClientProxyConnectionError():
            problem = f"The proxy for {host} cannot be reached."
        case aiohttp.ClientConnectorCertificateError():
            problem = f"{host} has no valid certificate: {_certificate_problem(error)}."
        case aiohttp.ClientSSLError():
            problem = f"{host} does not speak TLS that can be read."
        case aiohttp.ClientConnectorError():
            problem = f"{host} cannot be reached: {error.strerror or 'the connection failed'}."
        case aiohttp.ClientPayloadError() | aiohttp.ServerDisconnectedError() | OSError():
            problem = f"{host} ended the connection before its answer was complete."
        case _:
            problem = f"{host} does not answer in HTTP that can be read."
    is_reachable = not isinstance(error, OSError)
    return _FailedError(showable(problem), is_reachable=is_reachable)


def _certificate_problem(error: aiohttp.ClientConnectorCertificateError) -> str:
    reason = getattr(error.certificate_error, "verify_message", "")
    return reason or "it cannot be verified"


def _storable(validator: str) -> str | None:
    """Return an ETag or Last-Modified that can be sent back as it is; None for any other.

    Bytes that are no text cannot be stored. An ETag `*` would match everything (RFC 9110, 13.1.2).
    """
    is_usable = validator.isprintable() and validator != "*" and len(validator) <= _MAX_VALIDATOR
    return validator if validator and is_usable else None


def _fresh_for(response: aiohttp.ClientResponse) -> timedelta | None:
    """Return for how long a cache may keep the answer (RFC 9111, 4.2); None if it does not say."""
    headers = response.headers
    control = ", ".join(headers.getall("Cache-Control", ())).lower()
    if re.search(r"\bno-(cache|store)\b", control):
        return timedelta()
    if not (found := re.search(r'\bmax-age\s*=\s*"?([0-9]{1,9})', control)):
        return None
    age = re.match(r"[0-9]{1,9}", headers.get("Age", ""))
    return timedelta(seconds=max(int(found[1]) - (int(age[0]) if age else 0), 0))


def _retry_after(text: str, now: datetime) -> timedelta | None:
    """Return the wait that Retry-After names, in seconds or as a date; None for anything else.

    No server is believed that names more than seven days.
    """
    try:
        if re.fullmatch(r"[0-9]+", text.strip()):
            wait = timedelta(seconds=int(text.strip()[:9]))
        else:
            at = parsedate_to_datetime(text)
            # Without a zone, it is in UTC.
            wait = at.replace(tzinfo=at.tzinfo or UTC) - now
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(wait, timedelta()), _MAX_RETRY_AFTER)
