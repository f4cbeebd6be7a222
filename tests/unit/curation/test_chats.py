from typing import Any

import pytest

from curation.chats import conversation

ANSWER = {"role": "assistant", "content": "Ada."}


@pytest.mark.parametrize(
    ("request_body", "messages"),
    [
        ({"messages": [{"role": "user", "content": "Who?"}]}, [{"role": "user", "content": "Who?"}]),
        ({"prompt": "Who?"}, [{"role": "user", "content": "Who?"}]),
        (
            {"instructions": "Be brief.", "input": "Who?"},
            [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Who?"}],
        ),
        ({"input": [{"role": "user", "content": "Who?"}]}, [{"role": "user", "content": "Who?"}]),
    ],
)
def test_any_request_with_its_answer_is_a_conversation(
    request_body: dict[str, Any], messages: list[dict[str, Any]]
) -> None:
    assert conversation(request_body, "Ada.") == {"messages": [*messages, ANSWER]}
