"""销售易 (Neocrm) on loopback: its login, its queries, its lists; failures come with status 200."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from tests.crm.faults import FaultPlan
from tests.crm.messages import Answer, BadParameter, Refused, Request, json_answer, only_keys
from tests.crm.standin import StandIn, endpoint
from tests.crm.standins.neocrm_shapes import FIELDS, Json, Shapes
from tests.crm.standins.neocrm_xoql import parse
from tests.crm.truth import Truth

CLIENT_ID, CLIENT_SECRET = "4f0c1de2-client", "neo-client-secret"
USERNAME, PASSWORD, SECURITY_TOKEN = "integration@company.example", "Pa55-wort", "k7Rq2mXz"
INSTANCE = "https://api-p10.xiaoshouyi.example"
TOO_OFTEN, OVER, FORBIDDEN, EXPIRED, WRONG = 1020025, "1020026", "1020010", "20000002", "1040001"


class Neocrm(StandIn):
    """A tenant. ``most_per_page`` makes pages shorter than asked for, as servers may;
    ``before_page`` is called before each page, to let the company move meanwhile."""

    vendor = "neocrm"

    def __init__(self, truth: Truth, now: datetime, faults: FaultPlan | None = None) -> None:
        super().__init__(truth, now, faults)
        self.shapes = Shapes(truth)
        self.hidden_fields: set[str] = set()
        self.hidden_objects: set[str] = set()
        self.most_per_page = 2000
        self.is_bearer = True
        self.keeps_order = True
        self.hides_data = False
        self.before_page: Callable[[str], None] = lambda object_key: None
        self._access = 1

    @property
    def access_token(self) -> str:
        """The token that holds at this moment."""
        return f"neo-access-token-{self._access:04}"

    def expire_tokens(self) -> None:
        """End the token."""
        self._access += 1

    def authorize(self, request: Request) -> None:
        wanted = f"Bearer {self.access_token}" if self.is_bearer else self.access_token
        if request.headers.get("authorization") != wanted:
            raise Refused(_refusal(EXPIRED, "access token is invalid or expired"))

    def not_found(self, request: Request) -> Answer:
        return json_answer({"status": 404, "error": "Not Found", "path": request.path}, 404)

    def bad_parameter(self, request: Request, problem: BadParameter) -> Answer:
        return _refusal(WRONG, str(problem))

    def throttled(self) -> Answer:
        return _refusal(TOO_OFTEN, "接口调用频率过高")

    def quota_exhausted(self) -> Answer:
        return _refusal(OVER, "今日接口调用次数已用完")

    def server_error(self, status: int) -> Answer:
        return json_answer({"status": status, "error": "Internal Server Error"}, status)

    @endpoint("POST", "/auc/oauth2/token", is_open=True)
    def give_token(self, request: Request) -> Answer:
        form = request.form()
        wanted = {
            "grant_type": "password",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "username": USERNAME,
            "password": PASSWORD + SECURITY_TOKEN,
        }
        if not form.get("redirect_uri") or any(form.get(k) != v for k, v in wanted.items()):
            said = {"error": "invalid_grant", "error_description": "用户名或密码错误"}
            return json_answer(said, 400)
        return json_answer(
            {
                "access_token": self.access_token,
                "token_type": "bearer",
                "expires_in": 7200,
                "issued_at": int(self.now.timestamp() * 1000),
                "instance_uri": INSTANCE,
                "tenant_id": 110_023,
                "scope": "all",
            }
        )

    @endpoint("POST", "/rest/data/v2.0/query/xoql")
    def xoql(self, request: Request) -> Answer:
        request.only()
        form = request.form()
        only_keys(form, ("xoql",))
        query = parse(form.get("xoql", ""), self._fields)
        self._may_read(query.object)
        self.before_page(query.object)
        rows = [row for row in self._rows(query.object) if query.holds_for(row)]
        # Without an order there is none.
        is_ordered = query.is_ordered and self.keeps_order
        rows.sort(key=lambda row: row["id"] if is_ordered else row["id"] % 7)
        page = rows[query.skip : query.skip + min(query.most, self.most_per_page)]
        records = [{name: row[name] for name in query.fields} for row in page]
        return self._said({"totalSize": len(rows), "count": len(page), "records": records})

    @endpoint("GET", "/rest/data/v2.0/xobjects/opportunity/busiType")
    def business_types(self, request: Request) -> Answer:
        request.only()
        self._may_read("opportunity")
        pipelines = self.truth.stage_list_at(self.now).of("deal")
        records = [self.shapes.business_type(pipeline) for pipeline in pipelines]
        return self._said({"records": records})

    @endpoint("POST", "/rest/data/v2.0/xobjects/stage/actions/getStageListByEntityTypeApiKey")
    def stages(self, request: Request) -> Answer:
        body = request.json()
        only_keys(body, ("data",))
        key = body["data"]["entityTypeApiKey"]
        for pipeline in self.truth.stage_list_at(self.now).of("deal"):
            if self.shapes.business_type(pipeline)["apiKey"] == key:
                stages = sorted(pipeline.stages, key=lambda stage: stage.position)
                return self._said(
                    [
                        {
                            "id": self.shapes.stage(pipeline.key, stage.key),
                            "stageName": stage.label,
                            "winRate": stage.win_rate,
                        }
                        for stage in stages
                    ]
                )
        raise BadParameter("entityTypeApiKey", f"no business type {key}")

    @endpoint("GET", "/rest/data/v2.0/xobjects/{object}/description")
    def description(self, request: Request) -> Answer:
        request.only()
        key = request.at["object"]
        if key not in ("lead", "opportunity"):
            raise BadParameter("xObject", f"no object {key}")
        self._may_read(key)
        (leads,) = self.truth.stage_list_at(self.now).of("lead")
        fields = [
            field
            for field in self.shapes.described(key, leads)
            if field["apiKey"] not in self.hidden_fields
        ]
        return self._said({"id": 1, "apiKey": key, "label": key, "fields": fields})

    def _said(self, data: Any) -> Answer:
        told = None if self.hides_data else data
        return json_answer({"code": "200", "msg": "OK", "data": told, "ext": [], "errorInfo": None})

    def _fields(self, key: str) -> set[str]:
        if key not in FIELDS:
            raise BadParameter("xoql", f"no object {key}")
        return set(FIELDS[key]) - self.hidden_fields

    def _may_read(self, key: str) -> None:
        if key in self.hidden_objects:
            raise Refused(_refusal(FORBIDDEN, f"没有{key}的权限"))

    def _rows(self, key: str) -> list[Json]:
        match key:
            case "user":
                return [self.shapes.user(owner) for owner in self.truth.owners_at(self.now)]
            case "department":
                return self.shapes.teams()
            case "lead":
                records = self.view.records("lead", self.now)
                return [self.shapes.lead(record) for record in records if not record.is_deleted]
        records = self.view.records("deal", self.now)
        return [self.shapes.deal(record) for record in records if not record.is_deleted]


def _refusal(code: int | str, text: str) -> Answer:
    return json_answer({"code": code, "msg": text, "data": None, "ext": [], "errorInfo": None})
