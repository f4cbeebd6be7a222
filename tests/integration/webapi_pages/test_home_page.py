"""The first page: what waits for whom, how far answers have come, and where a newcomer begins."""

import re

import pytest

from inference import finaliser
from schemas.states import Role
from tests.integration.inference.batch_fixtures import as_jsonl, chat_line
from tests.integration.webapi_pages.conftest import SignIn, Visitor
from tests.integration.webapi_pages.test_batch_pages import page_of, run, start, take_in
from tests.integration.webapi_pages.test_dataset_pages import example_of, reviewed


@pytest.fixture
def curator(sign_in: SignIn) -> Visitor:
    return sign_in("acme", Role.CURATOR)


def chart_of(page: str) -> dict[str, str]:
    """The bars of the page's charts."""
    pairs = re.findall(r'bar-name">([^<]*)</span>.*?"number">([^<]*)<', page, re.DOTALL)
    return dict(pairs)


def test_a_newcomer_is_led_from_one_step_to_the_next(curator: Visitor) -> None:
    page = curator.see("/")
    assert "Submit a batch" in page
    assert "No batches yet" in page
    batch_id = start(curator, as_jsonl([chat_line("a")]))
    assert "Once a batch has ended" in curator.see("/")
    run(batch_id)
    page = curator.see("/")
    assert "No answers to review yet" in page
    assert f'href="{page_of(batch_id)}">Open the batch' in page


def test_the_funnel_says_how_far_answers_have_come(curator: Visitor) -> None:
    table = reviewed(curator, [f"text {n}" for n in range(6)])
    curator.send(f"{example_of(1)}/change", action="approve", score="0.3")
    curator.send(f"{example_of(2)}/change", action="star")
    curator.send(f"{example_of(3)}/change", action="reject")
    page = curator.see("/")
    wanted = {"Taken in": "6", "Scored": "1", "Reviewed": "2", "Approved": "1", "Gold": "1"}
    assert wanted.items() <= chart_of(page).items()
    assert f'href="{table}?status=needs_review"' in page
    assert "4 of 6" in page


def test_a_bar_of_the_scores_leads_to_what_it_counts(curator: Visitor) -> None:
    reviewed(curator, [f"text {n}" for n in range(5)])
    for item, score in ((1, "0.3"), (2, "0.39"), (3, "0.4"), (4, "1")):
        curator.send(f"{example_of(item)}/change", score=score)
    page = curator.see("/")
    links = {label: address for address, label in re.findall(r'href="([^"]*)">\s*<span class="bar-name">([^<]*)', page)}
    assert set(links) == {"0.3 to 0.4", "0.4 to 0.5", "0.9 to 1"}
    for label, address in links.items():
        shown = curator.see(address.replace("&amp;", "&"))
        assert shown.count('class="example-head"') == int(chart_of(page)[label])


def test_scores_are_shown_of_the_dataset_that_is_chosen(curator: Visitor, sign_in: SignIn) -> None:
    table = reviewed(curator, ["text"])
    assert "No scores yet" in curator.see("/")
    curator.send(f"{table}/change", score="0.5")
    dataset_id = table.rpartition("/")[2]
    assert f'value="{dataset_id}" selected' in curator.see(f"/?scores_of={dataset_id}")
    assert curator.http.get("/?scores_of=ds_nonsense").status_code == 404
    assert sign_in("other", Role.CURATOR).http.get(f"/?scores_of={dataset_id}").status_code == 404


def test_a_batch_that_runs_stays_on_the_page_however_many_came_after_it(curator: Visitor) -> None:
    first = start(curator, as_jsonl([chat_line("a")]), description="The one that runs")
    take_in(first)
    for number in range(9):
        batch_id = start(curator, as_jsonl([chat_line("a")]), description=f"number {number}.")
        curator.send(f"{page_of(batch_id)}/cancel")
        finaliser.finalise(batch_id)
    page = curator.see("/")
    assert page.count('<td class="progress-cell">') == 8
    assert "The one that runs" in page


def test_another_tenant_sees_nothing_of_it(curator: Visitor, sign_in: SignIn) -> None:
    reviewed(curator, ["text"])
    page = sign_in("other", Role.CURATOR).see("/")
    assert chart_of(page) == {}
    assert "Spring candidates" not in page
