"""The states of long-lived objects and the moves between them that are allowed."""

from enum import StrEnum
from typing import Final

from schemas.errors import MoveNotAllowed


class BatchStatus(StrEnum):
    VALIDATING = "validating"
    FAILED = "failed"
    IN_PROGRESS = "in_progress"
    FINALIZING = "finalizing"
    COMPLETED = "completed"
    EXPIRED = "expired"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"


class ChunkState(StrEnum):
    WAITING = "waiting"
    LEASED = "leased"
    DONE = "done"


class UploadStatus(StrEnum):
    PENDING = "pending"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class WorkerState(StrEnum):
    STARTING = "starting"
    LOADING = "loading"
    READY = "ready"
    BUSY = "busy"
    BROKEN = "broken"
    STOPPED = "stopped"


class ImportStatus(StrEnum):
    RUNNING = "running"
    DONE = "done"
    # It says why not all of it came in.
    BROKEN = "broken"


class ScoringStatus(StrEnum):
    RUNNING = "running"
    DONE = "done"
    # It says why not all answers are scored.
    BROKEN = "broken"


class ExportStatus(StrEnum):
    RUNNING = "running"
    DONE = "done"
    # It says why there is no file.
    BROKEN = "broken"


class RunStatus(StrEnum):
    RUNNING = "running"
    CANCELLING = "cancelling"
    DONE = "done"
    CANCELLED = "cancelled"
    # Nobody came any further with it.
    BROKEN = "broken"


class SplitStatus(StrEnum):
    RUNNING = "running"
    DONE = "done"
    # The dataset is deleted.
    BROKEN = "broken"


class QueueStatus(StrEnum):
    MAKING = "making"
    OPEN = "open"
    # It says why it could not be made.
    BROKEN = "broken"


class Side(StrEnum):
    """Of a split: what a model learns from, what its best settings are looked for with, what it is measured on."""

    TRAIN = "train"
    SEARCH = "search"
    TEST = "test"


class ExampleStatus(StrEnum):
    NEEDS_REVIEW = "needs_review"
    APPROVED = "approved"
    REJECTED = "rejected"


class QueueItemState(StrEnum):
    OPEN = "open"
    # Its reviews differ, and somebody has to choose.
    DISPUTED = "disputed"
    DECIDED = "decided"


class Role(StrEnum):
    """What a key may do; each role may do all that the ones before it may."""

    VIEWER = "viewer"
    USER = "user"
    CURATOR = "curator"
    ADMIN = "admin"

    def allows(self, needed: "Role") -> bool:
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(needed)


BATCH_MOVES: Final[dict[BatchStatus, frozenset[BatchStatus]]] = {
    BatchStatus.VALIDATING: frozenset(
        {BatchStatus.IN_PROGRESS, BatchStatus.FAILED, BatchStatus.CANCELLING, BatchStatus.EXPIRED}
    ),
    BatchStatus.IN_PROGRESS: frozenset({BatchStatus.FINALIZING, BatchStatus.CANCELLING}),
    BatchStatus.FINALIZING: frozenset({BatchStatus.COMPLETED, BatchStatus.EXPIRED}),
    BatchStatus.CANCELLING: frozenset({BatchStatus.CANCELLED}),
    BatchStatus.FAILED: frozenset(),
    BatchStatus.COMPLETED: frozenset(),
    BatchStatus.EXPIRED: frozenset(),
    BatchStatus.CANCELLED: frozenset(),
}

TERMINAL: Final = frozenset(status for status, moves in BATCH_MOVES.items() if not moves)

UPLOAD_MOVES: Final[dict[UploadStatus, frozenset[UploadStatus]]] = {
    UploadStatus.PENDING: frozenset({UploadStatus.COMPLETED, UploadStatus.CANCELLED, UploadStatus.EXPIRED}),
    UploadStatus.COMPLETED: frozenset(),
    UploadStatus.CANCELLED: frozenset(),
    UploadStatus.EXPIRED: frozenset(),
}


def check_batch_move(current: str, wanted: BatchStatus) -> BatchStatus:
    if wanted not in BATCH_MOVES[BatchStatus(current)]:
        raise MoveNotAllowed("The batch", current, wanted)
    return wanted


def check_upload_move(current: str, wanted: UploadStatus) -> UploadStatus:
    if wanted not in UPLOAD_MOVES[UploadStatus(current)]:
        raise MoveNotAllowed("The upload", current, wanted)
    return wanted
