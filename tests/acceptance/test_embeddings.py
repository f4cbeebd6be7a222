"""Embeddings through a whole batch, of several models in one file, on a real vLLM engine."""

from pathlib import Path

import openai

from tests.acceptance.batches import lines_of, request, submit, wait
from tests.models import tiny_llama
from tests.system import started

EMBEDDINGS = "/v1/embeddings"
OPTIONS = [
    f"--engine-arg={given}"
    for given in (
        "dtype=float32",
        "max_model_len=512",
        "max_num_seqs=16",
        "runner=pooling",
        "convert=embed",
        "kv_cache_memory_bytes=256M",
    )
]


def test_a_batch_of_embeddings_may_name_several_models(tmp_path: Path) -> None:
    served = [f"--model={name}={tiny_llama()}" for name in ("left", "right")]
    lines = [request(n, EMBEDDINGS, model=("left", "right")[n % 2]) for n in range(20)]
    with started(tmp_path, "--engine=vllm", *served, *OPTIONS) as system:
        client = system.client()
        batch = wait(client, submit(client, lines, endpoint=EMBEDDINGS))
        answers = lines_of(client, batch.output_file_id)
        errors = lines_of(client, batch.error_file_id)
    assert (batch.status, batch.model, errors) == ("completed", None, [])
    assert [answer["custom_id"] for answer in answers] == [line["custom_id"] for line in lines]
    for line, answer in zip(lines, answers, strict=True):
        body = openai.types.CreateEmbeddingResponse.model_validate(answer["response"]["body"])
        assert (body.model, len(body.data[0].embedding)) == (line["body"]["model"], 256)
