"""The default names of schedules: `weekday-question`, `friday-digest`."""

from collections.abc import Collection
from dataclasses import replace
from itertools import count

from store.types import Order

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_OF_DAYS = {
    frozenset(range(7)): "daily",
    frozenset(range(5)): "weekday",
    frozenset({5, 6}): "weekend",
} | {frozenset({day}): name for day, name in enumerate(_DAYS)}


def default_name(order: Order, *, taken: Collection[str] = ()) -> str:
    """Return a name for the schedule of *order* that is not *taken*.

    The migration to schedules with names writes the same names.
    """
    name = _plain_name(order)
    numbered = (f"{name}-{number}" for number in count(2))
    return name if name not in taken else next(each for each in numbered if each not in taken)


def kept_name(order: Order, before: Order | None, *, taken: Collection[str]) -> str:
    """Return the name of a schedule that *order* replaces: a name that a person chose stays."""
    if before and not is_default_name(before.name, before):
        return before.name
    return default_name(order, taken=taken)


def is_default_name(name: str, order: Order) -> bool:
    """Return whether the schedule of *order* can have *name* by default."""
    rest = name.removeprefix(_plain_name(order))
    return rest != name and (not rest or (rest[0] == "-" and rest[1:].isdecimal()))


def without_default_name(order: Order) -> Order:
    """Return *order* without a name that it has by default, because that changes with the days."""
    return replace(order, name="") if is_default_name(order.name, order) else order


def _plain_name(order: Order) -> str:
    return f"{_OF_DAYS.get(order.timetable.weekdays, 'weekly')}-{order.kind}"
