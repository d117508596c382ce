"""One child process that parses the files of all these tests."""

from collections.abc import Iterator

import pytest

from tests.one_child import parsing_in_one_child


@pytest.fixture(autouse=True, scope="package")
def _one_child() -> Iterator[None]:
    with parsing_in_one_child():
        yield
