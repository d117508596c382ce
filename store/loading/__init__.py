"""Loading: files into the corpus, each reload worked out before it is written, and undone."""
