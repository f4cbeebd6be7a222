"""What an answer comes from: a model as an engine has loaded it, with all that decides the answers beside the request.

Each line of a result names its serving by id, and the id follows from what it consists of: another version of the
engine, other weights or another setting make another serving, and the same ones the same on every worker.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from inference.engines.base import Loaded
from schemas import ids
from schemas.errors import ServingNotFound
from schemas.tables import Batch, Chunk, Serving


@dataclass(frozen=True, slots=True)
class Served:
    id: UUID
    model: str
    details: dict[str, Any]


def identify(model: str, source: str, engine: str, loaded: Loaded) -> Served:
    details = {"source": source, "engine": engine, "device": loaded.device, **loaded.details}
    canonical = orjson.dumps([model, details], option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=str)
    known = orjson.loads(canonical)[1]
    return Served(UUID(bytes=blake2b(canonical, digest_size=16).digest()), model, known)


def record(session: Session, served: Served) -> None:
    row = insert(Serving).values(id=served.id, model=served.model, details=served.details)
    session.execute(row.on_conflict_do_nothing())


def get(session: Session, public_id: str) -> Serving:
    serving = session.get(Serving, ids.parse(ids.SERVING, public_id, ServingNotFound))
    if serving is None:
        raise ServingNotFound(public_id)
    return serving


def of_batch(session: Session, batch: Batch) -> Sequence[Serving]:
    """Those that its answers come from. Of two that one chunk was answered by, the later one."""
    used = select(Chunk.serving_id).where(Chunk.batch_id == batch.id, Chunk.serving_id.is_not(None))
    return session.scalars(select(Serving).where(Serving.id.in_(used)).order_by(Serving.first_used_at)).all()
