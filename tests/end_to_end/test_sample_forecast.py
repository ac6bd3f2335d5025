"""The sample's forecast and its record: one source of years, one of ten months."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from tests.end_to_end.nights import NightRun, query

Sample = tuple[Path, NightRun]


def test_every_method_speaks_of_every_period(sample: Sample) -> None:
    periods = query(
        sample[0],
        """
        select method, count(distinct (period, period_start)) from marts.mart_forecast
        where dimension = 'all' group by 1 order by 1
        """,
    )
    # This and the next month and quarter; the whole pipeline repeats no period.
    assert periods == [("configured", 5), ("historical", 5), ("model", 5), ("naive", 4)]
    (whole,) = query(
        sample[0],
        """
        select expected, (
            select sum(coalesce(deals.amount_reporting, 0) * stages.win_rate)
            from marts.fct_deals as deals
            inner join marts.dim_stage as stages using (source_name, pipeline, stage)
            where deals.stage_category = 'open' and not deals.is_deleted
                and deals.source_name = 'demo' and stages.entity_type = 'deal'
        ) from marts.mart_forecast
        where method = 'configured' and period = 'pipeline' and dimension = 'source_name'
            and dimension_value = 'demo'
        """,
    )
    # The weighted pipeline, and what the deals without an amount add to it.
    assert 0 <= whole[0] - whole[1] < whole[0] / 10


def test_the_record_covers_a_year_with_what_was_known(sample: Sample) -> None:
    home, _ = sample
    windows = query(
        home,
        """
        select period, min(as_of), max(as_of), count(distinct as_of)
        from marts.mart_forecast_accuracy
        where dimension = 'all' and method = 'model' and period in ('30d', '60d', '90d')
        group by 1 order by 1
        """,
    )
    assert [(period, first) for period, first, *_ in windows] == [
        ("30d", date(2016, 12, 31)), ("60d", date(2016, 12, 31)), ("90d", date(2016, 12, 31)),
    ]  # fmt: skip
    assert [last for *_, last, _ in windows] == [
        date(2017, 11, 30), date(2017, 10, 31), date(2017, 9, 30),
    ]  # fmt: skip
    horizons = query(home, "select distinct horizon_days from marts.mart_forecast_scorecard")
    assert {days for (days,) in horizons} == {7, 15, 22, 23, 30, 46, 60, 69, 90}
    judged = query(
        home, "select distinct probability_source from marts.mart_win_rate_calibration order by 1"
    )
    assert judged == [("configured",), ("crm",), ("model",)]


def test_a_source_of_ten_months_has_no_year_to_repeat(sample: Sample) -> None:
    home, _ = sample
    repeated = query(
        home,
        """
        select distinct dimension_value from marts.mart_forecast
        where method = 'naive' and dimension = 'source_name' and period_start > as_of
        """,
    )
    assert repeated == [("demo",)]
    # Before it decided anything there was nothing to learn: no range, rather than a false one.
    ((told, ranges, judged, most),) = query(
        home,
        """
        select count(*), count(p10), count(is_in_80), max(abs(forecast))
        from marts.mart_forecast_accuracy
        where dimension = 'source_name' and dimension_value = 'maven' and not is_as_published
            and method in ('historical', 'model') and as_of < date '2017-03-01'
        """,
    )
    assert told > 0
    assert (ranges, judged, most) == (0, 0, 0)
    page = (home / "published" / "report.html").read_text("utf-8")
    assert "How it is made (model): " in page
    assert "maven has been deciding deals only since 1 Mar 2017" in page


def test_the_night_s_forecast_is_in_the_landing(sample: Sample) -> None:
    assert [path.name for path in (sample[0] / "landing" / "forecasts").iterdir()] == [
        "2017-12-31.parquet"
    ]
