"""Which answers lost to others in comparisons: the second source of preferences, after what somebody has mended."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased

from curation.examples import sizes
from curation.formats.learned import Source, Worse
from inference.pages import count_that_fit
from schemas.tables import Comparison, Output


class Deciders(StrEnum):
    """Whose word counts for which answer is better."""

    NOBODY = "nobody"
    PEOPLE = "people"
    # Where no person has seen both answers and chosen.
    JUDGES_TOO = "judges too"


def beaten(
    session: Session, dataset_id: UUID, examples: Mapping[UUID, int], deciders: Deciders
) -> Mapping[UUID, Worse | None]:
    """Of these examples, each with its item: an answer to the same that was found worse, where there is one. No more
    examples than have such answers that can be held at once."""
    if deciders == Deciders.NOBODY:
        return dict.fromkeys(examples)
    lost: dict[UUID, tuple[UUID, Source]] = {}
    for one in sorted(_last_words(session, dataset_id, set(examples.values()), deciders), key=_rank):
        if one.winner is None:
            continue
        by_model = dict(zip(one.models, one.example_ids, strict=True))
        winner_id = by_model.pop(one.winner)
        if winner_id in examples:
            # Of several that lost, the first by name: the same one each time.
            loser_id = next(iter(by_model.values()))
            lost.setdefault(winner_id, (loser_id, Source.JUDGES if one.judging_id else Source.PEOPLE))
    bytes_of = sizes(session, [loser_id for loser_id, _ in lost.values()])
    fitting = count_that_fit([bytes_of.get(lost[one][0], 0) if one in lost else 0 for one in examples])
    kept = list(islice(examples, fitting))
    said = select(Output.id, Output.output).where(Output.id.in_([lost[one][0] for one in kept if one in lost]))
    texts = {output_id: text for output_id, text in session.execute(said)}
    worse = {one: Worse(texts[loser_id], source) for one, (loser_id, source) in lost.items() if loser_id in texts}
    return {one: worse.get(one) for one in kept}


def _last_words(session: Session, dataset_id: UUID, items: set[int], deciders: Deciders) -> Sequence[Comparison]:
    """The latest on the same answers. Where a person has seen them, beside others or not, no judge is heard."""
    chosen = aliased(Comparison)
    seen = exists().where(
        chosen.dataset_id == dataset_id,
        chosen.item == Comparison.item,
        chosen.judging_id.is_(None),
        chosen.example_ids.contains(Comparison.example_ids),
    )
    by_people = Comparison.judging_id.is_(None)
    query = (
        select(Comparison)
        .ext(distinct_on(Comparison.example_ids))
        .where(Comparison.dataset_id == dataset_id, Comparison.item.in_(items))
        .where(by_people | ~seen if deciders == Deciders.JUDGES_TOO else by_people)
        .order_by(Comparison.example_ids, Comparison.made_at.desc(), Comparison.id.desc())
    )
    return session.scalars(query).all()


def _rank(one: Comparison) -> tuple[Any, ...]:
    """People's before judges', of two models before of more, the latest before others."""
    return one.judging_id is not None, len(one.models) > 2, -one.made_at.timestamp(), one.id
