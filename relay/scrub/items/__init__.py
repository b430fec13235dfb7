"""One module for each shape of item payload."""
