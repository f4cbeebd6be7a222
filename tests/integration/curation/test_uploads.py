"""Files become items of a dataset, and the answers in them examples."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from curation import imports, resuming, table, uploads
from curation.table import Sort
from curation.views import View
from inference import files
from schemas import ids
from schemas.database import session_scope
from schemas.errors import ContentGone
from schemas.states import ImportStatus
from schemas.tables import Dataset, File, Import, Item, Output
from schemas.tables.base import now
from tests.integration.curation.interruptions import Interrupted, interrupt, interrupting
from tests.integration.curation.runs import begin_upload, fresh, new_dataset, upload
from tests.integration.inference.batch_fixtures import as_jsonl, chat_line

pytestmark = pytest.mark.usefixtures("database_url")

MIXED = [
    chat_line("b-1", "As a batch?"),
    {"messages": [{"role": "user", "content": "As a chat?"}, {"role": "assistant", "content": "Yes \0."}], "city": "L"},
    {"prompt": "As a pair?", "completion": "Yes."},
]  # fmt: skip


def items_of(dataset: Dataset) -> list[Item]:
    with session_scope() as session:
        return list(session.scalars(select(Item).where(Item.dataset_id == dataset.id).order_by(Item.number)))


def errors_of(import_id: UUID) -> list[tuple[int, str]]:
    with session_scope() as session:
        return [(error["line"], error["code"]) for error in session.get_one(Import, import_id).errors]


def test_each_line_is_an_item_and_each_known_answer_an_example() -> None:
    dataset = new_dataset()
    upload(dataset, as_jsonl(MIXED))
    found = items_of(dataset)
    assert [item.custom_id for item in found] == ["b-1", "line-2", "line-3"]
    assert [item.details for item in found] == [{}, {"city": "L"}, {}]
    with session_scope() as session:
        rows = table.page(session, dataset, View(), Sort.OLDEST, None, 5).rows
    assert [(row.item, row.asked, row.output) for row in rows] == [
        (2, "As a chat?", "Yes \ufffd."),
        (3, "As a pair?", "Yes."),
    ]
    assert {row.example.model for row in rows} == {"file"}
    taken = fresh(dataset)
    assert (taken.next_item, taken.examples, taken.needs_review) == (4, 2, 2)


def test_columns_of_a_csv_file_beside_the_known_ones_are_kept() -> None:
    dataset = new_dataset()
    upload(dataset, b'custom_id,input,output,city\na,"Hire\nAda?",Yes,Oslo\nb,Hire Bo?,,Lima\n')
    assert [(item.custom_id, item.details) for item in items_of(dataset)] == [
        ("a", {"city": "Oslo"}),
        ("b", {"city": "Lima"}),
    ]
    assert fresh(dataset).examples == 1


def test_bad_lines_are_told_of_and_stop_no_other() -> None:
    dataset = new_dataset()
    import_id = upload(dataset, b'{oops\n{"prompt": "fine"}\n{"question": "?"}\n\xff\n{"prompt": "fine too"}')
    assert errors_of(import_id) == [(1, "invalid_json_line"), (3, "unknown_line"), (4, "invalid_encoding")]
    with session_scope() as session:
        this = session.get_one(Import, import_id)
    assert (this.status, this.imported, this.bad_lines, this.lines) == (ImportStatus.DONE, 2, 3, 5)
    assert [item.number for item in items_of(dataset)] == [1, 2]


def test_no_more_bad_lines_are_kept_than_a_batch_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VBS_MAX_LINE_ERRORS", "3")
    import_id = begin_upload(new_dataset(), b"{oops\n" * 7)
    imports.run(session_scope, import_id, rows=2)
    assert errors_of(import_id) == [(n, "invalid_json_line") for n in (1, 2, 3)]
    with session_scope() as session:
        assert session.get_one(Import, import_id).bad_lines == 7


def test_an_upload_that_ends_midway_goes_on_where_it_was() -> None:
    dataset = new_dataset()
    import_id = begin_upload(dataset, as_jsonl([{"prompt": f"text {n}", "output": "x"} for n in range(10)]))
    with session_scope() as session:
        assert imports.advance(session, import_id, rows=3)
    with session_scope() as session:
        this = session.get_one(Import, import_id)
        assert 0 < this.bytes_read < this.bytes
        assert resuming.left_undone(session, Import, now() + timedelta(minutes=1)) == [import_id]
    imports.run(session_scope, import_id)
    imports.run(session_scope, import_id)
    with session_scope() as session:
        assert session.scalars(select(Output.line).order_by(Output.item)).all() == list(range(1, 11))
        assert session.scalar(select(func.count()).select_from(Item)) == 10


def test_the_same_file_is_taken_once() -> None:
    dataset = new_dataset()
    import_id = upload(dataset, b'{"prompt": "x"}\n')
    with session_scope() as session:
        file = session.get_one(File, session.get_one(Import, import_id).file_id)
        from_again = uploads.begin(session, dataset, file).id
    assert from_again == import_id


def test_a_file_that_is_gone_ends_its_import() -> None:
    dataset = new_dataset()
    import_id = begin_upload(dataset, b'{"prompt": "x"}\n')
    with session_scope() as session:
        file = session.get_one(File, session.get_one(Import, import_id).file_id)
        files.delete(session, "acme", ids.show(ids.FILE, file.id))
        files.remove_content(session, file)
        with pytest.raises(ContentGone):
            uploads.begin(session, dataset, file)
    imports.run(session_scope, import_id)
    with session_scope() as session:
        assert session.get_one(Import, import_id).status == ImportStatus.BROKEN


def test_what_nobody_gets_any_further_with_ends_and_goes_on_when_it_is_asked_for_again() -> None:
    dataset = new_dataset()
    import_id = begin_upload(dataset, as_jsonl([{"prompt": f"text {n}", "output": "x"} for n in range(10)]))
    with session_scope() as session:
        assert imports.advance(session, import_id, rows=3)
    for _ in range(resuming.MOST_ATTEMPTS):
        with pytest.raises(Interrupted):
            imports.run(interrupting(2, interrupt), import_id)
    assert not imports.run(session_scope, import_id)
    with session_scope() as session:
        this = session.get_one(Import, import_id)
        assert this.status == ImportStatus.BROKEN
        assert "begun 5 times" in str(this.problem)
        assert resuming.left_undone(session, Import, now() + timedelta(minutes=1)) == []
        assert uploads.begin(session, dataset, session.get_one(File, this.file_id)).id == import_id
    imports.run(session_scope, import_id)
    with session_scope() as session:
        this = session.get_one(Import, import_id)
        assert (this.status, this.imported, this.problem, this.attempts) == (ImportStatus.DONE, 10, None, 0)


def test_long_work_that_comes_further_each_time_is_begun_as_often_as_it_takes() -> None:
    dataset = new_dataset()
    import_id = begin_upload(dataset, as_jsonl([{"prompt": f"text {n}", "output": "x"} for n in range(10)]))
    for _ in range(2 * resuming.MOST_ATTEMPTS):
        with session_scope() as session:
            assert resuming.attempt(session.get_one(Import, import_id))
        with session_scope() as session:
            imports.advance(session, import_id, rows=1)
