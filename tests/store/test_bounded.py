"""A bounded dictionary keeps the entries that were added last."""

from store.bounded import BoundedDict


def test_the_entry_that_was_added_first_goes_first() -> None:
    cache: BoundedDict[str, int] = BoundedDict(2)
    cache["a"] = 1
    cache["b"] = 2
    cache["a"] = 3  # Set again, it keeps its place.
    assert cache == {"a": 3, "b": 2}
    assert cache.get("a") == 3
    cache["c"] = 4
    assert cache == {"b": 2, "c": 4}
    cache.update(d=5)
    assert cache.setdefault("e", 6) == 6
    assert cache == {"d": 5, "e": 6}
