"""A Pipedrive company account: its hosts, its two ways to log in, what its answers mean."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from requests.auth import HTTPBasicAuth

from orchestration.settings.crm_sources import PipedriveSource
from orchestration.sources.crm.errors import (
    NotPermitted,
    QuotaExhausted,
    UnexpectedAnswer,
    WrongCredentials,
)
from orchestration.sources.crm.http import Account, Token, ask_for_token
from orchestration.sources.crm.patience import Pause, retry_after

API_HOST = "https://api.pipedrive.com"
LOGIN_HOST = "https://oauth.pipedrive.com"
ME = "/api/v1/users/me"
# The burst limit counts the requests of two seconds.
BURST_SECONDS = 2.0
# How long we wait, in seconds, when the gateway turns us away, and once more.
_PATIENCE = (60.0, 180.0)
# An access token is renewed this long before its end.
_MARGIN = timedelta(seconds=60)

# Tokens of the daily budget, as the vendor's reference of endpoints states them.
_COSTS = (
    (r"/api/v2/deals/archived", 20),
    (r"/api/v2/deals", 10),
    (r"/api/v2/(?:pipelines|stages)", 5),
    (r"/api/v1/deals/[^/]+/changelog", 20),
    (r"/api/v1/leads/archived", 40),
    (r"/api/v1/leads", 20),
    (r"/api/v1/users", 20),
    (ME, 2),
)
_SCOPES = (
    (r"/api/v1/deals/[^/]+/changelog", "recents:read"),
    (r"/api/v[12]/(?:deals|pipelines|stages)", "deals:read"),
    (r"/api/v1/leads", "leads:read"),
    (r"/api/v1/users", "users:read"),
)


class NotThere(UnexpectedAnswer):
    """What was asked for by its id does not exist, or no longer."""


class PipedriveAccount(Account):
    """One company account, by a personal API token or by OAuth."""

    settings: PipedriveSource
    _refresh: str | None = None
    _refusals = 0
    _left_today: float | None = None

    @property
    def base_url(self) -> str:
        """The override, else the company's host by the token's word or the settings', else the
        common one."""
        if self.settings.base_url is not None:
            return self.settings.base_url.rstrip("/")
        if self._token is not None and self._token.base_url is not None:
            return self._token.base_url
        if self.settings.company is not None:
            return f"https://{self.settings.company}.pipedrive.com"
        return API_HOST

    @property
    def uses_oauth(self) -> bool:
        """Whether tokens are given out by OAuth; a personal API token never ends."""
        return self.settings.api_token is None

    def fetch_token(self) -> Token:
        """Return the API token, or one in exchange for the refresh token."""
        if not self.uses_oauth:
            return Token(self._revealed("api_token"))
        refresh = self._refresh or self._revealed("refresh_token")
        url = f"{(self.settings.base_url or LOGIN_HOST).rstrip('/')}/oauth/token"
        answer = ask_for_token(
            self,
            url,
            {"grant_type": "refresh_token", "refresh_token": refresh},
            auth=HTTPBasicAuth(self._revealed("client_id"), self._revealed("client_secret")),
        )
        value = answer.get("access_token")
        if answer["status_code"] >= 400 or not isinstance(value, str):
            raise WrongCredentials(
                f"{self.settings.name}: Pipedrive gives no access token "
                f"({answer.get('error') or answer['status_code']}): the refresh token is revoked, "
                "or was not used for 60 days, or belongs to another app. Install the app again, "
                "and set client_id, client_secret and refresh_token anew"
            )
        self.secret(value)
        if isinstance(answer.get("refresh_token"), str):
            self._refresh = self.secret(answer["refresh_token"])
        host = answer.get("api_domain")
        return Token(
            value,
            datetime.now(UTC) + timedelta(seconds=float(answer.get("expires_in", 3599))) - _MARGIN,
            host.rstrip("/") if isinstance(host, str) and host.startswith("https://") else None,
        )

    def authorize(self, headers: Any, token: str) -> None:
        """Put the token into the header that its kind belongs to."""
        if self.uses_oauth:
            headers["Authorization"] = f"Bearer {token}"
        else:
            headers["x-api-token"] = token

    def is_expired(self, response: requests.Response) -> bool:
        """Whether another token would help: never with a personal one."""
        return self.uses_oauth and response.status_code == 401

    def cost(self, response: requests.Response) -> int:
        """Return the tokens of an answer; a refused request costs none."""
        if response.status_code >= 400:
            return 0
        return next((cost for pattern, cost in _COSTS if _is_for(response, pattern)), 0)

    def afford(self, requests_wanted: int = 1, tokens_wanted: int = 0) -> None:
        """Raise ``QuotaExhausted`` also where the company's day has not so many tokens left."""
        super().afford(requests_wanted, tokens_wanted)
        if self._left_today is not None and self._left_today < tokens_wanted:
            raise self._day_is_spent()

    def ping(self) -> None:
        """Ask who we are."""
        self.get(ME)

    def judge(self, response: requests.Response) -> Pause | None:
        """Say what an answer means."""
        left = _number(response, "x-daily-ratelimit-token-remaining")
        self._left_today = self._left_today if left is None else left
        status = response.status_code
        if status < 400:
            return self._judge_body(response)
        name, text = self.settings.name, self.mask(_error_of(response))
        kind = response.headers.get("Content-Type", "")
        if status == 429:
            return self._throttled(response)
        if status == 401:
            raise WrongCredentials(
                f"{name}: Pipedrive does not accept the credentials ({text}): "
                "the token was renewed or revoked, or its user deactivated"
            )
        if status == 402:
            raise WrongCredentials(f"{name}: the Pipedrive account is closed or unpaid ({text})")
        if status == 403 and "json" not in kind:
            return self._turned_away()
        if status == 403:
            raise NotPermitted(
                f"{name}: {_path(response)} is not permitted ({text}): {self._remedy(response)}"
            )
        if status in (404, 410):
            raise NotThere(f"{name}: {_path(response)} does not exist ({text})")
        raise UnexpectedAnswer(f"{name}: {_path(response)} answers {status}: {text}")

    def _turned_away(self) -> Pause:
        """Ask more rarely, then no more: the gateway blocks who goes on in spite of it."""
        self._refusals += 1
        if self._refusals > len(_PATIENCE):
            raise QuotaExhausted(
                f"{self.settings.name}: Pipedrive's gateway turns our requests away, as it does "
                "after too many; nothing more is asked tonight. If it lasts, ask Pipedrive's "
                "support to lift it"
            )
        return Pause("the gateway turns us away", _PATIENCE[self._refusals - 1])

    def _judge_body(self, response: requests.Response) -> Pause | None:
        self._refusals = 0
        body = response.content.strip()
        if body in (b"", b"null"):
            return Pause("an empty answer came")
        if body.startswith(b'{"success":false'):
            raise UnexpectedAnswer(
                f"{self.settings.name}: {_path(response)} says: {self.mask(_error_of(response))}"
            )
        return None

    def _throttled(self, response: requests.Response) -> Pause:
        if self._left_today == 0:
            raise self._day_is_spent()
        asked = _number(response, "x-ratelimit-reset") or retry_after(response)
        return Pause("too many requests in two seconds", max(asked or 0.0, BURST_SECONDS))

    def _day_is_spent(self) -> QuotaExhausted:
        return QuotaExhausted(
            f"{self.settings.name}: the company's daily API tokens are used up; the next night "
            "carries on. tokens_per_night keeps some for others"
        )

    def _remedy(self, response: requests.Response) -> str:
        scope = next((scope for pattern, scope in _SCOPES if _is_for(response, pattern, "")), "")
        if self.uses_oauth:
            return f"add the scope {scope} to the app in the Developer Hub, and install it again"
        return (
            "the API token has the rights of its user: give this user, or another one whose token "
            "is set, access to all deals and leads (Settings > Manage users > Permission sets and "
            "visibility groups)"
        )

    def _revealed(self, key: str) -> str:
        secret = getattr(self.settings, key)
        try:
            return self.secret(secret.reveal())
        except LookupError as error:
            raise WrongCredentials(f"{self.settings.name}: {key}: {error}") from None


def _is_for(response: requests.Response, pattern: str, end: str = "$") -> bool:
    return re.search(f"{pattern}{end}", _path(response)) is not None


def _path(response: requests.Response) -> str:
    return (response.request.path_url or "").split("?")[0]


def _number(response: requests.Response, header: str) -> float | None:
    with suppress(KeyError, ValueError):
        return float(response.headers[header])
    return None


def _error_of(response: requests.Response) -> str:
    """Return the vendor's own words, shortly."""
    try:
        body = response.json()
    except ValueError:
        return f"status {response.status_code}"
    if not isinstance(body, dict):
        return f"status {response.status_code}"
    said = [str(body[key]) for key in ("error", "error_info", "code") if body.get(key)]
    return "; ".join(said)[:300] or f"status {response.status_code}"
