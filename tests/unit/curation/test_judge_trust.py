"""How far a judge can be believed."""

import pytest

from curation.agreement import FEWEST
from curation.judge_trust import BesidePeople, Orders


def test_the_share_of_items_where_the_order_decides_leaves_out_those_nobody_was_asked_about() -> None:
    orders = Orders({"AB": 4, "BA": 1, "TT": 1, "AA": 3, "BB": 1, "AT": 2, None: 8})
    assert (orders.judged, orders.same, orders.disagree) == (12, 8, 6)
    assert (orders.bias, orders.decides) == (0.5, False)
    assert (orders.first_place, orders.second_place) == (3, 1)
    assert Orders({"AA": 3, "AB": 1}).decides
    assert Orders({}).bias is None
    assert Orders({None: 3}).bias is None


def test_a_judge_stands_beside_people_with_percent_and_kappa() -> None:
    beside = BesidePeople({(1, 1): 20, (-1, -1): 15, (1, -1): 5, (-1, 1): 10})
    # The example of the article on Cohen's kappa.
    assert (beside.items, beside.same_share, beside.kappa) == (50, pytest.approx(0.7), pytest.approx(0.4))
    assert beside.matrix == [[20, 0, 5], [0, 0, 0], [10, 0, 15]]
    assert "too little" in beside.says


@pytest.mark.parametrize(
    ("pairs", "says"),
    [
        ({}, "Too few to say: people have chosen for 0"),
        ({(1, 1): FEWEST - 1}, "Too few to say"),
        ({(1, 1): FEWEST}, "can't be told from habit"),
        ({(1, 1): FEWEST, (-1, -1): FEWEST}, "decides as people do"),
        ({(1, 1): 45, (-1, -1): 45, (1, -1): 15}, "tentative conclusions"),
        ({(1, -1): FEWEST, (-1, 1): FEWEST}, "no more than chance"),
    ],
)
def test_words_say_no_more_than_the_figures_do(pairs: dict[tuple[int, int], int], says: str) -> None:
    assert says in BesidePeople(pairs).says
