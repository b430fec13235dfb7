"""Minidumps: what a stack trace needs is kept, everything else is blanked.

Law of this package: the clean dump begins as zeros, and only what is named here is written into it.
What cannot be understood raises `ScrubError`; nothing of the input goes out as it came.
"""

from relay.scrub.minidump.scrubbing import scrub_minidump

__all__ = ["scrub_minidump"]
