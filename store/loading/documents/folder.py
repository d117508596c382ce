"""List the files of a corpus folder: documents, ignored files and files with a problem."""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from store.text import showable

_PACKED = (".json", ".xml", ".rss", ".atom", ".rdf")
"""The endings of documents that may be packed with gzip."""
ENDINGS = (".txt", ".jsonl", ".ndjson", ".csv", ".tsv", *_PACKED, *(f"{one}.gz" for one in _PACKED))
"""The file name endings of documents."""
_SAVE_AS = dict.fromkeys(
    (".md", ".markdown", ".doc", ".docx", ".odt", ".rtf", ".pdf", ".html", ".htm"), "*.txt"
) | dict.fromkeys((".xls", ".xlsx", ".ods", ".numbers"), "*.csv")
"""What a file may be saved as to be read, by the ending of files that people write stories in."""
_ABOUT = ("readme", "license", "changelog")
"""The names of files about a folder."""
_MISNAMED = "has a name that cannot be shown: it has other characters where ? stands"
# It could expose any file of the machine.
_OUTSIDE = "is a link out of the folder: put the {} itself there"
_NO_FILE = "cannot be read: it is a link to nothing, or no file"


def ending_of(name: str) -> str | None:
    """Return the ending that makes the file *name* a document, or None; `.gz` is left out."""
    name = name.lower().removesuffix(".gz") if name.lower().endswith(ENDINGS) else ""
    return PurePosixPath(name).suffix or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """The files of a corpus folder."""

    root: Path
    documents: tuple[str, ...]
    """Paths below the root, with forward slashes, in order."""
    ignored: int
    """How many files were ignored, because they are hidden or have another ending."""
    not_read: tuple[tuple[str, str], ...]
    """The first file of each ending that people write stories in, and how to save it instead."""
    problems: tuple[tuple[str, str], ...]
    """The paths of files and folders that cannot be read, as they can be shown, and why."""


def list_files(path: Path) -> Files:
    """Return the files of the folder at *path*, or the single document at *path*."""
    if path.is_file():
        shown = showable(path.name)
        is_shown = shown == path.name
        return Files(
            root=path.parent,
            documents=(path.name,) if is_shown else (),
            ignored=0,
            not_read=(),
            problems=() if is_shown else ((shown, _MISNAMED),),
        )
    root = path.resolve()
    documents: list[str] = []
    problems: list[tuple[str, str]] = []
    ignored = 0
    others: dict[str, list[str]] = {}
    for name, is_link in _walk(root, problems):
        mode = _mode(root / name)
        is_folder = is_link and stat.S_ISDIR(mode)
        if (shown := showable(name)) != name:
            problems.append((shown, _MISNAMED))
        elif _is_hidden(name) or not (is_folder or ending_of(name)):
            ignored += 1
            _note_other(name, others)
        elif is_link and not Path(os.path.realpath(root / name)).is_relative_to(root):
            problems.append((name, _OUTSIDE.format("folder" if is_folder else "file")))
        elif is_folder:
            # The files there are listed where they are.
            ignored += 1
        elif not stat.S_ISREG(mode):
            problems.append((name, _NO_FILE))
        else:
            documents.append(name)
    return Files(
        root=path,
        documents=tuple(sorted(documents)),
        ignored=ignored,
        not_read=tuple(_not_read(ending, sorted(names)) for ending, names in others.items()),
        problems=tuple(problems),
    )


def _note_other(name: str, others: dict[str, list[str]]) -> None:
    """Add *name* to *others*, by its ending, if it looks like a file of stories."""
    path = PurePosixPath(name)
    is_story = path.suffix.lower() in _SAVE_AS and path.stem.lower() not in _ABOUT
    if is_story and not _is_hidden(name) and not path.name.startswith("~$"):
        others.setdefault(path.suffix.lower(), []).append(name)


def _not_read(ending: str, names: Sequence[str]) -> tuple[str, str]:
    """Return the first of *names*, and that none of these files is read."""
    if len(names) == 1:
        return names[0], f"is not read: save it as {_SAVE_AS[ending]}"
    others = f"{len(names) - 1:,} other *{ending} file{'s' if len(names) > 2 else ''}"
    verb = "are" if len(names) > 2 else "is"
    return names[0], f"is not read, and neither {verb} {others}: save them as {_SAVE_AS[ending]}"


def _walk(root: Path, problems: list[tuple[str, str]]) -> Iterator[tuple[str, bool]]:
    """Yield the path of each file below *root*, and whether it is a link; do not follow links.

    Adds the folders below *root* that cannot be listed to *problems*.
    """
    folders = [""]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(root / folder) as entries:
                for entry in entries:
                    name = f"{folder}{entry.name}"
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(f"{name}/")
                    else:
                        yield name, entry.is_symlink()
        except OSError as error:
            if not folder:
                raise
            if not _is_hidden(folder):
                problems.append((showable(folder[:-1]), f"cannot be read: {error.strerror}"))


def _mode(path: Path) -> int:
    """Return the type of the file at *path*; 0 if it is a link to nothing or out of reach."""
    try:
        return path.stat().st_mode
    except OSError:
        return 0


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") for part in PurePosixPath(name).parts)
