"""Named cases: deletion, merge, absence and restoration.

Nights end on 03-29, 03-31 (run at 15:00 that day), 04-03 and 04-05, business time Amsterdam.
Expected values are written by hand, so that they hold the reference as well as the models.
"""

from __future__ import annotations

from tests.properties.case_words import USUAL, Case, case, changes, days, deal, funnel, steps

REMOVAL: list[Case] = [
    case(
        "a_deleted_deal_is_restored_in_its_stage",
        [
            {"stages": USUAL, "deals": [deal("talk", created_at="2024-03-28")]},
            {"deals": [deal("talk", created_at="2024-03-28", is_deleted="true")]},
            {"deals": [deal("talk", created_at="2024-03-28")]},
        ],
        days("stage", "days_in_stage"),
        {
            "03-28": "new 0",
            "03-29": "talk 0",
            "03-30": "talk 1",
            "04-03": "talk 5",
            "04-04": "talk 6",
            "04-05": "talk 7",
        },
    ),
    case(
        "absence_from_a_full_delivery_deletes",
        [
            {
                "stages": USUAL,
                "deals": [
                    deal("new", created_at="2024-03-28"),
                    deal("new", "d2", created_at="2024-03-28"),
                ],
            },
            {"deals": [deal("new", "d2", created_at="2024-03-28")]},
        ],
        steps(),
        ["created new 03-28 start", "deleted new 03-31 15:00"],
        mode="full",
    ),
    case(
        "absence_means_nothing_otherwise",
        [
            {
                "stages": USUAL,
                "deals": [
                    deal("new", created_at="2024-03-28"),
                    deal("new", "d2", created_at="2024-03-28"),
                ],
            },
            {"deals": [deal("new", "d2", created_at="2024-03-28")]},
        ],
        steps(),
        ["created new 03-28 start"],
    ),
    case(
        "a_merge_is_undone_as_a_merge",
        [
            {"stages": USUAL, "deals": [deal("new", created_at="2024-03-28")]},
            {"deals": [deal("new", created_at="2024-03-28", merged_into_id="d2")]},
            {"deals": [deal("new", created_at="2024-03-28")]},
        ],
        changes("merge"),
        ["False True 03-31 15:00 ~", "True False 04-03 end ~"],
    ),
    case(
        "a_stage_changes_while_the_deal_is_removed",
        [
            {"stages": USUAL, "deals": [deal("new", created_at="2024-03-28")]},
            {"deals": [deal("new", created_at="2024-03-28", is_deleted="true")]},
            {"deals": [deal("talk", created_at="2024-03-28", is_deleted="true")]},
            {"deals": [deal("talk", created_at="2024-03-28")]},
        ],
        days("stage"),
        {"03-28": "new", "03-29": "new", "03-30": "new", "04-05": "talk"},
    ),
    case(
        "a_removed_deal_counts_in_the_rows_of_the_first_stage_only",
        [
            {
                "stages": USUAL,
                "deals": [
                    deal("offer", created_at="2024-03-25", is_deleted="true"),
                    deal("talk", "d2", created_at="2024-03-25"),
                    deal("lost", "d3", created_at="2024-03-25"),
                    deal("won", "d4", created_at="2024-03-25"),
                ],
            }
        ],
        funnel("deal", "entered", "entered_touched", "reached", "touched", "lost", "still_open",
               "removed"),
        {
            "main: new > talk": (4, 4, 2, 1, 1, 0, 1),
            "main: new > won": (4, 4, 1, 1, 1, 1, 1),
            "main: talk > offer": (2, 1, 1, 0, 0, 1, 0),
            "main: talk > won": (2, 1, 1, 1, 0, 1, 0),
            "main: offer > won": (1, 0, 1, 1, 0, 0, 0),
        },
    ),
]  # fmt: skip
