"""Which texts are nearly the same: MinHash over what three words in a row they have. Pure.

The share of equal numbers in two signatures is about the share of word triples that the texts have in common. Texts
that are alike agree in all of at least one band of their signatures, so that only those have to be compared.
"""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from curation.wording import words_of

NUMBERS: Final = 128
BAND: Final = 8
WORDS_IN_A_ROW: Final = 3
# Below this nobody can tell a template from a few texts that are alike.
SMALLEST_SAMPLE: Final = 50
COMPARED_AT_ONCE: Final = 20_000

Hashes = npt.NDArray[np.uint64]
Signatures = npt.NDArray[np.uint32]

_random = np.random.default_rng(0x5EED)
FACTORS: Final[Hashes] = _random.integers(1, 2**63, NUMBERS, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
SUMMANDS: Final[Hashes] = _random.integers(0, 2**63, NUMBERS, dtype=np.uint64)
WORD_FACTOR: Final = np.uint64(0x9E3779B97F4A7C15)
MIX_FACTOR: Final = np.uint64(0xBF58476D1CE4E5B9)


def shingles(text: str) -> Hashes:
    """A number for each three words in a row, or for all of a shorter text."""
    words = np.array([zlib.crc32(word.encode()) for word in words_of(text)], dtype=np.uint64)
    count = min(len(words), WORDS_IN_A_ROW)
    if not count:
        return words
    found = np.zeros(len(words) - count + 1, dtype=np.uint64)
    for place in range(count):
        found = found * WORD_FACTOR + words[place : place + len(found)]
    found = (found ^ (found >> np.uint64(30))) * MIX_FACTOR
    return np.unique(found ^ (found >> np.uint64(31)))


def template_of(sample: Sequence[Hashes]) -> Hashes:
    """What more than half of a sample of texts have in common says nothing about any of them."""
    if len(sample) < SMALLEST_SAMPLE:
        return np.empty(0, dtype=np.uint64)
    found, counts = np.unique(np.concatenate(sample), return_counts=True)
    return found[counts > len(sample) / 2]


def signature(text: str, template: Hashes) -> bytes:
    """Empty for a text without words."""
    found = shingles(text)
    own = found[~np.isin(found, template)] if len(template) else found
    if len(own):
        found = own
    if not len(found):
        return b""
    drawn = (found[:, None] * FACTORS + SUMMANDS) >> np.uint64(32)
    return bytes(drawn.min(axis=0).astype(np.uint32).tobytes())


def alike(signatures: Signatures, similarity: float) -> Iterator[tuple[int, int]]:
    """Pairs of rows that are as similar as this: enough of them to connect all that belong together."""
    for start in range(0, NUMBERS, BAND):
        for one, other in _candidates(signatures[:, start : start + BAND]):
            for begin in range(0, len(one), COMPARED_AT_ONCE):
                left, right = one[begin : begin + COMPARED_AT_ONCE], other[begin : begin + COMPARED_AT_ONCE]
                equal = (signatures[left] == signatures[right]).mean(axis=1)
                near = equal >= similarity
                yield from zip(left[near].tolist(), right[near].tolist(), strict=True)


def _candidates(band: Signatures) -> Iterable[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]:
    """Rows with the same band: each with the first of them, and with the one before."""
    keys = np.zeros(len(band), dtype=np.uint64)
    for column in range(BAND):
        keys = keys * WORD_FACTOR + band[:, column]
    order = np.argsort(keys, kind="stable")
    places = np.arange(len(order))
    begins = np.ones(len(order), dtype=bool)
    begins[1:] = keys[order[1:]] != keys[order[:-1]]
    first = np.maximum.accumulate(np.where(begins, places, 0))
    rest = places[~begins]
    return (order[first[rest]], order[rest]), (order[rest - 1], order[rest])
