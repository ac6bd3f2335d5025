"""Who may ask a Zoho organisation, what it costs, and the words of its refusals."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.crm.faults import FaultPlan
from tests.crm.messages import Answer, BadParameter, Refused, Request, json_answer
from tests.crm.standin import Route, StandIn, endpoint
from tests.crm.standins.zoho_shapes import Json
from tests.crm.truth import Truth

CLIENT_ID, CLIENT_SECRET = "1000.CLIENTOFTHETESTS", "s3cr3t-of-the-zoho-client"
REFRESH_TOKEN = "1000.refresh-of-the-tests.abc"
SCOPES = frozenset(
    {
        *("ZohoCRM.modules.leads.READ", "ZohoCRM.modules.deals.READ", "ZohoCRM.settings.READ"),
        *("ZohoCRM.users.READ", "ZohoCRM.org.READ", "ZohoCRM.coql.READ"),
    }
)


class ZohoDoor(StandIn):
    """Tokens, credits and errors; the endpoints are in ``zoho``."""

    vendor = "zoho"

    def __init__(self, truth: Truth, now: datetime, faults: FaultPlan | None = None) -> None:
        super().__init__(truth, now, faults)
        self.scopes = set(SCOPES)
        self.credits_a_day = 50_000
        self.tokens_given: list[datetime] = []
        self._access = 1
        self._spent_today = 0

    @property
    def access_token(self) -> str:
        """The token that holds at this moment."""
        return f"1000.access-token-{self._access:04}.zoho"

    def expire_tokens(self) -> None:
        """End the token given out last."""
        self._access += 1

    def new_day(self) -> None:
        """Give new credits."""
        super().new_day()
        self._spent_today = 0
        self.tokens_given.clear()

    def authorize(self, request: Request) -> None:
        given = request.headers.get("authorization", "")
        if not given.startswith("Zoho-oauthtoken "):
            raise Refused(error(401, "AUTHENTICATION_FAILURE", "Authentication failed"))
        if given != f"Zoho-oauthtoken {self.access_token}":
            raise Refused(error(401, "INVALID_TOKEN", "invalid oauth token"))
        if self._spent_today >= self.credits_a_day:
            raise Refused(self.quota_exhausted())

    def needs(self, scope: str) -> None:
        if scope not in self.scopes:
            message = "invalid oauth scope to access this URL"
            raise Refused(error(401, "OAUTH_SCOPE_MISMATCH", message))

    def not_found(self, request: Request) -> Answer:
        return error(404, "INVALID_URL_PATTERN", "Please check if the URL trying to access is ok")

    def bad_parameter(self, request: Request, problem: BadParameter) -> Answer:
        return error(400, "INVALID_DATA", str(problem), {"param_name": problem.name})

    def throttled(self) -> Answer:
        return error(429, "TOO_MANY_REQUESTS", "Too many requests, concurrency limit")

    def quota_exhausted(self) -> Answer:
        return error(
            429,
            "TOO_MANY_REQUESTS",
            "You have exceeded the credits",
            headers={"X-API-CREDITS-REMAINING": "0"},
        )

    def server_error(self, status: int) -> Answer:
        return error(status, "INTERNAL_ERROR", "Internal Server Error")

    def price(self, request: Request, route: Route) -> int:
        if route.name != "query":
            return route.tokens
        try:
            limit = int(str(request.json()["select_query"]).rsplit(" ", 1)[1])
        except (ValueError, KeyError, IndexError, TypeError):
            return 1
        return 1 if limit <= 200 else 2 if limit <= 1000 else 3

    def spend(self, credits: int = 1) -> dict[str, str]:
        self._spent_today += credits
        if 2 * self._spent_today < self.credits_a_day:
            return {}
        return {"X-API-CREDITS-REMAINING": str(self.credits_a_day - self._spent_today)}

    @endpoint("POST", "/oauth/v2/token", is_open=True)
    def give_token(self, request: Request) -> Answer:
        form = request.form()
        if form.get("client_id") != CLIENT_ID or form.get("client_secret") != CLIENT_SECRET:
            return json_answer({"error": "invalid_client"})
        if form.get("grant_type") != "refresh_token" or form.get("refresh_token") != REFRESH_TOKEN:
            return json_answer({"error": "invalid_code"})
        recent = [at for at in self.tokens_given if self.now - at < timedelta(minutes=10)]
        if len(recent) >= 10:
            told = "You have made too many requests continuously. Please try again after some time."
            denied = {"error": "Access Denied", "error_description": told, "status": "failure"}
            return json_answer(denied, 400)
        self.tokens_given.append(self.now)
        return json_answer(
            {
                "access_token": self.access_token,
                "scope": " ".join(sorted(self.scopes)),
                "api_domain": "https://www.zohoapis.in",
                "token_type": "Bearer",
                "expires_in": 3600,
            }
        )


def error(
    status: int,
    code: str,
    message: str,
    details: Json | None = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    """Return an error in Zoho's shape."""
    body = {"code": code, "details": details or {}, "message": message, "status": "error"}
    return json_answer(body, status, headers)
