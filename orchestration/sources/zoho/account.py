"""A Zoho CRM organisation over HTTP: its token, its hosts, and what its answers mean."""

from __future__ import annotations

import json
import re
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import requests

from orchestration.settings.crm_sources import ZohoSource
from orchestration.sources.crm.errors import (
    NotOffered,
    NotPermitted,
    QuotaExhausted,
    SourceUnavailable,
    UnexpectedAnswer,
    WrongCredentials,
)
from orchestration.sources.crm.http import Account, Token, ask_for_token
from orchestration.sources.crm.patience import Pause
from orchestration.sources.crm.records import slices

WHO_WE_ARE = "/users?type=CurrentUser"
# Where accounts live; the host of the data comes with the token.
_ACCOUNTS = {"ca": "accounts.zohocloud.ca"}
_TOKENS, _TOKEN_SECONDS = 10, 600.0
# Both a crowd and a spent day are answered alike and without a time to wait: so many repeats, each
# after a longer pause, tell them apart.
_PATIENCE = 6
_EXPIRED = frozenset({"INVALID_TOKEN", "AUTHENTICATION_FAILURE"})
_NOT_PERMITTED = frozenset(
    {"OAUTH_SCOPE_MISMATCH", "NO_PERMISSION", "PERMISSION_DENIED", "AUTHORIZATION_FAILED"}
)
_NOT_OFFERED = frozenset(
    {
        *("FEATURE_NOT_SUPPORTED", "FEATURE_NOT_ENABLED", "FEATURE_PERMISSION"),
        *("LICENSE_NOT_SUPPORTED", "CURRENCIES_NOT_ENABLED"),
    }
)
# Part of a path -> the scope that it needs.
_SCOPES = (
    ("/org/currencies", "ZohoCRM.settings.READ"),
    ("/org", "ZohoCRM.org.READ"),
    ("/users", "ZohoCRM.users.READ"),
    ("/settings/", "ZohoCRM.settings.READ"),
    ("/coql", "ZohoCRM.coql.READ"),
    ("/Leads", "ZohoCRM.modules.leads.READ"),
    ("/Deals", "ZohoCRM.modules.deals.READ"),
)
_IS_QUOTA = re.compile(r"credit|api call|per day|daily", re.IGNORECASE)
_LIMIT = re.compile(r"limit\s+(?:\d+\s*,\s*)?(\d+)\s*$")


class Refusal(UnexpectedAnswer):
    """Zoho refused a request; ``code`` is its own name for why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ZohoAccount(Account):
    """One organisation. The host to ask comes with the token, unless ``base_url`` stands for it."""

    settings: ZohoSource

    def __init__(
        self,
        settings: ZohoSource,
        progress: Callable[[str], None],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._renewals: deque[float] = deque(maxlen=_TOKENS)
        self._refused_in_a_row = 0
        self._fields: dict[str, list[bytes]] = {}
        super().__init__(settings, progress, sleep)

    @property
    def base_url(self) -> str:
        """The data API of the organisation."""
        told = self._token.base_url if self._token is not None else None
        host = self.settings.base_url or told or f"https://www.zohoapis.{self.settings.data_center}"
        return f"{host}/crm/v8"

    def _rebase(self) -> None:
        _ = self.token  # names the host
        super()._rebase()

    def fetch_token(self) -> Token:
        """Return a fresh token, unless this run has had as many as Zoho gives in ten minutes."""
        self._keep_to_the_rate()
        center = self.settings.data_center
        host = self.settings.base_url or "https://" + _ACCOUNTS.get(
            center, f"accounts.zoho.{center}"
        )
        form = {key: self._revealed(key) for key in ("client_id", "client_secret", "refresh_token")}
        answer = ask_for_token(
            self, f"{host}/oauth/v2/token", {"grant_type": "refresh_token", **form}
        )
        if "access_token" not in answer:
            raise self._refused_token(answer)
        domain = str(answer.get("api_domain") or "").rstrip("/")
        if domain and urlsplit(domain).scheme != "https" and self.settings.base_url is None:
            raise WrongCredentials(
                f"{self.settings.name}: the token's api_domain is no https address"
            )
        seconds = max(60.0, float(answer.get("expires_in") or 3600) - 120)
        return Token(
            str(answer["access_token"]),
            expires_at=datetime.now(UTC) + timedelta(seconds=seconds),
            base_url=domain or None,
        )

    def authorize(self, headers: Any, token: str) -> None:
        """Put the token into a request's headers."""
        headers["Authorization"] = f"Zoho-oauthtoken {token}"

    def is_expired(self, response: requests.Response) -> bool:
        """Whether the token's time is over; a missing scope has the same status."""
        return response.status_code == 401 and error_of(response)[0] in _EXPIRED

    def cost(self, response: requests.Response) -> int:
        """Return an answer's credits: one, or for a query by the limit that it asks for."""
        body = response.request.body
        if not isinstance(body, bytes | str) or not (response.request.path_url or "").endswith(
            "/coql"
        ):
            return 1
        with suppress(ValueError, KeyError, TypeError):
            return credits_of(str(json.loads(body)["select_query"]))
        return 1

    def ping(self) -> None:
        """Ask who we are."""
        self.get(WHO_WE_ARE)

    def fields_of(self, module: str) -> list[bytes]:
        """Return the fields of a module that we may see, asked for once a run."""
        if module not in self._fields:
            response = self.get("/settings/fields", params={"module": module})
            found = slices(response.content, ("fields",)) if response.content.strip() else []
            self._fields[module] = found
        return self._fields[module]

    def judge(self, response: requests.Response) -> Pause | None:
        """Say what an answer means."""
        status = response.status_code
        code, message = error_of(response)
        if status == 429 or code == "TOO_MANY_REQUESTS":
            return self._throttled(response)
        self._refused_in_a_row = 0
        if status < 400 and not code:
            return None
        name, message = self.settings.name, self.mask(message)
        if status == 401 and code not in _NOT_PERMITTED:
            raise WrongCredentials(
                f"{name}: Zoho does not take its own new token ({code or status}: {message}); "
                "check that data_center is the one of the organisation"
            )
        # Before permissions: what an edition lacks has the status 403 too.
        if code in _NOT_OFFERED:
            raise NotOffered(f"{name}: this organisation's edition or settings lack it: {message}")
        if code in _NOT_PERMITTED or status == 403:
            raise NotPermitted(f"{name}: {code or status}: {message}; {_remedy(response, code)}")
        if code == "LIMIT_EXCEEDED" and re.search(
            r"credit|api call|per day|daily", message.lower()
        ):
            raise self._exhausted()
        if not code:
            # A gateway, a proxy or a maintenance page: Zoho's own errors are JSON.
            return Pause(f"an answer with status {status} that is not Zoho's came instead of data")
        raise Refusal(code, f"{name}: {_path(response)}: {code}: {message}")

    def _throttled(self, response: requests.Response) -> Pause:
        self._refused_in_a_row += 1
        is_spent = response.headers.get("X-API-CREDITS-REMAINING", "").strip() == "0"
        if is_spent or self._refused_in_a_row > _PATIENCE:
            self._refused_in_a_row = 0
            raise self._exhausted()
        return Pause("too many requests at once")

    def _exhausted(self) -> QuotaExhausted:
        return QuotaExhausted(
            f"{self.settings.name}: the organisation's API credits of 24 hours are used up, or "
            "others leave no room; the next night carries on. Setup > Developer Hub > APIs & SDKs "
            "shows what spends them; tokens_per_night keeps some for others"
        )

    def _refused_token(self, answer: Mapping[str, Any]) -> Exception:
        error = str(answer.get("error") or f"status {answer['status_code']}")
        told = self.mask(str(answer.get("error_description") or ""))
        if "too many requests" in told.lower() or error.lower() == "access denied":
            return SourceUnavailable(
                f"{self.settings.name}: Zoho gives no more than {_TOKENS} tokens in ten minutes to "
                "all who use this refresh token; try again later, or give each user its own"
            )
        return WrongCredentials(
            f"{self.settings.name}: Zoho refuses the login ({self.mask(error)}"
            f"{': ' + told if told else ''}). Check client_id, client_secret and refresh_token in "
            "the API console, and that data_center is where the organisation lives"
        )

    def _keep_to_the_rate(self) -> None:
        now = time.monotonic()
        if len(self._renewals) == _TOKENS and now - self._renewals[0] < _TOKEN_SECONDS:
            raise SourceUnavailable(
                f"{self.settings.name}: {_TOKENS} tokens in ten minutes expired at once; something "
                "revokes them. Check who else uses this refresh token"
            )
        self._renewals.append(now)

    def _revealed(self, key: str) -> str:
        try:
            return self.secret(getattr(self.settings, key).reveal())
        except LookupError as error:
            raise WrongCredentials(f"{self.settings.name}: {key}: {error}") from None


def credits_of(query: str) -> int:
    """Return what a COQL query costs: one to three credits, by its limit."""
    found = _LIMIT.search(query)
    limit = int(found.group(1)) if found else 200
    return 1 if limit <= 200 else 2 if limit <= 1000 else 3


def error_of(response: requests.Response) -> tuple[str, str]:
    """Return the code and message of an error, both empty where the body has none."""
    if response.status_code in (204, 304) or not response.content.strip():
        return "", ""
    if response.status_code < 400 and b'"error"' not in response.content[:4000]:
        return "", ""
    try:
        body = response.json()
    except ValueError:
        return "", ""
    if not isinstance(body, dict) or (response.status_code < 400 and body.get("status") != "error"):
        return "", ""
    details = body.get("details")
    told = f" {json.dumps(details)}" if details else ""
    return str(body.get("code", "")), f"{body.get('message', '')}{told}"[:400]


def _remedy(response: requests.Response, code: str) -> str:
    path = _path(response)
    scope = next((scope for part, scope in _SCOPES if part in path), "ZohoCRM.modules.READ")
    if code == "OAUTH_SCOPE_MISMATCH":
        return f"make a new refresh token in the API console with the scope {scope} too"
    return (
        "give the user who made the refresh token a profile that may read it (Setup > Security "
        f"Control > Profiles), and the token the scope {scope}"
    )


def _path(response: requests.Response) -> str:
    return (response.request.path_url or "").split("?")[0]
