import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import MoveNotAllowed
from schemas.states import (
    BATCH_MOVES,
    TERMINAL,
    UPLOAD_MOVES,
    BatchStatus,
    Role,
    UploadStatus,
    check_batch_move,
    check_upload_move,
)

statuses = st.sampled_from(BatchStatus)


@given(statuses, statuses)
def test_a_move_is_made_exactly_when_the_table_has_it(current: BatchStatus, wanted: BatchStatus) -> None:
    if wanted in BATCH_MOVES[current]:
        assert check_batch_move(current, wanted) == wanted
    else:
        with pytest.raises(MoveNotAllowed) as refused:
            check_batch_move(current, wanted)
        assert refused.value.code == "invalid_status"


@given(st.lists(statuses))
def test_whatever_is_asked_for_a_batch_never_leaves_its_end(wishes: list[BatchStatus]) -> None:
    status = BatchStatus.VALIDATING
    for wanted in wishes:
        before = status
        if wanted in BATCH_MOVES[status]:
            status = check_batch_move(status, wanted)
        assert status == before or before not in TERMINAL


@given(st.data())
def test_every_way_through_the_states_ends_and_is_short(data: st.DataObject) -> None:
    status, seen = BatchStatus.VALIDATING, [BatchStatus.VALIDATING]
    while BATCH_MOVES[status]:
        status = data.draw(st.sampled_from(sorted(BATCH_MOVES[status])))
        seen.append(status)
    assert status in TERMINAL
    assert len(seen) == len(set(seen)) <= 5


def test_every_state_has_its_moves_and_can_be_reached() -> None:
    reached, frontier = set[BatchStatus](), {BatchStatus.VALIDATING}
    while frontier:
        reached |= frontier
        frontier = set[BatchStatus]().union(*(BATCH_MOVES[status] for status in frontier)) - reached
    assert reached == set(BatchStatus) == set(BATCH_MOVES)


def test_the_terminal_states_are_those_of_the_openai_contract() -> None:
    assert {str(status) for status in TERMINAL} == {"completed", "failed", "expired", "cancelled"}


@given(st.sampled_from(UploadStatus), st.sampled_from(UploadStatus))
def test_only_a_pending_upload_moves(current: UploadStatus, wanted: UploadStatus) -> None:
    if current == UploadStatus.PENDING and wanted != UploadStatus.PENDING:
        assert check_upload_move(current, wanted) == wanted
    else:
        with pytest.raises(MoveNotAllowed):
            check_upload_move(current, wanted)
    assert set(UPLOAD_MOVES) == set(UploadStatus)


@given(st.sampled_from(Role), st.sampled_from(Role), st.sampled_from(Role))
def test_roles_are_in_one_order(low: Role, middle: Role, high: Role) -> None:
    assert low.allows(low)
    assert low.allows(high) or high.allows(low)
    if high.allows(middle) and middle.allows(low):
        assert high.allows(low)
