"""After any sequence of nights the warehouse is the one that a rebuild from the landing gives.

Made-up companies are the sources of one warehouse, so that one sequence tests many histories. Each
step is a night, one that breaks off, one whose checks fail, one that is killed while it extracts,
builds or publishes, a missed one, a range of days laid out anew, an older day reported again, a few
assets; with it come late records, corrections and deletions, other stage lists, teams and rates.
After each, readers see the last release that was published, whole.

FUNNEL_PROPERTY_SEED draws other companies and steps, FUNNEL_PROPERTY_SEQUENCES more sequences,
FUNNEL_PROPERTY_STEPS longer ones (12 have each kind of step); FUNNEL_PROPERTY_COMPANIES makes them
of more companies, and FUNNEL_PROPERTY_EVERY=1 compares after each step that builds everything.
"""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest

from tests.properties.strategies import companies
from tests.support.made_up import made_up
from tests.support.sequences import Step, Warehouse
from tests.support.story import Story

# This seed draws a killed build, a night, a killed publication and a backfill.
_SEED = int(os.environ.get("FUNNEL_PROPERTY_SEED", "67"))
_SEQUENCES = int(os.environ.get("FUNNEL_PROPERTY_SEQUENCES", "1"))
_STEPS = int(os.environ.get("FUNNEL_PROPERTY_STEPS", "5"))
_COMPANIES = int(os.environ.get("FUNNEL_PROPERTY_COMPANIES", "12"))
_EVERY = os.environ.get("FUNNEL_PROPERTY_EVERY", "") == "1"

MODELS = (
    "+path:dbt_project/models/facts",
    *("+int_funnel_counts", "+mart_stage_flow", "+mart_stage_velocity", "+mart_pipeline_summary"),
    *("+mart_pipeline_waterfall", "+mart_close_date_moves", "int_deal_probabilities"),
    *("int_history_disagreements", "+int_forecast_spans", "+int_forecast_closings"),
    "+int_told_predictions",
)
LAWS = (
    *("assert_snapshots_follow_from_transitions", "assert_no_snapshot_day_is_missing"),
    *("assert_history_ends_at_the_present_stage", "assert_transitions_chain"),
    *("assert_cycles_are_never_negative", "assert_closed_once"),
    *("assert_pipeline_summary_agrees_with_snapshots", "assert_funnel_counts_add_up"),
    *("assert_every_landed_record_is_accounted_for", "assert_stage_flow_balances"),
    *("assert_no_amount_is_valued_without_its_rate", "assert_stage_flow_agrees_with_snapshots"),
    *("assert_waterfall_agrees_with_the_pipeline", "assert_waterfall_dimensions_add_up"),
    "assert_close_date_moves_add_up",
)


@pytest.mark.parametrize("number", range(_SEQUENCES))
def test_after_any_sequence_the_warehouse_is_the_rebuilt_one(number: int, tmp_path: Path) -> None:
    seed = _SEED + number
    members = made_up(companies(), _COMPANIES, seed)
    story = Story(Random(seed), members)
    warehouse = Warehouse(members, tmp_path, MODELS)
    told: list[str] = []

    def take(step: Step, *, look: bool, laws: bool = _EVERY) -> None:
        told.append(str(step))
        lines = warehouse.take(step)
        if look:
            lines += warehouse.differences_from_a_rebuild(step.as_of)
            lines += warehouse.broken_laws(LAWS) if laws else []
        assert not lines, "\n".join([f"seed {seed}", *told, "", *lines])

    take(story.first(), look=_EVERY)
    for taken in range(1, _STEPS):
        step = story.next()
        take(step, look=step.is_whole and (_EVERY or taken == _STEPS // 2))
    take(story.last(), look=True, laws=True)
