"""A deterministic simulation: several bots, Slack, people and the clock on one seeded event loop.

The bots run the product's own planning, claims, delivery and reconciliation. Time is virtual, the
database is SQLite without threads, and Slack is a few dictionaries. Every latency and fault comes
from the seed, so a run that breaks a promise can be repeated to the byte (FoundationDB's method:
Zhou et al., SIGMOD 2021).

- loop.py: an event loop whose time jumps to the next timer
- faults.py: what goes wrong, and when, drawn from the seed
- database.py: the interface of `store.db` over sqlite3, with faults
- slack.py: a Slack that loses requests and answers, and whose history lags
- world.py: bots that are killed and restarted, people who change schedules, and the promises
"""
