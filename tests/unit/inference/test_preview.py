from typing import Any

import pytest

from inference.preview import answer_text


def answered(body: Any, error: Any = None) -> dict[str, Any]:
    return {"custom_id": "a", "response": {"status_code": 200, "body": body}, "error": error}


CALL = {"function": {"name": "find", "arguments": '{"skill": "rust"}'}}


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (answered({"choices": [{"message": {"content": "Paris"}}]}), "Paris"),
        (answered({"choices": [{"message": {"content": None, "tool_calls": [CALL]}}]}), 'find({"skill": "rust"})'),
        (answered({"choices": [{"text": " Lima"}]}), "Lima"),
        (answered({"object": "response", "output": [{"content": [{"text": "Oslo"}]}, {"type": "reasoning"}]}), "Oslo"),
        (answered({"data": [{"embedding": [0.1, 0.2, 0.3]}]}), "1 embedding of 3 numbers"),
        (answered({"error": {"code": "too_long", "message": "Too long."}}), "too_long: Too long."),
        (answered({"something": "new"}), '{"something":"new"}'),
        (
            answered({"choices": [{"message": {"tool_calls": [{"type": "custom"}]}}]}),
            '{"choices":[{"message":{"tool_calls":[{"type":"custom"}]}}]}',
        ),
        (answered({"choices": [{"message": {"content": [1]}}]}), '{"choices":[{"message":{"content":[1]}}]}'),
        (answered({"choices": ["a"]}), '{"choices":["a"]}'),
        (answered({"output": [1]}), '{"output":[1]}'),
        ({"response": None, "error": {"code": "batch_expired", "message": "Not run."}}, "batch_expired: Not run."),
    ],
)
def test_a_line_reads_as_what_the_model_said(line: dict[str, Any], text: str) -> None:
    assert answer_text(line) == text
