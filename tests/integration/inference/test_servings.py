"""What an answer comes from."""

import pytest

from inference import finaliser, serving
from inference.engines.base import Loaded
from schemas import ids
from schemas.database import session_scope
from schemas.version import VERSION
from tests.integration.inference.batch_fixtures import (
    MODEL,
    OTHER_MODEL,
    as_jsonl,
    batch,
    chat_line,
    lines_of,
    submit,
    worker,
)


@pytest.mark.usefixtures("database_url")
def test_each_line_says_which_model_and_engine_it_comes_from() -> None:
    models = [MODEL, OTHER_MODEL]
    batch_id = submit(as_jsonl([chat_line(f"c-{n}", model=models[n % 2]) for n in range(10)]))
    with worker() as gpu:
        gpu.work()
    finaliser.finalise(batch_id)
    ended = batch(batch_id)
    with session_scope() as session:
        used = serving.of_batch(session, ended)
        assert sorted(one.model for one in used) == sorted(models)
        model_of = {ids.show(ids.SERVING, one.id): one.model for one in used}
        assert {(one.details["engine"], one.details["engine_version"]) for one in used} == {("stub", VERSION)}
        assert all(serving.get(session, public_id).model == model for public_id, model in model_of.items())
    lines = lines_of(ended.output_file_id)
    assert [model_of[str(line["served_by"])] for line in lines] == models * 5


def test_the_same_has_the_same_id_everywhere_and_any_difference_another() -> None:
    def served(**details: object) -> serving.Served:
        return serving.identify("m", "folder", "vllm", Loaded("cpu", 100, 8, details))

    assert served(a=1, b=2).id == served(b=2, a=1).id
    assert len({served().id, served(a=1).id, served(a=2).id, served(a=None).id}) == 4
    assert serving.identify("n", "folder", "vllm", Loaded("cpu", 100, 8)).id != served().id
