"""SECURITY.md names a test for every promise, and each of these tests exists."""

import re

from tests.machine import ROOT


def test_every_named_test_exists() -> None:
    text = (ROOT / "SECURITY.md").read_text()
    tests = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    named = set(re.findall(r"`(test_\w+)`", text))
    assert named
    assert not named - set(re.findall(r"def (test_\w+)", tests))


def test_every_row_names_a_test() -> None:
    table = (ROOT / "SECURITY.md").read_text().partition("| --- |")[2]
    rows = [line for line in table.splitlines()[1:] if line.startswith("|")]
    assert rows
    assert all("`test_" in row.split("|")[4] for row in rows)
