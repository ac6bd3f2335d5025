"""HubSpot on loopback: its records, with search, batches, associations and silent traps.

How records look is ``hubspot_shapes``'s, what is accepted ``hubspot_rules``'s; logging in and the
short lists are ``hubspot_account``'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from tests.crm.faults import FaultPlan
from tests.crm.happenings import Record
from tests.crm.messages import Answer, Refused, Request, json_answer
from tests.crm.standins import hubspot_rules as rules
from tests.crm.standins import hubspot_shapes as shapes
from tests.crm.standins.hubspot_account import HubspotAccount, api
from tests.crm.standins.hubspot_shapes import OBJECT_TYPES, Moment, id_of, ref_of, stamp
from tests.crm.truth import Truth
from tests.crm.view import View


class Hubspot(HubspotAccount):
    """A HubSpot account. Tests may change its public attributes at any time.

    ``index_lag`` is how far search is behind the database; ``unindexed`` ids never show in it.
    """

    def __init__(self, truth: Truth, now: datetime, faults: FaultPlan | None = None) -> None:
        super().__init__(truth, now, faults)
        self.index = View(self.truth)
        self.index_lag = timedelta()
        self.unindexed: set[str] = set()
        self.history_cap = 20
        self.custom_properties: tuple[str, ...] = ()
        self._cache: dict[Any, list[Moment]] = {}
        self._merged: tuple[datetime | None, dict[Any, list[Record]]] = (None, {})

    # Records

    @api("GET", "crm/objects", "{type}")
    def list_records(self, request: Request) -> Answer:
        request.only(
            *("limit", "after", "properties", "propertiesWithHistory", "associations", "archived")
        )
        kind = self.kind_of(request)
        history = request.words("propertiesWithHistory")
        archived = request.choice("archived", "false", ("true", "false")) == "true"
        largest = 50 if history else 100
        limit = request.number("limit", 10, 1, largest)
        after = request.number("after", 0, 0, 10**15)
        found = [r for r in self._records(kind, archived=archived) if int(id_of(r.ref)) > after]
        page = [self._json(kind, r, request.words("properties"), history) for r in found[:limit]]
        answer: dict[str, Any] = {"results": page}
        if len(found) > limit:
            cursor = page[-1]["id"]
            answer["paging"] = {"next": {"after": cursor, "link": f"?after={cursor}"}}
        return rules.answer(answer)

    @api("POST", "crm/objects", "{type}/batch/read")
    def read_records(self, request: Request) -> Answer:
        request.only("archived")
        kind = self.kind_of(request)
        archived = request.choice("archived", "false", ("true", "false")) == "true"
        asked = rules.batch_read(request.json())
        there = {id_of(r.ref): r for r in self._records(kind, archived=archived)}
        results, missing = [], []
        for id_ in asked.ids:
            record = there.get(id_)
            if record is None and not archived:
                record = there.get(self._survivor(kind, id_) or "")
            if record is None:
                missing.append(id_)
            else:
                results.append(self._json(kind, record, asked.properties, asked.history))
        return rules.batch_answer(self.now, results, missing)

    @api("POST", "crm/objects", "{type}/search")
    def search(self, request: Request) -> Answer:
        request.only()
        kind = self.kind_of(request)
        asked = rules.search(request.json(), set(self.names(kind)))
        seen_at = self.now - self.index_lag
        found = []
        for record in self.index.records(OBJECT_TYPES[kind], seen_at):
            if record.is_deleted or id_of(record.ref) in self.unindexed:
                continue
            told = self._moments(kind, record, self.index, seen_at)[-1]
            if asked.holds(told.properties):
                found.append((int(id_of(record.ref)), record))
        found.sort(key=lambda pair: pair[0])
        page = found[asked.after : asked.after + asked.limit]
        results = [
            self._json(kind, record, asked.properties, (), self.index, seen_at)
            for _, record in page
        ]
        answer: dict[str, Any] = {"total": len(found), "results": results}
        if len(found) > asked.after + asked.limit:
            answer["paging"] = {"next": {"after": str(asked.after + asked.limit)}}
        # Search tells no limits in its headers.
        return json_answer(answer)

    @api("POST", "crm/associations", "{from}/{to}/batch/read", old="v4")
    def associations(self, request: Request) -> Answer:
        request.only()
        ends = (request.at["from"], request.at["to"])
        self.needs(*(f"crm.objects.{end}.read" for end in ends))
        if "leads" in ends and not self.has_leads:
            raise Refused(rules.error(400, "VALIDATION_ERROR", "Unable to infer object type"))
        results, missing = [], []
        for id_ in rules.association_ids(request.json()):
            others = self._linked(ends[0], id_)
            if not others:
                missing.append(id_)
                continue
            links = [
                {
                    "toObjectId": other,
                    "associationTypes": [
                        {"category": "HUBSPOT_DEFINED", "typeId": 583, "label": None}
                    ],
                }
                for other in others
            ]
            results.append({"from": {"id": id_}, "to": links})
        return rules.batch_answer(self.now, results, missing, "NO_ASSOCIATIONS_FOUND")

    @api("GET", "crm/properties", "{type}")
    def properties(self, request: Request) -> Answer:
        request.only("archived", "dataSensitivity", "locale", "properties")
        kind = self.kind_of(request)
        self.needs(f"crm.schemas.{kind}.read")
        told = [
            {
                "name": name,
                "label": name,
                "description": "",
                "groupName": f"{kind}information",
                "type": "string",
                "fieldType": "text",
                "options": [],
                "archived": False,
            }
            for name in self.names(kind)
        ]
        return rules.answer({"results": told})

    # Reading the company

    def names(self, kind: str) -> list[str]:
        """Return the properties that records of a kind have."""
        (some, *_) = self.view.records(OBJECT_TYPES[kind], self.now)
        told = self._moments(kind, some, self.view, self.now)[-1].properties
        return [*told, *self.custom_properties]

    def _records(self, kind: str, *, archived: bool) -> list[Record]:
        found = []
        for record in self.view.records(OBJECT_TYPES[kind], self.now):
            # Leads can't be merged; a lead that is taken for another is deleted.
            is_merged = record.merged_into is not None and kind != "leads"
            is_recycled = (
                record.deleted_at is not None
                and not is_merged
                and self.now - record.deleted_at < shapes.RECYCLED
            )
            if is_recycled if archived else not record.is_deleted:
                found.append(record)
        return found

    def _moments(self, kind: str, record: Record, view: View, now: datetime) -> list[Moment]:
        past = view.happenings(record.ref, now)
        key = (kind, record.ref, len(past))
        if key not in self._cache:
            self._cache[key] = shapes.moments(past, as_contact=kind == "contacts")
        return self._cache[key]

    def _losers(self, kind: str, record: Record) -> list[Record]:
        if kind == "leads":
            return []
        if self._merged[0] != self.now:
            merged: dict[Any, list[Record]] = {}
            for entity_type in ("deal", "lead"):
                for loser in self.view.records(entity_type, self.now):  # type: ignore[arg-type]
                    if loser.merged_into is not None:
                        merged.setdefault((entity_type, loser.merged_into), []).append(loser)
            self._merged = (self.now, merged)
        return sorted(
            self._merged[1].get(tuple(record.ref), []), key=lambda r: (r.deleted_at, r.ref)
        )

    def _survivor(self, kind: str, id_: str) -> str | None:
        ref = ref_of(OBJECT_TYPES[kind], id_)
        record = self.view.record(ref, self.now) if ref else None
        while record is not None and record.merged_into is not None and kind != "leads":
            ref = type(record.ref)(record.ref.entity_type, record.merged_into)
            record = self.view.record(ref, self.now)
        return None if record is None else id_of(record.ref)

    def _linked(self, kind: str, id_: str) -> list[str]:
        ref = ref_of(OBJECT_TYPES[kind], id_)
        record = self.view.record(ref, self.now) if ref else None
        if record is None or record.is_deleted:
            return []
        other = record.lead if kind == "deals" else record.deal
        to = "lead" if kind == "deals" else "deal"
        if other is None or ref is None:
            return []
        there = self.view.record(type(ref)(to, other), self.now)  # type: ignore[arg-type]
        return [] if there is None or there.is_deleted else [id_of(there.ref)]

    def _json(
        self,
        kind: str,
        record: Record,
        names: Sequence[str],
        history: Sequence[str],
        view: View | None = None,
        now: datetime | None = None,
    ) -> dict[str, Any]:
        told = self._moments(kind, record, view or self.view, now or self.now)
        losers = self._losers(kind, record)
        merged = [";".join(id_of(r.ref) for r in losers[: n + 1]) for n in range(len(losers))]
        properties = {**told[-1].properties, **{n: f"{n}-value" for n in self.custom_properties}}
        if merged:
            properties["hs_merged_object_ids"] = merged[-1]
        changed = "lastmodifieddate" if kind == "contacts" else "hs_lastmodifieddate"
        always = {changed, "hs_object_id", "hs_createdate" if kind == "leads" else "createdate"}
        answer: dict[str, Any] = {
            "id": id_of(record.ref),
            "properties": {
                name: value for name, value in properties.items() if name in always or name in names
            },
            "createdAt": stamp(record.created_at),
            "updatedAt": properties[changed],
            "archived": record.is_deleted,
        }
        if record.deleted_at is not None:
            answer["archivedAt"] = stamp(record.deleted_at)
        if history:
            answer["propertiesWithHistory"] = {
                name: values
                for name in history
                if (values := shapes.history_of(told, name, self.history_cap))
            }
            if merged and "hs_merged_object_ids" in history:
                answer["propertiesWithHistory"]["hs_merged_object_ids"] = [
                    {"value": ids, "timestamp": stamp(r.deleted_at or self.now), "sourceType": "M"}
                    for ids, r in zip(merged[::-1], losers[::-1], strict=True)
                ]
        return answer
