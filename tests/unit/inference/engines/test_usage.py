import json
from typing import Any

import pytest

from inference.engines.base import Usage
from inference.engines.usage import usage_of


@pytest.mark.parametrize(
    ("counts", "usage"),
    [
        (
            {
                "prompt_tokens": 9,
                "completion_tokens": 5,
                "prompt_tokens_details": {"cached_tokens": 4},
                "completion_tokens_details": {"reasoning_tokens": 2},
            },
            Usage(9, 4, 5, 2),
        ),
        (
            {
                "input_tokens": 9,
                "output_tokens": 5,
                "input_tokens_details": {"cached_tokens": 4},
                "output_tokens_details": {"reasoning_tokens": 2},
            },
            Usage(9, 4, 5, 2),
        ),
        ({"prompt_tokens": 9, "completion_tokens": None, "prompt_tokens_details": None}, Usage(9)),
        (None, Usage()),
    ],
)
def test_tokens_are_counted_from_either_shape(counts: dict[str, Any] | None, usage: Usage) -> None:
    assert usage_of(json.dumps({"usage": counts}).encode()) == usage


def test_a_body_that_is_no_object_used_nothing() -> None:
    assert usage_of(b"[]") == Usage()


@pytest.mark.parametrize("count", [2**63, -5, "many", True, 1.5, [1], None])
def test_a_count_that_is_none_counts_nothing(count: object) -> None:
    counts = {"prompt_tokens": count, "completion_tokens": 7, "prompt_tokens_details": ["none"]}
    assert usage_of(json.dumps({"usage": counts}).encode()) == Usage(output_tokens=7)
