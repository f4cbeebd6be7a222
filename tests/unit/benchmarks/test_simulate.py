"""What the simulator says of the product's policy beside simpler ones, and that it asks the product's own code."""

from uuid import UUID

import pytest

from benchmarks.simulate.figures import Figures
from benchmarks.simulate.jobs import Job, Worker
from benchmarks.simulate.policies import POLICIES, Ours, offer
from benchmarks.simulate.replay import Replay
from benchmarks.simulate.scenarios import SCENARIOS
from inference.choosing import choose


def replay(scenario: str, policy: str, jobs: int = 500, workers: int = 20, seed: int = 1) -> Figures:
    made = SCENARIOS[scenario](jobs, workers, seed)
    return Replay(made, POLICIES[policy](made)).run()


class OfferingAll(Ours):
    """Without the grouping."""

    def _candidates(self, now: float) -> list[Job]:
        return [job for job in self.waiting.values() if job.deadline > now]


@pytest.mark.parametrize("name", ["flood", "models", "deadlines", "prefixes"])
def test_leaving_out_what_can_not_be_chosen_changes_no_choice(name: str) -> None:
    grouped, whole = (SCENARIOS[name](100, 5, 1) for _ in range(2))
    Replay(grouped, Ours(grouped)).run()
    Replay(whole, OfferingAll(whole)).run()
    assert [(job.first_answer, job.ended) for job in grouped.jobs] == [
        (job.first_answer, job.ended) for job in whole.jobs
    ]


@pytest.mark.parametrize("policy", POLICIES)
def test_every_request_is_run_once_and_workers_are_never_idle_while_work_waits(policy: str) -> None:
    figures = replay("weights", policy)
    assert figures.misses == 0
    assert all(job.waiting_work == 0 and job.first_answer is not None for job in figures.scenario.jobs)
    assert figures.used > 0.95


def test_small_jobs_do_not_wait_behind_a_flood() -> None:
    ours, first_come = replay("flood", "ours"), replay("flood", "first come")
    assert ours.waits(large=False)[1] < first_come.waits(large=False)[1] / 10


def test_models_are_loaded_a_fraction_of_the_times_and_shares_are_fairer() -> None:
    ours, first_come = replay("models", "ours", 1000), replay("models", "first come", 1000)
    today = replay("models", "held, then deadline", 1000)
    assert ours.loads < first_come.loads / 3
    assert ours.loading_seconds < 0.12 * ours.ended * 20
    assert ours.waits(large=False)[1] < today.waits(large=False)[1]


def test_shares_follow_the_weights() -> None:
    ours, first_come = replay("weights", "ours").fairness(), replay("weights", "first come").fairness()
    assert ours is not None and first_come is not None
    assert ours[0] > 0.98 > 0.9 > first_come[0]
    assert ours[1] < 0.03


@pytest.mark.parametrize("scenario", ["deadlines", "due-together", "overload"])
@pytest.mark.parametrize("seed", [1, 2])
def test_no_more_deadlines_are_missed_than_by_the_earliest_deadline_first(scenario: str, seed: int) -> None:
    ours, earliest = (replay(scenario, policy, seed=seed) for policy in ("ours", "earliest deadline"))
    assert ours.misses <= earliest.misses + 1


def test_a_single_worker_gets_round_to_another_model_and_does_not_load_all_the_time() -> None:
    ours, today = (replay("other-model", policy) for policy in ("ours", "held, then deadline"))
    assert ours.waits(large=False)[1] < 3600 < today.waits(large=False)[1]
    assert ours.loading_seconds < 0.1 * ours.ended


def test_prefixes_are_met_again_more_often() -> None:
    ours, first_come = replay("prefixes", "ours"), replay("prefixes", "first come")
    assert ours.prefix_hits > 1.5 * first_come.prefix_hits


def test_what_is_offered_is_what_the_job_has_left() -> None:
    job = Job(UUID(int=1), "key", 1.0, "a", 0.0, 1000.0, 250, 10, 10.0)
    job.cut(workers=1)
    assert job.take() == 100
    left = offer(job, now=400.0)
    assert (left.waiting_work, left.waiting_chunks, left.seconds_left) == (1500, 2, 600.0)
    assert choose([left], Ours(SCENARIOS["flood"](20, 1, 1)).asker(Worker(0), 400.0), {}) == left
