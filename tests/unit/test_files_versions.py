"""Any sequence of deliveries lands the versions that a plain dictionary would keep."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.landing import Landing
from orchestration.settings import FilesSource
from orchestration.sources.files import extract_table

Row = tuple[str, str]

DELIVERIES = st.lists(
    st.tuples(
        st.sampled_from(["changes", "full"]),
        st.sampled_from(["csv", "jsonl", "parquet"]),
        st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(["100", "200"])), max_size=6),
    ),
    min_size=1,
    max_size=5,
)


def write(folder: Path, ending: str, rows: list[Row]) -> None:
    for old in folder.glob("deals.*"):
        old.unlink()
    path = folder / f"deals.{ending}"
    if ending == "csv":
        lines = ["amount,deal_id,stage", *(f"{amount},{key},New" for key, amount in rows)]
        path.write_text("\n".join(lines) + "\n", "utf-8")
    elif ending == "jsonl":
        path.write_text(
            "".join(
                f'{{"amount":"{amount}","deal_id":"{key}","stage":"New"}}\n' for key, amount in rows
            ),
            "utf-8",
        )
    else:
        duckdb.execute(
            "COPY (SELECT r[1] AS deal_id, r[2] AS amount, 'New' AS stage FROM"
            f" (SELECT unnest($1::VARCHAR[][]) AS r)) TO '{path}' (FORMAT parquet)",
            [[list(row) for row in rows]],
        )


def changes(rows: list[Row], key: str) -> list[str]:
    amounts = [amount for other, amount in rows if other == key]
    return [amount for index, amount in enumerate(amounts) if [amount] != amounts[:index][-1:]]


def overlap(landed: list[str | None], delivered: list[str]) -> int:
    return max(
        length
        for length in range(min(len(landed), len(delivered)) + 1)
        if landed[len(landed) - length :] == delivered[:length]
    )


@settings(max_examples=40, deadline=None)
@given(DELIVERIES)
def test_deliveries_land_the_versions_of_a_plain_model(
    deliveries: list[tuple[str, str, list[Row]]],
) -> None:
    history: dict[str, list[str | None]] = {}
    versions: list[tuple[str, str | None]] = []
    with tempfile.TemporaryDirectory() as root:
        exports = Path(root) / "exports"
        exports.mkdir()
        landing = Landing(Path(root) / "landing")
        for night, (mode, ending, rows) in enumerate(deliveries):
            write(exports, ending, rows)
            known = {key: overlap(history.get(key, []), changes(rows, key)) for key, _ in rows}
            before: dict[str, str] = {}
            for key, amount in rows:
                if before.get(key) != amount:
                    before[key] = amount
                    if known[key]:
                        known[key] -= 1
                    else:
                        history.setdefault(key, []).append(amount)
                        versions.append((key, amount))
            # Only a line-less JSON file has no bytes at all, which is no list of what exists.
            if mode == "full" and (rows or ending != "jsonl"):
                for key in sorted(history):
                    if history[key][-1] is not None and key not in dict(rows):
                        history[key].append(None)
                        versions.append((key, None))
            result = extract_table(
                FilesSource.model_validate(
                    {"name": "acme", "type": "files", "path": exports, "mode": mode}
                ),
                "deals",
                landing,
                known_at=datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=night),
                as_of=date(2024, 1, 1) + timedelta(days=night),
            )
            assert result.state in ("landed", "unchanged", "suspicious")
            files = ", ".join(f"'{path}'" for path in landing.files("acme", "deals"))
            if files:
                landed = duckdb.execute(
                    "SELECT id, payload->>'amount' FROM"
                    f" read_parquet([{files}]) ORDER BY load_id, ordinal"
                ).fetchall()
                assert landed == versions
            else:
                assert versions == []


CELL = st.text(
    alphabet=st.one_of(
        st.sampled_from("\"',;|\t\n\r \\{}/~"), st.characters(codec="utf-8", max_codepoint=0x1F9FF)
    ),
    max_size=8,
)


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(st.tuples(CELL, CELL, CELL), max_size=5),
    header=CELL.filter(lambda text: text not in ("", "deal_id", "stage", "x")),
    delimiter=st.sampled_from(",;\t|"),
    newline=st.sampled_from(["\n", "\r\n"]),
)
def test_any_text_comes_back_as_it_was_delivered(
    rows: list[tuple[str, str, str]], header: str, delimiter: str, newline: str
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=newline, quoting=csv.QUOTE_ALL)
    writer.writerow(["deal_id", "stage", header, "x"])
    for number, row in enumerate(rows):
        writer.writerow([f"D{number}", *row])
    with tempfile.TemporaryDirectory() as root:
        exports = Path(root) / "exports"
        exports.mkdir()
        (exports / "deals.csv").write_bytes(text.getvalue().encode())
        landing = Landing(Path(root) / "landing")
        result = extract_table(
            FilesSource(name="acme", type="files", path=exports),
            "deals",
            landing,
            known_at=datetime(2024, 1, 1, tzinfo=UTC),
            as_of=date(2024, 1, 1),
        )
        assert (result.rows_read, result.rows_rejected) == (len(rows), 0), result.message
        landed = [
            json.loads(payload)
            for path in landing.files("acme", "deals")
            for (payload,) in duckdb.execute(
                f"SELECT payload FROM read_parquet('{path}') ORDER BY ordinal"
            ).fetchall()
        ]
    assert landed == [
        {"deal_id": f"D{number}", "stage": a or None, header: b or None, "x": c or None}
        for number, (a, b, c) in enumerate(rows)
    ]
