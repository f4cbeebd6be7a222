"""Who runs what: chunks are claimed under a lease, and every write is fenced by the lease's epoch."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from inference import reuse
from inference.landing import Landing
from schemas.database import copy_rows
from schemas.errors import LeaseLost
from schemas.settings import settings

# A rest that lasts longer than any does was given by a clock that has been set back since.
RESTED: Final = "(chunks.not_before BETWEEN now() AND now() + interval '10 minutes') IS NOT TRUE"

# It killed an engine more than once, or was refused by it. Once may have been an accident.
TROUBLED: Final = "(chunks.deaths > 1 OR chunks.rests > 1)"

# A lease counts from this moment: its transaction may have begun before the database stood still for a while.
CLAIM: Final = text(f"""
    WITH best AS (
        SELECT chunks.batch_id, chunks.number, batches.endpoint, batches.tenant, batches.reuse_answers
        FROM chunks JOIN batches ON batches.id = chunks.batch_id
        WHERE chunks.batch_id = :batch_id AND chunks.model = :model AND chunks.state = 'waiting' AND {RESTED}
          AND batches.status = 'in_progress' AND batches.expires_at > now()
        ORDER BY {TROUBLED}, chunks.number
        LIMIT 1 FOR UPDATE OF chunks SKIP LOCKED
    )
    UPDATE chunks SET state = 'leased', worker = :worker, epoch = epoch + 1, reached = 0, not_before = NULL,
           lease_expires_at = clock_timestamp() + make_interval(secs => :lease_seconds)
    FROM best WHERE chunks.batch_id = best.batch_id AND chunks.number = best.number
    RETURNING chunks.batch_id, chunks.number, chunks.epoch, chunks.model, chunks.lines, chunks.repeats,
              best.endpoint, best.tenant, best.reuse_answers, chunks.deaths, chunks.suspect_to, chunks.rests,
              chunks.estimated_tokens, chunks.ends
""")

LAND: Final = text("""
    UPDATE chunks SET lease_expires_at = clock_timestamp() + make_interval(secs => :lease_seconds),
           completed = chunks.completed + :completed, failed = chunks.failed + :failed,
           input_tokens = chunks.input_tokens + :input_tokens, cached_tokens = chunks.cached_tokens + :cached_tokens,
           output_tokens = chunks.output_tokens + :output_tokens,
           reasoning_tokens = chunks.reasoning_tokens + :reasoning_tokens,
           shared_requests = chunks.shared_requests + :shared_requests,
           shared_input_tokens = chunks.shared_input_tokens + :shared_input_tokens,
           shared_output_tokens = chunks.shared_output_tokens + :shared_output_tokens,
           busy_seconds = chunks.busy_seconds + :busy_seconds,
           longest_seconds = greatest(chunks.longest_seconds, :longest_seconds),
           serving_id = coalesce(:serving_id, chunks.serving_id)
    FROM batches
    WHERE chunks.batch_id = :batch_id AND chunks.number = :number AND chunks.epoch = :epoch
      AND chunks.state = 'leased' AND batches.id = chunks.batch_id
    RETURNING batches.status = 'in_progress' AND batches.expires_at > now()
""")

REACH: Final = text("""
    UPDATE chunks SET reached = :place
    WHERE batch_id = :batch_id AND number = :number AND epoch = :epoch AND state = 'leased'
""")

ACQUIT: Final = text("""
    UPDATE chunks SET deaths = 0, suspect_to = 0
    WHERE batch_id = :batch_id AND number = :number AND epoch = :epoch AND state = 'leased'
""")

# The end of a lease. `died_at` is the place up to which requests may have been at an engine when it died: up to there,
# what has no result is suspect. 0 means that nothing died.
GIVE_BACK: Final = """
    UPDATE chunks SET worker = NULL, lease_expires_at = NULL, released_at = now(),
           state = CASE WHEN completed + failed >= total THEN 'done' ELSE 'waiting' END,
           deaths = deaths + ({died_at} > 0)::int,
           suspect_to = CASE WHEN {died_at} > 0 THEN {died_at} ELSE suspect_to END
"""

END_LEASE: Final = text(f"""
    {GIVE_BACK.format(died_at="CAST(:died_at AS integer)")}, rests = :rests,
           not_before = CASE WHEN :rest_seconds > 0 THEN now() + make_interval(secs => :rest_seconds) END
    WHERE batch_id = :batch_id AND number = :number AND epoch = :epoch AND state = 'leased'
""")

# A finaliser holds its batch's chunks for as long as it writes files, and the sweep waits for nobody.
RELEASE_STALE: Final = text(f"""
    WITH stale AS (
        SELECT batch_id, number FROM chunks WHERE state = 'leased' AND lease_expires_at < now() FOR UPDATE SKIP LOCKED
    )
    {GIVE_BACK.format(died_at="reached")}, epoch = epoch + 1
    FROM stale WHERE chunks.batch_id = stale.batch_id AND chunks.number = stale.number
""")

# A worker that is stopped in the middle of a landing holds its chunk for as long as its connection lives. One whose
# network is slow is given the time that an idle transaction has.
STUCK_SECONDS: Final = 300.0
END_STUCK_LANDINGS: Final = text("""
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = current_user AND query LIKE 'COPY results%'
      AND state = 'active' AND wait_event = 'ClientRead' AND query_start < now() - make_interval(secs => :seconds)
""")

# A lease that lasts longer than any does was given by a clock that has been set back since. Its holder may be well and
# renew it; if not, it is over in time.
SHORTEN_LEASES: Final = text("""
    WITH overlong AS (
        SELECT batch_id, number FROM chunks
        WHERE state = 'leased' AND lease_expires_at > now() + make_interval(secs => :lease_seconds)
        FOR UPDATE SKIP LOCKED
    )
    UPDATE chunks SET lease_expires_at = now() + make_interval(secs => :lease_seconds)
    FROM overlong WHERE chunks.batch_id = overlong.batch_id AND chunks.number = overlong.number
""")

TAKE_BACK: Final = text(
    f"{GIVE_BACK.format(died_at='reached')}, epoch = epoch + 1 WHERE state = 'leased' AND worker = :worker"
)

MAY_END: Final = text("""
    SELECT NOT EXISTS (SELECT FROM chunks WHERE batch_id = batches.id AND state = 'leased')
       AND (batches.status <> 'in_progress' OR batches.expires_at <= now()
            OR NOT EXISTS (SELECT FROM chunks WHERE batch_id = batches.id AND state = 'waiting'))
    FROM batches WHERE id = :batch_id
""")

COPY_RESULTS: Final = "COPY results (batch_id, line, succeeded, answer) FROM STDIN"


@dataclass(frozen=True, slots=True)
class Claim:
    batch_id: UUID
    number: int
    epoch: int
    model: str
    # In the order in which they run. A place is the number of those before it.
    lines: Sequence[int]
    # The other lines that get the answer of one of these.
    repeats: Mapping[str, Sequence[int]]
    endpoint: str
    tenant: str
    # Whether answers may come from earlier batches, and are kept for later ones.
    reuse: bool
    # How often an engine died over this chunk, and up to which place its requests are suspects.
    deaths: int = 0
    suspect_to: int = 0
    # 0 if its last lease had nothing put off; else 1, and one more for each lease since in which nothing was
    # answered.
    rests: int = 0
    estimated_tokens: int = 0
    # Checksums of how its last prompt begins.
    ends: bytes = b""

    @property
    def tokens_per_line(self) -> float:
        return self.estimated_tokens / len(self.lines)

    @property
    def fence(self) -> dict[str, object]:
        return {"batch_id": self.batch_id, "number": self.number, "epoch": self.epoch}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a lease ended, beside what it saved."""

    # The place up to which requests may have been at the engine when it died; 0 as long as it lives.
    died_at: int = 0
    # For how long to leave alone what the engine refuses; 0 where it refuses nothing.
    rest_seconds: float = 0.0
    rests: int = 0


def claim(session: Session, worker: str, batch_id: UUID, model: str, lease_seconds: float) -> Claim | None:
    """Lease the next chunk of a batch for this model, unless others have them all."""
    wanted = {"worker": worker, "batch_id": batch_id, "model": model, "lease_seconds": lease_seconds}
    row = session.execute(CLAIM, wanted).one_or_none()
    return None if row is None else Claim(*row)


def land(session: Session, claim: Claim, landing: Landing, lease_seconds: float) -> bool:
    """Save finished lines and renew the lease, in the caller's transaction. False: nobody wants the rest."""
    row = session.execute(LAND, claim.fence | landing.totals | {"lease_seconds": lease_seconds}).one_or_none()
    if row is None:
        raise LeaseLost(f"Chunk {claim.number} of batch {claim.batch_id} belongs to another worker now.")
    if landing.rows:
        copy_rows(session, COPY_RESULTS, chain.from_iterable(landing.rows))
    if landing.to_keep:
        reuse.keep(session, claim.tenant, landing.to_keep, settings().reuse_days)
    return bool(row[0])


def reach(session: Session, claim: Claim, place: int) -> None:
    """What is before this place may be at an engine from now on: suspects, should the whole process die with it."""
    session.execute(REACH, claim.fence | {"place": place})


def acquit(session: Session, claim: Claim) -> None:
    """None of the chunk's requests is suspect any more."""
    session.execute(ACQUIT, claim.fence)


def end_lease(session: Session, claim: Claim, outcome: Outcome = Outcome()) -> None:
    """Give the chunk back, done or not."""
    session.execute(END_LEASE, claim.fence | asdict(outcome))


def release_stale(session: Session, lease_seconds: float) -> None:
    """Take back what nobody has renewed in time. Its holder, should it live, can't write any more."""
    session.execute(END_STUCK_LANDINGS, {"seconds": STUCK_SECONDS})
    session.execute(SHORTEN_LEASES, {"lease_seconds": lease_seconds})
    session.execute(RELEASE_STALE)


def take_back(session: Session, worker: str) -> None:
    """Take back what a worker held in an earlier life, which it did not end in order."""
    session.execute(TAKE_BACK, {"worker": worker})


def may_end(session: Session, batch_id: UUID) -> bool:
    """Whether the batch waits for nothing more. To be asked once `end_lease` is committed."""
    return bool(session.scalar(MAY_END, {"batch_id": batch_id}))
