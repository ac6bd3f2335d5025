"""The marts that tell of the run itself: the state of the sources, and how the checks came out."""

from __future__ import annotations

import duckdb

from orchestration.mart_shapes import QUALITY_CHECKS, SOURCE_STATUS, MartShape


def _create(connection: duckdb.DuckDBPyConnection, shape: MartShape, query: str) -> None:
    connection.execute(shape.create_sql(query))
    connection.execute(shape.comment_sql())


def write_source_status(connection: duckdb.DuckDBPyConnection) -> None:
    """Write ``mart_source_status`` from the committed loads and the record of extractions.

    ``fresh``: the last attempt succeeded. ``failed``: it did not, and nothing ever landed.
    ``stale``: it did not, or nothing was delivered any more; the last good data stands.
    ``never``: nothing was ever delivered.
    """
    _create(
        connection,
        SOURCE_STATUS,
        """
        with last_attempts as (
            select * from quality.extractions
            qualify row_number() over (
                partition by source_name, object order by attempted_at desc
            ) = 1
        ),
        successes as (
            select source_name, object, max(attempted_at) as last_success_at
            from quality.extractions
            where state in ('landed', 'unchanged')
            group by all
        ),
        landed as (
            select
                source_name, table_name as object, max(high_water_mark) as high_water_mark,
                sum(row_count - deleted_rows - rejected_rows) as records_total
            from landing.loads
            group by all
        )
        select
            last_attempts.source_name,
            last_attempts.object,
            case
                when last_attempts.state in ('landed', 'unchanged') then 'fresh'
                when coalesce(landed.records_total, 0) > 0 then 'stale'
                when last_attempts.state = 'failed' then 'failed'
                else 'never'
            end as state,
            successes.last_success_at,
            landed.high_water_mark,
            last_attempts.records as records_last_run,
            coalesce(landed.records_total, 0) as records_total,
            nullif(last_attempts.message, '') as message
        from last_attempts
        left join successes using (source_name, object)
        left join landed using (source_name, object)
        order by all
        """,
    )


def write_quality_checks(connection: duckdb.DuckDBPyConnection) -> None:
    """Write ``mart_quality_checks`` from the record of checks, the newest run first."""
    _create(
        connection,
        QUALITY_CHECKS,
        """
        select * from quality.checks
        order by checked_at desc, run_id, passed, severity, table_name, check_name
        """,
    )
