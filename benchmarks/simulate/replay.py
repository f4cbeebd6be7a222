"""Jobs and workers played through time, event by event."""

import heapq
from collections.abc import Iterator

from benchmarks.simulate.figures import Figures
from benchmarks.simulate.jobs import Job, Scenario, Worker
from benchmarks.simulate.policies import Policy

# From the start of a chunk until its first answer is there.
ANSWER_SECONDS = 2.0
# What a prompt's beginning costs unless the worker has it from the chunk before.
BEGINNING_TOKENS = 5000

Event = tuple[float, int, Worker]


class Replay:
    def __init__(self, scenario: Scenario, policy: Policy) -> None:
        self.scenario, self.policy = scenario, policy
        self.figures = Figures(scenario)
        self.idle = {number: Worker(number) for number in range(scenario.workers)}
        # When workers have room again.
        self.busy: list[Event] = []
        self.now = 0.0

    def run(self) -> Figures:
        for job in self.scenario.jobs:
            self._until(job.arrives)
            self.policy.add(job, self.now)
            self.figures.arrived(job, self.now)
            self._fill(job)
        self._until(float("inf"))
        self.figures.end()
        return self.figures

    def _until(self, end: float) -> None:
        while self.busy and self.busy[0][0] <= end:
            self.now, _, worker = heapq.heappop(self.busy)
            if not self._start(worker):
                self.idle[worker.number] = worker
        if end != float("inf"):
            self.now = end

    def _fill(self, job: Job) -> None:
        """Workers without work look, those that hold the model first: they would be the first to run it."""
        for worker in list(self._idle_workers(job)):
            if not job.waiting_chunks:
                return
            if self._start(worker):
                del self.idle[worker.number]

    def _idle_workers(self, job: Job) -> Iterator[Worker]:
        if self.idle:
            yield from sorted(self.idle.values(), key=lambda worker: (worker.held != job.model, worker.number))

    def _start(self, worker: Worker) -> bool:
        job = self.policy.next_for(worker, self.now)
        if job is None:
            return False
        began = self.now
        load = 0.0 if worker.held == job.model else self.scenario.load_seconds[job.model]
        shared = _shared(job.beginning, worker.last_beginning) if not load else 0.0
        saved = BEGINNING_TOKENS * shared if job.beginning else 0.0
        if load:
            worker.held, worker.held_since = job.model, began + load
        worker.last_beginning = job.beginning
        requests = job.take()
        tokens = requests * job.really_each + (BEGINNING_TOKENS if job.beginning else 0)
        ends = began + load + (tokens - saved) / self.scenario.tokens_per_second
        self.figures.started(job, began, load, min(ends, job.deadline), ANSWER_SECONDS, shared)
        if ends > job.deadline:
            # What is at the engine when the batch expires is aborted.
            job.missed = True
            ends = max(job.deadline, began)
        self.policy.taken(job, requests * job.tokens_each, began, ends)
        heapq.heappush(self.busy, (ends, worker.number, worker))
        return True


def _shared(one: bytes, other: bytes) -> float:
    """Which part of a beginning the worker has already."""
    return float(bool(one) and one == other)
