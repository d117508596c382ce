"""The state of the local workspace: people, channels, messages, views, files and tokens."""
