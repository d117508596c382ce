"""Pure functions that render domain values as messages; only this package builds blocks."""
