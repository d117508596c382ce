"""Fixtures for all tests."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from store import Store, open_store
from store.db import open_database
from tests import postgres
from tests.machine import NOW, PATIENCE
from tests.types.recording import recorded

# The duration of a test depends on the machine, not on Parley, so there is no deadline. Each run
# tries other examples, and CI has many runs, so half of hypothesis's usual number is enough in one.
settings.register_profile(
    "parley", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("parley")

# With a developer's proxy settings, the SDK would use the proxy for loopback addresses.
for name in ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"):
    os.environ.pop(name, None)
    os.environ.pop(name.lower(), None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return one process more than there are cores: many tests wait for a process or a deadline."""
    return min(os.cpu_count() or 1, 4) + 1


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record", metavar="FOLDER", help="write what the tests send here")


@pytest.fixture(scope="session", autouse=True)
def _record(pytestconfig: pytest.Config) -> Iterator[None]:
    folder = pytestconfig.getoption("--record")
    if not folder:
        yield
        return
    with recorded() as recording:
        yield
    recording.write(Path(folder, f"{os.getpid()}.jsonl"))


CORPUS = {
    "talks.txt": """Envoys meet again

Zelenskiy flew to Geneva for talks with envoys from nine countries.
A neutral city lowers the price of turning up.
Who should set the agenda when nobody trusts the host?

Sanctions on timber exports were eased after the Geneva round.
Trade moves sooner than trust.
Which sanction would you lift first, and what for?
""",
    "ports.txt": """Harbours of the north

Dockworkers in Gdansk ended a strike over night shifts.
A port that stops makes its importance plain.
What would make night work fair?
""",
}


class StoppedClock:
    """A clock that stands still until `forward` moves it."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the bot wait as long as a slow machine needs; other tests are about its timeouts."""
    monkeypatch.setattr("handlers.slack.progress._AFTER_SECONDS", (PATIENCE,))
    monkeypatch.setattr("handlers.features.lookup._ACK_SECONDS", PATIENCE)
    monkeypatch.setattr("handlers.features.schedule_form._CHECK_SECONDS", PATIENCE)
    monkeypatch.setattr("handlers.features.schedule_form._JOIN_SECONDS", PATIENCE)
    monkeypatch.setattr("handlers.features.schedule_form._OPENING_SECONDS", PATIENCE)
    monkeypatch.setattr("handlers.slack.directory.ASK_SECONDS", PATIENCE)
    monkeypatch.setattr("handlers.slack.directory.PRESENCE_SECONDS", PATIENCE)


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    with postgres.server() as address:
        yield address


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an SQLite file with today's schema: copying it is faster than all migrations."""
    path = tmp_path_factory.mktemp("migrated") / "parley.db"

    async def migrate() -> None:
        async with open_database(f"sqlite:///{path}"):
            pass

    asyncio.run(migrate())
    return path


def write_corpus(folder: Path) -> Path:
    folder.mkdir()
    for name, text in CORPUS.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "corpus")


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the stories already loaded, because loading takes longer than most tests."""
    folder = tmp_path_factory.mktemp("loaded")
    corpus, database = write_corpus(folder / "corpus"), folder / "parley.db"

    async def load() -> None:
        async with open_store(f"sqlite:///{database}") as store:
            await store.loads.reload(corpus, by="terminal", at=NOW)

    asyncio.run(load())
    return database


@pytest.fixture(params=["sqlite", "postgres"])
async def database_url(
    request: pytest.FixtureRequest, tmp_path: Path, migrated: Path
) -> AsyncIterator[str]:
    """Yield the URL of a database with tables and without rows, once for each engine."""
    if request.param == "sqlite":
        yield f"sqlite:///{shutil.copy(migrated, tmp_path)}"
    else:
        async with postgres.database(request.getfixturevalue("postgres_server")) as url:
            yield url


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with open_store(database_url) as store:
        yield store


class Children(list["subprocess.Popen[bytes]"]):
    """The child processes of a test, in the order of their start."""

    def __init__(self) -> None:
        super().__init__()
        self.when_started: Callable[[], object] = lambda: None
        """Called after each start, in the thread that started the child."""


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> Children:
    """Return the list of child processes that `subprocess.Popen` starts from now on."""
    children = Children()

    class Listed(subprocess.Popen[bytes]):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            children.append(self)
            children.when_started()

    monkeypatch.setattr(subprocess, "Popen", Listed)
    return children
