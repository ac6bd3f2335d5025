"""The published release and its report: a night's last step, taken only if every check allows."""

# No postponed annotations here: the orchestrator looks at the type of ``context`` itself.
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from orchestration.engine import connect
from orchestration.publication.night import publish_night
from orchestration.publication.release import Release
from orchestration.publication.release_files import DATABASE
from orchestration.publication.report import REPORT_IS_WRITTEN, ReportAttempt, try_report
from orchestration.published_tables import PUBLISHED_TABLES
from orchestration.run_log import blocking_checks, record_checks
from orchestration.session import NightSession

RELEASE = dg.AssetKey(["published", "release"])
REPORT = dg.AssetKey(["published", "report"])
_MARTS = [dg.AssetKey(["marts", table]) for table in PUBLISHED_TABLES]


# One step: the report is drawn from the release's own file and swapped in together with it.
@dg.multi_asset(
    name="published__release",
    specs=[
        dg.AssetSpec(
            RELEASE,
            deps=_MARTS,
            description=(
                "The night as analysts see it: `published/funnel.duckdb` and "
                "`published/parquet/`, swapped in as a whole. It stays as it was if a blocking "
                "check failed."
            ),
            group_name="publish",
            kinds={"duckdb", "parquet"},
            owners=["team:analytics"],
        ),
        dg.AssetSpec(
            REPORT,
            deps=_MARTS,
            description=(
                "The night as the people who sell see it: `published/report.html`, one file in "
                "English and Chinese, swapped in with the marts. A release whose report could "
                "not be written is published without."
            ),
            group_name="publish",
            kinds={"html"},
            owners=["team:analytics"],
            # Not written: the night goes on, and the check below says why.
            skippable=True,
        ),
    ],
    check_specs=[
        dg.AssetCheckSpec(
            REPORT_IS_WRITTEN,
            asset=REPORT,
            description="The release has its report; without it the marts are published alone.",
        )
    ],
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def release(
    context: dg.AssetExecutionContext, session: NightSession
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
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
    attempts: list[ReportAttempt] = []

    def add_report(folder: Path) -> None:
        attempts.append(
            try_report(folder, session.settings, session.as_of, session.known_at, context.log.error)
        )

    published = publish_night(session.home, session.known_at, session.as_of, companion=add_report)
    with connect(session.home.warehouse) as connection:
        record_checks(
            connection,
            [attempt.record(context.run.run_id, session.known_at) for attempt in attempts],
        )
    yield _release_result(session, published)
    for attempt in attempts:
        if attempt.written is not None:
            page = session.home.published / attempt.written.path.name
            yield dg.MaterializeResult(
                asset_key=REPORT,
                metadata={
                    "page": dg.MetadataValue.path(str(page)),
                    "bytes": attempt.written.bytes,
                    "seconds": round(attempt.written.seconds, 3),
                },
            )
        yield dg.AssetCheckResult(
            asset_key=REPORT,
            check_name=REPORT_IS_WRITTEN,
            passed=attempt.written is not None,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"observed": attempt.observed},
        )


def _release_result(session: NightSession, published: Release) -> dg.MaterializeResult:
    listing = "\n".join(f"| {table} | {rows:,} |" for table, rows in published.tables.items())
    return dg.MaterializeResult(
        asset_key=RELEASE,
        metadata={
            "release": published.release_id,
            "database": dg.MetadataValue.path(str(session.home.published / DATABASE)),
            "tables": dg.MetadataValue.md(f"| table | rows |\n| --- | ---: |\n{listing}"),
            "dagster/row_count": sum(published.tables.values()),
            "bytes": published.bytes,
            "seconds": round(published.seconds, 3),
        },
    )
