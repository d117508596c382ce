"""What the child says about a file besides its rows: warnings, or the problem that stops it."""

_MOST = 20


class ProblemError(Exception):
    """Raised for a file that is not of the expected format."""

    def __init__(
        self, message: str, line: int | None = None, *, is_another_kind: bool = False
    ) -> None:
        super().__init__(message)
        self.line = line
        self.is_another_kind = is_another_kind


class Warnings:
    """The warnings about one file, in their order; those of the same kind are counted."""

    def __init__(self) -> None:
        self._first: dict[str, tuple[int | None, str]] = {}
        self._more: dict[str, int] = {}

    def is_new(self, kind: str) -> bool:
        """Count a warning of this *kind*; return whether it is the first, which needs a message."""
        if kind in self._more:
            self._more[kind] += 1
            return False
        self._more[kind] = 0
        return len(self._first) < _MOST

    def add(self, message: str, line: int | None = None) -> None:
        """Add a warning that is the only one of its kind."""
        if self.is_new(message):
            self._first[message] = line, message

    def add_first(self, kind: str, message: str, line: int | None) -> None:
        """Add the first warning of a *kind*."""
        self._first[kind] = line, message

    def listed(self) -> list[tuple[int | None, str]]:
        """Return the line and the message of each kind, and how often it occurs."""
        first = self._first.items()
        shown = [(line, message + self._times(kind)) for kind, (line, message) in first]
        if more := len(self._more) - len(self._first):
            shown.append((None, f"there are {more} more kinds of warnings"))
        return shown

    def _times(self, kind: str) -> str:
        return f" (and {self._more[kind]:,} more times)" if self._more[kind] else ""
