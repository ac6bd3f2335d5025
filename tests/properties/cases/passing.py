"""Named cases: what each change of stage is, and on which business day it falls.

Nights end on 03-29, 03-31 (run at 15:00 that day), 04-03 and 04-05, business time Amsterdam. The
clocks go forward on 03-31. Expected values are written by hand, so that they hold the reference as
well as the models.
"""

from __future__ import annotations

from tests.properties.case_words import (
    USUAL,
    Case,
    case,
    days,
    deal,
    entry,
    funnel,
    lead,
    stages,
    steps,
    steps_with,
)

TWO = stages("new talk offer won=won lost=lost", pipeline="main") + stages(
    "try won=won lost=lost", pipeline="second"
)
LEADS = stages("fresh warm converted=won disqualified=lost", "lead")


def _lead_entry(stage: str, entered_at: str) -> dict[str, str]:
    return {**entry(stage, entered_at), "entity_type": "lead", "entity_id": "l1"}


PASSING: list[Case] = [
    case(
        "every_change_of_a_deal_has_its_type",
        [
            {
                "stages": TWO,
                "deals": [deal("lost", pipeline="second", updated_at="2024-03-28")],
                "stage_history": [
                    entry("new", "2024-03-19", pipeline="main"),
                    entry("offer", "2024-03-20", pipeline="main"),
                    entry("talk", "2024-03-21", pipeline="main"),
                    entry("offer", "2024-03-22", pipeline="main"),
                    entry("won", "2024-03-23", pipeline="main"),
                    entry("lost", "2024-03-24", pipeline="main"),
                    entry("new", "2024-03-25", pipeline="main"),
                    entry("try", "2024-03-26", pipeline="second"),
                    entry("lost", "2024-03-27", pipeline="second"),
                ],
            },
            {
                "deals": [
                    deal("lost", pipeline="second", updated_at="2024-03-29", is_deleted="true")
                ]
            },
            {"deals": [deal("lost", pipeline="second", updated_at="2024-04-01")]},
            {"deals": [deal("lost", pipeline="second", merged_into_id="d2")]},
        ],
        steps(),
        [
            "created new 03-19 start",
            "skipped offer 03-20 start",
            "regressed talk 03-21 start",
            "advanced offer 03-22 start",
            "won won 03-23 end",
            "closed_change lost 03-24 end",
            "reopened new 03-25 start",
            "moved try 03-26 start",
            "lost lost 03-27 end",
            "deleted lost 03-29 end",
            "restored lost 04-01 end",
            "merged lost 04-05 end",
        ],
    ),
    case(
        "each_entry_into_a_stage_is_a_visit",
        [
            {
                "stages": USUAL,
                "stage_history": [
                    entry("new", "2024-03-25"),
                    entry("talk", "2024-03-26"),
                    entry("new", "2024-03-27"),
                    entry("new", "2024-03-28", amount="1"),
                    entry("lost", "2024-03-28"),
                    entry("new", "2024-03-29"),
                    entry("lost", "2024-03-29"),
                ],
            }
        ],
        steps_with("to_stage", "visit_number", "is_closing"),
        [
            *(("new", 1, False), ("talk", 1, False), ("new", 2, False)),
            *(("lost", 1, True), ("new", 3, False), ("lost", 2, True)),
        ],
    ),
    case(
        "a_lead_is_converted_twice",
        [
            {
                "stages": LEADS,
                "leads": [lead("disqualified", updated_at="2024-03-29")],
                "stage_history": [
                    _lead_entry("fresh", "2024-03-24"),
                    _lead_entry("converted", "2024-03-25"),
                    _lead_entry("warm", "2024-03-26"),
                    _lead_entry("converted", "2024-03-27"),
                    _lead_entry("disqualified", "2024-03-28"),
                ],
            }
        ],
        steps("l1"),
        [
            "created fresh 03-24 start",
            "converted converted 03-25 end",
            "reopened warm 03-26 start",
            "converted converted 03-27 end",
            "disqualified disqualified 03-28 end",
        ],
    ),
    case(
        "a_lead_is_converted_without_a_deal",
        [
            {
                "stages": LEADS,
                "leads": [lead("converted", created_at="2024-03-24", converted_at="2024-03-26")],
            }
        ],
        funnel("lead", "entered", "reached", "lost", "still_open"),
        {
            "main: fresh > warm": (1, 1, 0, 0),
            "main: fresh > won": (1, 0, 0, 1),
            "main: warm > converted": (1, 1, 0, 0),
            "main: warm > won": (1, 0, 0, 1),
        },
    ),
    case(
        "a_day_ends_at_local_midnight_before_and_after_the_clocks_change",
        [
            {
                "stages": USUAL,
                "stage_history": [
                    entry("new", "2024-03-30T22:30:00Z"),
                    entry("talk", "2024-03-30T23:30:00Z"),
                    entry("offer", "2024-03-31T21:30:00Z"),
                    entry("new", "2024-03-31T22:30:00Z"),
                    entry("lost", "2024-04-02"),
                ],
            }
        ],
        days("stage", "days_in_stage"),
        {"03-30": "new 0", "03-31": "offer 0", "04-01": "new 0"},
    ),
    case(
        "a_day_on_which_the_clocks_change_ends_at_its_own_midnight",
        [
            {
                "stages": USUAL,
                "deals": [deal("won", created_at="2024-03-31", closed_at="2024-03-31")],
            }
        ],
        steps(),
        ["created new 03-31 start", "won won 03-31 end"],
    ),
    case(
        "a_record_imported_late_is_there_since_its_creation_without_the_values_of_today",
        [
            {"stages": USUAL, "deals": [deal("new", "d2", created_at="2024-03-25")]},
            None,
            {"deals": [deal("new", created_at="2024-03-31", amount="5")]},
        ],
        days("stage", "amount"),
        {
            "03-31": "new None",
            "04-01": "new None",
            "04-02": "new None",
            "04-03": "new 5.0",
            "04-04": "new 5.0",
            "04-05": "new 5.0",
        },
    ),
]
