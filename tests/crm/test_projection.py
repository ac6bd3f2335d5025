"""What vendors can tell: a full history is the truth, less is what the contract makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.crm.expected import DAY, DEAL, MOVE, expected_facts
from tests.crm.generate import Shape, generate_truth
from tests.crm.projection import CrmNight, Projection, SnapshotProjection, nights_between
from tests.crm.small_company import FIRST_NIGHT, LAST_NIGHT, day, small_company
from tests.reference.company import Reference, reference_of
from tests.support.compare import as_texts, compare_rows

NIGHTS = nights_between(FIRST_NIGHT, LAST_NIGHT)
SMALL = small_company()
# Known to the truth alone: a value that was emptied, since an empty cell of a history row tells
# nothing, and a removal that was undone before the next night.
SHAPE = Shape(ties=0.2, late=0.2, emptied=0.0, restored=0.0)
GONE = ("deleted", "merged", "restored")


class Logged(Projection):
    """Tells changes of properties with the status beside the stage, and deletions by a feed."""

    deal_history = "changes"
    lead_history = "none"
    has_status = True
    removal = "feed"
    history_of_removed = False


def reference(projection: Projection, nights: Sequence[CrmNight]) -> Reference:
    return reference_of(projection.deliveries(nights), projection.rules(nights[-1].as_of))


def differences(projection: Projection, nights: Sequence[CrmNight]) -> list[str]:
    told = reference(projection, nights)
    wanted = expected_facts(projection, nights[-1].as_of)
    moves = [row for row in told.transitions if row["transition_type"] not in GONE]
    lines = []
    for table, columns, got in (
        ("fct_deals", DEAL, told.deals),
        ("fct_stage_transitions", MOVE, moves),
        ("fct_pipeline_daily", DAY, told.daily),
    ):
        lines += compare_rows(
            table, columns, map(as_texts, wanted[table]), [as_texts(row) for row in got]
        )
    return lines


@pytest.mark.parametrize("count", [1, 4, len(NIGHTS)])
def test_a_full_history_tells_the_small_company_after_every_night(count: int) -> None:
    assert differences(Projection(SMALL.truth), NIGHTS[:count]) == []


@pytest.mark.parametrize("seed", [11, 12])
def test_a_full_history_tells_a_made_up_company_over_missed_nights(seed: int) -> None:
    truth = generate_truth(seed, 80, 40, date(2024, 3, 1), 36, SHAPE)
    nights = nights_between(FIRST_NIGHT, LAST_NIGHT, missed=[date(2024, 4, 1), date(2024, 4, 2)])
    assert len(nights) == len(NIGHTS) - 2
    assert differences(Projection(truth), nights) == []


def test_a_move_that_history_leaves_out_is_missed_by_the_comparison() -> None:
    class Forgetful(Projection):
        def history_rows(self, past):  # type: ignore[no-untyped-def]
            return super().history_rows(past)[:2]

    lines = differences(Forgetful(SMALL.truth), NIGHTS)
    deal = Projection(SMALL.truth).id(SMALL.named["several_moves_in_a_day"])
    assert any("fct_stage_transitions expected" in line and f"={deal} " in line for line in lines)


def test_snapshots_miss_what_was_undone_between_two_nights() -> None:
    projection = SnapshotProjection(SMALL.truth)
    told = reference(projection, NIGHTS)
    there_and_back = projection.id(SMALL.named["there_and_back_in_a_day"])
    several = projection.id(SMALL.named["several_moves_in_a_day"])
    ends = {
        deal: [row["to_stage"] for row in told.transitions if row["entity"] == deal]
        for deal in (there_and_back, several)
    }
    assert "negotiation" not in ends[there_and_back]
    assert ends[several] == ["qualification", "negotiation"]
    deleted = projection.id(SMALL.named["deleted"])
    assert next(row for row in told.deals if row["deal"] == deleted)["is_deleted"] is True
    assert all(row["is_inferred"] for row in told.transitions if row["transition_type"] not in GONE)


def test_a_log_tells_old_and_new_values_by_the_vendors_names() -> None:
    projection = Logged(SMALL.truth)
    tables = projection.past_tables(day(40))

    def told(name: str) -> list[tuple[object, ...]]:
        id = projection.id(SMALL.named[name])
        return [
            (row["field"], row["old_value"], row["new_value"])
            for row in tables["changes"]
            if row["entity_id"] == id
        ]

    assert told("won") == [
        ("status", "open", "won"),
        ("expected_close_date", "2024-05-15", "2024-04-01"),
    ]
    assert told("moved_pipeline") == [
        ("pipeline", "new", "renewal"),
        ("stage", "proposal", "review"),
    ]
    assert told("amount_emptied") == [("amount", "1000", None)]
    assert told("untouched") == []
    assert told("deleted") == []
    gone = {str(row["entity_id"]): row["merged_into_id"] for row in tables["deletions"]}
    assert gone[projection.id(SMALL.named["merged"])] == projection.id(SMALL.named["kept_in_merge"])
    assert projection.id(SMALL.named["restored"]) not in gone
    records = projection.record_tables(day(40))
    assert not {str(row["deal_id"]) for row in records["deals"]} & set(gone)
    names = [row["record_id"] for row in tables["changes"]]
    assert len(set(names)) == len(names)


def test_times_are_cut_off_to_what_the_vendor_keeps() -> None:
    class Coarse(Projection):
        precision = timedelta(seconds=1)

    at = datetime(2024, 4, 2, 9, 0, 0, 750_000, tzinfo=UTC)
    assert Coarse(SMALL.truth).time(at) == "2024-04-02T09:00:00+00:00"
    assert Projection(SMALL.truth).time(at) == "2024-04-02T09:00:00.750000+00:00"
