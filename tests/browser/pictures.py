"""The words that a picture shows, kept in the picture itself.

A PNG may carry texts (W3C, PNG, iTXt). With the words of the page in it, a test can tell whether a
picture is stale, whatever fonts drew it.
"""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

_KEYWORD = b"Description"
_HEAD = _KEYWORD + b"\0" * 5  # not compressed, no language, no translated keyword
_SIGNATURE = 8


def write_words(picture: Path, words: str) -> None:
    """Put *words* into the file of a picture, before its last chunk."""
    data = picture.read_bytes()
    end = data.rindex(b"IEND") - 4
    picture.write_bytes(data[:end] + _chunk(b"iTXt", _HEAD + words.encode()) + data[end:])


def read_words(picture: Path) -> str | None:
    """Return the words that `write_words` put into a picture, or None."""
    for kind, body in _chunks(picture.read_bytes()):
        if kind == b"iTXt" and body.startswith(_HEAD):
            return body.removeprefix(_HEAD).decode()
    return None


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = _SIGNATURE
    while place < len(data):
        (size,) = struct.unpack_from(">I", data, place)
        yield data[place + 4 : place + 8], data[place + 8 : place + 8 + size]
        place += size + 12
