from typing import Any

import pytest

from curation.chats import messages_of, prompt_of, taught, with_system

SYSTEM = {"role": "system", "content": "Be brief."}
WHO = {"role": "user", "content": "Who?"}
PICTURE = {"type": "image_url", "image_url": {"url": "data:,"}}


@pytest.mark.parametrize(
    ("request_body", "messages"),
    [
        ({"messages": [WHO]}, [WHO]),
        ({"prompt": "Who?"}, [WHO]),
        ({"instructions": "Be brief.", "input": "Who?"}, [SYSTEM, WHO]),
        ({"input": [WHO]}, [WHO]),
    ],
)
def test_any_request_is_a_conversation(request_body: dict[str, Any], messages: list[dict[str, Any]]) -> None:
    assert messages_of(request_body) == messages


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"role": "user", "content": "Who?", "cache_control": {"type": "ephemeral"}}, WHO),
        ({"role": "developer", "content": "Be brief."}, SYSTEM),
        ({"role": "human", "content": "Who?", "name": None}, WHO),
        (
            {"content": [{"type": "text", "text": "Who"}, {"type": "text", "text": "is it?"}]},
            {"role": "user", "content": "Who\nis it?"},
        ),
        ({"role": "user", "content": None, "name": "Ada"}, {"role": "user", "content": "", "name": "Ada"}),
        ({"role": "user", "content": [PICTURE]}, {"role": "user", "content": [PICTURE]}),
        (
            {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]},
            {"role": "assistant", "content": "", "tool_calls": [{"id": "1"}]},
        ),
    ],
)  # fmt: skip
def test_a_message_has_what_fine_tuning_takes_and_nothing_else(
    message: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert taught(message) == expected


def test_a_system_prompt_is_kept_left_out_or_another() -> None:
    asked = [SYSTEM, WHO]
    assert with_system(asked, None) == asked
    assert with_system(asked, "") == [WHO]
    assert with_system(asked, "Be long.") == [{"role": "system", "content": "Be long."}, WHO]
    assert with_system([WHO], "Be brief.") == asked


def test_a_question_by_itself_is_its_prompt_and_several_messages_say_whose_they_are() -> None:
    assert prompt_of([WHO]) == "Who?"
    assert prompt_of([SYSTEM, WHO]) == "System: Be brief.\n\nUser: Who?"
    assert prompt_of([]) == ""
