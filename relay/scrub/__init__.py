"""The scrubber: the total walk, views of what hides, redactions and remarks."""
