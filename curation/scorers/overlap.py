"""Texts as words, for rules that count them."""

from collections import Counter

from curation.wording import words_of


def overlap(one: str, other: str) -> float:
    """F1 of their words: 1 where both have the same ones as often, 0 where they share none."""
    counts = Counter(words_of(one)), Counter(words_of(other))
    sizes = counts[0].total(), counts[1].total()
    if not all(sizes):
        return float(sizes[0] == sizes[1])
    return 2 * (counts[0] & counts[1]).total() / sum(sizes)
