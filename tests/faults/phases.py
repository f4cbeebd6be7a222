"""The phases of a batch's life, and which faults can meet them."""

from typing import Final

PHASES: Final = (
    "upload",
    "validation",
    "planning",
    "first chunk",
    "middle",
    "last chunk",
    "finalising",
    "webhook",
    "retention",
)
# The message that a phase begins with. The others go on from the one before without any.
BEGUN_BY: Final = {
    "validation": "batches.validate",
    "first chunk": "inference.run",
    "finalising": "batches.finalise",
    "webhook": "webhooks.deliver",
    "retention": "retention.purge",
}
ENGINE_FAULTS: Final = ("engine death", "hung engine")
ENGINE_AT_WORK: Final = ("first chunk", "middle", "last chunk")


def can_meet(fault: str, phase: str) -> bool:
    """An engine that is at no work can't fail. What it was told to do then, it does at its next work, or never."""
    return fault not in ENGINE_FAULTS or phase in ENGINE_AT_WORK
