"""A batch's whole life without HTTP and Celery: the domain's own calls, on real PostgreSQL."""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from inference import batches, files, intake, queue, runner
from inference.choosing import Asker
from inference.claiming import Claim
from inference.engine_host import EngineHost
from inference.engines.base import Engine, create_engine
from inference.file_store import file_store
from inference.models import registry
from inference.progress import Progress
from schemas import ids
from schemas.database import session_scope
from schemas.tables import Batch, File

MODEL = "stub-model"
OTHER_MODEL = "other-model"
MODELS = {MODEL: MODEL, OTHER_MODEL: OTHER_MODEL}
ENDPOINT = "/v1/chat/completions"


def chat_line(custom_id: str, text: str = "Is Ada a fit?", **body: object) -> dict[str, object]:
    chat = {"model": MODEL, "messages": [{"role": "user", "content": text}]} | body
    return {"custom_id": custom_id, "method": "POST", "url": ENDPOINT, "body": chat}


def as_jsonl(lines: Sequence[object]) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def submit(content: bytes, sources: Mapping[str, str] = MODELS, *, validate: bool = True, **wanted: object) -> UUID:
    """Upload a file, create a batch on it and, in most cases, validate it; returns the batch's id."""
    with session_scope() as session:
        registry.announce(session, sources, "stub")
        new = {"tenant": "acme", "key_id": None, "endpoint": ENDPOINT, "completion_window": "24h"} | wanted
        file = files.create(session, str(new["tenant"]), "requests.jsonl", "batch", io.BytesIO(content), None)
        batch_id = batches.create(session, batches.NewBatch(input_file_id=ids.show(ids.FILE, file.id), **new)).id  # type: ignore[arg-type]
    if validate:
        with session_scope() as session:
            intake.take_in(session, batch_id)
    return batch_id


def batch(batch_id: UUID) -> Batch:
    with session_scope() as session:
        return session.get_one(Batch, batch_id)


def progress(batch_id: UUID) -> Progress:
    with session_scope() as session:
        return batches.progress(session, [session.get_one(Batch, batch_id)])[batch_id]


def lines_of(file_id: UUID | None) -> list[dict[str, object]]:
    if file_id is None:
        return []
    with session_scope() as session:
        location = session.get_one(File, file_id).location
    with file_store().open(location) as stream:
        return [json.loads(line) for line in stream]


def leased(
    worker: str = "gpu0", models: Sequence[str] = (MODEL,), held: str = MODEL, *, busy: bool = False
) -> Claim | None:
    """A chunk of what a worker should run next, leased for twenty seconds."""
    asker = Asker(held, held_seconds=0, tokens_per_second=1000, workers=1)
    with session_scope() as session:
        return queue.claim_next(session, worker, models, asker, 20, busy=busy)


@dataclass
class TestWorker:
    """A worker's engine, without the Celery process around it."""

    __test__ = False

    host: EngineHost
    done: list[UUID]

    def work(self) -> int:
        return int(self.start_work().result(60))

    def start_work(self):  # type: ignore[no-untyped-def]
        return self.host.submit(runner.work_through(self.host, self.done.append))


@contextmanager
def running(engine: Engine, window: int = 0) -> Iterator[EngineHost]:
    host = EngineHost("gpu0", engine, MODELS, window)
    host.start()
    try:
        yield host
    finally:
        host.stop(10)


@contextmanager
def worker(name: str = "gpu0", **engine_args: str) -> Iterator[TestWorker]:
    host = EngineHost(name, create_engine("stub", engine_args), MODELS, window=0)
    host.start()
    try:
        yield TestWorker(host, [])
    finally:
        host.stop(10)
