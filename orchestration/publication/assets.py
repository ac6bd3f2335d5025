"""The published release as an asset: the last step of a night, taken only if every check allows."""

import dagster as dg

from orchestration.engine import connect
from orchestration.landing.nights import record_night
from orchestration.publication.release import publish
from orchestration.published_tables import BY_MONTH, PUBLISHED_TABLES, SORTED
from orchestration.run_log import blocking_checks
from orchestration.session import NightSession

RELEASE = dg.AssetKey(["published", "release"])


@dg.asset(
    key=RELEASE,
    deps=[dg.AssetKey(["marts", table]) for table in PUBLISHED_TABLES],
    description=(
        "The night as analysts see it: `published/funnel.duckdb` and `published/parquet/`, "
        "swapped in as a whole. It stays as it was if a blocking check failed."
    ),
    group_name="publish",
    kinds={"duckdb", "parquet"},
    owners=["team:analytics"],
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def release(context: dg.AssetExecutionContext, session: NightSession) -> dg.MaterializeResult:
    """Publish every mart, unless a blocking check failed since the sources were last read."""
    with connect(session.home.warehouse) as connection:
        failed = blocking_checks(connection)
    if failed:
        raise dg.Failure(
            "Nothing was published: "
            + "; ".join(
                f"{check.check_name} on {check.table_name} ({check.observed})" for check in failed
            ),
            metadata={
                f"{check.table_name}.{check.check_name}": (
                    f"expected {check.expected}; observed {check.observed}; "
                    f"rows: make failing-rows CHECK={check.check_name}"
                )
                for check in failed
            },
        )
    published = publish(
        session.home.warehouse,
        session.home,
        "marts",
        PUBLISHED_TABLES,
        session.known_at.strftime("%Y%m%dT%H%M%S.%fZ"),
        partitioned=BY_MONTH,
        order_by=SORTED,
    )
    record_night(session.home.landing, session.known_at, session.as_of)
    listing = "\n".join(f"| {table} | {rows:,} |" for table, rows in published.tables.items())
    return dg.MaterializeResult(
        metadata={
            "release": published.release_id,
            "database": dg.MetadataValue.path(str(session.home.published / "funnel.duckdb")),
            "tables": dg.MetadataValue.md(f"| table | rows |\n| --- | ---: |\n{listing}"),
            "dagster/row_count": sum(published.tables.values()),
            "bytes": published.bytes,
            "seconds": round(published.seconds, 3),
        }
    )
