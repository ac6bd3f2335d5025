"""Marts to hold against their suites: every published one, empty, and good rows in some."""

from __future__ import annotations

from datetime import UTC, date, datetime

import duckdb

from orchestration.home import PROJECT_ROOT
from orchestration.mart_shapes import DEAL_FORECAST, FORECAST, FUNNEL_CONVERSION, SOURCE_STATUS
from orchestration.quality.expectations import validate
from orchestration.quality.suites import load_suites
from orchestration.run_log import CheckRecord

FOLDER = PROJECT_ROOT / "expectations"
SUITES = {suite.mart: suite for suite in load_suites(FOLDER)}
AS_OF = date(2024, 3, 31)
CHECKED_AT = datetime(2024, 4, 1, 2, tzinfo=UTC)

DBT_MARTS = {
    "dim_date": """date_day date, iso_week varchar, month_start date, quarter_start date,
        fiscal_year integer, fiscal_quarter integer, fiscal_quarter_start date,
        day_of_fiscal_quarter integer""",
    "dim_stage": """stage_key varchar, source_name varchar, entity_type varchar, pipeline varchar,
        stage varchar, label varchar, position integer, category varchar, win_rate decimal(7, 6),
        is_current boolean""",
    "dim_owner": """owner_key varchar, source_name varchar, name varchar, team varchar,
        manager_key varchar, region varchar, is_active boolean""",
    "fct_fx_rates": """rate_date date, currency varchar, rate_to_reporting double,
        rate_source varchar""",
    "fct_leads": """lead_key varchar, source_name varchar, pipeline varchar, status varchar,
        created_at timestamptz, lead_source varchar, region varchar, owner_key varchar,
        score double, bant_score integer, converted_at timestamptz, deal_key varchar,
        is_won boolean, won_at timestamptz, is_deleted boolean""",
    "fct_deals": """deal_key varchar, source_name varchar, pipeline varchar, stage varchar,
        stage_category varchar, is_won boolean, is_lost boolean, created_at timestamptz,
        closed_at timestamptz, first_closed_at timestamptz, crm_closed_at timestamptz,
        amount decimal(18, 4), currency varchar, amount_reporting decimal(18, 2),
        expected_close_date date, owner_key varchar, account_key varchar, lead_key varchar,
        lead_source varchar, region varchar, loss_reason varchar, crm_win_rate decimal(7, 6),
        sales_cycle_days integer, push_count integer, is_deleted boolean, created_on date,
        merged_into_key varchar""",
    "fct_stage_transitions": """transition_id varchar, entity_type varchar, entity_key varchar,
        source_name varchar, pipeline varchar, from_stage varchar, to_stage varchar,
        from_category varchar, to_category varchar, transition_type varchar, is_closing boolean,
        stages_skipped integer, transitioned_at timestamptz, transitioned_on date,
        days_in_from_stage double, visit_number integer, amount decimal(18, 4), currency varchar,
        amount_reporting decimal(18, 2), owner_key varchar, known_at timestamptz,
        is_known_at_assumed boolean, is_inferred boolean""",
    "fct_deal_changes": """change_id varchar, deal_key varchar, field varchar, old_value varchar,
        new_value varchar, changed_at timestamptz, changed_on date, known_at timestamptz,
        is_known_at_assumed boolean, is_inferred boolean""",
    "fct_pipeline_daily": """snapshot_date date, deal_key varchar, source_name varchar,
        pipeline varchar, stage varchar, stage_position integer, amount decimal(18, 4),
        currency varchar, amount_reporting decimal(18, 2), expected_close_date date,
        owner_key varchar, days_in_stage integer, days_open integer, push_count integer,
        win_rate decimal(7, 6), weighted_amount_reporting decimal(18, 4), known_at timestamptz,
        is_restated boolean""",
    "mart_period_win_rate": """month_start date, dimension varchar, dimension_value varchar,
        won bigint, lost bigint, won_amount_reporting decimal(18, 2),
        lost_amount_reporting decimal(18, 2), win_rate double, value_win_rate double,
        average_won_amount_reporting double, average_cycle_days double""",
    "mart_pipeline_summary": """snapshot_date date, pipeline varchar, stage varchar,
        dimension varchar, dimension_value varchar, deals bigint, amount_reporting decimal(18, 2),
        weighted_amount_reporting decimal(18, 4)""",
    "mart_stage_velocity": """entity_type varchar, pipeline varchar, stage varchar,
        dimension varchar, dimension_value varchar, visits bigint, mean_days double,
        median_days double, p90_days double, open_deals bigint, median_open_age_days double,
        is_bottleneck boolean""",
    "mart_stage_flow": """month_start date, entity_type varchar, pipeline varchar, stage varchar,
        opening bigint, entered bigint, advanced bigint, regressed bigint, won bigint, lost bigint,
        moved bigint, removed bigint, closing bigint""",
    "mart_sales_velocity": """month_start date, dimension varchar, dimension_value varchar,
        open_deals bigint, average_won_amount_reporting double, win_rate double,
        average_cycle_days double, velocity_per_day double""",
    "mart_required_leads": """period_start date, period_end date, dimension varchar,
        dimension_value varchar, target decimal(18, 2), won_so_far decimal(18, 2),
        gap decimal(18, 2), leads bigint, won_leads bigint, lead_to_won_rate double,
        average_won_amount_reporting double, required_wins bigint, required_leads bigint""",
    "mart_pipeline_waterfall": """period varchar, period_start date, period_end date,
        dimension varchar, dimension_value varchar, opening decimal(18, 2), new decimal(18, 2),
        reopened decimal(18, 2), increased decimal(18, 2), decreased decimal(18, 2),
        fx decimal(18, 2), transferred_in decimal(18, 2), transferred_out decimal(18, 2),
        won decimal(18, 2), lost decimal(18, 2), removed decimal(18, 2), closing decimal(18, 2),
        opening_count bigint, new_count bigint, reopened_count bigint, increased_count bigint,
        decreased_count bigint, fx_count bigint, transferred_in_count bigint,
        transferred_out_count bigint, won_count bigint, lost_count bigint, removed_count bigint,
        closing_count bigint""",
    "mart_close_date_moves": """period varchar, period_start date, period_end date,
        dimension varchar, dimension_value varchar, due bigint, lost bigint, won bigint,
        removed bigint, pushed_out bigint, pulled_in bigint, still_due bigint, entered_due bigint,
        overdue_at_start bigint""",
    "mart_target_attainment": """as_of date, period varchar, period_start date, period_end date,
        dimension varchar, dimension_value varchar, target decimal(18, 2), won decimal(18, 2),
        attainment_rate double, gap decimal(18, 2), open_due decimal(18, 2), coverage double,
        value_win_rate double, required_pipeline decimal(18, 2)""",
    "mart_deal_alerts": """as_of date, deal_key varchar, alert varchar, severity varchar,
        since_date date, value double, threshold double, explanation varchar, is_learned boolean,
        evidence_count bigint, source_name varchar, pipeline varchar, stage varchar,
        owner_key varchar, amount_reporting decimal(18, 2)""",
    "mart_win_rate_calibration": """probability_source varchar, bin integer, bin_low double,
        bin_high double, dimension varchar, dimension_value varchar, deals bigint, won bigint,
        mean_predicted_rate double, actual_win_rate double, actual_low double, actual_high double,
        brier_score double""",
    "mart_forecast_accuracy": """method varchar, as_of date, period varchar, period_start date,
        period_end date, dimension varchar, dimension_value varchar, is_as_published boolean,
        horizon_days integer, seen_rate double, forecast decimal(18, 2), p10 decimal(18, 2),
        p25 decimal(18, 2), p50 decimal(18, 2), p75 decimal(18, 2), p90 decimal(18, 2),
        actual decimal(18, 2), error decimal(18, 2), absolute_error decimal(18, 2),
        is_in_80 boolean, pinball_loss double""",
    "mart_forecast_scorecard": """method varchar, horizon_days integer, period varchar,
        seen_rate double, periods bigint, first_as_of date, last_as_of date, wape double,
        bias double, coverage_80 double, mean_pinball_loss double, brier_score double""",
    "mart_quarantine": """source_name varchar, table_name varchar, location varchar,
        reason varchar, row_json varchar, seen_at timestamptz""",
}

SHAPES = (DEAL_FORECAST, FORECAST, FUNNEL_CONVERSION, SOURCE_STATUS)

# Three stages with four deals: one won, one lost in the second, one open there, one removed.
FUNNEL_STEPS = [
    # from, to, entered, reached, lost, still_open, removed
    ("lead in", "demo", 4, 3, 0, 0, 1),
    ("lead in", "won", 4, 1, 1, 1, 1),
    ("demo", "offer", 3, 1, 1, 1, 0),
    ("demo", "won", 3, 1, 1, 1, 0),
    ("offer", "won", 1, 1, 0, 0, 0),
]
DEALS_OPEN_ALL_ALONG = 24
_NOTHING_MOVED = dict.fromkeys(
    (
        "reopened", "increased", "decreased", "fx", "transferred_in", "transferred_out", "lost",
        "removed", "reopened_count", "transferred_in_count", "transferred_out_count", "lost_count",
        "removed_count",
    ),
    0,
)  # fmt: skip


def create_empty_marts(connection: duckdb.DuckDBPyConnection) -> None:
    """Create every published mart, empty, and the settings that the suites' queries read."""
    connection.execute("create schema marts; create schema settings")
    connection.execute(f"create macro settings.as_of() as date '{AS_OF}'")
    connection.execute("create macro settings.business_timezone() as 'Europe/Amsterdam'")
    connection.execute("create macro settings.reporting_currency() as 'EUR'")
    connection.execute("create macro settings.laid_out_from(fact) as date '0001-01-01'")
    shapes = {
        shape.table: ", ".join(f"{name} {kind}" for name, kind in shape.columns.items())
        for shape in SHAPES
    }
    for table, columns in {**DBT_MARTS, **shapes}.items():
        connection.execute(f"create table marts.{table} ({columns})")


def fill(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Put a small company into the marts whose suites do arithmetic."""
    for position, stage in enumerate(("lead in", "demo", "offer"), start=1):
        _add(
            warehouse, "dim_stage", stage_key=stage, source_name="crm", entity_type="deal",
            pipeline="main", stage=stage, position=position, category="open", win_rate=0.1,
        )  # fmt: skip
    for cohort in (None, date(2024, 1, 1)):
        for dimension, value in (("all", "all"), ("team", "north")):
            for start, end, entered, reached, lost, still_open, removed in FUNNEL_STEPS:
                _add(
                    warehouse, "mart_funnel_conversion", cohort_month=cohort, dimension=dimension,
                    dimension_value=value, entity_type="deal", pipeline="main", from_stage=start,
                    to_stage=end, entered=entered, entered_touched=entered, reached=reached,
                    touched=reached, lost=lost, still_open=still_open, removed=removed,
                    observed_rate=reached / entered, observed_low=0.0, observed_high=1.0,
                    eventual_rate=reached / entered, eventual_low=0.0, eventual_high=1.0,
                    horizon_days=180, median_days=9 if reached / entered >= 0.5 else None,
                )  # fmt: skip
    for month, opening, entered, closing in ((1, 0, 5, 3), (2, 3, 0, 1)):
        _add(
            warehouse, "mart_stage_flow", month_start=date(2024, month, 1), entity_type="deal",
            pipeline="main", stage="demo", opening=opening, entered=entered, advanced=1,
            regressed=0, won=0, lost=1, moved=0, removed=0, closing=closing,
        )  # fmt: skip
    _add(
        warehouse, "mart_required_leads", period_start=date(2024, 1, 1), period_end=AS_OF,
        dimension="all", dimension_value="all", target=7000, won_so_far=1000, gap=6000, leads=20,
        won_leads=2, lead_to_won_rate=0.1, average_won_amount_reporting=1000, required_wins=6,
        required_leads=60,
    )  # fmt: skip
    for method, from_new in (("configured", 0), ("historical", 50)):
        _add(
            warehouse, "mart_forecast", as_of=AS_OF, method=method, period="month",
            period_start=date(2024, 3, 1), period_end=AS_OF, dimension="all",
            dimension_value="all", open_deals=3, deals_without_amount=1, won_to_date="100.10",
            expected_from_open="20.20", expected_from_new=from_new, expected=120.3 + from_new,
            p10=100, p25=110, p50=120, p75=130, p90=140, target_probability=0.5, statement="As is.",
        )  # fmt: skip
        _add(
            warehouse, "mart_forecast_accuracy", method=method, as_of=date(2024, 1, 31),
            period="30d", period_start=date(2024, 2, 1), period_end=date(2024, 3, 1),
            dimension="all", dimension_value="all", is_as_published=False, horizon_days=30,
            forecast=90, p10=70, p25=80, p50=90, p75=95, p90=99, actual=100, error=-10,
            absolute_error=10, is_in_80=False, pinball_loss=5.0,
        )  # fmt: skip
        _add(
            warehouse, "mart_forecast_scorecard", method=method, horizon_days=30, period="30d",
            periods=1, wape=0.1, bias=-0.1, coverage_80=0.0, mean_pinball_loss=5.0,
            brier_score=0.2,
        )  # fmt: skip
    warehouse.execute(
        f"""
        insert into marts.fct_deals by name
        select
            'crm:' || number as deal_key, 'crm' as source_name, 'open' as stage_category,
            false as is_won, false as is_lost, 0 as push_count, false as is_deleted,
            date '2024-03-01' as created_on
        from range({DEALS_OPEN_ALL_ALONG}) as numbers (number);
        insert into marts.mart_deal_forecast by name
        select
            deal_key, 0.1 as win_probability_30d, 0.1 as win_probability_60d,
            0.2 as win_probability_90d, 0.3 as win_probability,
            100 as expected_amount_reporting, 'new' as reasons
        from marts.fct_deals;
        insert into marts.fct_pipeline_daily by name
        select deals.deal_key, created_on + day::integer as snapshot_date, 0.1 as win_rate
        from marts.fct_deals as deals, range(31) as days (day)
        """
    )
    for start, opening, movement in ((date(2024, 3, 18), 0, 500), (date(2024, 3, 25), 500, -200)):
        _add(
            warehouse, "mart_pipeline_waterfall", period="week", period_start=start,
            dimension="all", dimension_value="all", closing=opening + movement,
            opening_count=opening // 100, closing_count=(opening + movement) // 100,
            **{**_NOTHING_MOVED, "opening": opening, "new": max(movement, 0)},
            **{"won": min(movement, 0), "new_count": max(movement, 0) // 100},
            won_count=-min(movement, 0) // 100,
        )  # fmt: skip
    _add(
        warehouse, "mart_close_date_moves", period="week", period_start=date(2024, 3, 25),
        dimension="all", dimension_value="all", due=3, lost=1, won=0, removed=0, pushed_out=2,
        pulled_in=0, still_due=0, entered_due=1, overdue_at_start=0,
    )  # fmt: skip
    _add(
        warehouse, "mart_target_attainment", as_of=AS_OF, period="month",
        period_start=date(2024, 3, 1), period_end=AS_OF, dimension="team", dimension_value="north",
        target=1000, won=400, attainment_rate=0.4, gap=600, open_due=0, coverage=0,
        value_win_rate=0.3, required_pipeline=2000,
    )  # fmt: skip
    _add(
        warehouse, "mart_deal_alerts", as_of=AS_OF, deal_key="crm:1", alert="stalled",
        severity="high", since_date=date(2024, 3, 11), value=30, threshold=9, is_learned=True,
        explanation="In demo for 30 days, since 2024-03-01; nine in ten had moved on by 9.",
    )  # fmt: skip
    for value, deals in (("all", 4), ("north", 3), ("south", 1)):
        _add(
            warehouse, "mart_win_rate_calibration", probability_source="crm", bin=5, deals=deals,
            dimension="all" if value == "all" else "team", dimension_value=value, won=1,
            mean_predicted_rate=0.45, actual_win_rate=1 / deals, actual_low=0.05, actual_high=1,
            brier_score=0.25,
        )  # fmt: skip
    _add(
        warehouse, "mart_source_status", source_name="crm", object="deals", state="fresh",
        records_total=24,
    )  # fmt: skip
    _add(
        warehouse, "mart_quarantine", source_name="crm", table_name="deals", row_json="{}",
        location="deals.csv, line 7", reason="not a date", seen_at=CHECKED_AT,
    )  # fmt: skip


def _add(connection: duckdb.DuckDBPyConnection, table: str, **values: object) -> None:
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    connection.execute(
        f"insert into marts.{table} ({names}) values ({marks})", list(values.values())
    )


def failed_checks(connection: duckdb.DuckDBPyConnection, mart: str) -> dict[str, CheckRecord]:
    """Return the failed checks of a mart, by their name without the mart's."""
    return {
        record.check_name.removeprefix(f"expectations.{mart}."): record
        for record in validate(connection, SUITES[mart], "run", CHECKED_AT)
        if not record.passed
    }
