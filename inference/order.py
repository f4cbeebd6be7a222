"""In which order requests of one model run. Pure, and its cost is linear but for sorting.

An engine that has a prompt's beginning in its cache need not compute it again, so requests whose prompts begin alike
are to be neighbours. Prompts are compared by checksums of their beginnings, at lengths that grow by half: sorting by
these puts the longest shared beginnings together, without holding any prompt. Among those that begin alike the longest
answers come first. Where some requests are long to read and others long to answer, the two kinds are mixed.
"""

from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import groupby, pairwise, starmap
from operator import itemgetter
from typing import Final
from zlib import crc32

# Bytes. A beginning shorter than the first is not worth the trouble, and engines cache whole blocks only.
BEGINNINGS: Final = tuple(int(256 * 1.5**step) for step in range(14))
CHECKSUM_BYTES: Final = 4
# Of English text, on average.
BYTES_PER_TOKEN: Final = 4
# By how much the answers' share of the work has to differ between the two kinds for them to be mixed, and how little of
# all work may be reading, or answering.
CONTRAST: Final = 0.25
LEAST: Final = 0.2
# Where in the work the last of what is long to answer runs: no worker is to be left alone with it at the end.
LAST_LONG_ANSWER: Final = 0.9
# So many that share a beginning may be in two places.
MANY: Final = 32

# What a plan knows of a request, in the order in which it sorts: its beginnings; the most tokens of its answer, as a
# negative number, so that the longest comes first; the first line that asks exactly the same and gets the same answer;
# its own line; its tokens in all, estimated. A plain tuple, which the garbage collector soon leaves alone.
Placed = tuple[bytes, int, int, int, int]
beginnings_in, brevity_in, first_line_in, line_in, tokens_in = map(itemgetter, range(5))


def beginnings_of(prompt: bytes) -> bytes:
    """The checksums of a prompt's beginnings: two that begin alike have results that begin alike."""
    sums, checksum, start = [], 0, 0
    for end in BEGINNINGS:
        if end > len(prompt):
            break
        checksum = crc32(prompt[start:end], checksum)
        sums.append(checksum.to_bytes(CHECKSUM_BYTES))
        start = end
    return b"".join(sums)


def in_order(requests: Sequence[Placed]) -> Sequence[Placed]:
    return mixed(alike_together(requests))


def alike_together(requests: Sequence[Placed]) -> list[Placed]:
    """Neighbours share the longest beginning that there is to share; what is no longer shared does not count."""
    alike = sorted(requests)
    shared = [0, *starmap(_shared, pairwise(map(beginnings_in, alike))), 0]
    return sorted(
        (beginnings[: max(before, after)], brevity, first_line, line, tokens)
        for (beginnings, brevity, first_line, line, tokens), (before, after) in zip(
            alike, pairwise(shared), strict=True
        )
    )


def mixed(requests: Sequence[Placed]) -> Sequence[Placed]:
    """What is long to answer spread evenly among what is long to read; neither kind is in another order than before.

    Reading takes an engine's arithmetic and answering its memory: one kind alone leaves the other half idle.
    """
    mean = _share_of_answers(requests)
    if not LEAST < mean < 1 - LEAST:
        return requests
    to_read: list[Placed] = []
    to_answer: list[Placed] = []
    for beginnings, group in groupby(requests, key=beginnings_in):
        for alike in _kept_together(beginnings, list(group)):
            (to_answer if _share_of_answers(alike) > mean else to_read).extend(alike)
    if _share_of_answers(to_answer) - _share_of_answers(to_read) < CONTRAST:
        return requests
    return [
        request for _, request in merge(_spread(to_read, 1), _spread(to_answer, LAST_LONG_ANSWER), key=itemgetter(0))
    ]


def _kept_together(beginnings: bytes, group: list[Placed]) -> Iterable[list[Placed]]:
    """Many that share a beginning may be in two places: it is computed once more then."""
    few = beginnings and len(group) < MANY
    return [group] if few else ([request] for request in group)


def _share_of_answers(requests: Sequence[Placed]) -> float:
    written: int = -sum(map(brevity_in, requests))
    return written / max(1, sum(map(_work, requests)))


def _work(request: Placed) -> int:
    """Tokens to read and to answer, without the beginning that is in the engine's cache by then."""
    known = len(beginnings_in(request)) // CHECKSUM_BYTES
    whole: int = tokens_in(request)
    return whole - (BEGINNINGS[known - 1] // BYTES_PER_TOKEN if known else 0)


def _spread(requests: Sequence[Placed], over: float) -> Iterator[tuple[float, Placed]]:
    """Each with a place between 0 and `over`, by the work that is before it. Those that ask the same stay together."""
    whole = max(1, sum(map(_work, requests))) / over
    done = 0
    for _, same in groupby(requests, key=first_line_in):
        before = done / whole
        for request in same:
            done += _work(request)
            yield before, request


def in_common(one: Placed, other: Placed) -> tuple[bool, int]:
    return first_line_in(one) == first_line_in(other), _shared(beginnings_in(one), beginnings_in(other))


def _shared(one: bytes, other: bytes) -> int:
    """How many bytes of checksums two prompts have in common."""
    size = min(len(one), len(other))
    for end in range(CHECKSUM_BYTES, size + 1, CHECKSUM_BYTES):
        if one[end - CHECKSUM_BYTES : end] != other[end - CHECKSUM_BYTES : end]:
            return end - CHECKSUM_BYTES
    return size
