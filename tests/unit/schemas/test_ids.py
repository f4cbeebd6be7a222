import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import ids
from schemas.errors import BatchNotFound


def test_ids_sort_by_the_time_they_were_made() -> None:
    made = [ids.new_id() for _ in range(50)]
    assert len(set(made)) == 50
    assert {value.version for value in made} == {7}
    assert [value.int >> 66 for value in made] == sorted(value.int >> 66 for value in made)


@given(st.uuids())
def test_a_public_id_leads_back_to_its_object(value: object) -> None:
    shown = ids.show(ids.BATCH, value)  # type: ignore[arg-type]
    assert shown.startswith("batch_")
    assert ids.parse(ids.BATCH, shown, BatchNotFound) == value


@given(st.text() | st.from_regex(r"batch_[0-9a-fA-F-]{30,36}", fullmatch=True))
def test_text_that_is_no_id_is_an_unknown_object(text: str) -> None:
    try:
        found = ids.parse(ids.BATCH, text, BatchNotFound)
    except BatchNotFound as error:
        assert error.param == "batch_id"
    else:
        assert ids.show(ids.BATCH, found) == text


@pytest.mark.parametrize("prefix", [ids.FILE, ids.UPLOAD, ids.KEY])
def test_the_id_of_another_kind_is_an_unknown_object(prefix: str) -> None:
    with pytest.raises(BatchNotFound):
        ids.parse(ids.BATCH, ids.show(prefix, ids.new_id()), BatchNotFound)
