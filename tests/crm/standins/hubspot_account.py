"""HubSpot on loopback: logging in, refusals, limits, and the lists that come whole.

Records, their search and their associations are ``hubspot``'s.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from tests.crm.faults import FaultPlan
from tests.crm.messages import Answer, BadParameter, Refused, Request, json_answer
from tests.crm.standin import Handler, Route, StandIn, endpoint
from tests.crm.standins import hubspot_rules as rules
from tests.crm.standins import hubspot_shapes as shapes
from tests.crm.standins.hubspot_shapes import OBJECT_TYPES
from tests.crm.truth import Truth

STATIC_TOKEN = "pat-eu1-0000-standin"
CLIENT_ID, CLIENT_SECRET = "client-1", "client-secret-standin"
REFRESH_TOKEN = "refresh-standin"
SCOPES = frozenset(
    {
        *("crm.objects.deals.read", "crm.objects.leads.read", "crm.objects.contacts.read"),
        *("crm.objects.owners.read", "crm.schemas.deals.read", "crm.schemas.leads.read"),
        *("crm.schemas.contacts.read", "multi-currency-read"),
    }
)


def api(method: str, area: str, rest: str = "", old: str = "v3") -> Callable[[Handler], Handler]:
    """Mark an endpoint in the dated version and in the one before."""
    first, _, name = area.partition("/")
    end = f"/{rest}" if rest else ""
    dated = endpoint(method, f"/{area}/2026-09{end}")
    before = endpoint(method, "/" + "/".join(p for p in (first, old, name) if p) + end)
    return lambda handler: before(dated(handler))


class HubspotAccount(StandIn):
    """What every part of HubSpot shares. Tests may change its public attributes at any time.

    ``lacking`` are scopes that the token lacks.
    """

    vendor = "hubspot"

    def __init__(self, truth: Truth, now: datetime, faults: FaultPlan | None = None) -> None:
        super().__init__(shapes.as_told(truth), now, faults)
        self.lacking: set[str] = set()
        self.has_leads = True
        self.token_seconds = 1800
        self._tokens: dict[str, datetime] = {}
        self._issued = 0

    # Logging in

    @endpoint("POST", "/oauth/2026-09/token", is_open=True)
    @endpoint("POST", "/oauth/v1/token", is_open=True)
    def token(self, request: Request) -> Answer:
        form = request.form()
        wanted = {
            "grant_type": "refresh_token",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "refresh_token": REFRESH_TOKEN,
        }
        if form != wanted:
            return rules.error(400, "BAD_REFRESH_TOKEN", "missing or invalid refresh token")
        self._issued += 1
        value = f"access-standin-{self._issued}"
        self._tokens[value] = self.now + timedelta(seconds=self.token_seconds)
        return json_answer(
            {
                "token_type": "bearer",
                "token_use": "access_token",
                "access_token": value,
                "refresh_token": REFRESH_TOKEN,
                "expires_in": self.token_seconds,
                "hub_id": 62515,
                "scopes": sorted(SCOPES - self.lacking),
            }
        )

    def authorize(self, request: Request) -> None:
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        if scheme == "Bearer" and value == STATIC_TOKEN:
            return
        until = self._tokens.get(value) if scheme == "Bearer" else None
        if until is None:
            raise Refused(
                rules.error(401, "INVALID_AUTHENTICATION", "Authentication credentials not found.")
            )
        if until <= self.now:
            raise Refused(
                rules.error(401, "EXPIRED_AUTHENTICATION", "The OAuth token has expired.")
            )

    def expire_tokens(self) -> None:
        self._tokens = dict.fromkeys(self._tokens, self.now)

    # Refusing

    def not_found(self, request: Request) -> Answer:
        return rules.error(404, "OBJECT_NOT_FOUND", f"No resource at {request.path}")

    def bad_parameter(self, request: Request, problem: BadParameter) -> Answer:
        return rules.error(400, "VALIDATION_ERROR", f"Invalid input JSON or query: {problem}")

    def throttled(self) -> Answer:
        policy = ("TEN_SECONDLY_ROLLING", "SECONDLY")[self.faults.injected.total() % 2]
        return rules.limited(policy)

    def quota_exhausted(self) -> Answer:
        return rules.limited("DAILY")

    def server_error(self, status: int) -> Answer:
        return rules.error(status, "INTERNAL_ERROR", "internal error")

    def price(self, request: Request, route: Route) -> int:
        return 0

    def needs(self, *scopes: str) -> None:
        """Refuse a token that lacks one of these scopes."""
        missing = sorted(set(scopes) & self.lacking)
        if missing:
            raise Refused(rules.forbidden(missing))

    def kind_of(self, request: Request) -> str:
        """Return the type of records that a path names, if the account and the token have it."""
        rules.check_address(request)
        kind = request.at["type"]
        if kind not in OBJECT_TYPES or (kind == "leads" and not self.has_leads):
            raise Refused(
                rules.error(400, "VALIDATION_ERROR", f"Unable to infer object type from: {kind}")
            )
        self.needs(f"crm.objects.{kind}.read")
        return kind

    # Lists that come whole

    @api("GET", "account-info", "details")
    def details(self, request: Request) -> Answer:
        request.only()
        return rules.answer(
            {
                "portalId": 62515,
                "accountType": "STANDARD",
                "timeZone": "Europe/Amsterdam",
                "companyCurrency": self.truth.base_currency,
                "additionalCurrencies": sorted({rate.currency for rate in self.truth.rates}),
                "utcOffset": "+01:00",
                "utcOffsetMilliseconds": 3_600_000,
                "uiDomain": "app.hubspot.com",
                "dataHostingLocation": "eu1",
            }
        )

    @api("GET", "crm/owners")
    def owners(self, request: Request) -> Answer:
        request.only("limit", "after", "archived", "email")
        self.needs("crm.objects.owners.read")
        archived = request.choice("archived", "false", ("true", "false")) == "true"
        told = [shapes.owner_json(o) for o in self.truth.owners_at(self.now)]
        return rules.paged(request, [o for o in told if o["archived"] == archived], 500)

    @api("GET", "crm/pipelines", "{type}")
    def pipelines(self, request: Request) -> Answer:
        request.only()
        kind = self.kind_of(request)
        lists = self.truth.stage_list_at(self.now)
        found = [shapes.pipeline_json(p, lists.since) for p in lists.of(OBJECT_TYPES[kind])]
        return rules.answer({"results": found})

    @api("GET", "settings/currencies", "exchange-rates")
    def exchange_rates(self, request: Request) -> Answer:
        request.only("limit", "after", "fromCurrencyCode", "toCurrencyCode")
        self.needs("multi-currency-read")
        rates = self.truth.rates_at(self.now)
        return rules.paged(request, [shapes.rate_json(n, r) for n, r in enumerate(rates)], 100)

    @api("GET", "crm/properties", "{type}/lifecyclestage")
    def lifecycle(self, request: Request) -> Answer:
        request.only()
        self.kind_of(request)
        (leads,) = self.truth.stage_list_at(self.now).of("lead")
        return rules.answer({"name": "lifecyclestage", "options": shapes.lifecycle_json(leads)})
