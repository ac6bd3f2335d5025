"""A process killed anywhere in a load: readers see the loads before it, and a rerun repairs."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb

from orchestration.landing import Landing
from orchestration.settings import FilesSource
from orchestration.sources.files import extract_table

PROJECT = Path(__file__).resolve().parents[2]

# Kills itself at the n-th step that touches the disk's names or durability.
VICTIM = """
import os, pathlib, signal, sys
from datetime import UTC, date, datetime
from orchestration.landing import Landing
from orchestration.settings import FilesSource
from orchestration.sources.files import extract_table

steps = int(sys.argv[3])
def counted(call):
    def step(*arguments, **named):
        global steps
        steps -= 1
        if steps == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*arguments, **named)
    return step
os.fsync = counted(os.fsync)
pathlib.Path.replace = counted(pathlib.Path.replace)
pathlib.Path.write_bytes = counted(pathlib.Path.write_bytes)
source = FilesSource(name="acme", type="files", path=pathlib.Path(sys.argv[1]))
result = extract_table(
    source, "deals", Landing(pathlib.Path(sys.argv[2])),
    known_at=datetime(2024, 1, 2, tzinfo=UTC), as_of=date(2024, 1, 1),
)
print(result.state, steps)
"""


def land(source: FilesSource, landing: Landing, night: int) -> str:
    return extract_table(
        source,
        "deals",
        landing,
        known_at=datetime(2024, 1, night, tzinfo=UTC),
        as_of=date(2023, 12, 31) + timedelta(days=night - 1),
    ).state


def stages(landing: Landing) -> list[tuple[str, str]]:
    files = ", ".join(f"'{path}'" for path in landing.files("acme", "deals"))
    return duckdb.execute(
        f"SELECT id, payload->>'stage' FROM read_parquet([{files}]) ORDER BY load_id, ordinal"
    ).fetchall()


def test_a_kill_at_any_step_shows_the_loads_before_it_and_a_rerun_lands_all(
    tmp_path: Path,
) -> None:
    exports, root = tmp_path / "exports", tmp_path / "landing"
    exports.mkdir()
    source = FilesSource(name="acme", type="files", path=exports)
    (exports / "deals.csv").write_text("deal_id,stage\n1,New\n", "utf-8")
    assert land(source, Landing(root), night=1) == "landed"
    (exports / "deals.csv").write_text("deal_id,stage\n1,Won\n2,New\n", "utf-8")

    killed, committed_by_a_killed_run = 0, 0
    for step in range(1, 30):
        run = subprocess.run(
            [sys.executable, "-c", VICTIM, str(exports), str(root), str(step)],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode == 0:
            break
        assert run.returncode == -signal.SIGKILL, run.stderr
        killed += 1
        seen = stages(Landing(root))
        if len(seen) == 1:
            assert seen == [("1", "New")]
        else:
            # Killed after the manifest got its name: the load stands, whole.
            committed_by_a_killed_run += 1
            assert seen == [("1", "New"), ("1", "Won"), ("2", "New")]
    # Data: sync, rename, sync of the folder; manifest: write and the same three.
    assert killed >= 6
    assert committed_by_a_killed_run <= 1

    landing = Landing(root)
    landing.sweep()
    assert land(source, landing, night=3) == "unchanged"
    assert stages(landing) == [("1", "New"), ("1", "Won"), ("2", "New")]
    named = {path for load in landing.manifests() for path in [root / load.files[0].path]}
    assert {path for path in (root / "data").rglob("*") if path.is_file()} == named
    assert not list(root.glob(".work-*"))


def test_what_a_kill_left_is_swept_before_the_rerun(tmp_path: Path) -> None:
    exports, root = tmp_path / "exports", tmp_path / "landing"
    exports.mkdir()
    (exports / "deals.csv").write_text("deal_id,stage\n1,New\n", "utf-8")
    run = subprocess.run(
        # Folders below the root are made durable first; then the part is synced and renamed.
        [sys.executable, "-c", VICTIM, str(exports), str(root), "6"],
        cwd=PROJECT,
        capture_output=True,
        check=False,
    )
    assert run.returncode == -signal.SIGKILL
    landing = Landing(root)
    assert landing.manifests() == []
    assert landing.files("acme", "deals") == []
    assert landing.sweep() != []
    assert [path for path in root.rglob("*") if path.is_file()] == []
    source = FilesSource(name="acme", type="files", path=exports)
    assert land(source, landing, night=3) == "landed"
    assert stages(landing) == [("1", "New")]
