"""Telling an engine that hangs from one that is merely busy."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class PulseWatch:
    """An engine with work whose pulse stands still for `patience_seconds` hangs. 0: nobody watches."""

    patience_seconds: float
    _pulse: int | None = None
    _moved_at: float = field(default=0.0)

    def stands_still(self, pulse: int | None, in_flight: int, moment: float) -> bool:
        if pulse is None or pulse != self._pulse or not in_flight or not self.patience_seconds:
            self._pulse, self._moved_at = pulse, moment
            return False
        return moment - self._moved_at >= self.patience_seconds
