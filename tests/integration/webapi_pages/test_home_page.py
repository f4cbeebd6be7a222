"""The first page: what waits for whom, how far answers have come, and where a newcomer begins."""

import re

from sqlalchemy import select

from inference import finaliser
from inference.models import registry
from schemas import ids
from schemas.database import session_scope
from schemas.states import Role
from schemas.tables import Export
from tests.integration.inference.batch_fixtures import MODEL, MODELS, as_jsonl, chat_line
from tests.integration.webapi_pages.conftest import SignIn, Visitor
from tests.integration.webapi_pages.test_batch_pages import page_of, run, start, take_in
from tests.integration.webapi_pages.test_dataset_pages import example_of, reviewed
from tests.integration.webapi_pages.test_export_pages import write_exports
from tests.integration.webapi_pages.test_queue_pages import make_queue, save
from tests.integration.webapi_pages.test_run_pages import send_file, uploaded


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


def test_the_funnel_counts_what_the_largest_export_of_each_dataset_holds(curator: Visitor) -> None:
    table = reviewed(curator, [f"text {n}" for n in range(6)])
    curator.send(f"{example_of(1)}/change", action="approve")
    assert chart_of(curator.see("/"))["Exported"] == "0"
    for query in ("", "?status=approved"):
        curator.send(f"{table}/export{query}", format="chat")
    page = curator.see("/")
    assert "A file is written of" in page
    assert chart_of(page)["Exported"] == "0"
    write_exports()
    page = curator.see("/")
    assert "A file is written of" not in page
    assert chart_of(page)["Exported"] == "6"
    with session_scope() as session:
        largest = session.scalars(select(Export.id).where(Export.examples == 6)).one()
    curator.send(f"/exports/{ids.show(ids.EXPORT, largest)}/delete")
    assert chart_of(curator.see("/"))["Exported"] == "1"


def test_queues_wait_for_those_who_may_review_them(curator: Visitor, sign_in: SignIn) -> None:
    table = reviewed(curator, ["one", "two"])
    assert "Waiting for you" not in curator.see("/")
    queue = make_queue(curator, table)
    other = sign_in("other", Role.CURATOR, tenant="acme")
    for_other = make_queue(curator, table, people="other", name="Summer")
    page = curator.see("/")
    assert re.search(rf'href="{queue}/review">Spring</a><span class="small quiet">2 left<', page)
    assert for_other not in page
    assert f'href="{for_other}/review"' in other.see("/")
    assert "Waiting for you" not in sign_in("viewer", Role.VIEWER, tenant="acme").see("/")
    for place in (1, 2):
        save(curator, f"{queue}/items/{place}", {"status": "approved"}, submits="1")
    assert "Waiting for you" not in curator.see("/")


def test_what_is_done_to_datasets_just_now_is_told(curator: Visitor, sign_in: SignIn) -> None:
    with session_scope() as session:
        registry.announce(session, MODELS, "stub")
    table = uploaded(curator, as_jsonl([{"prompt": "One?"}]), "Questions")
    assert "Under way" not in curator.see("/")
    curator.send(f"{table}/runs", model=MODEL)
    send_file(curator, as_jsonl([{"prompt": "Two?"}]), "Others")
    page = curator.see("/")
    assert re.search(rf'Models answer <a href="{table}/runs">Questions</a></span><span class="small quiet">0%<', page)
    assert re.search(r"Answers are taken into <a [^>]*>Others<", page)
    assert "Under way" not in sign_in("stranger", Role.CURATOR).see("/")
