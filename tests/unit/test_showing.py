"""What tables show of themselves in the orchestrator, read as the Markdown that it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import duckdb
import pytest

from orchestration.engine import connect
from orchestration.mart_shapes import DEAL_FORECAST, FORECAST, QUALITY_CHECKS, SOURCE_STATUS
from orchestration.published_tables import PUBLISHED_TABLES
from orchestration.showing.markdown import (
    bar,
    floating_bar,
    grouped,
    percent,
    range_bar,
    span,
    split_at,
    table,
)
from orchestration.showing.metadata import PRIVATE, VIEWS, table_metadata

AS_OF = date(2024, 3, 31)
DIMENSION = "dimension varchar, dimension_value varchar"
MONEY = "decimal(18, 2)"
MOVES = ("opening", "new", "reopened", "increased", "decreased", "fx", "transferred_in",
         "transferred_out", "won", "lost", "removed", "closing")  # fmt: skip
# The columns that the marts promise, as far as something is shown of them.
TABLES = {
    "dim_date": "date_day date, fiscal_year integer, fiscal_quarter integer,"
    " day_of_fiscal_quarter integer",
    "dim_owner": "owner_key varchar, source_name varchar, name varchar, team varchar,"
    " is_active boolean",
    "dim_stage": "source_name varchar, entity_type varchar, pipeline varchar, stage varchar,"
    " label varchar, position integer, category varchar, win_rate double, is_current boolean",
    "fct_deal_changes": "deal_key varchar, field varchar, old_value varchar, new_value varchar,"
    " changed_on date",
    "fct_deals": "deal_key varchar, source_name varchar, pipeline varchar, stage_category varchar,"
    f" is_deleted boolean, created_at timestamptz, currency varchar, amount_reporting {MONEY}",
    "fct_fx_rates": "rate_date date, currency varchar, rate_to_reporting double,"
    " rate_source varchar",
    "fct_leads": "source_name varchar, pipeline varchar, status varchar, is_won boolean,"
    " is_deleted boolean, converted_at timestamptz",
    "fct_pipeline_daily": f"snapshot_date date, amount_reporting {MONEY}, is_restated boolean",
    "fct_stage_transitions": "entity_type varchar, transition_type varchar, is_inferred boolean,"
    " transitioned_on date",
    "mart_close_date_moves": f"period varchar, period_start date, {DIMENSION}, due bigint,"
    " won bigint, lost bigint, removed bigint, pushed_out bigint, pulled_in bigint,"
    " still_due bigint",
    "mart_deal_alerts": "as_of date, deal_key varchar, alert varchar, severity varchar,"
    f" since_date date, explanation varchar, owner_key varchar, amount_reporting {MONEY}",
    "mart_forecast_accuracy": f"method varchar, as_of date, period varchar, period_start date,"
    f" {DIMENSION}, is_as_published boolean, forecast {MONEY}, p10 {MONEY}, p25 {MONEY},"
    f" p75 {MONEY}, p90 {MONEY}, actual {MONEY}",
    "mart_forecast_scorecard": "method varchar, horizon_days integer, period varchar,"
    " seen_rate double, periods bigint, wape double, bias double, coverage_80 double,"
    " mean_pinball_loss double, brier_score double",
    "mart_funnel_conversion": f"cohort_month date, {DIMENSION}, entity_type varchar,"
    " pipeline varchar, from_stage varchar, to_stage varchar, from_position integer,"
    " entered bigint, reached bigint, lost bigint, still_open bigint, observed_rate double,"
    " observed_low double, observed_high double, eventual_rate double, median_days integer",
    "mart_period_win_rate": f"month_start date, {DIMENSION}, won bigint, lost bigint,"
    f" win_rate double, won_amount_reporting {MONEY}, average_cycle_days double",
    "mart_pipeline_summary": f"snapshot_date date, pipeline varchar, stage varchar, {DIMENSION},"
    f" deals bigint, amount_reporting {MONEY}, weighted_amount_reporting decimal(18, 4),"
    " stage_position integer",
    "mart_pipeline_waterfall": f"period varchar, period_start date, {DIMENSION}, "
    + ", ".join(f"{name} {MONEY}" for name in MOVES),
    "mart_quarantine": "source_name varchar, table_name varchar, reason varchar,"
    " row_json varchar, seen_at timestamptz",
    "mart_required_leads": f"period_start date, period_end date, {DIMENSION}, target {MONEY},"
    f" won_so_far {MONEY}, gap {MONEY}, lead_to_won_rate double, required_wins bigint,"
    " required_leads bigint",
    "mart_sales_velocity": f"month_start date, {DIMENSION}, open_deals bigint, win_rate double,"
    " average_won_amount_reporting double, average_cycle_days double, velocity_per_day double",
    "mart_stage_flow": "month_start date, entity_type varchar, pipeline varchar, stage varchar,"
    " stage_position integer, opening bigint, entered bigint, advanced bigint, regressed bigint,"
    " won bigint, lost bigint, moved bigint, removed bigint, closing bigint",
    "mart_stage_velocity": f"entity_type varchar, pipeline varchar, stage varchar, {DIMENSION},"
    " visits bigint, median_days double, p90_days double, open_deals bigint,"
    " median_open_age_days double, stage_position integer, is_bottleneck boolean",
    "mart_target_attainment": f"period_start date, period_end date, {DIMENSION}, target {MONEY},"
    f" won {MONEY}, attainment_rate double, gap {MONEY}, open_due {MONEY}, coverage double",
    "mart_win_rate_calibration": f"probability_source varchar, bin integer, bin_low double,"
    f" bin_high double, {DIMENSION}, deals bigint, mean_predicted_rate double,"
    " actual_win_rate double, actual_low double, actual_high double, brier_score double",
    **{
        shape.table: ", ".join(f'"{name}" {kind}' for name, kind in shape.columns.items())
        for shape in (DEAL_FORECAST, FORECAST, SOURCE_STATUS, QUALITY_CHECKS)
    },
}


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Every table that shows something, empty."""
    with connect(tmp_path_factory.mktemp("showing") / "warehouse.duckdb") as connection:
        connection.execute("create schema marts; create schema settings")
        connection.execute(f"create macro settings.as_of() as date '{AS_OF}'")
        for name, columns in TABLES.items():
            connection.execute(f"create table marts.{name} ({columns})")
        yield connection


@pytest.fixture
def marts(warehouse: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same; what a test does to them is undone."""
    warehouse.execute("begin")
    yield warehouse
    warehouse.execute("rollback")


def found(marts: duckdb.DuckDBPyConnection, name: str) -> list[str]:
    metadata = table_metadata(marts, "marts", name)
    assert "more" not in metadata
    return str(metadata["found"].value).split("\n")


def test_every_published_table_shows_what_was_found() -> None:
    assert set(PUBLISHED_TABLES) <= set(VIEWS)
    assert set(VIEWS) == set(TABLES)


@pytest.mark.parametrize("name", VIEWS)
def test_an_empty_table_is_shown_too(name: str, marts: duckdb.DuckDBPyConnection) -> None:
    metadata = table_metadata(marts, "marts", name)
    assert metadata["dagster/row_count"] == 0
    assert metadata["preview"].value == "No rows."
    assert metadata["found"].value
    assert "None" not in metadata["found"].value


@pytest.mark.parametrize("name", VIEWS)
def test_without_a_needed_column_only_rows_are_shown(
    name: str, marts: duckdb.DuckDBPyConnection
) -> None:
    marts.execute(f"alter table marts.{name} drop column {sorted(VIEWS[name].needs)[0]}")
    metadata = table_metadata(marts, "marts", name)
    assert "found" not in metadata
    assert metadata["preview"].value == "No rows."


def test_a_view_names_every_column_that_it_needs(marts: duckdb.DuckDBPyConnection) -> None:
    for name, shown in VIEWS.items():
        columns = marts.execute(f"select column_name from (describe marts.{name})").fetchall()
        for (column,) in columns:
            # Which currencies there are is told by the deals.
            if column not in shown.needs and (name, column) != ("fct_deals", "currency"):
                marts.execute(f'alter table marts.{name} drop column "{column}"')
        assert table_metadata(marts, "marts", name)["found"].value, name


def test_the_funnel_shows_its_leak_and_its_bars(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute(
        """
        insert into marts.mart_funnel_conversion by name
        select
            null as cohort_month, 'all' as dimension, 'all' as dimension_value,
            'deal' as entity_type, 'main' as pipeline, *
        from (values
            ('demo', 'offer', 1, 200, 50, 100, 50, 0.25, 0.2, 0.3, 0.31, 12),
            ('demo', 'won', 1, 200, 20, 120, 60, 0.1, 0.07, 0.15, 0.2, null),
            ('offer', 'won', 2, 50, 20, 20, 10, 0.4, 0.28, 0.54, 0.45, 7)
        ) as steps (
            from_stage, to_stage, from_position, entered, reached, lost, still_open, observed_rate,
            observed_low, observed_high, eventual_rate, median_days
        )
        """
    )
    assert found(marts, "mart_funnel_conversion") == [
        "**Most are lost between demo and offer** of main (deals): 100 of 200.",
        "",
        "|stage|passed||to next|95 %|eventually|days|",
        "|:---|---:|:---|---:|---:|---:|---:|",
        "|**main (deals)**|||||||",
        "|demo|200|██████████|25 %|20–30 %|31 %|12|",
        "|offer|50|██▌|40 %|28–54 %|45 %|7|",
    ]


def test_only_the_slowest_stage_is_called_a_bottleneck(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute(
        """
        insert into marts.mart_stage_velocity by name
        select
            'deal' as entity_type, 'main' as pipeline, 'all' as dimension, 'all' as dimension_value,
            *
        from (values
            ('demo', 1, 9, 4.0, 10.5, 3, false), ('offer', 2, 7, 8.0, 30.0, 2, true)
        ) as stages (
            stage, stage_position, visits, median_days, p90_days, open_deals, is_bottleneck
        )
        """
    )
    assert found(marts, "mart_stage_velocity") == [
        "Bottlenecks, by median: **offer** of main (deals), 8.0 days.",
        "",
        "|stage|median days||nine in ten|visits|open|",
        "|:---|---:|:---|---:|---:|---:|",
        "|**main (deals)**||||||",
        "|demo|4.0|█████|10.5|9|3|",
        "|offer ◀|8.0|██████████|30.0|7|2|",
    ]


def test_the_waterfall_floats_from_the_opening_to_the_closing(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    marts.execute(
        "insert into marts.mart_pipeline_waterfall values"
        " ('week', '2024-03-18', 'all', 'all', 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),"
        " ('week', '2024-03-25', 'all', 'all', 100, 50, 0, 0, -25, 0, 0, 0, -75, 0, 0, 50),"
        " ('week', '2024-03-25', 'team', 'north', 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7)"
    )
    blank = "\u00a0"
    assert found(marts, "mart_pipeline_waterfall") == [
        "**The week from 2024-03-25**: 100 → 50.",
        "",
        "||amount||",
        "|:---|---:|:---|",
        f"|opening|100|{'█' * 7}|",
        f"|new|+50|{blank * 7}{'█' * 3}|",
        f"|decreased|-25|{blank * 8}{'▒' * 2}|",
        f"|won|-75|{blank * 3}{'▒' * 5}|",
        f"|closing|50|{'█' * 3}|",
    ]


def test_alerts_begin_with_the_largest_deals(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute(
        f"""
        insert into marts.mart_deal_alerts values
            ('{AS_OF}', 'crm:1', 'stalled', 'high', '2024-03-01', 'Stuck.', 'crm:ann', 10),
            ('{AS_OF}', 'crm:2', 'stalled', 'high', '{AS_OF}', 'Stuck too.', 'crm:bob', 2000),
            ('{AS_OF}', 'crm:2', 'overdue', 'medium', '2024-03-01', 'Late.', 'crm:bob', 2000)
        """
    )
    lines = found(marts, "mart_deal_alerts")
    assert lines[0] == "**2 alerts are high**, 1 of all are new today."
    assert "|stalled|2|██████████|2|1|" in lines
    assert lines[-2:] == ["|crm:2|2,000|Stuck too.|", "|crm:1|10|Stuck.|"]


def test_nobody_is_named(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute(
        "insert into marts.dim_owner values ('crm:ann', 'crm', 'Ann Low', 'Team Ann', true);"
        "insert into marts.fct_deal_changes by name"
        " select 'crm:1' as deal_key, 'owner' as field, 'crm:ann' as old_value"
    )
    for name in ("dim_owner", "fct_deal_changes"):
        metadata = table_metadata(marts, "marts", name)
        assert metadata["dagster/row_count"] == 1
        for key in ("found", "preview"):
            assert "ann" not in str(metadata[key].value).lower()
    assert {"name", "owner_key", "team", "row_json"} <= PRIVATE


@pytest.mark.parametrize(
    ("value", "whole", "drawn"),
    [(10, 10, "████"), (5, 10, "██"), (1, 32, "▏"), (1, 10_000, "▏"), (3, 16, "▊"), (0, 10, ""),
     (None, 10, ""), (5, 0, ""), (-5, 10, ""), (20, 10, "████")],
)  # fmt: skip
def test_a_bar_is_as_long_as_its_share(value: int | None, whole: int, drawn: str) -> None:
    assert bar(value, whole, width=4) == drawn


def test_bars_that_float_are_never_lost() -> None:
    assert floating_bar(0, 4, 4, width=4) == "████"
    assert floating_bar(4, 1, 4, width=4) == "\u00a0▒▒▒"
    assert floating_bar(1000, 1001, 2000, width=4) == "\u00a0\u00a0▏"
    assert floating_bar(-3, -1, 4, width=4) == "▏"
    assert floating_bar(2, 2, 4) == floating_bar(0, 1, 0) == ""


def test_a_range_is_drawn_with_what_came() -> None:
    assert range_bar([1, 2, 3, 4], None, 4, width=4) == "\u00a0░▒▒░"
    assert range_bar([1, 2, 3, 4], 0.1, 4, width=4) == "●░▒▒░"
    assert range_bar([1, 2, 2, 3], 4, 4, width=4) == "\u00a0░▒░●"
    # Beyond the scale is at its end.
    assert range_bar([0, 0, 1, 1], 9, 4, width=4) == "▒▒\u00a0\u00a0●"
    assert range_bar([0, 0, 0, 0], 0, 0) == ""


def test_the_forecast_is_held_against_what_came(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute(
        """
        insert into marts.mart_forecast_accuracy by name
        select
            'model' as method, 'all' as dimension, 'all' as dimension_value,
            day + 1 as period_start, made.*, 40 as p10, 60 as p25, 80 as p75, 100 as p90
        from (values
            (date '2024-01-31', 'month', 70, 90, false), (date '2024-01-31', '30d', 75, 100, false),
            (date '2023-12-31', 'month', 70, 30, false), (date '2023-12-31', 'month', 1, 1, true)
        ) as made (as_of, period, forecast, actual, is_as_published), lateral (select as_of as day)
        """
    )
    lines = found(marts, "mart_forecast_accuracy")
    assert lines[0] == (
        "**1 of the last 2 months** came out within the range in which 8 of 10 should."
    )
    assert lines[4:6] == [
        "|2024-02-01|" + "\u00a0" * 8 + "░░░░▒▒▒▒▒░●░░|40|100|90|",
        "|2024-01-01|" + "\u00a0" * 6 + "●\u00a0░░░░▒▒▒▒▒░░░░|40|100|30|",
    ]
    assert lines[-1] == "|2024-01-31|75|███████▌|100|██████████|"


def test_what_is_too_long_goes_where_its_heading_goes() -> None:
    text = "Found.\n\n|a|\n\nMore:\n\n|b|"
    assert split_at(text, 100) == (text, "")
    assert split_at(text, 20) == ("Found.\n\n|a|", "More:\n\n|b|")
    assert split_at(text, 5) == ("Found.", "|a|\n\nMore:\n\n|b|")


def test_cells_can_hold_anything() -> None:
    assert table(["a", "b>"], [["x|y\nz", None]]).split("\n")[-1] == "|x\\|y z||"
    assert grouped([["x", "a", 1], ["x", "b", 2], ["y", "c", 3]]) == [
        ["**x**", ""], ["a", 1], ["b", 2], ["**y**", ""], ["c", 3],
    ]  # fmt: skip
    assert (percent(None), percent(0.125), span(0.2, 0.3)) == ("–", "12 %", "20–30 %")
