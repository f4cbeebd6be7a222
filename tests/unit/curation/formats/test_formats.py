"""What each format makes of examples, and how it is written."""

import csv
import io
import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from pyarrow import parquet

from curation.formats import csv_file, parquet_file
from curation.formats.learned import Learned, Source, Worse
from curation.formats.table import FORMATS
from schemas.ids import new_id
from schemas.tables.exports import ExportFormat
from tests.fine_tuning import faults_of_chats, faults_of_preferences

SYSTEM = {"role": "system", "content": "Be brief."}
ASKED = {"role": "user", "content": "Is Ada a fit?"}
FORMULAS = [
    "=1+1", "+1", "-1", "@SUM(A1)",
    "\t=1", "\r=1", "\n=1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff201", "=cmd|' /C calc'!A0",
]  # fmt: skip


def learned(**other: Any) -> Learned:
    values: dict[str, Any] = {
        "id": new_id(), "version": 3, "custom_id": "c-1", "model": "some-model", "status": "approved", "gold": True,
        "score": 0.5, "category": None, "tags": ["fine", "nursing"], "notes": "", "messages": [SYSTEM, ASKED],
        "own": "Yes.", "edited_output": None,
    }  # fmt: skip
    return Learned(**values | other)


def encoded(name: str, ones: list[Learned]) -> bytes:
    form = FORMATS[name]
    return b"".join(form.encode(record for record in map(form.record, ones) if record is not None))


def lines(name: str, one: Learned) -> list[Any]:
    return [json.loads(line) for line in encoded(name, [one]).splitlines()]


def test_every_format_is_in_the_table() -> None:
    assert list(FORMATS) == list(ExportFormat)


def test_a_chat_ends_with_the_better_answer() -> None:
    answer = {"role": "assistant", "content": "No."}
    assert lines("chat", learned(edited_output="No.")) == [{"messages": [SYSTEM, ASKED, answer]}]
    assert faults_of_chats(encoded("chat", [learned()] * 10)) == []


def test_a_prompt_has_its_completion() -> None:
    (line,) = lines("prompt_completion", learned())
    assert line == {"prompt": "System: Be brief.\n\nUser: Is Ada a fit?", "completion": "Yes."}


def test_a_preference_is_an_edited_answer_over_the_models_own() -> None:
    (line,) = lines("dpo", learned(edited_output="No."))
    assert line == {
        "input": {"messages": [SYSTEM, ASKED]},
        "preferred_output": [{"role": "assistant", "content": "No."}],
        "non_preferred_output": [{"role": "assistant", "content": "Yes."}],
    }
    assert faults_of_preferences(encoded("dpo", [learned(edited_output="No.")] * 10)) == []


@pytest.mark.parametrize("edited", [None, "Yes.", " Yes.\n"])
def test_what_nobody_has_mended_is_no_preference(edited: str | None) -> None:
    assert lines("dpo", learned(edited_output=edited)) == []


@pytest.mark.parametrize("edited", [None, "Yes.", " Yes.\n"])
def test_an_answer_that_won_is_preferred_to_the_one_that_lost(edited: str | None) -> None:
    (line,) = lines("dpo", learned(edited_output=edited, beaten=Worse("Perhaps.", Source.PEOPLE)))
    assert line["non_preferred_output"] == [{"role": "assistant", "content": "Perhaps."}]
    assert lines("dpo", learned(edited_output=edited, beaten=Worse("Yes. ", Source.PEOPLE))) == []


def test_what_was_mended_is_the_first_source_of_preferences() -> None:
    beaten = Worse("Perhaps.", Source.JUDGES)
    assert learned(edited_output="No.", beaten=beaten).worse == Worse("Yes.", Source.EDITS)
    assert learned(beaten=beaten).worse == beaten


def test_an_in_context_example_has_what_it_can_be_chosen_by() -> None:
    (line,) = lines("icl", learned())
    assert (line["input"], line["output"]) == ("Is Ada a fit?", "Yes.")
    assert (line["metadata"]["score"], line["metadata"]["tags"]) == (0.5, ["fine", "nursing"])
    assert line["metadata"]["system"] == "Be brief."


def test_a_row_of_a_csv_file_is_read_back_as_it_was() -> None:
    text = 'Quotes "here", commas, and\nlines; and semicolons'
    (row,) = csv.DictReader(io.StringIO(encoded("csv", [learned(own=text)]).decode(), newline=""))
    assert (row["output"], row["tags"], row["gold"], row["score"], row["category"]) == (
        text, "fine, nursing", "yes", "0.5", "",
    )  # fmt: skip


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_begins_like_a_formula(formula: str) -> None:
    one = learned(own=formula, notes=formula, tags=[formula], category=formula, custom_id=formula, model=formula)
    rows = list(csv.reader(io.StringIO(encoded("csv", [one]).decode(), newline="")))
    assert not [cell for row in rows for cell in row if cell.startswith(csv_file.DANGEROUS)]
    assert rows[1].count(f"'{formula}") == 7


def test_a_parquet_file_of_several_groups_is_read_back_as_it_was() -> None:
    many = 2 * parquet_file.ROWS_IN_GROUP + 7
    ones = [learned(custom_id=f"c-{number}", tags=[str(number)]) for number in range(many)]
    file = parquet.ParquetFile(io.BytesIO(encoded("parquet", ones)))
    assert file.num_row_groups == 3
    rows = file.read().to_pylist()
    assert [row["custom_id"] for row in rows] == [f"c-{number}" for number in range(many)]
    assert rows[7]["tags"] == ["7"]
    assert (rows[0]["score"], rows[0]["gold"], rows[0]["category"]) == (0.5, True, None)


def test_long_texts_end_a_group_of_rows_early() -> None:
    long = "x" * (parquet_file.BYTES_IN_GROUP // 4)
    file = parquet.ParquetFile(io.BytesIO(encoded("parquet", [learned(own=long)] * 5)))
    assert file.num_row_groups > 1


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_examples_give_the_same_bytes(name: str) -> None:
    ones = [learned(edited_output="No.") for _ in range(20)]
    assert encoded(name, ones) == encoded(name, ones)


@pytest.mark.parametrize("name", FORMATS)
def test_memory_does_not_grow_with_the_number_of_examples(name: str) -> None:
    def peak(many: int) -> int:
        one = learned(own="word " * 200, edited_output="better " * 200)
        form = FORMATS[name]
        records: Iterator[Any] = (form.record(one) for _ in range(many))
        tracemalloc.start()
        for _ in form.encode(records):
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    # Of a table there are two groups of rows at a time.
    few = 2 * parquet_file.ROWS_IN_GROUP if name == "parquet" else 300
    assert peak(2 * few) < peak(few) + 2 * 1024**2
