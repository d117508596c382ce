"""Loading files into the corpus: plan every change, write it in one transaction, and undo it."""
