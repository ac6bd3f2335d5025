"""Reads of the warehouse that the marts computed in Python start from.

Each is grouped in the engine first; what is made of the frames belongs elsewhere.
"""

from __future__ import annotations

import duckdb
import pandas as pd
import pyarrow as pa

from orchestration.marts.forecast import History

# Deals that arrived within this many days tell the rate at which deals will arrive.
ARRIVAL_DAYS = 365


def funnel_counts(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Return the funnel's counts in the order in which the mart is published."""
    return connection.sql(
        """
        select * from conformed.int_funnel_counts
        order by
            cohort_month nulls first, dimension, dimension_value, entity_type desc, pipeline,
            from_position, from_stage, to_stage = 'won', to_stage
        """
    ).to_arrow_table()


def conversion_horizon(connection: duckdb.DuckDBPyConnection) -> int:
    """Return the days within which the funnel's counts tell one day from another."""
    (days,) = connection.execute("select settings.conversion_horizon_days()").fetchall()[0]
    return int(days)


def forecast_history(connection: duckdb.DuckDBPyConnection) -> History:
    """Return everything that the historical method measures."""
    open_deals = """
        select
            dimension, dimension_value, pipeline, stage, days_in_stage,
            sum(value_reporting)::double as value
        from conformed.int_open_deals_by_dimension
        group by all order by all
    """
    arrivals = f"""
        with span as (
            select least({ARRIVAL_DAYS}, settings.as_of() - min(created_on) + 1) as days
            from conformed.int_deal_dimensions
        )
        select
            dimension, dimension_value, pipeline, count(*)::double / any_value(days) as per_day
        from conformed.int_deals_by_dimension, span
        where created_on > settings.as_of() - {ARRIVAL_DAYS} and not is_deleted
        group by all order by all
    """
    mean_won = """
        select pipeline, avg(amount_reporting)::decimal(18, 2)::double as amount
        from marts.fct_deals
        where is_won and amount_reporting > 0
        group by all order by all
    """
    return History(
        open_deals=_frame(connection, open_deals),
        stays=_frame(connection, "select * from conformed.int_stage_stays order by all"),
        entries=_frame(connection, "select * from conformed.int_entry_stages order by all"),
        arrivals=_frame(connection, arrivals),
        mean_won=_frame(connection, mean_won),
    )


def _frame(connection: duckdb.DuckDBPyConnection, query: str) -> pd.DataFrame:
    frame: pd.DataFrame = connection.execute(query).df()
    return frame
