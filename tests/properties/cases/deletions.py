"""Named cases: deletions that a feed tells, naming only ids.

Nights end on 03-29, 03-31 (run at 15:00 that day), 04-03 and 04-05, business time Amsterdam, an
hour before UTC until the night to 03-31, two hours after it. Expected values are written by hand,
so that they hold the reference as well as the models.
"""

from __future__ import annotations

from tests.properties.case_words import (
    USUAL,
    Case,
    case,
    days,
    deal,
    deletion,
    entry,
    facts,
    steps,
)

DELETIONS: list[Case] = [
    case(
        "a_feed_of_deletions_deletes_until_the_record_comes_again",
        [
            {"stages": USUAL, "deals": [deal("talk", created_at="2024-03-28")]},
            {"deals": [], "deletions": [deletion("2024-03-30T10:00:00Z")]},
            {"deals": [deal("offer", created_at="2024-03-28", updated_at="2024-04-02")]},
        ],
        steps(),
        [
            "created new 03-28 start",
            "advanced talk 03-29 end",
            "deleted talk 03-30 11:00",
            "advanced offer 04-02 end",
            "restored offer 04-02 end",
        ],
    ),
    case(
        "a_deletion_follows_what_its_own_night_brought",
        [
            {"stages": USUAL, "deals": [deal("new", created_at="2024-03-28")]},
            {
                "deals": [deal("talk", created_at="2024-03-28", updated_at="2024-03-30T08:00:00Z")],
                "deletions": [deletion("2024-03-30T10:00:00Z")],
            },
        ],
        steps(),
        ["created new 03-28 start", "advanced talk 03-30 09:00", "deleted talk 03-30 11:00"],
    ),
    case(
        "a_deletion_told_after_the_restoration_comes_before_it",
        [
            {"stages": USUAL, "deals": [deal("new", created_at="2024-03-28")]},
            {"deals": [deal("talk", created_at="2024-03-28", updated_at="2024-03-31T08:00:00Z")]},
            {"deals": [], "deletions": [deletion("2024-03-30T10:00:00Z")]},
        ],
        steps(),
        [
            "created new 03-28 start",
            "deleted new 03-30 11:00",
            "advanced talk 03-31 10:00",
            "restored talk 03-31 10:00",
        ],
    ),
    case(
        "a_deletion_with_a_successor_is_a_merger",
        [
            {"stages": USUAL, "deals": [deal("new", created_at="2024-03-28")]},
            {"deals": [], "deletions": [deletion("2024-03-30T10:00:00Z", merged_into_id="d2")]},
        ],
        facts("is_deleted", "merged_into"),
        {"d1": (True, "d2")},
    ),
    case(
        "a_deletion_of_a_record_that_was_never_delivered_makes_none",
        [
            {
                "stages": USUAL,
                "deals": [deal("new", "d2", created_at="2024-03-28")],
                "deletions": [deletion("2024-03-29T10:00:00Z")],
            }
        ],
        facts("is_deleted"),
        {"d2": (False,)},
    ),
    case(
        "a_deal_that_only_history_tells_of_is_deleted_too",
        [
            {
                "stages": USUAL,
                "stage_history": [entry("new", "2024-03-26")],
                "deletions": [deletion("2024-03-28T10:00:00Z")],
            }
        ],
        days("stage"),
        {"03-26": "new", "03-27": "new"},
    ),
]
