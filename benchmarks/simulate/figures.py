"""What is measured of a replay."""

from collections import defaultdict
from statistics import fmean, median, quantiles

from benchmarks.simulate.jobs import Job, Scenario


class Figures:
    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self._period = scenario.period_seconds
        self.loads = 0
        self.loading_seconds = 0.0
        self.running_seconds = 0.0
        self.starts_with_beginning = self.starts_with_shared = 0.0
        self.ended = 0.0
        self._given: dict[int, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        self._waiting: dict[str, int] = defaultdict(int)
        # For each key, the times from which it had work waiting, and until when.
        self._since: dict[str, float] = {}
        self._spells: dict[str, list[tuple[float, float]]] = defaultdict(list)

    def arrived(self, job: Job, now: float) -> None:
        self._waiting[job.key] += job.waiting_chunks
        self._since.setdefault(job.key, now)

    def started(self, job: Job, began: float, load: float, ends: float, answer_seconds: float, shared: float) -> None:
        running_from = min(began + load, ends)
        self.loads += load > 0
        self.loading_seconds += running_from - began
        self.running_seconds += ends - running_from
        if job.beginning:
            self.starts_with_beginning += 1
            self.starts_with_shared += shared
        if job.first_answer is None and ends > running_from:
            job.first_answer = min(running_from + answer_seconds, ends)
        job.ended = max(job.ended, ends)
        self.ended = max(self.ended, ends)
        self._give(job.key, running_from, ends)
        self._waiting[job.key] -= 1
        if not self._waiting[job.key]:
            self._spells[job.key].append((self._since.pop(job.key), began))

    def end(self) -> None:
        for job in self.scenario.jobs:
            job.missed = job.missed or job.waiting_chunks > 0
        for key, since in self._since.items():
            self._spells[key].append((since, self.ended))

    @property
    def used(self) -> float:
        """Share of the workers' time, until the last one is done, in which they ran requests."""
        return self.running_seconds / (self.ended * self.scenario.workers)

    @property
    def misses(self) -> int:
        return sum(job.missed for job in self.scenario.jobs)

    @property
    def prefix_hits(self) -> float:
        return self.starts_with_shared / max(self.starts_with_beginning, 1)

    @property
    def done(self) -> float:
        """After how long a large job is done, if it is in time: the median."""
        return median([job.ended - job.arrives for job in self.scenario.jobs if job.large and not job.missed] or [0.0])

    def waits(self, *, large: bool) -> tuple[float, float]:
        """Until the first answer: the median, and what 95 of 100 do not exceed. What had none waited to its end."""
        waits = [
            (job.deadline if job.first_answer is None else job.first_answer) - job.arrives
            for job in self.scenario.jobs
            if job.large == large
        ]
        if len(waits) < 2:
            return (waits or [0.0])[0], (waits or [0.0])[0]
        return median(waits), quantiles(waits, n=20)[-1]

    def fairness(self) -> tuple[float, float] | None:
        """Jain's index of what keys were given for their weight, and by how much of all a key was off its share."""
        weights = {job.key: job.weight for job in self.scenario.jobs}
        indices, errors = [], []
        for period in range(int(self.ended // self._period)):
            keys = [key for key in weights if self._waited_throughout(key, period)]
            given = {key: self._given[period][key] for key in keys}
            if len(keys) < 2 or not sum(given.values()):
                continue
            shares = [given[key] / weights[key] for key in keys]
            indices.append(sum(shares) ** 2 / (len(shares) * sum(share**2 for share in shares)))
            fair = {key: weights[key] / sum(weights[key] for key in keys) for key in keys}
            errors.append(fmean(abs(given[key] / sum(given.values()) - fair[key]) for key in keys))
        return (fmean(indices), fmean(errors)) if indices else None

    def _waited_throughout(self, key: str, period: int) -> bool:
        start, end = period * self._period, (period + 1) * self._period
        return any(since <= start and until >= end for since, until in self._spells[key])

    def _give(self, key: str, start: float, end: float) -> None:
        while start < end:
            period = int(start // self._period)
            until = min(end, (period + 1) * self._period)
            self._given[period][key] += until - start
            start = until
