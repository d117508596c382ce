"""Private files, which only their owner may read: the database, its lock file and its copies."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from store.db.types import DatabaseError

_OWNER_ONLY = 0o600
_OTHERS = 0o077
_RIGHTS = 0o777


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


def keep_owner(path: Path, *, like: Path) -> None:
    """Set the owner of *path*, which this process has created, to that of *like*.

    Only what root has created may need it: the service that uses the database often runs as
    another user, who could not open the file.
    """
    if os.geteuid() == 0:
        model = like.stat()
        # Whoever owns the folder could have put a link in its place.
        os.chown(path, model.st_uid, model.st_gid, follow_symlinks=False)


def set_mode(path: Path, mode: int) -> None:
    """Set who may read and write the file *path*; raises OSError if it is a link by now."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        os.fchmod(descriptor, mode & _RIGHTS)
    finally:
        os.close(descriptor)


def create_folder(folder: Path) -> None:
    """Create *folder* and its parents; root's belong to the owner of the folder they are in."""
    if not folder.is_dir():
        create_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        keep_owner(folder, like=folder.parent)


@contextmanager
def written_whole(file: Path) -> Iterator[Path]:
    """Yield a new private file that becomes *file* at the end, or is deleted after an error.

    Raises `DatabaseError` if it cannot be written, or if its folder does not exist: the name of the
    folder may be mistyped.
    """
    if not file.parent.is_dir():
        raise DatabaseError(f"There is no folder {file.parent}: create it, or name another one.")
    part = file.with_name(f"{file.name}.part")
    try:
        part.unlink(missing_ok=True)
        create(part)
        yield part
        part.replace(file)
    except OSError as error:
        raise DatabaseError(f"{file} cannot be written: {error.strerror or error}.") from error
    finally:
        # SQLite and `file_lock` leave files beside it.
        for suffix in ("", "-wal", "-shm", ".lock"):
            with suppress(OSError):
                part.with_name(part.name + suffix).unlink(missing_ok=True)


def is_exposed(path: Path) -> bool:
    """Return whether other users of this machine may read or write a file.

    False if there is no such file, and on systems without POSIX modes.
    """
    return os.name == "posix" and path.exists() and bool(path.stat().st_mode & _OTHERS)
