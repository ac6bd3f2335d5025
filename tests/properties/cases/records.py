"""Named cases: the stage of a record without delivered history.

Nights end on 03-29, 03-31 (run at 15:00 that day), 04-03 and 04-05, business time Amsterdam.
Expected values are written by hand, so that they hold the reference as well as the models.
"""

from __future__ import annotations

from tests.properties.case_words import (
    USUAL,
    Case,
    case,
    deal,
    facts,
    lead,
    stages,
    steps,
    steps_with,
)

RECORDS: list[Case] = [
    case(
        "versions_in_one_stage_are_one_run",
        [
            {"stages": USUAL, "deals": [deal("talk", created_at="2024-03-25", amount="1")]},
            {"deals": [deal("talk", created_at="2024-03-25", amount="2")]},
            {"deals": [deal("new", created_at="2024-03-25", amount="2")]},
            {"deals": [deal("talk", created_at="2024-03-25", amount="2")]},
        ],
        steps(),
        [
            "created new 03-25 start",
            "advanced talk 03-29 end",
            "regressed new 04-03 end",
            "advanced talk 04-05 end",
        ],
    ),
    case(
        "the_newest_creation_told_counts",
        [
            {"stages": USUAL, "deals": [deal("new", created_at="2024-03-28")]},
            {"deals": [deal("new", created_at="2024-03-26")]},
            {"deals": [deal("new")]},
        ],
        steps(),
        ["created new 03-26 start"],
    ),
    case(
        "a_told_stage_of_creation_replaces_the_first_open_one",
        [
            {
                "stages": USUAL,
                "deals": [deal("offer", created_at="2024-03-28", created_stage="talk")],
            }
        ],
        steps_with("transition_type", "to_stage", "stages_skipped"),
        [("created", "talk", 1), ("advanced", "offer", 0)],
    ),
    case(
        "a_closed_run_begins_at_its_closing_date",
        [
            {
                "stages": USUAL,
                "deals": [deal("won", created_at="2024-03-25", closed_at="2024-03-27")],
            }
        ],
        steps_with("transition_type", "transitioned_at", "is_closing", "stages_skipped"),
        [("created", "03-25 start", False, 0), ("won", "03-27 end", True, 2)],
    ),
    case(
        "a_closing_date_that_was_used_is_not_used_again",
        [
            {
                "stages": USUAL,
                "deals": [deal("won", created_at="2024-03-25", closed_at="2024-03-27")],
            },
            {"deals": [deal("talk", created_at="2024-03-25", closed_at="2024-03-27")]},
            {"deals": [deal("lost", created_at="2024-03-25", closed_at="2024-03-27")]},
        ],
        steps(),
        [
            "created new 03-25 start",
            "won won 03-27 end",
            "reopened talk 03-31 15:00",
            "lost lost 04-03 end",
        ],
    ),
    case(
        "a_closing_before_the_creation_pulls_it_back",
        [
            {
                "stages": USUAL,
                "deals": [deal("lost", created_at="2024-03-28", closed_at="2024-03-26T08:00:00Z")],
            }
        ],
        facts("created_at", "closed_at", "sales_cycle_days"),
        {"d1": ("03-26 09:00", "03-26 09:00", 0)},
    ),
    case(
        "an_earlier_dated_run_pulls_back_the_runs_before_it",
        [
            {"stages": USUAL, "deals": [deal("talk", created_at="2024-03-25")]},
            None,
            {"deals": [deal("won", created_at="2024-03-25", closed_at="2024-03-27")]},
        ],
        steps(),
        ["created new 03-25 start", "advanced talk 03-27 end", "won won 03-27 end"],
    ),
    case(
        "without_a_creation_the_first_run_dates_it",
        [{"stages": USUAL, "deals": [deal("won", closed_at="2024-03-27T10:00:00Z")]}],
        steps(),
        ["created new 03-27 11:00", "won won 03-27 11:00"],
    ),
    case(
        "a_record_that_the_first_extraction_lacked_has_a_date",
        [
            {"stages": USUAL},
            None,
            {"deals": [deal("new")]},
        ],
        steps(),
        ["created new 04-03 end"],
    ),
    case(
        "a_change_that_is_seen_later_dates_a_record",
        [
            {"stages": USUAL, "deals": [deal("new", amount="1")]},
            None,
            {"deals": [deal("new", amount="2")]},
        ],
        steps(),
        ["created new 03-29 end"],
    ),
    case(
        "a_record_without_any_date_has_no_past",
        [{"stages": USUAL, "deals": [deal("won", amount="5")]}],
        facts("stage", "is_won", "created_at", "closed_at", "amount"),
        {"d1": ("won", True, None, None, 5.0)},
    ),
    case(
        "a_lead_converts_at_its_conversion",
        [
            {
                "stages": stages("fresh warm converted=won", "lead"),
                "leads": [lead("converted", created_at="2024-03-25", converted_at="2024-03-28")],
            }
        ],
        steps("l1"),
        ["created fresh 03-25 start", "converted converted 03-28 end"],
    ),
]
