"""What a judging asks in each batch: about a part of the items, both orders of an item on lines beside each other.

`curation/judging_reading.py` reads what has been answered.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from curation import batch_parts, judging_reading
from curation.batch_making import Asking
from curation.batch_parts import Step
from curation.chats import messages_of, prompt_of, taught
from curation.judge_prompt import ENDPOINT, Asker, Pair, answer_tokens, longest_text
from inference import pages
from inference.models import registry
from inference.pages import page_query
from schemas.database import OpenSession
from schemas.tables import Dataset, Judging, JudgingPart

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


def advance(open_session: OpenSession, judging_id: UUID) -> Step:
    return batch_parts.advance(open_session, Judging, judging_id, _ask, judging_reading.read_on)


def _ask(session: Session, dataset: Dataset, judging: Judging, part: JudgingPart) -> Asking:
    title = f"{judging.judge} judges {' and '.join(judging.models)} on {dataset.name}"
    return Asking(ENDPOINT, title, _pages(session, judging, part))


def _pages(session: Session, judging: Judging, part: JudgingPart) -> Iterator[Sequence[bytes]]:
    """Where both answers are the same there is nothing to ask."""
    context = registry.get(session, judging.judge).max_tokens
    asker = Asker(judging.id, judging.judge, judging.criteria, longest_text(context), answer_tokens(context))
    first, second = judging.models
    wanted = {"dataset_id": judging.dataset_id, "first": first, "second": second, "last": part.last_item}
    size = {"rows": PAIRS, "bytes": pages.BYTES, "longest": asker.longest + 1, "white_space": WHITE_SPACE}
    after = part.first_item - 1
    while page := session.execute(READ_PAGE, wanted | size | {"after": after}).all():
        same = [judging_reading.verdict(judging, row.number, (row.first_id, row.second_id)) for row in page if row.same]
        judging_reading.save(session, same)
        yield [line for row in page if not row.same for line in asker.lines(_pair(row))]
        after = page[-1].number


def _pair(row: Row[Any]) -> Pair:
    question = prompt_of([taught(message) for message in messages_of(orjson.loads(row.request))])
    return Pair(row.number, question, row.first_id, row.first_said, row.second_id, row.second_said)
