"""The requests of the benchmarks: candidate evaluations of about 1.5 KB a line."""

import json
from pathlib import Path

MODEL = "bench"
ENDPOINT = "/v1/chat/completions"
LINE_BYTES = 1500
SYSTEM = "You evaluate candidates for a position. Answer with a recommendation, a score and a reason."


def line(number: int) -> bytes:
    head = f"Candidate {number}: "
    body = {"model": MODEL, "max_tokens": 200, "temperature": 0}
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": head}]
    request = {
        "custom_id": f"candidate-{number}",
        "method": "POST",
        "url": ENDPOINT,
        "body": body | {"messages": messages},
    }
    missing = LINE_BYTES - len(json.dumps(request)) - 1
    filler = 'led a team of "five", shipped\nthree products. '
    messages[1]["content"] = head + (filler * (missing // len(filler)))
    return json.dumps(request).encode() + b"\n"


def write_file(path: Path, requests: int) -> Path:
    with path.open("wb") as stream:
        for number in range(requests):
            stream.write(line(number))
    return path
