"""The marts that are computed in Python: conversion and forecast.

Thin: read what the engine has grouped, call a pure function, write the result.
"""

import dagster as dg
import duckdb

from orchestration.engine import connect
from orchestration.mart_shapes import FORECAST, FUNNEL_CONVERSION, MartShape
from orchestration.marts.conversion import conversion_rates
from orchestration.marts.forecast import historical_expectations
from orchestration.marts.forecast_table import forecast_rows, register
from orchestration.marts.inputs import conversion_horizon, forecast_history, funnel_counts
from orchestration.marts.periods import forecast_periods
from orchestration.session import NightSession
from orchestration.showing.metadata import table_metadata


def _write(connection: duckdb.DuckDBPyConnection, shape: MartShape, query: str) -> None:
    """Replace a mart with the rows of a query, in their order, in the mart's types."""
    connection.execute(shape.create_sql(query))
    connection.execute(shape.comment_sql())


@dg.asset(
    key=["marts", FUNNEL_CONVERSION.table],
    deps=[dg.AssetKey(["conformed", "int_funnel_counts"])],
    description=FUNNEL_CONVERSION.description,
    group_name="marts",
    kinds={"python", "pandas", "duckdb"},
    owners=["team:analytics"],
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def mart_funnel_conversion(
    context: dg.AssetExecutionContext, session: NightSession
) -> dg.MaterializeResult:
    """Rates and intervals of the funnel, from the counts that the engine made."""
    with connect(session.home.warehouse) as connection:
        rates = conversion_rates(funnel_counts(connection), conversion_horizon(connection))
        connection.register("rates", rates)
        _write(connection, FUNNEL_CONVERSION, "select * from rates")
        return dg.MaterializeResult(
            metadata=table_metadata(connection, "marts", FUNNEL_CONVERSION.table)
        )


@dg.asset(
    key=["marts", FORECAST.table],
    deps=[
        dg.AssetKey(["conformed", "int_open_deals_by_dimension"]),
        dg.AssetKey(["conformed", "int_stage_stays"]),
        dg.AssetKey(["conformed", "int_entry_stages"]),
        dg.AssetKey(["conformed", "int_deals_by_dimension"]),
        dg.AssetKey(["conformed", "int_targets"]),
    ],
    description=FORECAST.description,
    group_name="marts",
    kinds={"python", "pandas", "duckdb"},
    owners=["team:analytics"],
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def mart_forecast(context: dg.AssetExecutionContext, session: NightSession) -> dg.MaterializeResult:
    """What will be won in this and the next month and fiscal quarter, by two methods."""
    periods = forecast_periods(session.as_of, session.settings.fiscal_year_start_month)
    with connect(session.home.warehouse) as connection:
        history = forecast_history(connection)
        expected = historical_expectations(history, session.as_of, periods)
        relation = register(connection, expected)
        _write(connection, FORECAST, forecast_rows(session.as_of, periods, relation))
        return dg.MaterializeResult(metadata=table_metadata(connection, "marts", FORECAST.table))
