"""Changing examples, one or fifty thousand at a time: each change is a version of its example, and can be undone.

A change set is what somebody did in one go. Undoing it is a change set of its own, so that it can be undone too. What
somebody has changed since stays as it is, of each example its status, its tags and so on by themselves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    Numeric,
    Select,
    Text,
    case,
    cast,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from curation import score_counts
from curation.datasets import seen_by
from curation.wanted import TAGS, Wanted, check_tags
from inference.paging import Page, page_of
from schemas import ids
from schemas.errors import ChangeNotFound, Conflict
from schemas.states import ExampleStatus
from schemas.tables import ApiKey, Change, ChangeSet, Dataset, Example

NEW: Final = "new_"
# Of an example at once: each may hold a long text twice.
VERSIONS: Final = 50

COUNTED: Final = {status: f'{{"status": "{status}"}}' for status in ExampleStatus} | {"gold": '{"gold": true}'}
# By how much a change set has changed the counts of its dataset.
DIFFERENCES: Final = ", ".join(
    f"count(*) FILTER (WHERE after @> '{counted}') - count(*) FILTER (WHERE before @> '{counted}') AS {name}"
    for name, counted in COUNTED.items()
)
COUNT_AGAIN: Final = text(f"""
    UPDATE datasets SET {", ".join(f"{name} = datasets.{name} + changed.{name}" for name in COUNTED)}
    FROM (SELECT {DIFFERENCES} FROM changes WHERE change_set_id = :change_set_id) AS changed WHERE id = :dataset_id
""")


class Version(NamedTuple):
    change: Change
    change_set: ChangeSet
    who: str


def change(session: Session, dataset: Dataset, key_id: UUID, wanted: Wanted, matching: Select[Any]) -> ChangeSet | None:
    """Give all these examples of the dataset what is wanted; None where each of them had it already."""
    # A null by itself would be text.
    new: dict[str, ColumnElement[Any]] = {
        name: cast(value, Example.__table__.c[name].type) for name, value in wanted.values.items()
    }
    if wanted.add_tags or wanted.remove_tags:
        new[TAGS] = _tags(wanted)
    if not new:
        return None
    done = _write(session, dataset.id, key_id, wanted.shown, _target(matching, new), list(new))
    if done is not None and wanted.add_tags:
        most = func.max(func.jsonb_array_length(Change.after[TAGS]))
        check_tags(session.scalar(select(most).where(Change.change_set_id == done.id)) or 0)
    return done


def change_one(
    session: Session, dataset: Dataset, key_id: UUID, wanted: Wanted, example: Example, version: int | None
) -> ChangeSet | None:
    """What differs from how the example is. With a version: only while that is the latest."""
    session.refresh(example, with_for_update=True)
    if version is not None and version != example.version:
        raise Conflict("Somebody has changed this example meanwhile. Load it again, and look.", param="version")
    values = {name: value for name, value in wanted.values.items() if getattr(example, name) != value}
    wanted = replace(wanted, values=values)
    if not wanted.shown:
        return None
    return change(session, dataset, key_id, wanted, select(Example.id).where(Example.id == example.id))


def undo(session: Session, tenant: str, public_id: str, key_id: UUID) -> ChangeSet | None:
    """Take back what still is as a change set left it; None where nothing is."""
    done = get(session, tenant, public_id, for_update=True)
    if session.scalar(select(ChangeSet.id).where(ChangeSet.undoes == done.id)) is not None:
        raise Conflict("This is undone already.")
    names = Wanted.columns_in(done.wanted)
    changed = select(Example).join(Change, Change.example_id == Example.id).where(Change.change_set_id == done.id)
    target = _target(changed, {name: _taken_back(name) for name in names})
    return _write(session, done.dataset_id, key_id, done.wanted, target, names, undoes=done.id)


def get(session: Session, tenant: str, public_id: str, *, for_update: bool = False) -> ChangeSet:
    query = (
        select(ChangeSet)
        .join(Dataset, Dataset.id == ChangeSet.dataset_id)
        .where(ChangeSet.id == ids.parse(ids.CHANGE_SET, public_id, ChangeNotFound))
        .where(*seen_by(tenant))
    )
    found = session.scalar(query.with_for_update(of=ChangeSet) if for_update else query)
    if found is None:
        raise ChangeNotFound(public_id)
    return found


def latest(session: Session, dataset: Dataset, limit: int) -> Sequence[tuple[ChangeSet, str, bool]]:
    """What was done last, by whom, and whether it is undone."""
    undo = aliased(ChangeSet)
    query = (
        select(ChangeSet, ApiKey.name, exists().where(undo.undoes == ChangeSet.id))
        .join(ApiKey, ApiKey.id == ChangeSet.key_id)
        .where(ChangeSet.dataset_id == dataset.id)
        .order_by(ChangeSet.id.desc())
    )
    return session.execute(query.limit(limit)).all()


def history(session: Session, example: Example, before: int | None = None) -> Page[Version]:
    """Versions of an example, the newest first, and who made each. `before` is the last one of the page before."""
    query = (
        select(Change, ChangeSet, ApiKey.name)
        .join(ChangeSet, ChangeSet.id == Change.change_set_id)
        .join(ApiKey, ApiKey.id == ChangeSet.key_id)
        .where(Change.example_id == example.id)
        .order_by(Change.version.desc())
    )
    if before is not None:
        query = query.where(Change.version < cast(before, Numeric))
    return page_of([Version(*row) for row in session.execute(query.limit(VERSIONS + 1))], VERSIONS)


def _target(matching: Select[Any], new: Mapping[str, ColumnElement[Any]]) -> Select[Any]:
    """Examples with their old and new values, locked in one order everywhere: two that change many don't wait for each
    other in a circle. What has waited for its lock is matched again, as it is by then."""
    old = [Example.__table__.c[name] for name in new]
    changed = [value.label(NEW + name) for name, value in new.items()]
    return matching.with_only_columns(Example.id, *old, *changed).order_by(Example.id).with_for_update(of=Example)


def _write(
    session: Session,
    dataset_id: UUID,
    key_id: UUID,
    shown: dict[str, Any],
    wanted: Select[Any],
    names: Sequence[str],
    undoes: UUID | None = None,
) -> ChangeSet | None:
    """Save the new values, a version of each example that they change, and the change set around them."""
    done = ChangeSet(dataset_id=dataset_id, key_id=key_id, wanted=shown, examples=0, undoes=undoes)
    with session.begin_nested() as savepoint:
        session.add(done)
        session.flush()
        changed = _changed(dataset_id, wanted.cte("target"), names, key_id)
        versions = select(changed.c.id, changed.c.version, literal(done.id), changed.c.before, changed.c.after)
        columns = ("example_id", "version", "change_set_id", "before", "after")
        saved = session.execute(
            insert(Change).from_select(columns, versions), execution_options={"preserve_rowcount": True}
        )
        done.examples = saved.rowcount  # type: ignore[attr-defined]
        if not done.examples:
            savepoint.rollback()
    if not done.examples:
        return None
    session.execute(COUNT_AGAIN, {"dataset_id": dataset_id, "change_set_id": done.id})
    if "score" in names:
        score_counts.count_again(session, done)
    return done


def _changed(dataset_id: UUID, target: CTE, names: Sequence[str], key_id: UUID) -> CTE:
    differs = or_(*(target.c[name].is_distinct_from(target.c[NEW + name]) for name in names))
    made = {"version": Example.version + 1, "updated_at": func.now(), "reviewer_id": key_id}
    return (
        update(Example)
        .where(Example.dataset_id == dataset_id, Example.id == target.c.id, differs)
        .values({name: target.c[NEW + name] for name in names} | made)
        .returning(
            Example.id,
            Example.version,
            _object(names, [target.c[name] for name in names]).label("before"),
            _object(names, [target.c[NEW + name] for name in names]).label("after"),
        )
        .cte("changed")
    )


def _object(names: Sequence[str], values: Sequence[ColumnElement[Any]]) -> ColumnElement[Any]:
    pairs = [part for name, value in zip(names, values, strict=True) for part in (literal(name, Text), value)]
    return func.jsonb_build_object(*pairs)


def _tags(wanted: Wanted) -> ColumnElement[Any]:
    """With some and without others, each once and in order."""
    given: ColumnElement[str] = func.unnest(Example.tags.op("||")(cast(wanted.add_tags, ARRAY(Text)))).column_valued(
        "tag"
    )
    kept = select(given).distinct().where(given.not_in(wanted.remove_tags)).order_by(given)
    return func.array(kept.scalar_subquery(), type_=ARRAY(Text))


def _taken_back(name: str) -> ColumnElement[Any]:
    """What it was before, unless somebody has changed it since."""
    now = Example.__table__.c[name]
    is_as_changed = now.is_not_distinct_from(_kept(Change.after, name))
    return case((is_as_changed, _kept(Change.before, name)), else_=now)


def _kept(values: ColumnElement[Any] | InstrumentedAttribute[Any], name: str) -> ColumnElement[Any]:
    if name == TAGS:
        tag: ColumnElement[str] = func.jsonb_array_elements_text(values[TAGS]).column_valued("tag")
        return func.array(select(tag).scalar_subquery(), type_=ARRAY(Text))
    return cast(values[name].astext, Example.__table__.c[name].type)
