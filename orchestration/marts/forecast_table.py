"""``mart_forecast`` and ``mart_deal_forecast`` as tables: exact sums beside what is forecast.

The statistics stand in ``orchestration.forecast``; the shapes of the tables in ``mart_shapes``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import duckdb
import pandas as pd

from orchestration.engine import give_back, literal, little_memory
from orchestration.forecast.record import QUANTILES
from orchestration.mart_shapes import DEAL_FORECAST, FORECAST
from orchestration.marts.periods import Period, forecast_periods

if TYPE_CHECKING:
    from orchestration.forecast.history import DealHistory

FORECAST_ROWS = "forecast_rows"
FORECAST_DEALS = "forecast_deals"


def write_forecast(
    connection: duckdb.DuckDBPyConnection, as_of: date, fiscal_year_start_month: int
) -> None:
    """Forecast from the warehouse's history at ``as_of``, and replace both marts."""
    # Imported late: only a night needs the libraries of statistics.
    from orchestration.forecast.methods import forecast

    periods = forecast_periods(as_of, fiscal_year_start_month)
    with little_memory(connection):
        targets = target_rows(connection)
        # Not named here: the forecast lets go of it as soon as it has what it needs.
        made = forecast(_history(connection, as_of), as_of, periods, targets)
    connection.register(FORECAST_ROWS, made.rows)
    connection.register(FORECAST_DEALS, made.deals)
    FORECAST.write(connection, forecast_query(as_of, periods))
    DEAL_FORECAST.write(connection, deal_query(as_of))


def _history(connection: duckdb.DuckDBPyConnection, as_of: date) -> DealHistory:
    from orchestration.forecast.inputs import read_inputs

    history = read_inputs(connection, undated=True).valued_at(as_of)
    give_back(connection)
    return history


def target_rows(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Return the targets: period_start, period_end, dimension, dimension_value, target."""
    frame: pd.DataFrame = connection.execute(
        """
        select
            period_start, period_end, dimension, dimension_value,
            sum(target_reporting)::double as target
        from conformed.int_targets
        group by all
        having target is not null
        order by all
        """
    ).df()
    return frame


def forecast_query(as_of: date, periods: Sequence[Period]) -> str:
    """Return the query of ``mart_forecast`` over the registered rows of all methods.

    One row a method, period and dimension value. What is won already, and all of ``configured``
    (amount × win rate of the stage; a deal falls into the period of its expected close date, an
    overdue one into the current), are exact sums of money made here; quantiles move with what the
    exact sum of what is won differs by. ``open_deals`` are the deals that a row rests on: for
    ``configured`` those due in the period, for the others every open one.
    """
    named = [(p.kind, p.start, p.end) for p in periods] + [("pipeline", None, None)]
    values = ", ".join(
        f"({literal(kind)}, {literal(start)}::date, {literal(end)}::date)"
        for kind, start, end in named
    )
    today = literal(as_of)
    shifted = ", ".join(
        # A method may say what it expects, and no range.
        f"case when made.method is null or made.{name} is not null then "
        f"round(coalesce(made.{name}, 0) + shift, 2)::decimal(18, 2) end as {name}"
        for name in QUANTILES
    )
    return f"""
    with periods (period, period_start, period_end) as (values {values}),
    open_deals as (select * from conformed.int_open_deals_by_dimension),
    won_deals as (
        select dimension, dimension_value, closed_on, amount_reporting
        from conformed.int_deals_by_dimension
        where is_won and amount_reporting is not null
    ),
    targets as (
        select dimension, dimension_value, period_start, period_end,
            sum(target_reporting) as target
        from conformed.int_targets
        group by all
    ),
    scope as (
        select distinct dimension, dimension_value
        from conformed.int_deals_by_dimension
        where not is_deleted
        union
        select dimension, dimension_value from open_deals
        union
        select dimension, dimension_value from targets
        union
        select dimension, dimension_value from {FORECAST_ROWS}
    ),
    due as (
        select
            periods.period, periods.period_start, open_deals.dimension,
            open_deals.dimension_value,
            count(*) as open_deals,
            count(*) filter (where is_without_amount) as deals_without_amount,
            sum(value_reporting * coalesce(win_rate, 0)) as expected_from_open
        from periods
        inner join open_deals
            on periods.period_start is null
            or expected_close_date between periods.period_start and periods.period_end
            or (
                expected_close_date < {today}
                and {today} between periods.period_start and periods.period_end
            )
        group by all
    ),
    standing as (
        select
            dimension, dimension_value, count(*) as open_deals,
            count(*) filter (where is_without_amount) as deals_without_amount
        from open_deals
        group by all
    ),
    won as (
        select
            periods.period, periods.period_start, won_deals.dimension, won_deals.dimension_value,
            sum(won_deals.amount_reporting) as won_to_date
        from periods
        inner join won_deals
            on won_deals.closed_on between periods.period_start and periods.period_end
            and won_deals.closed_on <= {today}
        group by all
    ),
    statements as (
        select method, period, period_start::date as period_start, any_value(statement) as statement
        from {FORECAST_ROWS}
        where dimension = 'all'
        group by all
    ),
    methods as (
        select
            methods.method, periods.*, scope.*,
            statements.statement,
            methods.method = 'configured' as is_configured,
            coalesce(
                case
                    when methods.method = 'configured' then due.open_deals
                    else standing.open_deals
                end,
                0
            ) as open_deals,
            coalesce(
                case
                    when methods.method = 'configured' then due.deals_without_amount
                    else standing.deals_without_amount
                end,
                0
            ) as deals_without_amount,
            coalesce(won.won_to_date, 0)::decimal(18, 2) as won_to_date,
            round(coalesce(due.expected_from_open, 0), 2)::decimal(18, 2) as exactly_from_open
        from (select distinct method from {FORECAST_ROWS}) as methods
        cross join periods
        cross join scope
        left join statements
            on methods.method = statements.method and periods.period = statements.period
            and periods.period_start is not distinct from statements.period_start
        left join due
            on periods.period = due.period
            and periods.period_start is not distinct from due.period_start
            and scope.dimension = due.dimension and scope.dimension_value = due.dimension_value
        left join standing
            on scope.dimension = standing.dimension
            and scope.dimension_value = standing.dimension_value
        left join won
            on periods.period = won.period and periods.period_start = won.period_start
            and scope.dimension = won.dimension and scope.dimension_value = won.dimension_value
    ),
    measured as (
        select
            methods.*,
            case
                when is_configured then exactly_from_open
                else round(coalesce(made.expected_from_open, 0), 2)
            end::decimal(18, 2) as expected_from_open,
            case
                when is_configured then 0 else round(coalesce(made.expected_from_new, 0), 2)
            end::decimal(18, 2) as expected_from_new,
            methods.won_to_date::double - coalesce(made.won_to_date, 0) as shift,
            {shifted},
            made.target_probability
        from methods
        left join {FORECAST_ROWS} as made
            on methods.method = made.method and methods.period = made.period
            and methods.period_start is not distinct from made.period_start::date
            and methods.dimension = made.dimension
            and methods.dimension_value = made.dimension_value
        left join conformed.int_dimension_reach as reach
            on methods.dimension = reach.dimension
            and methods.dimension_value = reach.dimension_value
        left join conformed.int_dimension_reach as company on company.dimension = 'all'
        -- A period that repeats another can't be told where there is no other: of a source that
        -- began later, unlike the company.
        where methods.method <> 'naive'
            or (
                made.method is not null
                and (
                    reach.first_on is null
                    or reach.first_on <= methods.period_start - to_years(1)
                    or company.first_on > methods.period_start - to_years(1)
                )
            )
    )
    select
        {today} as as_of,
        measured.* exclude (shift, exactly_from_open, is_configured, target_probability),
        measured.won_to_date + measured.expected_from_open + measured.expected_from_new as expected,
        targets.target,
        case when targets.target is not null then measured.target_probability end
            as target_probability
    from measured
    left join targets
        on measured.period_start = targets.period_start
        and measured.period_end = targets.period_end
        and measured.dimension = targets.dimension
        and measured.dimension_value = targets.dimension_value
    order by
        measured.method, measured.period_start nulls last, measured.period, measured.dimension,
        measured.dimension_value
    """


def deal_query(as_of: date) -> str:
    """Return the query of ``mart_deal_forecast`` over the registered deals."""
    return f"""
    select
        deals.deal_key,
        {literal(as_of)} as as_of,
        deals.source_name,
        deals.pipeline,
        deals.stage,
        deals.owner_key,
        made.win_probability,
        made.win_probability_30d,
        made.win_probability_60d,
        made.win_probability_90d,
        made.expected_close_p50::date as expected_close_p50,
        round(made.expected_amount_reporting, 2) as expected_amount_reporting,
        deals.is_without_amount,
        made.reasons
    from conformed.int_open_deals as deals
    left join {FORECAST_DEALS} as made on deals.deal_key = made.deal_key
    order by deals.deal_key
    """
