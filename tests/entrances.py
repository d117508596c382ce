"""The entry points for untrusted input, each with the checks that hold for any input.

`tests/test_whatever_comes.py` runs them with hypothesis, and `benchmarks/fuzz.py` with a fuzzer
that is guided by coverage.
"""

from contextlib import suppress
from datetime import date
from pathlib import Path

from bot.entrances.http_mode import read
from bot.entrances.intake import who_and_where
from bot.entrances.request_verification import source_of
from bot.log import redact
from handlers.button_value import Value
from handlers.mrkdwn import escape, unescape
from handlers.parsing.dates import parse_dates
from handlers.parsing.schedule_order import LONGEST_TOPIC, MOST_STORIES, MOST_TOPICS, parse_order
from handlers.parsing.timetable import describe, parse
from store.loading.documents import ENDINGS, MAX_TEXT, read_corpus
from store.parsing import Parser
from store.parsing.child import answer
from store.types import CorpusInvalidError, ParleyError

_TODAY = date(2026, 11, 24)
_LAST = "2029-11-23"


def read_document(raw: bytes, folder: Path, *, ending: str, parser: Parser) -> None:
    """Read a file of a corpus; *ending* is one of `store.loading.documents.ENDINGS`."""
    assert ending in ENDINGS
    file = folder / f"document{ending}"
    file.write_bytes(raw)
    try:
        articles = [*read_corpus(file, parser=parser).articles(parser)]
    except CorpusInvalidError as error:
        for problem in error.problems:
            assert str(problem.path) == file.name
            assert problem.message
            problem.message.encode()
            # Some formats end a line with \r too, and a problem can be at the end of the file.
            lines = raw.count(b"\n") + raw.count(b"\r") + 1
            is_packed = raw.startswith(b"\x1f\x8b")
            assert is_packed or problem.line is None or 1 <= problem.line <= lines + 1
        return
    for article in articles:
        for text in (article.headline, article.summary, article.insight, article.question):
            assert len(text) <= MAX_TEXT
            assert "\0" not in text
            text.encode()


def read_rows(raw: bytes, kind: str) -> None:
    """Parse a feed or a calendar as the child process does, and read its answer."""
    options: dict[str, dict[str, object]] = {
        "feed": {"longest": MAX_TEXT},
        "calendar": {"first": "2026-11-24", "last": _LAST},
        "json": {"longest": MAX_TEXT},
    }
    *rows, end = answer(kind, raw, options[kind])
    assert isinstance(end, dict)
    assert "problem" not in end or end["problem"]
    for line, message in end["warnings"]:
        assert message
        assert line is None or line >= 1
    for row in rows:
        assert isinstance(row, list)
        assert all(len(text) <= MAX_TEXT for text in row)


def read_words(text: str) -> None:
    """Parse the text after a command, and the value of a button."""
    assert not {"<", ">"} & set(escape(unescape(text)))
    assert "xoxb-1" not in redact(f"{text}xoxb-1-2 {text}")
    with suppress(ParleyError):
        timetable = parse(unescape(text), zone="UTC", today=_TODAY)
        assert describe(timetable)
        assert timetable.weekdays <= frozenset(range(7))
    with suppress(ParleyError):
        order = parse_order(unescape(text), zone="UTC", today=_TODAY)
        assert 1 <= order.stories <= MOST_STORIES
        assert len(order.topics) <= MOST_TOPICS
        assert all(0 < len(topic) <= LONGEST_TOPIC for topic in order.topics)
    with suppress(ParleyError):
        assert all(day >= _TODAY for day in parse_dates(unescape(text), today=_TODAY))
    with suppress(ParleyError):
        assert Value.decode(text).place >= 0


def read_payload(raw: bytes, content_type: str) -> None:
    """Parse a signed request, and its origin."""
    payload = read(raw, content_type)
    assert payload is None or isinstance(payload, dict)
    if payload is not None:
        ids = who_and_where(payload)
        assert all(one is None or isinstance(one, str) for one in ids.values())
    assert len(source_of("10.0.0.1", raw.decode("latin-1"), 1)) <= 50
