"""The commands of `python -m bot`, beside those that only open the store."""
