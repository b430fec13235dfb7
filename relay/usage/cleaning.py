"""One pure function from a request to a clean event, or to the word why there is none."""
