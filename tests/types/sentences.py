"""Every sentence that Parley says in the tests, in one list: `make sentences`.

Read the list as a whole, for its tone: plain, short, kind, and the next step first. Names, dates
and numbers are the same in every sentence. Blocks that show a story as it is written are left out.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

SUFFIX = ".txt"
"""The ending of the files with the sentences of one process, beside the records of shapes."""
_DAYS = "Mon|Tue|Wed|Thu|Fri|Sat|Sun"
_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_PLACEHOLDERS = [
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"<!date\^[^>]*>", "DATE"),
        (r"<@[^>]*>", "PERSON"),
        (r"<#[^>]*>", "CHANNEL"),
        (r"<?https?://[^\s>]*>?", "URL"),
        (r"“[^”]*”", "“WORDS”"),
        (
            rf"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\w* )?\d{{1,2}} (?:{_MONTHS})\w*(?: \d{{4}})?",
            "DATE",
        ),
        (r"\d{4}-\d\d-\d\d", "DATE"),
        (r"\d{1,2}:\d\d", "TIME"),
        (r"\b\d[\d,.]*\b", "N"),
    )
]
_END = re.compile(r"(?<=[.!?:])\s+(?=[\"“`*A-Z])|\n")


def sentences(payload: Any) -> Iterator[str]:
    """Yield the sentences of a message, a view or an ack that were not written in a story."""
    for text in _texts(payload):
        for pattern, replacement in _PLACEHOLDERS:
            text = pattern.sub(replacement, text)
        yield from (each for part in _END.split(text) if (each := part.strip("•* ")))


def _texts(value: Any) -> Iterator[str]:
    match value:
        case {"type": "rich_text"}:
            # Such a block shows a story as it is written.
            return
        case {"type": "plain_text" | "mrkdwn", "text": str(text)}:
            yield text
        case {"response_action": "errors", "errors": dict(errors)}:
            yield from map(str, errors.values())
        case dict():
            # The text beside blocks says the same for a notification.
            if isinstance(value.get("text"), str) and not value.get("blocks"):
                yield value["text"]
            for inner in value.values():
                yield from _texts(inner)
        case list():
            for each in value:
                yield from _texts(each)


def listed(files: Iterable[Path]) -> list[str]:
    """Return the sentences of *files*, each once, in alphabetical order."""
    every = {line for file in files for line in file.read_text("utf-8").splitlines()}
    return sorted(every, key=lambda line: (line.casefold(), line))


if __name__ == "__main__":
    folder, target = map(Path, sys.argv[1:])
    found = listed(folder.glob(f"*{SUFFIX}"))
    target.write_text("".join(f"{line}\n" for line in found), "utf-8")
    sys.stdout.write(f"{target}: {len(found):,} sentences\n")
