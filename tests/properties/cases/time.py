"""Named cases: when things happened.

Nights end on 03-29, 03-31 (run at 15:00 that day), 04-03 and 04-05, business time Amsterdam.
Expected values are written by hand, so that they hold the reference as well as the models.
"""

from __future__ import annotations

from tests.properties.case_words import USUAL, Case, case, deal, entry, facts, steps, steps_with

TIME: list[Case] = [
    case(
        "a_version_is_observed_when_it_was_updated",
        [
            {"stages": USUAL, "deals": [deal("new", created_at="2024-03-25")]},
            None,
            None,
            {"deals": [deal("talk", created_at="2024-03-25", updated_at="2024-04-01T10:00:00Z")]},
        ],
        steps(),
        ["created new 03-25 start", "advanced talk 04-01 12:00"],
    ),
    case(
        "an_update_on_a_day_is_observed_at_its_end",
        [
            {"stages": USUAL, "deals": [deal("new", created_at="2024-03-25")]},
            None,
            None,
            {"deals": [deal("talk", created_at="2024-03-25", updated_at="2024-04-01")]},
        ],
        steps(),
        ["created new 03-25 start", "advanced talk 04-01 end"],
    ),
    case(
        "without_an_update_time_the_end_of_the_reported_day_counts",
        [
            {"stages": USUAL, "deals": [deal("new", created_at="2024-03-25")]},
            None,
            {"deals": [deal("talk", created_at="2024-03-25")]},
        ],
        steps(),
        ["created new 03-25 start", "advanced talk 04-03 end"],
    ),
    case(
        "a_night_that_runs_within_its_day_observes_when_it_ran",
        [
            {"stages": USUAL, "deals": [deal("new", created_at="2024-03-25")]},
            {"deals": [deal("talk", created_at="2024-03-25")]},
        ],
        steps(),
        ["created new 03-25 start", "advanced talk 03-31 15:00"],
    ),
    case(
        "knowledge_runs_forward",
        [
            {"stages": USUAL, "deals": [deal("new", updated_at="2024-03-28T09:00:00Z")]},
            {"deals": [deal("talk", updated_at="2024-03-26T09:00:00Z")]},
        ],
        steps(),
        ["created new 03-28 10:00", "advanced talk 03-28 10:00"],
    ),
    case(
        "a_date_starts_an_open_stage_and_ends_a_closed_one",
        [
            {
                "stages": USUAL,
                "deals": [deal("won", created_at="2024-03-25")],
                "stage_history": [entry("new", "2024-03-25"), entry("won", "2024-03-25")],
            }
        ],
        steps(),
        ["created new 03-25 start", "won won 03-25 end"],
    ),
    case(
        "a_skipped_local_time_moves_forward",
        [{"stages": USUAL, "deals": [deal("new", created_at="2024-03-31T02:30:00")]}],
        steps(),
        ["created new 03-31 03:30"],
        timezone="Europe/Amsterdam",
    ),
    case(
        "a_repeated_local_time_is_the_second",
        [
            {
                "stages": USUAL,
                "deals": [deal("lost", created_at="2023-10-29T02:30:00")],
                "stage_history": [
                    entry("new", "2023-10-29T02:30:00"),
                    entry("lost", "2023-10-29T02:30:00+01:00"),
                ],
            }
        ],
        steps_with("transition_type", "transitioned_at"),
        [("created", "10-29 02:30"), ("lost", "10-29 02:30")],
        timezone="Europe/Amsterdam",
    ),
    case(
        "at_one_instant_history_keeps_the_order_of_its_event_numbers",
        [
            {
                "stages": USUAL,
                "deals": [deal("talk", created_at="2024-03-28")],
                "stage_history": [
                    entry("talk", "2024-03-28", event_id="10"),
                    entry("offer", "2024-03-28", event_id="9"),
                    entry("new", "2024-03-28", event_id="8"),
                ],
            }
        ],
        steps(),
        ["created new 03-28 start", "skipped offer 03-28 start", "regressed talk 03-28 start"],
    ),
    case(
        "without_event_numbers_the_first_landing_keeps_the_order",
        [
            {
                "stages": USUAL,
                "deals": [deal("talk", created_at="2024-03-28")],
                "stage_history": [entry("offer", "2024-03-28"), entry("talk", "2024-03-28")],
            },
            None,
            None,
            {"stage_history": [entry("talk", "2024-03-28"), entry("offer", "2024-03-28")]},
        ],
        steps(),
        ["created offer 03-28 start", "regressed talk 03-28 start"],
    ),
    case(
        "what_is_dated_after_the_last_day_has_not_happened",
        [
            {
                "stages": USUAL,
                "deals": [
                    deal("won", created_at="2024-03-25", closed_at="2024-04-08"),
                    deal("new", "d2", created_at="2024-04-08"),
                    deal("new", "d3", created_at="2024-03-25"),
                ],
                "stage_history": [
                    {**entry("new", "2024-03-25"), "entity_id": "d3"},
                    {**entry("talk", "2024-04-08"), "entity_id": "d3"},
                    {**entry("talk", "2024-04-08"), "entity_id": "d4"},
                ],
            }
        ],
        facts("stage", "is_won", "closed_at"),
        {"d1": ("new", False, None), "d3": ("new", False, None)},
    ),
    case(
        "a_deal_that_only_begins_after_the_last_day_is_not_there",
        [{"stages": USUAL, "deals": [deal("won", closed_at="2024-04-08")]}],
        facts("stage"),
        {},
    ),
    case(
        "a_merge_after_the_last_day_has_not_happened",
        [
            {"stages": USUAL, "deals": [deal("new", created_at="2024-03-25")]},
            None,
            None,
            {
                "deals": [
                    deal(
                        "new",
                        created_at="2024-03-25",
                        merged_into_id="d2",
                        updated_at="2024-04-08",
                    )
                ]
            },
        ],
        facts("is_deleted", "merged_into"),
        {"d1": (False, None)},
    ),
]
