"""Zoho CRM on loopback: its endpoints, paging, errors, credits and silences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.crm.faults import FaultPlan
from tests.crm.happenings import Record
from tests.crm.messages import (
    Answer,
    BadParameter,
    Refused,
    Request,
    json_answer,
    make_cursor,
    only_keys,
    read_cursor,
)
from tests.crm.reference_data import StageList
from tests.crm.standin import Route, endpoint
from tests.crm.standins import zoho_coql as coql
from tests.crm.standins import zoho_settings as settings
from tests.crm.standins import zoho_shapes as shapes
from tests.crm.standins.zoho_door import ZohoDoor, error
from tests.crm.standins.zoho_periods import periods
from tests.crm.standins.zoho_shapes import FIELDS, Json, Names, as_zoho_holds
from tests.crm.truth import Truth

# Page numbers end here; then a token leads on.
_NUMBERED = 2000
_CURSOR_LIFE = timedelta(hours=24)
_LIST_PARAMETERS = (
    *("fields", "ids", "per_page", "page", "page_token", "sort_by", "sort_order", "converted"),
    *("cvid", "territory_id", "include_child", "approved"),
)


class Zoho(ZohoDoor):
    """An organisation. ``history_time`` is what its history's times mean; ``most_per_page`` makes
    pages shorter than asked for; ``before_page`` is called before each page of a list;
    ``says_of_lacking`` is the status and code for currencies that are not there."""

    def __init__(self, truth: Truth, now: datetime, faults: FaultPlan | None = None) -> None:
        super().__init__(as_zoho_holds(truth), now, faults)
        self.names = Names(self.truth)
        self.history_time = "entered"
        self.header_includes_its_second = True
        self.has_currencies = True
        self.has_pipelines = True
        self.says_of_lacking: tuple[int, str] = (403, "CURRENCIES_NOT_ENABLED")
        self.has_lead_history = False
        self.shows_lost_periods = False
        self.most_per_page = 200
        self.most_per_query = coql.MOST_ROWS
        self.before_page: Callable[[Request], None] = lambda request: None

    # Lists

    @endpoint("GET", "/crm/v8/org", tokens=1)
    def org(self, request: Request) -> Answer:
        self.needs("ZohoCRM.org.READ")
        request.only()
        told = {"id": "3652397000000000001", "company_name": "Company", "iso_code": "EUR"}
        return json_answer({"org": [{**told, "time_zone": "Asia/Kolkata"}]}, headers=self.spend())

    @endpoint("GET", "/crm/v8/org/currencies", tokens=1)
    def currencies(self, request: Request) -> Answer:
        self.needs("ZohoCRM.settings.READ")
        request.only()
        headers = self.spend()
        if not self.has_currencies:
            status, code = self.says_of_lacking
            return error(status, code, "Multi currency is not enabled") if code else Answer(status)
        newest = {rate.currency: rate for rate in self.truth.rates_at(self.now)}
        rows = [settings.currency(shapes.HOME_CURRENCY, Decimal(1), None)]
        rows += [settings.currency(name, rate.rate, rate.day) for name, rate in newest.items()]
        return json_answer({"currencies": rows}, headers=headers)

    @endpoint("GET", "/crm/v8/users", tokens=1)
    def users(self, request: Request) -> Answer:
        self.needs("ZohoCRM.users.READ")
        request.only("type", "page", "per_page")
        types = {"AllUsers", "DeletedUsers", "CurrentUser", "ActiveUsers"}
        wanted = request.choice("type", "AllUsers", types)
        # Who left is deleted, as most organisations do to save the licence.
        rows = [
            shapes.user(owner, is_deleted=not owner.is_active)
            for owner in self.truth.owners_at(self.now)
            if owner.is_active == (wanted != "DeletedUsers")
        ]
        if wanted == "CurrentUser":
            rows = rows[:1]
        page, per_page = self._page(request)
        headers = self.spend()
        if not rows:
            return Answer(204, headers=headers)
        first = (page - 1) * per_page
        info = {
            "per_page": per_page,
            "count": len(rows[first : first + per_page]),
            "page": page,
            "more_records": len(rows) > first + per_page,
        }
        body = {"users": rows[first : first + per_page], "info": info}
        return json_answer(body, headers=headers)

    @endpoint("GET", "/crm/v8/settings/fields", tokens=1)
    def fields(self, request: Request) -> Answer:
        self.needs("ZohoCRM.settings.READ")
        request.only("module", "type", "include")
        module = request.one("module")
        headers = self.spend()
        if module not in self._modules():
            return error(400, "INVALID_MODULE", "the module name given seems to be invalid")
        lists = self._lists()
        options = {
            ("Deals", "Stage"): self.names.stage_options(lists),
            ("Leads", "Lead_Status"): self.names.status_options(lists),
        }
        found = [
            settings.field(place, name, options.get((module, name), ()))
            for place, name in enumerate(FIELDS[module], start=1)
        ]
        return json_answer({"fields": found}, headers=headers)

    @endpoint("GET", "/crm/v8/settings/layouts", tokens=1)
    def layouts(self, request: Request) -> Answer:
        self.needs("ZohoCRM.settings.READ")
        request.only("module")
        return json_answer({"layouts": [settings.layout()]}, headers=self.spend())

    @endpoint("GET", "/crm/v8/settings/pipeline", tokens=1)
    def pipelines(self, request: Request) -> Answer:
        self.needs("ZohoCRM.settings.READ")
        request.only("layout_id")
        if request.one("layout_id") != shapes.layout_id():
            raise BadParameter("layout_id", "the given layout is unknown")
        headers = self.spend()
        if not self.has_pipelines:
            if self.says_of_lacking[0] == 204:
                return Answer(204, headers=headers)
            return error(400, "FEATURE_NOT_SUPPORTED", "pipelines are not enabled")
        rows = [self.names.pipeline_row(each) for each in self._lists().of("deal")]
        return json_answer({"pipeline": rows}, headers=headers)

    # Records

    @endpoint("GET", "/crm/v8/Leads", tokens=1)
    def leads(self, request: Request) -> Answer:
        self.needs("ZohoCRM.modules.leads.READ")
        self.before_page(request)
        converted = request.choice("converted", "false", {"true", "false", "both"})
        rows = [
            row
            for row in self._rows("Leads")
            if converted == "both" or row["Converted__s"] == (converted == "true")
        ]
        return self._list(request, "Leads", rows)

    @endpoint("GET", "/crm/v8/Deals", tokens=1)
    def deals(self, request: Request) -> Answer:
        self.needs("ZohoCRM.modules.deals.READ")
        self.before_page(request)
        return self._list(request, "Deals", self._rows("Deals"))

    @endpoint("GET", "/crm/v8/{module}/deleted", tokens=1)
    def deleted(self, request: Request) -> Answer:
        module = request.at["module"]
        if module not in ("Leads", "Deals"):
            return error(400, "INVALID_MODULE", "the module name given seems to be invalid")
        self.needs(f"ZohoCRM.modules.{module.lower()}.READ")
        request.only("type", "page", "per_page")
        request.choice("type", "all", {"all", "recycle", "permanent"})
        page, per_page = self._page(request)
        self.before_page(request)
        records = self.view.records("lead" if module == "Leads" else "deal", self.now)
        rows = [shapes.deletion(record) for record in records if record.is_deleted]
        rows = self._since(request, rows, "deleted_time")
        rows.sort(key=lambda row: (row["deleted_time"], row["id"]), reverse=True)
        first = (page - 1) * per_page
        shown = rows[first : first + per_page]
        headers = self.spend()
        if not shown:
            return Answer(304 if "if-modified-since" in request.headers else 204, headers=headers)
        info = {
            "per_page": per_page,
            "count": len(shown),
            "page": page,
            "more_records": len(rows) > first + per_page,
        }
        return json_answer({"data": shown, "info": info}, headers=headers)

    @endpoint("POST", "/crm/v8/coql")
    def query(self, request: Request) -> Answer:
        self.needs("ZohoCRM.coql.READ")
        body = request.json()
        only_keys(body, {"select_query"})
        modules: dict[str, Any] = {name: FIELDS[name] for name in self._modules()}
        try:
            query = coql.parse(str(body.get("select_query", "")), modules)
        except coql.BadQuery as problem:
            return error(400, problem.code, str(problem), problem.details)
        headers = self.spend(self.price(request, Route("POST", "", 0, False, "query")))
        query = coql.Query(**{**vars(query), "limit": min(query.limit, self.most_per_query)})
        found, has_more = coql.run(query, self._rows(query.module))
        if not found:
            return Answer(204, headers=headers)
        info = {"count": len(found), "more_records": has_more}
        return json_answer({"data": found, "info": info}, headers=headers)

    # What the endpoints share

    def _modules(self) -> list[str]:
        gone = [] if self.has_lead_history else ["Lead_Status_History"]
        return [name for name in FIELDS if name not in gone]

    def _lists(self) -> StageList:
        return self.truth.stage_list_at(self.now)

    def rows_of(self, module: str) -> list[Json]:
        """Return every record of a module that can be read at this moment."""
        return self._rows(module)

    def _rows(self, module: str) -> list[Json]:
        lists = self._lists()
        kind = "lead" if module in ("Leads", "Lead_Status_History") else "deal"
        records = [each for each in self.view.records(kind, self.now) if not each.is_deleted]  # type: ignore[arg-type]
        if module == "Leads":
            return [shapes.lead(each, self.names, lists) for each in records]
        if module == "Deals":
            rates = {rate.currency: rate.rate for rate in self.truth.rates_at(self.now)}
            return [
                shapes.deal(each, self.names, lists, rates.get(each.currency or ""))
                for each in records
            ]
        # The periods of what was deleted have lost their record; whether queries give them is not
        # told.
        lost: list[Json] = []
        if self.shows_lost_periods:
            deleted = (each for each in self.view.records(kind, self.now) if each.is_deleted)  # type: ignore[arg-type]
            lookup = "Full_Name" if kind == "lead" else "Potential_Name"
            lost = [{**row, lookup: None} for each in deleted for row in self._periods(each, lists)]
        return lost + [row for each in records for row in self._periods(each, lists)]

    def _periods(self, record: Record, lists: StageList) -> list[Json]:
        past = self.view.happenings(record.ref, self.now)
        return periods(past, self.names, lists, self.history_time)

    def _since(self, request: Request, rows: list[Json], field: str) -> list[Json]:
        text = request.headers.get("if-modified-since")
        if text is None:
            return rows
        try:
            since = datetime.fromisoformat(text)
        except ValueError as error:
            raise BadParameter("If-Modified-Since", "no ISO 8601 time") from error
        if since.tzinfo is None:
            raise BadParameter("If-Modified-Since", "no offset")
        if not self.header_includes_its_second:
            since += timedelta(seconds=1)
        return [row for row in rows if datetime.fromisoformat(row[field]) >= since]

    def _page(self, request: Request) -> tuple[int, int]:
        per_page = request.number("per_page", 200, 1, 200)
        return request.number("page", 1, 1, 100_000), min(per_page, self.most_per_page)

    def _list(self, request: Request, module: str, rows: list[Json]) -> Answer:
        request.only(*_LIST_PARAMETERS)
        names = request.words("fields")
        if not names:
            raise Refused(
                error(400, "REQUIRED_PARAM_MISSING", "One of the expected parameter is missing")
            )
        if len(names) > 50:
            raise Refused(error(400, "LIMIT_EXCEEDED", "fields has more than 50 names"))
        shown = [name for name in names if name in FIELDS[module] and name != "Line_Items"]
        if ids := request.words("ids"):
            if len(ids) > 100:
                raise Refused(error(400, "LIMIT_EXCEEDED", "ids has more than 100 ids"))
            headers = self.spend()
            found = [_cut(row, shown) for row in rows if row["id"] in set(ids)]
            info = {"count": len(found), "more_records": False}
            return (
                json_answer({"data": found, "info": info}, headers=headers)
                if found
                else Answer(204, headers=headers)
            )
        return self._walk(request, module, rows, shown)

    def _walk(
        self, request: Request, module: str, rows: list[Json], shown: Sequence[str]
    ) -> Answer:
        sorts = {"id", "Modified_Time", "Created_Time"}
        key = str(request.choice("sort_by", "id", sorts))
        is_down = request.choice("sort_order", "desc", {"asc", "desc"}) == "desc"
        per_page = min(request.number("per_page", 200, 1, 200), self.most_per_page)
        first, page = self._place(request, module, per_page)
        rows = self._since(request, rows, "Modified_Time")
        rows.sort(key=lambda row: (row[key], row["id"]), reverse=is_down)
        found = rows[first : first + per_page]
        headers = self.spend()
        if not found:
            return Answer(304 if "if-modified-since" in request.headers else 204, headers=headers)
        has_more = len(rows) > first + per_page
        token = None
        if has_more:
            token = make_cursor(first=first + per_page, at=self.now.isoformat(), module=module)
        info = {
            "per_page": per_page,
            "count": len(found),
            "page": page,
            "sort_by": key,
            "sort_order": "desc" if is_down else "asc",
            "more_records": has_more,
            "next_page_token": token,
            "page_token_expiry": shapes.stamp(self.now + _CURSOR_LIFE) if has_more else None,
        }
        data = [_cut(row, shown) for row in found]
        return json_answer({"data": data, "info": info}, headers=headers)

    def _place(self, request: Request, module: str, per_page: int) -> tuple[int, int]:
        token = request.one("page_token")
        if token is None:
            page = request.number("page", 1, 1, 100_000)
            if page * per_page > _NUMBERED:
                message = "use page_token for more than 2000 records"
                raise Refused(error(400, "DISCRETE_PAGINATION_LIMIT_EXCEEDED", message))
            return (page - 1) * per_page, page
        if request.one("page") is not None:
            raise BadParameter("page_token", "can't be given together with page")
        told = read_cursor(token, "page_token")
        is_old = self.now - datetime.fromisoformat(told["at"]) > _CURSOR_LIFE
        if is_old or told["module"] != module:
            raise Refused(error(400, "EXPIRED_VALUE", "the page_token has expired"))
        return int(told["first"]), 1 + int(told["first"]) // per_page


def _cut(row: Json, names: Sequence[str]) -> Json:
    return {"id": row["id"], **{name: row[name] for name in names}}
