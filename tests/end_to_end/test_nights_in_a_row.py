"""Night after night: a day's new files change what they touch, and nothing else."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb

from tests.end_to_end.nights import query, run, write_company, write_settings

STAGES = (
    "entity_type,stage,position,category,win_rate\n"
    "deal,first,1,open,20\ndeal,second,2,open,50\ndeal,won,3,won,100\ndeal,lost,4,lost,0\n"
)
HEADER = "deal_id,stage,created_at,amount,currency,closed_at,updated_at\n"
DAILY = """
    select snapshot_date, deal_key, stage, amount, days_in_stage, days_open, is_restated
    from marts.fct_pipeline_daily order by all
"""


def test_a_day_more_changes_what_it_touches(tmp_path: Path) -> None:
    home, files = tmp_path / "home", tmp_path / "files"
    settings = tmp_path / "funnel.toml"
    write_company(
        files,
        stages=STAGES,
        deals=HEADER
        + "d1,first,2024-01-02,100,EUR,,2024-01-02\n"
        + "d2,first,2024-01-03,300,EUR,,2024-01-03\n",
    )
    night = run(home, write_settings(settings, "2024-01-05"))
    assert night.code == 0, night.output
    first = query(home, DAILY)
    assert [(day.day, key) for day, key, *_ in first] == [
        (2, "acme:d1"), (3, "acme:d1"), (3, "acme:d2"), (4, "acme:d1"), (4, "acme:d2"),
        (5, "acme:d1"), (5, "acme:d2"),
    ]  # fmt: skip

    # The next day: d1 moves on and grows, d2 is silent, d3 is new; and d4 arrives late, with a
    # creation two days back.
    (files / "deals.csv").write_text(
        HEADER
        + "d1,second,2024-01-02,150,EUR,,2024-01-06\n"
        + "d2,first,2024-01-03,300,EUR,,2024-01-03\n"
        + "d3,first,2024-01-06,50,EUR,,2024-01-06\n"
        + "d4,first,2024-01-04,70,EUR,,2024-01-06\n",
        "utf-8",
    )
    night = run(home, write_settings(settings, "2024-01-06"))
    assert night.code == 0, night.output
    second = query(home, DAILY)
    assert set(first) <= set(second)
    day4, day5, day6 = date(2024, 1, 4), date(2024, 1, 5), date(2024, 1, 6)
    assert sorted(set(second) - set(first)) == [
        # Known only now, so the days that were already reported say that they were restated; its
        # amount holds only from when it was told.
        (day4, "acme:d4", "first", None, 0, 0, True),
        (day5, "acme:d4", "first", None, 1, 1, True),
        (day6, "acme:d1", "second", Decimal(150), 0, 4, False),
        (day6, "acme:d2", "first", Decimal(300), 3, 3, False),
        (day6, "acme:d3", "first", Decimal(50), 0, 0, False),
        (day6, "acme:d4", "first", Decimal(70), 2, 2, False),
    ]

    # A past day with the knowledge of then is not changed by what came later.
    replayed = run(home, settings, "replay", "--as-of", "2024-01-05", "--known-until", "2024-01-05")
    assert replayed.code == 0, replayed.output
    (file,) = (home / "replays").rglob("*.duckdb")
    with duckdb.connect(str(file), read_only=True) as connection:
        assert connection.execute(DAILY).fetchall() == first

    # Days laid out anew by hand are the same again.
    before = query(home, DAILY)
    again = run(home, settings, "backfill", "--from", "2024-01-03", "--to", "2024-01-06")
    assert again.code == 0, again.output
    assert query(home, DAILY) == before

    # Two missed nights, and a source that can't be read: the next night covers every day with the
    # last good data, and says so.
    files.rename(tmp_path / "unmounted")
    night = run(home, write_settings(settings, "2024-01-09"))
    assert night.code == 0, night.output
    states = query(home, "select object, state from marts.mart_source_status order by all")
    assert ("deals", "stale") in states
    days = query(home, "select snapshot_date, count(*) from marts.fct_pipeline_daily group by 1")
    assert [dict(days)[date(2024, 1, day)] for day in (7, 8, 9)] == [4, 4, 4]
