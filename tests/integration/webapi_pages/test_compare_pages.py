"""Models side by side, chosen between blind; and scores, on the pages."""

import re

import pytest

from schemas import ids
from schemas.database import session_scope
from schemas.states import Role
from tests.integration.curation.answers import dataset_of, run_scorings
from tests.integration.webapi_pages.conftest import SignIn, Visitor

ATTACK = "<script>alert(1)</script>"


def address_of(**answers: list[str]) -> str:
    with session_scope() as session:
        return f"/datasets/{ids.show(ids.DATASET, dataset_of(session, **answers).id)}"


def test_models_stand_side_by_side(curator: Visitor) -> None:
    table = address_of(
        large=["A strong hire.", "Same."], small=["A weak hire.", "Same."], tuned=[f"A {ATTACK} hire.", "Same."]
    )
    page = curator.see(f"{table}/compare?model=large&model=small&model=tuned")
    # What differs is marked in the browser.
    assert ">A strong hire.</div>" in page and "data-beside>A weak hire.</div>" in page
    assert page.count("all say the same") == 1
    assert "script" in page and ATTACK not in page


def test_the_first_two_models_are_compared_unless_somebody_says_otherwise(curator: Visitor) -> None:
    table = address_of(large=["one"], small=["two"], tuned=["three"])
    page = curator.see(f"{table}/compare")
    assert page.count("checked") == 2
    assert ">one</div>" in page and ">two</div>" in page and ">three</div>" not in page


def test_with_one_model_the_page_says_what_is_missing(curator: Visitor) -> None:
    assert "One model has answered here" in curator.see(f"{address_of(large=['one'])}/compare")


def test_somebody_chooses_blind_until_nothing_is_left(curator: Visitor) -> None:
    table = address_of(large=["LARGE SAID"] * 2, small=["SMALL SAID"] * 2)
    choose = f"{table}/choose?model=large&model=small"
    for _ in range(2):
        page = curator.see(choose)
        main = page.partition("<main")[2]
        assert "large" not in main.replace("model=large", "") and "small" not in main.replace(
            "model=small", ""
        ).replace('class="small', "")
        shown = re.findall(r'name="shown" value="(ex_\w+)"', page)
        said = re.findall(r"(LARGE|SMALL) SAID", page)
        answer = curator.send(choose, shown=shown, winner=shown[said.index("LARGE")])
        assert answer.status_code == 200
    assert "You have chosen everywhere" in curator.see(choose)
    page = curator.see(f"{table}/compare")
    assert re.search(r'data-name="Wins">2</td>.*data-name="Losses">0</td>', page, re.DOTALL)
    curator.send(f"{table}/choose/undo?model=large&model=small")
    assert "Which answer is best?" in curator.see(choose)
    assert re.search(r'data-name="Wins">1</td>', curator.see(f"{table}/compare"))


@pytest.mark.parametrize("query", ["", "?model=large", "?model=large&model=large", "?model=a%00&model=b"])
def test_nonsense_is_refused(curator: Visitor, query: str) -> None:
    table = address_of(large=["one"], small=["two"])
    assert curator.http.get(f"{table}/choose{query}").status_code == 400


@pytest.mark.parametrize("after", ["x", "-1", "2147483648"])
def test_what_is_no_place_in_the_list_is_its_beginning(curator: Visitor, after: str) -> None:
    page = curator.see(f"{address_of(large=['one'], small=['two'])}/compare?after={after}")
    assert ">one</div>" in page and ">two</div>" in page


def test_another_tenant_sees_no_comparison(sign_in: SignIn) -> None:
    table = address_of(large=["one"], small=["two"])
    stranger = sign_in("other", Role.CURATOR)
    for page in ("compare", "choose?model=large&model=small", "scores", "scores/people", "facets", "count"):
        assert stranger.http.get(f"{table}/{page}").status_code == 404


def test_a_viewer_may_look_but_not_choose(sign_in: SignIn) -> None:
    table = address_of(large=["one"], small=["two"])
    viewer = sign_in("acme", Role.VIEWER)
    assert "Choose the best" not in viewer.see(f"{table}/compare")
    assert viewer.send(f"{table}/choose?model=large&model=small", shown="x", winner="none").status_code == 403
    assert viewer.send(f"{table}/scores", scorer="length").status_code == 403


def test_answers_are_scored_and_the_best_of_them_shown(curator: Visitor) -> None:
    table = address_of(large=["", "one", "one two", "one two three", "one two three four"])
    assert curator.send(f"{table}/scores", scorer="length").status_code == 200
    run_scorings()
    page = curator.see(f"{table}/scores")
    assert "done" in page
    assert f'data-later="{table}/scores/people"' in page
    # What is fetched again and again while scores come in leaves this to another page.
    assert "answers that people have judged" not in page
    assert "Too few answers that people have judged." in curator.see(f"{table}/scores/people")
    answer = curator.http.get(f"{table}/best?column=score:length&percent=40")
    assert answer.status_code == 200
    assert answer.text.count('class="example-head"') == 2
    curator.send(f"{table}/scores/remove", scorer="length")
    assert "being removed" in curator.see(f"{table}/scores")
    run_scorings()
    assert "not run yet" in curator.see(f"{table}/scores")
    assert "No scorer has said anything yet." in curator.see(f"{table}/scores/people")


def test_a_view_is_summed_up_and_its_bars_are_filters(curator: Visitor) -> None:
    table = address_of(large=['{"verdict": "hire"}', '{"verdict": "hire"}', '{"verdict": "decline"}'])
    page = curator.see(f"{table}/facets")
    bar = re.search(r'href="([^"]*field\.verdict=hire[^"]*)"', page)
    assert bar
    assert curator.see(bar[1].replace("&amp;", "&")).count('class="example-head"') == 2
    page = curator.see(f"{table}/facets?field.verdict=hire")
    assert 'aria-current="true"' in page
    assert re.search(rf'href="{table}" title="Take this filter away"', page)
    assert "2 examples" in curator.see(f"{table}/count?field.verdict=hire")
