"""One child process that parses the files of all these tests."""

from collections.abc import Iterator
from contextlib import nullcontext

import pytest

from store.parsing import Limits, Parser


@pytest.fixture(autouse=True, scope="package")
def one_child() -> Iterator[None]:
    """Parse all files in one child process, because to start one takes longer than most tests."""
    with Parser(Limits(seconds_in_all=1000)) as parser, pytest.MonkeyPatch.context() as patch:
        for module in ("store.loading.documents", "store.corpus.service"):
            patch.setattr(f"{module}.Parser", lambda: nullcontext(parser))
        yield
