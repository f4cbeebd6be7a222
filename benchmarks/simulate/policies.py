"""Who is next: the policy of the product, and three simpler ones beside it.

A policy is told of every job that arrives and of every chunk that is taken, and is asked for a worker's next job.
"""

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable
from math import inf
from typing import Protocol
from uuid import UUID

from benchmarks.simulate.jobs import Job, Scenario, Worker
from inference import choosing
from inference.choosing import Asker, Offer, choose, size_class

LOOK_AGAIN_SECONDS = 30.0


class Policy(Protocol):
    def add(self, job: Job, now: float) -> None: ...

    def next_for(self, worker: Worker, now: float) -> Job | None: ...

    def taken(self, job: Job, tokens: float, began: float, ends: float) -> None: ...


class InOrder:
    """One line; only its first is looked at."""

    def __init__(self, scenario: Scenario) -> None:
        self.line: list[tuple[float, UUID, Job]] = []

    def rank(self, job: Job) -> float:
        raise AssertionError("for those that say which order")

    def add(self, job: Job, now: float) -> None:
        heapq.heappush(self.line, (self.rank(job), job.id, job))

    def next_for(self, worker: Worker, now: float) -> Job | None:
        return first(self.line, now)

    def taken(self, job: Job, tokens: float, began: float, ends: float) -> None:
        pass


class FirstCome(InOrder):
    def rank(self, job: Job) -> float:
        return job.arrives


class EarliestDeadline(InOrder):
    def rank(self, job: Job) -> float:
        return job.deadline


class HeldThenDeadline:
    """Whatever waits for the model that the worker holds; else the earliest deadline."""

    def __init__(self, scenario: Scenario) -> None:
        self.lines: dict[str, list[tuple[float, UUID, Job]]] = {model: [] for model in scenario.load_seconds}

    def add(self, job: Job, now: float) -> None:
        heapq.heappush(self.lines[job.model], (job.deadline, job.id, job))

    def next_for(self, worker: Worker, now: float) -> Job | None:
        if worker.held is not None and (job := first(self.lines[worker.held], now)) is not None:
            return job
        firsts = [job for line in self.lines.values() if (job := first(line, now)) is not None]
        return min(firsts, key=lambda job: (job.deadline, job.id), default=None)

    def taken(self, job: Job, tokens: float, began: float, ends: float) -> None:
        pass


def first(line: list[tuple[float, UUID, Job]], now: float) -> Job | None:
    while line and (not line[0][2].waiting_chunks or line[0][2].deadline <= now):
        heapq.heappop(line)
    return line[0][2] if line else None


class Ours:
    """The product's own `choose`, given only those offers of which one can be its choice.

    Offers of one key and model whose work is about the same and whose prompts begin alike differ by their age alone,
    so the oldest stands for all. That holds as long as no deadline is near; when one is, all are offered.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.leased: dict[str, float] = defaultdict(float)
        # In tokens of the time 0, which are worth less as time goes by.
        self.past: dict[str, float] = defaultdict(float)
        self.to_end: list[tuple[float, str, float]] = []
        self.waiting: dict[UUID, Job] = {}
        # Key and model, then size, then beginning.
        self.groups: dict[tuple[str, str], dict[int, dict[bytes, list[UUID]]]] = defaultdict(
            lambda: defaultdict(lambda: defaultdict(list))
        )
        self.longest_load = max(scenario.load_seconds.values())
        self.calm_until = self.look_again_at = 0.0
        # Of what waits; too much rather than too little.
        self.work = 0

    def add(self, job: Job, now: float) -> None:
        pressing_at = self._pressing_at(job, self.work)
        later = choosing.MARGIN * job.waiting_work / self.scenario.workers / self.scenario.tokens_per_second
        self.calm_until = min(self.calm_until - later, pressing_at)
        self.work += job.waiting_work
        self.waiting[job.id] = job
        self._group(job)

    def taken(self, job: Job, tokens: float, began: float, ends: float) -> None:
        self.leased[job.key] += tokens
        heapq.heappush(self.to_end, (ends, job.key, tokens))
        if job.waiting_chunks:
            self._group(job)
        else:
            del self.waiting[job.id]

    def next_for(self, worker: Worker, now: float) -> Job | None:
        while self.to_end and self.to_end[0][0] <= now:
            ended, key, tokens = heapq.heappop(self.to_end)
            self.leased[key] -= tokens
            self.past[key] += tokens * 2 ** (ended / choosing.HALF_LIFE_SECONDS)
        faded = 2 ** (-now / choosing.HALF_LIFE_SECONDS)
        service = {key: self.leased[key] + self.past[key] * faded for key in self.leased}
        chosen = choose([offer(job, now) for job in self._candidates(now)], self.asker(worker, now), service)
        return None if chosen is None else self.waiting[chosen.batch_id]

    def asker(self, worker: Worker, now: float) -> Asker:
        return Asker(
            worker.held,
            now - worker.held_since,
            self.scenario.tokens_per_second,
            self.scenario.workers,
            worker.last_beginning,
            self.scenario.load_seconds,
        )

    def _candidates(self, now: float) -> Iterable[Job]:
        if not self._is_calm(now):
            yield from [job for job in self.waiting.values() if job.deadline > now]
            return
        for flow, sizes in list(self.groups.items()):
            for size in sorted(sizes):
                oldest = [job for line in sizes[size].values() if (job := self._oldest(flow, size, line, now))]
                if oldest:
                    yield from oldest
                    break
                del sizes[size]
            else:
                del self.groups[flow]

    def _group(self, job: Job) -> None:
        heapq.heappush(self.groups[job.key, job.model][size_class(job.waiting_work)][job.beginning], job.id)

    def _oldest(self, flow: tuple[str, str], size: int, line: list[UUID], now: float) -> Job | None:
        """A job that was taken from has a new place, and its old ones are passed over."""
        while line:
            job = self.waiting.get(line[0])
            if job is not None and job.deadline <= now:
                del self.waiting[job.id]
            elif (
                job is not None
                and size_class(job.waiting_work) == size
                and line is self.groups[flow][size].get(job.beginning)
            ):
                return job
            heapq.heappop(line)
        return None

    def _is_calm(self, now: float) -> bool:
        """Whether nothing waits that `choose` could find urgent, or too late."""
        if self.calm_until <= now and self.look_again_at <= now:
            self.look_again_at = now + LOOK_AGAIN_SECONDS
            jobs = sorted((job for job in self.waiting.values() if job.deadline > now), key=lambda job: job.deadline)
            self.waiting = {job.id: job for job in jobs}
            self.work = sum(job.waiting_work for job in jobs)
            work_ahead = 0
            self.calm_until = inf
            for job in jobs:
                self.calm_until = min(self.calm_until, self._pressing_at(job, work_ahead))
                work_ahead += job.waiting_work
        return self.calm_until > now

    def _pressing_at(self, job: Job, work_ahead: int) -> float:
        """When it becomes urgent at the earliest."""
        rate, workers = self.scenario.tokens_per_second, self.scenario.workers
        alone = job.waiting_work / min(job.waiting_chunks, workers) / rate
        needed = max(alone, (work_ahead + job.waiting_work) / workers / rate)
        return job.deadline - choosing.MARGIN * needed - choosing.SPARE_SECONDS - self.longest_load


def offer(job: Job, now: float) -> Offer:
    return Offer(
        job.id, job.model, job.key, job.weight, 0, job.deadline - now, job.waiting_work, job.waiting_chunks,
        beginning=job.beginning,
    )  # fmt: skip


POLICIES: dict[str, Callable[[Scenario], Policy]] = {
    "first come": FirstCome,
    "earliest deadline": EarliestDeadline,
    "held, then deadline": HeldThenDeadline,
    "ours": Ours,
}
