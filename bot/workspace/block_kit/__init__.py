"""Block Kit's rules: what blocks and elements may hold."""
