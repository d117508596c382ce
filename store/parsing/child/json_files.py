"""Parse JSON Feed (jsonfeed.org), and split a JSON array into its elements."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from .entries import Entry, longest_text
from .markup import on_one_line, plain_text, well_formed
from .report import ProblemError, Warnings

_BLANKS = re.compile(r"[ \t\r\n]*")


def is_json_feed(value: object) -> bool:
    """Return whether a JSON value is a JSON Feed of any version."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("items"), list)
        and "jsonfeed.org" in str(value.get("version"))
    )


def feed_entries(feed: Any) -> Iterable[Entry]:
    """Return the entries of a JSON Feed."""
    return (_entry(item, publisher=_text(feed, "title")) for item in feed["items"])


def _entry(item: object, *, publisher: str) -> Entry:
    title = on_one_line(_text(item, "title"))
    texts = [plain_text(_text(item, "content_html"))]
    texts += [on_one_line(_text(item, name)) for name in ("content_text", "summary")]
    return Entry(
        title,
        longest_text(texts, title),
        guid=_guid(item),
        link=_text(item, "url") or _text(item, "external_url") or _recording(item),
        published=_text(item, "date_published"),
        updated=_text(item, "date_modified"),
        publisher=on_one_line(publisher),
    )


def _recording(item: object) -> str:
    """Return the address of the recording of an episode, for one without a page."""
    attachments = item.get("attachments") if isinstance(item, dict) else None
    every = attachments if isinstance(attachments, list) else ()
    return next(filter(None, (_text(one, "url") for one in every)), "")


def _guid(item: object) -> str:
    value = item.get("id") if isinstance(item, dict) else None
    # A number is to be read as its text (jsonfeed.org).
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return str(value) if is_number else _text(item, "id")


def _text(item: object, name: str) -> str:
    value = item.get(name) if isinstance(item, dict) else None
    return well_formed(value) if isinstance(value, str) else ""


def load(text: str) -> Any:
    """Parse *text* as JSON; raises `ProblemError` if it is not valid JSON."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise _not_json(error) from error
    except RecursionError as error:
        raise ProblemError("is nested too deeply") from error


def only_array(text: str) -> int | None:
    """Return where the only array in the JSON object *text* begins; None if there is not one."""
    decoder = json.JSONDecoder()
    at = _after_blanks(text, text.index("{") + 1)
    starts: list[int] = []
    while text[at] != "}":
        _, end = decoder.raw_decode(text, at)
        at = _after_blanks(text, _after_blanks(text, end) + len(":"))
        if text[at] == "[":
            starts.append(at)
        _, end = decoder.raw_decode(text, at)
        at = _after_blanks(text, end)
        if text[at] == ",":
            at = _after_blanks(text, at + 1)
    return starts[0] if len(starts) == 1 else None


def elements(text: str, warnings: Warnings, start: int = 0) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each element of the JSON array that begins at *start*.

    Raises `ProblemError` at the first character that is not JSON.
    """
    decoder = json.JSONDecoder()
    at = _after_blanks(text, text.index("[", start) + 1)
    line, counted = 1, 0
    if text[at : at + 1] == "]":
        warnings.add("is an empty array: it is loaded, and no story comes from it")
        return
    while True:
        try:
            _, end = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            raise _not_json(error) from error
        except RecursionError as error:
            raise ProblemError("is nested too deeply", line) from error
        line, counted = line + text.count("\n", counted, at), at
        yield line, text[at:end]
        at = _after_blanks(text, end)
        if text[at : at + 1] == "]":
            return
        if text[at : at + 1] != ",":
            raise _not_json(json.JSONDecodeError("", text, at))
        at = _after_blanks(text, at + 1)


def _after_blanks(text: str, at: int) -> int:
    blanks = _BLANKS.match(text, at)
    return blanks.end() if blanks else at


def _not_json(error: json.JSONDecodeError) -> ProblemError:
    return ProblemError(f"is not JSON from character {error.colno} on", error.lineno)
