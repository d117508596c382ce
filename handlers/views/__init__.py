"""Pure functions from domain values to messages; the only place that builds blocks."""
