from dataclasses import replace

from inference.health import LOW_SPACE_BYTES, Inside, Space, WorkerSeen, judge
from schemas.states import WorkerState

LEASE_SECONDS = 20.0
ROOM = Space(free_bytes=100 * LOW_SPACE_BYTES)
WORKER = WorkerSeen("gpu0", "stub", "", "m", WorkerState.READY, "", in_flight=0, seen_seconds_ago=1.0)


def verdict(*workers: WorkerSeen, redis_works: bool = True, space: Space | None = ROOM) -> tuple[str, list[str]]:
    health = judge(Inside(workers), redis_works, space, LEASE_SECONDS)
    return health.status, list(health.problems)


def test_all_is_well_when_a_worker_serves() -> None:
    assert verdict(WORKER) == ("ok", [])


def test_without_the_database_or_the_store_the_system_is_down() -> None:
    assert judge(None, True, ROOM, LEASE_SECONDS).status == "down"
    assert verdict(WORKER, space=None) == ("down", ["The file store cannot be written."])


def test_a_read_only_database_is_down_though_it_answers() -> None:
    health = judge(Inside((WORKER,), takes_writes=False), True, ROOM, LEASE_SECONDS)
    assert (health.status, health.problems) == ("down", ["The database takes no writes: it is read-only."])


def test_without_redis_work_goes_on_later_than_usual() -> None:
    assert verdict(WORKER, redis_works=False)[0] == "degraded"


def test_a_worker_whose_server_refuses_everything_says_so() -> None:
    waiting = replace(WORKER, detail="m is refused with status 429, next try in 15 s")
    problem = "Worker gpu0: m is refused with status 429, next try in 15 s."
    assert verdict(waiting) == ("degraded", [problem])


def test_a_nearly_full_disk_is_told() -> None:
    assert verdict(WORKER, space=Space(LOW_SPACE_BYTES - 1))[0] == "degraded"


def test_a_store_that_does_not_say_how_much_is_free_is_no_problem() -> None:
    assert verdict(WORKER, space=Space(None))[0] == "ok"


def test_without_a_serving_worker_batches_wait() -> None:
    assert verdict() == ("degraded", ["No worker serves; batches wait."])


def test_a_model_that_loads_is_told_apart_from_no_worker() -> None:
    assert verdict(replace(WORKER, state=WorkerState.LOADING)) == ("degraded", ["The model is still loading."])


def test_a_silent_worker_serves_nobody() -> None:
    status, problems = verdict(replace(WORKER, seen_seconds_ago=LEASE_SECONDS + 1))
    assert (status, problems) == ("degraded", ["Worker gpu0 is silent.", "No worker serves; batches wait."])


def test_a_broken_worker_beside_a_good_one_is_told() -> None:
    broken = replace(WORKER, name="gpu1", state=WorkerState.BROKEN)
    assert verdict(WORKER, broken) == ("degraded", ["Worker gpu1 is broken."])


def test_why_a_worker_is_broken_is_told_on_one_line_without_passwords() -> None:
    detail = "http://me:secret@host/v1 gives no models:\nNot Found. " + "And so on. " * 50
    _, (problem,) = verdict(WORKER, replace(WORKER, name="gpu1", state=WorkerState.BROKEN, detail=detail))
    assert problem.startswith("Worker gpu1 is broken: http://host/v1 gives no models: Not Found. And so on.")
    assert problem.endswith(" ...")
    assert len(problem) < 250
