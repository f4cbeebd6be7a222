"""Several models' answers to the same items, and what people choose."""

from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from curation import comparing
from schemas.errors import ExampleNotFound, RequestInvalid
from schemas.tables import Dataset
from tests.integration.curation.answers import add, dataset_of

MODELS = ("large", "small", "tuned")
ITEMS = 5


@pytest.fixture
def dataset(session: Session) -> Dataset:
    """Five items; the tuned model has answered the first three alone, and the small one the first one twice."""
    said = {model: [f"{model} says {n}" for n in range(1, ITEMS + 1)] for model in MODELS}
    made = dataset_of(session, **said | {"tuned": said["tuned"][:3]})
    add(session, made, "small", ["small says again"])
    return made


def numbers(session: Session, dataset: Dataset, *models: str) -> list[int]:
    return [one.item.number for one in comparing.page(session, dataset, models, 0, 10).items]


def test_items_are_compared_that_each_model_has_answered(session: Session, dataset: Dataset) -> None:
    assert comparing.models_of(session, dataset) == {"large": 5, "small": 6, "tuned": 3}
    assert numbers(session, dataset, "small", "large") == [1, 2, 3, 4, 5]
    assert numbers(session, dataset, *MODELS) == [1, 2, 3]
    assert numbers(session, dataset, "small", "unknown") == []


def test_answers_stand_in_the_order_of_the_models_and_are_the_latest_ones(session: Session, dataset: Dataset) -> None:
    page = comparing.page(session, dataset, ["tuned", "small"], 0, 2)
    assert [[answer.output for answer in one.answers] for one in page.items] == [
        ["tuned says 1", "small says again"],
        ["tuned says 2", "small says 2"],
    ]
    assert page.has_more
    (last,) = comparing.page(session, dataset, ["tuned", "small"], 2, 2).items
    assert last.item.number == 3


def test_everybody_chooses_for_each_item_once(session: Session, dataset: Dataset, reviewer: UUID) -> None:
    seen = []
    while (compared := comparing.next_open(session, dataset, MODELS, reviewer)) is not None:
        shown = [answer.id for answer in comparing.blind(compared, reviewer)]
        winner = next(answer.id for answer in compared.answers if answer.model == "tuned")
        comparing.choose(session, dataset, shown, winner if compared.item.number > 1 else None, reviewer)
        seen.append(compared.item.number)
    assert seen == [1, 2, 3]
    rates = {
        (rate.model, rate.other): (rate.wins, rate.losses, rate.ties) for rate in comparing.rates(session, dataset)
    }
    assert rates["tuned", "large"] == (2, 0, 1)
    assert rates["small", "large"] == (0, 0, 1)
    assert [rate.model for rate in comparing.rates(session, dataset, ["small", "large"])] == ["large", "small"]


def test_a_choice_is_replaced_and_taken_back(session: Session, dataset: Dataset, reviewer: UUID) -> None:
    models = ["small", "large"]
    compared = comparing.next_open(session, dataset, models, reviewer)
    assert compared is not None
    shown = [answer.id for answer in compared.answers]
    for winner in (shown[0], shown[1], shown[1]):
        comparing.choose(session, dataset, shown, winner, reviewer)
    (large, _) = comparing.rates(session, dataset)
    assert (large.wins, large.losses, large.ties) == (1, 0, 0)
    assert comparing.take_back(session, dataset, models, reviewer) == 1
    assert comparing.take_back(session, dataset, models, reviewer) is None
    assert comparing.rates(session, dataset) == []


def test_the_order_of_blind_answers_does_not_follow_their_models(
    session: Session, dataset: Dataset, reviewer: UUID
) -> None:
    page = comparing.page(session, dataset, MODELS, 0, 10).items
    orders = {tuple(answer.model for answer in comparing.blind(one, UUID(int=n))) for one in page for n in range(9)}
    assert len(orders) == 6
    again = [comparing.blind(page[0], reviewer) for _ in range(2)]
    assert again[0] == again[1]


def test_only_answers_to_one_item_are_compared(session: Session, dataset: Dataset, reviewer: UUID) -> None:
    first, second = comparing.page(session, dataset, ["small", "large"], 0, 2).items
    with pytest.raises(RequestInvalid, match="the same item"):
        shown = [first.answers[0].id, second.answers[1].id]
        comparing.choose(session, dataset, shown, shown[0], reviewer)
    with pytest.raises(RequestInvalid, match="none of those"):
        shown = [answer.id for answer in first.answers]
        comparing.choose(session, dataset, shown, second.answers[0].id, reviewer)
    with pytest.raises(ExampleNotFound):
        comparing.choose(session, dataset, [first.answers[0].id, UUID(int=1)], None, reviewer)
    with pytest.raises(RequestInvalid, match="2 to 6"):
        comparing.choose(session, dataset, [first.answers[0].id], None, reviewer)


@pytest.mark.parametrize("models", [[], ["a"], ["a", "a"], list("abcdefg")])
def test_two_to_six_models_are_compared(models: list[str]) -> None:
    with pytest.raises(RequestInvalid):
        comparing.check_models(models)
