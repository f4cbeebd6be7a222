"""How a part of a run or a judging becomes a batch: whether there is room for it, its file, and the batch itself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from inference import batches, files, quotas
from inference.batches import NewBatch
from inference.file_store import file_store
from schemas import ids
from schemas.errors import Conflict, QuotaExceeded
from schemas.states import BatchStatus, RunStatus
from schemas.tables import ApiKey, Batch, Dataset, Judging, JudgingPart, Run, RunPart

LONGEST_TITLE: Final = 400
ITEMS_NAMED: Final = 10


@dataclass(slots=True)
class Asking:
    """What a part asks, a page of lines at a time. It is counted as it is written."""

    endpoint: str
    title: str
    pages: Iterator[Sequence[bytes]]
    # Items that no request can be made of.
    refused: list[int] = field(default_factory=list)
    requests: int = 0
    written_bytes: int = 0

    def blocks(self) -> Iterator[bytes]:
        for page in self.pages:
            file_store().check_room(0)
            block = b"".join(page)
            self.requests += len(page)
            self.written_bytes += len(block)
            yield block

    @property
    def problem(self) -> str | None:
        if not self.refused:
            return None
        named = ", ".join(f"{item:,}" for item in self.refused[:ITEMS_NAMED])
        more = f" and {len(self.refused) - ITEMS_NAMED:,} more" if len(self.refused) > ITEMS_NAMED else ""
        return f"What these items ask is nested too deeply to be passed on: {named}{more}."


def check_room(session: Session, dataset: Dataset, work: Run | Judging, part: RunPart | JudgingPart) -> None:
    """Refuse what would not fit the quotas of the key that has begun the work, before its file is written."""
    limits = quotas.limits_of(session.get_one(ApiKey, work.key_id))
    adding = part.requests + _not_yet_counted(session, work)
    quotas.check_pending(session, dataset.tenant, limits.pending_requests, adding)
    if part.bytes:
        quotas.check_stored(session, dataset.tenant, limits.stored_bytes, part.bytes)
        file_store().check_room(part.bytes)


def _not_yet_counted(session: Session, work: Run | Judging) -> int:
    """Of the requests in its own batches. Until one is validated, it counts as a single request."""
    validating = select(Batch.id).where(Batch.id.in_(work.batch_ids), Batch.status == BatchStatus.VALIDATING)
    found = set(session.scalars(validating))
    return sum(part.requests - 1 for part in work.parts if part.batch_id in found)


def submit(
    session: Session, dataset: Dataset, work: Run | Judging, part: RunPart | JudgingPart, asking: Asking
) -> UUID | None:
    """Make a part's batch; None where there is nothing to ask.

    The work's row is locked only once the file is written, which takes a while: somebody may want to cancel.
    """
    blocks: Iterator[bytes] = filter(None, asking.blocks())
    first = next(blocks, None)
    if first is None:
        _lock(session, work)
        return None
    with files.incoming() as content:
        content.receive(f"{work.public_id}-{part.number + 1}.jsonl", chain([first], blocks))
        _lock(session, work)
        limit = quotas.limits_of(session.get_one(ApiKey, work.key_id)).stored_bytes
        file = files.register(session, dataset.tenant, "batch", content, stored_limit=limit)
        wanted = NewBatch(
            tenant=dataset.tenant,
            key_id=work.key_id,
            input_file_id=ids.show(ids.FILE, file.id),
            endpoint=asking.endpoint,
            completion_window=work.completion_window,
            metadata={
                "description": f"{asking.title[:LONGEST_TITLE]}, items {part.first_item:,} to {part.last_item:,}",
                work.kind: work.public_id,
            },
        )
        return batches.create(session, wanted).id


def _lock(session: Session, work: Run | Judging) -> None:
    session.refresh(work, ["status", "total"], with_for_update=True)
    if work.status != RunStatus.RUNNING:
        raise Conflict(f"The {work.kind} was cancelled.", code="invalid_status")


def had_no_room(batch: Batch) -> bool:
    """Others have taken it, after it was asked for and before the batch was validated."""
    return any(error.get("code") == QuotaExceeded.code for error in batch.errors or [])


def problem_of(batch: Batch) -> str | None:
    """Why none of its requests was run, if so."""
    if batch.status != BatchStatus.FAILED:
        return None
    first = next(iter(batch.errors or []), {})
    return str(first.get("message") or "The batch failed.")
