"""The raw store: what is committed is seen, nothing else is."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import duckdb
import pytest

from orchestration.landing import InputFile, Landing, LandingError, Manifest
from orchestration.landing.durable import sha256_of

NIGHT = datetime(2024, 3, 1, 2, 0, tzinfo=UTC)
DAY = date(2024, 2, 29)


def write_part(path: Path, rows: int, deleted: int = 0, problems: int = 0) -> None:
    duckdb.execute(
        "COPY (SELECT 'id' || i AS id, now() AS known_at, 'x' AS load_id, i AS ordinal,"
        " 'f.csv' AS file, i AS line, i < $1 AS is_deleted, 1::UBIGINT AS fingerprint,"
        " '{}' AS payload, CASE WHEN i >= $2 THEN 'broken' END AS problem,"
        f" NULL::VARCHAR AS problem_column FROM range($3) AS t(i)) TO '{path}' (FORMAT parquet)",
        [deleted, rows - problems, rows],
    )


def land(
    landing: Landing, source: str = "acme", table: str = "deals", night: int = 0, rows: int = 3
) -> Manifest:
    with landing.begin(
        source, table, NIGHT + timedelta(days=night), DAY + timedelta(days=night)
    ) as load:
        write_part(load.part(), rows)
    assert load.manifest is not None
    return load.manifest


def test_a_committed_load_is_listed_with_what_its_files_hold(tmp_path: Path) -> None:
    landing = Landing(tmp_path / "landing")
    delivered = InputFile("deals.csv", 10, 20, "ab")
    with landing.begin(
        "acme", "deals", NIGHT, DAY, inputs=[delivered], settings_hash="h", mode="full"
    ) as load:
        write_part(load.part(), rows=5, deleted=2)
        write_part(load.part(), rows=4, problems=1)
        assert landing.manifests() == []
        assert landing.files("acme", "deals") == []
    (manifest,) = Landing(tmp_path / "landing").manifests()
    assert manifest == load.manifest
    assert (manifest.rows, manifest.deleted_rows, manifest.rejected_rows) == (9, 2, 1)
    assert (manifest.inputs, manifest.settings_hash, manifest.mode) == ((delivered,), "h", "full")
    assert [entry.rows for entry in manifest.files] == [5, 4]
    paths = landing.files("acme", "deals")
    assert [sha256_of(path) for path in paths] == [entry.sha256 for entry in manifest.files]
    assert [path.stat().st_size for path in paths] == [entry.bytes for entry in manifest.files]
    assert paths[0].parent == tmp_path / "landing/data/source=acme/table=deals"


def test_files_are_those_of_the_table_after_a_load(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    loads = [land(landing, night=night) for night in range(3)]
    other = land(landing, table="leads")
    assert [load.load_id for load in landing.manifests("acme", "deals")] == [
        load.load_id for load in loads
    ]
    assert landing.files("acme", "deals", after=loads[0].load_id) == [
        tmp_path / load.files[0].path for load in loads[1:]
    ]
    assert landing.files("acme", "leads") == [tmp_path / other.files[0].path]
    assert landing.files("elsewhere", "deals") == []


def test_load_ids_increase_even_if_the_clock_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    landing = Landing(tmp_path)
    first = land(landing)
    monkeypatch.setattr("time.time_ns", lambda: 1_000_000_000)
    second = land(landing)
    assert len(first.load_id) == 20
    assert int(second.load_id) == int(first.load_id) + 1


def test_known_at_is_utc_and_never_goes_back(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    local = NIGHT.astimezone(timezone(timedelta(hours=5)))
    with landing.begin("acme", "deals", local, DAY) as load:
        pass
    assert load.known_at == NIGHT
    assert '"known_at": "2024-03-01T02:00:00+00:00"' in next(
        (tmp_path / "loads").iterdir()
    ).read_text("utf-8")
    assert land(landing, night=-1).known_at == NIGHT
    with (
        pytest.raises(ValueError, match="time zone"),
        landing.begin("acme", "deals", NIGHT.replace(tzinfo=None), DAY),
    ):
        pass


def test_first_extraction_is_every_load_of_the_source_s_first_reported_day(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    assert land(landing, table="deals").is_first_extraction
    assert land(landing, table="leads").is_first_extraction
    assert land(landing, table="deals").is_first_extraction
    assert not land(landing, table="owners", night=1).is_first_extraction
    assert not land(landing, table="stages", night=0).is_first_extraction
    assert land(landing, source="other", night=1).is_first_extraction


def test_an_error_inside_a_load_leaves_nothing(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    with (
        pytest.raises(RuntimeError, match="cable"),
        landing.begin("acme", "deals", NIGHT, DAY) as load,
    ):
        write_part(load.part(), 3)
        raise RuntimeError("cable pulled")
    assert landing.manifests() == []
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_part_outside_the_envelope_is_refused(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    with (
        pytest.raises(LandingError, match="envelope"),
        landing.begin("acme", "deals", NIGHT, DAY) as load,
    ):
        duckdb.execute(f"COPY (SELECT 1 AS id) TO '{load.part()}' (FORMAT parquet)")
    assert landing.manifests() == []


@pytest.mark.parametrize("name", ["", "a/b", "../up", ".hidden", "a b"])
def test_a_name_that_is_no_folder_is_refused(tmp_path: Path, name: str) -> None:
    with (
        pytest.raises(ValueError, match="can't name a folder"),
        Landing(tmp_path).begin(name, "deals", NIGHT, DAY),
    ):
        pass


def test_sweep_removes_exactly_what_no_manifest_names(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    kept = land(landing)
    folder = tmp_path / "data/source=acme/table=deals"
    orphans = [
        folder / "00000000000000000009-00001.parquet",
        folder / ".00000000000000000009-00001.parquet",
        tmp_path / "loads" / ".00000000000000000009.json.part",
    ]
    for orphan in orphans:
        orphan.write_bytes(b"torn")
    (tmp_path / ".work-abc").mkdir()
    (tmp_path / ".work-abc" / "spill").write_bytes(b"x")
    assert [load.load_id for load in landing.manifests()] == [kept.load_id]
    assert landing.sweep() == sorted([*orphans, tmp_path / ".work-abc"])
    assert landing.sweep() == []
    assert [path.exists() for path in landing.files("acme", "deals")] == [True]


def test_a_damaged_manifest_is_named(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    load = land(landing)
    path = tmp_path / "loads" / f"{load.load_id}.json"
    content = json.loads(path.read_text("utf-8"))
    del content["rows"]
    path.write_text(json.dumps(content), "utf-8")
    with pytest.raises(LandingError, match=load.load_id):
        Landing(tmp_path).manifests()
