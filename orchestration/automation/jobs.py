"""The jobs: the night, a backfill of days, and the replay of a past day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from orchestration.settings import Settings
from orchestration.sources.assets import extraction_key
from orchestration.sources.files.tables import TABLES

if TYPE_CHECKING:
    # What ``define_asset_job`` returns has no public name.
    from dagster._core.definitions.unresolved_asset_job_definition import (
        UnresolvedAssetJobDefinition,
    )

NIGHT = "night"
BACKFILL = "backfill_days"


def night_job() -> UnresolvedAssetJobDefinition:
    """Return the night: extract, build, check, publish."""
    return dg.define_asset_job(
        NIGHT,
        selection=dg.AssetSelection.all(),
        description=(
            "Everything, in one process: extract what changed, build, check, and publish if no "
            "blocking check failed. The range of days in its tags is laid out in one run."
        ),
        executor_def=dg.in_process_executor,
    )


def backfill_job(settings: Settings) -> UnresolvedAssetJobDefinition:
    """Return the backfill: everything from the landing on, for a range of days, in one run."""
    extracted = [
        extraction_key(source.name, table) for source in settings.sources for table in TABLES
    ]
    return dg.define_asset_job(
        BACKFILL,
        selection=dg.AssetSelection.all() - dg.AssetSelection.assets(*extracted),
        description=(
            "Lays out the snapshots of a range of days anew from the landing, with everything "
            "that follows from them, and publishes. Extracts nothing."
        ),
        executor_def=dg.in_process_executor,
    )
