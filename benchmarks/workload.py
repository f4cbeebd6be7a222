"""The requests of the benchmarks: candidate evaluations, of about 1.5 KB a line where nothing else is said."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

MODEL = "bench"
ENDPOINT = "/v1/chat/completions"
LINE_BYTES = 1500
SYSTEM = "You evaluate candidates for a position. Answer with a recommendation, a score and a reason."
FILLER = 'led a team of "five", shipped\nthree products. '

Line = dict[str, Any]
Lines = Sequence[Line]


def request(custom_id: str, messages: list[dict[str, str]], max_tokens: int) -> Line:
    body = {"model": MODEL, "max_tokens": max_tokens, "temperature": 0, "messages": messages}
    return {"custom_id": custom_id, "method": "POST", "url": ENDPOINT, "body": body}


def line(number: int, line_bytes: int = LINE_BYTES) -> bytes:
    """A line that is filled up to a length; the shortest is of about 300 bytes."""
    head = f"Candidate {number}: "
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": head}]
    asked = request(f"candidate-{number}", messages, 200)
    missing = line_bytes - len(json.dumps(asked)) - 1
    messages[1]["content"] = head + FILLER * (missing // len(FILLER))
    return json.dumps(asked).encode() + b"\n"


def write_file(path: Path, requests: int, line_bytes: int = LINE_BYTES) -> Path:
    return write_lines(path, (line(number, line_bytes) for number in range(requests)))


def write_requests(path: Path, requests: Iterable[Line]) -> Path:
    return write_lines(path, (json.dumps(asked).encode() + b"\n" for asked in requests))


def write_lines(path: Path, lines: Iterable[bytes]) -> Path:
    with path.open("wb") as stream:
        stream.writelines(lines)
    return path
