"""The work that waits: what is offered to a worker, and a chunk of the best of it leased."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from inference import claiming, presence
from inference.choosing import HALF_LIFE_SECONDS, Asker, Offer, choose
from inference.claiming import RESTED, TROUBLED, Claim

OFFERS: Final = text(f"""
    SELECT chunks.batch_id, chunks.model, coalesce(batches.key_id::text, batches.tenant), coalesce(api_keys.weight, 1),
           batches.priority, extract(epoch FROM batches.expires_at - now())::float,
           sum(chunks.estimated_tokens)::bigint, count(*), bool_and({TROUBLED}),
           (array_agg(chunks.begins ORDER BY {TROUBLED}, chunks.number))[1]
    FROM chunks JOIN batches ON batches.id = chunks.batch_id LEFT JOIN api_keys ON api_keys.id = batches.key_id
    WHERE chunks.state = 'waiting' AND chunks.model = ANY(:models) AND {RESTED}
      AND batches.status = 'in_progress' AND batches.expires_at > now()
    GROUP BY batches.id, chunks.batch_id, chunks.model, api_keys.weight
""")
# What a key was given: tokens of its chunks, whole while they are leased, then half after each half-life. What is older
# than this counts next to nothing.
SERVICE: Final = text("""
    SELECT coalesce(batches.key_id::text, batches.tenant), sum(
        chunks.estimated_tokens * CASE
            WHEN chunks.state = 'leased' THEN 1
            ELSE (chunks.completed + chunks.failed)::float / chunks.total
                 * power(0.5, extract(epoch FROM now() - chunks.released_at) / :half_life_seconds)
        END)::float
    FROM chunks JOIN batches ON batches.id = chunks.batch_id
    WHERE chunks.state = 'leased' OR chunks.released_at BETWEEN now() - interval '4 hours' AND now()
    GROUP BY 1
""")


def claim_next(
    session: Session, worker: str, models: Sequence[str], asker: Asker, lease_seconds: float, *, busy: bool = False
) -> Claim | None:
    """Lease a chunk of what this worker should run next.

    None where nothing waits, and for a busy worker also where another model is next: it has to end what it has first.
    No more workers do so than there are chunks for; the others go on with the model that they hold.
    """
    asker = replace(asker, workers=presence.count_live(session))
    service = {key: tokens for key, tokens in session.execute(SERVICE, {"half_life_seconds": HALF_LIFE_SECONDS})}
    taken: set[tuple[object, str]] = set()
    while True:
        offers = [Offer(*row) for row in session.execute(OFFERS, {"models": list(models)})]
        offers = [offer for offer in offers if (offer.batch_id, offer.model) not in taken]
        best = choose(offers, asker, service)
        if best is not None and busy and best.model != asker.held:
            if _is_free_soon(session, worker, best):
                return None
            best = choose([offer for offer in offers if offer.model == asker.held], asker, service)
        if best is None:
            return None
        claim = claiming.claim(session, worker, best.batch_id, best.model, lease_seconds)
        if claim is not None:
            return claim
        # Others were faster.
        taken.add((best.batch_id, best.model))


def _is_free_soon(session: Session, worker: str, offer: Offer) -> bool:
    """Whether this is one of the workers with least to end, as many as there are chunks."""
    return presence.count_free_sooner(session, worker) < offer.waiting_chunks
