"""Examples that say something alike: those that share the rarest words of one."""

import math
from collections.abc import Sequence
from functools import reduce
from operator import add
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, case, func, select, text
from sqlalchemy.orm import Session

from curation.table import SHOWN_CHARACTERS
from schemas.tables import Example, Output

WORDS: Final = 12
# Among so many that share any of the words the most similar ones are looked for.
CANDIDATES: Final = 2000
UNLISTED: Final = 0.0001

# How rare a word is, PostgreSQL knows from its own samples. Those that it doesn't list are the rarest.
RAREST: Final = text(f"""
    WITH common AS (
        SELECT word, share FROM pg_stats,
             unnest(most_common_elems::text::text[], most_common_elem_freqs) AS listed (word, share)
        WHERE tablename = 'outputs' AND attname = 'search' AND schemaname = ANY (current_schemas(false))
    )
    SELECT word, coalesce(share, {UNLISTED}) AS share
    FROM outputs, unnest(tsvector_to_array(search)) AS word LEFT JOIN common USING (word)
    WHERE outputs.id = :example_id ORDER BY share, length(word) DESC, word LIMIT {WORDS}
""")


class Similar(NamedTuple):
    example: Example
    item: int
    asked: str
    output: str


def of_example(session: Session, example: Example, limit: int) -> Sequence[Similar]:
    """The most similar first."""
    words = session.execute(RAREST, {"example_id": example.id}).all()
    if not words:
        return []
    queries: dict[str, ColumnElement[Any]] = {word: func.plainto_tsquery("simple", word) for word, _ in words}
    any_of_them = reduce(lambda one, other: one.op("||")(other), queries.values())
    # A rare word that two share says more than a common one.
    weights = [case((Output.search.op("@@")(queries[word]), -math.log(share)), else_=0.0) for word, share in words]
    found = (Output.dataset_id == example.dataset_id, Output.id != example.id, Output.search.op("@@")(any_of_them))
    candidates = select(Output.id, reduce(add, weights).label("shared")).where(*found).limit(CANDIDATES).subquery()
    shown = [func.left(column, SHOWN_CHARACTERS) for column in (Output.asked, Output.output)]
    query = (
        select(Example, Output.item, *shown)
        .join(Output, Output.id == Example.id)
        .join(candidates, candidates.c.id == Example.id)
        .order_by(candidates.c.shared.desc(), Example.id)
    )
    return [Similar(*row) for row in session.execute(query.limit(limit))]
