"""Benchmarks, run by the bench targets of the Makefile and not by `make test`."""
