"""Rates of the funnel: against a statistics library, and against simulated truth."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pytest
from sksurv.nonparametric import (
    cumulative_incidence_competing_risks,
    kaplan_meier_estimator,
)

from orchestration.marts.conversion import conversion_rates, eventual_rates, wilson_interval
from orchestration.marts.incidence import DailyOutcomes, cumulative_incidence

HORIZON = 60
CENSORED, REACHED, ENDED = 0, 1, 2
Ints = npt.NDArray[np.int64]


def _by_day(groups: list[tuple[Ints, Ints]]) -> pa.ChunkedArray:
    """Return one list a group, one entry a deal: days repeat and come in any order."""
    return pa.chunked_array(
        [
            pa.array(
                [
                    [
                        {
                            "days": int(day), "reached": int(end == REACHED),
                            "ended": int(end == ENDED), "still_open": int(end == CENSORED),
                        }
                        for day, end in zip(days, ends, strict=True)
                    ]
                    for days, ends in groups
                ]
            )
        ]
    )  # fmt: skip


def _rates(groups: list[tuple[Ints, Ints]], horizon: int = HORIZON) -> pd.DataFrame:
    counts = pd.DataFrame({"entered": [len(days) for days, _ in groups]})
    return eventual_rates(counts, _by_day(groups), horizon)


def _group(random: np.random.Generator) -> tuple[Ints, Ints]:
    """Return days and ends of some deals: few or many, with or without ties and open ones."""
    size = int(random.choice([1, 2, 3, 9, 10, 12, 40, 200]))
    days = random.integers(0, int(random.choice([2, 8, 40, 100])), size)
    shares = random.dirichlet(random.choice([0.3, 1.0, 4.0], 3))
    if random.random() < 0.25:
        shares = np.array([0.0, *random.dirichlet([1.0, 1.0])])
    return days, random.choice([CENSORED, REACHED, ENDED], size, p=shares)


def _followed_until(days: Ints, ends: Ints, horizon: int) -> int:
    """The last day with ten at risk, or before which nobody was censored."""
    followed = [
        day
        for day in range(horizon + 1)
        if (days >= day).sum() >= 10 or not ((days < day) & (ends == CENSORED)).any()
    ]
    return followed[-1]


def test_rates_intervals_and_medians_are_those_of_a_statistics_library() -> None:
    random = np.random.default_rng(20171231)
    groups = [_group(random) for _ in range(600)]
    with_interval = with_median = shortened = 0
    for (days, ends), found in zip(groups, _rates(groups).to_dict("records"), strict=True):
        last = _followed_until(days, ends, HORIZON)
        assert found["horizon_days"] == last
        shortened += last < HORIZON
        if not {REACHED, ENDED} <= set(ends):
            continue  # the library wants to see each end
        times, incidence, intervals = cumulative_incidence_competing_risks(
            ends, days, conf_type="log-log", var_type="Aalen"
        )
        within = times <= last
        rate = incidence[REACHED][within][-1] if within.any() else 0.0
        assert found["eventual_rate"] == pytest.approx(rate, abs=1e-9)
        halfway = times[within & (np.round(incidence[REACHED], 12) >= 0.5)]
        if len(halfway):
            assert found["median_days"] == halfway[0]
            with_median += 1
        else:
            assert pd.isna(found["median_days"])
        if 1e-12 < rate < 1 - 1e-12:
            low, high = intervals[REACHED][:, within][:, -1]
            assert found["eventual_low"] == pytest.approx(low, abs=1e-9)
            assert found["eventual_high"] == pytest.approx(high, abs=1e-9)
            with_interval += 1
    assert with_interval > 250
    assert with_median > 100
    assert shortened > 100


def test_where_nothing_else_can_happen_it_is_the_complement_of_survival() -> None:
    random = np.random.default_rng(3)
    groups = []
    for _ in range(50):
        days = random.integers(0, 40, 30)
        groups.append((days, random.choice([CENSORED, REACHED], 30, p=[0.4, 0.6])))
    for (days, ends), found in zip(groups, _rates(groups).to_dict("records"), strict=True):
        times, staying = kaplan_meier_estimator(ends == REACHED, days)
        expected = 1.0 - staying[times <= found["horizon_days"]][-1]
        assert found["eventual_rate"] == pytest.approx(expected, abs=1e-9)


def _one(days: list[int], ends: list[int], horizon: int = HORIZON) -> dict[str, object]:
    (found,) = _rates([(np.array(days), np.array(ends))], horizon).to_dict("records")
    return {str(name): None if pd.isna(value) else value for name, value in found.items()}


def _wilson(successes: int, trials: int) -> tuple[float, float]:
    low, high = wilson_interval(pd.Series([successes]), pd.Series([trials]))
    return pytest.approx(low.iloc[0]), pytest.approx(high.iloc[0])


def test_a_cohort_of_one() -> None:
    for ends, rate, median in ([REACHED], 1.0, 7), ([ENDED], 0.0, None):
        low, high = _wilson(int(rate), 1)
        assert _one([7], ends) == {
            "eventual_rate": rate, "eventual_low": low, "eventual_high": high,
            "horizon_days": HORIZON, "median_days": median,
        }  # fmt: skip
    low, high = _wilson(0, 1)
    assert _one([7], [CENSORED]) == {
        "eventual_rate": 0.0, "eventual_low": low, "eventual_high": high,
        "horizon_days": 7, "median_days": None,
    }  # fmt: skip
    assert high == pytest.approx(0.793, abs=1e-3)


def test_nobody_reached_or_everybody_has_the_interval_of_the_proportion() -> None:
    low, high = _wilson(0, 3)
    found = _one([1, 2, 3], [ENDED, CENSORED, ENDED])
    assert (found["eventual_rate"], found["eventual_low"], found["eventual_high"]) == (0, low, high)
    low, high = _wilson(3, 3)
    found = _one([0, 2, 2], [REACHED] * 3)
    assert (found["eventual_rate"], found["eventual_low"], found["eventual_high"]) == (1, low, high)
    assert found["median_days"] == 2


def test_with_nothing_open_it_is_the_share_at_the_full_horizon() -> None:
    random = np.random.default_rng(11)
    days = random.integers(0, 500, 700)
    ends = random.choice([REACHED, ENDED], 700)
    found = _one(days.tolist(), ends.tolist(), 180)
    assert found["horizon_days"] == 180
    within = int(((ends == REACHED) & (days <= 180)).sum())
    assert found["eventual_rate"] == pytest.approx(within / 700, abs=1e-12)
    assert _one(days.tolist(), ends.tolist(), 500)["eventual_rate"] == pytest.approx(
        (ends == REACHED).mean(), abs=1e-12
    )


def test_an_open_one_ends_the_follow_up_of_few() -> None:
    # Nine of twelve are resolved; the open ones are 20, 30 and 40 days old.
    days = [*range(1, 10), 20, 30, 40]
    ends = [REACHED] * 9 + [CENSORED] * 3
    found = _one(days, ends)
    # Up to day 20 everyone is known; ten were at risk up to day 3 only.
    assert found["horizon_days"] == 20
    assert found["eventual_rate"] == pytest.approx(9 / 12)
    assert found["median_days"] == 6
    # With ten more to come, the last of ten at risk decides.
    assert _one([*days, *[33] * 10], [*ends, *[CENSORED] * 10])["horizon_days"] == 33


def test_counts_and_rates_stand_in_one_table() -> None:
    counts = pa.table(
        {
            "from_stage": ["demo", "offer"], "entered": [4, 1], "reached": [2, 0], "lost": [1, 0],
            "by_day": _by_day(
                [
                    (np.array([3, 5, 9, 12]), np.array([REACHED, ENDED, REACHED, CENSORED])),
                    (np.array([2]), np.array([CENSORED])),
                ]
            ),
        }
    )  # fmt: skip
    demo, offer = conversion_rates(counts, HORIZON).to_dict("records")
    assert "by_day" not in demo
    assert (demo["observed_rate"], demo["eventual_rate"], demo["median_days"]) == (0.5, 0.5, 9)
    assert demo["resolved_rate"] == pytest.approx(2 / 3)
    assert (offer["observed_rate"], offer["eventual_rate"]) == (0.0, 0.0)
    assert pd.isna(offer["resolved_rate"])
    assert conversion_rates(counts.slice(0, 0), HORIZON).empty


@pytest.mark.parametrize(
    ("deals", "reach", "end", "oldest"),
    [(60, 0.04, 0.03, 120), (300, 0.02, 0.05, 90), (300, 0.05, 0.02, 45), (2000, 0.01, 0.01, 90)],
)
def test_intervals_cover_the_truth(deals: int, reach: float, end: float, oldest: int) -> None:
    """Companies whose every deal is reached or lost with the same chance on each day.

    Deals are created evenly over the last ``oldest`` days, so most are censored by ``as_of``.
    """
    companies = max(3000, 200_000 // deals)
    random = np.random.default_rng(deals + oldest)
    shape = (companies, deals)
    day = random.geometric(reach + end, shape)
    is_reaching = random.random(shape) < reach / (reach + end)
    age = random.integers(1, oldest + 1, shape)
    seen = np.minimum(np.minimum(day, age), HORIZON + 1)
    cell = np.arange(companies)[:, None] * (HORIZON + 2) + seen

    def counted(which: npt.NDArray[np.bool_]) -> Ints:
        flat = np.bincount(cell[which], minlength=companies * (HORIZON + 2))
        return flat.reshape(companies, HORIZON + 2)

    is_over = day <= age
    found = cumulative_incidence(
        DailyOutcomes(
            counted(is_over & is_reaching), counted(is_over & ~is_reaching), counted(~is_over)
        )
    )
    share = reach / (reach + end)
    truth = share * (1.0 - (1.0 - reach - end) ** found.horizon_days)
    covered = ((found.low <= truth) & (truth <= found.high)).mean()
    # Of 3000 companies, 95 % are covered give or take 0.4 %: five such steps are 2 %.
    assert 0.93 <= covered <= 0.97

    reached = pd.Series((is_over & is_reaching).sum(axis=1))
    low, high = wilson_interval(reached, pd.Series(np.full(companies, deals)))
    by_as_of = share * np.mean(1.0 - (1.0 - reach - end) ** np.arange(1, oldest + 1))
    assert 0.93 <= ((low <= by_as_of) & (by_as_of <= high)).mean() <= 0.97
