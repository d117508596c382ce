"""The corpus: search it, load it, check a folder, and undo a load."""
