"""Entrances for requests: Socket Mode, HTTP, the installation pages, and their shared intake."""
