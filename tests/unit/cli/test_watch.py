from cli.watch import MOST_ERRORS, Outcome, time_left


def test_a_file_full_of_bad_lines_shows_the_first_and_where_to_find_the_rest() -> None:
    errors = [{"line": line, "code": "blank_line", "message": "It is blank."} for line in range(1, 101)]
    message = Outcome({"id": "batch_1", "status": "failed", "errors": {"data": errors}}).message
    assert message.count("blank_line") == MOST_ERRORS
    assert message.endswith("and 90 more: vbs batch get batch_1")


def test_the_time_left_is_shown_with_its_band_once_the_server_knows_it() -> None:
    left = {"expected": 720.4, "low": 540.0, "high": 1020.0}
    assert time_left({"progress": {"seconds_left": left}}) == "about 0:12:00 left (0:09:00 to 0:17:00)"
    assert [time_left(batch) for batch in ({}, {"progress": None}, {"progress": {"seconds_left": None}})] == [""] * 3
