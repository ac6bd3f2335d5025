"""Named cases: after how many days a stage is passed, and the flow through a stage.

Nights end on 03-29, 03-31 (run at 15:00 that day), 04-03 and 04-05, business time Amsterdam.
Expected values are written by hand, so that they hold the reference as well as the models.
"""

from __future__ import annotations

from tests.properties.case_words import (
    USUAL,
    Case,
    case,
    deal,
    entry,
    flow,
    funnel_days,
    lead,
    stages,
)


def _history(*rows: tuple[str, str]) -> list[dict[str, str]]:
    return [entry(stage, f"2024-{moment}") for stage, moment in rows]


CONVERSION: list[Case] = [
    case(
        "days_between_stages_are_whole_and_rounded_up",
        [
            {
                "stages": USUAL,
                "stage_history": _history(
                    ("new", "03-25T10:00:00"), ("talk", "03-26T10:00:00"),
                    ("offer", "03-28T10:00:01"),
                ),
            }
        ],
        funnel_days("deal"),
        {
            "main: new > talk": ["1 reached 1"],
            "main: new > won": ["1 still_open 12"],
            "main: talk > offer": ["1 reached 3"],
            "main: talk > won": ["1 still_open 11"],
            "main: offer > won": ["1 still_open 9"],
        },
    ),
    case(
        "a_skipped_stage_is_passed_in_no_time",
        [
            {
                "stages": USUAL,
                "stage_history": _history(("new", "03-25"), ("offer", "03-28T10:00:00")),
            }
        ],
        funnel_days("deal"),
        {
            "main: new > talk": ["1 reached 4"],
            "main: new > won": ["1 still_open 12"],
            "main: talk > offer": ["1 reached 0"],
            "main: talk > won": ["1 still_open 9"],
            "main: offer > won": ["1 still_open 9"],
        },
    ),
    case(
        "a_deal_that_is_lost_again_was_lost_the_last_time",
        [
            {
                "stages": USUAL,
                "stage_history": _history(
                    ("new", "03-25T10:00:00"), ("lost", "03-26T10:00:00"),
                    ("talk", "03-28T10:00:00"), ("lost", "04-02T10:00:00"),
                ),
            }
        ],
        funnel_days("deal"),
        {
            "main: new > talk": ["1 reached 3"],
            "main: new > won": ["1 ended 8"],
            "main: talk > offer": ["1 ended 5"],
            "main: talk > won": ["1 ended 5"],
        },
    ),
    case(
        "a_won_deal_that_is_reopened_was_won_the_first_time",
        [
            {
                "stages": USUAL,
                "stage_history": _history(
                    ("new", "03-25T10:00:00"), ("won", "03-27T10:00:00"),
                    ("talk", "03-29T10:00:00"),
                ),
            }
        ],
        funnel_days("deal"),
        {
            "main: new > talk": ["1 reached 2"],
            "main: new > won": ["1 reached 2"],
            "main: talk > offer": ["1 reached 0"],
            "main: talk > won": ["1 reached 0"],
            "main: offer > won": ["1 reached 0"],
        },
    ),
    case(
        "a_deleted_deal_leaves_the_funnel_when_it_is_deleted",
        [
            {
                "stages": USUAL,
                "deals": [
                    deal(
                        "new", created_at="2024-03-25T10:00:00", updated_at="2024-03-25T10:00:00"
                    )
                ],
            },
            {
                "deals": [
                    deal(
                        "new", created_at="2024-03-25T10:00:00", is_deleted="true",
                        updated_at="2024-03-29T10:00:00",
                    )
                ]
            },
        ],
        funnel_days("deal"),
        {"main: new > talk": ["1 ended 4"], "main: new > won": ["1 ended 4"]},
    ),
    case(
        "a_lead_is_lost_with_the_last_of_its_deals",
        [
            {
                "stages": USUAL + stages("fresh converted=won dropped=lost", "lead"),
                "leads": [lead("converted", created_at="2024-03-25T10:00:00")],
                "deals": [
                    deal("lost", created_at="2024-03-27T10:00:00", lead_id="l1"),
                    deal("lost", "d2", created_at="2024-03-27T10:00:00", lead_id="l1"),
                ],
                "stage_history": [
                    *_history(("new", "03-27T10:00:00"), ("lost", "04-01T10:00:00")),
                    entry("new", "2024-03-27T10:00:00", entity_id="d2"),
                    entry("lost", "2024-03-28T10:00:00", entity_id="d2"),
                    entry("fresh", "2024-03-25T10:00:00", entity_type="lead", entity_id="l1"),
                    entry("converted", "2024-03-27T10:00:00", entity_type="lead", entity_id="l1"),
                ],
            }
        ],
        funnel_days("lead"),
        {"main: fresh > converted": ["1 reached 2"], "main: fresh > won": ["1 ended 7"]},
    ),
    case(
        "a_lead_whose_status_does_not_tell_its_conversion",
        [
            {
                "stages": USUAL + stages("fresh converted=won dropped=lost", "lead"),
                "leads": [
                    lead("fresh", created_at="2024-03-25T10:00:00", converted_at="2024-03-28")
                ],
            }
        ],
        funnel_days("lead"),
        # To the end of the day of its conversion; to its deal it is still on its way.
        {"main: fresh > converted": ["1 reached 4"], "main: fresh > won": ["1 still_open 12"]},
    ),
    case(
        "who_comes_back_to_a_stage_enters_it_twice",
        [
            {
                "stages": USUAL,
                "stage_history": _history(
                    ("new", "03-25"), ("talk", "03-26"), ("new", "03-27"), ("talk", "03-28"),
                    ("offer", "04-02"),
                ),
            }
        ],
        flow("talk"),
        {
            "03": {"entered": 2, "regressed": 1, "closing": 1},
            "04": {"opening": 1, "advanced": 1},
        },
    ),
    case(
        "a_restored_deal_enters_its_stage",
        [
            {"stages": USUAL, "deals": [deal("new", created_at="2024-03-28")]},
            {"deals": [deal("new", created_at="2024-03-28", is_deleted="true")]},
            {"deals": [deal("new", created_at="2024-03-28")]},
        ],
        flow("new"),
        {"03": {"entered": 1, "removed": 1}, "04": {"entered": 1, "closing": 1}},
    ),
    case(
        "a_deal_that_is_won_in_another_pipeline_is_won_not_moved",
        [
            {
                "stages": stages("new won=won", pipeline="main")
                + stages("try signed=won", pipeline="second"),
                "deals": [deal("new", created_at="2024-03-25", pipeline="main")],
            },
            {"deals": [deal("signed", created_at="2024-03-25", pipeline="second")]},
        ],
        flow("new"),
        {"03": {"entered": 1, "won": 1}, "04": {}},
    ),
    case(
        "a_reopened_deal_that_moves_enters_and_leaves",
        [
            {
                "stages": stages("new won=won lost=lost", pipeline="main")
                + stages("try signed=won", pipeline="second"),
                "stage_history": [
                    entry(stage, f"2024-{day}", pipeline=pipeline)
                    for stage, day, pipeline in (
                        ("new", "03-25", "main"), ("lost", "03-26", "main"),
                        ("new", "03-27", "main"), ("try", "04-01", "second"),
                    )
                ],
            }
        ],
        flow("new"),
        {
            "03": {"entered": 2, "lost": 1, "closing": 1},
            "04": {"opening": 1, "moved": 1},
        },
    ),
]  # fmt: skip
