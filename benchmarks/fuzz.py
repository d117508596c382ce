"""Search for inputs that break an entry point, guided by code coverage: `make fuzz`.

Each run tests one entry point, because libFuzzer never returns. An input that breaks it is written
to a file; `python -m benchmarks.fuzz ENTRY_POINT FILE` tries that input again.
"""

import sys
import tempfile
from pathlib import Path

import atheris

_READ = ["bot", "handlers", "store", "feedparser", "icalendar", "recurring_ical_events"]

with atheris.instrument_imports(include=_READ):
    # The child imports them when it first needs them.
    import chardet  # noqa: F401
    import feedparser  # noqa: F401
    import recurring_ical_events  # noqa: F401

    from store.loading.documents import ENDINGS
    from store.parsing import Parser
    from tests.entrances import read_document, read_payload, read_rows, read_words

_FOLDER = Path(tempfile.mkdtemp(prefix="parley-fuzz-"))


_PARSER = Parser()


def document(raw: bytes) -> None:
    """Parse a document of any format."""
    provider = atheris.FuzzedDataProvider(raw)
    ending = provider.PickValueInList(sorted(ENDINGS))
    read_document(provider.ConsumeBytes(2000), _FOLDER, ending=ending, parser=_PARSER)


def feed(raw: bytes) -> None:
    """Parse a feed in this process, so that the fuzzer sees the coverage of the library."""
    read_rows(raw[:2000], "feed")


def calendar(raw: bytes) -> None:
    """Parse a calendar in this process, for the same reason."""
    read_rows(raw[:2000], "calendar")


def words(raw: bytes) -> None:
    """Parse the words of a command."""
    provider = atheris.FuzzedDataProvider(raw)
    read_words(provider.ConsumeUnicodeNoSurrogates(200))


def payload(raw: bytes) -> None:
    """Parse the body of a request."""
    content_types = ["application/json", "application/x-www-form-urlencoded", ""]
    provider = atheris.FuzzedDataProvider(raw)
    content_type = provider.PickValueInList(content_types)
    read_payload(provider.ConsumeBytes(400), content_type)


ENTRY_POINTS = {
    "document": document,
    "feed": feed,
    "calendar": calendar,
    "words": words,
    "payload": payload,
}

if __name__ == "__main__":
    atheris.Setup([sys.argv[0], *sys.argv[2:]], ENTRY_POINTS[sys.argv[1]])
    atheris.Fuzz()
