"""Names, types and descriptions of the marts that are computed in Python.

The marts built in SQL have theirs beside the model; these stand here for the same reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb


@dataclass(frozen=True)
class MartShape:
    """A published table: its columns with their types in the engine, in order."""

    table: str
    description: str
    columns: Mapping[str, str]

    def create_sql(self, query: str) -> str:
        """Return the statement that makes the table of a query, in the mart's types."""
        columns = ", ".join(f'"{name}"::{kind} as "{name}"' for name, kind in self.columns.items())
        return f"create or replace table marts.{self.table} as select {columns} from ({query})"

    def comment_sql(self) -> str:
        """Return the statement that stores the description with the table."""
        text = self.description.replace("'", "''")
        return f"comment on table marts.{self.table} is '{text}'"

    def write(self, connection: duckdb.DuckDBPyConnection, query: str) -> None:
        """Replace the table with the rows of a query, in their order, in the mart's types."""
        connection.execute(self.create_sql(query))
        connection.execute(self.comment_sql())


MONEY = "decimal(18, 2)"

FUNNEL_CONVERSION = MartShape(
    table="mart_funnel_conversion",
    description=(
        "One row a cohort month (null: all time), dimension value, kind of record, pipeline and "
        "step of the funnel: how many passed the stage, how many passed the next one, what became "
        "of the rest at as_of, and how many will get there. entered = reached + lost + still_open "
        "+ removed."
    ),
    columns={
        "cohort_month": "date",
        "dimension": "varchar",
        "dimension_value": "varchar",
        "entity_type": "varchar",
        "pipeline": "varchar",
        "from_stage": "varchar",
        "to_stage": "varchar",
        "from_position": "integer",
        "entered": "bigint",
        "entered_touched": "bigint",
        "reached": "bigint",
        "touched": "bigint",
        "lost": "bigint",
        "still_open": "bigint",
        "removed": "bigint",
        "observed_rate": "double",
        "observed_low": "double",
        "observed_high": "double",
        "resolved_rate": "double",
        "eventual_rate": "double",
        "eventual_low": "double",
        "eventual_high": "double",
        "horizon_days": "integer",
        "median_days": "integer",
    },
)

FORECAST = MartShape(
    table="mart_forecast",
    description=(
        "One row an as_of, method, period (month, quarter, or the whole pipeline with a null "
        "start) and dimension value: what is already won in the period, what is expected from "
        "deals open now and from deals yet to come, how far the total may lie from it, and the "
        "target. expected = won_to_date + expected_from_open + expected_from_new."
    ),
    columns={
        "as_of": "date",
        "method": "varchar",
        "period": "varchar",
        "period_start": "date",
        "period_end": "date",
        "dimension": "varchar",
        "dimension_value": "varchar",
        "open_deals": "bigint",
        "deals_without_amount": "bigint",
        "won_to_date": MONEY,
        "expected_from_open": MONEY,
        "expected_from_new": MONEY,
        "expected": MONEY,
        "p10": MONEY,
        "p25": MONEY,
        "p50": MONEY,
        "p75": MONEY,
        "p90": MONEY,
        "target": MONEY,
        "target_probability": "double",
        "statement": "varchar",
    },
)

DEAL_FORECAST = MartShape(
    table="mart_deal_forecast",
    description=(
        "One row a deal that is open at as_of: how likely it is to be won, by when, for how much, "
        "and the main reasons in words."
    ),
    columns={
        "deal_key": "varchar",
        "as_of": "date",
        "source_name": "varchar",
        "pipeline": "varchar",
        "stage": "varchar",
        "owner_key": "varchar",
        "win_probability": "double",
        "win_probability_30d": "double",
        "win_probability_60d": "double",
        "win_probability_90d": "double",
        "expected_close_p50": "date",
        "expected_amount_reporting": MONEY,
        "is_without_amount": "boolean",
        "reasons": "varchar",
    },
)

SOURCE_STATUS = MartShape(
    table="mart_source_status",
    description=(
        "One row a source and object: whether its data is fresh, stale, failed or was never "
        "delivered, and how much of it there is."
    ),
    columns={
        "source_name": "varchar",
        "object": "varchar",
        "state": "varchar",
        "last_success_at": "timestamptz",
        "high_water_mark": "timestamptz",
        "records_last_run": "bigint",
        "records_total": "bigint",
        "message": "varchar",
    },
)

QUALITY_CHECKS = MartShape(
    table="mart_quality_checks",
    description="One row a run and check: what was expected, what was observed, and the verdict.",
    columns={
        "run_id": "varchar",
        "checked_at": "timestamptz",
        "check_name": "varchar",
        "table_name": "varchar",
        "severity": "varchar",
        "passed": "boolean",
        "observed": "varchar",
        "expected": "varchar",
        "failing_rows": "bigint",
    },
)
