"""What runs and judgings have in common on the wire."""

import marshmallow as ma

from schemas import ids
from schemas.states import RunStatus
from schemas.wire.batches import RequestCounts
from schemas.wire.fields import PublicId, Timestamp

LONGEST_NAME = 512


class BatchWork(ma.Schema):
    """Shown from the work and its progress."""

    dataset_id = PublicId(ids.DATASET, attribute="work.dataset_id")
    models = ma.fields.List(ma.fields.String(), attribute="work.models")
    completion_window = ma.fields.String(attribute="work.completion_window")
    status = ma.fields.String(attribute="work.status", validate=ma.validate.OneOf([*RunStatus]))
    waits_for = ma.fields.String(attribute="work.waits_for", allow_none=True)
    request_counts = ma.fields.Nested(RequestCounts, attribute="progress", dump_only=True)
    batch_ids = ma.fields.List(PublicId(ids.BATCH), attribute="work.batch_ids")
    problems = ma.fields.List(ma.fields.String(), attribute="work.problems")
    created_at = Timestamp(attribute="work.created_at")
    ended_at = Timestamp(attribute="work.ended_at", allow_none=True)
