"""Models compared and answers scored over the API, as agents do it."""

import httpx
import pytest

from schemas import ids
from schemas.database import session_scope
from tests.integration.curation.answers import dataset_of, run_scorings


@pytest.fixture
def dataset(curator: httpx.Client) -> str:
    with session_scope() as session:
        said = {model: [f"{model} says {n}" for n in range(12)] for model in ("large", "small")}
        return f"/datasets/{ids.show(ids.DATASET, dataset_of(session, **said).id)}"


def test_an_agent_chooses_blind_and_reads_who_won(curator: httpx.Client, dataset: str) -> None:
    wanted = {"model": ["large", "small"]}
    while (choice := curator.get(f"{dataset}/comparisons/next", params=wanted).json())["item"] is not None:
        assert set(choice["answers"][0]) == {"example_id", "output"}
        shown = [answer["example_id"] for answer in choice["answers"]]
        (best,) = [answer["example_id"] for answer in choice["answers"] if "small" in answer["output"]]
        made = curator.post(f"{dataset}/comparisons", json={"shown": shown, "winner": best}).json()
        assert (made["winner"], made["models"]) == ("small", ["large", "small"])
    rates = curator.get(f"{dataset}/comparisons").json()
    assert rates["answers"] == {"large": 12, "small": 12}
    small = rates["data"][1]
    assert (small["model"], small["wins"], small["rate"], small["says"]) == ("small", 12, 1.0, "better")
    assert small["interval"] == [pytest.approx(0.757, abs=0.001), 1.0]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"shown": ["ex_1", "ex_2"], "winner": None}, 404),
        ({"shown": ["ex_1"], "winner": None}, 400),
        ({"shown": "ex_1", "winner": None}, 400),
        ({"winner": None}, 400),
        ({}, 400),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused(
    curator: httpx.Client, dataset: str, body: dict[str, object], status: int
) -> None:
    assert curator.post(f"{dataset}/comparisons", json=body).status_code == status


def test_a_scorer_goes_through_a_dataset(curator: httpx.Client, dataset: str) -> None:
    names = [one["name"] for one in curator.get("/scorers").json()["data"]]
    assert {"format", "length", "agreement"} <= set(names)
    begun = curator.post(f"{dataset}/scorings", json={"scorer": "length"}).json()
    assert (begun["status"], begun["seen"]) == ("running", 0)
    run_scorings()
    shown = curator.get(f"{dataset}/scorings").json()
    assert [(one["status"], one["seen"], one["scored"]) for one in shown["data"]] == [("done", 24, 24)]
    (beside,) = curator.get(f"{dataset}/scorings/people").json()["data"]
    assert (beside["scorer"], beside["says"]) == ("length", "too few answers that people have judged")
    columns = curator.get(dataset).json()["columns"]
    assert columns == [{"path": "score:length", "kind": "number", "title": ""}]
    found = curator.get(f"{dataset}/examples", params={"from.score:length": "1", "limit": 1}).json()
    example = found["data"][0]["id"]
    scores = curator.get(f"/examples/{example}/scores").json()["data"]
    assert [(one["scorer"], one["value"], one["version"]) for one in scores] == [("length", 1.0, 1)]
    assert len(curator.get(f"/examples/{example}/similar", params={"limit": 3}).json()["data"]) == 3
    summary = curator.get(f"{dataset}/facets").json()
    assert summary["examples"] == 24
    assert {
        "name": "score:length",
        "title": "",
        "bars": [{"label": "0.9 to 1", "count": 24, "filter": {"from.score:length": "0.9"}}],
    } in summary["data"]
    assert curator.delete(f"{dataset}/scorings/length").json()["deleted"] is True
    removing = curator.get(f"{dataset}/scorings").json()["data"][0]
    assert (removing["status"], removing["removes"]) == ("running", True)
    run_scorings()
    assert curator.delete(f"{dataset}/scorings/length").status_code == 400
    assert curator.post(f"{dataset}/scorings", json={"scorer": "taste"}).status_code == 400
