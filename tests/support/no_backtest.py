"""A warehouse whose forecast was never tried out: for tests of what lies behind it."""

from __future__ import annotations

import duckdb

from orchestration.forecast.record import RECORD

# Left out of a build whose warehouse has the empty table.
BACKTEST = "int_backtest"


def lay_out_no_backtest(connection: duckdb.DuckDBPyConnection) -> None:
    """Offer a backtest of no day: what judges it finds nothing, and nothing is computed."""
    connection.register("no_backtest", RECORD.empty_table())
    connection.execute(f"create or replace table conformed.{BACKTEST} as from no_backtest")
    connection.unregister("no_backtest")
