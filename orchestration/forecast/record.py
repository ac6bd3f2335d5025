"""The forecast's track record as rows: each origin forecast again, once.

Which days are origins, and when one has to be done again, is decided in the engine
(``int_forecast_origins``); how a forecast is made stands in ``backtest``.
"""

from __future__ import annotations

from datetime import date

import duckdb
import pandas as pd
import pyarrow as pa

# A deal's chance is a row beside those of the dimensions.
DEAL = "deal"

QUANTILES = ("p10", "p25", "p50", "p75", "p90")
RECORD = pa.schema(
    [
        ("as_of", pa.date32()),
        ("fingerprint", pa.string()),
        ("method", pa.string()),
        ("period", pa.string()),
        ("period_start", pa.date32()),
        ("period_end", pa.date32()),
        ("dimension", pa.string()),
        ("dimension_value", pa.string()),
        ("horizon_days", pa.int32()),
        ("expected", pa.float64()),
        *((name, pa.float64()) for name in QUANTILES),
        ("win_probability", pa.float64()),
    ]
)


def missing_origins(
    connection: duckdb.DuckDBPyConnection, done: str | None
) -> list[tuple[date, str]]:
    """Return the origins, with their fingerprints, of which the relation ``done`` has no rows."""
    query = "select as_of, fingerprint from conformed.int_forecast_origins"
    if done is not None:
        query += f" where (as_of, fingerprint) not in (select (as_of, fingerprint) from {done})"
    return [(day, text) for day, text in connection.execute(f"{query} order by as_of").fetchall()]


def backtest_rows(connection: duckdb.DuckDBPyConnection, done: str | None) -> pa.Table:
    """Forecast every origin that is not done yet; return the rows of ``RECORD``.

    Costs nothing where no origin is missing.
    """
    origins = missing_origins(connection, done)
    if not origins:
        return RECORD.empty_table()
    # Imported late: a second that only a new origin needs.
    from orchestration.forecast.backtest import backtest
    from orchestration.forecast.inputs import read_inputs

    (fiscal_year_start_month,) = connection.execute(
        "select settings.fiscal_year_start_month()"
    ).fetchall()[0]
    inputs = read_inputs(connection, undated=False)
    tables = []
    for origin, fingerprint in origins:
        # One at a time: each is valued at its own day's rates.
        made = backtest(inputs.valued_at(origin), [origin], int(fiscal_year_start_month))
        tables += [_rows(made.forecasts, fingerprint), _rows(_of_deals(made.deals), fingerprint)]
    return pa.concat_tables(tables)


def _of_deals(deals: pd.DataFrame) -> pd.DataFrame:
    return deals.assign(dimension=DEAL).rename(columns={"deal_key": "dimension_value"})


def _rows(frame: pd.DataFrame, fingerprint: str) -> pa.Table:
    """Return a frame in the record's columns and types; those it hasn't are null."""
    whole = frame.assign(fingerprint=fingerprint)
    return pa.table(
        {
            field.name: (
                pa.Array.from_pandas(whole[field.name].astype(object), type=field.type)
                if field.name in whole and pa.types.is_string(field.type)
                else pa.Array.from_pandas(whole[field.name], type=field.type, safe=False)
                if field.name in whole
                else pa.nulls(len(whole), field.type)
            )
            for field in RECORD
        },
        schema=RECORD,
    )
