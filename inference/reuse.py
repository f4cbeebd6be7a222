"""Answers that are kept for later batches which ask exactly the same: only where a batch wants it, and for a time.

A kept answer is found by all that decides it: the serving that gave it (the model's weights, the engine and its
settings), the endpoint and the whole body, which must leave nothing to chance. Tenants don't see each other's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from uuid import UUID

import orjson
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from inference.engines.base import Answer
from inference.engines.usage import usage_of
from inference.request_lines import is_certain
from schemas.database import OpenSession, delete_in_parts
from schemas.tables import KeptAnswer
from schemas.tables.base import now

# A serving, and the digest of a request.
Key = tuple[UUID, bytes]


@dataclass(frozen=True, slots=True)
class Kept:
    answer: Answer
    # The line that it was computed for.
    origin: str


def digest_of(endpoint: str, body: str) -> bytes | None:
    """None where an engine may answer the same request in another way."""
    if not is_certain(orjson.loads(body), endpoint):
        return None
    return blake2b(f"{endpoint}\n{body}".encode(), digest_size=32).digest()


def find(session: Session, tenant: str, serving_id: UUID, digests: Sequence[bytes]) -> Mapping[bytes, Kept]:
    """What is kept and not past its time."""
    wanted = select(KeptAnswer).where(
        KeptAnswer.tenant == tenant,
        KeptAnswer.serving_id == serving_id,
        KeptAnswer.digest.in_(digests),
        KeptAnswer.kept_until > now(),
    )
    return {
        kept.digest: Kept(Answer(200, body, usage_of(body)), kept.origin)
        for kept in session.scalars(wanted)
        for body in [kept.body.encode()]
    }


def keep(session: Session, tenant: str, answers: Mapping[Key, Kept], days: float) -> None:
    """Of two answers to the same request the first one stays, for as long as it is kept."""
    moment = now()
    rows = [
        {
            "tenant": tenant,
            "serving_id": serving_id,
            "digest": digest,
            "kept_until": moment + timedelta(days=days),
            "origin": kept.origin,
            "body": kept.answer.body.decode(),
        }
        # In one order everywhere, so that two that save at once never wait for each other.
        for (serving_id, digest), kept in sorted(answers.items())
    ]
    if rows:
        row = insert(KeptAnswer)
        renewed = {name: row.excluded[name] for name in rows[0].keys() - {"tenant", "serving_id", "digest"}}
        key = (KeptAnswer.tenant, KeptAnswer.serving_id, KeptAnswer.digest)
        session.execute(
            row.on_conflict_do_update(index_elements=key, set_=renewed, where=KeptAnswer.kept_until <= moment), rows
        )


def forget(session: Session, tenant: str) -> int:
    """Remove all that is kept of a tenant's; returns how many answers."""
    gone = session.execute(delete(KeptAnswer).where(KeptAnswer.tenant == tenant).returning(KeptAnswer.digest))
    return len(gone.all())


def purge(open_session: OpenSession, moment: datetime) -> int:
    """Remove what is past its time."""
    key = (KeptAnswer.tenant, KeptAnswer.serving_id, KeptAnswer.digest)
    return delete_in_parts(open_session, KeptAnswer, key, KeptAnswer.kept_until <= moment)
