"""The sample's night: the real export's known figures, and what a second night leaves alone."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.end_to_end.nights import NightRun, environment, published_rows, query, run

Sample = tuple[Path, NightRun]


def test_maven_has_its_known_deals(sample: Sample) -> None:
    home, _ = sample
    counts = query(
        home,
        """
        select stage, count(*) from marts.fct_deals
        where source_name = 'maven' group by stage order by stage
        """,
    )
    assert counts == [("Engaging", 1589), ("Lost", 2473), ("Prospecting", 500), ("Won", 4238)]


def test_maven_has_its_known_win_rate_and_value(sample: Sample) -> None:
    home, _ = sample
    won, lost = query(
        home,
        """
        select sum(won), sum(lost) from marts.mart_period_win_rate
        where dimension = 'source_name' and dimension_value = 'maven'
        """,
    )[0]
    assert (won, lost) == (4238, 2473)
    assert round(won / (won + lost), 6) == 0.631501
    value = query(
        home,
        """
        select sum(amount), count(distinct currency), any_value(currency)
        from marts.fct_deals where source_name = 'maven' and is_won
        """,
    )
    assert value == [(10005534, 1, "USD")]


def test_maven_had_its_known_open_deals(sample: Sample) -> None:
    home, _ = sample
    days = query(
        home,
        """
        select snapshot_date::varchar, count(*) from marts.fct_pipeline_daily
        where source_name = 'maven' and snapshot_date in ('2016-12-31', '2017-03-31')
        group by all order by all
        """,
    )
    assert days == [("2016-12-31", 358), ("2017-03-31", 1330)]


def test_deals_without_any_date_stay_and_are_named(sample: Sample) -> None:
    home, _ = sample
    undated = query(
        home,
        """
        select count(*) from marts.fct_deals
        where source_name = 'maven' and created_at is null and stage = 'Prospecting'
        """,
    )
    assert undated == [(500,)]
    check = query(
        home,
        """
        select passed, severity, failing_rows from marts.mart_quality_checks
        where check_name = 'records_without_any_date'
        """,
    )
    assert check == [(False, "warn", 500)]


def test_the_summary_says_what_matters(sample: Sample) -> None:
    _, night = sample
    for words in (
        "Funnel, all time",
        "Open pipeline by stage",
        "Forecast against target",
        "next, from 2018-01-01",
        "checks passed",
        "Took",
        "funnel.duckdb",
        "make ui",
    ):
        assert words in night.output, words


def test_again_with_an_open_reader_nothing_changes(sample: Sample, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(sample[0], home, symlinks=True)
    before = published_rows(home)
    first_release = (home / "published").resolve()
    reader = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import duckdb, sys\n"
            f"c = duckdb.connect({str(first_release / 'funnel.duckdb')!r}, read_only=True)\n"
            "ask = 'select count(*), sum(amount_reporting) from marts.fct_pipeline_daily'\n"
            "print(c.execute(ask).fetchone(), flush=True)\n"
            "sys.stdin.readline()\n"
            "print(c.execute(ask).fetchone(), flush=True)\n",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(home),
    )
    assert reader.stdin is not None
    assert reader.stdout is not None
    told = reader.stdout.readline()
    night = run(home)
    assert night.code == 0, night.output
    assert (home / "published").resolve() != first_release
    reader.stdin.write("\n")
    reader.stdin.flush()
    assert reader.stdout.readline() == told
    assert reader.wait(30) == 0
    assert published_rows(home) == before


def test_published_parquet_is_the_published_file(sample: Sample) -> None:
    home, _ = sample
    parquet = (home / "published").resolve() / "parquet"
    for table in ("fct_deals", "fct_pipeline_daily", "mart_forecast"):
        difference = query(
            home,
            f"""
            select count(*) from (
                (from marts.{table} except from read_parquet('{parquet}/{table}/*.parquet'))
                union all
                (from read_parquet('{parquet}/{table}/*.parquet') except from marts.{table})
            )
            """,
        )
        assert difference == [(0,)], table
