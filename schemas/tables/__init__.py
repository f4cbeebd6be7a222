"""Plain SQLAlchemy models: the web side binds them with Flask-SQLAlchemy, workers use plain sessions."""

from schemas.tables.answers import KeptAnswer
from schemas.tables.base import Base
from schemas.tables.batches import Batch, Chunk, IdempotencyKey, PaceSample, Request, Result
from schemas.tables.comparisons import Comparison
from schemas.tables.curation import Change, ChangeSet, Dataset, Example, Import, Item, Output, facets
from schemas.tables.files import File, Upload, UploadPart
from schemas.tables.keys import ApiKey
from schemas.tables.scorings import Score, Scoring
from schemas.tables.webhooks import Event, Webhook, WebhookDelivery
from schemas.tables.workers import Model, Serving, Worker

__all__ = [
    "ApiKey",
    "Base",
    "Batch",
    "Change",
    "ChangeSet",
    "Chunk",
    "Comparison",
    "Dataset",
    "Event",
    "Example",
    "File",
    "IdempotencyKey",
    "Import",
    "Item",
    "KeptAnswer",
    "Model",
    "Output",
    "PaceSample",
    "Request",
    "Result",
    "Score",
    "Scoring",
    "Serving",
    "Upload",
    "UploadPart",
    "Webhook",
    "WebhookDelivery",
    "Worker",
    "facets",
]
