"""Plain SQLAlchemy models: the web side binds them with Flask-SQLAlchemy, workers use plain sessions."""

from schemas.tables.answers import KeptAnswer
from schemas.tables.audit import AuditEntry
from schemas.tables.base import Base
from schemas.tables.batches import Batch, Chunk, IdempotencyKey, PaceSample, Request, Result
from schemas.tables.comparisons import Comparison
from schemas.tables.curation import Change, ChangeSet, Dataset, Example, Import, Item, Output, facets
from schemas.tables.exports import Export, ExportFormat
from schemas.tables.files import File, Upload, UploadPart
from schemas.tables.judgings import Judging, JudgingPart
from schemas.tables.keys import ApiKey
from schemas.tables.people import Person, SignInTry
from schemas.tables.queues import Queue, QueueItem, QueueReviewer, Review
from schemas.tables.runs import Run, RunItem, RunPart
from schemas.tables.score_counts import ScoreCount
from schemas.tables.scorings import Score, Scoring
from schemas.tables.snapshots import Snapshot, SnapshotExample
from schemas.tables.splits import ItemSignature, Split, SplitItem
from schemas.tables.task_schemas import TaskSchema, TaskSchemaVersion
from schemas.tables.webhooks import Event, Webhook, WebhookDelivery
from schemas.tables.workers import Model, Serving, Worker

__all__ = [
    "ApiKey",
    "AuditEntry",
    "Base",
    "Batch",
    "Change",
    "ChangeSet",
    "Chunk",
    "Comparison",
    "Dataset",
    "Event",
    "Example",
    "Export",
    "ExportFormat",
    "File",
    "IdempotencyKey",
    "Import",
    "Item",
    "ItemSignature",
    "Judging",
    "JudgingPart",
    "KeptAnswer",
    "Model",
    "Output",
    "PaceSample",
    "Person",
    "Queue",
    "QueueItem",
    "QueueReviewer",
    "Request",
    "Result",
    "Review",
    "Run",
    "RunItem",
    "RunPart",
    "Score",
    "ScoreCount",
    "Scoring",
    "Serving",
    "SignInTry",
    "Snapshot",
    "SnapshotExample",
    "Split",
    "SplitItem",
    "TaskSchema",
    "TaskSchemaVersion",
    "Upload",
    "UploadPart",
    "Webhook",
    "WebhookDelivery",
    "Worker",
    "facets",
]
