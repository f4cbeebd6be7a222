"""When a model that failed, or whose server refuses everything, is tried again: ever later, until it serves."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from inference.overload import LONGEST_MODEL_REST_SECONDS, rest_seconds

PAUSES_SECONDS: Final = (0, 1, 1, 2, 2, 5, 5, 10, 10, 30, 60)


@dataclass(slots=True)
class _Record:
    failures: int = 0
    failed_with: str = ""
    not_before: float = 0.0
    rests: int = 0
    resting_until: float = 0.0
    refused_with: int = 0


class Reloads:
    def __init__(self, models: Iterable[str]) -> None:
        self._records = {model: _Record() for model in models}

    def failed(self, model: str, moment: float, why: str) -> None:
        record = self._records[model]
        record.failures += 1
        record.failed_with = why
        record.not_before = moment + PAUSES_SECONDS[min(record.failures, len(PAUSES_SECONDS)) - 1]

    def rest(self, model: str, moment: float, refused_with: int, asked_seconds: float) -> None:
        """Its server refuses everything: leave it alone for a while."""
        record = self._records[model]
        record.refused_with = refused_with
        record.resting_until = moment + rest_seconds(record.rests, asked_seconds, LONGEST_MODEL_REST_SECONDS)
        record.rests += 1

    def rests(self, model: str, moment: float) -> bool:
        return self._records[model].resting_until > moment

    def why_not(self, held: str | None, moment: float) -> str:
        """In words for people: which models have no answers, though another one may be held and serve."""
        return "; ".join(self._why_not(held, moment))

    def _why_not(self, held: str | None, moment: float) -> Iterator[str]:
        for model, record in self._records.items():
            if record.resting_until > moment:
                again = f"next try in {record.resting_until - moment:.0f} s"
                yield f"{model} is refused with status {record.refused_with}, {again}"
            elif record.failures and model != held:
                yield f"{model} can't be served: {record.failed_with}"

    def worked(self, model: str) -> None:
        self._records[model] = _Record()

    def due(self, moment: float) -> list[str]:
        return [
            model
            for model, record in self._records.items()
            if record.not_before <= moment and not self.rests(model, moment)
        ]

    def next_to_load(self, preferred: str | None, moment: float) -> tuple[str, float]:
        """The model to load now, and in how many seconds: the preferred one, or else the one that may be soonest."""
        model = preferred or min(self._records, key=lambda name: self._records[name].not_before)
        return model, max(0.0, self._records[model].not_before - moment)
