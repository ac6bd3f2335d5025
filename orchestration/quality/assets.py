"""The expectation suites as checks of the marts, which keep a bad night from being published.

Thin: what a suite asks for stands in its file, how it is held against a mart in ``expectations``.
"""

# No postponed annotations here: the orchestrator looks at the type of ``context`` itself.
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import dagster as dg

from orchestration.engine import connect
from orchestration.quality.expectations import validate
from orchestration.quality.suites import Suite, load_suites
from orchestration.run_log import CheckRecord, record_checks
from orchestration.session import NightSession

CHECK = "expectations"


def expectation_checks(
    folder: Path, marts: Collection[str] | None = None
) -> list[dg.AssetChecksDefinition]:
    """Return the checks of every suite in a folder, one a mart, as one step of a run.

    ``marts`` leaves out the suites of marts that are not among them (null: none). Raises
    ``SuiteError`` if a suite can't be read.
    """
    suites = {
        dg.AssetCheckKey(dg.AssetKey(["marts", suite.mart]), CHECK): suite
        for suite in load_suites(folder)
        if marts is None or suite.mart in marts
    }
    # One step, so that the night pays once for loading the library.
    return [_checks(suites)] if suites else []


def _checks(suites: Mapping[dg.AssetCheckKey, Suite]) -> dg.AssetChecksDefinition:
    @dg.multi_asset_check(
        name="hold_marts_against_suites",
        specs=[
            dg.AssetCheckSpec(
                CHECK,
                asset=key.asset_key,
                blocking=True,
                description=(
                    f"{len(suite.expectations)} expectations of `expectations/{suite.file.name}`. "
                    f"Looked at: {suite.description}"
                ),
            )
            for key, suite in suites.items()
        ],
        can_subset=True,
    )
    def hold_marts_against_suites(
        context: dg.AssetCheckExecutionContext, session: NightSession
    ) -> Iterator[dg.AssetCheckResult]:
        with connect(session.home.warehouse) as connection:
            for key, suite in suites.items():
                if key not in context.selected_asset_check_keys:
                    continue
                records = validate(connection, suite, context.run.run_id, session.known_at)
                record_checks(connection, records)
                yield _result(key, records)

    return hold_marts_against_suites


def _result(key: dg.AssetCheckKey, records: Sequence[CheckRecord]) -> dg.AssetCheckResult:
    """Return what a suite's records say of its mart: only a failed ``error`` blocks."""
    failed = [record for record in records if not record.passed]
    blocks = any(record.blocks for record in failed)
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=not failed,
        severity=(
            dg.AssetCheckSeverity.WARN if failed and not blocks else dg.AssetCheckSeverity.ERROR
        ),
        metadata={
            "expectations": len(records),
            "failed": len(failed),
            "failed expectations": dg.MetadataValue.md(_markdown(failed)),
        },
    )


def _markdown(failed: Sequence[CheckRecord]) -> str:
    if not failed:
        return "None."
    lines = [
        "| expectation | severity | expected | observed | failing rows | where to see them |",
        "|" + " --- |" * 6,
    ]
    for record in failed:
        name = record.check_name.removeprefix(f"{CHECK}.{record.table_name}.")
        counted = "-" if record.failing_rows is None else f"{record.failing_rows:,}"
        at = f"`select * from {record.rows_at}`" if record.rows_at else "-"
        cells = (name, record.severity, record.expected, record.observed, counted, at)
        lines.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
