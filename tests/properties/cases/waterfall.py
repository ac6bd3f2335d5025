"""Named cases: what moved the pipeline.

Nights end on 03-29, 03-31 (run at 15:00 that day), 04-03 and 04-05, business time Amsterdam. Weeks
begin on 03-25 and 04-01. Each case has a currency of its own: rates are everybody's. Expected
values are written by hand, so that they hold the reference as well as the models.
"""

from __future__ import annotations

from tests.properties.case_words import (
    USUAL,
    Case,
    case,
    deal,
    entry,
    flows,
    rates,
)

# One euro buys 2 on Monday, 2.5 on Tuesday, and so on: 1,000 are worth 500, 400, ...
SIX_RATES = {
    **{"03-25": "2", "03-26": "2.5", "03-27": "4", "03-28": "1.25", "03-29": "5", "03-30": "1"},
}
EVENTFUL_WEEK = {
    "stages": USUAL,
    "fx_rates": rates("XAA", SIX_RATES),
    "stage_history": [
        entry("new", "2024-03-25", amount="1000", currency="XAA", owner_id="ann"),
        entry("new", "2024-03-26", amount="1500"),
        entry("talk", "2024-03-27", owner_id="bob"),
        entry("lost", "2024-03-28"),
        entry("talk", "2024-03-29"),
        entry("won", "2024-03-30"),
    ],
}

WATERFALL: list[Case] = [
    case(
        "created_grown_handed_over_lost_reopened_and_won_in_one_week_at_six_rates",
        [None, EVENTFUL_WEEK],
        flows("week", "03-25"),
        {
            "all": {
                "new": 500,  # 1,000 at 0.50
                "increased": 200,  # 500 at 0.40
                "lost": -1200,  # 1,500 at 0.80
                "reopened": 300,  # 1,500 at 0.20
                "won": -1500,  # 1,500 at 1.00
                # 1,000 from 0.50 to 0.40; 1,500 from 0.40 to 0.25 to 0.80, and from 0.20 to 1.00.
                "fx": 1700,  # -100 - 225 + 825 + 1,200
                "new_count": 1,
                "increased_count": 1,
                "lost_count": 1,
                "reopened_count": 1,
                "won_count": 1,
                "fx_count": 1,
            }
        },
    ),
    case(
        "each_owner_has_a_part_of_the_eventful_week",
        [
            None,
            {
                **EVENTFUL_WEEK,
                "fx_rates": rates("XAB", SIX_RATES),
                "stage_history": [
                    {**row, "currency": "XAB"} if "currency" in row else row
                    for row in EVENTFUL_WEEK["stage_history"]
                ],
            },
        ],
        flows("week", "03-25", "owner"),
        {
            "ann": {
                "new": 500,
                "increased": 200,
                "fx": -325,  # -100 - 225
                "transferred_out": -375,  # 1,500 at 0.25
                "new_count": 1,
                "increased_count": 1,
                "fx_count": 1,
                "transferred_out_count": 1,
            },
            "bob": {
                "transferred_in": 375,
                "fx": 2025,  # 825 + 1,200
                "lost": -1200,
                "reopened": 300,
                "won": -1500,
                "transferred_in_count": 1,
                "fx_count": 1,
                "lost_count": 1,
                "reopened_count": 1,
                "won_count": 1,
            },
        },
    ),
    case(
        "an_amount_that_changes_with_a_loss_follows_it",
        [
            {
                "stages": USUAL,
                "stage_history": [
                    entry("new", "2024-03-25", amount="100", currency="EUR"),
                    entry("lost", "2024-03-26T10:00:00Z", amount="0"),
                    entry("talk", "2024-03-27T10:00:00Z"),
                ],
            }
        ],
        flows("week", "03-25"),
        {
            "all": {
                **{"new": 100, "new_count": 1, "lost": -100, "lost_count": 1},
                **{"reopened_count": 1, "closing_count": 1},
            }
        },
    ),
    case(
        "an_amount_that_changes_with_a_win_comes_before_it",
        [
            {
                "stages": USUAL,
                "stage_history": [
                    entry("new", "2024-03-25", amount="100", currency="EUR"),
                    entry("won", "2024-03-26T10:00:00Z", amount="90"),
                ],
            }
        ],
        flows("week", "03-25"),
        {
            "all": {
                **{"new": 100, "new_count": 1, "decreased": -10, "decreased_count": 1},
                **{"won": -90, "won_count": 1},
            }
        },
    ),
    case(
        "created_and_lost_at_one_instant_is_both",
        [
            {
                "stages": USUAL,
                "stage_history": [
                    entry("new", "2024-03-26T10:00:00Z", amount="5", currency="EUR"),
                    entry("lost", "2024-03-26T10:00:00Z"),
                ],
            }
        ],
        flows("week", "03-25"),
        {"all": {"new_count": 1, "lost_count": 1}},
    ),
    case(
        "a_restored_deal_counts_as_reopened",
        [
            {
                "stages": USUAL,
                "stage_history": [entry("new", "2024-03-25", amount="7", currency="EUR")],
                "deals": [deal("new", updated_at="2024-03-26", is_deleted="true")],
            },
            {"deals": [deal("new", updated_at="2024-03-30")]},
        ],
        flows("week", "03-25"),
        {
            "all": {
                **{"new": 7, "new_count": 1, "removed": -7, "removed_count": 1},
                **{"reopened": 7, "reopened_count": 1, "closing": 7, "closing_count": 1},
            }
        },
    ),
    case(
        "what_happens_to_a_removed_deal_moves_nothing",
        [
            {
                "stages": USUAL,
                "stage_history": [
                    entry("new", "2024-03-25", amount="7", currency="EUR"),
                    entry("won", "2024-03-28", amount="8"),
                ],
                "deals": [deal("new", updated_at="2024-03-26", is_deleted="true")],
            },
        ],
        flows("week", "03-25"),
        {"all": {"new": 7, "new_count": 1, "removed": -7, "removed_count": 1}},
    ),
    case(
        "another_currency_is_another_amount",
        [
            {
                "stages": USUAL,
                "fx_rates": rates("XAD", {"03-25": "4"}),
                "stage_history": [
                    entry("new", "2024-03-25", amount="100", currency="EUR"),
                    entry("new", "2024-03-26", currency="XAD"),
                ],
            },
        ],
        flows("week", "03-25"),
        {
            "all": {
                **{"new": 100, "new_count": 1, "decreased": -75, "decreased_count": 1},
                **{"closing": 25, "closing_count": 1},
            }
        },
    ),
    case(
        "an_amount_without_a_rate_is_worth_nothing_and_counts",
        [
            {
                "stages": USUAL,
                "stage_history": [entry("new", "2024-03-26", amount="100", currency="XAE")],
            },
        ],
        flows("week", "03-25"),
        {"all": {"new_count": 1, "closing_count": 1}},
    ),
    case(
        "a_deal_that_was_never_open_comes_with_its_reopening",
        [
            {
                "stages": USUAL,
                "stage_history": [
                    entry("won", "2024-03-26", amount="5", currency="EUR"),
                    entry("talk", "2024-03-28"),
                    entry("lost", "2024-03-27", entity_id="d2", amount="6", currency="EUR"),
                ],
            },
        ],
        flows("week", "03-25"),
        {"all": {"reopened": 5, "reopened_count": 1, "closing": 5, "closing_count": 1}},
    ),
    case(
        "a_change_of_less_than_a_cent_is_no_event",
        [
            {
                "stages": USUAL,
                "stage_history": [
                    entry("new", "2024-03-26", amount="5", currency="EUR"),
                    entry("new", "2024-03-27", amount="5.004"),
                ],
            },
        ],
        flows("week", "03-25"),
        {"all": {"new": 5, "new_count": 1, "closing": 5, "closing_count": 1}},
    ),
    case(
        "a_period_opens_with_what_the_one_before_left_and_closes_at_the_last_day",
        [
            {
                "stages": USUAL,
                "fx_rates": rates("XAF", {"03-29": "4", "04-01": "2", "04-04": "5", "04-06": "1"}),
                "stage_history": [
                    entry("new", "2024-03-30T10:00:00Z", amount="100", currency="XAF"),
                    entry("talk", "2024-04-03T10:00:00Z", amount="110"),
                    entry("lost", "2024-04-06T10:00:00Z"),
                ],
            },
        ],
        flows("week", "04-01"),
        {
            "all": {
                **{"opening": 25, "opening_count": 1, "increased": 5, "increased_count": 1},
                # 100 from 0.25 to 0.50, 110 from 0.50 to 0.20
                **{"fx": -8, "fx_count": 1, "closing": 22, "closing_count": 1},
            }
        },
    ),
]
