import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.choosing import HALF_LIFE_SECONDS, LOADS_BILLED, LOADS_KEPT, Asker, Offer, Service, choose

DAY = 86_400.0
LOAD_SECONDS = 60.0
RATE = 1000.0
ASKER = Asker("a", DAY, RATE, workers=1, load_seconds={"a": LOAD_SECONDS, "b": LOAD_SECONDS, "c": LOAD_SECONDS})
# Tokens of a load.
LOAD = LOAD_SECONDS * RATE


def offer(number: int, **changes: object) -> Offer:
    usual = Offer(UUID(int=number), "a", "key", 1.0, 0, DAY, 100_000, 10)
    return replace(usual, **changes)


def first(*offers: Offer, asker: Asker = ASKER, service: dict[str, float] | None = None) -> int | None:
    """The number of the offer that is chosen."""
    chosen = choose(offers, asker, service or {})
    return None if chosen is None else chosen.batch_id.int


offers = st.lists(
    st.builds(
        offer,
        st.integers(0, 20),
        model=st.sampled_from("abc"),
        key=st.sampled_from("xyz"),
        priority=st.integers(-1, 1),
        seconds_left=st.sampled_from([200.0, 4000.0]) | st.floats(1, DAY),
        waiting_work=st.integers(0, 10**9),
        waiting_chunks=st.integers(1, 100),
        troubled=st.booleans(),
        beginning=st.sampled_from([b"", b"aaaabbbb", b"aaaacccc", b"dddd"]),
    ),
    max_size=12,
    unique_by=lambda each: (each.batch_id, each.model),
)
askers = st.builds(
    Asker,
    st.sampled_from(["a", "b", None]),
    st.floats(0, DAY),
    st.just(RATE),
    st.integers(1, 500),
    st.sampled_from([b"", b"aaaacccc"]),
    st.just(ASKER.load_seconds),
)
services = st.dictionaries(st.sampled_from("xyz"), st.floats(0, 10**9))


@given(offers, askers, services, st.randoms(use_true_random=False))
def test_the_order_is_the_same_however_the_offers_come(
    waiting: list[Offer], asker: Asker, service: dict[str, float], chance: random.Random
) -> None:
    shuffled = chance.sample(waiting, len(waiting))
    assert list(rank(waiting, asker, service)) == list(rank(shuffled, asker, service))


@given(offers, askers, services)
def test_everything_is_ranked_once_and_the_first_is_what_is_chosen(
    waiting: list[Offer], asker: Asker, service: dict[str, float]
) -> None:
    ranked = list(rank(waiting, asker, service))
    assert Counter(ranked) == Counter(waiting)
    assert (ranked or [None])[0] == choose(waiting, asker, service)


@given(offers, askers, services)
def test_nothing_comes_before_what_has_a_higher_priority(
    waiting: list[Offer], asker: Asker, service: dict[str, float]
) -> None:
    priorities = [each.priority for each in rank(waiting, asker, service)]
    assert priorities == sorted(priorities, reverse=True)


@given(offers, askers, services)
def test_what_gave_trouble_comes_after_healthy_work_of_its_priority_until_its_last_hour(
    waiting: list[Offer], asker: Asker, service: dict[str, float]
) -> None:
    chosen = choose(waiting, asker, service)
    if chosen is not None and chosen.troubled and chosen.seconds_left > 3600:
        assert all(each.troubled for each in waiting if each.priority == chosen.priority)


def test_nothing_waits_means_nothing_is_chosen() -> None:
    assert first() is None


def test_the_key_that_was_given_less_for_its_weight_is_next() -> None:
    waiting = offer(1, key="x", weight=1.0), offer(2, key="y", weight=4.0)
    assert first(*waiting, service={"x": 100.0, "y": 300.0}) == 2
    assert first(*waiting, service={"x": 100.0, "y": 500.0}) == 1


def test_a_short_batch_does_not_wait_for_a_long_one_of_its_key() -> None:
    assert first(offer(1, waiting_work=10_000_000), offer(2, waiting_work=10_000)) == 2


def test_of_about_the_same_work_the_oldest_is_next() -> None:
    assert first(offer(2, waiting_work=70_000), offer(1, waiting_work=100_000)) == 1


def test_prompts_that_begin_as_the_last_ones_did_come_first_among_about_the_same_work() -> None:
    asker = replace(ASKER, last_beginning=b"aaaabbbbcccc")
    alike = offer(3, beginning=b"aaaabbbbdddd")
    assert first(offer(1, beginning=b"eeee"), offer(2, beginning=b"aaaaffff"), alike, asker=asker) == 3
    assert first(offer(1, beginning=b"eeee", waiting_work=1000), alike, asker=asker) == 1


def test_a_model_stays_until_it_has_run_for_a_while() -> None:
    waiting = offer(1, key="x"), offer(2, key="y", model="b")
    service = {"x": 100 * LOAD}
    just_loaded = replace(ASKER, held_seconds=LOADS_KEPT * LOAD_SECONDS - 1)
    assert first(*waiting, asker=just_loaded, service=service) == 1
    assert first(*waiting, asker=replace(ASKER, held_seconds=LOADS_KEPT * LOAD_SECONDS), service=service) == 2
    assert first(waiting[1], asker=just_loaded, service=service) == 2


def test_a_change_of_models_is_only_for_who_is_owed_more_than_it_costs() -> None:
    waiting = offer(1, key="x"), offer(2, key="y", model="b")
    asker = replace(ASKER, held_seconds=LOADS_KEPT * LOAD_SECONDS)
    bill = (LOADS_BILLED - LOADS_KEPT) * LOAD
    assert first(*waiting, asker=asker, service={"x": bill - 1}) == 1
    assert first(*waiting, asker=asker, service={"x": bill + 1}) == 2


def test_no_bill_is_left_once_the_model_has_run_for_long() -> None:
    waiting = offer(1, key="x"), offer(2, key="y", model="b")
    assert first(*waiting, service={"x": 1.0}) == 2


def test_the_earliest_deadline_is_first_once_there_is_no_time_to_wait() -> None:
    urgent = offer(2, key="y", model="b", seconds_left=250, waiting_chunks=1)
    assert first(offer(1), urgent, service={"y": 10**9}) == 2
    assert first(offer(1), replace(urgent, seconds_left=1000), service={"y": 10**9}) == 1
    earlier = offer(3, key="y", seconds_left=200, waiting_chunks=1)
    assert first(offer(1), urgent, earlier, service={"y": 10**9}) == 3


def test_many_that_are_due_at_once_are_urgent_before_each_of_them_is() -> None:
    due = [offer(number, key="y", seconds_left=1200) for number in range(2, 11)]
    service = {"y": 10.0**9}
    assert first(offer(1), due[0], service=service) == 1
    assert first(offer(1), *due, service=service) == 2


def test_what_can_not_be_done_in_time_any_more_keeps_its_turn_and_has_no_more_than_that() -> None:
    lost = offer(1, key="x", seconds_left=50)
    saved = offer(3, key="z", seconds_left=200)
    assert first(lost, offer(2, key="y"), service={"x": 5.0}) == 2
    assert first(lost, offer(2, key="y"), service={"y": 5.0}) == 1
    assert first(lost, saved, service={"z": 5.0}) == 3


def test_more_workers_need_less_time_but_no_batch_occupies_more_than_it_has_chunks() -> None:
    many = replace(ASKER, workers=10)
    due = offer(2, key="y", seconds_left=260, waiting_chunks=1)
    assert first(offer(1), due, asker=many, service={"y": 1.0}) == 2
    assert first(offer(1), replace(due, waiting_chunks=10), asker=many, service={"y": 1.0}) == 1


@pytest.mark.parametrize(("models", "off_by"), [("a", 0.01), ("ab", 0.08)])
def test_keys_are_given_tokens_by_their_weights(models: str, off_by: float) -> None:
    """One worker, three keys that always have work. Where they share no model, it keeps one longer than is fair."""
    given, faded = Counter[str](), {"x": 0.0, "y": 0.0, "z": 0.0}
    held, loaded_at, now = "a", 0.0, 0.0
    waiting = [
        offer(number, key=key, weight=weight, model=models[number % len(models)], waiting_work=10**9)
        for number, (key, weight) in enumerate([("x", 1.0), ("y", 2.0), ("z", 4.0)])
    ]
    for _ in range(5000):
        chosen = choose(waiting, replace(ASKER, held=held, held_seconds=now - loaded_at), faded)
        assert chosen is not None
        if chosen.model != held:
            held, loaded_at = chosen.model, now
        given[chosen.key] += 1
        faded[chosen.key] += 20 * RATE
        now += 20
        faded = {key: tokens * 0.5 ** (20 / HALF_LIFE_SECONDS) for key, tokens in faded.items()}
    shares = [given[key] / given.total() for key in "xyz"]
    assert shares == pytest.approx([1 / 7, 2 / 7, 4 / 7], abs=off_by)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 50), st.floats(0.5, 4)), min_size=1, max_size=5),
    st.integers(20, 400),
)
def test_nothing_waits_for_ever_beside_a_stream_of_smaller_work_that_never_ends(
    kinds: list[tuple[str, int, float]], seconds: int
) -> None:
    """One worker. Whatever else arrives, a batch for another model is begun early enough to be done by its deadline."""
    window, work = 20_000.0, 1_000_000
    faded: dict[str, float] = {}
    held, loaded_at, now = "a", 0.0, 0.0
    while now < window:
        stream = [
            offer(number, key=f"key {number % 3}", model=model, weight=weight, waiting_work=chunks * 1000)
            for number, (model, chunks, weight) in enumerate(kinds)
        ]
        patient = offer(99, key="key 0", model="c", waiting_work=work, seconds_left=window - now)
        chosen = choose([*stream, patient], replace(ASKER, held=held, held_seconds=now - loaded_at), faded)
        assert chosen is not None
        if chosen is patient:
            break
        if chosen.model != held:
            held, loaded_at, now = chosen.model, now, now + LOAD_SECONDS
        now += seconds
        faded = {key: tokens * 0.5 ** (seconds / HALF_LIFE_SECONDS) for key, tokens in faded.items()}
        faded[chosen.key] = faded.get(chosen.key, 0.0) + seconds * RATE
    assert now + LOAD_SECONDS + work / RATE <= window


def rank(offers: Iterable[Offer], asker: Asker, service: Service) -> Iterator[Offer]:
    """All that is offered, best first."""
    waiting = {(offer.batch_id, offer.model): offer for offer in offers}
    while (best := choose(waiting.values(), asker, service)) is not None:
        yield best
        del waiting[best.batch_id, best.model]
