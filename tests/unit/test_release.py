"""Publication with real DuckDB files: what is in a release, and which ones are refused."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.home import Home
from orchestration.publication.release import Release, publish
from orchestration.publication.release_files import PublicationError
from tests.support.small_nights import night, nights, seen

DAILY = "fct_pipeline_daily"
SPLIT = {DAILY: "snapshot_date"}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "it's home")


@pytest.fixture
def warehouse(home: Home) -> Path:
    """Three marts; the daily one lies out of order, as after late history."""
    home.warehouse.parent.mkdir(parents=True)
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute(
            """
            CREATE SCHEMA built;
            CREATE TYPE built.category AS ENUM ('open', 'won', 'lost');
            CREATE TABLE built.fct_deals (
                deal_key VARCHAR PRIMARY KEY, amount DECIMAL(38, 2) NOT NULL,
                closed_at TIMESTAMPTZ, stage_category built.category, "odd ""name" INTEGER
            );
            INSERT INTO built.fct_deals
            SELECT 'd' || (7919 * i % 1000), i / 100, TIMESTAMPTZ '2024-01-01 00:00:00+00', 'won', i
            FROM range(1000) t (i);
            COMMENT ON TABLE built.fct_deals IS 'One row a deal; it''s as of a day.';
            COMMENT ON COLUMN built.fct_deals."odd ""name" IS 'A column.';
            CREATE TABLE built.fct_pipeline_daily AS
            SELECT DATE '2023-11-15' + CAST(i // 5000 AS INTEGER) AS snapshot_date, i AS deal_number
            FROM range(500000) t (i);
            INSERT INTO built.fct_pipeline_daily VALUES ('2023-12-01', -1), (NULL, -2);
            CREATE VIEW built.mart_empty AS
            SELECT snapshot_date FROM built.fct_pipeline_daily WHERE false;
            """
        )
    return home.warehouse


TABLES = ["fct_deals", DAILY, "mart_empty"]


def release(home: Home, release_id: str, tables: list[str] | None = None) -> Release:
    return publish(home.warehouse, home, "built", tables or TABLES, release_id, SPLIT)


def test_a_release_holds_the_same_rows_in_the_same_order(home: Home, warehouse: Path) -> None:
    made = release(home, "r1")
    assert made.path == home.releases / "r1"
    assert made.tables == {"fct_deals": 1000, DAILY: 500_002, "mart_empty": 0}
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{str(warehouse).replace(chr(39), chr(39) * 2)}' AS w")
        database = str(home.published / "funnel.duckdb").replace("'", "''")
        connection.execute(f"ATTACH '{database}' AS r (READ_ONLY)")
        for table in ("fct_deals", DAILY):
            was = connection.execute(f"FROM w.built.{table} ORDER BY rowid").fetchall()
            assert connection.execute(f"FROM r.marts.{table} ORDER BY rowid").fetchall() == was
        assert connection.execute(
            "SELECT data_type FROM duckdb_columns() WHERE database_name = 'r' "
            "AND table_name = 'fct_deals' ORDER BY column_index"
        ).fetchall() == [
            ("VARCHAR",),
            ("DECIMAL(38,2)",),
            ("TIMESTAMP WITH TIME ZONE",),
            ("ENUM('open', 'won', 'lost')",),
            ("INTEGER",),
        ]


def test_comments_of_tables_and_columns_are_carried_over(home: Home, warehouse: Path) -> None:
    release(home, "r1")
    with duckdb.connect(str(home.published / "funnel.duckdb"), read_only=True) as connection:
        assert connection.execute(
            "SELECT table_name, comment FROM duckdb_tables() WHERE comment IS NOT NULL"
        ).fetchall() == [("fct_deals", "One row a deal; it's as of a day.")]
        assert connection.execute(
            "SELECT column_name, comment FROM duckdb_columns() WHERE comment IS NOT NULL"
        ).fetchall() == [('odd "name', "A column.")]


def test_parquet_is_split_by_month_without_losing_order_or_rows(
    home: Home, warehouse: Path
) -> None:
    release(home, "r1")
    folder = home.published / "parquet"
    assert sorted(path.name for path in (folder / DAILY).iterdir()) == [
        "2023-11.parquet",
        "2023-12.parquet",
        "2024-01.parquet",
        "2024-02.parquet",
        "undated.parquet",
    ]
    assert [path.name for path in (folder / "fct_deals").iterdir()] == ["fct_deals.parquet"]
    assert [path.name for path in (folder / "mart_empty").iterdir()] == ["mart_empty.parquet"]
    with duckdb.connect() as connection, duckdb.connect(str(warehouse)) as built:

        def read(table: str, stem: str) -> list[tuple[object, ...]]:
            path = str(folder / table / f"{stem}.parquet")
            return connection.execute("FROM read_parquet(?)", [path]).fetchall()

        december = built.execute(
            "FROM built.fct_pipeline_daily "
            "WHERE snapshot_date BETWEEN '2023-12-01' AND '2023-12-31' ORDER BY rowid"
        ).fetchall()
        assert len(december) == 155_001
        assert december[-1][1] == -1
        assert read(DAILY, "2023-12") == december
        assert read(DAILY, "undated") == [(None, -2)]
        assert len(read(DAILY, "2023-11")) == 16 * 5000
        deals = built.execute("FROM built.fct_deals").fetchall()
        assert read("fct_deals", "fct_deals") == deals
        assert read("mart_empty", "mart_empty") == []
        codecs = connection.execute(
            "SELECT DISTINCT compression FROM parquet_metadata(?)",
            [str(folder / DAILY / "2023-12.parquet")],
        ).fetchall()
        assert codecs == [("ZSTD",)]


def test_a_release_is_closed_and_measured(home: Home, warehouse: Path) -> None:
    made = release(home, "r1")
    assert sorted(path.name for path in made.path.iterdir()) == ["funnel.duckdb", "parquet"]
    files = [path for path in made.path.rglob("*") if path.is_file()]
    assert made.bytes == sum(path.stat().st_size for path in files)
    assert made.seconds > 0
    assert os.readlink(home.published) == "releases/r1"
    assert sorted(path.name for path in home.root.iterdir()) == [
        "published",
        "releases",
        "warehouse",
    ]


def test_rows_that_only_the_write_ahead_log_holds_are_published(home: Home) -> None:
    home.warehouse.parent.mkdir(parents=True)
    code = (
        "import duckdb, os, sys; connection = duckdb.connect(sys.argv[1]); "
        "connection.execute('CREATE TABLE fct_deals AS SELECT 7 AS night'); os._exit(0)"
    )
    subprocess.check_call([sys.executable, "-c", code, str(home.warehouse)])
    assert Path(f"{home.warehouse}.wal").exists()
    publish(home.warehouse, home, "main", ["fct_deals"], "r1")
    assert seen(home.published / "funnel.duckdb") == 7


def test_a_copy_is_readable_elsewhere(home: Home, tmp_path: Path) -> None:
    night(home, 1)
    copy = tmp_path / "elsewhere" / "copy.duckdb"
    copy.parent.mkdir()
    shutil.copy(home.published / "funnel.duckdb", copy)
    home.root.rename(tmp_path / "gone")
    assert seen(copy) == 1
    assert seen(tmp_path / "gone" / "published" / "funnel.duckdb") == 1


def test_the_file_is_written_for_every_duckdb_since_1_0(home: Home) -> None:
    night(home, 1)
    with duckdb.connect() as connection:
        database = str(home.published / "funnel.duckdb").replace("'", "''")
        connection.execute(f"ATTACH '{database}' AS r (READ_ONLY)")
        (tags,) = connection.execute(
            "SELECT tags FROM duckdb_databases() WHERE database_name = 'r'"
        ).fetchone() or ({},)
    assert tags["storage_version"].startswith("v1.0.0")


def test_a_failure_leaves_no_trace_and_the_old_release(home: Home, warehouse: Path) -> None:
    night(home, 1)
    with pytest.raises(PublicationError, match="deal_key is not a DATE column"):
        publish(home.warehouse, home, "built", ["fct_deals"], "night-2", {"fct_deals": "deal_key"})
    assert nights(home) == ["night-1"]
    assert seen(home.published / "funnel.duckdb") == 1


def test_a_real_folder_in_place_of_the_link_is_left_alone(home: Home) -> None:
    home.published.mkdir(parents=True)
    with pytest.raises(PublicationError, match="is a real folder, not a link"):
        night(home, 1)
    assert home.published.is_dir()
    assert not home.releases.exists()


def test_what_is_published_is_not_published_over(home: Home) -> None:
    night(home, 1)
    with pytest.raises(PublicationError, match="published already"):
        night(home, 1)
    assert seen(home.published / "funnel.duckdb") == 1


@pytest.mark.parametrize(
    ("tables", "release_id", "message"),
    [
        (["fct_deals", "mart_absent"], "r1", "lacks mart_absent"),
        (["fct_deals"], "../r1", "release id"),
        (["fct_deals"], ".r1", "release id"),
        ([], "r1", "without tables"),
        (["../x"], "r1", "folder's name"),
        (["fct_deals", "FCT_deals"], "r1", "named twice"),
    ],
)
def test_a_release_that_cannot_be_made_is_refused(
    home: Home, warehouse: Path, tables: list[str], release_id: str, message: str
) -> None:
    with pytest.raises(PublicationError, match=message):
        publish(warehouse, home, "built", tables, release_id)
    assert not home.published.exists()


def test_a_missing_warehouse_is_named(home: Home) -> None:
    with pytest.raises(PublicationError, match="no warehouse at"):
        publish(home.warehouse, home, "main", ["fct_deals"], "r1")
