"""Feeds: which addresses may be requested, fetching over HTTP, and when each feed is polled."""
