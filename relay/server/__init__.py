"""The HTTP surfaces and the composition root."""
