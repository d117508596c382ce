"""No other user of the machine can read Parley's files, whatever the umask."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from store.db import DatabaseError, exposed, open_database, private
from store.db.backup import backup, copy, restore

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs files with modes")


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o777], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    return {file.name: oct(file.stat().st_mode & 0o777) for file in sorted(folder.iterdir())}


def url_of(path: Path) -> str:
    return f"sqlite:///{path}"


async def write(url: str) -> None:
    async with open_database(url) as database, database.transaction() as connection:
        await connection.execute("UPDATE revision SET number = number")


@pytest.mark.usefixtures("umask")
async def test_a_new_database_is_its_owner_s_alone(tmp_path: Path) -> None:
    url = url_of(tmp_path / "parley.db")
    async with open_database(url, hold=True) as database:
        async with database.transaction() as connection:
            await connection.execute("UPDATE revision SET number = number")
        names = ("parley.db", "parley.db-shm", "parley.db-wal", "parley.db.lock")
        assert modes(tmp_path) == dict.fromkeys(names, "0o600")
        assert exposed(url) == []


@pytest.mark.usefixtures("umask")
async def test_so_are_backups_and_copies(tmp_path: Path) -> None:
    database, copied = tmp_path / "parley.db", tmp_path / "copied.db"
    await write(url_of(database))
    await backup(url_of(database), tmp_path / "backup.db")
    await copy(url_of(database), url_of(copied))
    await restore(tmp_path / "backup.db", url_of(database))
    assert set(modes(tmp_path).values()) == {"0o600"}
    assert "parley.db.replaced-1" in modes(tmp_path)


async def test_so_is_a_backup_of_postgres(tmp_path: Path, database_url: str) -> None:
    await write(database_url)
    await backup(database_url, tmp_path / "backup.db")
    assert set(modes(tmp_path).values()) == {"0o600"}
    assert not exposed(database_url)


async def test_a_restored_database_is_private_though_the_backup_is_not(tmp_path: Path) -> None:
    database, file = tmp_path / "parley.db", tmp_path / "backup.db"
    await write(url_of(database))
    await backup(url_of(database), file)
    file.chmod(0o644)
    database.unlink()
    await restore(file, url_of(database))
    assert modes(tmp_path)["parley.db"] == "0o600"


async def test_a_new_database_behind_a_link_is_private(tmp_path: Path) -> None:
    (tmp_path / "parley.db").symlink_to("elsewhere.db")
    await write(url_of(tmp_path / "parley.db"))
    assert modes(tmp_path)["elsewhere.db"] == "0o600"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o666])
async def test_an_existing_database_keeps_its_mode_and_is_reported(
    tmp_path: Path, mode: int
) -> None:
    """The owner may want it so: `check` reports it, and nothing is changed."""
    path = tmp_path / "parley.db"
    await write(url_of(path))
    path.chmod(mode)
    async with open_database(url_of(path)):
        assert path.stat().st_mode & 0o777 == mode
        assert path in exposed(url_of(path))
    path.chmod(0o400)
    assert path not in exposed(url_of(path))


async def test_file_systems_without_modes_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", refuse)
    path = tmp_path / "parley.db"
    await write(url_of(path))
    os.chmod(path, 0o666)  # noqa: PTH101 -- the other way is taken away
    assert private.is_exposed(path)
    monkeypatch.setattr(private, "os", SimpleNamespace(name="nt"))
    assert not private.is_exposed(path)


def owners(folder: Path) -> dict[str, int]:
    return {file.name: file.stat().st_uid for file in sorted(folder.iterdir())}


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, who may change owners")
async def test_what_root_writes_belongs_to_the_owner_of_the_database(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "backup.db"
    database = data / "parley.db"
    await write(url_of(database))
    await backup(url_of(database), file)
    (data / "parley.db.lock").unlink(missing_ok=True)
    database.chmod(0o640)
    for path in (data, database):
        os.chown(path, 4711, 4712)
    await restore(file, url_of(database))
    async with open_database(url_of(database), hold=True) as opened:
        await opened.keep_copy(".schema-1")
        assert set(owners(data).values()) == {4711}
    assert (database.stat().st_gid, modes(data)["parley.db"]) == (4712, "0o640")
    assert owners(data).keys() > {"parley.db", "parley.db.lock", "parley.db.replaced-1"}


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, who may change owners")
@pytest.mark.parametrize("is_restored", [True, False])
async def test_a_database_that_root_creates_belongs_to_the_owner_of_its_folder(
    tmp_path: Path, is_restored: bool
) -> None:
    await write(url_of(tmp_path / "old.db"))
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, 4711, 4712)
    database = home / "new" / "data" / "parley.db"
    if is_restored:
        await restore(tmp_path / "old.db", url_of(database))
    async with open_database(url_of(database), hold=True):
        assert set(owners(database.parent).values()) == {4711}
    assert owners(home) | owners(home / "new") == {"new": 4711, "data": 4711}


async def test_a_database_of_another_user_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, file = tmp_path / "parley.db", tmp_path / "backup.db"
    await write(url_of(database))
    await backup(url_of(database), file)
    before = modes(tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: database.stat().st_uid + 1)
    with pytest.raises(DatabaseError, match="belongs to another user"):
        await restore(file, url_of(database))
    assert modes(tmp_path) == before


def test_the_rights_of_what_a_link_points_to_stay(tmp_path: Path) -> None:
    """The owner of the folder may put a link in the place of a file that root restores."""
    (tmp_path / "secret").touch(mode=0o600)
    (tmp_path / "restored").symlink_to(tmp_path / "secret")
    with pytest.raises(OSError, match="symbolic links"):
        private.set_mode(tmp_path / "restored", 0o777)
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_a_file_gets_its_rights_without_special_ones(tmp_path: Path) -> None:
    (tmp_path / "restored").touch(mode=0o600)
    private.set_mode(tmp_path / "restored", 0o104640)
    assert stat.S_IMODE((tmp_path / "restored").stat().st_mode) == 0o640
