"""Databases without a schema."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests import postgres


@pytest.fixture(params=["sqlite", "postgres"])
async def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """Yield the URL of a database without a schema, once for each engine."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/parley.db"
    else:
        async with postgres.schema(request.getfixturevalue("postgres_server")) as url:
            yield url
