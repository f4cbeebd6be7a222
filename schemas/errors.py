"""One tree of named facts. The web layer maps them to HTTP in one table."""

from collections.abc import Sequence
from typing import Any


class VbsError(Exception):
    """Anything that went wrong and that somebody can act on."""

    code: str | None = None
    param: str | None = None

    def __init__(self, message: str, *, code: str | None = None, param: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.param = param or type(self).param


class SettingInvalid(VbsError):
    def __init__(self, name: str, value: str, kind: str) -> None:
        super().__init__(f"{name}={value!r} is not a valid {kind}.", code="setting_invalid", param=name)


class NotFound(VbsError):
    """The object does not exist, or belongs to somebody else: the two look the same from outside."""


class FileNotFound(NotFound):
    def __init__(self, file_id: str, *, param: str = "id") -> None:
        super().__init__(f"No such File object: {file_id}", param=param)


class UploadNotFound(NotFound):
    def __init__(self, upload_id: str) -> None:
        super().__init__(f"No such Upload object: {upload_id}", param="upload_id")


class BatchNotFound(NotFound):
    def __init__(self, batch_id: str) -> None:
        super().__init__(f"No batch found with id '{batch_id}'.", param="batch_id")


class ModelNotFound(NotFound):
    code = "model_not_found"

    def __init__(self, name: str) -> None:
        super().__init__(f"The model '{name}' does not exist or is not served here.", param="model")


class ServingNotFound(NotFound):
    def __init__(self, serving_id: str) -> None:
        super().__init__(f"No such serving: {serving_id}", param="serving_id")


class WebhookNotFound(NotFound):
    def __init__(self, webhook_id: str) -> None:
        super().__init__(f"No such webhook: {webhook_id}", param="webhook_id")


class KeyNotFound(NotFound):
    def __init__(self, key_id: str) -> None:
        super().__init__(f"No such API key: {key_id}", param="key_id")


class PersonNotFound(NotFound):
    def __init__(self, person: str) -> None:
        super().__init__(f"No such person: {person}", param="person")


class DatasetNotFound(NotFound):
    def __init__(self, dataset_id: str) -> None:
        super().__init__(f"No such dataset: {dataset_id}", param="dataset_id")


class ExampleNotFound(NotFound):
    def __init__(self, example_id: str) -> None:
        super().__init__(f"No such example: {example_id}", param="example_id")


class ChangeNotFound(NotFound):
    def __init__(self, change_id: str) -> None:
        super().__init__(f"No such change: {change_id}", param="change_id")


class TaskSchemaNotFound(NotFound):
    def __init__(self, name: str) -> None:
        super().__init__(f"No such task schema: {name}", param="name")


class ExportNotFound(NotFound):
    def __init__(self, export_id: str) -> None:
        super().__init__(f"No such export: {export_id}", param="export_id")


class RunNotFound(NotFound):
    def __init__(self, run_id: str) -> None:
        super().__init__(f"No such run: {run_id}", param="run_id")


class JudgingNotFound(NotFound):
    def __init__(self, judging_id: str) -> None:
        super().__init__(f"No such judging: {judging_id}", param="judging_id")


class SplitNotFound(NotFound):
    def __init__(self, split_id: str) -> None:
        super().__init__(f"No such split: {split_id}", param="split_id")


class SnapshotNotFound(NotFound):
    def __init__(self, snapshot_id: str) -> None:
        super().__init__(f"No such snapshot: {snapshot_id}", param="snapshot_id")


class QueueNotFound(NotFound):
    def __init__(self, queue_id: str) -> None:
        super().__init__(f"No such queue: {queue_id}", param="queue_id")


class QueueItemNotFound(NotFound):
    def __init__(self, place: int) -> None:
        super().__init__(f"This queue has no item {place}.", param="place")


class ContentGone(NotFound):
    """The object is known, but retention has removed its content."""

    code = "content_expired"


class RequestInvalid(VbsError):
    """The caller's request can't be carried out as it stands."""

    code = "invalid_value"


class InputFileInvalid(RequestInvalid):
    """A batch was asked for on a file that can't be one."""


class FaultsFound(RequestInvalid):
    """Something has several faults, which are told all at once: each has a message and says where it is."""

    def __init__(self, where: str, faults: list[dict[str, Any]], *, param: str) -> None:
        more = f" There are {len(faults) - 1} more." if len(faults) > 1 else ""
        super().__init__(f"{where}: {faults[0]['message']}{more}", param=param)
        self.faults = faults


class TaskSchemaInvalid(FaultsFound):
    code = "invalid_task_schema"

    def __init__(self, faults: list[dict[str, Any]]) -> None:
        super().__init__(f"{faults[0]['path']} (line {faults[0]['line']})", faults, param=faults[0]["path"])


class RowsInvalid(FaultsFound):
    """Rows that no requests can be made of."""

    code = "invalid_rows"

    def __init__(self, faults: list[dict[str, Any]]) -> None:
        line, column = faults[0]["line"], faults[0]["column"]
        where = f"Line {line}" if line else "The file"
        super().__init__(f"{where}, column `{column}`" if column else where, faults, param="file")


class CursorUnknown(RequestInvalid):
    def __init__(self, cursor: str) -> None:
        super().__init__(f"The cursor '{cursor}' is not the id of an object in this list.", param="after")


class Conflict(VbsError):
    """The object's state does not allow this."""

    code = "conflict"


class MoveNotAllowed(Conflict):
    def __init__(self, what: str, current: str, wanted: str) -> None:
        super().__init__(f"{what} is {current} and cannot become {wanted}.", code="invalid_status", param="status")


class IdempotencyMismatch(Conflict):
    code = "idempotency_key_reused"


class KeyNameTaken(Conflict):
    code = "name_taken"
    param = "name"

    def __init__(self, name: str, tenant: str) -> None:
        super().__init__(
            f"The tenant '{tenant}' has a valid key named '{name}' already: revoke that, or choose another name."
        )


class PersonNameTaken(Conflict):
    code = "name_taken"
    param = "name"

    def __init__(self, name: str) -> None:
        super().__init__(f"Somebody, or a key of the same tenant, is named '{name}' already.")


class SplitLeaks(Conflict):
    """Items that belong together are on several sides of a split."""

    code = "split_leaks"

    def __init__(self, pairs: Sequence[tuple[int, str, int, str]]) -> None:
        shown = ", ".join(f"{one} ({side}) and {other} ({opposite})" for one, side, other, opposite in pairs[:10])
        super().__init__(f"Items that belong together are on different sides: {shown}.")
        self.pairs = pairs


class PayloadTooLarge(VbsError):
    code = "payload_too_large"


class KeyInvalid(VbsError):
    code = "invalid_api_key"


class RoleTooLow(VbsError):
    code = "insufficient_permissions"


class SignInRefused(KeyInvalid):
    code = "sign_in_refused"


class NotAssigned(RoleTooLow):
    code = "not_assigned"

    def __init__(self, queue_name: str) -> None:
        super().__init__(f"The queue “{queue_name}” is for others to review.")


class QuotaExceeded(VbsError):
    code = "quota_exceeded"

    def __init__(self, message: str, *, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class TooManyTries(QuotaExceeded):
    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many tries went wrong. Try again in {seconds} s.", retry_after_seconds=seconds)


class Unavailable(VbsError):
    """Nothing is wrong with the request: the same call will succeed later."""

    code = "unavailable"
    retry_after_seconds = 5


class StorageFull(Unavailable):
    code = "storage_unavailable"


class WebhookTargetRefused(RequestInvalid):
    code = "webhook_url_refused"
    param = "webhook.url"


class LeaseLost(VbsError):
    """Another worker has this chunk now; nothing that this one still holds may be written."""


class EngineError(VbsError):
    """The engine can't serve: it did not load, it died, or it is not reachable."""

    code = "engine_unavailable"


class EngineTooLarge(EngineError):
    """The model does not fit the memory that is free."""

    code = "insufficient_memory"


class ModelUnavailable(VbsError):
    """A model's files can't be had, for want of a network most often."""

    code = "model_unavailable"


class ScorerFailed(VbsError):
    """A plugin has a fault."""


class PurgeIncomplete(VbsError):
    def __init__(self, stuck: int) -> None:
        super().__init__(f"{stuck} contents can't be removed from the file store; the next purge tries again.")


class StartFailed(VbsError):
    """A part of the system did not start, or can't as things are on this machine."""


class BackupFailed(VbsError):
    """A backup was not taken; what there was of it is gone again."""


class ArchiveInvalid(VbsError):
    """What should be a backup is none, is damaged, or is of a kind that this program does not know."""


class PlaceTaken(VbsError):
    """A restore would mix with data that is there already."""


class RestoreFailed(VbsError):
    """A restore did not come to its end. Its place is as empty as before, unless the message says what is there."""


class CommitUnanswered(RestoreFailed):
    """The last step of a restore failed, and nobody knows whether the database has taken it. Its contents stay."""

    def __init__(self, why: str) -> None:
        what_now = "Repeat the restore. If the database then holds data, all is there but the keys."
        super().__init__(f"{why.rstrip('.')}, at the commit. {what_now}")
