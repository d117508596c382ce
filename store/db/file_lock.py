"""Who has an SQLite file for itself: a lock beside the file, which ends with its process."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from store.db import private
from store.db.types import DatabaseError


@contextmanager
def held(database: Path, *, alone: bool = True) -> Iterator[None]:
    """Have *database* for this process alone; raises `DatabaseError` that says who has it.

    Not *alone*, it only makes sure that nobody has it so, and that nobody gets it meanwhile.

    The system lets go of the lock when its process ends, however it ends (flock(2)); the file that
    carries it stays, since taking it away would let two processes lock two files of one name.
    """
    lock = database.with_name(f"{database.name}.lock")
    private.create(lock)
    with lock.open("a+") as file:
        try:
            fcntl.flock(file, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except OSError as error:
            raise DatabaseError(f"The database {database} is in use by {_named(file)}.") from error
        if alone:
            file.truncate(0)
            file.write(f"process {os.getpid()} on {socket.gethostname()}")
            file.flush()
        yield


def _named(file: TextIO) -> str:
    file.seek(0)
    return file.read().strip() or "another process"
