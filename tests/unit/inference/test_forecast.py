"""Whether forecasts come true, over batches whose whole course is simulated.

Answer lengths are lognormal (sigma 1) or Pareto (alpha 2 and 1.5), and none is longer than 20 times the median or the
shortest. Runs are short, long and very long: 25, 125 and 375 requests in each place at the engine. Each is looked at
after 10, 30, 60 and 90 % of its time. Reached when this was written, with the limits that are asserted in brackets:

| runs | in the band of 80 % | median error from 30 % on | median width of the band |
|---|---|---|---|
| in the order of the file, on an engine whose speed wanders or not | 0.90 [0.80] | 0.10 [0.15] | 0.85 [0.90] |
| whose pace turns for no reason that could be seen | 0.84 [0.75] | 0.23 | 0.89 |
| all | 0.86 [0.80] | 0.19 [0.22] | 0.88 [0.95] |
"""

from dataclasses import dataclass, replace
from itertools import product
from statistics import fmean, median

import pytest

from inference.forecast import Sample, SecondsLeft, seconds_left
from tests.unit.inference.simulated_runs import Case, lognormal, pareto, play

SHARES = (0.1, 0.3, 0.6, 0.9)
SEEDS = (1, 2, 3)
SIZES = ((400, 16, 2.0), (2000, 16, 3.0), (3000, 8, 12.0))
PLAIN = [
    Case(f"{draw.__name__} {number} {requests}", requests, slots, draw)
    for requests, slots, typical in SIZES
    for number, draw in enumerate((lognormal(typical), pareto(typical, 2.0), pareto(typical, 1.5)))
]
# In the order of the file, on an engine that has moods.
STEADY = [*PLAIN, *(replace(case, name=f"{case.name} wanders", wander=0.2) for case in PLAIN)]
# Nothing that was seen says that the pace will change, or by how much.
TURNS: tuple[dict[str, object], ...] = (
    {"order": "longest first"},
    {"order": "groups"},
    {"turn": (0.5, 1.4)},
    {"turn": (0.5, 0.7)},
    {"pauses": ((0.2, 0.2), (0.7, 0.15))},
)
TURNING = [replace(case, name=f"{case.name} {turn}", **turn) for case, turn in product(PLAIN, TURNS)]  # type: ignore[arg-type]


@dataclass(frozen=True)
class Trial:
    share: float
    truth: float
    forecast: SecondsLeft | None

    @property
    def held(self) -> bool:
        return self.forecast is not None and self.forecast.low <= self.truth <= self.forecast.high

    @property
    def error(self) -> float:
        return abs(self.forecast.expected / self.truth - 1) if self.forecast else 1.0

    @property
    def width(self) -> float:
        return (self.forecast.high - self.forecast.low) / self.forecast.expected if self.forecast else 0.0


@dataclass(frozen=True)
class Score:
    held: float
    error: float
    width: float


def trials(cases: list[Case]) -> list[Trial]:
    made = []
    for case, seed in product(cases, SEEDS):
        run = play(case, seed)
        for share in SHARES:
            at = share * run.ended_at
            made.append(Trial(share, run.ended_at - at, seconds_left(*run.seen_at(at))))
    return made


def score(made: list[Trial]) -> Score:
    return Score(
        fmean(trial.held for trial in made),
        median(trial.error for trial in made if trial.share >= 0.3),
        median(trial.width for trial in made if trial.forecast),
    )


@pytest.fixture(scope="module")
def steady() -> list[Trial]:
    return trials(STEADY)


@pytest.fixture(scope="module")
def turning() -> list[Trial]:
    return trials(TURNING)


def test_four_of_five_batches_end_within_the_band_whatever_their_lengths_and_order(
    steady: list[Trial], turning: list[Trial]
) -> None:
    made = steady + turning
    assert len(made) == (len(STEADY) + len(TURNING)) * len(SEEDS) * len(SHARES) == 756
    assert fmean(trial.forecast is not None for trial in made) > 0.98
    of_all = score(made)
    assert of_all.held >= 0.8
    assert of_all.width <= 0.95
    assert of_all.error <= 0.22
    for share in SHARES:
        assert fmean(trial.held for trial in made if trial.share == share) >= 0.75


def test_a_batch_in_the_order_of_its_file_ends_about_when_it_was_expected(steady: list[Trial]) -> None:
    reached = score(steady)
    assert reached.error <= 0.15
    assert reached.held >= 0.8
    assert reached.width <= 0.9


def test_batches_whose_pace_turns_for_no_reason_that_could_be_seen_end_within_the_band_mostly(
    turning: list[Trial],
) -> None:
    assert score(turning).held >= 0.75


def test_a_band_holds_what_is_expected_and_shrinks_towards_the_end() -> None:
    run = play(PLAIN[-1], 1)
    forecasts = [seconds_left(*run.seen_at(share * run.ended_at)) for share in SHARES]
    assert all(one and 0 <= one.low <= one.expected <= one.high for one in forecasts)
    widths = [one.high - one.low for one in forecasts if one]
    assert widths == sorted(widths, reverse=True)


def samples(*finished: int, seconds: float = 5.0) -> list[Sample]:
    """One every five seconds, of requests that take a second each."""
    return [Sample(seconds * place, count, 0, 0, 0, float(count)) for place, count in enumerate(finished)]


def test_an_even_run_is_forecast_exactly_but_for_what_may_still_change() -> None:
    left = seconds_left(samples(*range(0, 2001, 50)), 1000, 1.0)
    assert left
    assert left.expected == pytest.approx(100, rel=0.03)
    assert 50 < left.low < 90 < 110 < left.high < 200


def test_nothing_is_guessed_before_there_is_enough_to_go_by() -> None:
    assert seconds_left(samples(0, 50, seconds=2.0), 1000, 1.0) is None
    assert seconds_left(samples(0, 3, 6), 1000, 1.0) is None
    # Ten that took a second are no measure for those that are still out after six.
    assert seconds_left([Sample(0, 0, 0, 0, 0, 0), Sample(6, 10, 0, 0, 0, 50)], 1000, 6.0) is None


def test_a_batch_that_stands_still_has_no_forecast() -> None:
    going = [*range(0, 1001, 50)]
    assert seconds_left(samples(*going, 1000, 1000), 1000, 1.0)
    assert seconds_left(samples(*going, 1000, 1000, 1000, 1000), 1000, 1.0) is None
    # Where single requests take long, silence says less.
    assert seconds_left(samples(*going, 1000, 1000, 1000, 1000), 1000, 30.0)


def test_the_end_takes_as_long_as_single_requests_do() -> None:
    busy = [Sample(5.0 * place, 50 * place, 0, 0, 0, 500.0 * place) for place in range(40)]
    left = seconds_left(busy, 20, 60.0)
    assert left
    # At the pace so far two seconds would be enough, but a request takes ten seconds and may take sixty.
    assert left.expected > 10
    assert left.high > 40


def test_what_is_done_has_nothing_left() -> None:
    assert seconds_left(samples(0, 5), 0, 1.0) == SecondsLeft(0.0, 0.0, 0.0)
