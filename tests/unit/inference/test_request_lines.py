import json

import orjson
import pytest

from inference.request_lines import (
    DEEPEST,
    LONG_ANSWER,
    LONGEST_ANSWER,
    LineInvalid,
    compact,
    longest_answer,
    parse_line,
    prompt_of,
)

CHAT = "/v1/chat/completions"
GOOD = {
    "custom_id": "c-1",
    "method": "POST",
    "url": CHAT,
    "body": {"model": "m", "messages": [{"role": "user", "content": "Is Ada a fit?"}]},
}


def line(**changes: object) -> bytes:
    return json.dumps({name: value for name, value in (GOOD | changes).items() if value is not None}).encode() + b"\n"


def body(**changes: object) -> bytes:
    good = GOOD["body"]
    assert isinstance(good, dict)
    return line(body={name: value for name, value in (good | changes).items() if value is not None})


def test_a_good_line_gives_its_request_untouched() -> None:
    request = parse_line(line(), CHAT, {"m"})
    assert (request.custom_id, request.model, request.body) == ("c-1", "m", GOOD["body"])


def test_a_line_may_end_with_a_carriage_return() -> None:
    assert parse_line(line().replace(b"\n", b"\r\n"), CHAT, {"m"}).custom_id == "c-1"


@pytest.mark.parametrize(
    ("content", "code", "param", "says"),
    [
        (b"{oops\n", "invalid_json_line", None, "column"),
        (b'"text"\n', "invalid_json_line", None, "object"),
        (b"\n", "blank_line", None, "blank"),
        (b" \r\n", "blank_line", None, "blank"),
        (b"PK\x03\x04\x14\x00", "invalid_file_format", None, "zip"),
        (b"\x1f\x8b\x08\x00", "invalid_file_format", None, "gzip"),
        (b"\xef\xbb\xbf" + line(), "invalid_encoding", None, "byte order mark"),
        ("{}".encode("utf-16"), "invalid_encoding", None, "UTF-16"),
        (line(custom_id="café").decode("unicode-escape").encode("latin-1"), "invalid_encoding", None, "UTF-8"),
        (b'{"custom_id":"\\ud800"}', "invalid_json_line", None, "JSON"),
        (b"[" * 5000 + b"]" * 5000, "invalid_json_line", None, "JSON"),
        (line(custom_id=None), "missing_required_parameter", "custom_id", "custom_id"),
        (line(custom_id=7), "missing_required_parameter", "custom_id", "string"),
        (line(custom_id=""), "missing_required_parameter", "custom_id", "custom_id"),
        (line(custom_id="x" * 513), "invalid_custom_id", "custom_id", "512"),
        (line(custom_id="a\0b"), "invalid_custom_id", "custom_id", "NUL"),
        (line(method="GET"), "invalid_method", "method", "POST"),
        (line(method=None), "invalid_method", "method", "POST"),
        (line(url=None), "missing_required_parameter", "url", CHAT),
        (line(url="/v1/embeddings"), "mismatched_endpoint", "url", CHAT),
        (line(url="/v1/images"), "invalid_url", "url", "not supported"),
        (line(url=["/v1"]), "invalid_type", "url", "string"),
        (line(body=None), "missing_required_parameter", "body", "body"),
        (line(body="text"), "missing_required_parameter", "body", "body"),
        (body(model=None), "missing_required_parameter", "body.model", "model"),
        (body(model="other"), "model_not_found", "body.model", "'other'"),
        (body(messages=None), "missing_required_parameter", "body.messages", "messages"),
        (body(messages=[]), "missing_required_parameter", "body.messages", "messages"),
        (body(messages="hello"), "invalid_type", "body.messages", "list"),
        (body(messages=[1]), "invalid_type", "body.messages", "list"),
        (body(stream=True), "stream_not_supported", "body.stream", "stream"),
    ],
)
def test_a_bad_line_is_named_with_code_param_and_message(
    content: bytes, code: str, param: str | None, says: str
) -> None:
    with pytest.raises(LineInvalid) as fault:
        parse_line(content, CHAT, {"m"})
    assert (fault.value.code, fault.value.param) == (code, param)
    assert says in fault.value.message


def test_a_message_about_a_huge_value_stays_short() -> None:
    with pytest.raises(LineInvalid) as fault:
        parse_line(body(model="x" * 100_000), CHAT, {"m"})
    assert len(fault.value.message) < 200


@pytest.mark.parametrize(
    ("endpoint", "field"), [("/v1/completions", "prompt"), ("/v1/embeddings", "input"), ("/v1/responses", "input")]
)
def test_each_endpoint_asks_for_its_own_field(endpoint: str, field: str) -> None:
    assert parse_line(line(url=endpoint, body={"model": "m", field: "text"}), endpoint, {"m"})
    with pytest.raises(LineInvalid) as fault:
        parse_line(line(url=endpoint, body={"model": "m"}), endpoint, {"m"})
    assert fault.value.param == f"body.{field}"


def test_a_prompt_is_taken_from_its_own_field_wherever_that_stands_and_after_its_tools() -> None:
    def prompt(**body: object) -> bytes:
        return prompt_of(body, "/v1/completions", compact(body))

    assert prompt(model="m", prompt="Is Ada a fit?").startswith(b'"prompt":"Is Ada')
    assert prompt(suffix='the "prompt": of another', prompt="Is Ada").startswith(b'"prompt":"Is Ada')
    tools = [{"type": "function"}]
    assert prompt(prompt="Is Ada", tools=tools).startswith(prompt(tools=tools, model="m", prompt="")[:20])


def nested(levels: int) -> object:
    return orjson.loads("[" * levels + "]" * levels)


def test_a_body_has_so_many_levels_that_lists_of_it_can_be_written() -> None:
    deepest = {"model": "m", "flat": [[]] * 1000, "deep": [nested(DEEPEST - 2)], "messages": [{"role": "user"}]}
    assert orjson.loads(compact(deepest)) == deepest
    for levels in (DEEPEST, 300):
        with pytest.raises(LineInvalid) as fault:
            compact(deepest | {"deep": nested(levels)})
        assert (fault.value.code, fault.value.param) == ("nested_too_deeply", "body")


@pytest.mark.parametrize(
    ("endpoint", "body", "tokens"),
    [
        ("/v1/chat/completions", {"max_tokens": 7}, 7),
        ("/v1/chat/completions", {"max_completion_tokens": 5, "max_tokens": 7}, 5),
        ("/v1/chat/completions", {"max_tokens": 7, "n": 3}, 21),
        ("/v1/completions", {"max_tokens": 7, "prompt": ["a", "b"]}, 14),
        ("/v1/completions", {"max_tokens": 7, "prompt": [1, 2, 3]}, 7),
        # What means nothing there must not make a request look cheap.
        ("/v1/completions", {"max_completion_tokens": 1, "max_tokens": 4096}, 4096),
        ("/v1/responses", {"max_tokens": 1, "max_output_tokens": 9}, 9),
        ("/v1/embeddings", {"max_tokens": 9}, 0),
        *(
            ("/v1/completions", {"max_tokens": odd, "n": odd}, LONG_ANSWER)
            for odd in (None, 0, -1, True, "9", 1.5, [], {})
        ),
        ("/v1/completions", {"max_tokens": 10**18, "n": 10**18}, LONGEST_ANSWER),
    ],
)
def test_the_longest_answer_is_told_from_what_the_endpoint_heeds(
    endpoint: str, body: dict[str, object], tokens: int
) -> None:
    assert longest_answer(body, endpoint) == tokens
