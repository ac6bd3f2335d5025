"""Everything that the reference says of one source, as tables of plain rows.

Only the assembly belongs here: each subject has its own module.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from tests.reference import close_date_moves, waterfall
from tests.reference.clock import Clock
from tests.reference.close_date_moves import close_date_moves_of
from tests.reference.days import days_of
from tests.reference.deals import deal_of
from tests.reference.events import Entity, events_of
from tests.reference.flow import FlowCounts, flow_counts
from tests.reference.funnel import FunnelKey, Step, funnel_of
from tests.reference.given import Delivery, Rules
from tests.reference.history import history_rows
from tests.reference.lives import Life
from tests.reference.owners import Owners
from tests.reference.pipelines import Pipelines
from tests.reference.rates import Rates
from tests.reference.records import record_versions
from tests.reference.stages import StageLists
from tests.reference.states import Telling, changes_of, state_at, tellings_of
from tests.reference.transitions import Transition, transitions_of
from tests.reference.visits import velocity_rows, visits_of
from tests.reference.waterfall import waterfall_of

Table = list[dict[str, object]]


@dataclass
class Reference:
    """The tables of one source; keys of records are the vendor's ids."""

    transitions: Table = field(default_factory=list)
    changes: Table = field(default_factory=list)
    daily: Table = field(default_factory=list)
    deals: Table = field(default_factory=list)
    funnel: dict[FunnelKey, Step] = field(default_factory=dict)
    flow: FlowCounts = field(default_factory=Counter)
    velocity: Table = field(default_factory=list)
    waterfall: dict[waterfall.Key, waterfall.Row] = field(default_factory=dict)
    close_dates: dict[close_date_moves.Key, dict[str, int]] = field(default_factory=dict)


def reference_of(deliveries: Sequence[Delivery], rules: Rules) -> Reference:
    """Return what the contract makes of a source's deliveries, in the order of their loads."""
    clock = Clock(ZoneInfo(rules.business_timezone), ZoneInfo(rules.source_timezone))
    pipelines = Pipelines(deliveries, clock)
    lists = StageLists(deliveries, rules, pipelines, clock)
    found = Reference()
    passed: dict[str, dict[str, Sequence[Transition]]] = {"deal": {}, "lead": {}}
    links: dict[str, set[str]] = {}
    owners = Owners(deliveries, clock)
    lives: list[Life] = []
    conversions: dict[str, datetime] = {}
    end = clock.end_of(rules.as_of)
    for entity_type, table in (("deal", "deals"), ("lead", "leads")):
        for entity in _entities(deliveries, entity_type, table, pipelines, lists, clock):
            kept, told_of = _add(found, entity, rules, lists, clock)
            if kept:
                passed[entity_type][entity.id] = kept
            if kept and entity_type == "deal":
                lives.append(_life(entity, kept, told_of, owners, clock, rules))
            told = [version for version in entity.versions if not version.is_absent]
            closed_at = told[-1].closed_at if told else None
            if entity_type == "lead" and closed_at and closed_at <= end:
                conversions[entity.id] = closed_at
            if told and told[-1].link:
                lead, deal = (told[-1].link, entity.id)
                if entity_type == "lead":
                    lead, deal = deal, lead
                links.setdefault(lead, set()).add(deal)
    undated = {
        str(deal["deal"]): "lost" if deal["is_deleted"] else str(deal["stage_category"])
        for deal in found.deals
        if deal["created_at"] is None
    }
    found.funnel = funnel_of(
        passed["deal"], passed["lead"], undated, links, conversions, lists, end
    )
    everyone = [*passed["deal"].values(), *passed["lead"].values()]
    for transitions in everyone:
        found.flow.update(flow_counts(transitions, clock))
    found.velocity = velocity_rows(visit for each in everyone for visit in visits_of(each, end))
    rates = Rates(deliveries, rules.reference_rates)
    found.waterfall = waterfall_of(lives, rates, rules.as_of)
    found.close_dates = close_date_moves_of(lives, rules.as_of)
    return found


def _life(
    entity: Entity,
    transitions: Sequence[Transition],
    told: Sequence[Telling],
    owners: Owners,
    clock: Clock,
    rules: Rules,
) -> Life:
    seen = [version for version in entity.versions if not version.is_absent]
    end = clock.end_of(rules.as_of)
    return Life(
        deal=entity.id,
        transitions=transitions,
        told=[telling for telling in told if telling.at <= end],
        lead_source=seen[-1].lead_source if seen else None,
        region=seen[-1].region if seen else None,
        owners=owners,
        clock=clock,
    )


def _entities(
    deliveries: Sequence[Delivery],
    entity_type: str,
    table: str,
    pipelines: Pipelines,
    lists: StageLists,
    clock: Clock,
) -> list[Entity]:
    records = record_versions(deliveries, table, pipelines, clock)
    history = history_rows(deliveries, entity_type, records, pipelines, lists, clock)
    return [
        Entity(entity_type, id, records.get(id, []), history.get(id, []))
        for id in sorted({*records, *history})
        # A deletion alone makes no record, nor do values alone.
        if any(not version.is_absent for version in records.get(id, []))
        or any(row.stage for row in history.get(id, []))
    ]


def _add(
    found: Reference, entity: Entity, rules: Rules, lists: StageLists, clock: Clock
) -> tuple[list[Transition], list[Telling]]:
    """Add the rows of one lead or deal; return its transitions up to the reported day.

    Beside them, everything that was told of it.
    """
    end = clock.end_of(rules.as_of)
    events = events_of(entity, lists, clock)
    all_transitions = transitions_of(entity.entity_type, entity.id, events, lists, clock)
    told = tellings_of(entity, all_transitions, lists)
    transitions = [t for t in all_transitions if t.transitioned_at <= end]
    if all_transitions and not transitions:
        return [], told  # created after the reported day
    for t in transitions:
        state = state_at(told, t.transitioned_at)
        values = {name: state.get(name) for name in ("amount", "currency", "owner")}
        found.transitions.append({**vars(t), **values})
    if entity.entity_type == "lead":
        return transitions, told
    for change in changes_of(told, transitions):
        if change.at <= end:
            found.changes.append({"deal": entity.id, **vars(change)})
    for row in days_of(transitions, told, rules.as_of, clock):
        found.daily.append({"deal": entity.id, **row})
    deal = deal_of(entity, transitions, told, end, lists, clock)
    found.deals.append({"deal": entity.id, **deal})
    return transitions, told
