"""Items as requests to another model."""

import json
from typing import Any

import pytest

from curation.run_requests import request_line

CHAT, RESPONSES, COMPLETIONS = "/v1/chat/completions", "/v1/responses", "/v1/completions"


@pytest.mark.parametrize(
    ("endpoint", "request_", "changes", "body"),
    [
        (CHAT, {"messages": [1], "model": "old"}, {}, {"messages": [1], "model": "new"}),
        (CHAT, {"messages": [1], "stream": True}, {}, {"messages": [1], "model": "new"}),
        (
            CHAT,
            {"messages": [1], "max_completion_tokens": 9, "temperature": 1},
            {"max_tokens": 5, "temperature": 0},
            {"messages": [1], "max_tokens": 5, "temperature": 0, "model": "new"},
        ),
        (RESPONSES, {"input": "x"}, {"max_tokens": 5}, {"input": "x", "max_output_tokens": 5, "model": "new"}),
        (COMPLETIONS, {"prompt": "x"}, {"max_tokens": 5}, {"prompt": "x", "max_tokens": 5, "model": "new"}),
    ],
)
def test_an_item_is_asked_as_it_is_but_for_the_model_and_what_the_run_changes(
    endpoint: str, request_: dict[str, Any], changes: dict[str, Any], body: dict[str, Any]
) -> None:
    line = json.loads(request_line(12, endpoint, request_, "new", changes))
    assert line == {"custom_id": "12", "method": "POST", "url": endpoint, "body": body}
