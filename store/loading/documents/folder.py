"""List the files of a corpus folder: documents, ignored files and files with a problem."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from store.text import showable

_PACKED = (".json", ".xml", ".rss", ".atom", ".rdf")
"""The endings of documents that may be packed with gzip."""
ENDINGS = (".txt", ".jsonl", ".ndjson", ".csv", ".tsv", *_PACKED, *(f"{one}.gz" for one in _PACKED))
"""The file name endings of documents."""
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
            problems=() if is_shown else ((shown, _MISNAMED),),
        )
    root = path.resolve()
    documents: list[str] = []
    problems: list[tuple[str, str]] = []
    ignored = 0
    for name, is_link in _walk(root, problems):
        mode = _mode(root / name)
        is_folder = is_link and stat.S_ISDIR(mode)
        if (shown := showable(name)) != name:
            problems.append((shown, _MISNAMED))
        elif _is_hidden(name) or not (is_folder or ending_of(name)):
            ignored += 1
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
        problems=tuple(problems),
    )


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
