"""What reviewers think of the same answer: kept together, compared, and put into one where they agree. Pure.

A verdict holds what a reviewer has said, by the names of a change. What it does not hold stays as the example has it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from curation.wanted import ADD_TAGS, LONGEST_NOTES, MOST_TAGS_IN_ALL, REMOVE_TAGS, TAGS, Wanted, check_tags
from schemas.states import ExampleStatus

Verdict = Mapping[str, Any]

DECISIONS: Final = frozenset({ExampleStatus.APPROVED, ExampleStatus.REJECTED})
# What has to be the same. Tags and notes add up.
COMPARED: Final = ("status", "gold", "category", "edited_output")
# Scores a tenth apart are the same opinion: their mean stands.
CLOSE: Final = 0.1 + 1e-9


def merged(verdict: Verdict, more: Wanted) -> dict[str, Any]:
    """What somebody has said by now."""
    joint = _joint(verdict, more)
    check_tags(max(len(joint.get(name, [])) for name in (ADD_TAGS, REMOVE_TAGS)))
    return joint


def _joint(verdict: Verdict, more: Wanted) -> dict[str, Any]:
    """A tag that is added is no longer to be removed, and the other way round."""
    added, removed = verdict.get(ADD_TAGS, []), verdict.get(REMOVE_TAGS, [])
    tags = {
        ADD_TAGS: _joined(added, more.add_tags, without=more.remove_tags),
        REMOVE_TAGS: _joined(removed, more.remove_tags, without=more.add_tags),
    }
    said = {name: value for name, value in verdict.items() if name not in tags} | dict(more.values)
    return said | {name: value for name, value in tags.items() if value}


def as_wanted(verdict: Verdict) -> Wanted:
    values = {name: value for name, value in verdict.items() if name not in (ADD_TAGS, REMOVE_TAGS)}
    return Wanted(values, tuple(verdict.get(ADD_TAGS, ())), tuple(verdict.get(REMOVE_TAGS, ())))


def seen_with(example: Mapping[str, Any], verdict: Verdict) -> dict[str, Any]:
    """The example as it would be."""
    tags = _joined(example[TAGS], verdict.get(ADD_TAGS, []), without=verdict.get(REMOVE_TAGS, []))
    return {name: verdict.get(name, value) for name, value in example.items()} | {TAGS: sorted(tags)}


def agreed(example: Mapping[str, Any], verdicts: Sequence[Verdict]) -> dict[str, Any] | None:
    """One verdict that stands for all of them, or None where somebody has to choose."""
    decisions = [[verdict.get(name, example[name]) for name in COMPARED] for verdict in verdicts]
    scores = [verdict["score"] for verdict in verdicts if verdict.get("score") is not None]
    if any(decision != decisions[0] for decision in decisions):
        return None
    if scores and max(scores) - min(scores) > CLOSE:
        return None
    together: dict[str, Any] = {}
    for verdict in verdicts:
        together = _joint(together, as_wanted(verdict))
    if len(verdicts) > 1 and len(seen_with(example, together)[TAGS]) > MOST_TAGS_IN_ALL:
        return None
    if scores:
        together["score"] = round(sum(scores) / len(scores), 4)
    notes = dict.fromkeys(verdict["notes"] for verdict in verdicts if verdict.get("notes"))
    if notes:
        together["notes"] = "\n\n".join(notes)[:LONGEST_NOTES]
    return together


def _joined(first: Sequence[str], second: Sequence[str], *, without: Sequence[str]) -> list[str]:
    return [tag for tag in dict.fromkeys([*first, *second]) if tag not in without]
