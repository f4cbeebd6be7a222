"""What a worker runs next. Pure: what waits, who asks and who was given how much go in, one batch comes out.

1. The highest priority, and what is healthy before what gave engines trouble.
2. What would be late if all else came first: the earliest deadline first, whatever there is to load for it. What can't
   be done in time any more has no claim to that, but keeps its turns; otherwise a few batches that nobody can save
   would make all others late too.
3. Else the keys take turns: next is the one that was given the fewest tokens for its weight. A model that would have to
   be loaded is billed in tokens too, so workers change models only for somebody who is owed more than that.
4. Of one key, the batch with the least work, so that a short one does not wait for a long one.
5. Of about the same work, the one whose prompts begin like those that the worker ran last. Then the oldest.

Turns are counted in tokens and nothing else: docs/decisions/0009 has the figures behind the numbers below.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final
from uuid import UUID

# In its last hour a troubled batch is due like any other.
LAST_HOUR_SECONDS: Final = 3600.0
# Urgent is what has less time left than so many times what it needs, since work is estimated only, and a little more
# for workers that are busy with other chunks.
MARGIN: Final = 1.5
SPARE_SECONDS: Final = 120.0
# A model that was just loaded stays for as long as so many loads take, if it has work. Two keys with a little to do now
# and then would keep a single worker loading otherwise, and each would be owed it.
LOADS_KEPT: Final = 10.0
# After that a change is billed with what is missing until the model has run for so many. Once it has, no bill is
# left: one that stayed could be more than some key is ever owed, and that key would wait for its last hour.
LOADS_BILLED: Final = 20.0
USUAL_LOAD_SECONDS: Final = 60.0
# What is at the engine has to end before another model can come, also where that takes no time to load.
DRAIN_SECONDS: Final = 5.0
# What a key was given counts half after this time. It isn't forgotten at once: of many keys that share a worker, each
# may have had its last chunk an hour ago.
HALF_LIFE_SECONDS: Final = 600.0
# The checksum of one beginning, as the planner makes them.
CHECKSUM_BYTES: Final = 4

by_deadline = attrgetter("seconds_left", "batch_id", "model")


@dataclass(frozen=True, slots=True)
class Offer:
    """What waits of one batch for one model."""

    batch_id: UUID
    model: str
    # Whose it is, and the share that this key has beside others.
    key: str
    weight: float
    priority: int
    seconds_left: float
    # Estimated tokens that nobody runs yet, and the chunks that they are in.
    waiting_work: int
    waiting_chunks: int
    # It killed an engine or was refused by one more than once.
    troubled: bool = False
    # Checksums of how its next prompt begins.
    beginning: bytes = b""


@dataclass(frozen=True, slots=True)
class Asker:
    """A worker with room for a chunk."""

    held: str | None
    # Since its model was loaded.
    held_seconds: float
    tokens_per_second: float
    # How many there are like it, itself included.
    workers: int
    last_beginning: bytes = b""
    load_seconds: Mapping[str, float] = field(default_factory=dict)

    def seconds_to_load(self, model: str) -> float:
        return 0.0 if model == self.held else self._change_seconds(model)

    def keeps_its_model(self) -> bool:
        return self.held is not None and self.held_seconds < LOADS_KEPT * self._change_seconds(self.held)

    def bill_for(self, model: str) -> float:
        """What a change to this model counts as, in tokens."""
        return max(LOADS_BILLED * self.seconds_to_load(model) - self.held_seconds, 0.0) * self.tokens_per_second

    def _change_seconds(self, model: str) -> float:
        return max(self.load_seconds.get(model, USUAL_LOAD_SECONDS), DRAIN_SECONDS)


# By key, the tokens of its chunks: whole while they are leased, then half after each half-life.
Service = Mapping[str, float]
Place = tuple[int, int, UUID, str]


def choose(offers: Iterable[Offer], asker: Asker, service: Service) -> Offer | None:
    """What this worker should run next. Only models that it can run are to be offered."""
    candidates = _first_class(offers)
    return _most_urgent(candidates, asker) or _next_in_turn(candidates, asker, service)


def _first_class(offers: Iterable[Offer]) -> list[Offer]:
    classes: dict[tuple[int, bool], list[Offer]] = {}
    for offer in offers:
        set_back = offer.troubled and offer.seconds_left > LAST_HOUR_SECONDS
        classes.setdefault((-offer.priority, set_back), []).append(offer)
    return classes[min(classes)] if classes else []


def _most_urgent(offers: Sequence[Offer], asker: Asker) -> Offer | None:
    """If something would be late unless it and all that is due before it come next: the first of these."""
    work_ahead = 0
    earliest = None
    for offer in sorted(offers, key=by_deadline):
        needed = _seconds_needed(offer, work_ahead, asker)
        load = asker.seconds_to_load(offer.model)
        if needed + load > offer.seconds_left:
            continue
        earliest = earliest or offer
        if MARGIN * needed + load + SPARE_SECONDS > offer.seconds_left:
            return earliest
        work_ahead += offer.waiting_work
    return None


def _seconds_needed(offer: Offer, work_ahead: int, asker: Asker) -> float:
    """With all workers at it, after what is due before. A batch occupies no more workers than it has chunks."""
    alone = offer.waiting_work / max(min(offer.waiting_chunks, asker.workers), 1)
    in_line = (work_ahead + offer.waiting_work) / max(asker.workers, 1)
    return max(alone, in_line) / asker.tokens_per_second


def _next_in_turn(offers: Sequence[Offer], asker: Asker, service: Service) -> Offer | None:
    """Of each key and model the first, of these the first of each key, of these the one whose turn it is."""
    heads = _heads(offers, asker.last_beginning)
    if asker.keeps_its_model():
        heads = [head for head in heads if head[1].model == asker.held] or heads
    firsts: dict[str, tuple[float, Place, Offer]] = {}
    for place, offer in heads:
        first = (offer.waiting_work + asker.bill_for(offer.model), place, offer)
        firsts[offer.key] = min(firsts.get(offer.key, first), first)
    turns = [
        ((service.get(offer.key, 0.0) + asker.bill_for(offer.model)) / offer.weight, place, offer)
        for _, place, offer in firsts.values()
    ]
    return min(turns)[2] if turns else None


def _heads(offers: Iterable[Offer], last_beginning: bytes) -> list[tuple[Place, Offer]]:
    heads: dict[tuple[str, str], tuple[Place, Offer]] = {}
    for offer in offers:
        flow = offer.key, offer.model
        size = size_class(offer.waiting_work)
        head = heads.get(flow)
        # Most are larger, and need no closer look.
        if head is not None and size > head[0][0]:
            continue
        place = size, -_shared(offer.beginning, last_beginning), offer.batch_id, offer.model
        if head is None or place < head[0]:
            heads[flow] = place, offer
    return list(heads.values())


def size_class(work: int) -> int:
    """Work within a factor of four is about the same."""
    return work.bit_length() // 2


def _shared(one: bytes, other: bytes) -> int:
    """How many of their beginnings two prompts have in common."""
    for start in range(0, min(len(one), len(other)), CHECKSUM_BYTES):
        if one[start : start + CHECKSUM_BYTES] != other[start : start + CHECKSUM_BYTES]:
            return start // CHECKSUM_BYTES
    return min(len(one), len(other)) // CHECKSUM_BYTES
