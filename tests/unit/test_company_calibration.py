"""The generated company: calibrated as documented, untidy as intended.

Bounds are wide for 20,000 deals: several standard errors around the calibration's goal.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from orchestration.sample import deals
from orchestration.sample.company import generate_company
from tests.support.generated_company import (
    AFTER,
    DAY,
    EUR_PER_UNIT,
    SPAN,
    WON,
    Tables,
)


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """A company of 20,000 deals."""
    return Tables(generate_company(tmp_path_factory.mktemp("big"), deals=20_000, **SPAN))


# --- calibration -----------------------------------------------------------------------------


def test_sales_cycles_have_the_documented_medians_and_spread(big: Tables) -> None:
    cycles = big.closed.groupby("pipeline").cycle_days
    medians = cycles.median()
    assert 34 <= medians["new_business"] <= 42
    assert 60 <= medians["projects"] <= 72
    assert big.closed.cycle_days.min() >= 0
    logs = np.log(big.closed.cycle_days.clip(lower=0.5))
    spread = logs.groupby(big.closed.pipeline).agg(["std", "skew"])
    assert spread["std"].between(0.7, 1.1).all()
    assert spread["skew"].between(-0.7, 0.5).all()


def test_stay_in_a_stage_is_heavy_tailed(big: Tables) -> None:
    expiring = big.changes.stage.isin(["Proposal", "Contract"])
    stays = big.changes[(big.changes.category == "open") & ~expiring]
    by_stage = stays.groupby(["pipeline", "stage"]).days
    assert (by_stage.quantile(0.9) > 3 * by_stage.median()).all()
    assert (by_stage.quantile(0.99) > 8 * by_stage.median()).all()


def test_stage_changes_per_deal(big: Tables) -> None:
    changes = big.changes.groupby("entity_id").size()
    assert 4.2 <= changes.mean() <= 4.8
    assert 15 <= changes.max() <= 20


def test_win_rates(big: Tables) -> None:
    rates = big.closed.groupby("pipeline").is_won.mean()
    assert 0.31 <= rates["new_business"] <= 0.37
    assert 0.41 <= rates["projects"] <= 0.49


def test_win_rate_depends_on_source_amount_and_owner(big: Tables) -> None:
    by_source = big.closed.groupby("lead_source").is_won.mean()
    assert by_source["Referral"] > by_source["Web form"] + 0.05 > by_source["Social"] + 0.08
    for pipeline, rows in big.closed.groupby("pipeline"):
        small = rows.euros < rows.euros.quantile(0.25)
        large = rows.euros > rows.euros.quantile(0.75)
        assert rows.is_won[small].mean() > rows.is_won[large].mean() + 0.06, pipeline
    by_owner = big.closed.groupby("owner_id").is_won.agg(["mean", "size"])
    assert by_owner["mean"][by_owner["size"] > 300].std() > 0.03


def test_leads_convert_and_are_won_as_documented(big: Tables) -> None:
    # One year is enough for nearly every lead to have ended.
    ripe = big.leads[big.leads.created_at < "2017-01-01"]
    assert 0.27 <= (ripe.status == "Converted").mean() <= 0.33
    won = big.deals[big.deals.stage.isin(WON) & ~big.deals.is_deleted]
    assert 0.08 <= ripe.lead_id.isin(won.lead_id).mean() <= 0.12
    assert big.deals.lead_id.notna().mean() == pytest.approx(0.90, abs=0.001)


def test_bant_and_score_tell_who_converts(big: Tables) -> None:
    ended = big.leads[big.leads.status.isin(["Converted", "Disqualified"])]
    converts = ended.status == "Converted"
    assert ended.score[converts].mean() > ended.score[~converts].mean() + 15
    for flag in ("bant_budget", "bant_authority", "bant_need", "bant_timeline"):
        met = ended[flag].map({True: 1.0, False: 0.0})
        assert met[converts].mean() > met[~converts].mean() + 0.15
    untouched = big.leads[(big.leads.status == "New") & ~big.leads.is_deleted]
    assert untouched.bant_need.isna().all()


def test_amounts_are_lognormal(big: Tables) -> None:
    euros = (big.deals.amount * big.deals.currency.map(EUR_PER_UNIT))[big.deals.amount > 0]
    assert 7_000 <= euros.median() <= 9_000
    logs = np.log(euros)
    assert 0.85 <= logs.std() <= 1.15
    assert abs(logs.skew()) < 0.15
    cents = (big.deals.amount * 100).round()
    assert (cents % 1_000 == 0).mean() > 0.5  # tens
    assert (cents % 100 != 0).mean() > 0.2  # with cents


def test_currencies_follow_the_region(big: Tables) -> None:
    assert set(big.deals.currency) == set(EUR_PER_UNIT)
    assert (big.deals.groupby("region").currency.nunique() == 1).all()
    owned = big.deals.merge(big.owners, on="owner_id")
    assert (owned.groupby("region_x").team.nunique() == 1).all()


def test_closings_avoid_weekends_and_nights_and_crowd_at_quarter_ends(big: Tables) -> None:
    closed_at = big.closed.closed_at
    assert 0.02 < (closed_at.dt.day_of_week >= 5).mean() < 0.08
    assert closed_at.dt.hour.between(8, 19).all()
    quarter_end = closed_at.dt.to_period("Q").dt.end_time.dt.normalize()
    late = (quarter_end - closed_at.dt.normalize()) < 14 * DAY
    usual = 14 / 91.3
    assert late.mean() > 1.2 * usual
    assert late[big.closed.is_won].mean() > late[~big.closed.is_won].mean() > usual


def test_quotes_expire_after_30_days(big: Tables) -> None:
    for stage in ("Proposal", "Contract"):
        days = big.changes.days[big.changes.stage == stage].round()
        count = days.value_counts()
        around = count.reindex([27, 28, 29, 33, 34, 35], fill_value=0)
        assert count[30] > 4 * around.mean(), stage
        assert count[30] > 0.03 * days.notna().sum(), stage
    free = big.changes.days[big.changes.stage == "Negotiation"].round().value_counts()
    assert free[30] < 3 * free.reindex([27, 28, 29, 33, 34, 35]).max()


def test_arrivals_grow_and_have_a_season(big: Tables) -> None:
    months = big.leads.created_at.dt.to_period("M").value_counts().sort_index()
    by_year = {year: months[f"{year}-07" : f"{year}-12"].sum() for year in (2015, 2016, 2017)}
    assert 1.05 < by_year[2016] / by_year[2015] < 1.15
    assert 1.05 < by_year[2017] / by_year[2016] < 1.15
    assert months["2016-08"] < 0.9 * months["2016-10"]


def test_reps_are_too_hopeful(big: Tables) -> None:
    opened = big.changes[big.changes.from_category.isna()].set_index("entity_id")
    closed = big.closed.set_index("deal_id")
    opinion = opened.probability.reindex(closed.index)
    for _, rows in closed.groupby("pipeline"):
        assert opinion[rows.index].mean() / 100 > rows.is_won.mean() + 0.05
    assert opinion[closed.is_won].mean() > opinion[~closed.is_won].mean()
    is_open = big.changes.category == "open"
    assert big.changes.probability[is_open].dropna().between(5, 95).all()


def test_targets_are_attained_as_in_real_companies(big: Tables) -> None:
    targets = big.targets
    company = targets[targets.owner_id.isna() & targets.team.isna()]
    days = (company.period_end - company.period_start) / DAY + 1
    quarters, months = company[days > 80], company[days < 40]
    assert quarters.period_start.tolist() == list(
        pd.date_range("2016-01-01", "2018-04-01", freq="QS")
    )
    assert months.period_start.tolist() == list(
        pd.date_range("2016-01-01", "2018-06-01", freq="MS")
    )
    won = big.closed[big.closed.is_won]
    for row in quarters[quarters.period_end < AFTER].itertuples():
        inside = won.closed_at.between(row.period_start, row.period_end + DAY, inclusive="left")
        assert 0.80 <= won.euros[inside].sum() / row.amount <= 1.15
    future = quarters.set_index("period_start").amount
    assert future["2018-01-01"] == pytest.approx(1.1 * future["2017-01-01"], rel=0.001)
    total = quarters.set_index("period_start").amount
    month_total = months.groupby(months.period_start.dt.to_period("Q").dt.start_time).amount.sum()
    by_team = targets[targets.team.notna()].groupby("period_start").amount.sum()
    by_owner = targets[targets.owner_id.notna()].groupby("period_start").amount.sum()
    for parts in (month_total, by_team, by_owner):
        assert np.allclose(parts, total, atol=20)


# --- untidy kinds ----------------------------------------------------------------------------


def test_stages_are_skipped_and_reversed(big: Tables) -> None:
    changes = big.changes
    here = (changes.from_pipeline == changes.pipeline) & (changes.category == "open")
    step = (changes.position - changes.from_position)[here & (changes.from_category == "open")]
    assert (step > 1).mean() > 0.10
    assert 0.02 < (step < 0).mean() < 0.15
    assert step.min() == -2


def test_deals_are_reopened_moved_deleted_and_merged(big: Tables) -> None:
    changes, deals_ = big.changes, big.deals
    reopened = changes[changes.from_category.isin(["won", "lost"])]
    assert (reopened.category == "open").all()
    counts = reopened.from_category.value_counts()
    assert counts["lost"] > 200
    assert 10 < counts["won"] < counts["lost"]
    # Some reopened deals are won in the end.
    assert deals_.deal_id[deals_.stage.isin(WON)].isin(reopened.entity_id).sum() > 50
    moved = changes[changes.from_pipeline.notna() & (changes.from_pipeline != changes.pipeline)]
    assert 50 < len(moved) < 600
    assert (moved.category == "open").all()
    removed = deals_[deals_.is_deleted]
    assert 0.01 < len(removed) / len(deals_) < 0.03
    merged = deals_[deals_.merged_into_id.notna()]
    assert 50 < len(merged) < len(removed)
    assert merged.is_deleted.all()
    into = merged.merge(deals_, left_on="merged_into_id", right_on="deal_id", validate="m:1")
    assert len(into) == len(merged)
    assert not into.is_deleted_y.any()
    assert (into.account_x == into.account_y).all()
    assert (into.currency_x == into.currency_y).all()
    assert (into.created_at_y <= into.updated_at_x).all()


def test_leads_are_handed_over_recycled_stuck_and_deleted(big: Tables) -> None:
    leads = big.leads
    converted = leads.status == "Converted"
    assert 0.03 < leads.converted_deal_id[converted].isna().mean() < 0.08
    old = leads.created_at < "2016-07-01"
    assert 0.03 < leads.status[old].isin(["New", "Contacted", "Qualified"]).mean() < 0.10
    assert 0.001 < leads.is_deleted.mean() < 0.01
    rows = big.history[big.history.entity_type == "lead"].sort_values("event_id")
    before = rows.groupby("entity_id").stage.shift()
    assert ((before == "Disqualified") & (rows.stage == "Contacted")).sum() > 100
    assert ((before == "Qualified") & (rows.stage == "Contacted")).sum() > 100


def test_fields_are_missing_change_and_slip(big: Tables) -> None:
    deals_ = big.deals
    assert 0.02 < deals_.amount.isna().mean() < 0.08
    assert 10 < (deals_.amount == 0).sum() < 200
    assert 0.01 < deals_.lead_source.isna().mean() < 0.06
    assert deals_.expected_close_date.isna().any()
    assert deals_.probability.isna().any()
    lost = deals_.stage == "Lost"
    assert 0.03 < deals_.loss_reason[lost].isna().mean() < 0.15
    assert deals_.loss_reason[~lost].isna().all()
    rows = big.history[big.history.entity_type == "deal"].sort_values("event_id")
    grouped = rows.groupby("entity_id")
    change = rows.amount - grouped.amount.shift()
    assert (change > 0).sum() > 1_000
    assert (change < 0).sum() > 1_000
    late = (
        grouped.amount.first().notna()
        & grouped.amount.nth(0).set_axis(grouped.nth(0).entity_id).isna()
    )
    assert late.sum() > 100
    repeated = (grouped.stage.shift() == rows.stage) & (grouped.pipeline.shift() == rows.pipeline)
    later = rows.expected_close_date > grouped.expected_close_date.shift()
    assert later[repeated].all()  # a row of the same stage is a pushed date
    assert repeated.groupby(rows.entity_id).sum().max() >= 5
    is_open = deals_.closed_at.isna()
    overdue = deals_.expected_close_date[is_open] < pd.Timestamp("2017-12-24")
    assert 0.03 < overdue.mean() < 0.4
    same_instant = grouped.entered_at.diff() == pd.Timedelta(0)
    assert same_instant.sum() > 50


def test_owners_change_and_leave(big: Tables) -> None:
    owners = big.owners.set_index("owner_id")
    assert len(owners) == 19
    assert owners.team.nunique() == 4
    assert owners.team.isna().sum() == 1  # the head of sales
    assert 1 <= (~owners.is_active).sum() <= 2
    rows = big.history[big.history.entity_type == "deal"].sort_values("event_id")
    before = rows.groupby("entity_id").owner_id.shift()
    handed = before.notna() & (before != rows.owner_id)
    assert handed.sum() > 300
    assert (before[handed].map(owners.team) == rows.owner_id[handed].map(owners.team)).all()
    gone = owners.index[~owners.is_active]
    assert (
        not big.deals.owner_id[big.deals.closed_at.isna() & ~big.deals.is_deleted].isin(gone).any()
    )
    last_target = big.targets[big.targets.owner_id.isin(gone)].period_start.max()
    assert last_target < AFTER - 60 * DAY


def test_win_chance_is_calibrated_whatever_the_mix() -> None:
    pipeline = np.array([0, 1] * 500)
    source = np.full(1_000, 3)
    chance = deals._win_chances(pipeline, source, np.full(1_000, 0.4), np.linspace(-2, 2, 1_000))
    assert chance[pipeline == 0].mean() == pytest.approx(0.34, abs=1e-6)
    assert chance[pipeline == 1].mean() == pytest.approx(0.45, abs=1e-6)
    assert (np.diff(chance[::2]) < 0).all()  # dearer, harder
