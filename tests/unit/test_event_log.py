"""The orchestrator's event log: what it tells is what Dagster's own tells, from fewer writes."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.storage.event_log import SqliteEventLogStorage
from sqlalchemy import event

from orchestration.automation.event_log import HeldOpenEventLog
from orchestration.automation.instance import open_instance
from orchestration.home import Home

DAYS = dg.DailyPartitionsDefinition("2024-01-01", end_date="2024-01-21")
FIRST, LAST = "2024-01-01", "2024-01-20"


@dg.asset(partitions_def=DAYS, backfill_policy=dg.BackfillPolicy.single_run())
def daily() -> dg.MaterializeResult:
    return dg.MaterializeResult(metadata={"dagster/row_count": 7})


@dg.asset(check_specs=[dg.AssetCheckSpec("is_good", asset="other")])
def other() -> Iterator[Any]:
    yield dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=False)])


def _run(instance: dg.DagsterInstance) -> str:
    result = dg.materialize(
        [daily, other],
        instance=instance,
        tags={
            "dagster/asset_partition_range_start": FIRST,
            "dagster/asset_partition_range_end": LAST,
        },
    )
    assert result.success
    return result.run_id


def _told(instance: dg.DagsterInstance, run_id: str) -> dict[str, object]:
    checks = instance.event_log_storage.get_asset_check_execution_history(
        dg.AssetCheckKey(dg.AssetKey("other"), "is_good"), limit=5
    )
    materializations = instance.fetch_materializations(daily.key, limit=1000).records
    return {
        "events": Counter(entry.dagster_event_type for entry in instance.all_logs(run_id)),
        "days": sorted(instance.get_materialized_partitions(daily.key)),
        "rows": {
            record.asset_materialization.metadata["dagster/row_count"].value  # type: ignore[union-attr]
            for record in materializations
        },
        "partitions": sorted(str(record.partition_key) for record in materializations),
        "checks": [check.status.value for check in checks],
        "keys": sorted(key.to_user_string() for key in instance.all_asset_keys()),
    }


def test_it_tells_what_the_orchestrator_s_own_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_EVENT_BATCH_SIZE", "0")
    with dg.instance_for_test() as plain:
        assert type(plain.event_log_storage) is not HeldOpenEventLog
        wanted = _told(plain, _run(plain))
    monkeypatch.delenv("DAGSTER_EVENT_BATCH_SIZE")
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.setenv("FUNNEL_HOME", "")
    with open_instance(Home(tmp_path)) as held:
        log = held.event_log_storage
        assert isinstance(log, HeldOpenEventLog)
        commits: list[object] = []
        with log.index_connection() as connection:
            event.listen(connection.engine, "commit", commits.append)
        run_id = _run(held)
        # The days are told in one batch when they are planned, and in one when they are done.
        assert len(commits) < 20
        assert _told(held, run_id) == wanted
        assert len(wanted["days"]) == 20  # type: ignore[arg-type]
        # Dagster's own class reads the same files meanwhile.
        reader = SqliteEventLogStorage(str(Home(tmp_path).dagster / "history" / "runs"))
        assert len(reader.get_materialized_partitions(daily.key)) == 20
        assert reader.get_records_for_run(run_id).records
    with open_instance(Home(tmp_path)) as later:
        assert _told(later, run_id) == wanted


def test_a_batch_that_fails_leaves_nothing(tmp_path: Path) -> None:
    log = HeldOpenEventLog(str(tmp_path))
    with pytest.raises(OverflowError):
        log.store_event_batch([_entry("a"), _entry("a", timestamp=float("inf"))])
    assert _stored(tmp_path, "a") == 0
    log.store_event_batch([_entry("a"), _entry("a")])
    assert _stored(tmp_path, "a") == 2
    log.dispose()


def _entry(run_id: str, timestamp: float = 0.0) -> dg.EventLogEntry:
    return dg.EventLogEntry(
        error_info=None, level=20, user_message="told", run_id=run_id, timestamp=timestamp
    )


def _stored(folder: Path, run_id: str) -> int:
    with sqlite3.connect(folder / f"{run_id}.db") as connection:
        (count,) = connection.execute("select count(*) from event_logs").fetchone()
    return int(count)
