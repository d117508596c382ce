"""The lock file of an SQLite database, which the system releases when its process ends."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path

from store.db import private
from store.db.types import DatabaseError, DatabaseInUseError


@contextmanager
def held(database: Path, *, alone: bool = True) -> Iterator[None]:
    """Lock *database* for this process; raises `DatabaseInUseError` that names the lock's holder.

    The lock is exclusive if *alone*. Otherwise it is shared: no process can have the exclusive lock
    at the same time.

    The system releases the lock when the process ends, even if it is killed (flock(2)). The lock
    file is never deleted, because two processes could then lock two files of the same name.
    """
    lock = database.with_name(f"{database.name}.lock")
    try:
        if not lock.exists():
            private.create(lock)
            private.keep_owner(lock, like=database if database.exists() else lock.parent)
        file = lock.open("ab+", buffering=0)
    except OSError as error:
        raise DatabaseError(f"{lock} cannot be written: {error.strerror}.") from error
    with file:
        try:
            fcntl.flock(file, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError as error:
            message = f"The database {database} is in use by {_holder(file)}."
            raise DatabaseInUseError(message) from error
        except OSError as error:
            raise DatabaseError(
                f"{lock} cannot be locked: {error.strerror}. Put the database on a local disk."
            ) from error
        if alone:
            # On a full disk the lock holds without the name of its holder.
            with suppress(OSError):
                file.truncate(0)
                file.write(f"process {os.getpid()} on {socket.gethostname()}".encode())
        yield


def _holder(file: FileIO) -> str:
    with suppress(OSError):
        file.seek(0)
        if name := file.read().decode(errors="replace").strip():
            return name
    return "another process"
