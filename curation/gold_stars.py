"""Gold stars as earlier clients give them: to an answer that they know by its prompt's id, or by what it says."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from curation import changes, wanted
from curation.datasets import seen_by
from curation.formats.learned import squeezed
from curation.wanted import LONGEST_NOTES
from schemas.errors import Conflict, ExampleNotFound, RequestInvalid
from schemas.tables import ChangeSet, Dataset, Example, Item, Output

# As scores. What is called high is what the old filter "quality of at least 80" lets through.
QUALITIES: Final[Mapping[str, float]] = {"high": 0.9, "medium": 0.6, "low": 0.3}
# More examples of one prompt are as good as unknown.
MOST_COMPARED: Final = 100


def star(
    session: Session, example: Example, dataset: Dataset, key_id: UUID, given: Mapping[str, Any]
) -> ChangeSet | None:
    """Make it gold, with what its client said of it; None where all of that is known."""
    # What somebody notes meanwhile is not to be lost.
    session.refresh(example, with_for_update=True)
    change: dict[str, Any] = {"gold": True}
    if given["quality"] is not None:
        change["score"] = score_of(given["quality"])
    if said := _said(given):
        change["notes"] = example.notes if said in example.notes else f"{example.notes}\n{said}".strip()[:LONGEST_NOTES]
    return changes.change_one(session, dataset, key_id, wanted.read(change), example, None)


def find(
    session: Session, tenant: str, custom_id: str, dataset: Dataset | None, evaluation: str | None
) -> tuple[Dataset, Example]:
    """The one example that is meant."""
    found = _matching(session, tenant, custom_id, dataset)
    if len(found) > 1 and evaluation is not None:
        same = [row for row in found if squeezed(row[2]) == squeezed(evaluation)]
        found = same or found
    if not found:
        raise ExampleNotFound(custom_id)
    if len(found) > 1:
        message = f"{len(found)} examples have this id: name `dataset_id`, or send what it says as `evaluation`."
        raise Conflict(message, code="ambiguous", param="dataset_id")
    return found[0][0], found[0][1]


def score_of(quality: object) -> float:
    if isinstance(quality, str) and quality in QUALITIES:
        return QUALITIES[quality]
    if isinstance(quality, int | float) and not isinstance(quality, bool) and 0 <= quality <= 100:
        return quality / 100
    raise RequestInvalid(f"`quality` is {', '.join(QUALITIES)}, or a number from 0 to 100.", param="quality")


def _matching(
    session: Session, tenant: str, custom_id: str, dataset: Dataset | None
) -> Sequence[tuple[Dataset, Example, str]]:
    # Those of the tenant first, by the index, which knows a hash of each id: what others call theirs is not looked at.
    mine = [dataset.id] if dataset else session.scalars(select(Dataset.id).where(*seen_by(tenant))).all()
    named = (Item.dataset_id.in_(mine), Item.custom_id == custom_id)
    same_hash = func.hashtext(Item.custom_id) == func.hashtext(custom_id)
    found = select(Item.dataset_id, Item.number).where(*named, same_hash).limit(MOST_COMPARED).subquery()
    query = (
        select(Dataset, Example, Output.output)
        .join(found, found.c.dataset_id == Dataset.id)
        .join(Output, and_(Output.dataset_id == found.c.dataset_id, Output.item == found.c.number))
        .join(Example, Example.id == Output.id)
    )
    return [(row[0], row[1], row[2]) for row in session.execute(query.order_by(Example.id).limit(MOST_COMPARED))]


def _said(given: Mapping[str, Any]) -> str:
    who = f" by {given['starred_by']}" if given["starred_by"] else ""
    when = f" at {given['starred_at']}" if given["starred_at"] else ""
    return f"Gold star{who}{when}." if who or when else ""
