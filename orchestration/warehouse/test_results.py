"""dbt's test results as check records."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from orchestration.run_log import CheckRecord
from orchestration.warehouse.build import BuildResult


def check_records(
    result: BuildResult, manifest: Mapping[str, Any], run_id: str, checked_at: datetime
) -> dict[str, CheckRecord]:
    """Return one record a test that ran, by dbt's unique id.

    A test of severity ``warn`` never keeps a night from being published. The rows that a failed
    test found stay in the working file, in the table that the record names.
    """
    records = {}
    for node in result.nodes:
        if node.resource_type != "test":
            continue
        test = manifest["nodes"][node.unique_id]
        attached = test.get("attached_node") or test["depends_on"]["nodes"][0]
        passed = node.status == "pass"
        counted = node.failures if node.failures is not None else 0
        records[node.unique_id] = CheckRecord(
            run_id=run_id,
            checked_at=checked_at,
            check_name=test["name"],
            table_name=manifest["nodes"][attached]["name"],
            severity="warn" if test["config"]["severity"].lower() == "warn" else "error",
            passed=passed,
            observed=(
                "no failing rows"
                if passed
                else node.message
                if node.status == "error"
                else f"{counted} failing rows"
            ),
            expected=test.get("description") or "no failing rows",
            failing_rows=counted,
            rows_at=None if passed else f"failing_rows.{test.get('alias') or test['name']}",
        )
    return records
