"""Every named error has its place in the web layer's one table."""

from schemas import errors
from webapi.errors import TABLE

# What only workers and the command line meet. Were it to reach the web, it would be a fault of ours: a 500.
NEVER_IN_A_REQUEST = {
    errors.VbsError,
    errors.SettingInvalid,
    errors.LeaseLost,
    errors.StartFailed,
    errors.ModelUnavailable,
    errors.PurgeIncomplete,
    errors.ScorerFailed,
    errors.BackupFailed,
    errors.ArchiveInvalid,
    errors.PlaceTaken,
    errors.RestoreFailed,
    errors.CommitUnanswered,
}


def tree(root: type[errors.VbsError]) -> set[type[errors.VbsError]]:
    return {root}.union(*(tree(child) for child in root.__subclasses__()))


def test_every_error_has_an_http_answer_or_is_known_never_to_need_one() -> None:
    mapped = {error for error in tree(errors.VbsError) if any(issubclass(error, row[0]) for row in TABLE)}
    assert tree(errors.VbsError) - mapped == NEVER_IN_A_REQUEST


def test_no_row_of_the_table_hides_a_later_one() -> None:
    kinds = [row[0] for row in TABLE]
    hidden = [later for place, later in enumerate(kinds) if any(issubclass(later, kind) for kind in kinds[:place])]
    assert hidden == []


def test_all_errors_are_in_one_tree_in_one_file() -> None:
    assert {error.__module__ for error in tree(errors.VbsError)} == {"schemas.errors"}
