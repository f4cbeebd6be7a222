"""A question and its answer to show to a model inside a prompt, with what there is to choose it by."""

from typing import Any

from curation.formats.learned import Learned


def record(one: Learned) -> dict[str, Any]:
    metadata = {
        "id": one.public_id,
        "custom_id": one.custom_id,
        "model": one.model,
        "gold": one.gold,
        "score": one.score,
        "category": one.category,
        "tags": list(one.tags),
        "notes": one.notes,
        "edited": one.edited_output is not None,
        "system": one.system,
    }
    return {"input": one.question, "output": one.said, "metadata": metadata}
