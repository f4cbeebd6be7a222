"""What a judging does step by step, each step in a transaction of its own: any of them may be the last for a while.

Each of its batches asks about a part of the items, both orders of an item on lines beside each other. When a batch has
ended its answers are read a page at a time, and the judging remembers, in the same transaction, how far that is.
"""

from collections.abc import Iterator
from functools import partial
from itertools import chain
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from curation import batch_parts, judging_reading, judgings
from curation.batch_parts import LONGEST_NAME, Step
from curation.chats import messages_of, prompt_of, taught
from curation.judge_prompt import ENDPOINT, Asker, Pair, answer_tokens, longest_text
from inference import pages
from inference.batches import NewBatch
from inference.models import registry
from inference.pages import page_query
from schemas import ids
from schemas.states import RunStatus
from schemas.tables import Dataset, Judging, JudgingPart
from schemas.tables.base import now

# Pairs of answers at once: their texts are cut to what a judge reads, the requests are not.
PAIRS: Final = 200
WHITE_SPACE: Final = " \t\r\n"

LATEST: Final = """
    SELECT id AS {name}_id, output AS {name}_output FROM outputs
    WHERE outputs.dataset_id = items.dataset_id AND model = :{name} AND item = items.number ORDER BY id DESC LIMIT 1
"""
ANSWERED: Final = f"""
    FROM items, LATERAL ({LATEST.format(name="first")}) AS one, LATERAL ({LATEST.format(name="second")}) AS other,
    LATERAL (
        SELECT left(first_output, :longest) AS first_said, left(second_output, :longest) AS second_said,
               btrim(first_output, :white_space) = btrim(second_output, :white_space) AS same
    ) AS told
    WHERE items.dataset_id = :dataset_id AND number > :after AND number <= :last
"""
COLUMNS: Final = "number, request, first_id, second_id, first_said, second_said, same"
READ_PAGE: Final = text(page_query(COLUMNS, ANSWERED, order="number", sized="request"))


def advance(session: Session, judging_id: UUID) -> Step:
    live = select(Judging).where(Judging.id == judging_id, Judging.ended_at.is_(None))
    judging = session.scalar(live.with_for_update(skip_locked=True))
    if judging is None:
        return Step()
    dataset = session.get_one(Dataset, judging.dataset_id)
    parts = judgings.parts(session, [judging])[judging.id]
    judging.advanced_at = now()
    if dataset.deleted_at is not None:
        judging.status = RunStatus.CANCELLING
    stopped = batch_parts.stop(session, dataset, parts) if judging.status == RunStatus.CANCELLING else []
    if judging_reading.read_on(session, judging, parts):
        return Step(more=True)
    waiting = next((part for part in parts if part.batch_id is None and part.ended_at is None), None)
    if waiting is not None:
        begun = batch_parts.begin(session, judging, waiting, partial(_ask, session, dataset, judging, waiting))
        return Step(validate=begun, more=judging.waits_for is None)
    if all(part.ended_at for part in parts):
        _end(session, judging)
    return Step(finalise=stopped)


def _ask(session: Session, dataset: Dataset, judging: Judging, part: JudgingPart) -> UUID | None:
    """Make a part's batch; None where all answers of it are the same."""
    context = registry.get(session, judging.judge).max_tokens
    asker = Asker(judging.id, judging.judge, judging.criteria, longest_text(context), answer_tokens(context))
    judging.total -= part.requests
    part.requests = 0
    lines = _lines(session, judging, part, asker)
    first = next(lines, None)
    if first is None:
        return None
    name = f"{ids.show(ids.JUDGING, judging.id)}-{part.number + 1}.jsonl"
    wanted = partial(_wanted, dataset, judging, part)
    batch_id = batch_parts.submit(session, dataset.tenant, judging.key_id, name, chain([first], lines), wanted)
    judging.total += part.requests
    return batch_id


def _wanted(dataset: Dataset, judging: Judging, part: JudgingPart, input_file_id: str) -> NewBatch:
    name = f"{judging.judge} judges {' and '.join(judging.models)} on {dataset.name}"[:LONGEST_NAME]
    return NewBatch(
        tenant=dataset.tenant,
        key_id=judging.key_id,
        input_file_id=input_file_id,
        endpoint=ENDPOINT,
        completion_window=judging.completion_window,
        metadata={
            "description": f"{name}, items {part.first_item:,} to {part.last_item:,}",
            "judging": ids.show(ids.JUDGING, judging.id),
        },
    )


def _lines(session: Session, judging: Judging, part: JudgingPart, asker: Asker) -> Iterator[bytes]:
    """The part's requests, a page at a time. Where both answers are the same there is nothing to ask."""
    first, second = judging.models
    wanted = {"dataset_id": judging.dataset_id, "first": first, "second": second, "last": part.last_item}
    size = {"rows": PAIRS, "bytes": pages.BYTES, "longest": asker.longest + 1, "white_space": WHITE_SPACE}
    after = part.first_item - 1
    while page := session.execute(READ_PAGE, wanted | size | {"after": after}).all():
        same = [judging_reading.verdict(judging, row.number, (row.first_id, row.second_id)) for row in page if row.same]
        judging_reading.save(session, same)
        part.requests += 2 * (len(page) - len(same))
        if len(same) < len(page):
            yield b"".join(line for row in page if not row.same for line in asker.lines(_pair(row)))
        after = page[-1].number


def _pair(row: Row[Any]) -> Pair:
    question = prompt_of([taught(message) for message in messages_of(orjson.loads(row.request))])
    return Pair(row.number, question, row.first_id, row.first_said, row.second_id, row.second_said)


def _end(session: Session, judging: Judging) -> None:
    counts = judgings.counted(session, [judging])[judging.id]
    judging.completed, judging.failed = counts.completed, counts.failed
    judging.status = RunStatus.CANCELLED if judging.status == RunStatus.CANCELLING else RunStatus.DONE
    judging.waits_for, judging.ended_at = None, now()
