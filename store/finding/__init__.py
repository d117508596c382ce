"""Finding: a few words, misspelt or not, to the stories that they mean."""
