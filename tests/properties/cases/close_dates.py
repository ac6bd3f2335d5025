"""Named cases: deals that were due in a period.

Nights end on 03-29, 03-31 (run at 15:00 that day), 04-03 and 04-05, business time Amsterdam. Weeks
begin on 03-25 and 04-01; the latter is judged on 04-05. Expected values are written by hand, so
that they hold the reference as well as the models.
"""

from __future__ import annotations

from tests.properties.case_words import (
    USUAL,
    Case,
    Row,
    case,
    deal,
    due,
    entry,
    owner,
)


def dated(stage: str, day: str, expected: str = "", **cells: str) -> Row:
    """Return a row of history in the morning of a day; without a date it tells none."""
    told = {"expected_close_date": f"2024-{expected}"} if expected else {}
    return entry(stage, f"2024-{day}T08:00:00Z", **told, **cells)


def became(id: str, *history: Row, outcome: str) -> Case:
    """Return a case of a deal that is due in the week of 04-01 at its start."""
    return case(
        id,
        [{"stages": USUAL, "stage_history": [dated("new", "03-26", "04-04"), *history]}],
        due("week", "04-01"),
        {"all": {"due": 1, outcome: 1}},
    )


CLOSE_DATES: list[Case] = [
    became("due_and_still_due", dated("talk", "04-02"), outcome="still_due"),
    became("due_and_won", dated("won", "04-02", "05-10"), outcome="won"),
    became("due_and_lost", dated("lost", "04-02"), outcome="lost"),
    became("due_and_pushed_out", dated("new", "04-02", "04-08"), outcome="pushed_out"),
    became("due_and_pulled_in", dated("new", "04-02", "03-31"), outcome="pulled_in"),
    became(
        "due_lost_and_reopened_is_judged_as_it_stands_at_the_end",
        dated("lost", "04-02"),
        dated("talk", "04-03", "04-20"),
        outcome="pushed_out",
    ),
    became(
        "due_pushed_out_and_pulled_back_is_still_due_and_did_not_enter",
        dated("new", "04-02", "04-20"),
        dated("new", "04-03", "04-05"),
        outcome="still_due",
    ),
    case(
        "due_and_lost_and_deleted_is_removed",
        [
            {
                "stages": USUAL,
                "deals": [deal("lost", updated_at="2024-04-03", is_deleted="true")],
                "stage_history": [dated("new", "03-26", "04-04"), dated("lost", "04-02")],
            }
        ],
        due("week", "04-01"),
        {"all": {"due": 1, "removed": 1}},
    ),
    case(
        "due_and_without_a_date_any_more_is_pushed_out",
        [
            {
                "stages": USUAL,
                "deals": [
                    deal("new", created_at="2024-03-26", expected_close_date="2024-04-04"),
                ],
            },
            None,
            {"deals": [deal("new", created_at="2024-03-26")]},
        ],
        due("week", "04-01"),
        {"all": {"due": 1, "pushed_out": 1}},
    ),
    case(
        "created_or_moved_into_a_period_enters_it_once",
        [
            {
                "stages": USUAL,
                "stage_history": [
                    # Created and won within it.
                    dated("new", "04-02", "04-05"),
                    dated("won", "04-03"),
                    # Moved in, out and in again.
                    dated("new", "03-26", "04-20", entity_id="d2"),
                    dated("new", "04-02", "04-05", entity_id="d2"),
                    dated("new", "04-03", "04-20", entity_id="d2"),
                    dated("new", "04-04", "04-06", entity_id="d2"),
                    # Created with a later date.
                    dated("new", "04-02", "04-20", entity_id="d3"),
                ],
            }
        ],
        due("week", "04-01"),
        {"all": {"entered_due": 2}},
    ),
    case(
        "overdue_at_the_start_until_a_new_date_is_told",
        [
            {
                "stages": USUAL,
                "stage_history": [
                    dated("new", "03-26", "03-28"),
                    # On the last day before the week it is not overdue yet, at its start it is.
                    dated("new", "03-26", "03-31", entity_id="d2"),
                    dated("new", "04-02", "04-04", entity_id="d2"),
                    dated("new", "03-26", "03-28", entity_id="d3"),
                    dated("won", "03-31", entity_id="d3"),
                ],
            }
        ],
        lambda found: (due("week", "03-25")(found), due("week", "04-01")(found)),
        (
            {"all": {"entered_due": 3}},
            {"all": {"overdue_at_start": 2, "entered_due": 1}},
        ),
    ),
    case(
        "due_belongs_to_the_owner_at_the_start_and_an_entry_to_the_one_who_had_it_then",
        [
            {
                "stages": USUAL,
                "owners": [owner("ann"), owner("bob")],
                "stage_history": [
                    dated("new", "03-26", "04-04", owner_id="ann"),
                    dated("new", "04-02", owner_id="bob"),
                    dated("won", "04-03"),
                    dated("new", "04-02", "04-04", owner_id="ann", entity_id="d2"),
                    dated("new", "04-03", owner_id="bob", entity_id="d2"),
                ],
            }
        ],
        due("week", "04-01", "owner"),
        {"ann": {"due": 1, "won": 1, "entered_due": 1}},
    ),
]
