"""One night's delivery as it lands: rows, places, what is set aside, what is read again."""

from __future__ import annotations

import csv
import json
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

import orchestration
from orchestration.landing import Landing
from orchestration.settings import FilesSource
from orchestration.sources.files import delivered_but_unmapped, extract_table
from tests.support.export_nights import Nights


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    return Nights(tmp_path)


def test_rows_land_with_their_place_and_payload(nights: Nights) -> None:
    nights.deliver("deals.csv", '\ufeffstage,deal_id,name\nNew, 1 ,"a\nb"\nWon,2,\n')
    result = nights.extract()
    assert (result.state, result.rows_read, result.rows_landed) == ("landed", 2, 2)
    assert nights.landed("id, ordinal, file, line, is_deleted, problem") == [
        ("1", 1, "deals.csv", 2, False, None),
        ("2", 2, "deals.csv", 4, False, None),
    ]
    payloads = [json.loads(row[0]) for row in nights.landed("payload")]
    assert payloads == [
        {"deal_id": " 1 ", "name": "a\nb", "stage": "New"},
        {"deal_id": "2", "name": None, "stage": "Won"},
    ]
    (load,) = nights.landing.manifests()
    assert nights.landed("DISTINCT load_id, epoch_us(known_at)") == [
        (load.load_id, int(load.known_at.timestamp() * 1_000_000))
    ]
    (entry,) = load.inputs
    status = (nights.exports / "deals.csv").stat()
    assert (entry.file, entry.bytes, entry.mtime_ns) == (
        "deals.csv",
        status.st_size,
        status.st_mtime_ns,
    )


def test_the_same_delivery_again_lands_nothing(nights: Nights) -> None:
    assert nights.extract().state == "absent"
    nights.deliver("deals.csv", "deal_id,stage\n1,New\n")
    nights.extract()
    again = nights.extract()
    assert (again.state, again.load_id, len(nights.landing.manifests())) == ("unchanged", None, 1)
    # Other bytes, the same records: an empty load remembers the checksum.
    nights.deliver("deals.csv", "stage,deal_id\r\nNew,1\r\n")
    rewritten = nights.extract()
    assert (rewritten.state, rewritten.rows_read, rewritten.rows_landed) == ("unchanged", 1, 0)
    assert [load.files for load in nights.landing.manifests()][1:] == [()]
    assert nights.extract().load_id is None
    assert len(nights.landed("id")) == 1


def test_there_and_back_adds_three_and_a_growing_file_only_what_was_added(
    nights: Nights,
) -> None:
    for amount in (100, 200, 100, 100):
        nights.deliver("deals.csv", f"deal_id,stage,amount\n1,New,{amount}\n")
        nights.extract()
    assert nights.landed("payload->>'amount'") == [("100",), ("200",), ("100",)]
    grown = "deal_id,stage,amount\n2,New,100\n2,New,200\n2,New,200\n2,New,100\n"
    nights.deliver("deals.csv", grown)
    assert nights.extract().rows_landed == 3
    nights.deliver("deals.csv", grown + "3,New,5\n")
    assert nights.extract().rows_landed == 1
    nights.deliver("deals.csv", grown + "3,New,5\n2,New,300\n3,New,5\n")
    assert nights.extract().rows_landed == 1
    assert nights.landed("id, payload->>'amount'")[3:] == [
        ("2", "100"),
        ("2", "200"),
        ("2", "100"),
        ("3", "5"),
        ("2", "300"),
    ]


def test_other_settings_read_the_same_file_again(nights: Nights) -> None:
    nights.deliver("deals.csv", "deal_id,stage,number\n1,New,A\n")
    nights.extract()
    nights.tables = {"deals": {"columns": {"deal_id": "number"}}}
    assert nights.extract().state == "landed"
    assert nights.landed("id") == [("1",), ("A",)]


def test_parts_of_several_formats_land_in_the_order_of_their_names(nights: Nights) -> None:
    nights.deliver("deals/a.csv", "deal_id,stage\n1,New\n2,New\n")
    nights.deliver("deals/b.jsonl", '{"deal_id": 3, "stage": "New", "tags": ["x"]}\n')
    nights.deliver("deals/notes.txt", "not a part")
    duckdb.execute(
        "COPY (SELECT 4 AS deal_id, 'New' AS stage, 12.50::DECIMAL(9,2) AS amount,"
        " DATE '2024-02-01' AS closed_at, TIMESTAMPTZ '2024-02-01 10:00:00+02' AS created_at,"
        f" ['a', 'b'] AS tags) TO '{nights.exports}/deals/c.parquet' (FORMAT parquet)"
    )
    result = nights.extract()
    assert result.files == ("deals/a.csv", "deals/b.jsonl", "deals/c.parquet")
    assert nights.landed("id, ordinal, file, line") == [
        ("1", 1, "deals/a.csv", 2),
        ("2", 2, "deals/a.csv", 3),
        ("3", 3, "deals/b.jsonl", 1),
        ("4", 4, "deals/c.parquet", 1),
    ]
    payloads = [row[0] for row in nights.landed("payload")]
    assert payloads[2] == '{"deal_id": 3, "stage": "New", "tags": ["x"]}'
    assert json.loads(payloads[3]) == {
        "deal_id": "4",
        "stage": "New",
        "amount": "12.50",
        "closed_at": "2024-02-01",
        "created_at": "2024-02-01 08:00:00+00",
        "tags": '["a","b"]',
    }
    assert delivered_but_unmapped(nights.source) == ["deals/notes.txt"]


def test_unreadable_rows_are_set_aside_and_the_rest_lands(nights: Nights) -> None:
    nights.deliver("deals.csv", b"deal_id,stage\n1,New\n2\n,Won\n3,\xe9\n4,Won\n")
    result = nights.extract()
    assert (result.rows_read, result.rows_rejected, result.rows_landed) == (5, 3, 5)
    assert "3 of 5 rows can't be read" in result.message
    assert nights.landed("ordinal, line, payload, problem, problem_column") == [
        (1, 2, '{"deal_id":"1","stage":"New"}', None, None),
        (2, 3, "2", "1 cells where the header has 2", "stage"),
        (3, 4, '{"deal_id":null,"stage":"Won"}', "missing deal_id", "deal_id"),
        (4, 5, "3,\\xe9", "not valid in the file's encoding", "stage"),
        (5, 6, '{"deal_id":"4","stage":"Won"}', None, None),
    ]
    assert nights.landed("id = '!' || md5(payload), fingerprint = md5_number_lower(payload)") == [
        (problem, True) for problem in (False, True, True, True, False)
    ]
    (load,) = nights.landing.manifests()
    assert (load.rows, load.rejected_rows) == (5, 3)


def test_json_lines_that_are_no_object_or_lack_a_key(nights: Nights) -> None:
    nights.tables = {"deals": {"columns": {"deal_id": 'an "odd" /~ key.*'}}}
    good = json.dumps({'an "odd" /~ key.*': " 7 ", "stage": "New"})
    nights.deliver("deals.jsonl", good + '\n[1]\n{"stage": "New"}\n{"stage":\n{}\x1f\n')
    nights.extract()
    assert nights.landed("line, problem, problem_column") == [
        (1, None, None),
        (2, "not a JSON object", None),
        (3, "missing deal_id", 'an "odd" /~ key.*'),
        (4, "not a JSON object", None),
        (5, "a control character inside the line", None),
    ]
    assert nights.landed("id, payload")[0] == ("7", good)


def test_keys_of_several_columns_and_defaults(nights: Nights) -> None:
    nights.tables = {"stage_history": {"defaults": {"entity_type": "deal"}}}
    nights.deliver(
        "stage_history.csv",
        "event_id,entity_id,stage,entered_at\n"
        ",1,New,2024-01-01\n,1,New,2024-01-01\n,1,A|B,2024-01-01\n,1|A,B,2024-01-01\n"
        "e9,1,New,2024-01-01\n,,New,2024-01-01\ne10,,,\n",
    )
    nights.extract("stage_history")
    rows = nights.landed("id, problem", "stage_history")
    assert [row[0] for row in rows if row[1] is None] == [
        "deal|1|New|2024-01-01",
        "deal|1|A\\|B|2024-01-01",
        "deal|1\\|A|B|2024-01-01",
        "e9",
        "e10",
    ]
    assert [row[1] for row in rows if row[1]] == ["missing entity_id"]
    nights.deliver("targets.csv", "period_start,period_end,amount\n2024-01-01,2024-03-31,5\n")
    nights.extract("targets")
    assert nights.landed("id", "targets") == [("2024-01-01|2024-03-31|||",)]


def test_a_file_without_a_required_header_is_set_aside_and_says_how_to_map_it(
    nights: Nights,
) -> None:
    nights.deliver("deals/a.csv", "deal_id,stage\n1,New\n")
    nights.deliver("deals/b.csv", "opportunity,stage\n2,New\n")
    result = nights.extract()
    assert (result.state, result.rows_landed) == ("landed", 2)
    (problem, column) = nights.landed("problem, problem_column")[1]
    assert "expected the header 'deal_id', found 'opportunity', 'stage'" in problem
    assert '[sources.tables.deals] columns = { deal_id = "<its header>" }' in problem
    assert column == "deal_id"
    # Nothing new lands the next night, but the mistake is told again.
    again = nights.extract()
    assert (again.rows_landed, again.load_id) == (0, None)
    assert "b.csv: expected the header" in again.message


def test_when_no_file_can_be_read_the_table_has_failed(nights: Nights) -> None:
    nights.deliver("deals.parquet", b"PAR1 torn")
    result = nights.extract()
    assert (result.state, result.rows_rejected) == ("failed", 1)
    assert "not a whole Parquet file" in result.message
    assert nights.extract().state == "failed"
    assert len(nights.landed("id")) == 1


def test_a_parquet_file_cut_short_lands_no_row_of_it(nights: Nights) -> None:
    whole = nights.exports / "whole"
    duckdb.execute(
        "COPY (SELECT i AS deal_id, 'New' AS stage FROM range(100000) AS t(i)) "
        f"TO '{whole}' (FORMAT parquet)"
    )
    content = bytearray(whole.read_bytes())
    whole.unlink()
    nights.deliver("deals.parquet", bytes(content[: len(content) // 2]))
    assert nights.extract().state == "failed"
    content[len(content) // 2 : len(content) // 2 + 2000] = b"\xff" * 2000
    nights.deliver("deals.parquet", bytes(content))
    nights.extract()
    assert all(problem for (problem,) in nights.landed("problem"))


def test_a_folder_or_file_that_leaves_the_choice_open_fails(nights: Nights) -> None:
    nights.deliver("deals.csv", "deal_id,stage\n")
    nights.deliver("deals.jsonl", "")
    result = nights.extract()
    assert result.state == "failed"
    assert "deals.csv, deals.jsonl all hold 'deals'" in result.message
    source = nights.source
    (nights.exports / "deals.csv").unlink()
    (nights.exports / "deals.jsonl").unlink()
    nights.exports.rmdir()
    gone = extract_table(
        source, "deals", nights.landing, known_at=datetime.now(UTC), as_of=date(2024, 1, 1)
    )
    assert gone.state == "failed"
    assert "does not exist" in gone.message


@pytest.mark.parametrize(
    ("encoding", "setting"),
    [("cp1252", "cp1252"), ("utf-16", "utf-8"), ("utf-16-le", "utf-16-le"), ("gb18030", "gb18030")],
)
def test_other_encodings_land_as_text(nights: Nights, encoding: str, setting: str) -> None:
    text = "中" if encoding != "cp1252" else "é€"
    nights.tables = {"deals": {"encoding": setting}}
    nights.deliver("deals.csv", f"deal_id;stage\r\n1;{text}\r\n2;x\r\n".encode(encoding))
    nights.extract()
    assert nights.landed("id, payload->>'stage', line") == [("1", text, 2), ("2", "x", 3)]


def test_a_byte_outside_the_encoding_costs_its_row(nights: Nights) -> None:
    nights.tables = {"deals": {"encoding": "cp1252"}}
    nights.deliver("deals.csv", b"deal_id,stage\n1,\x81\n2,\xe9\n")
    nights.extract()
    assert nights.landed("payload, problem") == [
        ("1,\\x81", "not valid in the file's encoding"),
        ('{"deal_id":"2","stage":"é"}', None),
    ]


def test_line_ends_of_old_macs(nights: Nights) -> None:
    nights.deliver("deals.csv", "deal_id,stage\r1,New\r2,Won\r")
    nights.extract()
    assert nights.landed("id, line") == [("1", 2), ("2", 3)]


def test_a_cell_of_megabytes_lands(nights: Nights) -> None:
    long = "x" * 3_000_000
    nights.deliver("deals.csv", f'deal_id,stage\n1,{long}\n2,"{long}\n{long}"\n')
    nights.deliver("leads.jsonl", json.dumps({"lead_id": 1, "status": long}) + "\n")
    assert nights.extract().rows_landed == 2
    assert nights.extract("leads").rows_landed == 1
    assert nights.landed("length(payload->>'stage')") == [(3_000_000,), (6_000_001,)]


def test_a_file_without_bytes_in_changes_loads_nothing(nights: Nights) -> None:
    nights.deliver("deals.csv", "")
    result = nights.extract()
    assert (result.state, result.rows_read) == ("unchanged", 0)


def test_a_real_export_lands_every_row_at_its_line(tmp_path: Path) -> None:
    export = Path(orchestration.__file__).parent / "sample" / "maven"
    columns = {"deal_id": "opportunity_id", "stage": "deal_stage"}
    source = FilesSource.model_validate(
        {
            "name": "maven",
            "type": "files",
            "path": export,
            "mode": "full",
            "tables": {"deals": {"file": "sales_pipeline.csv", "columns": columns}},
        }
    )
    landing = Landing(tmp_path / "landing")
    result = extract_table(
        source, "deals", landing, known_at=datetime(2024, 1, 1, tzinfo=UTC), as_of=date(2024, 1, 1)
    )
    assert (result.rows_read, result.rows_landed, result.rows_rejected) == (8800, 8800, 0)
    (path,) = landing.files("maven", "deals")
    landed = duckdb.execute(
        f"SELECT line, id, payload FROM read_parquet('{path}') ORDER BY ordinal"
    ).fetchall()
    with (export / "sales_pipeline.csv").open(encoding="utf-8", newline="") as stream:
        rows = [
            {key: value or None for key, value in row.items()} for row in csv.DictReader(stream)
        ]
    assert [(line, key, json.loads(payload)) for line, key, payload in landed] == [
        (line, row["opportunity_id"], row) for line, row in enumerate(rows, start=2)
    ]
