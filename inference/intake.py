"""Taking a batch in: its file is streamed once, every bad line is named, good requests are COPYed into PostgreSQL."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any, Final
from uuid import UUID

from sqlalchemy import insert, text, update
from sqlalchemy.orm import Session

from inference import presence, quotas
from inference.batch_lock import try_lock
from inference.context_length import ContextLimits
from inference.file_store import file_store
from inference.lines import LineTooLong, read_lines
from inference.models import registry
from inference.planner import PlannedChunk, Planner
from inference.request_lines import LineInvalid, RequestLine, compact, digest_of, longest_answer, parse_line, prompt_of
from inference.webhooks import outbox
from schemas.database import copy_field, copy_rows, copy_text
from schemas.errors import ContentGone, QuotaExceeded
from schemas.settings import Settings, settings
from schemas.states import BatchStatus, check_batch_move
from schemas.tables import Batch, Chunk, File
from schemas.tables.base import now

log = logging.getLogger(__name__)

COPY_REQUESTS: Final = "COPY requests (batch_id, line, custom_id, body) FROM STDIN"

DUPLICATES: Final = text("""
    SELECT line, custom_id FROM (
        SELECT line, custom_id, row_number() OVER (PARTITION BY custom_id ORDER BY line) AS nth
        FROM requests WHERE batch_id = :batch_id
    ) AS numbered WHERE nth > 1 ORDER BY line LIMIT :most
""")


class TooManyFaults(Exception):
    pass


@dataclass(slots=True)
class Faults:
    """The bad lines of a file, the first so many of them."""

    most: int
    found: list[dict[str, Any]] = field(default_factory=list)

    def add(self, line: int | None, code: str, message: str, param: str | None = None) -> None:
        self.found.append({"line": line, "code": code, "message": message, "param": param})
        if len(self.found) >= self.most:
            raise TooManyFaults


def take_in(session: Session, batch_id: UUID) -> BatchStatus | None:
    """Validate a batch and take its requests in, all or nothing. Doing it twice at once is harmless."""
    batch = _batch_to_validate(session, batch_id)
    if batch is None:
        return None
    faults = Faults(settings().max_line_errors)
    savepoint = session.begin_nested()
    planner = _copy_requests(session, batch, faults)
    if faults.found:
        savepoint.rollback()
        return _fail(session, batch, faults)
    savepoint.commit()
    return _start(session, batch, planner)


def _batch_to_validate(session: Session, batch_id: UUID) -> Batch | None:
    """The batch, if nobody else is validating it."""
    batch = session.get(Batch, batch_id) if try_lock(session, batch_id) else None
    return batch if batch is not None and batch.status == BatchStatus.VALIDATING else None


def _copy_requests(session: Session, batch: Batch, faults: Faults) -> Planner:
    file = session.get_one(File, batch.input_file_id)
    planner = Planner(settings().chunk_size, presence.count_live(session))
    reader = RequestReader(batch, planner, faults, ContextLimits(registry.list_served(session)), settings())
    try:
        with file_store().open(file.location) as stream:
            copy_rows(session, COPY_REQUESTS, reader.rows(stream))
        _add_duplicates(session, batch, faults)
        if not faults.found:
            _check_quota(session, batch, planner, faults)
    except TooManyFaults:
        log.info("batch %s: stopped reading after %d bad lines", batch.id, faults.most)
    except ContentGone as gone:
        faults.add(None, "file_not_found", gone.message, "input_file_id")
    faults.found.sort(key=lambda fault: fault["line"] or 0)
    return planner


def _add_duplicates(session: Session, batch: Batch, faults: Faults) -> None:
    found = session.execute(DUPLICATES, {"batch_id": batch.id, "most": faults.most})
    for line, custom_id in found:
        faults.add(
            line, "duplicate_custom_id", f"The custom_id {custom_id!r} stands on an earlier line too.", "custom_id"
        )


@dataclass(slots=True)
class RequestReader:
    """Turns a file's lines into rows for COPY, noting the bad ones."""

    batch: Batch
    planner: Planner
    faults: Faults
    limits: ContextLimits
    settings: Settings

    def rows(self, stream: IO[bytes]) -> Iterator[bytes]:
        endpoint, served, prefix = self.batch.endpoint, self.limits.models, self.batch.id.hex.encode()
        number = 0
        for number, line in enumerate(read_lines(stream, self.settings.max_line_bytes), 1):
            try:
                request = self._request(line, number, endpoint, served)
                body = compact(request.body)
            except LineInvalid as fault:
                self.faults.add(number, fault.code, fault.message, fault.param)
                continue
            self._check_length(number, request, len(body))
            self._place(number, request, body)
            yield b"%b\t%d\t%b\t%b\n" % (prefix, number, copy_field(request.custom_id), copy_text(body))
        if number == 0:
            self.faults.add(None, "empty_file", "The input file has no lines.", "input_file_id")

    def _request(self, line: bytes | LineTooLong, number: int, endpoint: str, served: frozenset[str]) -> RequestLine:
        if isinstance(line, LineTooLong):
            raise LineInvalid("line_too_long", f"This line is longer than {self.settings.max_line_bytes:,} bytes.")
        if number > self.settings.max_batch_requests:
            raise LineInvalid(
                "too_many_requests", f"A batch has at most {self.settings.max_batch_requests:,} requests."
            )
        return parse_line(line, endpoint, served)

    def _place(self, number: int, request: RequestLine, body: bytes) -> None:
        endpoint = self.batch.endpoint
        self.planner.place(
            request.model,
            number,
            prompt=prompt_of(request.body, endpoint, body),
            longest_answer=self.limits.longest(request.model, longest_answer(request.body, endpoint)),
            digest=digest_of(request.body, endpoint, body),
        )

    def _check_length(self, number: int, request: RequestLine, size: int) -> None:
        excess = self.limits.excess(request.model, request.body, size)
        if excess:
            self.faults.add(number, "context_length_exceeded", excess, "body")


def _check_quota(session: Session, batch: Batch, planner: Planner, faults: Faults) -> None:
    try:
        quotas.check_room(session, batch, planner.total)
    except QuotaExceeded as exceeded:
        faults.add(None, exceeded.code, exceeded.message)


def _fail(session: Session, batch: Batch, faults: Faults) -> BatchStatus | None:
    if not _move(session, batch, BatchStatus.FAILED, errors=faults.found, ended_at=now()):
        return None
    outbox.record(session, batch, "batch.failed")
    return BatchStatus.FAILED


def _start(session: Session, batch: Batch, planner: Planner) -> BatchStatus | None:
    chunks = planner.finish()
    models = {chunk.model for chunk in chunks}
    for number, chunk in enumerate(chunks):
        session.execute(insert(Chunk), [_row(batch, number, chunk)])
    only_model = models.pop() if len(models) == 1 else None
    started = _move(
        session, batch, BatchStatus.IN_PROGRESS, total=planner.total, model=only_model, in_progress_at=now()
    )
    return BatchStatus.IN_PROGRESS if started else None


def _row(batch: Batch, number: int, chunk: PlannedChunk) -> dict[str, Any]:
    return {
        "batch_id": batch.id,
        "number": number,
        "model": chunk.model,
        "total": chunk.total,
        "lines": chunk.lines,
        "repeats": chunk.repeats,
        "estimated_tokens": chunk.estimated_tokens,
        "begins": chunk.begins,
        "ends": chunk.ends,
    }


def _move(session: Session, batch: Batch, wanted: BatchStatus, **values: Any) -> bool:
    """Move the batch on, unless it was cancelled or expired meanwhile: then what was taken in stays with it."""
    check_batch_move(BatchStatus.VALIDATING, wanted)
    row = update(Batch).where(Batch.id == batch.id, Batch.status == BatchStatus.VALIDATING)
    moved = session.scalar(row.values(status=wanted, **values).returning(Batch.id)) is not None
    if moved:
        session.refresh(batch)
    return moved
