"""The connected app of the Salesforce stand-in: who may log in, and which sessions hold."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.crm.messages import Answer, json_answer

CLIENT_ID, CLIENT_SECRET = "3MVG9-app-of-the-test", "app-secret-4711"
REFRESH_TOKEN, USERNAME = "5Aep861-refresh-0815", "integration@company.example"
AUDIENCE = "https://login.salesforce.com"
_JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class Logins:
    """Sessions of one connected app. ``public_key`` is that of its certificate."""

    def __init__(self) -> None:
        self.public_key: rsa.RSAPublicKey | None = None
        self.instance_url: str | None = None
        self.given = 0
        self._valid: set[str] = set()

    def holds(self, token: str) -> bool:
        """Whether a session is still valid."""
        return token in self._valid

    def expire(self) -> None:
        """End every session."""
        self._valid.clear()

    def answer(self, form: Mapping[str, str], url: str) -> Answer:
        """Return a session, or why there is none."""
        grant = form.get("grant_type")
        if form.get("client_id") != CLIENT_ID and grant != _JWT:
            return _refused("invalid_client_id", "client identifier invalid")
        match grant:
            case "refresh_token":
                if form.get("client_secret") != CLIENT_SECRET:
                    return _refused("invalid_client", "invalid client credentials")
                if form.get("refresh_token") != REFRESH_TOKEN:
                    return _refused("invalid_grant", "expired access/refresh token")
            case "client_credentials":
                if form.get("client_secret") != CLIENT_SECRET:
                    return _refused("invalid_client", "invalid client credentials")
            case str() if grant == _JWT:
                problem = self._problem_of(form.get("assertion", ""))
                if problem:
                    return _refused("invalid_grant", problem)
            case _:
                return _refused("unsupported_grant_type", "grant type not supported")
        self.given += 1
        token = f"00D5g0000000001!AQ{self.given:06}.session"
        self._valid.add(token)
        return json_answer(
            {
                "access_token": token,
                "signature": "c2ln",
                "scope": "api",
                "instance_url": self.instance_url or url,
                "id": "https://login.salesforce.com/id/00D/005",
                "token_type": "Bearer",
                "issued_at": "1711929600000",
            }
        )

    def _problem_of(self, assertion: str) -> str | None:
        head, _, signature = assertion.rpartition(".")
        if self.public_key is None or head.count(".") != 1:
            return "invalid assertion"
        try:
            self.public_key.verify(
                _decoded(signature), head.encode(), padding.PKCS1v15(), hashes.SHA256()
            )
        except InvalidSignature:
            return "invalid assertion"
        told, claims = (json.loads(_decoded(part)) for part in head.split("."))
        if told.get("alg") != "RS256":
            return "algorithm not supported"
        if claims.get("iss") != CLIENT_ID:
            return "invalid client credentials"
        if claims.get("aud") != AUDIENCE:
            return "audience is invalid"
        if claims.get("sub") != USERNAME:
            return "user hasn't approved this consumer"
        return None if isinstance(claims.get("exp"), int) else "expired authorization code"


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _refused(error: str, description: str) -> Answer:
    return json_answer({"error": error, "error_description": description}, 400)
