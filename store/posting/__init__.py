"""Posting: when a channel is due, which article it gets, and the state of each post."""
