"""A task schema to begin from, and what is wrong with one that is nearly the same."""

import copy
import json
from typing import Any

from curation.task_schemas import checks

TASK: dict[str, Any] = {
    "name": "fit",
    "title": "Fit for a role",
    "data": [
        {"name": "candidate_id", "type": "text", "required": True},
        {"name": "profile", "type": "text", "required": True, "label": "Profile"},
        {"name": "years", "type": "integer"},
        {"name": "extra", "type": "json"},
    ],
    "row_id": "candidate_id",
    "prompt": {"system": "You judge.", "user": "Years: {{years}}\n{{ profile }}"},
    "parameters": {"temperature": 0, "max_tokens": 50},
    "output": {
        "type": "object",
        "required": ["verdict"],
        "properties": {
            "verdict": {"$ref": "#/$defs/verdict"},
            "score": {"type": "number"},
        },
        "$defs": {"verdict": {"type": "object", "properties": {"hire": {"type": "boolean"}}}},
    },
    "columns": [{"path": "verdict.hire", "kind": "flag"}, {"path": "score", "label": "Points", "kind": "number"}],
    "questions": [
        {"name": "agrees", "type": "flag", "label": "Do you agree?", "required": True},
        {"name": "why", "type": "choice", "label": "Why?", "choices": ["a", "b"], "several": True},
        {"name": "points", "type": "score", "label": "Points", "max": 7},
        {"name": "remarks", "type": "text", "label": "Remarks"},
    ],
    "sample": {"candidate_id": "c-1", "profile": "Nurse", "years": 3},
}


def task(**changed: Any) -> dict[str, Any]:
    """With other sections, or without those that are None."""
    wanted = copy.deepcopy(TASK) | changed
    return {name: value for name, value in wanted.items() if value is not None}


def faults(document: object) -> dict[str, str]:
    """By their paths."""
    found = checks.check(json.dumps(document)).faults
    return {fault["path"]: fault["message"] for fault in found}
