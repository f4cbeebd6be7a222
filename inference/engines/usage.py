"""Token counts, read from the two shapes that OpenAI bodies give them in."""

from typing import Any

import orjson

from inference.engines.base import Usage


def usage_of(body: bytes) -> Usage:
    """What a model's answer says it used; nothing where it does not say."""
    answer = orjson.loads(body)
    counts = answer.get("usage") if isinstance(answer, dict) else None
    if not isinstance(counts, dict):
        return Usage()
    inputs = counts.get("prompt_tokens_details") or counts.get("input_tokens_details") or {}
    outputs = counts.get("completion_tokens_details") or counts.get("output_tokens_details") or {}
    return Usage(
        input_tokens=_first(counts, "prompt_tokens", "input_tokens"),
        cached_tokens=_first(inputs, "cached_tokens"),
        output_tokens=_first(counts, "completion_tokens", "output_tokens"),
        reasoning_tokens=_first(outputs, "reasoning_tokens"),
    )


def _first(counts: dict[str, Any], *names: str) -> int:
    return next((int(counts[name]) for name in names if counts.get(name)), 0)
