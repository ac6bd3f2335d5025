"""The open pipeline: by stage today, and over the last year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from orchestration.report.marts import Marts

SHOWN = 4
WEEKS = 52


@dataclass(frozen=True)
class StageNow:
    """What is open in a stage at the end of the last day."""

    stage: str
    position: int
    deals: int
    amount: Decimal
    weighted: Decimal


@dataclass(frozen=True)
class Point:
    """A stage at the end of a day; ``value`` is an amount, or deals where none has an amount."""

    day: date
    stage: str
    value: float


@dataclass(frozen=True)
class PipelineOverTime:
    """One pipeline: its stages in order, and weekly points up to the last day."""

    pipeline: str
    stages: Sequence[StageNow]
    history: Sequence[Point]
    has_amounts: bool

    @property
    def deals(self) -> int:
        """Open deals."""
        return sum(stage.deals for stage in self.stages)

    @property
    def amount(self) -> Decimal:
        """Their amount, in the reporting currency."""
        return sum((stage.amount for stage in self.stages), Decimal(0))

    @property
    def weighted(self) -> Decimal:
        """Their amount times the win rate of the stage."""
        return sum((stage.weighted for stage in self.stages), Decimal(0))


@dataclass(frozen=True)
class Pipelines:
    """The pipelines with open deals, the largest first, and their totals a week ago and now."""

    pipelines: Sequence[PipelineOverTime]
    left_out: int
    deals: int
    amount: Decimal
    weighted: Decimal
    deals_week_ago: int
    amount_week_ago: Decimal


def read_pipelines(marts: Marts, as_of: date) -> Pipelines | None:
    """Return the open pipeline at the end of ``as_of``; null where nothing is open."""
    if not marts.has("mart_pipeline_summary"):
        return None
    days = [as_of - timedelta(weeks=week) for week in range(WEEKS, -1, -1)]
    rows = marts.rows(
        """
        select
            snapshot_date, pipeline, stage, stage_position, deals, amount_reporting,
            weighted_amount_reporting
        from marts.mart_pipeline_summary
        where dimension = 'all' and snapshot_date in (select unnest(?::date[]))
        order by pipeline, stage_position nulls last, stage, snapshot_date
        """,
        [day.isoformat() for day in days],
    )
    if not any(row["snapshot_date"] == as_of for row in rows):
        return None
    found = []
    for pipeline in dict.fromkeys(row["pipeline"] for row in rows):
        own = [row for row in rows if row["pipeline"] == pipeline]
        has_amounts = any(row["amount_reporting"] for row in own)
        value = "amount_reporting" if has_amounts else "deals"
        known = {(row["snapshot_date"], row["stage"]): row for row in own}
        stages = list(dict.fromkeys(row["stage"] for row in own))
        now = [known.get((as_of, stage)) for stage in stages]
        found.append(
            PipelineOverTime(
                pipeline,
                [
                    StageNow(
                        stage,
                        place,
                        row["deals"] if row else 0,
                        row["amount_reporting"] if row else Decimal(0),
                        row["weighted_amount_reporting"] if row else Decimal(0),
                    )
                    for place, (stage, row) in enumerate(zip(stages, now, strict=True))
                ],
                # A stage without open deals has no row: it holds nothing on that day.
                [
                    Point(day, stage, float(row[value]) if (row := known.get((day, stage))) else 0)
                    for stage in stages
                    for day in days
                ],
                has_amounts,
            )
        )
    found = [pipeline for pipeline in found if pipeline.deals]
    found.sort(key=lambda pipeline: (-pipeline.amount, -pipeline.deals, pipeline.pipeline))
    week_ago = [row for row in rows if row["snapshot_date"] == as_of - timedelta(weeks=1)]
    return Pipelines(
        found[:SHOWN],
        max(len(found) - SHOWN, 0),
        sum(pipeline.deals for pipeline in found),
        sum((pipeline.amount for pipeline in found), Decimal(0)),
        sum((pipeline.weighted for pipeline in found), Decimal(0)),
        sum(row["deals"] for row in week_ago),
        sum((row["amount_reporting"] for row in week_ago), Decimal(0)),
    )
