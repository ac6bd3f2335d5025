"""Named cases: logged changes of single fields.

Nights end on 03-29, 03-31 (run at 15:00 that day), 04-03 and 04-05, business time Amsterdam, an
hour before UTC until the night to 03-31, two hours after it. Expected values are written by hand,
so that they hold the reference as well as the models.
"""

from __future__ import annotations

from tests.properties.case_words import (
    USUAL,
    Case,
    case,
    change,
    changes,
    days,
    deal,
    entry,
    facts,
    read_log,
    stages,
    steps,
    steps_with,
)

_WON = deal(
    "won", created_at="2024-03-25", amount="200", owner_id="ann", closed_at="2024-03-28T12:00:00Z"
)
_WHOLE_LOG = [
    change("stage", "new > talk", "2024-03-26T10:00:00Z"),
    change("amount", "100 > 200", "2024-03-27T09:00:00Z"),
    change("stage", "talk > won", "2024-03-28T12:00:00Z"),
]

LOGS: list[Case] = [
    case(
        "a_complete_log_tells_every_value_from_the_creation",
        [{"stages": USUAL, "deals": [_WON], "changes": _WHOLE_LOG}],
        days("stage", "amount", "owner"),
        {"03-25": "new 100.0 ann", "03-26": "talk 100.0 ann", "03-27": "talk 200.0 ann"},
    ),
    case(
        "what_a_log_tells_is_not_inferred",
        [{"stages": USUAL, "deals": [_WON], "changes": _WHOLE_LOG}],
        steps_with("transition_type", "to_stage", "transitioned_at", "is_inferred"),
        [
            ("created", "new", "03-25 start", False),
            ("advanced", "talk", "03-26 11:00", False),
            ("won", "won", "03-28 13:00", False),
        ],
    ),
    case(
        "a_record_that_agrees_with_its_log_adds_nothing",
        [{"stages": USUAL, "deals": [_WON], "changes": _WHOLE_LOG}],
        changes("amount"),
        ["None 100.0 03-25 start", "100.0 200.0 03-27 10:00"],
    ),
    case(
        "an_amount_that_the_log_changes_after_the_closing_is_not_its_amount_at_the_closing",
        [
            {
                "stages": USUAL,
                "deals": [{**_WON, "amount": "300"}],
                "changes": [*_WHOLE_LOG, change("amount", "200 > 300", "2024-03-29T08:00:00Z")],
            }
        ],
        changes("amount"),
        ["None 100.0 03-25 start", "100.0 200.0 03-27 10:00", "200.0 300.0 03-29 09:00"],
    ),
    case(
        "a_complete_log_without_a_change_leaves_all_as_it_was_created",
        [
            {
                "stages": USUAL,
                "deals": [deal("talk", created_at="2024-03-28", amount="5")],
                "changes": [read_log()],
            }
        ],
        steps_with("transition_type", "to_stage", "transitioned_at", "is_inferred", "amount"),
        [("created", "talk", "03-28 start", False, 5.0)],
    ),
    case(
        "an_incomplete_log_without_a_change_tells_nothing",
        [
            {
                "stages": USUAL,
                "deals": [deal("talk", created_at="2024-03-28", amount="5")],
                "changes": [read_log(is_complete=False)],
            }
        ],
        changes("amount"),
        ["None 5.0 03-29 end ~"],
    ),
    case(
        "the_first_value_of_an_unchanged_field_holds_against_a_later_version",
        [
            {
                "stages": USUAL,
                "deals": [deal("new", created_at="2024-03-28", amount="5")],
                "changes": [read_log()],
            },
            {"deals": [deal("new", created_at="2024-03-28", amount="6")]},
        ],
        changes("amount"),
        ["None 5.0 03-28 start", "5.0 6.0 03-31 15:00 ~"],
    ),
    case(
        "a_log_that_does_not_tell_the_value_before_leaves_it_to_the_record",
        [
            {"stages": USUAL, "deals": [deal("new", created_at="2024-03-28", amount="5")]},
            {
                "deals": [deal("new", created_at="2024-03-28", amount="6")],
                "changes": [change("amount", "> 6", "2024-03-30T10:00:00Z", is_complete=False)],
            },
        ],
        changes("amount"),
        ["None 5.0 03-29 end ~", "5.0 6.0 03-30 11:00"],
    ),
    case(
        "an_incomplete_log_with_the_value_before_tells_it_from_the_creation",
        [
            {
                "stages": USUAL,
                "deals": [deal("new", created_at="2024-03-26", amount="6", owner_id="ann")],
                "changes": [change("amount", "5 > 6", "2024-03-28T10:00:00Z", is_complete=False)],
            }
        ],
        days("amount", "owner"),
        {
            "03-26": "5.0 None",
            "03-27": "5.0 None",
            "03-28": "6.0 None",
            **{f"03-{day}": "6.0 ann" for day in (29, 30, 31)},
            **{f"04-0{day}": "6.0 ann" for day in range(1, 6)},
        },
    ),
    case(
        "a_record_that_goes_on_after_its_log_closes_the_gap",
        [
            {
                "stages": USUAL,
                "deals": [deal("new", created_at="2024-03-26", amount="6")],
                "changes": [change("amount", "5 > 6", "2024-03-28T10:00:00Z")],
            },
            {"deals": [deal("new", created_at="2024-03-26", amount="7")]},
            {"deals": [deal("new", created_at="2024-03-26", amount="8")]},
        ],
        changes("amount"),
        ["None 5.0 03-26 start", "5.0 6.0 03-28 11:00", "6.0 8.0 04-03 end ~"],
    ),
    case(
        "a_field_that_the_log_empties_is_empty",
        [
            {
                "stages": USUAL,
                "deals": [deal("new", created_at="2024-03-26")],
                "changes": [
                    change("expected_close_date", "2024-04-10 > -", "2024-03-28T10:00:00Z"),
                    change("owner_id", "- > ann", "2024-03-27T10:00:00Z"),
                ],
            }
        ],
        lambda found: {
            day: words
            for day, words in days("expected_close_date", "owner")(found).items()  # type: ignore[attr-defined]
            if day < "03-29"
        },
        {"03-26": "04-10 None", "03-27": "04-10 ann", "03-28": "None ann"},
    ),
    case(
        "stages_logged_at_one_instant_keep_their_numbers",
        [
            {
                "stages": USUAL,
                "deals": [deal("offer", created_at="2024-03-26")],
                "changes": [
                    change("stage", "talk > offer", "2024-03-28T10:00:00Z", number=2),
                    change("stage", "new > talk", "2024-03-28T10:00:00Z", number=1),
                ],
            }
        ],
        steps(),
        ["created new 03-26 start", "advanced talk 03-28 11:00", "advanced offer 03-28 11:00"],
    ),
    case(
        "stage_and_pipeline_logged_at_one_instant_are_one_move",
        [
            {
                "stages": stages("new talk won=won", pipeline="main")
                + stages("try buy signed=won", pipeline="second"),
                "deals": [deal("buy", created_at="2024-03-26", pipeline="second")],
                "changes": [
                    change("stage", "talk > buy", "2024-03-28T10:00:00Z"),
                    change("pipeline", "main > second", "2024-03-28T10:00:00Z"),
                ],
            }
        ],
        steps_with("transition_type", "pipeline", "to_stage", "transitioned_at"),
        [("created", "main", "talk", "03-26 start"), ("moved", "second", "buy", "03-28 11:00")],
    ),
    case(
        "a_status_closes_and_reopens_in_the_stage_of_then",
        [
            {
                "stages": USUAL,
                "deals": [deal("offer", created_at="2024-03-25")],
                "changes": [
                    change("stage", "new > talk", "2024-03-26T10:00:00Z"),
                    change("status", "open > lost", "2024-03-27T10:00:00Z"),
                    change("stage", "talk > offer", "2024-03-27T12:00:00Z"),
                    change("status", "lost > open", "2024-03-28T10:00:00Z"),
                ],
            }
        ],
        steps(),
        [
            "created new 03-25 start",
            "advanced talk 03-26 11:00",
            "lost lost 03-27 11:00",
            "reopened offer 03-28 11:00",
        ],
    ),
    case(
        "a_closed_status_hides_the_stage_of_the_creation",
        [
            {
                "stages": USUAL,
                "deals": [deal("won", created_at="2024-03-25")],
                "changes": [change("status", "open > won", "2024-03-27T10:00:00Z")],
            }
        ],
        steps_with("to_stage", "transitioned_at", "is_inferred"),
        [("new", "03-25 start", True), ("won", "03-27 11:00", False)],
    ),
    case(
        "a_told_stage_of_the_creation_shows_through_a_closed_status",
        [
            {
                "stages": USUAL,
                "deals": [deal("won", created_at="2024-03-25", created_stage="talk")],
                "changes": [change("status", "open > won", "2024-03-27T10:00:00Z")],
            }
        ],
        steps_with("to_stage", "transitioned_at", "is_inferred"),
        [("talk", "03-25 start", False), ("won", "03-27 11:00", False)],
    ),
    case(
        "a_log_of_fields_beside_delivered_stages_tells_no_stage",
        [
            {
                "stages": USUAL,
                "deals": [deal("offer", created_at="2024-03-25", amount="2")],
                "stage_history": [entry("new", "2024-03-25"), entry("offer", "2024-03-27")],
                "changes": [change("amount", "1 > 2", "2024-03-26T10:00:00Z")],
            }
        ],
        steps_with("to_stage", "transitioned_at", "amount"),
        [("new", "03-25 start", 1.0), ("offer", "03-27 start", 2.0)],
    ),
    case(
        "fields_logged_before_the_creation_hold_from_it",
        [
            {
                "stages": USUAL,
                "deals": [deal("new", updated_at="2024-03-28", amount="3")],
                "changes": [
                    change("amount", "1 > 2", "2024-03-25T10:00:00Z"),
                    change("amount", "2 > 3", "2024-03-26T10:00:00Z"),
                ],
            }
        ],
        changes("amount"),
        ["None 2.0 03-28 end", "2.0 3.0 03-28 end"],
    ),
    case(
        "a_log_of_fields_alone_makes_no_deal",
        [
            {
                "stages": USUAL,
                "deals": [deal("new", "d2", created_at="2024-03-28")],
                "changes": [change("amount", "1 > 2", "2024-03-25T10:00:00Z")],
            }
        ],
        facts("stage"),
        {"d2": ("new",)},
    ),
    case(
        "a_log_of_stages_without_a_record_makes_a_deal",
        [
            {
                "stages": USUAL,
                "deals": [deal("new", "d2", created_at="2024-03-28")],
                "changes": [change("stage", "new > talk", "2024-03-25T10:00:00Z")],
            }
        ],
        facts("stage", "created_at"),
        {"d1": ("talk", "03-25 11:00"), "d2": ("new", "03-28 start")},
    ),
]
