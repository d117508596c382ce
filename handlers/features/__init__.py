"""The features that people use in Slack: one module for each command, shortcut or surface."""
