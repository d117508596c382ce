"""What people use in Slack, one module a command, shortcut or surface."""
