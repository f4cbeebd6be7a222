from cli.watch import MOST_ERRORS, Outcome


def test_a_file_full_of_bad_lines_shows_the_first_and_where_to_find_the_rest() -> None:
    errors = [{"line": line, "code": "blank_line", "message": "It is blank."} for line in range(1, 101)]
    message = Outcome({"id": "batch_1", "status": "failed", "errors": {"data": errors}}).message
    assert message.count("blank_line") == MOST_ERRORS
    assert message.endswith("and 90 more: vbs batch get batch_1")
