"""The run's record of its checks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from orchestration.engine import connect
from orchestration.run_log import CheckRecord, checks_of, record_checks

CHECK = CheckRecord(
    "run", datetime(2024, 1, 2, tzinfo=UTC), "unique", "fct_deals", "error", True, "0", "0", None
)


def test_a_check_that_ran_again_replaces_its_row(tmp_path: Path) -> None:
    failed = replace(CHECK, passed=False, observed="3 rows", failing_rows=3, rows_at="a.b")
    others = [
        replace(CHECK, run_id="before"),
        replace(CHECK, check_name="not_null"),
        replace(CHECK, table_name="fct_leads", severity="warn"),
    ]
    with connect(tmp_path / "run.duckdb") as connection:
        record_checks(connection, [*others, CHECK])
        # In this run, and within one telling: the last word counts.
        record_checks(connection, [replace(CHECK, observed="2"), failed])
        record_checks(connection, [])
        assert checks_of(connection, "run") == [failed, others[1], others[2]]
        assert checks_of(connection, "before") == [others[0]]
