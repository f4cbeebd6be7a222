"""A model that judges others, on the pages."""

import re
from uuid import UUID

import pytest

from schemas import ids
from schemas.database import session_scope
from schemas.errors import JudgingNotFound
from schemas.states import Role
from tests.integration.curation.judging import Mind, answered, judge_to_its_end, prefers, verdict
from tests.integration.inference.batch_fixtures import MODEL
from tests.integration.webapi_pages.conftest import SignIn, Visitor

ATTACK = "<script>alert(1)</script>"
WANTED: dict[str, str | list[str]] = {"model": ["large", "small"], "judge": MODEL}


@pytest.fixture
def curator(sign_in: SignIn) -> Visitor:
    return sign_in("acme", Role.CURATOR)


def address_of(**answers: list[str]) -> str:
    with session_scope() as session:
        return f"/datasets/{ids.show(ids.DATASET, answered(session, **answers).id)}"


def two_models(items: int = 3) -> str:
    return address_of(large=[f"LARGE {n}" for n in range(items)], small=[f"SMALL {n}" for n in range(items)])


def judged(visitor: Visitor, table: str, mind: Mind, **more: str) -> str:
    """The address of a judging that has ended."""
    answer = visitor.send(f"{table}/judgings", **WANTED | more)
    assert answer.status_code == 200, answer.text
    path = answer.url.path
    judge_to_its_end(judging_id(path), mind)
    return path


def judging_id(path: str) -> UUID:
    return ids.parse(ids.JUDGING, path.rpartition("/")[2], JudgingNotFound)


def test_a_judging_is_begun_where_models_are_compared_and_its_page_says_who_is_better(curator: Visitor) -> None:
    table = two_models()
    assert "New judging" in curator.see(f"{table}/compare")
    begun = curator.send(f"{table}/judgings", **WANTED, criteria="Shorter is better.")
    page = begun.text
    assert "No verdict yet" in page and 'data-live="on"' in page and ">Cancel<" in page
    path = begun.url.path
    judge_to_its_end(judging_id(path), prefers("SMALL"))
    page = curator.see(path)
    assert 'data-live="on"' not in page and ">Cancel<" not in page
    assert re.search(r'small</td>\s*<td class="number" data-name="Wins">3</td>', page)
    assert page.count("small is better") == 3
    assert page.count("It says SMALL.") == 6
    assert "Shorter is better." in page and "by acme" in page
    assert "Too few to say: people have chosen for 0" in page
    batch = re.search(r'href="(/batches/[^"]*)"', page)
    assert batch and "judges large and small" in curator.see(batch[1])
    overview = curator.see(f"{table}/compare")
    assert path in overview and "Nobody has chosen between these models yet." in overview


def test_a_button_that_is_pressed_twice_begins_one_judging(curator: Visitor) -> None:
    table = two_models()
    form = re.search(r'name="once" value="([^"]+)"', curator.see(f"{table}/compare"))
    assert form
    paths = {curator.send(f"{table}/judgings", **WANTED, once=form[1]).url.path for _ in range(2)}
    assert len(paths) == 1
    assert curator.see(f"{table}/compare").count('aria-label="Judging by') == 1


def test_verdicts_that_depend_on_the_order_are_shown_with_both_reasons(curator: Visitor) -> None:
    table = two_models()

    def mind(a: str, b: str) -> str:
        return verdict("A", f"I like what begins with {a[:5]}.") if "1" in a else prefers("LARGE")(a, b)

    path = judged(curator, table, mind)
    page = curator.see(f"{path}?which=orders")
    assert "33%" in page and "1 prompt, a tie" in page
    assert "the order decides</span>" in page and "is better</span>" not in page
    assert "goes by the order" not in page
    assert "I like what begins with LARGE." in page and "I like what begins with SMALL." in page
    assert page.count('class="example-head"') == 1
    assert curator.see(path).count('class="example-head"') == 3
    assert curator.http.get(f"{path}?which=some").status_code == 400


def test_a_judge_that_goes_by_the_order_is_said_to(curator: Visitor) -> None:
    path = judged(curator, two_models(), lambda a, b: verdict("A", "It came first."))
    assert "goes by the order more often than by the answers" in curator.see(path)


def test_people_stand_beside_the_judge(curator: Visitor) -> None:
    table = two_models(2)
    path = judged(curator, table, prefers("LARGE"))
    choose = f"{table}/choose?model=large&model=small"
    page = curator.see(choose)
    shown = re.findall(r'name="shown" value="(ex_\w+)"', page)
    said = re.findall(r"(LARGE|SMALL) 0", page)
    curator.send(choose, shown=shown, winner=shown[said.index("SMALL")])
    page = curator.see(f"{path}?which=people")
    assert "people have chosen for 1 of the 30" in page
    assert page.count('class="example-head"') == 1
    assert re.search(r'data-name="People(&#39;|\')s rate">0%', page)


def test_a_judge_that_answers_in_no_form_is_told_of(curator: Visitor) -> None:
    path = judged(curator, two_models(), lambda a, b: "I would rather not say.")
    page = curator.see(path)
    assert "not in the form that it was asked for" in page
    assert re.search(r"<dt>Unreadable</dt><dd>6</dd>", page)


def test_many_verdicts_have_pages(curator: Visitor) -> None:
    path = judged(curator, two_models(12), prefers("LARGE"))
    page = curator.see(path)
    following = re.search(rf'href="({path}[^"]*after=10[^"]*)"', page)
    assert following
    assert curator.see(following[1].replace("&amp;", "&")).count('class="example-head"') == 2


def test_hostile_text_is_shown_as_text(curator: Visitor) -> None:
    table = address_of(large=[f"{ATTACK} yes \u202e"], small=[f"{ATTACK} no"])
    path = judged(curator, table, lambda a, b: verdict("A", f"{ATTACK} \u202e"), criteria=ATTACK)
    for page in (curator.see(path), curator.see(f"{table}/compare")):
        assert ATTACK not in page and "\u202e" not in page
    assert "&lt;script&gt;" in curator.see(path)


def test_a_judging_is_cancelled(curator: Visitor) -> None:
    path = curator.send(f"{two_models()}/judgings", **WANTED).url.path
    assert "cancelling" in curator.send(f"{path}/cancel").text


def test_a_judging_is_deleted_once_it_has_ended(curator: Visitor, sign_in: SignIn) -> None:
    table = two_models()
    path = curator.send(f"{table}/judgings", **WANTED).url.path
    assert "Delete for good" not in curator.see(path)
    assert curator.send(f"{path}/delete").status_code == 409
    judge_to_its_end(judging_id(path), prefers("LARGE"))
    assert "Delete for good" in curator.see(path)
    viewer = sign_in("viewer", Role.VIEWER, tenant="acme")
    assert "Delete for good" not in viewer.see(path)
    assert viewer.send(f"{path}/delete").status_code == 403
    answer = curator.send(f"{path}/delete")
    assert answer.url.path == f"{table}/compare"
    assert path not in answer.text


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({"model": ["large", "large"]}, 400),
        ({"model": "large"}, 400),
        ({"judge": "no-such-model"}, 404),
        ({"judge": "nul\0"}, 400),
        ({"criteria": "x" * 2001}, 400),
        ({"completion_window": "soon"}, 400),
    ],
)
def test_nonsense_is_refused(curator: Visitor, wanted: dict[str, str | list[str]], status: int) -> None:
    assert curator.send(f"{two_models()}/judgings", **WANTED | wanted).status_code == status


def test_a_viewer_may_look_but_begin_nothing_and_another_tenant_finds_nothing(
    curator: Visitor, sign_in: SignIn
) -> None:
    table = two_models()
    viewer, stranger = sign_in("viewer", Role.VIEWER, tenant="acme"), sign_in("other", Role.CURATOR)
    assert "Nothing judged yet" in viewer.see(f"{table}/compare")
    path = curator.send(f"{table}/judgings", **WANTED).url.path
    assert "Cancel" not in viewer.see(path).partition("<main")[2]
    for visitor, status in ((viewer, 403), (stranger, 404)):
        assert visitor.send(f"{table}/judgings", **WANTED).status_code == status
        assert visitor.send(f"{path}/cancel").status_code == status
    assert stranger.http.get(path).status_code == 404
