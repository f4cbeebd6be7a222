"""Several models' answers to the same items, side by side, and which of them people, or judges, find best."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, and_, delete, exists, func, select
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Session, aliased

from curation import examples
from curation.win_rates import Choices, WinRate, win_rates
from inference.pages import count_that_fit
from inference.paging import Page, page_of
from schemas.errors import ExampleNotFound, RequestInvalid
from schemas.ids import new_id
from schemas.limits import MOST_COMPARED
from schemas.tables import Comparison, Dataset, Item, Output
from schemas.tables.base import now

# What a judge says is told apart: see `curation/judge_results.py`.
BY_PEOPLE: Final = Comparison.judging_id.is_(None)


@dataclass(frozen=True, slots=True)
class Compared:
    """An item with one answer of each model, in the order in which the models were named."""

    item: Item
    answers: Sequence[Output]

    @property
    def differ(self) -> bool:
        return len({answer.output.strip() for answer in self.answers}) > 1


def models_of(session: Session, dataset: Dataset) -> Mapping[str, int]:
    """Who has answered anything, and how much of it."""
    query = select(Output.model, func.count()).where(Output.dataset_id == dataset.id).group_by(Output.model)
    return {model: many for model, many in session.execute(query.order_by(Output.model))}


def check_models(models: Sequence[str]) -> Sequence[str]:
    if not 2 <= len(models) <= MOST_COMPARED or len(set(models)) < len(models):
        raise RequestInvalid(f"Name 2 to {MOST_COMPARED} different models to compare.", param="models")
    return models


def page(session: Session, dataset: Dataset, models: Sequence[str], after: int, limit: int) -> Page[Compared]:
    """Items that each of these models has answered, fewer of them where answers are long. `after` is the number of the
    last item of the page before."""
    numbers = session.scalars(_answered_by(dataset, models).where(Item.number > after).limit(limit + 1)).all()
    found = page_of(numbers, limit)
    compared = _compared(session, dataset, models, found.items)
    return Page(compared, found.has_more or len(compared) < len(found.items))


def next_open(
    session: Session, dataset: Dataset, models: Sequence[str], key_id: UUID, after: int = 0
) -> Compared | None:
    """An item that this person has not chosen for yet."""
    chosen = exists().where(
        BY_PEOPLE,
        Comparison.dataset_id == dataset.id,
        Comparison.models == sorted(models),
        Comparison.key_id == key_id,
        Comparison.item == Item.number,
    )
    query = _answered_by(dataset, models).where(Item.number > after, ~chosen).limit(1)
    found = _compared(session, dataset, models, session.scalars(query).all())
    return found[0] if found else None


def blind(compared: Compared, key_id: UUID) -> Sequence[Output]:
    """Its answers in an order that says nothing about their models, the same one whenever this person looks."""
    return sorted(compared.answers, key=lambda answer: hashlib.sha256(key_id.bytes + answer.id.bytes).digest())


def choose(session: Session, dataset: Dataset, shown: Sequence[UUID], winner: UUID | None, key_id: UUID) -> Comparison:
    """The best of these examples, or that none of them is. Choosing again replaces what was chosen before."""
    answers = _answers(session, dataset, shown)
    if winner is not None and winner not in shown:
        raise RequestInvalid("The best one is none of those that were shown.", param="winner")
    by_model = {answer.model: answer.id for answer in answers}
    models = check_models(sorted(answer.model for answer in answers))
    values = {
        "dataset_id": dataset.id, "item": answers[0].item, "models": models, "key_id": key_id,
        "example_ids": [by_model[model] for model in models],
        "winner": next((answer.model for answer in answers if answer.id == winner), None), "made_at": now(),
    }  # fmt: skip
    saved = (
        insert(Comparison)
        .values(id=new_id(), **values)
        .on_conflict_do_update(
            index_elements=["dataset_id", "models", "key_id", "item"],
            index_where=BY_PEOPLE,
            set_={name: values[name] for name in ("example_ids", "winner", "made_at")},
        )
    )
    return session.scalars(saved.returning(Comparison), execution_options={"populate_existing": True}).one()


def latest(session: Session, dataset: Dataset, models: Sequence[str], key_id: UUID) -> Comparison | None:
    own = (Comparison.models == sorted(models), Comparison.key_id == key_id)
    query = select(Comparison).where(BY_PEOPLE, Comparison.dataset_id == dataset.id, *own)
    return session.scalar(query.order_by(Comparison.made_at.desc()).limit(1))


def take_back(session: Session, dataset: Dataset, models: Sequence[str], key_id: UUID) -> int | None:
    """What this person chose last; the number of its item."""
    last = latest(session, dataset, models, key_id)
    if last is None:
        return None
    session.execute(delete(Comparison).where(Comparison.id == last.id))
    return last.item


def rates(
    session: Session, dataset: Dataset, models: Collection[str] = (), judging_id: UUID | None = None
) -> list[WinRate]:
    """Of all that people have chosen, whichever models were shown together, or of what one judging says. Models that
    are named are the only ones."""
    query = (
        select(Comparison.models, Comparison.winner, func.count())
        .where(Comparison.dataset_id == dataset.id, Comparison.judging_id == judging_id)
        .group_by(Comparison.models, Comparison.winner)
    )
    found = win_rates(Choices(*row) for row in session.execute(query))
    return [rate for rate in found if not models or {rate.model, rate.other} <= set(models)]


def _answered_by(dataset: Dataset, models: Sequence[str]) -> Select[Any]:
    """Through an index alone: no answer is read before it is known which are shown."""
    query = select(Item.number).where(Item.dataset_id == dataset.id).order_by(Item.number)
    for model in models:
        answer = aliased(Output)
        answered = and_(answer.dataset_id == dataset.id, answer.model == model, answer.item == Item.number)
        query = query.where(exists().where(answered))
    return query


def _compared(session: Session, dataset: Dataset, models: Sequence[str], numbers: Sequence[int]) -> list[Compared]:
    """With the latest answer of each model: as many of the first as have texts that can be held at once."""
    latest = (
        select(Output.item, Output.id)
        .ext(distinct_on(Output.item, Output.model))
        .where(Output.dataset_id == dataset.id, Output.item.in_(numbers), Output.model.in_(models))
        .order_by(Output.item, Output.model, Output.id.desc())
    )
    by_item: dict[int, list[UUID]] = {}
    for number, answer_id in session.execute(latest):
        by_item.setdefault(number, []).append(answer_id)
    sizes = examples.sizes(session, chain.from_iterable(by_item.values()))
    kept = list(by_item.values())[: count_that_fit([sum(map(sizes.__getitem__, its)) for its in by_item.values()])]
    texts = examples.texts(session, list(chain.from_iterable(kept)))
    return [_side_by_side([texts[answer_id] for answer_id in its], models) for its in kept]


def _side_by_side(answers: Sequence[tuple[Output, Item]], models: Sequence[str]) -> Compared:
    by_model = {output.model: output for output, _ in answers}
    return Compared(answers[0][1], [by_model[model] for model in models])


def _answers(session: Session, dataset: Dataset, shown: Sequence[UUID]) -> Sequence[Output]:
    answers = session.scalars(select(Output).where(Output.dataset_id == dataset.id, Output.id.in_(shown))).all()
    if len(answers) < len(shown) or not answers:
        raise ExampleNotFound("one of those that were shown")
    if len({answer.item for answer in answers}) > 1:
        raise RequestInvalid("Only answers to the same item can be compared.", param="shown")
    return answers
