"""Find the stories that a few words, correct or misspelled, stand for."""
