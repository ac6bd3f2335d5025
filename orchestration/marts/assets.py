"""The marts that are computed in Python: conversion and forecast.

Thin: read what the engine has grouped, call a pure function, write the result.
"""

import dagster as dg
import duckdb
import pandas as pd

from orchestration.engine import connect
from orchestration.marts.conversion import conversion_rates
from orchestration.marts.forecast import forecast
from orchestration.marts.inputs import forecast_inputs, funnel_counts
from orchestration.marts.periods import forecast_periods
from orchestration.mart_shapes import FORECAST, FUNNEL_CONVERSION, MartShape
from orchestration.session import NightSession
from orchestration.warehouse.preview import table_metadata


def _write(connection: duckdb.DuckDBPyConnection, shape: MartShape, rows: pd.DataFrame) -> None:
    """Replace a mart with the rows of a frame, in their order, in the mart's types."""
    connection.register("rows_of_mart", rows)
    columns = ", ".join(f'"{name}"::{kind} as "{name}"' for name, kind in shape.columns.items())
    connection.execute(
        f"create or replace table marts.{shape.table} as select {columns} from rows_of_mart"
    )
    connection.unregister("rows_of_mart")
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
        _write(connection, FUNNEL_CONVERSION, conversion_rates(funnel_counts(connection)))
        return dg.MaterializeResult(
            metadata=table_metadata(connection, "marts", FUNNEL_CONVERSION.table)
        )


@dg.asset(
    key=["marts", FORECAST.table],
    deps=[
        dg.AssetKey(["conformed", "int_open_deals"]),
        dg.AssetKey(["conformed", "int_resolution_counts"]),
        dg.AssetKey(["conformed", "int_deal_dimensions"]),
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
        rows = forecast(forecast_inputs(connection), session.as_of, periods)
        _write(connection, FORECAST, rows)
        return dg.MaterializeResult(metadata=table_metadata(connection, "marts", FORECAST.table))
