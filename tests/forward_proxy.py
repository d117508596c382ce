"""A forward proxy on loopback that records its requests, and a TLS server for the Slack behind."""

import asyncio
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

_CHUNK = 1 << 16


@dataclass
class ForwardProxy:
    """The proxy at *url* and the requests that it got."""

    url: str = ""
    requests: list[str] = field(default_factory=list)
    """Requests such as "CONNECT slack.test:443" or "POST http://slack.test/api/auth.test"."""


@asynccontextmanager
async def forward_proxy(
    ports: Mapping[str, int], *, credentials: str = ""
) -> AsyncIterator[ForwardProxy]:
    """Serve a proxy that connects each host of *ports* to that port of this machine.

    Any other host gets 502. If *credentials* (user:password) are set, a client without them gets
    407.
    """
    proxy = ForwardProxy()
    expected = f"Basic {b64encode(credentials.encode()).decode()}" if credentials else None

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        proxy.requests.append(f"{method} {target}")
        headers = {name.lower(): text for name, _, text in (one.partition(": ") for one in lines)}
        if expected and headers.get("proxy-authorization") != expected:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
        port = ports.get(urlsplit(_as_url(f"{method} {target}")).hostname or "")
        if port is None:
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            return
        there = await asyncio.open_connection("127.0.0.1", port)
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            there[1].write(head)
        await _relay((reader, writer), there)

    async with _serving(serve) as port:
        proxy.url = f"http://{f'{credentials}@' if credentials else ''}127.0.0.1:{port}"
        yield proxy


@asynccontextmanager
async def tls_front(host: str, port: int, folder: Path) -> AsyncIterator[tuple[int, Path]]:
    """Serve *port* of this machine by TLS as *host*; yield (port, certificate file to trust)."""
    certificate, key = _certificate(host, folder)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _relay((reader, writer), await asyncio.open_connection("127.0.0.1", port))

    async with _serving(serve, context) as front:
        yield front, certificate


@asynccontextmanager
async def _serving(serve: Serve, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        try:
            await serve(reader, writer)
            writer.close()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            if not writer.is_closing():
                writer.transport.abort()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _relay(here: Streams, there: Streams) -> None:
    """Forward bytes in both directions until one side closes."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()

    ways = [
        asyncio.create_task(pump(here[0], there[1])),
        asyncio.create_task(pump(there[0], here[1])),
    ]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        # First, because this task may be cancelled while it waits.
        there[1].transport.abort()
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


def _as_url(request: str) -> str:
    method, _, target = request.partition(" ")
    return f"//{target}" if method == "CONNECT" else target


def _certificate(host: str, folder: Path) -> tuple[Path, Path]:
    """Write a self-signed certificate for *host*, valid a day before and after now, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths
