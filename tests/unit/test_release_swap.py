"""One release after the other: what stays, what readers see meanwhile, what a kill leaves."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from orchestration.home import PROJECT_ROOT, Home
from orchestration.publication.release import publish
from tests.support.small_nights import night, nights, seen

DAILY = "fct_pipeline_daily"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "it's home")


def test_the_last_three_releases_stay(home: Home) -> None:
    for number in range(1, 6):
        night(home, number)
        assert seen(home.published / "funnel.duckdb") == number
    assert nights(home) == ["night-3", "night-4", "night-5"]


def test_a_release_that_was_set_back_to_outlives_the_next_night(home: Home) -> None:
    for number in (1, 2, 3):
        night(home, number)
    home.published.unlink()
    home.published.symlink_to("releases/night-1")
    assert seen(home.published / "funnel.duckdb") == 1
    night(home, 4)
    assert nights(home) == ["night-1", "night-3", "night-4"]


READER = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
rows = connection.execute("SELECT night FROM marts.fct_deals, range(200000)")
first = rows.fetchmany(10)
print("reading", flush=True)
sys.stdin.readline()
found = {night for (night,) in first}
while batch := rows.fetchmany(50000):
    found.update(night for (night,) in batch)
again = connection.execute("SELECT DISTINCT night FROM marts.fct_deals").fetchall()
print(sorted(found), again, flush=True)
"""


def test_a_reader_with_the_old_file_open_is_undisturbed(home: Home) -> None:
    night(home, 1)
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(home.published / "funnel.duckdb")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert reader.stdout is not None
    assert reader.stdout.readline() == "reading\n"
    for number in range(2, 6):
        night(home, number)
    assert not (home.releases / "night-1").exists()
    output, _ = reader.communicate("\n", timeout=60)
    assert output == "[1] [(1,)]\n"
    assert reader.returncode == 0


def test_the_link_is_never_missing(home: Home) -> None:
    night(home, 1)
    stop = threading.Event()
    targets: set[str] = set()
    failures: list[OSError] = []

    def poll() -> None:
        while not stop.is_set():
            try:
                (home.published / "funnel.duckdb").stat()
                targets.add(os.readlink(home.published))
            except OSError as error:
                failures.append(error)

    thread = threading.Thread(target=poll)
    thread.start()
    try:
        for number in range(2, 7):
            night(home, number)
    finally:
        stop.set()
        thread.join()
    assert failures == []
    assert len(targets) >= 3


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a warehouse that takes long enough to publish to be killed meanwhile."""
    path = tmp_path_factory.mktemp("large") / "large.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE TABLE fct_pipeline_daily AS SELECT DATE '2020-01-01' + "
            "CAST(i // 2000 AS INTEGER) AS snapshot_date, md5(CAST(i AS VARCHAR)) AS deal_key "
            "FROM range(1500000) t (i)"
        )
    yield path
    path.unlink()


PUBLISHER = """
import sys
from pathlib import Path
from orchestration.home import Home
from orchestration.publication.release import publish
publish(Path(sys.argv[1]), Home(Path(sys.argv[2])), "main", ["fct_pipeline_daily"], "big",
        {"fct_pipeline_daily": "snapshot_date"})
"""


@pytest.mark.parametrize(
    "until", ["funnel.duckdb", "parquet/fct_pipeline_daily/2020-02.parquet"], ids=["rows", "files"]
)
def test_a_publication_killed_midway_leaves_the_old_release_and_the_next_one_works(
    home: Home, large: Path, until: str
) -> None:
    night(home, 1)
    process = subprocess.Popen(
        [sys.executable, "-c", PUBLISHER, str(large), str(home.root)], cwd=PROJECT_ROOT
    )
    building = home.releases / ".big.building"
    deadline = time.monotonic() + 60
    while not (building / until).exists() and time.monotonic() < deadline:
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert nights(home) == [".big.building", "night-1"]
    assert seen(home.published / "funnel.duckdb") == 1

    made = publish(large, home, "main", [DAILY], "big", {DAILY: "snapshot_date"})
    assert made.tables == {DAILY: 1_500_000}
    assert len(list((home.published / "parquet" / DAILY).iterdir())) == 25
    assert nights(home) == ["big", "night-1"]


def test_what_a_kill_around_the_swap_leaves_is_swept(home: Home) -> None:
    night(home, 1)
    night(home, 2)
    shutil.copytree(home.releases / "night-2", home.releases / "night-3")
    (home.releases / "night-3" / "funnel.duckdb").write_bytes(b"of another try")
    (home.root / ".published.night-3").symlink_to("releases/night-3")
    (home.releases / ".night-0.removing").mkdir()
    assert seen(home.published / "funnel.duckdb") == 2
    night(home, 3)
    assert seen(home.published / "funnel.duckdb") == 3
    assert nights(home) == ["night-1", "night-2", "night-3"]
    assert [path.name for path in home.root.glob(".*")] == []
