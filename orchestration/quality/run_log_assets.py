"""The run-log marts as assets: after every other mart and its checks, before the publication."""

import dagster as dg

from orchestration.engine import connect
from orchestration.mart_shapes import QUALITY_CHECKS, SOURCE_STATUS, MartShape
from orchestration.published_tables import PUBLISHED_TABLES
from orchestration.quality.run_log_marts import write_quality_checks, write_source_status
from orchestration.session import NightSession
from orchestration.showing.metadata import table_metadata


def _metadata(session: NightSession, shape: MartShape) -> dg.MaterializeResult:
    with connect(session.home.warehouse) as connection:
        return dg.MaterializeResult(metadata=table_metadata(connection, "marts", shape.table))


@dg.asset(
    key=["marts", SOURCE_STATUS.table],
    deps=[dg.AssetKey(["landing", "loads"])],
    description=SOURCE_STATUS.description,
    group_name="quality",
    kinds={"python", "duckdb"},
    owners=["team:data-engineering"],
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def mart_source_status(session: NightSession) -> dg.MaterializeResult:
    """Tell how fresh each source is."""
    with connect(session.home.warehouse) as connection:
        write_source_status(connection)
    return _metadata(session, SOURCE_STATUS)


@dg.asset(
    key=["marts", QUALITY_CHECKS.table],
    deps=[
        dg.AssetKey(["marts", table]) for table in PUBLISHED_TABLES if table != QUALITY_CHECKS.table
    ],
    description=QUALITY_CHECKS.description,
    group_name="quality",
    kinds={"python", "duckdb"},
    owners=["team:data-engineering"],
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def mart_quality_checks(session: NightSession) -> dg.MaterializeResult:
    """Tell how every check of this and earlier runs came out."""
    with connect(session.home.warehouse) as connection:
        write_quality_checks(connection)
    return _metadata(session, QUALITY_CHECKS)
