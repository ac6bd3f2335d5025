"""The forecast of every origin, made with what was known on that day and nothing later.

One row an origin, method, period and dimension value; and one an origin, method, horizon and open
deal (dimension ``deal``). Origins that are there already are left as they are.
"""

from orchestration.forecast.record import backtest_rows


def model(dbt, session):
    """Return the rows of the origins that are missing."""
    dbt.config(materialized="incremental", incremental_strategy="append")
    dbt.ref("int_forecast_origins")
    dbt.ref("int_forecast_spans")
    dbt.ref("int_forecast_closings")
    dbt.ref("fct_fx_rates")
    return backtest_rows(session, str(dbt.this) if dbt.is_incremental else None)
