import tracemalloc
from uuid import UUID

from inference import finished
from inference.claiming import Claim
from inference.engines.base import Answer, Usage
from inference.landing import Landing
from inference.unanswered import Waiting

CLAIM = Claim(UUID(int=1), 0, 1, "m", [1], {}, "/v1/completions", "acme", reuse=False)
SERVING = UUID(int=2)
MEGABYTE = 1024**2


def test_an_answer_for_thousands_of_lines_is_in_memory_once() -> None:
    waiting = Waiting(1, 1, "c-1", "{}", [(line, f"c-{line}") for line in range(2, 2001)])
    answer = Answer(200, b'"%b"' % (b"x" * MEGABYTE), Usage(3, 1, 2))
    landing = Landing()
    tracemalloc.start()
    landing.add(finished.computed(CLAIM, waiting, answer, SERVING, seconds=1.0, keep=False))
    sizes = [len(row) for rows in landing.rows for row in rows]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(sizes) == 2000
    assert min(sizes) > MEGABYTE
    assert peak < 10 * MEGABYTE
    assert (landing.completed, landing.shared_requests) == (2000, 1999)
    assert (landing.input_tokens, landing.shared_output_tokens) == (6000, 3998)


def test_rows_can_be_read_again_for_a_landing_that_is_tried_again() -> None:
    waiting = Waiting(1, 1, "c-1", "{}", [(2, "c-2")])
    rows = finished.given_up(CLAIM, waiting, "engine_error", "why", seconds=0.0).rows
    assert list(rows) == list(rows)
    assert len(rows) == 2
