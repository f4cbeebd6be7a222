"""What the methods of HTTP promise."""

from typing import Final

# Requests that change nothing.
READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
