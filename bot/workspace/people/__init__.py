"""What people do in the local workspace: write, press, fill in, administer."""
