"""Everything that the reference says of one source, as tables of plain rows.

Only the assembly belongs here: each subject has its own module.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from tests.reference.clock import Clock
from tests.reference.days import days_of
from tests.reference.deals import deal_of
from tests.reference.events import Entity, events_of
from tests.reference.flow import FlowCounts, flow_counts
from tests.reference.funnel import FunnelKey, Step, funnel_of
from tests.reference.given import Delivery, Rules
from tests.reference.history import history_rows
from tests.reference.pipelines import Pipelines
from tests.reference.records import record_versions
from tests.reference.stages import StageLists
from tests.reference.states import changes_of, state_at, tellings_of
from tests.reference.transitions import Transition, transitions_of
from tests.reference.visits import velocity_rows, visits_of

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


def reference_of(deliveries: Sequence[Delivery], rules: Rules) -> Reference:
    """Return what the contract makes of a source's deliveries, in the order of their loads."""
    clock = Clock(ZoneInfo(rules.business_timezone), ZoneInfo(rules.source_timezone))
    pipelines = Pipelines(deliveries, clock)
    lists = StageLists(deliveries, rules, pipelines, clock)
    found = Reference()
    passed: dict[str, dict[str, Sequence[Transition]]] = {"deal": {}, "lead": {}}
    links: dict[str, set[str]] = {}
    for entity_type, table in (("deal", "deals"), ("lead", "leads")):
        for entity in _entities(deliveries, entity_type, table, pipelines, lists, clock):
            kept = _add(found, entity, rules, lists, clock)
            if kept:
                passed[entity_type][entity.id] = kept
            told = [version.link for version in entity.versions if not version.is_absent]
            if told and told[-1]:
                lead, deal = (told[-1], entity.id)
                if entity_type == "lead":
                    lead, deal = deal, lead
                links.setdefault(lead, set()).add(deal)
    undated = {
        str(deal["deal"]): "lost" if deal["is_deleted"] else str(deal["stage_category"])
        for deal in found.deals
        if deal["created_at"] is None
    }
    end = clock.end_of(rules.as_of)
    found.funnel = funnel_of(passed["deal"], passed["lead"], undated, links, lists, end)
    everyone = [*passed["deal"].values(), *passed["lead"].values()]
    for transitions in everyone:
        found.flow.update(flow_counts(transitions, clock))
    found.velocity = velocity_rows(visit for each in everyone for visit in visits_of(each, end))
    return found


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
    ]


def _add(
    found: Reference, entity: Entity, rules: Rules, lists: StageLists, clock: Clock
) -> list[Transition]:
    """Add the rows of one lead or deal; return its transitions up to the reported day."""
    end = clock.end_of(rules.as_of)
    events = events_of(entity, lists, clock)
    all_transitions = transitions_of(entity.entity_type, entity.id, events, lists, clock)
    told = tellings_of(entity, all_transitions, lists)
    transitions = [t for t in all_transitions if t.transitioned_at <= end]
    if all_transitions and not transitions:
        return []  # created after the reported day
    for t in transitions:
        state = state_at(told, t.transitioned_at)
        values = {name: state.get(name) for name in ("amount", "currency", "owner")}
        found.transitions.append({**vars(t), **values})
    if entity.entity_type == "lead":
        return transitions
    for change in changes_of(told, transitions):
        if change.at <= end:
            found.changes.append({"deal": entity.id, **vars(change)})
    for row in days_of(transitions, told, rules.as_of, clock):
        found.daily.append({"deal": entity.id, **row})
    deal = deal_of(entity, transitions, told, end, lists, clock)
    found.deals.append({"deal": entity.id, **deal})
    return transitions
