"""What is stored about a team and its people: installations, topic requests, personal data."""
