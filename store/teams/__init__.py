"""Teams: their installations, encrypted tokens, personal data and search misses."""
