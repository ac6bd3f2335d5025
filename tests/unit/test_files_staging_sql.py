"""Landed payloads as the contract's columns."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.landing import Landing
from orchestration.settings import FilesSource
from orchestration.sources.files import TABLES, extract_table, staged_columns_sql

HEADERS = {
    "name": "Deal Name (full)",
    "account": 'the "account"',
    "amount": "amount.value[0]",
    "currency": "币种",
    "region": "a/b~c",
    "owner_id": "it's *",
    "lead_id": "back\\slash",
}


def source_of(folder: Path, **tables: Any) -> FilesSource:
    return FilesSource(
        name="acme", type="files", path=folder, timezone="Asia/Shanghai", tables=tables
    )


def staged(
    source: FilesSource, landing: Landing, table: str, columns: str
) -> list[tuple[Any, ...]]:
    extract_table(
        source, table, landing, known_at=datetime(2024, 1, 2, tzinfo=UTC), as_of=date(2024, 1, 1)
    )
    query = staged_columns_sql(source, table, landing.files("acme", table))
    return duckdb.execute(f"SELECT {columns} FROM ({query}) ORDER BY load_id, ordinal").fetchall()


def described(query: str) -> list[tuple[str, str]]:
    rows = duckdb.execute(f"DESCRIBE {query}").fetchall()
    return [(row[0], row[1]) for row in rows]


def test_mapped_headers_of_any_characters_padding_and_defaults(tmp_path: Path) -> None:
    record = {header: f"  {column}\u00a0" for column, header in HEADERS.items()}
    empty = dict.fromkeys(HEADERS.values(), " ")
    rows = [{"deal_id": "1", "stage": "New", **record}, {"deal_id": "2", "stage": "New", **empty}]
    (tmp_path / "deals.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    defaults = {"currency": "US'D", "pipeline": "main"}
    source = source_of(tmp_path, deals={"columns": HEADERS, "defaults": defaults})
    names = ", ".join(HEADERS)
    found = staged(source, Landing(tmp_path / "landing"), "deals", f"deal_id, {names}, pipeline")
    assert found == [
        ("1", *HEADERS, "main"),
        ("2", None, None, None, "US'D", None, None, None, "main"),
    ]


def test_rows_with_a_problem_and_tombstones_have_no_values(tmp_path: Path) -> None:
    (tmp_path / "deals.csv").write_text("deal_id,stage\n1,New\n2\n,New\n", "utf-8")
    landing = Landing(tmp_path / "landing")
    source = source_of(tmp_path, deals={"defaults": {"currency": "USD"}})
    staged(source, landing, "deals", "1")
    (tmp_path / "deals.csv").write_text("deal_id,stage\n9,New\n", "utf-8")
    full = source.model_copy(update={"mode": "full"})
    found = staged(full, landing, "deals", "id, is_absent, deal_id, stage, currency, line, file")
    assert [row[1:] for row in found if row[0].startswith("!")] == [
        (False, None, None, None, 3, "deals.csv"),
        (False, None, None, None, 4, "deals.csv"),
    ]
    assert [row for row in found if not row[0].startswith("!")] == [
        ("1", False, "1", "New", "USD", 2, "deals.csv"),
        ("9", False, "9", "New", "USD", 2, "deals.csv"),
        ("1", True, None, None, None, None, None),
    ]


def test_nested_values_and_numbers_are_text(tmp_path: Path) -> None:
    (tmp_path / "leads.jsonl").write_text(
        '{"lead_id": 12345678901234567890, "status": {"a": [1]}, "bant_need": true,'
        ' "score": 7.5, "region": null}\n',
        "utf-8",
    )
    found = staged(
        source_of(tmp_path),
        Landing(tmp_path / "landing"),
        "leads",
        "id, status, bant_need, score, region, source_name, timezone",
    )
    assert found == [
        ("12345678901234567890", '{"a":[1]}', "true", "7.5", None, "acme", "Asia/Shanghai")
    ]


def test_without_files_there_are_no_rows_of_the_same_columns(tmp_path: Path) -> None:
    landing = Landing(tmp_path / "landing")
    source = source_of(tmp_path)
    for table, spec in TABLES.items():
        (tmp_path / f"{table}.csv").write_text(
            ",".join(spec.columns) + "\n" + ",".join("x" for _ in spec.columns) + "\n", "utf-8"
        )
        assert staged(source, landing, table, "count(*) OVER ()") == [(1,)]
        empty = described(staged_columns_sql(source, table, []))
        filled = described(staged_columns_sql(source, table, landing.files("acme", table)))
        assert empty == filled
        names = [name for name, _ in filled]
        assert set(spec.columns) <= set(names)
        assert len(set(names)) == len(names)
        assert duckdb.execute(staged_columns_sql(source, table, [])).fetchall() == []
