"""Named cases: stage lists, pipelines and the funnel.

Nights end on 03-29, 03-31 (run at 15:00 that day), 04-03 and 04-05, business time Amsterdam.
Expected values are written by hand, so that they hold the reference as well as the models.
"""

from __future__ import annotations

from tests.properties.case_words import (
    USUAL,
    Case,
    case,
    change,
    deal,
    entry,
    facts,
    funnel,
    lead,
    stages,
    steps,
    steps_with,
)

LISTS: list[Case] = [
    case(
        "a_stage_counts_as_skipped_only_while_it_is_listed",
        [
            {
                "stages": stages("new offer won=won"),
                "deals": [deal("new", created_at="2024-03-25"), deal("new", "d2")],
            },
            {"deals": [deal("offer", created_at="2024-03-25")]},
            {"stages": stages("new talk offer won=won")},
            {"deals": [deal("offer", "d2", created_at="2024-03-25")]},
        ],
        lambda found: [
            (row["entity"], row["transition_type"], row["stages_skipped"])
            for row in found.transitions
            if row["to_stage"] == "offer"
        ],
        [("d1", "advanced", 0), ("d2", "skipped", 1)],
    ),
    case(
        "a_withdrawn_stage_is_not_skipped_any_more",
        [
            {
                "stages": stages("new talk offer won=won"),
                "deals": [deal("new", created_at="2024-03-25")],
            },
            {"stages": stages("new offer won=won")},
            {"deals": [deal("offer", created_at="2024-03-25")]},
        ],
        steps(),
        ["created new 03-25 start", "advanced offer 04-03 end"],
        mode="full",
    ),
    case(
        "a_new_first_stage_leaves_old_creations_where_they_were",
        [
            {
                "stages": stages("new talk won=won"),
                "deals": [deal("talk", created_at="2024-03-25")],
            },
            {"stages": stages("lead new talk won=won")},
        ],
        steps(),
        ["created new 03-25 start", "advanced talk 03-29 end"],
    ),
    case(
        "categories_are_those_of_the_newest_list",
        [
            {
                "stages": stages("new talk signed won=won"),
                "deals": [deal("signed", created_at="2024-03-25")],
            },
            {"stages": stages("new talk signed=won won=won")},
        ],
        facts("stage_category", "is_won", "closed_at"),
        {"d1": ("won", True, "03-29 end")},
    ),
    case(
        "without_a_list_stages_follow_their_first_appearance",
        [
            {
                "stage_history": [
                    entry("b", "2024-03-25"),
                    entry("won", "2024-03-28"),
                    {**entry("b", "2024-03-25"), "entity_id": "d2"},
                    {**entry("a", "2024-03-26"), "entity_id": "d2"},
                    {**entry("c", "2024-03-27"), "entity_id": "d2"},
                ]
            }
        ],
        steps_with("transition_type", "to_stage", "stages_skipped"),
        [("created", "b", 0), ("won", "won", 2)],
    ),
    case(
        "the_stage_of_creation_appears_before_the_stage_of_the_record",
        [{"deals": [deal("a", created_at="2024-03-25", created_stage="b")]}],
        steps(),
        ["created b 03-25 start", "advanced a 03-29 end"],
    ),
    case(
        "what_a_change_replaced_appears_before_what_it_brought",
        [
            {
                "deals": [deal("z", created_at="2024-03-25")],
                "changes": [
                    change("stage", "b > a", "2024-03-26T10:00:00Z"),
                    change("stage", "a > z", "2024-03-27T10:00:00Z"),
                ],
            }
        ],
        steps_with("transition_type", "to_stage"),
        [("created", "b"), ("advanced", "a"), ("regressed", "z")],
    ),
    case(
        "a_pipeline_without_open_stages_skips_none",
        [{"deals": [deal("won", closed_at="2024-03-28")]}],
        steps_with("transition_type", "to_stage", "stages_skipped", "is_closing"),
        [("created", "won", 0, True)],
    ),
    case(
        "a_move_between_pipelines_skips_nothing",
        [
            {
                "stages": stages("new talk won=won", pipeline="main")
                + stages("try buy sign won=won", pipeline="second"),
                "deals": [deal("new", created_at="2024-03-25", pipeline="main")],
            },
            {"deals": [deal("sign", created_at="2024-03-25", pipeline="second")]},
            {"deals": [deal("won", created_at="2024-03-25", pipeline="second")]},
        ],
        funnel("deal", "entered", "reached", "touched"),
        {
            "main: new > talk": (1, 1, 0),
            "main: new > won": (1, 1, 1),
            "main: talk > won": (1, 1, 1),
            "second: try > buy": (1, 1, 0),
            "second: try > won": (1, 1, 1),
            "second: buy > sign": (1, 1, 1),
            "second: buy > won": (1, 1, 1),
            "second: sign > won": (1, 1, 1),
        },
    ),
    case(
        "leads_chain_into_their_deals",
        [
            {
                "stages": USUAL + stages("fresh warm converted=won dropped=lost", "lead"),
                "leads": [
                    lead("converted", created_at="2024-03-25", converted_deal_id="d1"),
                    {**lead("dropped", created_at="2024-03-25"), "lead_id": "l2"},
                    {**lead("fresh", created_at="2024-03-25"), "lead_id": "l3"},
                ],
                "deals": [deal("won", created_at="2024-03-26")],
            }
        ],
        funnel("lead", "entered", "reached", "lost", "still_open"),
        {
            "main: fresh > warm": (3, 1, 1, 1),
            "main: fresh > won": (3, 1, 1, 1),
            "main: warm > converted": (1, 1, 0, 0),
            "main: warm > won": (1, 1, 0, 0),
        },
    ),
]
