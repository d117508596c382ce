"""The commands of `python -m bot`, and what they print; `bot.__main__` calls them."""
