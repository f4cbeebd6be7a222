"""Limits that a request is checked by twice, on the wire and in the domain. Here, below both, each stands once."""

from typing import Final

# Of a dataset, a queue, a snapshot or a split.
LONGEST_NAME: Final = 200
LONGEST_MODEL: Final = 512
# Of who is told of in the audit log.
LONGEST_WHO: Final = 200
LONGEST_URL: Final = 2048
LONGEST_VIEW_VALUE: Final = 500
LONGEST_CRITERIA: Final = 2_000
# Models whose answers stand beside each other.
MOST_COMPARED: Final = 6
# Items of a split in one request.
MOST_MOVED: Final = 10_000
# Of an upload.
MOST_PARTS: Final = 10_000
LARGEST_QUEUE: Final = 200_000
LARGEST_SEED: Final = 2**53
# PostgreSQL's integers hold no more.
LARGEST_INTEGER: Final = 2**31 - 1
# Of an answer.
MOST_TOKENS: Final = LARGEST_INTEGER
# From here on two prompts are near-duplicates, unless somebody says otherwise.
SIMILARITY: Final = 0.8
