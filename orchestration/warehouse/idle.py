"""Staging of the CRMs that no source is configured for: built once, empty, then left alone.

What every source delivers is united from all kinds, so each kind's tables have to be there. Built
anew every night they would cost more than a small company's facts.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from orchestration.engine import connect, tables_of
from orchestration.home import Home
from orchestration.settings import Settings
from orchestration.sources.registry import CRM_TYPES, crm_objects
from orchestration.warehouse.build import run_build


def idle_kinds(settings: Settings) -> list[str]:
    """Return the CRMs without an account."""
    configured = {source.type for source in settings.sources}
    return [kind for kind in CRM_TYPES if kind not in configured]


def staging_of(kinds: Sequence[str]) -> list[str]:
    """Return dbt's names for the staging models, and their tests, of some kinds of sources."""
    return [f"path:dbt_project/models/staging/{kind}" for kind in kinds]


def build_idle_staging(home: Home, settings: Settings, warehouse: Path | None = None) -> None:
    """Build the empty staging tables that are missing. Raises ``BuildError``."""
    file = warehouse or home.warehouse
    with connect(file) as connection:
        there = tables_of(connection, "staging")
    missing = [
        kind
        for kind in idle_kinds(settings)
        if not there.issuperset(f"stg_{kind}__{item.name}" for item in crm_objects(kind))
    ]
    if not missing:
        return
    run_build(home, "run", select=staging_of(missing), warehouse=warehouse).raise_if_broken()
