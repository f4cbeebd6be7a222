"""Which requests reach the engine, and in which order."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from inference import finaliser
from tests.integration.inference.batch_fixtures import as_jsonl, batch, chat_line, lines_of, progress, submit, worker

pytestmark = pytest.mark.usefixtures("database_url")


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def asked(journal: Path) -> list[str]:
    return [json.loads(line)["messages"][0]["content"] for line in journal.read_text().splitlines()]


def body_of(line: dict[str, Any]) -> Any:
    return line["response"]["body"]


def test_prompts_that_begin_alike_reach_the_engine_together_and_answers_stand_in_the_order_of_the_file(
    journal: Path,
) -> None:
    examples = [f"Example {number}: a fit, because. " * 20 for number in range(30)]
    batch_id = submit(as_jsonl([chat_line(f"c-{n}", f"{examples[n % 30]} Is {n} a fit?") for n in range(240)]))
    with worker(journal=str(journal)) as gpu:
        gpu.work()
    finaliser.finalise(batch_id)
    families = [prompt.split(":")[0] for prompt in asked(journal)]
    assert len(families) == 240
    assert sum(one != other for one, other in pairwise(families)) == 29
    assert [line["custom_id"] for line in lines_of(batch(batch_id).output_file_id)] == [f"c-{n}" for n in range(240)]


def test_requests_that_are_the_same_run_once_and_each_has_its_line(journal: Path) -> None:
    batch_id = submit(as_jsonl([chat_line(f"c-{n}", f"Is {n % 50} a fit?", temperature=0) for n in range(200)]))
    with worker(journal=str(journal)) as gpu:
        gpu.work()
    finaliser.finalise(batch_id)
    assert sorted(asked(journal)) == sorted(f"Is {n} a fit?" for n in range(50))

    ended = batch(batch_id)
    answers = lines_of(ended.output_file_id)
    assert (ended.total, ended.completed, ended.failed) == (200, 200, 0)
    assert [line["custom_id"] for line in answers] == [f"c-{n}" for n in range(200)]
    assert len({line["id"] for line in answers}) == 200  # type: ignore[dict-item]
    assert all(body_of(answers[n]) == body_of(answers[n % 50]) for n in range(200))
    assert len({json.dumps(body_of(line)) for line in answers}) == 50


def test_usage_is_that_of_all_lines_and_says_what_was_computed_only_once() -> None:
    batch_id = submit(as_jsonl([chat_line(f"c-{n}", "Is Ada a fit?", seed=7) for n in range(20)]))
    with worker() as gpu:
        gpu.work()
    finaliser.finalise(batch_id)
    used = [body_of(line)["usage"] for line in lines_of(batch(batch_id).output_file_id)]
    counted = progress(batch_id)
    assert counted.input_tokens == sum(usage["prompt_tokens"] for usage in used) > 0
    assert counted.output_tokens == sum(usage["completion_tokens"] for usage in used) > 0
    assert counted.shared_requests == 19
    assert counted.shared_input_tokens == counted.input_tokens * 19 // 20
    assert counted.shared_output_tokens == counted.output_tokens * 19 // 20


def test_requests_that_differ_at_all_or_leave_something_to_chance_run_each_for_itself(journal: Path) -> None:
    chance = [chat_line(f"chance-{n}") for n in range(3)]
    warm = [chat_line(f"warm-{n}", temperature=0.7) for n in range(3)]
    others = [chat_line(f"max-{n}", temperature=0, max_tokens=10 + n) for n in range(3)]
    submit(as_jsonl(chance + warm + others))
    with worker(journal=str(journal)) as gpu:
        gpu.work()
    assert len(asked(journal)) == 9


def test_what_the_engine_refuses_is_refused_for_all_that_ask_the_same(journal: Path) -> None:
    batch_id = submit(as_jsonl([chat_line(f"c-{n}", "word " * 400, temperature=0) for n in range(5)]))
    with worker(max_tokens="100", journal=str(journal)) as gpu:
        gpu.work()
    finaliser.finalise(batch_id)
    assert len(asked(journal)) == 1
    errors = lines_of(batch(batch_id).error_file_id)
    assert [line["custom_id"] for line in errors] == [f"c-{n}" for n in range(5)]
    assert {line["response"]["status_code"] for line in errors} == {400}  # type: ignore[index]
