"""A tenant of 销售易 (Neocrm): its hosts, its login, what its answers mean.

Nothing of this is documented by the vendor. Paths and codes stand here, in one place, as several
independent public clients use them; what differs between tenants is a setting.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from orchestration.settings.crm_sources import NeocrmSource
from orchestration.sources.crm.errors import (
    NotPermitted,
    QuotaExhausted,
    UnexpectedAnswer,
    WrongCredentials,
)
from orchestration.sources.crm.http import Account, Token, ask_for_token
from orchestration.sources.crm.patience import Pause, retry_after
from orchestration.sources.crm.records import slices, text_at

API_HOST = "https://api.xiaoshouyi.com"
XOQL = "/rest/data/v2.0/query/xoql"
DESCRIPTION = "/rest/data/v2.0/xobjects/{}/description"
BUSINESS_TYPES = "/rest/data/v2.0/xobjects/opportunity/busiType"
STAGE_LIST = "/rest/data/v2.0/xobjects/stage/actions/getStageListByEntityTypeApiKey"

GOOD_CODES = frozenset({"200", "0"})
TOO_OFTEN = "1020025"
# Guessed: nobody has published what these are. A code that is missing here is shown as it came, and
# ends the object's night, not the whole run.
EXPIRED_CODES = frozenset({"401", "20000002", "invalid_token"})
FORBIDDEN_CODES = frozenset({"403", "1020010", "1020011"})
DAILY_CODES = frozenset({"1020026"})
_PAUSE_SECONDS = 1.0
# Where the answer names no end: one client counts an hour from the issue.
_LIFETIME = timedelta(hours=1)
_MARGIN = timedelta(minutes=2)


class NeocrmAccount(Account):
    """One tenant, by the password of an integration user."""

    settings: NeocrmSource

    @property
    def base_url(self) -> str:
        """The override, else the host that the login named, else the common one."""
        if self.settings.base_url is not None:
            return self.settings.base_url
        if self._token is not None and self._token.base_url is not None:
            return self._token.base_url
        return API_HOST

    def fetch_token(self) -> Token:
        """Log in with the password, followed by the security token where there is one."""
        security = self.settings.security_token
        password = self._revealed("password")
        if security is not None:
            password += self._revealed("security_token")
        host = self.settings.base_url or self.settings.login_url
        answer = ask_for_token(
            self,
            f"{host}{self.settings.token_path}",
            {
                "grant_type": "password",
                "client_id": self._revealed("client_id"),
                "client_secret": self._revealed("client_secret"),
                "redirect_uri": self.settings.redirect_uri,
                "username": self._revealed("username"),
                "password": self.secret(password),
            },
        )
        value = answer.get("access_token")
        if not isinstance(value, str) or not value:
            said = answer.get("error_description") or answer.get("error") or answer.get("msg")
            code = answer.get("error_code") or answer["status_code"]
            raise WrongCredentials(
                f"{self.settings.name}: 销售易 gives no access token ({self.mask(str(said))}, "
                f"{code}): check client_id, client_secret, username and password; a user whose "
                "address is not trusted also needs its 8-character security_token"
            )
        issued = datetime.now(UTC)
        lifetime = _LIFETIME
        with suppress(KeyError, TypeError, ValueError):
            lifetime = timedelta(seconds=float(answer["expires_in"]))
        named = answer.get("instance_uri")
        base = named.rstrip("/") if isinstance(named, str) and named.startswith("https") else None
        return Token(self.secret(value), issued + lifetime - _MARGIN, base)

    def authorize(self, headers: Any, token: str) -> None:
        """Put the token into the header; older tenants take it bare."""
        headers["Authorization"] = f"Bearer {token}" if self.settings.bearer else token

    def is_expired(self, response: requests.Response) -> bool:
        """Whether the token is over, by the status or by the code in the body."""
        return response.status_code == 401 or code_of(response) in EXPIRED_CODES

    def ping(self) -> None:
        """Ask for the business types."""
        self.get(BUSINESS_TYPES)

    def judge(self, response: requests.Response) -> Pause | None:
        """Say what an answer means: the code in the body counts, whatever the status says."""
        name, code = self.settings.name, code_of(response)
        if response.status_code == 429 or code == TOO_OFTEN:
            return Pause("called too often", retry_after(response) or _PAUSE_SECONDS)
        if response.status_code == 401 or code in EXPIRED_CODES:
            raise WrongCredentials(f"{name}: 销售易 does not accept the access token ({code})")
        if code in DAILY_CODES:
            raise QuotaExhausted(f"{name}: the tenant's calls of the day are used up ({code})")
        if "html" in response.headers.get("Content-Type", ""):
            return Pause("a web page came instead of data")
        if response.status_code < 400 and not response.content.strip():
            return Pause("an empty answer came")
        path, said = _path(response), self.mask(_message_of(response))
        if response.status_code == 403 or code in FORBIDDEN_CODES:
            raise NotPermitted(
                f"{name}: {path} is not permitted ({said}): give the integration user the right "
                "to read it, and to see all its records, under 系统设置 > 权限管理"
            )
        if response.status_code >= 400 or (code is not None and code not in GOOD_CODES):
            raise UnexpectedAnswer(f"{name}: {path} answers {code or response.status_code}: {said}")
        return None

    def _revealed(self, key: str) -> str:
        try:
            return self.secret(getattr(self.settings, key).reveal())
        except LookupError as error:
            raise WrongCredentials(f"{self.settings.name}: {key}: {error}") from None


def code_of(response: requests.Response) -> str | None:
    """Return the code in an answer's body as text; null without one."""
    return _said(response, "code") or _said(response, "error_code")


def listed(response: requests.Response, *path: str) -> list[bytes]:
    """Return the records of an answer, under ``data``, each as its own bytes.

    Raises ``UnexpectedAnswer`` where there is no ``data`` at all, so that nothing is taken for gone
    because of an answer of another kind.
    """
    try:
        if text_at(response.content, ("data",)) is not None:
            return slices(response.content, ("data", *path))
    except ValueError:
        pass  # it is said below, like any other answer without data
    raise UnexpectedAnswer(f"{_path(response)} answers without data")


def _message_of(response: requests.Response) -> str:
    names = ("msg", "message", "error", "errorInfo")
    said = [text for name in names if (text := _said(response, name))]
    return "; ".join(said)[:300] or f"status {response.status_code}"


def _said(response: requests.Response, name: str) -> str | None:
    with suppress(ValueError):
        return text_at(response.content, (name,))
    return None


def _path(response: requests.Response) -> str:
    return (response.request.path_url or "").split("?")[0]
