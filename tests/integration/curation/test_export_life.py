"""The life of an export: writers that die or meet, what is deleted meanwhile, and what stays."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from curation import datasets, resuming
from curation.exports import life, writer
from inference import retention
from schemas import ids
from schemas.database import session_scope
from schemas.errors import ExportNotFound
from schemas.states import ExportStatus
from schemas.tables import ApiKey, Dataset, Export
from schemas.tables.base import now
from tests.integration.curation.changing import change
from tests.integration.curation.exporting import begin, content, export, manifest, now_of, stored, written
from tests.integration.curation.interruptions import Interrupted, interrupt, interrupting


def test_a_writer_that_dies_leaves_nothing_and_the_next_one_starts_over(dataset: Dataset, reviewer: UUID) -> None:
    begun = begin(dataset, reviewer)
    # The third is the one that makes the file known.
    with pytest.raises(Interrupted):
        writer.run(interrupting(3, interrupt), begun.id)
    assert now_of(begun).status == ExportStatus.RUNNING
    assert stored() == []
    with session_scope() as session:
        assert resuming.left_undone(session, Export, now()) == []
        assert resuming.left_undone(session, Export, now() + timedelta(minutes=1)) == [begun.id]
    assert len(content(written(begun)).splitlines()) == 10
    with session_scope() as session:
        assert resuming.left_undone(session, Export, now() + timedelta(minutes=1)) == []


def test_what_is_changed_while_an_export_runs_is_not_in_it(dataset: Dataset, reviewer: UUID) -> None:
    begun = begin(dataset, reviewer)
    changing = interrupting(2, lambda: change(dataset, reviewer, edited_output="Too late."))
    writer.run(changing, begun.id)
    assert b"Too late." not in content(now_of(begun))
    assert set(manifest(now_of(begun))["versions"].values()) == {1}


def test_two_writers_of_one_export_write_one_file(dataset: Dataset, reviewer: UUID) -> None:
    begun = begin(dataset, reviewer)
    writer.run(interrupting(3, lambda: writer.run(session_scope, begun.id)), begun.id)
    assert now_of(begun).attempts == 1
    assert len(stored()) == 1
    writer.run(session_scope, begun.id)
    assert now_of(begun).attempts == 1


def test_what_never_comes_to_its_end_is_given_up(dataset: Dataset, reviewer: UUID) -> None:
    begun = begin(dataset, reviewer)
    for _ in range(resuming.MOST_ATTEMPTS):
        with pytest.raises(Interrupted):
            writer.run(interrupting(3, interrupt), begun.id)
    done = written(begun)
    assert done.status == ExportStatus.BROKEN
    assert "begun 5 times" in str(done.problem)


def test_an_export_of_a_deleted_dataset_says_so(dataset: Dataset, reviewer: UUID) -> None:
    begun = begin(dataset, reviewer)
    with session_scope() as session:
        datasets.delete(session, "acme", ids.show(ids.DATASET, dataset.id))
    assert "No such dataset" in str(written(begun).problem)


def test_a_file_that_a_tenant_may_not_keep_is_not_kept(dataset: Dataset, reviewer: UUID) -> None:
    with session_scope() as session:
        session.execute(update(ApiKey).where(ApiKey.id == reviewer).values(stored_bytes=100))
    done = export(dataset, reviewer)
    assert done.status == ExportStatus.BROKEN
    assert "100 are allowed" in str(done.problem)
    assert stored() == []


def test_a_deleted_export_is_gone_with_its_file(dataset: Dataset, reviewer: UUID) -> None:
    done, running = export(dataset, reviewer), begin(dataset, reviewer)
    for one in (done, running):
        with session_scope() as session:
            life.delete(session, "acme", ids.show(ids.EXPORT, one.id))
        with session_scope() as session, pytest.raises(ExportNotFound):
            life.get(session, "acme", ids.show(ids.EXPORT, one.id))
    writer.run(session_scope, running.id)
    retention.purge_files(session_scope, now())
    assert stored() == []


def test_a_file_outlives_every_retention_and_its_dataset(dataset: Dataset, reviewer: UUID) -> None:
    done = export(dataset, reviewer)
    with session_scope() as session:
        datasets.delete(session, "acme", ids.show(ids.DATASET, dataset.id))
    retention.purge_files(session_scope, now() + timedelta(days=1000))
    assert len(content(done).splitlines()) == 10
