"""The running relay under load, on the loopback: what it costs, how it grows, what it loses."""
