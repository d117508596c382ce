"""The installed package has every file, and NOTICE names the licenses."""

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.machine import ROOT

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
EXTRAS = ("holidays", "meaning", "postgres", "teams")
"""The extras that a running Parley may need; the others are for development."""


def files() -> list[Path]:
    """Return every file of the three packages, without caches of Python and tools."""
    every = (path for room in ("bot", "handlers", "store") for path in (ROOT / room).rglob("*"))
    kept = (path for path in every if path.is_file() and "__pycache__" not in path.parts)
    return [path.relative_to(ROOT) for path in kept]


def test_every_folder_with_modules_is_a_package() -> None:
    """setuptools leaves out folders without an `__init__.py`."""
    modules = [path for path in files() if path.suffix == ".py"]
    folders = {path.parent for path in modules}
    assert {path.parent for path in modules if path.name == "__init__.py"} == folders


def test_every_other_file_is_installed_with_its_package() -> None:
    patterns = [
        str(Path(package.replace(".", "/"), pattern))
        for package, several in PYPROJECT["tool"]["setuptools"]["package-data"].items()
        for pattern in several
    ]
    data = [path for path in files() if path.suffix != ".py"]
    assert data
    assert [path for path in data if not any(map(path.match, patterns))] == []


def test_the_image_contains_only_what_dockerignore_allows() -> None:
    """`*` excludes everything, and each line with `!` includes one file or folder."""
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    let_in = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    copies = re.findall(r"^COPY (?!--)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    copied = {source for sources in copies for source in sources.split()}
    assert copied == let_in
    assert all((ROOT / source).exists() for source in copied)
    assert PROJECT["readme"] in copied
    assert set(PROJECT["license-files"]) <= copied


@pytest.mark.parametrize(
    ("file", "pattern"),
    [("Dockerfile", r"^ARG EXTRAS=(\S+)$"), ("requirements.txt", r"^\.\[(\S+)\]$")],
)
def test_hosts_install_every_runtime_extra(file: str, pattern: str) -> None:
    (found,) = re.findall(pattern, (ROOT / file).read_text(), re.MULTILINE)
    assert tuple(found.split(",")) == EXTRAS
    assert set(EXTRAS) <= set(PROJECT["optional-dependencies"])


def required(name: str, extras: tuple[str, ...], seen: dict[str, Distribution]) -> None:
    """Collect in *seen* the installed packages that *name* requires, directly or not."""
    one = distribution(name)
    for line in one.requires or ():
        need = Requirement(line)
        marker = need.marker
        if marker and not any(marker.evaluate({"extra": extra}) for extra in extras or ("",)):
            continue
        if need.name not in seen:
            seen[need.name] = distribution(need.name)
            required(need.name, tuple(need.extras), seen)


def licenses(one: Distribution) -> Iterator[str]:
    yield from one.metadata.get_all("License-Expression") or ()
    # Some packages have the whole text here; its first line is the name of the license.
    for text in one.metadata.get_all("License") or ():
        yield text.strip().partition("\n")[0]
    yield from (text for text in one.metadata.get_all("Classifier") or () if "License" in text)


@pytest.mark.parametrize("kind", ["GPL|GNU", "MPL|Mozilla", "EUPL|SSPL|Commons|Proprietary"])
def test_the_notice_names_every_license_that_requires_more_than_credit(kind: str) -> None:
    seen: dict[str, Distribution] = {}
    required("parley", EXTRAS, seen)
    notice = (ROOT / "NOTICE").read_text()
    found = {name for name, one in seen.items() if re.search(kind, " ".join(licenses(one)))}
    assert {name for name in found if not re.search(rf"\b{re.escape(name)}\b", notice)} == set()
    assert found == {
        "GPL|GNU": {"recurring-ical-events", "x-wr-timezone"},
        "MPL|Mozilla": {"orjson", "tqdm"},
    }.get(kind, set())
