"""Checks inside a writing transaction: is the team installed, was this done before."""
