"""The jobs that the ticker runs: posting, channel checks, reply counts, expiry and uninstalls."""
