"""The business days of the daily pipeline snapshots, as Dagster sees them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import dagster as dg

from orchestration.settings import Settings

# The parts of a run's tags with which Dagster names a range of partitions.
RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"


def snapshot_days(settings: Settings) -> dg.DailyPartitionsDefinition:
    """Return the days from the settings' first day to the last finished business day.

    A fixed ``as_of`` is the last day; otherwise days follow the business time zone.
    """
    end = settings.as_of + timedelta(days=1) if settings.as_of else None
    as_of = settings.as_of_day(datetime.now(UTC))
    # Each day costs the orchestrator two records in the first night; older days are built all the
    # same, they only have no partition of their own.
    first = min(settings.first_day or date(as_of.year - 1, 1, 1), as_of)
    return dg.DailyPartitionsDefinition(
        start_date=first.isoformat(),
        end_date=end.isoformat() if end else None,
        timezone=settings.business_timezone,
    )


def range_tags(first: date, last: date) -> dict[str, str]:
    """Return the run tags that make one run of a range of days."""
    return {RANGE_START: first.isoformat(), RANGE_END: last.isoformat()}


def missing_days(
    instance: dg.DagsterInstance, asset: dg.AssetKey, settings: Settings, as_of: date
) -> tuple[date, date]:
    """Return the range from the first day without a snapshot to ``as_of``.

    With none missing, the range is ``as_of`` alone.
    """
    days = snapshot_days(settings)
    present = set(instance.get_materialized_partitions(asset))
    for key in days.get_partition_keys():
        if key > as_of.isoformat():
            break
        if key not in present:
            return date.fromisoformat(key), as_of
    return as_of, as_of
