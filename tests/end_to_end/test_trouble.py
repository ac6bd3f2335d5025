"""Broken rows, wrong settings, a failing check: what a night does about them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from orchestration.home import PROJECT_ROOT
from tests.end_to_end.nights import (
    published_rows,
    query,
    run,
    write_company,
    write_settings,
)

GOOD_DEALS = (
    "deal_id,stage,created_at,amount,currency,closed_at\n"
    "d1,qualified,2024-01-03,100,EUR,\n"
    "d2,won,2024-01-04,200,EUR,2024-01-15\n"
)
STAGES = (
    "entity_type,stage,position,category,win_rate\n"
    "deal,qualified,1,open,20\ndeal,won,2,won,100\ndeal,lost,3,lost,0\n"
)


def test_broken_rows_are_set_aside_with_their_place(tmp_path: Path) -> None:
    folder = write_company(tmp_path / "files", stages=STAGES)
    deals = (
        GOOD_DEALS
        + "d3,qualified,2024-02-30,100,EUR,a.person@example.com\n"  # line 4: no such day
        + ",qualified,2024-01-05,100,EUR,\n"  # line 5: no key
        + "d5,qualified,2024-01-05,much,EUR,\n"  # line 6: text for an amount
        + "d6,qualified,2024-01-05\n"  # line 7: cut short
    ).encode()
    deals += b"d7,caf\xe9,2024-01-05,100,EUR,\n"  # line 8: not UTF-8
    deals += b'd8,qualified,2024-01-05,100,EUR,"2024-'  # line 9: the file ends in a quote
    (folder / "deals.csv").write_bytes(deals)
    # A Parquet file that a broken transfer cut off.
    (folder / "owners.parquet").write_bytes(b"PAR1 and nothing more")
    settings = write_settings(tmp_path / "funnel.toml", "2024-01-31")
    night = run(tmp_path / "home", settings)
    assert night.code == 0, night.output

    set_aside = query(
        tmp_path / "home",
        "select table_name, location, reason from marts.mart_quarantine order by all",
    )
    places = {location: reason for table, location, reason in set_aside if table == "deals"}
    by_line = {int(place.split("line ")[1].split(",")[0]): place for place in places}
    assert sorted(by_line) == [4, 5, 6, 7, 8, 9]
    assert all(place.startswith("deals.csv, line ") for place in places)
    assert "column created_at" in by_line[4]
    assert "2024-02-30" in places[by_line[4]]
    assert "deal_id" in places[by_line[5]]
    assert "column amount" in by_line[6]
    assert "much" in places[by_line[6]]
    assert [(table, location) for table, location, _ in set_aside if table == "owners"] == [
        ("owners", "owners.parquet")
    ]
    told = query(tmp_path / "home", "select string_agg(row_json, ' ') from marts.mart_quarantine")
    assert "d3" in told[0][0]
    assert "a.person" not in told[0][0]
    deals_left = query(tmp_path / "home", "select deal_key from marts.fct_deals order by 1")
    assert deals_left == [("acme:d1",), ("acme:d2",)]
    assert "nothing_was_set_aside" in night.output

    shown = run(tmp_path / "home", settings, "failing-rows", "nothing_was_set_aside")
    assert shown.code == 0
    assert "deals.csv" in shown.output


def test_wrong_settings_stop_before_any_work(tmp_path: Path) -> None:
    write_company(tmp_path / "files", deals=GOOD_DEALS)
    settings = write_settings(tmp_path / "funnel.toml", "2024-01-31", extra='mode = "everything"\n')
    night = run(tmp_path / "home", settings)
    assert night.code == 2
    for words in ("funnel.toml", "sources[0].mode", "everything", "changes", "full"):
        assert words in night.output, words
    assert not (tmp_path / "home" / "landing").exists()


def test_a_failing_blocking_check_keeps_the_night_unpublished(tmp_path: Path) -> None:
    # A checkout of its own, whose owner expects more than the data gives.
    project = tmp_path / "project"
    for name in ("orchestration", "dbt_project", "expectations", "profiles"):
        shutil.copytree(PROJECT_ROOT / name, project / name)
    shutil.copy(PROJECT_ROOT / "dbt_project.yml", project)
    write_company(tmp_path / "files", deals=GOOD_DEALS, stages=STAGES)
    settings = write_settings(tmp_path / "funnel.toml", "2024-01-31")
    home = tmp_path / "home"
    first = run(home, settings, project=project)
    assert first.code == 0, first.output
    before = published_rows(home)
    release = (home / "published").resolve()

    suite = project / "expectations" / "fct_deals.json"
    content = json.loads(suite.read_text("utf-8"))
    # The owner looks at every deal, where the shipped suite counts them.
    content["meta"]["rows"] = ["from marts.fct_deals"]
    content["expectations"] = [
        {
            "type": "expect_column_values_to_not_match_regex",
            "kwargs": {"column": "deal_key", "regex": "d2$"},
            "meta": {"reason": "This company has no second deal."},
        }
    ]
    suite.write_text(json.dumps(content, indent=1), "utf-8")
    (tmp_path / "files" / "deals.csv").write_text(
        GOOD_DEALS + "d9,qualified,2024-01-09,120,EUR,\n", "utf-8"
    )
    second = run(home, settings, project=project)
    assert second.code == 1
    check = "expectations.fct_deals.expect_column_values_to_not_match_regex.deal_key"
    for words in ("stays as it was", "fct_deals", "failing-rows", "make ui"):
        assert words in second.output, words
    assert (home / "published").resolve() == release
    assert published_rows(home) == before

    shown = run(home, settings, "failing-rows", check, project=project)
    assert shown.code == 0, shown.output
    assert "acme:d2" in shown.output
    assert "acme:d9" not in shown.output
