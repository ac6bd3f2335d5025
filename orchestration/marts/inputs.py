"""Reads of the warehouse that the marts computed in Python start from.

Each is grouped in the engine first; what is made of the frames belongs elsewhere.
"""

from __future__ import annotations

import duckdb
import pyarrow as pa


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
