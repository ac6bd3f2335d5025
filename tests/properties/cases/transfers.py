"""Named cases: deals that changed their place in the pipeline.

Nights end on 03-29, 03-31 (run at 15:00 that day), 04-03 and 04-05, business time Amsterdam. Weeks
begin on 03-25 and 04-01. Expected values are written by hand, so that they hold the reference as
well as the models.
"""

from __future__ import annotations

from tests.properties.case_words import (
    USUAL,
    Case,
    case,
    deal,
    entry,
    flows,
    owner,
    rates,
    stages,
)

TRANSFERS: list[Case] = [
    case(
        "a_move_to_another_pipeline_is_a_transfer_there_and_nothing_else",
        [
            {
                "stages": stages("new won=won", pipeline="main")
                + stages("try won=won", pipeline="second"),
                "stage_history": [
                    entry("new", "2024-03-25", pipeline="main", amount="7", currency="EUR"),
                    entry("try", "2024-03-26", pipeline="second"),
                ],
            }
        ],
        lambda found: (
            flows("week", "03-25", "pipeline")(found),
            flows("week", "03-25", "lead_source")(found),
        ),
        (
            {
                "main": {
                    **{"new": 7, "new_count": 1},
                    **{"transferred_out": -7, "transferred_out_count": 1},
                },
                "second": {
                    **{"transferred_in": 7, "transferred_in_count": 1},
                    **{"closing": 7, "closing_count": 1},
                },
            },
            {"unknown": {"new": 7, "new_count": 1, "closing": 7, "closing_count": 1}},
        ),
    ),
    case(
        "a_move_into_a_closed_stage_is_a_transfer_and_a_win",
        [
            {
                "stages": stages("new won=won", pipeline="main")
                + stages("try won=won", pipeline="second"),
                "stage_history": [
                    entry("new", "2024-03-25", pipeline="main", amount="7", currency="EUR"),
                    entry("won", "2024-03-26", pipeline="second"),
                ],
            }
        ],
        flows("week", "03-25", "pipeline"),
        {
            "main": {
                **{"new": 7, "new_count": 1},
                **{"transferred_out": -7, "transferred_out_count": 1},
            },
            "second": {
                **{"transferred_in": 7, "transferred_in_count": 1, "won": -7, "won_count": 1},
            },
        },
    ),
    case(
        "an_owner_who_changes_team_takes_the_deals_along_at_midnight",
        [
            {
                "stages": USUAL,
                "owners": [owner("ann", team="crew a")],
                "fx_rates": rates("XAC", {"03-29": "2", "03-31": "4"}),
                "stage_history": [
                    entry("new", "2024-03-28", amount="8", currency="XAC", owner_id="ann"),
                ],
            },
            {"owners": [owner("ann", team="crew b")]},
        ],
        flows("week", "03-25", "team"),
        {
            # Without a rate on the first day it is worth nothing, then 4, then 2.
            "crew a": {
                **{"new_count": 1, "fx": 2, "fx_count": 1},
                **{"transferred_out": -2, "transferred_out_count": 1},
            },
            "crew b": {
                **{"transferred_in": 2, "transferred_in_count": 1},
                **{"closing": 2, "closing_count": 1},
            },
        },
    ),
    case(
        "a_hand_over_inside_a_team_is_no_transfer_of_the_team",
        [
            {
                "stages": USUAL,
                "owners": [owner("ann", team="crew c"), owner("bob", team="crew c")],
                "stage_history": [
                    entry("new", "2024-03-26", amount="8", currency="EUR", owner_id="ann"),
                    entry("new", "2024-03-27", owner_id="bob"),
                ],
            },
        ],
        flows("week", "03-25", "team"),
        {"crew c": {"new": 8, "new_count": 1, "closing": 8, "closing_count": 1}},
    ),
    case(
        "a_deal_without_a_region_is_in_that_of_its_owner_of_the_day",
        [
            {
                "stages": USUAL,
                "owners": [owner("ann", region="here"), owner("bob", region="there")],
                "deals": [deal("new", "d2", region="elsewhere", created_at="2024-03-26")],
                "stage_history": [
                    entry("new", "2024-03-26", amount="8", currency="EUR", owner_id="ann"),
                    entry("new", "2024-03-27", owner_id="bob"),
                ],
            },
        ],
        flows("week", "03-25", "region"),
        {
            "elsewhere": {"new_count": 1, "closing_count": 1},
            "here": {
                **{"new": 8, "new_count": 1},
                **{"transferred_out": -8, "transferred_out_count": 1},
            },
            "there": {
                **{"transferred_in": 8, "transferred_in_count": 1},
                **{"closing": 8, "closing_count": 1},
            },
        },
    ),
]
