"""The running process: settings, composition, clock and life cycle.

Parley is a Slack bot that finds the right story from a few words and gets a channel talking with
one question a day. Start reading at `app`, which creates and connects all parts. `handlers` and
`store` never import this package.
"""
