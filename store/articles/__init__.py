"""The loaded articles, read by id or many at a time."""
