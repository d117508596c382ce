"""The corpus as a whole: look-ups, loads, checks and undo."""
