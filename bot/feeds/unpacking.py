"""Unpack the body of an answer, up to a limit."""

import zlib

ENCODINGS = "gzip, deflate"
"""The content encodings that `unpack` reads, for the header Accept-Encoding."""
_MAX_MEMBERS = 100
"""Parts of a gzip file; more are an attack, because each needs a new decompressor."""


class UnpackingError(Exception):
    """Raised for a body that cannot be unpacked; the message continues "The answer of host"."""


def unpack(data: bytes, encoding: str, *, limit: int) -> bytes:
    """Return *data* without its content *encoding*; raises `UnpackingError`.

    Stops at *limit* bytes, so that a small body cannot fill the memory.
    """
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return data
    if encoding in ("gzip", "x-gzip"):
        return _inflate(data, 16 + zlib.MAX_WBITS, limit)
    if encoding == "deflate":
        # Some servers send what RFC 1951 describes, without the header of RFC 1950.
        has_header = len(data) > 1 and data[0] & 15 == 8 and (data[0] << 8 | data[1]) % 31 == 0
        return _inflate(data, zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS, limit)
    raise UnpackingError(
        f"is packed as {encoding[:40]!r}, though only gzip and deflate were asked for"
    )


def _inflate(data: bytes, bits: int, limit: int) -> bytes:
    unpacked = bytearray()
    try:
        for _ in range(_MAX_MEMBERS):
            stream = zlib.decompressobj(bits)
            unpacked += stream.decompress(data, limit + 1 - len(unpacked))
            if len(unpacked) > limit:
                raise UnpackingError(f"is larger than {limit >> 20} MB when it is unpacked")
            if not stream.eof:
                raise UnpackingError("is cut off")
            data = stream.unused_data
            # Zeros at the end are padding (as in gzip itself).
            if bits <= zlib.MAX_WBITS or not data.strip(b"\0"):
                return bytes(unpacked)
    except zlib.error as error:
        raise UnpackingError("is damaged: it cannot be unpacked") from error
    raise UnpackingError("is a gzip file of too many parts")
