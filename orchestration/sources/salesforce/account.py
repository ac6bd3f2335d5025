"""A Salesforce org over HTTP: logging in, and what its answers mean.

What is asked belongs to ``queries``, ``bulk``, ``lists`` and ``deletions``.
"""

from __future__ import annotations

import base64
import json
import time
from typing import Any
from urllib.parse import urlsplit

import requests
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from orchestration.settings.crm_sources import SalesforceSource
from orchestration.sources.crm.errors import (
    NotPermitted,
    QuotaExhausted,
    SourceUnavailable,
    UnexpectedAnswer,
    WrongCredentials,
)
from orchestration.sources.crm.http import Account, Token, ask_for_token
from orchestration.sources.crm.patience import Pause

_JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_JWT_SECONDS = 180
# The codes of a 24-hour allowance that is used up.
_DAILY = frozenset({"REQUEST_LIMIT_EXCEEDED", "LIMIT_EXCEEDED", "EXCEEDED_QUOTA"})
_NO_API = frozenset({"API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED", "FUNCTIONALITY_NOT_ENABLED"})


class Refusal(UnexpectedAnswer):
    """Salesforce refused a request; ``code`` is its own name for why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class SalesforceAccount(Account):
    """One org. The host to ask comes with the token, unless ``base_url`` stands in for it."""

    settings: SalesforceSource

    @property
    def base_url(self) -> str:
        """The data API of the org."""
        host = self.settings.base_url or self._instance or self._login_host
        return f"{host}/services/data/v{self.settings.api_version}"

    @property
    def _instance(self) -> str | None:
        return self._token.base_url if self._token is not None else None

    @property
    def _login_host(self) -> str:
        return (self.settings.base_url or self.settings.login_url or "").rstrip("/")

    def _rebase(self) -> None:
        _ = self.token  # names the host
        super()._rebase()

    def fetch_token(self) -> Token:
        """Return a fresh token by the way for which there are credentials."""
        answer = ask_for_token(
            self, f"{self._login_host}/services/oauth2/token", self._login_form()
        )
        if "access_token" in answer:
            # No time of expiry: how long it lives is the org's session policy.
            return Token(
                str(answer["access_token"]),
                base_url=str(answer.get("instance_url") or self._login_host).rstrip("/"),
            )
        error = str(answer.get("error", f"status {answer['status_code']}"))
        told = self.mask(str(answer.get("error_description", "")))
        if "rate exceeded" in told:
            raise SourceUnavailable(
                f"{self.settings.name}: too many logins in the last hour; try again later"
            )
        raise WrongCredentials(
            f"{self.settings.name}: Salesforce refuses the login ({error}: {told or 'no reason'}). "
            "Check the connected app's consumer key and secret, that it is approved for the user "
            "with the scopes api and refresh_token, and that login_url is the org's My Domain host"
        )

    def authorize(self, headers: Any, token: str) -> None:
        """Put the token into a request's headers."""
        headers["Authorization"] = f"Bearer {token}"

    def judge(self, response: requests.Response) -> Pause | None:
        """Say what an answer means."""
        if response.status_code < 400:
            return None
        code, message = error_of(response)
        name, message = self.settings.name, self.mask(message)
        if code in _DAILY and "concurrent" not in message.lower():
            raise QuotaExhausted(
                f"{name}: the org's calls of 24 hours are used up ({message}); the next night "
                "carries on. Setup > Company Information shows what spends them"
            )
        if code in _DAILY or response.status_code == 429 or code == "SERVER_UNAVAILABLE":
            return Pause(f"Salesforce is busy ({message})")
        if response.status_code == 401:
            raise WrongCredentials(
                f"{name}: Salesforce takes no token of this login ({message}); check the "
                "connected app's session policies and allowed IP ranges"
            )
        if code in _NO_API:
            raise NotPermitted(
                f"{name}: this org or user has no access to the API ({message}); it needs the "
                "permission API Enabled, and an edition with API access"
            )
        if not code:
            # A gateway, a proxy or a maintenance page: Salesforce's own errors are JSON.
            return Pause(f"a web page with status {response.status_code} came instead of data")
        raise Refusal(code, f"{name}: {code}: {message}")

    def ping(self) -> None:
        """Ask what is left of the org's allowances."""
        self.get("/limits")

    def wait(self, seconds: float) -> None:
        """Wait without asking."""
        self._patience.sleep(seconds)

    def _login_form(self) -> dict[str, str]:
        settings = self.settings
        app = {"client_id": self._reveal("client_id")}
        if settings.refresh_token is not None:
            return {
                **app,
                "grant_type": "refresh_token",
                "client_secret": self._reveal("client_secret"),
                "refresh_token": self._reveal("refresh_token"),
            }
        if settings.private_key is not None:
            audience = settings.jwt_audience or _audience_of(self._login_host)
            key = self._reveal("private_key")
            assertion = signed_claims(
                app["client_id"], self._reveal("username"), audience, key, settings.name
            )
            return {"grant_type": _JWT_GRANT, "assertion": self.secret(assertion)}
        return {
            **app,
            "grant_type": "client_credentials",
            "client_secret": self._reveal("client_secret"),
        }

    def _reveal(self, key: str) -> str:
        secret = getattr(self.settings, key)
        value: str = secret.reveal()
        # A user's name is no secret, and may well stand in a record.
        return value if key == "username" else self.secret(value)


def error_of(response: requests.Response) -> tuple[str, str]:
    """Return the code and message of an error, both empty where the body has none."""
    try:
        body = response.json()
    except ValueError:
        return "", ""
    first = body[0] if isinstance(body, list) and body else body
    if not isinstance(first, dict):
        return "", ""
    return str(first.get("errorCode", "")), str(first.get("message", ""))


def signed_claims(client_id: str, username: str, audience: str, key: str, source: str) -> str:
    """Return a JSON web token, signed with RS256 (RFC 7515), that asks for a session.

    ``key`` is a private RSA key in PEM. Raises ``WrongCredentials`` for anything else.
    """
    try:
        private = serialization.load_pem_private_key(key.encode(), password=None)
    except (ValueError, TypeError):
        private = None
    if not isinstance(private, rsa.RSAPrivateKey):
        raise WrongCredentials(
            f"{source}: private_key holds no RSA key in PEM without a passphrase"
        )
    claims = {
        "iss": client_id,
        "sub": username,
        "aud": audience,
        "exp": int(time.time()) + _JWT_SECONDS,
    }
    parts = [_part({"alg": "RS256", "typ": "JWT"}), _part(claims)]
    signature = private.sign(".".join(parts).encode(), padding.PKCS1v15(), hashes.SHA256())
    return ".".join([*parts, _base64(signature)])


def _part(value: dict[str, Any]) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _audience_of(login_host: str) -> str:
    host = urlsplit(login_host).hostname or ""
    is_sandbox = host.startswith("test.") or "--" in host or ".sandbox." in host
    return f"https://{'test' if is_sandbox else 'login'}.salesforce.com"
