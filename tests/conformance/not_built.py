"""What of the protocol is not built yet: tests that fail for now, and have to when they are listed.

An entry goes as soon as its test passes, for then the test fails.
"""

ROUTE = "the route is not taken yet"
LIMITS = "the limits do not stand in the answer's headers yet"
SCRUB = "replays and minidumps are not scrubbed yet"

NOT_BUILT: dict[str, str] = {
    "test_scrubbing.py::test_a_recording_is_scrubbed": SCRUB,
    "test_scrubbing.py::test_a_recording_that_cannot_be_read": SCRUB,
    "test_scrubbing.py::test_a_recording_that_opens_to_too_much": SCRUB,
    "test_scrubbing.py::test_a_minidump_is_scrubbed": SCRUB,
    "test_scrubbing.py::test_a_minidump_that_cannot_be_read": SCRUB,
}
"""By file and test, with or without its parameters: what is missing."""
