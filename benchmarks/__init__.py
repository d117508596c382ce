"""Measurements: not a part of `make test`, run by the bench targets of the Makefile."""
