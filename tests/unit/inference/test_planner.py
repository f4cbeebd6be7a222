from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from inference.planner import PlannedChunk, Planner, chunk_size

Request = tuple[str, bytes]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.binary(max_size=2000)), max_size=200), st.integers(1, 50))
def test_every_request_has_one_place_in_a_chunk_of_its_own_model_and_none_is_over_the_size(
    requests: list[Request], largest: int
) -> None:
    chunks = planned(requests, largest)
    assert sorted(line for chunk in chunks for line in all_lines(chunk)) == list(range(len(requests)))
    assert all(requests[line][0] == chunk.model for chunk in chunks for line in all_lines(chunk))
    assert all(1 <= chunk.total == len(all_lines(chunk)) <= largest for chunk in chunks)


@given(st.lists(st.tuples(st.just("m"), st.sampled_from([b"a", b"b", b"c" * 300, b"d" * 300])), max_size=100))
def test_a_request_shares_an_answer_with_its_like_only(requests: list[Request]) -> None:
    planner = Planner(50)
    for line, (model, prompt) in enumerate(requests):
        planner.place(model, line, prompt=prompt, longest_answer=10, digest=prompt[:1])
    for chunk in planner.finish():
        for line, repeats in chunk.repeats.items():
            assert {requests[one] for one in repeats} == {requests[line]}
        assert len({requests[line] for line in chunk.lines}) == len(chunk.lines)


def test_what_may_get_another_answer_each_time_shares_none() -> None:
    (chunk,) = planned([("m", b"the same")] * 20, 100)
    assert len(chunk.lines) == 20
    assert not chunk.repeats


def test_prompts_that_begin_alike_are_neighbours_and_in_one_chunk() -> None:
    beginnings = [f"instructions {n}".encode() * 100 for n in range(30)]
    requests = [("m", beginnings[n % 30] + f"question {n}".encode()) for n in range(240)]
    chunks = planned(requests, 50)
    order = [line % 30 for chunk in chunks for line in chunk.lines]
    assert sum(one != other for one, other in pairwise(order)) == 29
    assert all(len({line % 30 for line in chunk.lines}) * 8 == len(chunk.lines) for chunk in chunks)


def test_the_longest_shared_beginning_counts_most() -> None:
    """Four families that all begin alike: the halves of each are nearer to each other than to other families."""
    common = b"the same for all " * 100
    requests = [("m", common + b"%d" % (n % 4) * 2000 + b"%d" % (n % 8) * 2000) for n in range(80)]
    order = [line for chunk in planned(requests, 1000) for line in chunk.lines]
    assert sum(one % 4 != other % 4 for one, other in pairwise(order)) == 3
    assert sum(one % 8 != other % 8 for one, other in pairwise(order)) == 7


def test_requests_that_share_nothing_keep_their_order() -> None:
    (chunk,) = planned([("m", b"%d" % n + b"short or long" * (n % 9)) for n in range(100)], 1000)
    assert list(chunk.lines) == list(range(100))


def test_the_longest_answers_of_prompts_that_begin_alike_come_first() -> None:
    planner = Planner(1000)
    for line in range(100):
        prompt = b"the same for all " * 100 + b"%03d" % line * 1000
        planner.place("m", line, prompt=prompt, longest_answer=line, digest=b"")
    (chunk,) = planner.finish()
    assert list(chunk.lines) == list(range(99, -1, -1))


def test_chunks_get_smaller_towards_the_end() -> None:
    sizes = [chunk.total for chunk in planned([("m", b"")] * 20_000, 5000, workers=4)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == 1250
    assert max(sizes[-4:]) == 100


def planned(requests: Sequence[Request], largest: int, workers: int = 1) -> list[PlannedChunk]:
    planner = Planner(largest, workers)
    for line, (model, prompt) in enumerate(requests):
        planner.place(model, line, prompt=prompt, longest_answer=100, digest=b"")
    return planner.finish()


def all_lines(chunk: PlannedChunk) -> list[int]:
    return [*chunk.lines, *(line for repeats in chunk.repeats.values() for line in repeats)]


@given(st.integers(0, 10_000_000), st.integers(0, 500), st.integers(1, 5000))
def test_a_chunk_is_never_larger_than_asked_for(expected: int, workers: int, largest: int) -> None:
    assert 1 <= chunk_size(expected, workers, largest) <= largest


def test_more_workers_make_smaller_chunks() -> None:
    assert chunk_size(50_000, 1, 5000) == 5000
    assert chunk_size(50_000, 100, 5000) == 125
