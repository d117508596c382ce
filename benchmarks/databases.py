"""Create empty databases for measurements."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from tempfile import TemporaryDirectory

from tests import postgres

KINDS = ("sqlite", "postgres")


@asynccontextmanager
async def database(kind: str) -> AsyncIterator[str]:
    """Create a database of one of `KINDS`; yield its URL, and delete it at the end."""
    if kind == "postgres":
        with postgres.server() as address:
            async with postgres.schema(address) as url:
                yield url
    else:
        with TemporaryDirectory(prefix="parley-bench-") as folder:
            yield f"sqlite:///{folder}/parley.db"
