"""One asset a source and table: what was delivered, landed as it was.

The assets are built from the settings. A source that fails is told, and stops no other.
"""

import dagster as dg

from orchestration.engine import connect
from orchestration.landing import Landing
from orchestration.run_log import (
    CheckRecord,
    Extraction,
    record_checks,
    record_extraction,
)
from orchestration.session import NightSession
from orchestration.settings import FilesSource, Settings
from orchestration.sources.files.extract import extract_table
from orchestration.sources.files.result import ExtractResult
from orchestration.sources.files.tables import TABLES

OWNERS = ["team:data-engineering"]
EXTRACTED = "was_extracted"


def extraction_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """Return the extraction assets of every source, one a table."""
    return [_extraction(source, table) for source in settings.sources for table in TABLES]


def extraction_key(source: str, table: str) -> dg.AssetKey:
    """Return the key of the asset that extracts a table of a source."""
    return dg.AssetKey(["sources", source, table])


def _extraction(source: FilesSource, table: str) -> dg.AssetsDefinition:
    spec = TABLES[table]

    @dg.asset(
        key=extraction_key(source.name, table),
        description=(
            f"The `{table}` that `{source.name}` delivers as files, landed record by record as "
            f"they are. Needs {', '.join(f'`{name}`' for name in spec.required)}; "
            "everything else is optional, and unknown columns are kept."
        ),
        group_name="extract",
        kinds={"file", "parquet"},
        owners=OWNERS,
        tags={"source": source.name},
        backfill_policy=dg.BackfillPolicy.single_run(),
        check_specs=[
            dg.AssetCheckSpec(
                EXTRACTED,
                asset=extraction_key(source.name, table),
                description="The delivery could be read and looks complete.",
            )
        ],
    )
    def extract(context: dg.AssetExecutionContext, session: NightSession) -> dg.MaterializeResult:
        # From the settings of the run, so that a changed mapping counts without a reload.
        current = next(one for one in session.settings.sources if one.name == source.name)
        try:
            result = extract_table(
                current,
                table,
                Landing(session.home.landing),
                known_at=session.known_at,
                as_of=session.as_of,
                progress=context.log.info,
            )
        except Exception as error:
            # One source's trouble must not stop the others: its last good data is published.
            context.log.exception(f"{source.name}.{table} could not be extracted")
            result = ExtractResult(
                source.name, table, "failed", message=f"{type(error).__name__}: {error}"
            )
        complete = result.state not in ("failed", "suspicious")
        with connect(session.home.warehouse) as connection:
            record_extraction(connection, Extraction.of(result, context.run_id, session.known_at))
            check = CheckRecord(
                run_id=context.run_id,
                checked_at=session.known_at,
                check_name=EXTRACTED,
                table_name=f"{source.name}.{table}",
                severity="warn",
                passed=complete,
                observed=result.message or result.state,
                expected="a delivery that can be read and looks complete",
                failing_rows=None,
            )
            record_checks(connection, [check])
        return dg.MaterializeResult(
            metadata=_metadata(result),
            check_results=[
                dg.AssetCheckResult(
                    passed=complete,
                    check_name=EXTRACTED,
                    severity=dg.AssetCheckSeverity.WARN,
                    metadata={"state": result.state, "message": result.message or "fine"},
                )
            ],
        )

    return extract


def _metadata(result: ExtractResult) -> dict[str, dg.MetadataValue]:
    return {
        "state": dg.MetadataValue.text(result.state),
        "dagster/row_count": dg.MetadataValue.int(result.rows_landed),
        "records delivered": dg.MetadataValue.int(result.rows_read),
        "set aside": dg.MetadataValue.int(result.rows_rejected),
        "withdrawn": dg.MetadataValue.int(result.rows_deleted),
        "files": dg.MetadataValue.md(
            "\n".join(f"- `{name}`" for name in result.files) or "none delivered"
        ),
        "message": dg.MetadataValue.text(result.message or "-"),
        "seconds": dg.MetadataValue.float(round(result.seconds, 3)),
    }
