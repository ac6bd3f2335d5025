"""The forecast's record through the warehouse: night by night, from the landing, without leaks."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

import orchestration.forecast.backtest as engine
import orchestration.forecast.methods as methods
from orchestration.engine import connect
from orchestration.home import Home
from orchestration.landing import Landing
from orchestration.landing.forecasts import published_forecasts
from orchestration.marts.forecast_table import write_forecast
from orchestration.publication.forecasts import RELEASE_ID, record_published
from orchestration.publication.release import publish
from orchestration.settings import load_settings
from orchestration.sources.files import extract_table
from orchestration.warehouse.layout import Night
from tests.forecast.company import write_company
from tests.support.batch import build_facts

TABLES = ("deals", "stage_history", "stages", "owners")
MODELS = (
    "+mart_forecast_scorecard", "+mart_win_rate_calibration", "+int_open_deals_by_dimension",
    "+int_targets",
)  # fmt: skip
RECORD = ("mart_forecast_accuracy", "mart_forecast_scorecard", "mart_win_rate_calibration")
FIRST_NIGHT, SECOND_NIGHT = date(2024, 2, 20), date(2024, 3, 2)
FIRST_ORIGINS = [date(2024, 1, 31)]
NEW_ORIGINS = [date(2024, 2, day) for day in (7, 15, 22, 29)]
# In the middle: what happens after it is altered.
ORIGIN = date(2024, 2, 15)


class Nights:
    """A home folder on which nights are run, and the days that each forecast anew."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home = Home(folder / "home")
        self.exports = folder / "exports"
        config = folder / "funnel.toml"
        folder.mkdir(parents=True, exist_ok=True)
        config.write_text(
            'business_timezone = "Europe/Amsterdam"\nreporting_currency = "EUR"\n'
            '[[sources]]\nname = "acme"\ntype = "files"\npath = "exports"\n',
            "utf-8",
        )
        self.exports.mkdir(exist_ok=True)
        self.settings = load_settings(config)
        self.made: list[date] = []
        forecast_again = engine.backtest

        def counted(history: Any, origins: Sequence[date], first_month: int) -> Any:
            self.made += origins
            return forecast_again(history, origins, first_month)

        monkeypatch.setattr(engine, "backtest", counted)
        self.said: Any = None
        say = methods.forecast

        def heard(*given: Any) -> Any:
            self.said = say(*given)
            return self.said

        monkeypatch.setattr(methods, "forecast", heard)

    def deliver(self, as_of: date, changed_after: date | None = None) -> datetime:
        """Land what there is at the end of a day; return the stamp of its night."""
        write_company(self.exports, as_of, changed_after)
        known_at = datetime.combine(as_of + timedelta(days=1), datetime.min.time(), UTC)
        landing = Landing(self.home.landing)
        (source,) = self.settings.sources
        for table in TABLES:
            result = extract_table(source, table, landing, known_at=known_at, as_of=as_of)
            assert result.state in ("landed", "unchanged"), result
        return known_at

    def run(self, as_of: date) -> None:
        """Deliver what there is on a day, build, forecast, and publish the forecast."""
        known_at = self.deliver(as_of)
        self.build(as_of)
        with connect(self.home.warehouse) as connection:
            write_forecast(connection, as_of, 1)
        publish(
            self.home.warehouse, self.home, "marts", ["mart_forecast", "fct_fx_rates"],
            known_at.strftime(RELEASE_ID),
        )  # fmt: skip
        assert record_published(self.home) == as_of

    def build(self, as_of: date) -> None:
        """Build the record from the landing."""
        self.made.clear()
        build_facts(self.home, self.settings, Night(as_of), MODELS)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query on the warehouse."""
        with connect(self.home.warehouse, read_only=True) as connection:
            return connection.execute(query).fetchall()

    def record(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return the marts of the record, rows in their stored order."""
        return {table: self.rows(f"select * from marts.{table}") for table in RECORD}


def test_the_record_night_by_night_is_that_of_a_rebuild_and_knows_no_future(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nights = Nights(tmp_path / "as_it_was", monkeypatch)
    nights.run(FIRST_NIGHT)
    assert nights.made == FIRST_ORIGINS
    _holds_to_the_cent(nights)

    # A later night forecasts the days that came since, and none of the others.
    nights.run(SECOND_NIGHT)
    assert nights.made == NEW_ORIGINS
    nightly = nights.record()
    # What was published for February, which is over now, beside what is forecast again.
    published = nights.rows(
        """
        select distinct as_of, method from marts.mart_forecast_accuracy
        where is_as_published and period = 'month' and dimension = 'all' order by all
        """
    )
    assert (FIRST_NIGHT, "model") in published
    assert {day for day, _ in published} == {FIRST_NIGHT}
    # The same night again has no news.
    nights.build(SECOND_NIGHT)
    assert nights.made == []
    assert nights.record() == nightly

    # From the landing alone, in which the forecasts of then still stand.
    nights.home.warehouse.unlink()
    shutil.rmtree(nights.home.releases)
    nights.build(SECOND_NIGHT)
    assert nights.made == FIRST_ORIGINS + NEW_ORIGINS
    assert nights.record() == nightly
    assert [path.stem for path in published_forecasts(nights.home.landing)] == [
        str(FIRST_NIGHT), str(SECOND_NIGHT),
    ]  # fmt: skip

    # Everything after a day happened otherwise: what was forecast up to that day is the same.
    other = Nights(tmp_path / "another_story", monkeypatch)
    other.deliver(SECOND_NIGHT, changed_after=ORIGIN)
    other.build(SECOND_NIGHT)
    forecasts = f"""
        select * exclude (fingerprint) from conformed.int_backtest
        where as_of <= date '{ORIGIN}' order by all
    """
    assert nights.rows(forecasts) == other.rows(forecasts)
    assert len(nights.rows(forecasts)) > 1000
    told = f"""
        select method, as_of, period, dimension, dimension_value, forecast, p10, p50, p90
        from marts.mart_forecast_accuracy
        where as_of <= date '{ORIGIN}' and not is_as_published and forecast <> 0 order by all
    """
    assert nights.rows(told) == other.rows(told)
    later = "select sum(amount_reporting) from marts.fct_deals where is_won"
    assert nights.rows(later) != other.rows(later)


def _holds_to_the_cent(nights: Nights) -> None:
    """Fail where the statistics see another history than the facts do."""
    with connect(nights.home.warehouse) as connection:
        connection.register("said", nights.said.rows)
        differing = connection.execute(
            """
            select said.* from said
            inner join marts.mart_forecast as mart
                on said.method = mart.method and said.period = mart.period
                and said.period_start::date is not distinct from mart.period_start
                and said.dimension = mart.dimension and said.dimension_value = mart.dimension_value
            where abs(said.won_to_date - mart.won_to_date) > 0.005
                or (said.method = 'configured' and abs(said.expected - mart.expected) > 0.01)
                or said.open_deals <> mart.open_deals
            """
        ).df()
        sums = connection.execute(
            """
            select
                sum(abs(expected - won_to_date - expected_from_open - expected_from_new)),
                count(*) filter (where p10 > p25 or p25 > p50 or p50 > p75 or p75 > p90),
                count(distinct method) filter (where method <> 'naive')
            from marts.mart_forecast
            """
        ).fetchall()
        deals = connection.execute(
            """
            select count(*), count(forecast.win_probability), count(deals.deal_key)
            from marts.mart_deal_forecast as forecast
            full join (
                from marts.fct_deals where stage_category = 'open' and not is_deleted
            ) as deals using (deal_key)
            """
        ).fetchall()
    assert differing.empty, differing.to_string()
    assert sums == [(0, 0, 3)]
    assert len(set(deals[0])) == 1


def test_only_what_is_over_and_in_the_same_money_is_judged(tmp_path: Path) -> None:
    from orchestration.landing.forecasts import PUBLISHED_FORECAST, record_forecast
    from orchestration.warehouse.layout import lay_out

    def written(currency: str) -> Any:
        columns = ", ".join(f"null::{kind} as {name}" for name, kind in PUBLISHED_FORECAST.items())

        def write(path: Path) -> None:
            duckdb.execute(
                f"copy (select * replace ('{currency}' as currency, date '2024-01-31' as as_of)"
                f" from (select {columns})) to '{path}' (format parquet)"
            )

        return write

    home = Home(tmp_path / "home")
    assert record_forecast(home.landing, date(2024, 1, 30), written("USD"))
    assert record_forecast(home.landing, date(2024, 1, 31), written("EUR"))
    # The first word on a day stays.
    assert not record_forecast(home.landing, date(2024, 1, 31), written("USD"))
    config = tmp_path / "funnel.toml"
    config.write_text('[[sources]]\nname = "acme"\ntype = "files"\npath = "."\n', "utf-8")
    with connect(home.warehouse) as connection:
        for as_of, kept in ((date(2024, 2, 1), 1), (date(2024, 1, 31), 0)):
            lay_out(connection, load_settings(config), home, Night(as_of))
            assert connection.execute(
                "select count(*) from landing.published_forecasts"
            ).fetchall() == [(kept,)]
