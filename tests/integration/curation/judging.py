"""Judgings without HTTP and Celery, and a judge whose mind is known."""

import json
import re
from collections.abc import Callable, Sequence
from uuid import UUID

import orjson
from sqlalchemy.orm import Session

from curation import judging_parts, judgings
from curation.batch_parts import Step
from curation.judgings import NewJudging
from inference.engines.base import Answer
from inference.engines.stub import StubEngine
from inference.models import registry
from schemas.database import session_scope
from schemas.tables import Dataset, Judging
from tests.integration.curation.answers import dataset_of
from tests.integration.curation.batch_work import do_step, finalise, fresh_work
from tests.integration.inference.batch_fixtures import MODEL, MODELS, TestWorker, running

ANSWERS = re.compile(
    r"^=== (\w{16}) answer A ===\n(.*?)\n=== \1 answer B ===\n(.*?)\n=== \1 end ===$", re.DOTALL | re.MULTILINE
)
# From what stands as A and what stands as B to what the judge says, to the letter.
Mind = Callable[[str, str], str]


def verdict(winner: str, reason: str = "So it is.") -> str:
    return json.dumps({"reason": reason, "winner": winner})


def prefers(word: str) -> Mind:
    """Whichever answer has this word."""

    def mind(a: str, b: str) -> str:
        if (word in a) == (word in b):
            return verdict("tie")
        return verdict("A" if word in a else "B", f"It says {word}.")

    return mind


class Judge(StubEngine):
    def __init__(self, mind: Mind) -> None:
        super().__init__({})
        self._mind = mind

    async def answer(self, endpoint: str, body: bytes) -> Answer:
        found = ANSWERS.search(orjson.loads(body)["messages"][0]["content"])
        assert found
        said = self._mind(found[2], found[3])
        choice = {"index": 0, "message": {"role": "assistant", "content": said}, "finish_reason": "stop"}
        return Answer(200, orjson.dumps({"object": "chat.completion", "choices": [choice]}))


def answered(session: Session, **answers: Sequence[str]) -> Dataset:
    registry.announce(session, MODELS, "stub")
    return dataset_of(session, **answers)


def begin(dataset: Dataset, key_id: UUID, *, lines: int = 50_000, **wanted: str) -> UUID:
    with session_scope() as session:
        mine = session.get_one(Dataset, dataset.id)
        new = NewJudging(["small", "large"], **{"judge": MODEL} | wanted)
        return judgings.create(session, mine, key_id, new, lines=lines).id


def advance(judging_id: UUID) -> Step:
    return do_step(judging_parts.advance, judging_id)


def advance_as_far_as_it_goes(judging_id: UUID) -> list[UUID]:
    """The batches that there are then."""
    while advance(judging_id).more:
        pass
    return fresh_work(Judging, judging_id).batch_ids


def work_off(batch_ids: Sequence[UUID], mind: Mind) -> None:
    with running(Judge(mind)) as host:
        TestWorker(host, []).work()
    finalise(batch_ids)


def judge_to_its_end(judging_id: UUID, mind: Mind) -> Judging:
    work_off(advance_as_far_as_it_goes(judging_id), mind)
    advance_as_far_as_it_goes(judging_id)
    return fresh_work(Judging, judging_id)
