from collections import Counter
from collections.abc import Sequence
from itertools import groupby, pairwise

from hypothesis import given
from hypothesis import strategies as st

from inference.order import MANY, Placed, beginnings_of, first_line_in, in_order, line_in

PLACED = st.tuples(
    st.sampled_from([b"", b"aaaa", b"aaaabbbb", b"cccc"]),
    st.integers(-2000, 0),
    st.integers(0, 20),
    st.integers(0, 100),
    st.integers(0, 5000),
).map(lambda placed: (*placed[:4], placed[4] - placed[1]))


@given(st.lists(PLACED, min_size=1, max_size=100))
def test_nothing_is_lost_and_nothing_is_added(requests: list[Placed]) -> None:
    lines = [request[1:] for request in requests]
    assert Counter(request[1:] for request in in_order(requests)) == Counter(lines)


def test_long_prompts_and_long_answers_are_mixed_evenly() -> None:
    """Half of the lines summarise what is long, half write at length about what is short."""
    requests = [placed(line, b"%04d" % line * 1000, 8) for line in range(500)]
    requests += [placed(line, b"%04d" % line, 500) for line in range(500, 1000)]
    in_turn = [line < 500 for line in map(line_in, in_order(requests))]
    tenths = [sum(in_turn[start : start + 100]) for start in range(0, 900, 100)]
    assert 40 < min(tenths) <= max(tenths) < 55


def test_no_worker_is_left_alone_with_a_long_answer() -> None:
    requests = [placed(line, b"%04d" % line * 1000, 8) for line in range(500)]
    requests += [placed(line, b"%04d" % line, line) for line in range(500, 1000)]
    order = list(map(line_in, in_order(requests)))
    assert all(line < 500 for line in order[-40:])
    assert sorted(order[:900], reverse=True)[:300] == [line for line in order if line >= 700]


def test_longest_answers_come_first_where_there_is_little_to_read() -> None:
    requests = [placed(line, b"%04d" % line, 2 * line) for line in range(1000)]
    assert list(map(line_in, in_order(requests))) == list(range(999, -1, -1))


def test_what_differs_little_keeps_its_order() -> None:
    requests = [placed(line, b"%03d" % line * (200 + line % 7), 100 + line % 5) for line in range(200)]
    assert list(map(line_in, in_order(requests))) == sorted(range(200), key=lambda line: (-(line % 5), line))


def test_few_that_share_a_beginning_stay_together_while_kinds_are_mixed() -> None:
    groups = 40
    requests = [placed(line, b"instructions %d" % (line % groups) * 400, 8) for line in range(8 * groups)]
    requests += [placed(line, b"%d" % line, 900) for line in range(8 * groups, 16 * groups)]
    order = list(map(line_in, in_order(requests)))
    reading = [line % groups for line in order if line < 8 * groups]
    assert sum(one != other for one, other in pairwise(reading)) == groups - 1
    assert longest_run([line < 8 * groups for line in order[: 14 * groups]]) <= 10


def test_many_that_share_a_beginning_are_mixed_by_themselves() -> None:
    instructions = b"the same for all of them " * 50
    requests = [placed(line, instructions + b"%d" % line * 2000, 8 if line % 2 else 800) for line in range(8 * MANY)]
    in_turn = [bool(line % 2) for line in map(line_in, in_order(requests))]
    assert longest_run(in_turn[: 7 * MANY]) <= 3


def test_what_is_the_same_stays_together_while_kinds_are_mixed() -> None:
    requests = [placed(line, b"%d" % (line % 50) * 4000, 8, first_line=line % 50) for line in range(200)]
    requests += [placed(line, b"%d" % line, 700) for line in range(200, 400)]
    firsts = [first for first, _ in groupby(map(first_line_in, in_order(requests)))]
    assert len(firsts) == len(set(firsts)) == 250


def placed(line: int, prompt: bytes, longest_answer: int, first_line: int | None = None) -> Placed:
    first_line = line if first_line is None else first_line
    return (beginnings_of(prompt), -longest_answer, first_line, line, len(prompt) // 4 + longest_answer)


def longest_run(values: Sequence[bool]) -> int:
    return max(len(list(run)) for _, run in groupby(values))
