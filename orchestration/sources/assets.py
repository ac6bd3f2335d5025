"""One asset a source and table or object: what was delivered, landed as it was.

The assets are built from the settings. A source that fails is told, and stops no other.
"""

from collections.abc import Callable
from typing import TypeVar

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
from orchestration.settings import CrmSource, FilesSource, Settings
from orchestration.sources.crm.objects import CrmObject
from orchestration.sources.files.extract import extract_table
from orchestration.sources.files.tables import TABLES
from orchestration.sources.registry import crm_objects, vendor_of
from orchestration.sources.result import ExtractResult

OWNERS = ["team:data-engineering"]
EXTRACTED = "was_extracted"

_Source = TypeVar("_Source", FilesSource, CrmSource)
Extract = Callable[[dg.AssetExecutionContext, NightSession], ExtractResult]


def extraction_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """Return the extraction assets of every source, one a table or object."""
    assets = []
    for source in settings.sources:
        if isinstance(source, FilesSource):
            assets += [_of_files(source, table) for table in TABLES]
        else:
            assets += [_of_crm(source, item) for item in crm_objects(source.type)]
    return assets


def extraction_key(source: str, table: str) -> dg.AssetKey:
    """Return the key of the asset that extracts a table of a source."""
    return dg.AssetKey(["sources", source, table])


def extracted_keys(settings: Settings, kind: str, table: str) -> list[dg.AssetKey]:
    """Return the keys of the assets that extract a table of every source of a kind."""
    return [
        extraction_key(source.name, table) for source in settings.sources if source.type == kind
    ]


def _of_files(source: FilesSource, table: str) -> dg.AssetsDefinition:
    spec = TABLES[table]

    def extract(context: dg.AssetExecutionContext, session: NightSession) -> ExtractResult:
        return extract_table(
            _present(session, source),
            table,
            Landing(session.home.landing),
            known_at=session.known_at,
            as_of=session.as_of,
            progress=context.log.info,
        )

    description = (
        f"The `{table}` that `{source.name}` delivers as files, landed record by record as "
        f"they are. Needs {', '.join(f'`{name}`' for name in spec.required)}; "
        "everything else is optional, and unknown columns are kept."
    )
    return _asset(source, table, extract, description, kinds={"file", "parquet"})


def _of_crm(source: CrmSource, item: CrmObject) -> dg.AssetsDefinition:
    def extract(context: dg.AssetExecutionContext, session: NightSession) -> ExtractResult:
        # Here, not above: a CRM's HTTP is loaded only when it is asked.
        from orchestration.sources.crm.extract import extract_object

        current = _present(session, source)
        return extract_object(
            session.account(current, context.log.info),
            item,
            vendor_of(current).pulls[item.name],
            Landing(session.home.landing),
            known_at=session.known_at,
            as_of=session.as_of,
            progress=context.log.info,
        )

    description = (
        f"{item.description} Of the {source.type} account `{source.name}`, landed record by "
        "record as the CRM sent them." + (f" Needs: {item.needs}." if item.needs else "")
    )
    return _asset(source, item.name, extract, description, {"api", source.type}, item.after)


def _present(session: NightSession, source: _Source) -> _Source:
    # From the settings of the run, so that a changed mapping counts without a reload.
    current = next(one for one in session.settings.sources if one.name == source.name)
    if not isinstance(current, type(source)):
        raise RuntimeError(f"{source.name} is of another type now: load the definitions again")
    return current


def _asset(
    source: FilesSource | CrmSource,
    table: str,
    extract: Extract,
    description: str,
    kinds: set[str],
    after: tuple[str, ...] = (),
) -> dg.AssetsDefinition:
    key = extraction_key(source.name, table)

    @dg.asset(
        key=key,
        deps=[extraction_key(source.name, earlier) for earlier in after],
        description=description,
        group_name="extract",
        kinds=kinds,
        owners=OWNERS,
        tags={"source": source.name},
        backfill_policy=dg.BackfillPolicy.single_run(),
        check_specs=[
            dg.AssetCheckSpec(
                EXTRACTED,
                asset=key,
                description="The delivery could be read and looks complete.",
            )
        ],
    )
    def extraction(
        context: dg.AssetExecutionContext, session: NightSession
    ) -> dg.MaterializeResult:
        try:
            result = extract(context, session)
        except Exception as error:
            # One source's trouble must not stop the others: its last good data is published.
            context.log.exception(f"{source.name}.{table} could not be extracted")
            result = ExtractResult(
                source.name, table, "failed", message=f"{type(error).__name__}: {error}"
            )
        return _recorded(context, session, result)

    return extraction


def _recorded(
    context: dg.AssetExecutionContext, session: NightSession, result: ExtractResult
) -> dg.MaterializeResult:
    complete = result.state in ("landed", "unchanged", "absent")
    with connect(session.home.warehouse) as connection:
        record_extraction(connection, Extraction.of(result, context.run_id, session.known_at))
        check = CheckRecord(
            run_id=context.run_id,
            checked_at=session.known_at,
            check_name=EXTRACTED,
            table_name=f"{result.source}.{result.table}",
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


def _metadata(result: ExtractResult) -> dict[str, dg.MetadataValue]:
    metadata: dict[str, dg.MetadataValue] = {
        "state": dg.MetadataValue.text(result.state),
        "dagster/row_count": dg.MetadataValue.int(result.rows_landed),
        "records delivered": dg.MetadataValue.int(result.rows_read),
        "set aside": dg.MetadataValue.int(result.rows_rejected),
        "withdrawn": dg.MetadataValue.int(result.rows_deleted),
        "message": dg.MetadataValue.text(result.message or "-"),
        "seconds": dg.MetadataValue.float(round(result.seconds, 3)),
    }
    if result.files:
        listed = "\n".join(f"- `{name}`" for name in result.files)
        metadata["files"] = dg.MetadataValue.md(listed)
    if result.requests:
        metadata["requests"] = dg.MetadataValue.int(result.requests)
        metadata["tokens spent"] = dg.MetadataValue.int(result.tokens)
    return metadata
