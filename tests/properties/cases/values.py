"""Named cases: the values of a day.

Nights end on 03-29, 03-31 (run at 15:00 that day), 04-03 and 04-05, business time Amsterdam.
Expected values are written by hand, so that they hold the reference as well as the models.
"""

from __future__ import annotations

from tests.properties.case_words import (
    USUAL,
    Case,
    case,
    changes,
    days,
    deal,
    entry,
    facts,
    lead,
    stages,
    steps_with,
)

VALUES: list[Case] = [
    case(
        "an_empty_cell_of_history_tells_nothing",
        [
            {
                "stages": USUAL,
                "stage_history": [
                    entry("new", "2024-03-25", amount="1", owner_id="ann"),
                    entry("talk", "2024-03-26"),
                    entry("talk", "2024-03-27", amount="2"),
                    entry("lost", "2024-03-28"),
                ],
            }
        ],
        days("stage", "amount", "owner"),
        {"03-25": "new 1.0 ann", "03-26": "talk 1.0 ann", "03-27": "talk 2.0 ann"},
    ),
    case(
        "values_of_a_record_hold_from_when_they_were_seen",
        [
            {
                "stages": USUAL,
                "deals": [deal("new", created_at="2024-03-28", amount="1", currency="EUR")],
            },
            {"deals": [deal("new", created_at="2024-03-28", currency="EUR")]},
            {"deals": [deal("lost", created_at="2024-03-28", closed_at="2024-04-02")]},
        ],
        days("amount", "currency"),
        {
            "03-28": "None None",
            "03-29": "1.0 EUR",
            "03-30": "1.0 EUR",
            "03-31": "None EUR",
            "04-01": "None EUR",
        },
    ),
    case(
        "the_values_of_a_closing_are_never_carried_back",
        [
            {
                "stages": USUAL,
                "deals": [deal("won", created_at="2024-03-26", closed_at="2024-03-28", amount="9")],
            }
        ],
        steps_with("transition_type", "amount"),
        [("created", None), ("won", 9.0)],
    ),
    case(
        "a_second_closing_does_not_tell_its_values_at_the_first",
        [
            {
                "stages": USUAL,
                "deals": [deal("won", created_at="2024-03-25", closed_at="2024-03-26", amount="1")],
            },
            {"deals": [deal("talk", created_at="2024-03-25", closed_at="2024-03-26", amount="1")]},
            None,
            {
                "deals": [
                    deal(
                        "won",
                        created_at="2024-03-25",
                        closed_at="2024-04-04",
                        updated_at="2024-04-04T10:00:00Z",
                        amount="2",
                    )
                ]
            },
        ],
        changes("amount"),
        ["None 1.0 03-26 end ~", "1.0 2.0 04-04 end ~"],
    ),
    case(
        "a_closing_after_as_of_tells_nothing_at_an_earlier_one",
        [
            {
                "stages": USUAL,
                "deals": [deal("won", updated_at="2024-04-08", amount="5")],
                "stage_history": [
                    entry("lost", "2024-03-26T12:00:00Z"),
                    entry("new", "2024-04-07T12:00:00Z"),
                ],
            }
        ],
        facts("stage", "amount"),
        {"d1": ("lost", None)},
    ),
    case(
        "a_closing_left_at_the_instant_at_which_it_is_seen_tells_its_values_then",
        [
            {
                "stages": stages("new won=won lost=lost", pipeline="main")
                + stages("try won=won", pipeline="second"),
                "deals": [deal("lost", updated_at="2024-03-27T10:00:00Z", amount="5")],
                "stage_history": [
                    entry("new", "2024-03-26", pipeline="main"),
                    entry("lost", "2024-03-27T10:00:00Z", pipeline="main"),
                    entry("try", "2024-03-27T10:00:00Z", pipeline="second"),
                    entry("won", "2024-03-28T10:00:00Z", pipeline="second"),
                ],
            }
        ],
        days("stage", "amount"),
        {"03-26": "new None", "03-27": "try 5.0"},
    ),
    case(
        "a_closing_left_within_the_instant_comes_before_what_is_told_later",
        [
            {"stages": USUAL, "deals": [deal("new", created_at="2024-03-25", amount="5")]},
            {"deals": [deal("lost", updated_at="2024-03-30", amount="6")]},
            {"deals": [deal("talk", updated_at="2024-03-30", amount="7")]},
            {"deals": [deal("won", amount="8")]},
        ],
        changes("amount"),
        [
            "None 5.0 03-29 end ~",
            "5.0 6.0 03-30 end ~",
            "6.0 7.0 03-30 end ~",
            "7.0 8.0 04-05 end ~",
        ],
    ),
    case(
        "a_date_told_later_than_before_is_a_push",
        [
            {
                "stages": USUAL,
                "stage_history": [
                    entry("new", "2024-03-25", expected_close_date="2024-04-10"),
                    entry("new", "2024-03-26", expected_close_date="2024-04-20"),
                    entry("new", "2024-03-27", expected_close_date="2024-04-15"),
                    entry("new", "2024-03-28", expected_close_date="2024-05-10"),
                    entry("lost", "2024-03-29"),
                ],
            }
        ],
        days("push_count", "expected_close_date"),
        {"03-25": "0 04-10", "03-26": "1 04-20", "03-27": "1 04-15", "03-28": "2 05-10"},
    ),
    case(
        "a_leads_owner_holds_from_when_it_was_learned",
        [
            {
                "stages": stages("fresh warm converted=won", "lead"),
                "leads": [lead("fresh", created_at="2024-03-25", owner_id="ann")],
            },
            None,
            {"leads": [lead("warm", created_at="2024-03-25", owner_id="bob")]},
        ],
        steps_with("to_stage", "owner", record="l1"),
        [("fresh", None), ("warm", "bob")],
    ),
]
