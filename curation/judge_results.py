"""What came of a judging, counted in the database: there may be hundreds of thousands of verdicts."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, and_, exists, func, select, text
from sqlalchemy.orm import Session, aliased, undefer

from curation import examples
from curation.judge_trust import BesidePeople, Orders
from curation.judge_verdicts import AGREED
from inference.pages import count_that_fit
from inference.paging import Page, page_of
from schemas.tables import Comparison, Item, Judging, Output

# Several people's choices for an item count as what most of them say. Only choices between the very answers that were
# judged; of three answers the two that were not chosen say nothing about each other.
TOGETHER: Final = text("""
    SELECT people, judge, count(*) FROM (
        SELECT sign(sum(CASE chosen.winner WHEN :first THEN 1 WHEN :second THEN -1 ELSE 0 END))::int AS people,
               CASE judged.winner WHEN :first THEN 1 WHEN :second THEN -1 ELSE 0 END AS judge
        FROM comparisons AS judged JOIN comparisons AS chosen
          ON chosen.dataset_id = judged.dataset_id AND chosen.item = judged.item AND chosen.judging_id IS NULL
         AND chosen.example_ids @> judged.example_ids AND (chosen.winner IS NULL OR chosen.winner IN (:first, :second))
        WHERE judged.judging_id = :judging_id GROUP BY judged.id, judged.winner
    ) AS items GROUP BY people, judge
""")


class Which(StrEnum):
    """Verdicts to look at."""

    ALL = "all"
    # What it says depends on the order of the answers.
    ORDERS = "orders"
    # Somebody has chosen otherwise.
    PEOPLE = "people"


@dataclass(frozen=True, slots=True)
class Verdict:
    comparison: Comparison
    custom_id: str


@dataclass(frozen=True, slots=True)
class Judged:
    comparison: Comparison
    item: Item
    # In the order of the models.
    answers: Sequence[Output]


def orders(session: Session, judging: Judging) -> Orders:
    counts = select(Comparison.said, func.count()).where(Comparison.judging_id == judging.id).group_by(Comparison.said)
    return Orders({said: many for said, many in session.execute(counts)})


def beside_people(session: Session, judging: Judging) -> BesidePeople:
    first, second = judging.models
    found = session.execute(TOGETHER, {"judging_id": judging.id, "first": first, "second": second})
    return BesidePeople({(people, judge): many for people, judge, many in found})


def verdicts(session: Session, judging: Judging, which: Which, after: int, limit: int) -> Page[Verdict]:
    """In the order of their items. `after` is the number of the last item of the page before."""
    item = and_(Item.dataset_id == Comparison.dataset_id, Item.number == Comparison.item)
    query = (
        select(Comparison, Item.custom_id)
        .join(Item, item)
        .options(undefer(Comparison.reasons))
        .where(Comparison.judging_id == judging.id, Comparison.item > after, *_those(judging, which))
        .order_by(Comparison.item)
    )
    return page_of([Verdict(*row) for row in session.execute(query.limit(limit + 1))], limit)


def with_texts(session: Session, page: Page[Verdict]) -> Page[Judged]:
    """The verdicts with what was asked and answered, to read: the page ends early where that is long."""
    sizes = examples.sizes(session, [example_id for one in page.items for example_id in one.comparison.example_ids])
    fitting = count_that_fit([sum(sizes[its] for its in one.comparison.example_ids) for one in page.items])
    kept = [one.comparison for one in page.items[:fitting]]
    texts = examples.texts(session, [example_id for comparison in kept for example_id in comparison.example_ids])
    judged = [Judged(one, texts[one.example_ids[0]][1], [texts[its][0] for its in one.example_ids]) for one in kept]
    return Page(judged, page.has_more or fitting < len(page.items))


def _those(judging: Judging, which: Which) -> Sequence[ColumnElement[bool]]:
    if which == Which.ORDERS:
        return [Comparison.said.not_in(AGREED)]
    if which == Which.PEOPLE:
        chosen = aliased(Comparison)
        same_answers = and_(
            chosen.dataset_id == judging.dataset_id,
            chosen.item == Comparison.item,
            chosen.judging_id.is_(None),
            chosen.example_ids.contains(Comparison.example_ids),
        )
        says_something = chosen.winner.is_(None) | chosen.winner.in_(judging.models)
        differs = chosen.winner.is_distinct_from(Comparison.winner)
        return [exists().where(same_answers, says_something, differs)]
    return []
