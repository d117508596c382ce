"""Parse feeds and JSON files, packed or not, in any charset."""

import zlib
from collections.abc import Iterator

from .charsets import decode
from .entries import rows
from .json_files import elements, feed_entries, is_json_feed, load, only_array
from .report import ProblemError, Warnings
from .xml_feeds import parse_xml_feed

_GZIP = b"\x1f\x8b"
_MAX_UNPACKED = 64 << 20
_BEFORE_JSON = "\ufeff \t\r\n"


def parse_feed(data: bytes, warnings: Warnings, *, longest: int) -> Iterator[list[str]]:
    """Yield each entry of a feed as `rows` does."""
    text = decode(_unpack(data, warnings), warnings)
    if text.lstrip(_BEFORE_JSON).startswith(("{", "[")):
        feed = load(text.lstrip(_BEFORE_JSON))
        if not is_json_feed(feed):
            raise ProblemError(
                "is no JSON Feed: it lacks a version of jsonfeed.org, or its items",
                is_another_kind=True,
            )
        entries = feed_entries(feed)
    else:
        entries = parse_xml_feed(text, warnings)
    yield from rows(entries, warnings, longest=longest)


def parse_json(data: bytes, warnings: Warnings, *, longest: int) -> Iterator[list[str]]:
    """Yield what a JSON file is, and then its rows.

    After "feed" come the rows of `parse_feed`, and after "array" the line and the text of each
    element. An object that is no feed stands for the only array in it, or else for an array of one
    element.
    """
    text = decode(_unpack(data, warnings), warnings).removeprefix("\ufeff")
    if not text.strip():
        raise ProblemError("is empty: a JSON array of stories or a JSON Feed was expected")
    start = 0 if text.lstrip().startswith("[") else None
    if start is None:
        value = load(text)
        if is_json_feed(value):
            yield ["feed"]
            yield from rows(feed_entries(value), warnings, longest=longest)
            return
        is_object = isinstance(value, dict)
        is_story = is_object and any(name.strip().lower() == "headline" for name in value)
        start = only_array(text) if is_object and not is_story else None
    yield ["array"]
    if start is None:
        yield ["1", text]
        return
    for line, element in elements(text, warnings, start):
        yield [str(line), element]


def parse_text(data: bytes, warnings: Warnings) -> Iterator[list[str]]:
    """Yield each line of a text file in any charset, which may end its lines with CR alone."""
    text = decode(data, warnings, can_declare=False)
    has_cr = "\r" in text.partition("\n")[0].rstrip("\r")
    for line in text.split("\r" if has_cr else "\n"):
        yield [line]


def _unpack(data: bytes, warnings: Warnings) -> bytes:
    """Return what *data* holds, if it is a gzip file, or *data* itself."""
    unpacked = bytearray()
    rest = data
    try:
        while rest.startswith(_GZIP):
            stream = zlib.decompressobj(wbits=31)
            unpacked += stream.decompress(rest, _MAX_UNPACKED + 1 - len(unpacked))
            if len(unpacked) > _MAX_UNPACKED:
                raise ProblemError(f"is larger than {_MAX_UNPACKED >> 20} MB when it is unpacked")
            rest = stream.unused_data
            if not stream.eof:
                warnings.add("is a gzip file that is cut off: what is there is loaded")
    except zlib.error as error:
        if not unpacked:
            raise ProblemError("is a gzip file that is damaged") from error
        warnings.add("is a gzip file that is damaged: what could be unpacked is loaded")
    return bytes(unpacked) if data.startswith(_GZIP) else data
