"""Posting: when a channel is due, what it is asked, and what became of each message."""
