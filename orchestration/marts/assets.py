"""The marts that are computed in Python: conversion and forecast.

Thin: read what the engine has grouped, call a pure function, write the result.
"""

# No postponed annotations here: the orchestrator looks at the type of ``context`` itself.
from collections.abc import Iterator

import dagster as dg

from orchestration.engine import connect
from orchestration.mart_shapes import DEAL_FORECAST, FORECAST, FUNNEL_CONVERSION
from orchestration.marts.conversion import conversion_rates
from orchestration.marts.forecast_table import write_forecast
from orchestration.marts.inputs import conversion_horizon, funnel_counts
from orchestration.session import NightSession
from orchestration.showing.metadata import table_metadata


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
        FUNNEL_CONVERSION.write(connection, "select * from rates")
        return dg.MaterializeResult(
            metadata=table_metadata(connection, "marts", FUNNEL_CONVERSION.table)
        )


@dg.multi_asset(
    name="forecast",
    specs=[
        dg.AssetSpec(
            ["marts", shape.table],
            deps=[
                dg.AssetKey(["conformed", table])
                for table in (
                    "int_forecast_spans",
                    "int_forecast_closings",
                    "int_forecast_origins",
                    "int_open_deals_by_dimension",
                    "int_deals_by_dimension",
                    "int_dimension_reach",
                    "int_targets",
                )
            ],
            description=shape.description,
            group_name="marts",
            kinds={"python", "pandas", "duckdb"},
            owners=["team:analytics"],
        )
        for shape in (FORECAST, DEAL_FORECAST)
    ],
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def mart_forecast(
    context: dg.AssetExecutionContext, session: NightSession
) -> Iterator[dg.MaterializeResult]:
    """What will be won in this and the next month and fiscal quarter, by which deals."""
    with connect(session.home.warehouse) as connection:
        write_forecast(connection, session.as_of, session.settings.fiscal_year_start_month)
        for shape in (FORECAST, DEAL_FORECAST):
            yield dg.MaterializeResult(
                asset_key=["marts", shape.table],
                metadata=table_metadata(connection, "marts", shape.table),
            )
