"""What the tests of the corpus load, and how."""

from pathlib import Path

from store import Store
from store.types import Article, Found, Revision
from tests.machine import NOW

OTHER = "Boats\nThe last ferry left.\nNobody waved.\nWho rows now?\n"
TALKS = "Talks\nEnvoys met in Geneva.\nIt matters.\nWhat next for Geneva?\n"


def folder(tmp_path: Path, **files: str) -> Path:
    path = tmp_path / "corpus"
    path.mkdir(exist_ok=True)
    for name, text in files.items():
        (path / f"{name}.txt").write_text(text)
    return path


async def loaded(store: Store) -> tuple[Revision | None, list[Article]]:
    """Return the loaded revision and all articles about Geneva."""
    found = await store.corpus.find("geneva")
    return store.corpus.revision, [
        *(match.article for match in (found.matches if isinstance(found, Found) else ()))
    ]


async def load(store: Store, path: Path) -> tuple[int, int, int] | None:
    """Return how many articles were added, edited and removed; None if nothing has changed."""
    reload = await store.loads.reload(path, by="U1", at=NOW)
    revision = reload.revision
    return (revision.added, revision.edited, revision.removed) if reload.is_changed else None
