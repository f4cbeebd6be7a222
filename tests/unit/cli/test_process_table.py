from cli.process_table import WORKER_STOP_SECONDS
from tasks.engine import STOP_SECONDS


def test_the_supervisor_waits_longer_than_a_worker_waits_for_its_engine() -> None:
    for_what_goes_before = 3
    assert STOP_SECONDS + for_what_goes_before < WORKER_STOP_SECONDS
