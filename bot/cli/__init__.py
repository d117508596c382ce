"""The larger commands of `python -m bot`; `bot.__main__` holds the small ones."""
