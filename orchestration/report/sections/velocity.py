"""Velocity: how long visits to a stage last, the bottleneck, and sales velocity by month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from orchestration.report.marts import Marts, Row

SHOWN = 6
MONTHS = 24


@dataclass(frozen=True)
class Durations:
    """The stages of one pipeline in order, as rows of ``mart_stage_velocity``."""

    entity_type: str
    pipeline: str
    stages: Sequence[Row]

    @property
    def bottleneck(self) -> Row | None:
        """The stage in which visits typically last longest."""
        return next((stage for stage in self.stages if stage["is_bottleneck"]), None)


@dataclass(frozen=True)
class Velocity:
    """Durations by pipeline, and the months of sales velocity (none: not published)."""

    durations: Sequence[Durations]
    left_out: int
    months: Sequence[Row]

    @property
    def last_month(self) -> Row | None:
        """The last month with a sales velocity."""
        return self.months[-1] if self.months else None


def read_velocity(marts: Marts, as_of: date) -> Velocity | None:
    """Return the durations of stages, leads first, and sales velocity of finished months."""
    if not marts.has("mart_stage_velocity"):
        return None
    rows = marts.rows(
        """
        select * from marts.mart_stage_velocity
        where dimension = 'all'
        order by entity_type desc, pipeline, stage_position nulls last, stage
        """
    )
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        found.setdefault((row["entity_type"], row["pipeline"]), []).append(row)
    durations = [Durations(*key, stages) for key, stages in found.items()]
    durations.sort(
        key=lambda one: (one.entity_type == "deal", -sum(row["visits"] for row in one.stages))
    )
    return Velocity(durations[:SHOWN], max(len(durations) - SHOWN, 0), _months(marts, as_of))


def _months(marts: Marts, as_of: date) -> list[Row]:
    if not marts.has("mart_sales_velocity"):
        return []
    rows = marts.rows(
        f"""
        select * from marts.mart_sales_velocity
        where dimension = 'all' and velocity_per_day is not null and month_start <= ?
        order by month_start desc limit {MONTHS}
        """,
        as_of,
    )
    return rows[::-1]
