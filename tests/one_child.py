"""One child process that parses all files of some tests: to start one takes longer than most."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import pytest

from store.parsing import Limits, Parser


@contextmanager
def parsing_in_one_child() -> Iterator[None]:
    """Parse all files of corpora in the same child process."""
    with Parser(Limits(seconds_in_all=1000)) as parser, pytest.MonkeyPatch.context() as patch:
        for module in ("store.loading.documents", "store.corpus.loads"):
            patch.setattr(f"{module}.Parser", lambda: nullcontext(parser))
        yield
