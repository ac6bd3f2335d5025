"""The generated company: same arguments same bytes, and rows that agree with each other."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pa_parquet
import pytest

from orchestration.sample import calibration
from orchestration.sample import office_time as t
from orchestration.sample.company import GeneratedCompany, generate_company
from tests.support.generated_company import (
    AFTER,
    LOST,
    SPAN,
    TABLES,
    WON,
    Tables,
)


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """A company of 20,000 deals."""
    return Tables(generate_company(tmp_path_factory.mktemp("big"), deals=20_000, **SPAN))


@pytest.fixture(scope="module")
def chunked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tables]:
    """A company of 2,500 deals written in three chunks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calibration, "CHUNK_DEALS", 1_000)
        folder = tmp_path_factory.mktemp("chunked")
        yield Tables(generate_company(folder, deals=2_500, seed=5, **SPAN))


@pytest.fixture(scope="module", params=["big", "chunked"])
def either(request: pytest.FixtureRequest) -> Tables:
    """Both companies: what must hold without exception."""
    tables: Tables = request.getfixturevalue(request.param)
    return tables


def _hashes(company: GeneratedCompany) -> dict[str, str]:
    return {n: hashlib.sha256(f.read_bytes()).hexdigest() for n, f in company.files.items()}


# --- same arguments, same bytes --------------------------------------------------------------


@pytest.mark.parametrize("fmt", ["csv", "parquet"])
def test_same_arguments_give_the_same_bytes(tmp_path: Path, fmt: str) -> None:
    one, two, other = (
        generate_company(tmp_path / name, deals=800, seed=seed, fmt=fmt, **SPAN)  # type: ignore[arg-type]
        for name, seed in (("one", 1), ("two", 1), ("other", 2))
    )
    assert set(one.files) == set(TABLES)
    assert _hashes(one) == _hashes(two)
    assert _hashes(one)["deals"] != _hashes(other)["deals"]
    assert sorted(p.name for p in (tmp_path / "one").iterdir()) == sorted(
        f"{name}.{fmt}" for name in TABLES
    )


def test_both_formats_tell_the_same(tmp_path: Path) -> None:
    text = generate_company(tmp_path / "csv", deals=300, **SPAN)
    binary = generate_company(tmp_path / "parquet", deals=300, fmt="parquet", **SPAN)
    assert text.counts == binary.counts
    for name in TABLES:
        told = pd.read_csv(text.files[name], dtype=str, keep_default_na=False)
        stored = pa_parquet.read_table(binary.files[name])
        assert list(told.columns) == stored.column_names
        assert len(told) == text.counts[name]
        for column in told:
            values = stored[column].to_pylist()
            expected = ["" if v is None else str(v) for v in values]
            if values and isinstance(next((v for v in values if v is not None), None), bool):
                expected = [v.lower() for v in expected]
            if name == "stages" and column == "win_rate":
                expected = [v.removesuffix(".0") for v in expected]
            assert told[column].tolist() == expected, (name, column)


def test_default_sample_has_the_promised_size(tmp_path: Path) -> None:
    company = generate_company(tmp_path, deals=3_000, **SPAN)
    assert company.counts["deals"] == 3_000
    assert 9_000 <= company.counts["leads"] <= 10_500
    assert sum(file.stat().st_size for file in company.files.values()) < 8_000_000


def test_command_line_writes_a_company(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "orchestration.sample.company", str(tmp_path)]
    options = ["--deals", "50", "--fmt", "parquet", "--last-day", "2016-06-30"]
    done = subprocess.run(command + options, capture_output=True, text=True, check=True)
    assert "deals.parquet: 50 rows" in done.stdout
    assert pa_parquet.read_table(tmp_path / "deals.parquet").num_rows == 50


@pytest.mark.parametrize(
    "wrong", [{"deals": 0}, {"last_day": date(2015, 7, 1)}, {"fmt": "xlsx"}], ids=str
)
def test_wrong_arguments_are_refused_before_anything_is_written(
    tmp_path: Path, wrong: dict[str, object]
) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        generate_company(tmp_path / "x", **{"deals": 10, **SPAN, **wrong})  # type: ignore[arg-type]
    assert not (tmp_path / "x").exists()


def test_a_table_is_never_there_in_two_formats(tmp_path: Path) -> None:
    generate_company(tmp_path, deals=20, **SPAN)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(FileExistsError, match=r"deals\.csv"):
        generate_company(tmp_path, deals=20, fmt="parquet", **SPAN)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("size", [1, 2, 7])
def test_tiny_companies_and_spans_are_complete(tmp_path: Path, size: int) -> None:
    company = generate_company(
        tmp_path, deals=size, first_day=date(2016, 2, 27), last_day=date(2016, 3, 4)
    )
    tables = Tables(company)
    assert len(tables.deals) == size
    assert tables.deals.created_at.between("2016-02-27", "2016-03-05").all()
    assert set(tables.deals.lead_id.dropna()) <= set(tables.leads.lead_id)
    assert len(tables.targets) > 0


# --- integrity -------------------------------------------------------------------------------


def test_keys_are_unique(either: Tables) -> None:
    for table, key in (
        ("deals", "deal_id"), ("leads", "lead_id"), ("owners", "owner_id"),
        ("stage_history", "event_id"),
    ):  # fmt: skip
        assert either.read(table)[key].is_unique
    assert either.owners.name.is_unique
    assert not either.stages.duplicated(["entity_type", "pipeline", "stage"]).any()
    assert not either.targets.duplicated(["period_start", "period_end", "owner_id", "team"]).any()


def test_converted_ids_exist_and_agree(either: Tables) -> None:
    linked = either.leads[either.leads.converted_deal_id.notna()]
    pairs = linked.merge(
        either.deals, left_on="converted_deal_id", right_on="deal_id", validate="1:1"
    )
    assert len(pairs) == len(linked) == either.deals.lead_id.notna().sum()
    assert (pairs.lead_id_x == pairs.lead_id_y).all()
    assert (pairs.converted_at == pairs.created_at_y).all()
    assert (pairs.created_at_x < pairs.created_at_y).all()
    assert (pairs.region_x == pairs.region_y).all()
    converted = either.leads.status == "Converted"
    assert (either.leads.converted_at.notna() == converted).all()


def test_owners_managers_teams_and_stages_exist(either: Tables) -> None:
    owners = set(either.owners.owner_id)
    for frame in (either.deals, either.leads, either.history):
        assert set(frame.owner_id) <= owners
    assert set(either.owners.manager_id.dropna()) <= owners
    assert set(either.targets.owner_id.dropna()) <= owners
    assert set(either.targets.team.dropna()) == set(either.owners.team.dropna())
    key = ["entity_type", "pipeline", "stage"]
    known = set(either.stages[key].itertuples(index=False))
    assert set(either.history[key].drop_duplicates().itertuples(index=False)) <= known


def test_first_history_row_is_the_creation_and_last_is_the_record(either: Tables) -> None:
    for kind, records, key, stage in (
        ("deal", either.deals, "deal_id", "stage"), ("lead", either.leads, "lead_id", "status"),
    ):  # fmt: skip
        rows = either.history[either.history.entity_type == kind].sort_values("event_id")
        grouped = rows.groupby("entity_id")
        assert grouped.ngroups == len(records)
        first = grouped.nth(0).set_index("entity_id").loc[records[key]]
        last = grouped.nth(-1).set_index("entity_id").loc[records[key]]
        assert (first.entered_at.to_numpy() == records.created_at.to_numpy()).all()
        assert (last.stage.to_numpy() == records[stage].to_numpy()).all()
        assert (last.entered_at.to_numpy() <= records.updated_at.to_numpy()).all()
        if kind == "deal":
            assert (last.pipeline.to_numpy() == records.pipeline.to_numpy()).all()
            for column in ("amount", "probability", "expected_close_date"):
                same = last[column].to_numpy() == records[column].to_numpy()
                assert (same | records[column].isna().to_numpy()).all(), column
                assert (last[column].isna().to_numpy() == records[column].isna()).all(), column
            closed = records.stage.isin(WON + LOST).to_numpy()
            assert (records.closed_at.notna().to_numpy() == closed).all()
            closing = last.entered_at.to_numpy()[closed]
            assert (records.closed_at.to_numpy()[closed] == closing).all()


def test_time_follows_the_event_ids(big: Tables, chunked: Tables) -> None:
    assert big.history.sort_values("event_id").entered_at.is_monotonic_increasing
    ordered = chunked.history.sort_values("event_id")
    backwards = ordered.groupby("entity_id").entered_at.diff() < pd.Timedelta(0)
    assert not backwards.any()
    for tables in (big, chunked):
        digits = tables.history.event_id.astype(str).str.len()
        assert digits.nunique() == 1


def test_nothing_happens_outside_the_span(either: Tables) -> None:
    for frame, columns in (
        (either.deals, ["created_at", "closed_at", "updated_at"]),
        (either.leads, ["created_at", "converted_at", "updated_at"]),
        (either.history, ["entered_at"]),
    ):
        for column in columns:
            assert frame[column].max() < AFTER
            assert frame[column].min() >= pd.Timestamp("2015-07-01")
    is_open = either.deals.closed_at.isna()
    assert (either.deals.expected_close_date[is_open] >= AFTER).any()


def test_every_local_time_exists(either: Tables) -> None:
    for frame in (either.deals, either.leads, either.history):
        for column in frame.select_dtypes("datetime").columns.difference(["expected_close_date"]):
            times = pd.DatetimeIndex(frame[column].dropna())
            # Raises for a time that the clock skips.
            times.tz_localize(
                "Europe/Amsterdam", nonexistent="raise", ambiguous=[True] * len(times)
            )


def test_the_skipped_hour_moves_to_its_end() -> None:
    moments = pd.DatetimeIndex(
        ["2016-03-27 01:59:59", "2016-03-27 02:30:00", "2016-03-20 02:30:00", "2016-10-30 02:30:00"]
    )
    moved = t.existing(moments.to_numpy().astype("datetime64[s]").astype(np.int64))
    assert list(pd.DatetimeIndex(moved.astype("datetime64[s]")).astype(str)) == [
        "2016-03-27 01:59:59", "2016-03-27 03:00:00", "2016-03-20 02:30:00", "2016-10-30 02:30:00",
    ]  # fmt: skip


def test_ids_of_chunks_follow_each_other(chunked: Tables) -> None:
    assert chunked.deals.deal_id.tolist() == [f"D-{n:06d}" for n in range(1, 2_501)]
    assert chunked.leads.lead_id.tolist() == [
        f"L-{n:06d}" for n in range(1, len(chunked.leads) + 1)
    ]
    events = 1_000_000_001 + np.arange(len(chunked.history))
    assert (np.sort(chunked.history.event_id) == events).all()
