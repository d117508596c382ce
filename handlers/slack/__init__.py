"""How Parley talks to Slack: clients, errors, people and channels, answers."""
