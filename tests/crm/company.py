"""The owners, stage lists and exchange rates of the known company, as they change over its days.

The company's days are those of spring 2024, in a time zone in which the clocks change on
31 March. Every address and name is invented.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from tests.crm.reference_data import Owner, Pipeline, Rate, Stage, StageList, make_pipeline
from tests.crm.truth import OwnerVersion

BUSINESS_TIMEZONE = "Europe/Amsterdam"
BASE_CURRENCY = "EUR"
BEGINNING = datetime(2024, 1, 1, tzinfo=UTC)

RENAMED_AT = datetime(2024, 3, 31, 10, 0, tzinfo=UTC)
REPLACED_AT = datetime(2024, 4, 2, 9, 0, tzinfo=UTC)
REORDERED_AT = datetime(2024, 4, 3, 9, 0, tzinfo=UTC)
LEFT_AT = datetime(2024, 4, 1, 7, 0, tzinfo=UTC)
JOINED_AT = datetime(2024, 4, 1, 8, 0, tzinfo=UTC)
OTHER_TEAM_AT = datetime(2024, 4, 2, 8, 0, tzinfo=UTC)

LEADS = make_pipeline(
    "lead",
    "leads",
    9,
    "Leads",
    (("fresh", "New", 5), ("working", "Contacted", 15), ("qualified", "Qualified", 40)),
    closed=("Converted", "Disqualified"),
)
NEW = make_pipeline(
    "deal",
    "new",
    1,
    "New Business",
    (
        ("qualification", "Qualification", 10),
        ("needs", "Needs Assessment", 25),
        ("proposal", "Proposal", 50),
        ("negotiation", "Negotiation", 75),
    ),
)
RENEWAL = make_pipeline(
    "deal",
    "renewal",
    2,
    "Renewal",
    (("review", "Review", 60), ("offer", "Offer", 80)),
    closed=("Renewed", "Churned"),
)


def stage_lists() -> list[StageList]:
    """Return the lists: a rename, then a stage in the place of another, then another order.

    From ``REPLACED_AT`` on ``needs`` is gone and ``demo`` is there; from ``REORDERED_AT`` on
    negotiation comes before the proposal.
    """
    renamed = _with(NEW, replace(NEW.stage("proposal"), label="Quotation", win_rate=55))
    renewed = replace(RENEWAL, label="Existing Customers")
    demo = Stage("demo", 105, "Demo", 2, "open", 35)
    replaced = _ordered(renamed, ("qualification", "demo", "proposal", "negotiation"), demo)
    reordered = _ordered(replaced, ("qualification", "demo", "negotiation", "proposal"))
    return [
        StageList(BEGINNING, (LEADS, NEW, RENEWAL)),
        StageList(RENAMED_AT, (LEADS, renamed, renewed)),
        StageList(REPLACED_AT, (LEADS, replaced, renewed)),
        StageList(REORDERED_AT, (LEADS, reordered, renewed)),
    ]


def owners() -> list[OwnerVersion]:
    """Return six owners in two teams with their managers: one leaves, one joins, one moves."""
    told = {
        1: _owner(1, "North"),
        2: _owner(2, "South"),
        3: _owner(3, "North", manager=1, region="NL"),
        4: _owner(4, "North", manager=1, region="DE"),
        5: _owner(5, "South", manager=2, region="FR"),
    }
    return [
        *(OwnerVersion(BEGINNING, owner) for owner in told.values()),
        OwnerVersion(LEFT_AT, replace(told[4], is_active=False)),
        OwnerVersion(JOINED_AT, _owner(6, "North", manager=1, region="DE")),
        OwnerVersion(OTHER_TEAM_AT, replace(told[5], team="North", manager=1)),
    ]


def rates() -> list[Rate]:
    """Return dated rates of two currencies against the euro."""
    told = (
        (date(2024, 1, 1), "USD", "1.1000"),
        (date(2024, 1, 1), "GBP", "0.8600"),
        (date(2024, 3, 30), "USD", "1.0800"),
        (date(2024, 4, 2), "GBP", "0.8550"),
        (date(2024, 4, 3), "USD", "1.0750"),
    )
    return [Rate(day, BASE_CURRENCY, currency, Decimal(rate)) for day, currency, rate in told]


def _owner(
    number: int, team: str, *, manager: int | None = None, region: str | None = None
) -> Owner:
    return Owner(number, f"Owner {number}", f"owner{number}@company.example", team, manager, region)


def _with(pipeline: Pipeline, stage: Stage) -> Pipeline:
    stages = tuple(stage if each.key == stage.key else each for each in pipeline.stages)
    return replace(pipeline, stages=stages)


def _ordered(pipeline: Pipeline, keys: tuple[str, ...], *added: Stage) -> Pipeline:
    """Return a pipeline with these open stages in this order, then the closed ones."""
    known = {stage.key: stage for stage in (*pipeline.stages, *added)}
    closed = [stage.key for stage in pipeline.stages if stage.category != "open"]
    return replace(
        pipeline,
        stages=tuple(
            replace(known[key], position=place)
            for place, key in enumerate((*keys, *closed), start=1)
        ),
    )
