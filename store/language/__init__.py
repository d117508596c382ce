"""The words of a text: how they are split, inflected and used, and the names of countries."""
