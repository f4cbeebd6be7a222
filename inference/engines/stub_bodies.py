"""The bodies that the stub engine answers with: byte templates, because load tests need hundreds of thousands."""

import base64
from array import array
from collections.abc import Callable
from typing import Any, Final

import orjson

from inference.engines.base import Answer, Usage
from inference.engines.stub_values import value_of, wanted_schema
from schemas.errors import RequestInvalid

QUOTED_CHARACTERS: Final = 60
ANSWER_TOKENS: Final = 12

CHAT: Final = (
    b'{"id":"chatcmpl-%s","object":"chat.completion","created":0,"model":%s,"choices":[{"index":0,"message":'
    b'{"role":"assistant","content":%s,"refusal":null},"logprobs":null,"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d}}'
)
COMPLETION: Final = (
    b'{"id":"cmpl-%s","object":"text_completion","created":0,"model":%s,"choices":[{"index":0,"text":%s,'
    b'"logprobs":null,"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d}}'
)
RESPONSE: Final = (
    b'{"id":"resp_%s","object":"response","created_at":0,"status":"completed","error":null,"incomplete_details":null,'
    b'"instructions":null,"metadata":{},"model":%s,"output":[{"id":"msg_0","type":"message","role":"assistant",'
    b'"status":"completed","content":[{"type":"output_text","text":%s,"annotations":[]}]}],'
    b'"parallel_tool_calls":true,"temperature":1.0,"tool_choice":"auto","tools":[],"top_p":1.0,'
    b'"usage":{"input_tokens":%d,"input_tokens_details":{"cached_tokens":0,"cache_write_tokens":0},'
    b'"output_tokens":%d,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":%d}}'
)
EMBEDDINGS: Final = (
    b'{"object":"list","model":%s,"data":[%s],"usage":{"prompt_tokens":%d,"total_tokens":%d}}'
)  # fmt: skip
VECTOR: Final = b'{"object":"embedding","index":%d,"embedding":%s}'


def body_for(endpoint: str, request: dict[str, Any], fingerprint: bytes, tokens: int) -> Answer:
    """Answer a checked request; what the endpoint needs and the request lacks raises RequestInvalid."""
    return BUILDERS[endpoint](request, fingerprint, tokens)


def _chat(request: dict[str, Any], fingerprint: bytes, tokens: int) -> Answer:
    return _generated(CHAT, request, _text_of_messages(request, "messages"), fingerprint, tokens)


def _completion(request: dict[str, Any], fingerprint: bytes, tokens: int) -> Answer:
    return _generated(COMPLETION, request, str(_required(request, "prompt")), fingerprint, tokens)


def _response(request: dict[str, Any], fingerprint: bytes, tokens: int) -> Answer:
    prompt = _required(request, "input")
    text = prompt if isinstance(prompt, str) else _text_of_messages(request, "input")
    return _generated(RESPONSE, request, text, fingerprint, tokens)


def _generated(template: bytes, request: dict[str, Any], prompt: str, fingerprint: bytes, tokens: int) -> Answer:
    name = fingerprint.hex()
    # The quote lets a test see that an answer belongs to its request.
    text = f"Stub answer {name[:8]} to: {prompt[:QUOTED_CHARACTERS]}"
    schema = wanted_schema(request)
    if schema is not None:
        text = orjson.dumps(value_of(schema, text, fingerprint)).decode()
    body = template % (
        name.encode(), orjson.dumps(request["model"]), orjson.dumps(text), tokens, ANSWER_TOKENS, tokens + ANSWER_TOKENS
    )  # fmt: skip
    return Answer(200, body, Usage(input_tokens=tokens, output_tokens=ANSWER_TOKENS))


def _embeddings(request: dict[str, Any], fingerprint: bytes, tokens: int) -> Answer:
    wanted = _required(request, "input")
    # A list of numbers is one prompt, given as tokens.
    prompts = wanted if isinstance(wanted, list) and not isinstance(wanted[0], int) else [wanted]
    as_text = request.get("encoding_format") == "base64"
    vectors = (VECTOR % (index, _vector(fingerprint, index, as_text)) for index in range(len(prompts)))
    body = EMBEDDINGS % (orjson.dumps(request["model"]), b",".join(vectors), tokens, tokens)
    return Answer(200, body, Usage(input_tokens=tokens))


def _vector(fingerprint: bytes, index: int, as_text: bool) -> bytes:
    numbers = [(byte ^ index & 0xFF) / 256 for byte in fingerprint]
    return orjson.dumps(base64.b64encode(array("f", numbers).tobytes()).decode() if as_text else numbers)


def _text_of_messages(request: dict[str, Any], param: str) -> str:
    messages = _required(request, param)
    if not isinstance(messages, list) or not isinstance(messages[-1], dict):
        raise RequestInvalid(f"'{param}' must be a list of messages.", param=param)
    content = messages[-1].get("content")
    return content if isinstance(content, str) else orjson.dumps(content).decode()


def _required(request: dict[str, Any], param: str) -> Any:
    value = request.get(param)
    if not isinstance(value, str | list) or not value:
        raise RequestInvalid(f"'{param}' is a required property.", param=param)
    return value


BUILDERS: Final[dict[str, Callable[[dict[str, Any], bytes, int], Answer]]] = {
    "/v1/chat/completions": _chat,
    "/v1/completions": _completion,
    "/v1/embeddings": _embeddings,
    "/v1/responses": _response,
}
