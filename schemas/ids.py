"""Object ids: a UUID that sorts by creation time, shown with the prefix OpenAI's clients expect."""

import os
import time
from datetime import UTC, datetime
from uuid import UUID

from schemas.errors import NotFound

FILE, UPLOAD, PART, BATCH = "file-", "upload_", "part_", "batch_"
KEY, WEBHOOK, EVENT, SERVING = "key_", "wh_", "evt_", "srv_"
DATASET, EXAMPLE, CHANGE_SET = "ds_", "ex_", "chg_"
AUDIT_ENTRY = "aud_"
EXPORT = "exp_"
RUN, SPLIT, SNAPSHOT = "run_", "split_", "snap_"
QUEUE = "queue_"
JUDGING = "judg_"


def new_id() -> UUID:
    """A version 7 UUID whose `rand_a` holds the microseconds, so that ids made in turn sort in turn."""
    microseconds = time.time_ns() // 1000
    milliseconds, rest = divmod(microseconds, 1000)
    random = int.from_bytes(os.urandom(8)) & ((1 << 62) - 1)
    return UUID(int=milliseconds << 80 | 7 << 76 | (rest << 2) << 64 | 2 << 62 | random)


def made_at(value: UUID) -> datetime:
    """When an id was made, to the millisecond."""
    return datetime.fromtimestamp((value.int >> 80) / 1000, UTC)


def earliest(moment: datetime) -> UUID:
    """Before every id that is made at that millisecond or later, and after all others."""
    return UUID(int=max(0, int(moment.timestamp() * 1000)) << 80)


def show(prefix: str, value: UUID) -> str:
    return prefix + value.hex


def parse(prefix: str, text: str, not_found: type[NotFound]) -> UUID:
    """The UUID inside a public id; text that can't be one is simply an unknown object."""
    digits = text.removeprefix(prefix)
    if not text.startswith(prefix) or len(digits) != 32 or not set(digits) <= set("0123456789abcdef"):
        raise not_found(text)
    return UUID(hex=digits)
