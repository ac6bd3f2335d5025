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
        passed = node.status == "pass"
        counted = node.failures if node.failures is not None else 0
        records[node.unique_id] = CheckRecord(
            run_id=run_id,
            checked_at=checked_at,
            check_name=test["name"],
            table_name=attached_node(manifest, test)["name"],
            severity="warn" if test["config"]["severity"].lower() == "warn" else "error",
            passed=passed,
            observed=(
                "no failing rows"
                if passed
                else node.message
                if node.status == "error"
                else f"{counted} failing rows"
            ),
            expected=(test.get("description") or "no failing rows").strip(),
            failing_rows=counted,
            rows_at=None if passed else f"failing_rows.{test.get('alias') or test['name']}",
        )
    return records


def attached_node(manifest: Mapping[str, Any], test: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the model, seed or source that a test is about.

    A test written beside a model is about that model. One that stands alone names its model in
    its configuration (``meta.dagster.ref.name``), or reads only one. Raises ``LookupError`` where
    none of these tells.
    """
    nodes = {**manifest["nodes"], **manifest.get("sources", {})}
    named = test["config"].get("meta", {}).get("dagster", {}).get("ref", {}).get("name")
    if named is not None:
        for node in manifest["nodes"].values():
            if node["name"] == named and node["resource_type"] != "test":
                return node  # type: ignore[no-any-return]
    elif test.get("attached_node"):
        return nodes[test["attached_node"]]  # type: ignore[no-any-return]
    elif len(set(test["depends_on"]["nodes"])) == 1:
        return nodes[test["depends_on"]["nodes"][0]]  # type: ignore[no-any-return]
    raise LookupError(
        f"The test {test['name']} does not say which model it is about: name one under"
        " `config: {meta: {dagster: {ref: {name: ...}}}}` beside its description."
    )
