"""Sending envelopes to the app: in this process, by HTTP or over sockets."""
