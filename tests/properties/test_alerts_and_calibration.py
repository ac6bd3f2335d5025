"""Alerts and calibration of a generated company and of named cases, in one warehouse.

Held against plain readings of the facts (``tests/reference/alerts.py``, ``calibration.py``), which
other tests hold.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from orchestration.engine import connect
from orchestration.home import Home
from orchestration.landing import Landing
from orchestration.sample.company import generate_company
from orchestration.settings import load_settings
from orchestration.sources.files import extract_table
from orchestration.warehouse.build import run_build
from orchestration.warehouse.idle import idle_kinds, staging_of
from orchestration.warehouse.layout import Night, lay_out
from tests.properties.alert_cases import (
    ALERTS,
    EVIDENCE,
    EXPLANATIONS,
    JUDGED,
    NIGHTS,
    NOT_JUDGED,
    PREDICTIONS,
    nights,
)
from tests.reference.alerts import Alert, Deal, Limits, alerts_of
from tests.reference.calibration import Prediction, bin_of, judged, predictions
from tests.support.no_backtest import BACKTEST, lay_out_no_backtest
from tests.support.prepared import lend

AS_OF = NIGHTS[-1]
ZONE = ZoneInfo("Europe/Amsterdam")
DEALS = 400
MARTS = ("mart_deal_alerts", "mart_win_rate_calibration")
SETTINGS = f"""
business_timezone = "Europe/Amsterdam"

[alerts]
evidence_deals = {EVIDENCE}

[[sources]]
name = "cases"
type = "files"
path = "cases"

[[sources]]
name = "demo"
type = "files"
path = "demo"
timezone = "Europe/Amsterdam"
"""

Rows = list[dict[str, Any]]


class Warehouse:
    """The tables that are compared, and the files of the generated company."""

    def __init__(self, home: Home, demo: Path) -> None:
        """Read them."""
        self.demo = demo
        self.tables: dict[str, Rows] = {}
        names = ("fct_deals", "fct_stage_transitions", "fct_pipeline_daily", "dim_stage", *MARTS)
        with connect(home.warehouse, read_only=True) as connection:
            for name in names:
                order = {
                    "fct_pipeline_daily": "order by deal_key, snapshot_date",
                    "fct_stage_transitions": "order by entity_key, entity_sequence",
                }.get(name, "")
                cursor = connection.execute(f"select * from marts.{name} {order}")
                columns = [entry[0] for entry in cursor.description]
                self.tables[name] = [dict(zip(columns, r, strict=True)) for r in cursor.fetchall()]
            cursor = connection.execute("select owner_key, team, region from marts.dim_owner")
            self.owners = {key: (team, region) for key, team, region in cursor.fetchall()}

    def of(self, table: str, source: str) -> Rows:
        """Return one source's rows."""
        return [row for row in self.tables[table] if row["source_name"] == source]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    folder = tmp_path_factory.mktemp("alerts")
    generate_company(folder / "demo", deals=DEALS, first_day=date(2016, 7, 1), last_day=NIGHTS[0])
    (folder / "cases").mkdir()
    (folder / "funnel.toml").write_text(SETTINGS, "utf-8")
    settings = load_settings(folder / "funnel.toml")
    home = Home(folder / "home")
    for as_of, tables in zip(NIGHTS, nights(), strict=True):
        for table, rows in tables.items():
            _write(folder / "cases" / f"{table}.csv", rows)
        known_at = datetime.combine(as_of + timedelta(days=1), time(1), UTC)
        for source in settings.sources:
            for table in ("stages", "owners", "deals", "leads", "stage_history"):
                landed = extract_table(
                    source, table, Landing(home.landing), known_at=known_at, as_of=as_of
                )
                assert landed.state in ("landed", "unchanged", "absent"), landed
    lend(home, settings)
    with connect(home.warehouse) as connection:
        lay_out(connection, settings, home, Night(AS_OF))
        lay_out_no_backtest(connection)
    built = run_build(
        home,
        "run",
        select=[*(f"+{mart}" for mart in MARTS), "+path:dbt_project/models/facts"],
        exclude=[BACKTEST, *staging_of(idle_kinds(settings))],
    )
    failed = [f"{node.name}: {node.message}" for node in built.nodes if not node.succeeded]
    assert not failed, "\n".join(failed)
    return Warehouse(home, folder / "demo")


def _write(path: Path, rows: Rows) -> None:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _shown(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Alert]]:
    found: dict[str, list[Alert]] = defaultdict(list)
    for row in rows:
        found[row["deal_key"]].append(
            (
                row["alert"], row["since_date"], row["value"], row["threshold"], row["severity"],
                row["is_learned"], row["evidence_count"],
            )
        )  # fmt: skip
    return {deal: sorted(alerts) for deal, alerts in found.items()}


def _read_plainly(warehouse: Warehouse, source: str) -> dict[str, list[Alert]]:
    deals = {row["deal_key"]: Deal(row) for row in warehouse.of("fct_deals", source)}
    for row in warehouse.of("fct_pipeline_daily", source):
        deals[row["deal_key"]].days.append(row)
    for row in warehouse.of("fct_stage_transitions", source):
        if row["entity_type"] == "deal":
            deals[row["entity_key"]].transitions.append(row)
    listed = [s for s in warehouse.of("dim_stage", source) if s["entity_type"] == "deal"]
    return alerts_of(list(deals.values()), listed, AS_OF, Limits(EVIDENCE))


@pytest.mark.parametrize("pipeline", ALERTS)
def test_named_case_has_its_alerts_and_no_others(warehouse: Warehouse, pipeline: str) -> None:
    rows = [row for row in warehouse.tables["mart_deal_alerts"] if row["pipeline"] == pipeline]
    expected = {f"cases:{pipeline}.{deal}": said for deal, said in ALERTS[pipeline][2].items()}
    assert _shown(rows) == expected


@pytest.mark.parametrize("source", ["cases", "demo"])
def test_alerts_are_what_the_facts_say(warehouse: Warehouse, source: str) -> None:
    rows = warehouse.of("mart_deal_alerts", source)
    assert _shown(rows) == _read_plainly(warehouse, source)
    if source == "demo":
        kinds = {row["alert"] for row in rows if row["is_learned"]}
        assert {"stalled", "pushed", "shrunk", "disqualify"} <= kinds


def test_explanations_say_what_since_when_and_compared_with_what(warehouse: Warehouse) -> None:
    rows = warehouse.tables["mart_deal_alerts"]
    said = {(row["deal_key"], row["alert"]): row["explanation"] for row in rows}
    for (pipeline, deal, alert), sentence in EXPLANATIONS.items():
        assert said[f"cases:{pipeline}.{deal}", alert] == sentence
    for row in rows:
        assert str(row["since_date"]) in row["explanation"] or row["alert"] == "stalled", row
        assert row["explanation"].endswith("."), row


def _closed(warehouse: Warehouse, source: str) -> dict[str, dict[str, Any]]:
    return {
        row["deal_key"]: row
        for row in warehouse.of("fct_deals", source)
        if (row["is_won"] or row["is_lost"]) and row["closed_on"]
    }


def _days(warehouse: Warehouse) -> dict[str, Rows]:
    days: dict[str, Rows] = defaultdict(list)
    for row in warehouse.tables["fct_pipeline_daily"]:
        days[row["deal_key"]].append(row)
    return days


def _told_by_the_demo(demo: Path) -> dict[str, list[tuple[date, Fraction | None]]]:
    """Return what the generated company's history tells of probabilities, in order."""
    told: dict[str, list[tuple[datetime, int, Fraction]]] = defaultdict(list)
    with (demo / "stage_history.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            closed = row["stage"] in ("Won", "Lost", "Signed")
            if row["entity_type"] == "deal" and row["probability"] and not closed:
                at = datetime.fromisoformat(row["entered_at"]).replace(tzinfo=ZONE)
                number = int("".join(c for c in row["event_id"] if c.isdigit()))
                rate = Fraction(row["probability"]) / 100
                told["demo:" + row["entity_id"]].append((at, number, rate))
    return {
        deal: [(at.date(), rate) for at, _, rate in sorted(rows)] for deal, rows in told.items()
    }


def _predictions(warehouse: Warehouse) -> Iterator[Prediction]:
    """Return every prediction that counts: read plainly for the demo, by hand for the cases."""
    days = _days(warehouse)
    told = _told_by_the_demo(warehouse.demo)
    demo = {key: bool(row["is_won"]) for key, row in _closed(warehouse, "demo").items()}
    yield from predictions(days, told, demo)
    cases = {key: bool(row["is_won"]) for key, row in _closed(warehouse, "cases").items()}
    yield from predictions(days, {}, cases)
    for deal, rates in PREDICTIONS.items():
        key = f"cases:{JUDGED}.{deal}"
        for number, rate in rates.items():
            yield Prediction("crm", key, number, rate, days[key][0], cases[key])


def test_predictions_of_the_named_cases_count_once_a_tenth(warehouse: Warehouse) -> None:
    found = {
        (row["probability_source"], row["bin"]): (row["deals"], row["won"])
        for row in warehouse.tables["mart_win_rate_calibration"]
        if (row["dimension"], row["dimension_value"]) == ("pipeline", JUDGED)
    }
    won = ("first_in_each_tenth", "seen_open_then_won", "closed_when_first_seen")
    expected: dict[tuple[str, int], tuple[int, int]] = {("configured", 5): (5, len(won))}
    for deal, rates in PREDICTIONS.items():
        for number in rates:
            deals, wins = expected.get(("crm", number), (0, 0))
            expected["crm", number] = (deals + 1, wins + (deal in won))
    assert found == expected
    closed = _closed(warehouse, "cases")
    assert not {f"cases:{JUDGED}.{deal}" for deal in NOT_JUDGED} & set(closed)


def test_calibration_is_what_the_predictions_come_to(warehouse: Warehouse) -> None:
    closed = {**_closed(warehouse, "demo"), **_closed(warehouse, "cases")}
    bins: dict[tuple[str, int, str, str], list[Prediction]] = defaultdict(list)
    for one in _predictions(warehouse):
        team, region = warehouse.owners.get(one.day["owner_key"], (None, None))
        deal = closed[one.deal]
        values = {
            "all": "all",
            "source_name": deal["source_name"],
            "pipeline": one.day["pipeline"],
            "owner": one.day["owner_key"],
            "team": team,
            "lead_source": deal["lead_source"],
            "region": deal["region"] or region,
        }
        for dimension, value in values.items():
            bins[one.source, one.bin, dimension, value or "unknown"].append(one)
    rows = {
        (row["probability_source"], row["bin"], row["dimension"], row["dimension_value"]): row
        for row in warehouse.tables["mart_win_rate_calibration"]
    }
    assert rows.keys() == bins.keys()
    assert len({key[1] for key in rows if key[0] == "crm"}) >= 8
    for key, members in bins.items():
        deals, won, mean, actual, brier = judged(members)
        row = rows[key]
        assert (row["deals"], row["won"]) == (deals, won), key
        assert row["mean_predicted_rate"] == pytest.approx(mean, abs=1e-11)
        assert row["actual_win_rate"] == pytest.approx(actual, abs=1e-11)
        assert row["brier_score"] == pytest.approx(brier, abs=1e-11)
        assert row["bin_low"] <= actual or row["actual_low"] <= actual <= row["actual_high"]


@pytest.mark.parametrize(
    ("rate", "number"),
    [(Fraction(0), 1), (Fraction(99, 1000), 1), (Fraction(1, 10), 2), (Fraction(1), 10)],
)
def test_a_tenth_begins_at_its_lower_end(rate: Fraction, number: int) -> None:
    assert bin_of(rate) == number
