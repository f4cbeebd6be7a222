"""Batches on the wire: the fields of OpenAI's batches, and a few of ours."""

from datetime import datetime
from typing import Any, Final

import marshmallow as ma

from schemas import ids
from schemas.limits import LONGEST_URL
from schemas.states import BatchStatus
from schemas.wire.fields import ExpiresAfter, Kind, ListEnvelope, ListQuery, PublicId, Text, Timestamp, Whole

MOST_PAIRS: Final = 16
LONGEST_KEY: Final = 64
LONGEST_VALUE: Final = 512
PRIORITY_NAMES: Final = {"low": -5, "normal": 0, "high": 5}
LOWEST_PRIORITY: Final = -10
HIGHEST_PRIORITY: Final = 10


class Priority(ma.fields.Field[int]):
    """A number from -10 to 10, or a word for one."""

    default_error_messages = {"invalid": "A priority is an integer from -10 to 10, `low`, `normal` or `high`."}  # noqa: RUF012

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> int:
        number = PRIORITY_NAMES.get(value) if isinstance(value, str) else value
        if type(number) is not int or not LOWEST_PRIORITY <= number <= HIGHEST_PRIORITY:
            raise self.make_error("invalid")
        return number


class EndedAt(Timestamp):
    """When the batch ended, if it ended like this."""

    def __init__(self, status: BatchStatus) -> None:
        super().__init__(attribute="batch.ended_at", allow_none=True, dump_only=True)
        self._status = status

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **options: Any) -> int | None:
        return super()._serialize(value if obj.batch.status == self._status else None, attr, obj, **options)


class WebhookTarget(ma.Schema):
    url = Text(required=True, longest=LONGEST_URL)
    secret = Text(load_default=None, allow_none=True, longest=256)


class BatchCreate(ma.Schema):
    input_file_id = Text(required=True, longest=64)
    endpoint = Text(required=True, longest=64)
    completion_window = Text(required=True, longest=16)
    metadata = ma.fields.Dict(
        keys=Text(longest=LONGEST_KEY),
        values=Text(longest=LONGEST_VALUE),
        load_default=None,
        allow_none=True,
        validate=ma.validate.Length(max=MOST_PAIRS),
    )
    output_expires_after = ma.fields.Nested(ExpiresAfter, load_default=None, allow_none=True)
    priority = Priority(load_default=0, metadata={"type": ["integer", "string"]})
    reuse_answers = ma.fields.Boolean(load_default=False, truthy={True}, falsy={False})
    webhook = ma.fields.Nested(WebhookTarget, load_default=None, allow_none=True)


class BatchQuery(ListQuery):
    limit = ma.fields.Integer(load_default=20, validate=ma.validate.Range(1, 100))


class ResultsQuery(ma.Schema):
    after_line = Whole(load_default=0)


class LineError(ma.Schema):
    code = ma.fields.String(allow_none=True)
    line = ma.fields.Integer(allow_none=True)
    message = ma.fields.String(allow_none=True)
    param = ma.fields.String(allow_none=True)


class LineErrors(ma.Schema):
    object = Kind("list")
    data = ma.fields.Function(lambda errors: LineError(many=True).dump(errors))


class RequestCounts(ma.Schema):
    total = ma.fields.Integer()
    completed = ma.fields.Integer()
    failed = ma.fields.Integer()


class InputTokensDetails(ma.Schema):
    cached_tokens = ma.fields.Integer()


class OutputTokensDetails(ma.Schema):
    reasoning_tokens = ma.fields.Integer()


class Shared(ma.Schema):
    """The part of the usage that was computed once for several requests."""

    requests = ma.fields.Integer(attribute="shared_requests")
    input_tokens = ma.fields.Integer(attribute="shared_input_tokens")
    output_tokens = ma.fields.Integer(attribute="shared_output_tokens")


class Usage(ma.Schema):
    input_tokens = ma.fields.Integer()
    input_tokens_details = ma.fields.Function(lambda progress: InputTokensDetails().dump(progress))
    output_tokens = ma.fields.Integer()
    output_tokens_details = ma.fields.Function(lambda progress: OutputTokensDetails().dump(progress))
    total_tokens = ma.fields.Function(lambda progress: progress.input_tokens + progress.output_tokens)
    shared = ma.fields.Function(lambda progress: Shared().dump(progress))


class Rounded(ma.fields.Float):
    """More digits would only pretend to be known."""

    def _serialize(self, value: float | None, attr: str | None, obj: Any, **_: Any) -> float | None:
        return None if value is None else round(value, 3)


class SecondsLeft(ma.Schema):
    """In four of five cases the truth lies between `low` and `high`."""

    expected = Rounded()
    low = Rounded()
    high = Rounded()


class Pace(ma.Schema):
    """Of about the last minute; null where there is nothing to go by."""

    requests_per_second = Rounded(allow_none=True)
    input_tokens_per_second = Rounded(allow_none=True)
    output_tokens_per_second = Rounded(allow_none=True)
    cache_hit_share = Rounded(allow_none=True)
    seconds_left = ma.fields.Nested(SecondsLeft, allow_none=True)


class Batch(ma.Schema):
    """Shown from a batch, its progress and its pace, side by side."""

    id = PublicId(ids.BATCH, attribute="batch.id")
    object = Kind("batch")
    endpoint = ma.fields.String(attribute="batch.endpoint")
    model = ma.fields.String(attribute="batch.model", allow_none=True)
    input_file_id = PublicId(ids.FILE, attribute="batch.input_file_id")
    completion_window = ma.fields.String(attribute="batch.completion_window")
    status = ma.fields.String(attribute="batch.status", validate=ma.validate.OneOf([*BatchStatus]))
    errors = ma.fields.Nested(LineErrors, attribute="batch.errors", allow_none=True)
    output_file_id = PublicId(ids.FILE, attribute="batch.output_file_id", allow_none=True)
    error_file_id = PublicId(ids.FILE, attribute="batch.error_file_id", allow_none=True)
    created_at = Timestamp(attribute="batch.created_at")
    expires_at = Timestamp(attribute="batch.expires_at")
    in_progress_at = Timestamp(attribute="batch.in_progress_at", allow_none=True)
    finalizing_at = Timestamp(attribute="batch.finalizing_at", allow_none=True)
    cancelling_at = Timestamp(attribute="batch.cancelling_at", allow_none=True)
    completed_at = EndedAt(BatchStatus.COMPLETED)
    failed_at = EndedAt(BatchStatus.FAILED)
    expired_at = EndedAt(BatchStatus.EXPIRED)
    cancelled_at = EndedAt(BatchStatus.CANCELLED)
    request_counts = ma.fields.Nested(RequestCounts, attribute="progress", dump_only=True)
    usage = ma.fields.Nested(Usage, attribute="progress", dump_only=True)
    progress = ma.fields.Nested(Pace, attribute="pace", allow_none=True, dump_only=True)
    metadata = ma.fields.Dict(ma.fields.String(), ma.fields.String(), attribute="batch.details", allow_none=True)
    priority = ma.fields.Integer(attribute="batch.priority")
    reuse_answers = ma.fields.Boolean(attribute="batch.reuse_answers")
    retry_of = PublicId(ids.BATCH, attribute="batch.retry_of", allow_none=True)


class CreatedBatch(Batch):
    """What the creator is told, and nobody after: where the batch reports to, and the secret that signs it."""

    webhook = ma.fields.Nested(WebhookTarget, allow_none=True, dump_only=True)


class BatchList(ListEnvelope):
    data = ma.fields.List(ma.fields.Nested(Batch))
