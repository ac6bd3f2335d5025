"""Reads of the warehouse that the marts computed in Python start from.

One query each, already grouped in the engine; what is made of the frames belongs elsewhere.
"""

from __future__ import annotations

import duckdb
import pandas as pd

from orchestration.marts.forecast import ForecastInputs

# Deals that arrived within this many days tell the rate at which deals will arrive.
ARRIVAL_DAYS = 365

_DIMENSIONED = """
    select
        *,
        unnest(['all', 'source_name', 'pipeline', 'owner', 'team', 'lead_source', 'region'])
            as dimension,
        unnest([
            'all', source_name, coalesce(pipeline, 'unknown'), coalesce(owner_key, 'unknown'),
            coalesce(team, 'unknown'), coalesce(lead_source, 'unknown'),
            coalesce(region, 'unknown')
        ]) as dimension_value
    from {relation}
"""


def _by_dimension(relation: str) -> str:
    return "(" + _DIMENSIONED.format(relation=relation) + ")"


def funnel_counts(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Return the funnel's counts in the order in which the mart is published."""
    return connection.execute(
        """
        select * from conformed.int_funnel_counts
        order by
            cohort_month nulls first, dimension, dimension_value, entity_type desc, pipeline,
            from_position, from_stage, to_stage = 'won', to_stage
        """
    ).df()


def forecast_inputs(connection: duckdb.DuckDBPyConnection) -> ForecastInputs:
    """Return everything that a forecast at ``as_of`` is made of."""

    def frame(query: str) -> pd.DataFrame:
        table = connection.sql(query).to_arrow_table()
        # Arrow keeps decimals exact, where the default conversion makes floats of them.
        return table.to_pandas(date_as_object=True)

    open_deals = frame(
        f"""
        select
            dimension, dimension_value, pipeline, stage, days_in_stage, expected_close_date,
            count(*) as deals,
            count(*) filter (where is_without_amount) as without_amount,
            sum(value_reporting) as value,
            sum(value_reporting * coalesce(win_rate, 0)) as weighted
        from {_by_dimension("conformed.int_open_deals")}
        group by all order by all
        """
    )
    resolutions = frame("select * from conformed.int_resolution_counts order by all")
    arrivals = frame(
        f"""
        with recent as (
            select * from conformed.int_deal_dimensions
            where created_on > settings.as_of() - {ARRIVAL_DAYS} and not is_deleted
        ),
        span as (
            select least(
                {ARRIVAL_DAYS}, settings.as_of() - min(created_on) + 1
            ) as days
            from conformed.int_deal_dimensions
        )
        select
            dimension, dimension_value, pipeline, count(*)::double / any_value(days) as per_day
        from {_by_dimension("recent")}, span
        group by all order by all
        """
    )
    won = frame(
        f"""
        select dimension, dimension_value, closed_on, sum(amount_reporting) as amount
        from {_by_dimension("conformed.int_deal_dimensions")}
        where is_won and amount_reporting is not null
        group by all order by all
        """
    )
    mean_won = frame(
        """
        select pipeline, avg(amount_reporting)::decimal(18, 2) as amount
        from marts.fct_deals
        where is_won and amount_reporting > 0
        group by all order by all
        """
    )
    targets = frame(
        """
        select dimension, dimension_value, period_start, period_end, target_reporting as target
        from conformed.int_targets
        where target_reporting is not null
        order by all
        """
    )
    return ForecastInputs(open_deals, resolutions, arrivals, won, mean_won, targets)
