"""A HubSpot account: how it is asked, and what its answers mean."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from orchestration.settings import HubspotSource
from orchestration.sources.crm.errors import (
    NotOffered,
    NotPermitted,
    QuotaExhausted,
    UnexpectedAnswer,
    WrongCredentials,
)
from orchestration.sources.crm.http import Account, Token, ask_for_token
from orchestration.sources.crm.patience import Pause, retry_after
from orchestration.sources.hubspot.kinds import Kind

_HOST = "https://api.hubapi.com"
_WHERE_SCOPES = (
    "in HubSpot under Settings > Integrations, on the page of the private app or service key "
    "(of an OAuth app: in its own settings, then install it once more)"
)
# Renewed so long before its end, a token never expires on its way.
_TOKEN_MARGIN = timedelta(minutes=1)


class HubspotAccount(Account):
    """One HubSpot account; a static token and an app's refresh token log in alike."""

    settings: HubspotSource

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._properties: dict[str, tuple[str, ...]] = {}

    @property
    def base_url(self) -> str:
        """The one host of HubSpot's API."""
        return (self.settings.base_url or _HOST).rstrip("/")

    # Paths: dated versions stand behind the name of the API, v3 before it.

    def api(self, area: str, rest: str) -> str:
        """Return a path of an API such as ``crm/objects`` in the version of the settings."""
        version = self.settings.api_version
        if version != "v3":
            return f"/{area}/{version}/{rest}".rstrip("/")
        first, _, name = area.partition("/")
        # Associations never had a third version that names all of a batch.
        old = "v4" if name == "associations" else "v3"
        return "/" + "/".join(part for part in (first, old, name, rest) if part)

    def objects(self, kind: Kind, rest: str = "") -> str:
        """Return a path of the records of one kind."""
        return self.api("crm/objects", f"{kind.object_type}/{rest}").rstrip("/")

    # Logging in

    def fetch_token(self) -> Token:
        """Return the static token, or one for the refresh token. Raises ``WrongCredentials``."""
        settings = self.settings
        try:
            if settings.access_token is not None:
                return Token(self.secret(settings.access_token.reveal()))
            assert settings.client_id is not None  # the settings ask for one way or the other
            assert settings.client_secret is not None
            assert settings.refresh_token is not None
            form = {
                "grant_type": "refresh_token",
                "client_id": settings.client_id.reveal(),
                "client_secret": self.secret(settings.client_secret.reveal()),
                "refresh_token": self.secret(settings.refresh_token.reveal()),
            }
        except LookupError as error:
            raise WrongCredentials(f"{settings.name}: {error}") from None
        version = settings.api_version
        path = "/oauth/v1/token" if version == "v3" else f"/oauth/{version}/token"
        answer = ask_for_token(self, self.base_url + path, form)
        if "access_token" not in answer:
            told = answer.get("message") or answer.get("error_description") or answer.get("error")
            raise WrongCredentials(
                f"{settings.name}: HubSpot gives no token ({answer['status_code']}: {told}); check "
                "client_id, client_secret and refresh_token, and that the app is still installed"
            )
        lasts = timedelta(seconds=float(answer.get("expires_in", 1800)))
        return Token(
            str(answer["access_token"]), datetime.now(UTC) + max(lasts - _TOKEN_MARGIN, lasts / 2)
        )

    def authorize(self, headers: Any, token: str) -> None:
        """Put the token into a request's headers."""
        headers["Authorization"] = f"Bearer {token}"

    def is_expired(self, response: requests.Response) -> bool:
        """Whether another token may help: a static one has no successor."""
        return response.status_code == 401 and self.settings.access_token is None

    # Answers

    def judge(self, response: requests.Response) -> Pause | None:
        """Say what an answer means: null if it is good, a pause if it has to be repeated."""
        status = response.status_code
        if status < 400:
            return None
        if "json" not in response.headers.get("Content-Type", "json") and status != 414:
            return Pause(f"a web page came instead of data ({status})", retry_after(response))
        error = _error_of(response)
        match status:
            case 429:
                return self._throttled(response, error)
            case 423:
                return Pause("the record is locked", retry_after(response) or 2.0)
            case 477:
                return Pause("the account is being moved", retry_after(response))
            case 401:
                raise WrongCredentials(
                    f"{self.settings.name}: HubSpot does not accept the token "
                    f"({_told(error)}); make another one and put it into the environment variable"
                )
            case 403:
                raise NotPermitted(self._forbidden(response, error))
            case 414:
                raise UnexpectedAnswer(f"{self.settings.name}: a request's address was too long")
        if status == 404 or "object type" in str(error.get("message", "")).lower():
            raise NotOffered(
                f"{self.settings.name}: the account has no {_path(response)} ({_told(error)})"
            )
        raise UnexpectedAnswer(
            f"{self.settings.name}: HubSpot refused {_path(response)} with {status} "
            f"({_told(error)})"
        )

    def _throttled(self, response: requests.Response, error: dict[str, Any]) -> Pause:
        policy = f"{error.get('policyName', '')} {error.get('message', '')}".upper()
        if "DAILY" in policy:
            raise QuotaExhausted(
                f"{self.settings.name}: HubSpot's daily limit of requests is used up; it begins "
                "anew at midnight of the account's time zone, and the next night carries on"
            )
        usual = 10.0 if "TEN_SECONDLY" in policy else 1.0 if "SECONDLY" in policy else None
        return Pause("too many requests in a short time", retry_after(response) or usual)

    def _forbidden(self, response: requests.Response, error: dict[str, Any]) -> str:
        scopes = missing_scopes(error)
        what = f"the scope {' or '.join(scopes)} is missing" if scopes else _told(error)
        return (
            f"{self.settings.name}: {_path(response)} is not permitted: {what}; "
            f"grant it {_WHERE_SCOPES}"
        )

    def ping(self) -> None:
        """Ask for the account's details: they need no scope."""
        self.get(self.api("account-info", "details"))

    # What every pull needs

    def property_names(self, kind: Kind) -> tuple[str, ...]:
        """Return the properties that are to land, in order: all of them, custom ones too."""
        if kind.properties:
            return kind.properties
        if kind.object_type not in self._properties:
            answer = self.get(self.api("crm/properties", kind.object_type)).json()
            names = (str(entry["name"]) for entry in answer["results"])
            self._properties[kind.object_type] = tuple(sorted(names))
        return self._properties[kind.object_type]

    def read(
        self,
        kind: Kind,
        ids: Sequence[str],
        *,
        properties: Sequence[str] = (),
        history: Sequence[str] = (),
        archived: bool = False,
    ) -> requests.Response:
        """Read records by their ids: at most 100, or 50 with history.

        An id that is not there is left out of the answer; one that was merged away is answered
        with the record that took it over. Raises ``UnexpectedAnswer`` where HubSpot could not read
        a record for another reason.
        """
        answer = self.ask(
            self.objects(kind, "batch/read"),
            "POST",
            params={"archived": str(archived).lower()},
            json={
                "inputs": [{"id": id_} for id_ in ids],
                "properties": list(properties),
                "propertiesWithHistory": list(history),
            },
        )
        refuse_partial(self, answer)
        return answer


def refuse_partial(account: HubspotAccount, answer: requests.Response) -> None:
    """Raise ``UnexpectedAnswer`` if a batch failed for more than ids that are not there."""
    if answer.status_code != 207:
        return
    for error in answer.json().get("errors", ()):
        words = f"{error.get('category')} {error.get('subCategory')}".upper()
        if "NOT_FOUND" not in words:
            raise UnexpectedAnswer(
                f"{account.settings.name}: HubSpot could not read all of {_path(answer)} "
                f"({_told(error)})"
            )


def missing_scopes(error: dict[str, Any]) -> list[str]:
    """Return the scopes that an error names, wherever it names them."""
    contexts = [error.get("context"), *(e.get("context") for e in error.get("errors") or ())]
    names = ("missingScopes", "requiredScopes", "requiredGranularScopes")
    found = [
        str(scope)
        for context in contexts
        if isinstance(context, dict)
        for name in names
        for scope in context.get(name) or ()
    ]
    return sorted(set(found))


def _error_of(response: requests.Response) -> dict[str, Any]:
    try:
        error = response.json()
    except ValueError:
        return {}
    return error if isinstance(error, dict) else {}


def _told(error: dict[str, Any]) -> str:
    told = str(error.get("message") or "without a reason")
    number = error.get("correlationId")
    return f"{told}; correlation {number}" if number else told


def _path(response: requests.Response) -> str:
    return str(response.request.path_url or "").partition("?")[0]
