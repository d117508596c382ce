"""The running process: settings, wiring, clock and life cycle. Nothing imports it.

Parley is a Slack bot that finds the right story from a few words and gets a channel talking with
one question a day. Start reading at `app`, where everything is put together.
"""
