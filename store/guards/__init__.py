"""Checks inside a writing transaction, for an installed team and for a repeated request."""
