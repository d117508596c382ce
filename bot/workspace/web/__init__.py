"""The page in the browser: its requests, live events and controls."""
