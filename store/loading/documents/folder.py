"""Which files of a folder are documents, which are left out, and which are refused."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from store.text import showable

ENDINGS = (".txt", ".jsonl", ".ndjson", ".csv", ".xml", ".rss", ".atom")
"""The endings of a document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """What lies in a corpus folder."""

    root: Path
    documents: tuple[str, ...]
    """Paths below the root, with forward slashes, in order."""
    ignored: int
    """Files left out: hidden ones, and those with another ending."""
    outside: tuple[str, ...]
    """Links that lead out of the folder: whoever can write in it could show any file by one."""
    misnamed: tuple[str, ...]
    """Files whose name is no UTF-8 text, or would not be shown as it is; question marks where."""


def files_of(path: Path) -> Files:
    """Look through the folder at *path*, or at the one document there."""
    if path.is_file():
        shown = showable(path.name)
        is_shown = shown == path.name
        return Files(
            root=path.parent,
            documents=(path.name,) if is_shown else (),
            ignored=0,
            outside=(),
            misnamed=() if is_shown else (shown,),
        )
    root = path.resolve()
    documents: list[str] = []
    outside: list[str] = []
    misnamed: list[str] = []
    ignored = 0
    for name, is_link in _walk(root):
        if (shown := showable(name)) != name:
            misnamed.append(shown)
        elif not _is_document(name):
            ignored += 1
        elif is_link and not Path(os.path.realpath(root / name)).is_relative_to(root):
            outside.append(name)
        elif not (root / name).is_file():
            ignored += 1
        else:
            documents.append(name)
    return Files(
        root=path,
        documents=tuple(sorted(documents)),
        ignored=ignored,
        outside=tuple(outside),
        misnamed=tuple(misnamed),
    )


def _walk(root: Path) -> Iterator[tuple[str, bool]]:
    """Yield the path of every file below *root*, and whether it is a link; links to folders too."""
    waiting = [""]
    while waiting:
        below = waiting.pop()
        with os.scandir(root / below) as entries:
            for entry in entries:
                name = f"{below}{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(f"{name}/")
                else:
                    yield name, entry.is_symlink()


def _is_document(name: str) -> bool:
    path = PurePosixPath(name)
    return path.suffix.lower() in ENDINGS and not any(part.startswith(".") for part in path.parts)
