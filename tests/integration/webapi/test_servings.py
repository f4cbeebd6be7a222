from uuid import uuid4

import httpx
from openai import OpenAI
from sqlalchemy.orm import Session

from inference import serving
from inference.engines.base import Loaded
from schemas import ids, tables
from schemas.errors import BatchNotFound
from schemas.tables import Chunk

DETAILS = {"revision": "abc", "adapter": None, "engine_version": "1.2", "settings": {"dtype": "float32"}}


def test_what_an_answer_comes_from_is_found_by_its_id_and_by_its_batch(
    client: OpenAI, http: httpx.Client, session: Session
) -> None:
    served = serving.identify("tiny", "/models/tiny", "vllm", Loaded("cpu", 512, 8, DETAILS))
    serving.record(session, served)
    serving.record(session, served)
    file = client.files.create(file=("in.jsonl", b"{}\n"), purpose="batch")
    batch = client.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h")
    batch_id = ids.parse(ids.BATCH, batch.id, BatchNotFound)
    for number, serving_id in enumerate((served.id, served.id, None)):
        session.add(Chunk(batch_id=batch_id, number=number, model="tiny", total=1, lines=[1], serving_id=serving_id))
    session.commit()

    public_id = ids.show(ids.SERVING, served.id)
    shown = http.get(f"/servings/{public_id}").json()
    assert (shown["id"], shown["object"], shown["model"]) == (public_id, "serving", "tiny")
    assert shown["details"] == {"source": "/models/tiny", "engine": "vllm", "device": "cpu", **DETAILS}
    assert http.get(f"/batches/{batch.id}/servings").json() == {"object": "list", "data": [shown]}


def test_an_unknown_serving_is_a_404_and_so_are_those_of_a_stranger_s_batch(
    client: OpenAI, stranger: OpenAI, http: httpx.Client, session: Session
) -> None:
    assert http.get(f"/servings/{ids.show(ids.SERVING, uuid4())}").status_code == 404
    assert http.get("/servings/x").status_code == 404
    file = stranger.files.create(file=("in.jsonl", b"{}\n"), purpose="batch")
    theirs = stranger.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h")
    assert session.get_one(tables.Batch, ids.parse(ids.BATCH, theirs.id, BatchNotFound))
    assert http.get(f"/batches/{theirs.id}/servings").status_code == 404


def test_reuse_is_refused_where_it_is_switched_off_and_what_is_kept_can_be_forgotten(
    client: OpenAI, http: httpx.Client
) -> None:
    file = client.files.create(file=("in.jsonl", b"{}\n"), purpose="batch")
    wanted = {"input_file_id": file.id, "endpoint": "/v1/chat/completions", "completion_window": "24h"}
    refused = http.post("/batches", json=wanted | {"reuse_answers": True})
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "reuse_answers")
    assert http.post("/batches", json=wanted | {"reuse_answers": "perhaps"}).status_code == 400
    assert http.post("/batches", json=wanted).json()["reuse_answers"] is False
    assert http.delete("/kept_answers").json() == {"object": "kept_answers", "deleted": 0}
