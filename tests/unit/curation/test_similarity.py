"""Which texts are nearly the same."""

import random

import numpy as np

from curation.similarity import NUMBERS, Signatures, alike, shingles, signature, template_of

NOTHING = np.empty(0, dtype=np.uint64)
WORDS = [f"word{n}" for n in range(2000)]


def text(seed: int, length: int = 60) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=length))


def signatures_of(texts: list[str], template: np.ndarray = NOTHING) -> Signatures:  # type: ignore[type-arg]
    found = b"".join(signature(one, template) for one in texts)
    return np.frombuffer(found, dtype=np.uint32).reshape(-1, NUMBERS)


def pairs(texts: list[str], similarity: float = 0.8) -> set[tuple[int, int]]:
    return {(min(pair), max(pair)) for pair in alike(signatures_of(texts), similarity)}


def test_a_word_more_or_another_case_is_nearly_the_same_and_other_words_are_not() -> None:
    one = text(1)
    assert pairs([one, text(2), f"{one} more", one.upper(), text(3)]) == {(0, 2), (0, 3), (2, 3)}


def test_the_share_of_equal_numbers_is_about_the_share_of_common_triples() -> None:
    for changed in (0, 5, 20, 60):
        one = text(1, 100).split()
        other = one[: 100 - changed] + text(2, changed).split()
        first, second = (" ".join(words) for words in (one, other))
        common, all_ = (len(op(shingles(first), shingles(second))) for op in (np.intersect1d, np.union1d))
        left, right = signatures_of([first, second])
        assert abs((left == right).mean() - common / all_) < 0.15


def test_nearly_all_that_is_alike_is_found_among_many() -> None:
    texts = [text(seed) for seed in range(500)]
    copies = [f"{one} twice" for one in texts[:100]]
    found = pairs(texts + copies)
    assert len(found & {(n, 500 + n) for n in range(100)}) >= 99
    assert len(found) < 110


def test_a_template_that_most_share_does_not_make_them_alike() -> None:
    template = text(0, 600)
    texts = [f"{template} {text(seed, 30)}" for seed in range(1, 61)]
    assert len(pairs(texts)) > 50
    common = template_of([shingles(one) for one in texts])
    assert set(alike(signatures_of([*texts, texts[0]], common), 0.8)) == {(0, 60)}


def test_of_a_few_texts_nothing_is_a_template() -> None:
    assert len(template_of([shingles("the same text")] * 10)) == 0


def test_text_without_words_is_like_nothing_and_short_text_like_itself() -> None:
    assert signature(" ?! ", NOTHING) == b""
    assert pairs(["Hire?", "hire", "Decline?"]) == {(0, 1)}
