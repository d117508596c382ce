"""Private files, which only their owner may read: the database, its lock file and its copies."""

import os
from contextlib import suppress
from pathlib import Path

_OWNER_ONLY = 0o600
_OTHERS = 0o077


def create(path: Path) -> None:
    """Create an empty file that only its owner may read and write, whatever the umask.

    A file that exists stays as it is. SQLite creates the files beside a database (-wal, -shm) with
    the mode of the database itself (sqlite.org/tempfiles.html).
    """
    if path.exists():
        return
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, _OWNER_ONLY))
    # The umask may have removed the owner's own rights. Some file systems do not support modes.
    with suppress(OSError):
        path.chmod(_OWNER_ONLY)


def is_exposed(path: Path) -> bool:
    """Return whether other users of this machine may read or write a file.

    False if there is no such file, and on systems without POSIX modes.
    """
    return os.name == "posix" and path.exists() and bool(path.stat().st_mode & _OTHERS)
