"""What the ticker runs: posting, channel checks, expiry and uninstalls."""
