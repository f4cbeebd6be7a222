"""Token counts, read from the two shapes that OpenAI bodies give them in."""

from typing import Final

import orjson

from inference.engines.base import Usage

# More than any answer takes, and little enough for the sum over a batch: a larger number is a fault of the server's.
MOST_TOKENS: Final = 2**31


def usage_of(body: bytes) -> Usage:
    """What a model's answer says it used; nothing where it does not say."""
    answer = orjson.loads(body)
    counts = answer.get("usage") if isinstance(answer, dict) else None
    if not isinstance(counts, dict):
        return Usage()
    inputs = counts.get("prompt_tokens_details") or counts.get("input_tokens_details")
    outputs = counts.get("completion_tokens_details") or counts.get("output_tokens_details")
    return Usage(
        input_tokens=_first(counts, "prompt_tokens", "input_tokens"),
        cached_tokens=_first(inputs, "cached_tokens"),
        output_tokens=_first(counts, "completion_tokens", "output_tokens"),
        reasoning_tokens=_first(outputs, "reasoning_tokens"),
    )


def _first(counts: object, *names: str) -> int:
    """The first of these counts that is one."""
    if not isinstance(counts, dict):
        return 0
    return next((count for name in names if (count := _count(counts.get(name)))), 0)


def _count(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < MOST_TOKENS:
        return value
    return 0
