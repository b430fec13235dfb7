"""Run every measurement and print its tables."""

import sys

from benchmarks import scrub

if __name__ == "__main__":
    sys.exit(scrub.main(sys.argv[1:]))
