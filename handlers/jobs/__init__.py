"""The jobs that the ticker runs: posting, channel checks, expiry and uninstalls."""
