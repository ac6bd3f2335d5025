"""``mart_forecast`` as a table: exact sums in the engine, beside what history expects.

The statistics stand in ``forecast``; the shape of the table in ``mart_shapes``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import duckdb
import pandas as pd

from orchestration.engine import literal
from orchestration.marts.periods import Period


def forecast_rows(as_of: date, periods: Sequence[Period], historical: str) -> str:
    """Return the query of ``mart_forecast``.

    ``historical`` names a relation with period, period_start, dimension, dimension_value,
    expected_from_open and expected_from_new. One row a method, period and dimension value; the
    period with a null start is the whole pipeline.

    The method ``configured`` is count × amount × win rate of the stage: a deal falls into the
    period of its expected close date, an overdue one into the current. ``historical`` takes every
    open deal into account in every period.
    """
    named = [(p.kind, p.start, p.end) for p in periods] + [("pipeline", None, None)]
    values = ", ".join(
        f"({literal(kind)}, {literal(start)}::date, {literal(end)}::date)"
        for kind, start, end in named
    )
    today = literal(as_of)
    return f"""
    with periods (period, period_start, period_end) as (values {values}),
    open_deals as (select * from conformed.int_open_deals_by_dimension),
    won_deals as (
        select dimension, dimension_value, closed_on, amount_reporting
        from conformed.int_deals_by_dimension
        where is_won and amount_reporting is not null
    ),
    arrived as (
        select distinct dimension, dimension_value
        from conformed.int_deals_by_dimension
        where not is_deleted
    ),
    targets as (
        select dimension, dimension_value, period_start, period_end,
            sum(target_reporting) as target
        from conformed.int_targets
        group by all
    ),
    scope as (
        select dimension, dimension_value from arrived
        union
        select dimension, dimension_value from open_deals
        union
        select dimension, dimension_value from targets
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
    methods as (
        select
            'configured' as method, periods.*, scope.*,
            coalesce(due.open_deals, 0) as open_deals,
            coalesce(due.deals_without_amount, 0) as deals_without_amount,
            round(coalesce(due.expected_from_open, 0), 2) as expected_from_open,
            0 as expected_from_new
        from periods
        cross join scope
        left join due
            on periods.period = due.period
            and periods.period_start is not distinct from due.period_start
            and scope.dimension = due.dimension and scope.dimension_value = due.dimension_value
        union all
        select
            'historical' as method, periods.*, scope.*,
            coalesce(standing.open_deals, 0) as open_deals,
            coalesce(standing.deals_without_amount, 0) as deals_without_amount,
            round(coalesce(historical.expected_from_open, 0), 2) as expected_from_open,
            round(coalesce(historical.expected_from_new, 0), 2) as expected_from_new
        from periods
        cross join scope
        left join standing
            on scope.dimension = standing.dimension
            and scope.dimension_value = standing.dimension_value
        left join {historical} as historical
            on periods.period = historical.period
            and periods.period_start is not distinct from historical.period_start
            and scope.dimension = historical.dimension
            and scope.dimension_value = historical.dimension_value
    )
    select
        {today} as as_of,
        methods.method, methods.period, methods.period_start, methods.period_end,
        methods.dimension, methods.dimension_value, methods.open_deals,
        methods.deals_without_amount,
        coalesce(won.won_to_date, 0)::decimal(18, 2) as won_to_date,
        methods.expected_from_open::decimal(18, 2) as expected_from_open,
        methods.expected_from_new::decimal(18, 2) as expected_from_new,
        (
            coalesce(won.won_to_date, 0)::decimal(18, 2)
            + methods.expected_from_open::decimal(18, 2)
            + methods.expected_from_new::decimal(18, 2)
        ) as expected,
        targets.target
    from methods
    left join won
        on methods.period = won.period and methods.period_start = won.period_start
        and methods.dimension = won.dimension and methods.dimension_value = won.dimension_value
    left join targets
        on methods.period_start = targets.period_start
        and methods.period_end = targets.period_end
        and methods.dimension = targets.dimension
        and methods.dimension_value = targets.dimension_value
    order by
        methods.method, methods.period_start nulls last, methods.period, methods.dimension,
        methods.dimension_value
    """


def register(connection: duckdb.DuckDBPyConnection, historical: pd.DataFrame) -> str:
    """Make a frame of historical expectations readable for the query; return its name."""
    connection.register("historical_expectations", historical)
    return "historical_expectations"
