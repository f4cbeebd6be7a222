"""An example as a row of a table."""

from typing import Any

from curation.formats.learned import Learned


def record(one: Learned) -> dict[str, Any]:
    return {
        "id": one.public_id,
        "version": one.version,
        "custom_id": one.custom_id,
        "model": one.model,
        "status": one.status,
        "gold": one.gold,
        "score": one.score,
        "category": one.category,
        "tags": list(one.tags),
        "notes": one.notes,
        "system": one.system,
        "input": one.question,
        "output": one.said,
        "model_output": one.own,
        "edited": one.edited_output is not None,
    }
