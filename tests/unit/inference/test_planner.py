from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from inference.planner import Planner, chunk_size


@given(st.lists(st.sampled_from("abc"), max_size=500), st.integers(1, 50))
def test_every_request_has_one_chunk_of_its_own_model_and_none_is_over_the_size(models: list[str], size: int) -> None:
    planner = Planner(size)
    placed = [planner.place(model) for model in models]
    assert Counter(placed) == {chunk.number: chunk.total for chunk in planner.chunks}
    assert all(planner.chunks[number].model == model for number, model in zip(placed, models, strict=True))
    assert all(chunk.total <= size for chunk in planner.chunks)


@given(st.integers(0, 10_000_000), st.integers(0, 500), st.integers(1, 5000))
def test_a_chunk_is_never_larger_than_asked_for(expected: int, workers: int, largest: int) -> None:
    assert 1 <= chunk_size(expected, workers, largest) <= largest


def test_more_workers_make_smaller_chunks() -> None:
    assert chunk_size(50_000, 1, 5000) == 5000
    assert chunk_size(50_000, 100, 5000) == 125
