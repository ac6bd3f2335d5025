"""What was known of deals at a day: cut, carried on, and nothing of what came later."""

from __future__ import annotations

from datetime import date

import pandas as pd

from orchestration.forecast.history import DealHistory
from orchestration.forecast.past import GONE, OPEN, WON, past_of

SPAN = {
    "source_name": "s", "pipeline": "p", "stage": "one", "stage_position": 1, "win_rate": 0.5,
    "created_on": "2024-01-01", "stage_entered_on": "2024-01-01", "valid_from": "2024-01-01",
    "valid_to": None, "amount": 100.0, "expected_close_date": None, "owner": "o", "team": None,
    "lead_source": None, "region": "r", "push_count": 0, "crm_probability": None,
    "known_on": "2024-01-01",
}  # fmt: skip
CLOSING = {
    "deal_key": "a", "closed_on": "2024-02-01", "outcome": "won", "amount": 90.0, "ended_on": None,
    "known_on": "2024-02-01",
}  # fmt: skip


def history(spans: list[dict[str, object]], closings: list[dict[str, object]]) -> DealHistory:
    columns = ["deal_key", *SPAN]
    return DealHistory(
        pd.DataFrame([{"deal_key": "a"} | SPAN | span for span in spans], columns=columns),
        pd.DataFrame([CLOSING | closing for closing in closings], columns=list(CLOSING)),
    )


TWO_SPANS: list[dict[str, object]] = [
    {"valid_to": "2024-01-10"},
    {
        "valid_from": "2024-01-10", "valid_to": "2024-02-01", "stage": "two", "stage_position": 2,
        "stage_entered_on": "2024-01-10", "known_on": "2024-01-12",
    },
]  # fmt: skip


def test_a_cut_leaves_open_what_ended_later() -> None:
    known = history(TWO_SPANS, [{}]).known_at(date(2024, 1, 20))
    assert known.closings.empty
    assert known.spans["valid_to"].isna().tolist() == [False, True]
    past = past_of(known, date(2024, 1, 20))
    assert past.spells.cause.tolist() == [OPEN]


def test_a_change_that_was_not_known_yet_leaves_the_state_before_it() -> None:
    known = history(TWO_SPANS, [{}]).known_at(date(2024, 1, 11))
    assert known.spans["stage"].tolist() == ["one"]
    assert known.spans["valid_to"].isna().all()


def test_a_closing_told_late_is_open_until_it_is_told() -> None:
    told_late = history(TWO_SPANS, [{"known_on": "2024-03-01"}])
    past = past_of(told_late, date(2024, 2, 20))
    assert past.spells.cause.tolist() == [OPEN]
    assert len(past.at(past.as_of)) == 1
    assert past_of(told_late, date(2024, 3, 1)).spells.cause.tolist() == [WON]


def test_a_deal_reopened_counts_once_by_its_latest_closing() -> None:
    twice = history(
        [
            {"valid_to": "2024-02-01"},
            {"valid_from": "2024-02-10", "valid_to": "2024-02-20", "known_on": "2024-02-10"},
        ],
        [
            {"ended_on": "2024-02-10"},
            {"closed_on": "2024-02-20", "known_on": "2024-02-20", "outcome": "lost"},
        ],
    )
    past = past_of(twice, date(2024, 3, 1))
    assert past.spells.cause.tolist() == [WON, GONE]
    assert past.won.tolist() == []
    # While it is open again, nothing is won either.
    assert past_of(twice, date(2024, 2, 15)).won.tolist() == []
    assert past_of(twice, date(2024, 2, 5)).won.tolist() == [0]


def test_a_deal_of_one_day_has_its_closings_dimensions() -> None:
    rows = history([], [{"owner": "x"}])
    closings = pd.DataFrame([CLOSING | {"owner": "x", "created_on": "2024-02-01"}])
    past = past_of(DealHistory(rows.spans, closings), date(2024, 2, 1))
    owner = past.spells.dimensions["owner"]
    assert owner.names[owner.codes].tolist() == ["x"]
    assert past.spells.dimensions["team"].names.tolist() == ["unknown"]
    assert past.won.tolist() == [0]
