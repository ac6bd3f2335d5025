"""Named cases: the stage of a record with delivered history.

Nights end on 03-29, 03-31 (run at 15:00 that day), 04-03 and 04-05, business time Amsterdam.
Expected values are written by hand, so that they hold the reference as well as the models.
"""

from __future__ import annotations

from tests.properties.case_words import (
    USUAL,
    Case,
    case,
    days,
    deal,
    entry,
    facts,
    stages,
    steps,
    steps_with,
)

HISTORY: list[Case] = [
    case(
        "history_that_begins_later_leaves_the_creation_to_the_record",
        [
            {
                "stages": USUAL,
                "deals": [deal("offer", created_at="2024-03-25")],
                "stage_history": [entry("offer", "2024-03-26")],
            }
        ],
        steps_with("transition_type", "to_stage", "transitioned_at", "is_inferred"),
        [("created", "new", "03-25 start", True), ("skipped", "offer", "03-26 start", False)],
    ),
    case(
        "history_that_begins_on_the_day_of_creation_holds_it",
        [
            {
                "stages": USUAL,
                "deals": [deal("offer", created_at="2024-03-26")],
                "stage_history": [entry("offer", "2024-03-26T15:00:00Z")],
            }
        ],
        steps(),
        ["created offer 03-26 16:00"],
    ),
    case(
        "a_gap_after_history_closes_when_the_stage_was_seen",
        [
            {
                "stages": USUAL,
                "deals": [deal("talk", created_at="2024-03-26", updated_at="2024-03-28")],
                "stage_history": [entry("new", "2024-03-26")],
            }
        ],
        steps_with("transition_type", "transitioned_at", "is_inferred"),
        [("created", "03-26 start", False), ("advanced", "03-28 end", True)],
    ),
    case(
        "a_gap_to_a_closed_stage_closes_at_its_closing",
        [
            {
                "stages": USUAL,
                "deals": [deal("won", created_at="2024-03-26", closed_at="2024-03-27")],
                "stage_history": [entry("new", "2024-03-26")],
            }
        ],
        steps(),
        ["created new 03-26 start", "won won 03-27 end"],
    ),
    case(
        "a_closing_before_the_last_row_of_history_is_not_believed",
        [
            {
                "stages": USUAL,
                "deals": [deal("won", closed_at="2024-03-26")],
                "stage_history": [entry("new", "2024-03-25"), entry("talk", "2024-03-28")],
            }
        ],
        steps(),
        ["created new 03-25 start", "advanced talk 03-28 start", "won won 03-29 end"],
    ),
    case(
        "history_holds_against_an_older_record",
        [
            {
                "stages": USUAL,
                "deals": [deal("won", created_at="2024-03-25", updated_at="2024-03-26")],
                "stage_history": [entry("new", "2024-03-25"), entry("talk", "2024-03-28")],
            }
        ],
        steps(),
        ["created new 03-25 start", "advanced talk 03-28 start"],
    ),
    case(
        "history_without_a_pipeline_follows_its_record",
        [
            {
                "stages": stages("new won=won", pipeline="main")
                + stages("try buy won=won", pipeline="second"),
                "deals": [deal("buy", created_at="2024-03-25", pipeline="second")],
                "stage_history": [entry("try", "2024-03-25"), entry("buy", "2024-03-26")],
            }
        ],
        steps_with("pipeline", "to_stage"),
        [("second", "try"), ("second", "buy")],
    ),
    case(
        "a_record_without_a_pipeline_follows_its_history",
        [
            {
                "stages": stages("new won=won", pipeline="main")
                + stages("try buy won=won", pipeline="second"),
                "deals": [deal("buy", created_at="2024-03-25")],
                "stage_history": [entry("try", "2024-03-25", pipeline="second")],
            }
        ],
        steps_with("pipeline", "to_stage", "transition_type"),
        [("second", "try", "created"), ("second", "buy", "advanced")],
    ),
    case(
        "a_record_without_a_pipeline_is_in_the_only_listed_one",
        [
            {
                "stages": stages("new won=won", pipeline="second"),
                "deals": [deal("new", created_at="2024-03-25")],
            }
        ],
        steps_with("pipeline", "to_stage"),
        [("second", "new")],
    ),
    case(
        "a_list_for_every_pipeline_leaves_records_without_one_in_main",
        [
            {
                "stages": USUAL + stages("try buy won=won", pipeline="second"),
                "deals": [deal("talk", created_at="2024-03-25")],
            }
        ],
        steps_with("pipeline", "to_stage"),
        [("main", "new"), ("main", "talk")],
    ),
    case(
        "history_without_a_record_makes_a_deal",
        [
            {
                "stages": USUAL,
                "stage_history": [
                    entry("new", "2024-03-25", amount="7"),
                    entry("won", "2024-03-27"),
                ],
            }
        ],
        facts("stage", "is_won", "created_at", "closed_at", "amount", "sales_cycle_days"),
        {"d1": ("won", True, "03-25 start", "03-27 end", 7.0, 2)},
    ),
    case(
        "the_newest_delivery_of_a_row_holds",
        [
            {
                "stages": USUAL,
                "stage_history": [
                    entry("new", "2024-03-25", event_id="a"),
                    entry("talk", "2024-03-26", event_id="b", amount="1"),
                ],
            },
            {"stage_history": [entry("offer", "2024-03-27", event_id="b", amount="2")]},
        ],
        steps_with("transition_type", "to_stage", "transitioned_at", "amount"),
        [("created", "new", "03-25 start", None), ("skipped", "offer", "03-27 start", 2.0)],
    ),
    case(
        "a_row_that_a_full_delivery_lacks_is_withdrawn",
        [
            {
                "stages": USUAL,
                "stage_history": [entry("new", "2024-03-25"), entry("talk", "2024-03-26")],
            },
            {"stage_history": [entry("new", "2024-03-25")]},
        ],
        steps(),
        ["created new 03-25 start"],
        mode="full",
    ),
    case(
        "late_history_replaces_what_was_inferred",
        [
            {"stages": USUAL, "deals": [deal("offer", created_at="2024-03-25")]},
            None,
            None,
            {
                "stage_history": [
                    entry("new", "2024-03-25"),
                    entry("talk", "2024-03-26"),
                    entry("offer", "2024-03-28T12:00:00Z"),
                ]
            },
        ],
        days("stage", "days_in_stage", "days_open"),
        {
            "03-25": "new 0 0",
            "03-26": "talk 0 1",
            "03-27": "talk 1 2",
            "03-28": "offer 0 3",
            "03-29": "offer 1 4",
            "03-30": "offer 2 5",
            "03-31": "offer 3 6",
            "04-01": "offer 4 7",
            "04-02": "offer 5 8",
            "04-03": "offer 6 9",
            "04-04": "offer 7 10",
            "04-05": "offer 8 11",
        },
    ),
]
