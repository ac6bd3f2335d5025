"""A CRM account over HTTP: dlt's REST client on a session that waits as it is asked to.

Here belong asking, the token's renewal in mid-run, counting what was spent, the vendor's clock, and
secrets. Waiting and repeating is ``patience``'s; what a vendor's answers mean is said by its own
``Account`` (``judge``).
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import requests
from dlt.sources.helpers.requests.session import Session
from dlt.sources.helpers.rest_client.client import RESTClient
from dlt.sources.helpers.rest_client.paginators import BasePaginator
from requests.auth import AuthBase

from orchestration.settings import CrmSource
from orchestration.sources.crm.errors import (
    CrmError,
    QuotaExhausted,
    UnexpectedAnswer,
)
from orchestration.sources.crm.patience import TROUBLED, Patience, Pause, retry_after
from orchestration.sources.crm.records import is_json, slices


@dataclass(frozen=True)
class Token:
    """An access token. ``expires_at`` (aware) is null where the vendor does not tell;
    ``base_url`` where the token does not say which host to ask."""

    value: str
    expires_at: datetime | None = None
    base_url: str | None = None


@dataclass(frozen=True)
class Page:
    """One answer of a list, and its records as the vendor's bytes."""

    records: list[bytes]
    response: requests.Response

    @property
    def origin(self) -> str:
        """Method and path, as the landing names where a record came from."""
        return origin_of(self.response)


class Account(ABC):
    """One account of one CRM during one run. Not thread-safe: a run asks one thing at a time.

    ``progress`` takes short texts; ``sleep`` is how it waits (tests pass another).
    """

    def __init__(
        self,
        settings: CrmSource,
        progress: Callable[[str], None],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.settings = settings
        self.progress = progress
        self.requests = 0
        self.tokens = 0
        self.stopped: CrmError | None = None
        self._token: Token | None = None
        self._secrets: set[str] = set()
        self._vendor_time: datetime | None = None
        self._patience = Patience(
            settings.name, settings.longest_wait_seconds, self._say, self.mask, sleep
        )
        session = Session(timeout=settings.timeout_seconds, raise_for_status=False)
        session.hooks["response"] = [self._on_response]
        session.send = self._patience.repeating(session.send)  # type: ignore[method-assign]
        self.session = session
        self.client = RESTClient(base_url=self.base_url, session=session, auth=_TokenAuth(self))

    # What a vendor says of itself

    @property
    @abstractmethod
    def base_url(self) -> str:
        """The host and path in front of every request, without a slash at its end."""

    @abstractmethod
    def fetch_token(self) -> Token:
        """Return a fresh token. Raises ``WrongCredentials``."""

    @abstractmethod
    def authorize(self, headers: Any, token: str) -> None:
        """Put the token into a request's headers."""

    @abstractmethod
    def judge(self, response: requests.Response) -> Pause | None:
        """Say what an answer means: null if it is good, a pause if it has to be repeated.

        Raises a ``CrmError`` otherwise. Called for every answer that isn't plainly broken.
        """

    def is_expired(self, response: requests.Response) -> bool:
        """Whether an answer says that the token's time is over."""
        return response.status_code == 401

    def cost(self, response: requests.Response) -> int:
        """Return what an answer cost in the vendor's own tokens or credits."""
        return 0

    @abstractmethod
    def ping(self) -> None:
        """Ask the cheapest question that needs a token; its answer carries the vendor's clock."""

    # Asking

    def get(self, path: str, **options: Any) -> requests.Response:
        """Send one GET request and return its good answer. Raises ``CrmError``."""
        return self.ask(path, "GET", **options)

    def ask(
        self, path: str, method: Literal["GET", "POST", "PATCH", "DELETE"], **options: Any
    ) -> requests.Response:
        """Send one request and return its good answer. Raises ``CrmError``."""
        self._rebase()
        return self.client.request(path, method=method, **options)

    def pages(
        self,
        path: str,
        select: tuple[str, ...],
        paginator: BasePaginator,
        *,
        method: Literal["GET", "POST"] = "GET",
        **options: Any,
    ) -> Iterator[Page]:
        """Ask page after page; ``select`` leads to the list of records in the body."""
        self._rebase()
        selector = ".".join(f"'{key}'" if "$" in key else key for key in select) or "$"
        for page in self.client.paginate(
            path,
            method=method,
            paginator=paginator,
            data_selector=selector,
            hooks={"response": [self._on_response]},  # type: ignore[list-item]
            **options,
        ):
            yield Page(slices(page.response.content, select), page.response)

    def download(self, path: str, target: Path, **options: Any) -> Mapping[str, str]:
        """Write an answer's body to a file without holding it; return the answer's headers."""
        self._rebase()

        def fetch() -> Mapping[str, str]:
            response = self.client.request(path, method="GET", stream=True, **options)
            with response, target.open("wb") as file:
                for piece in response.iter_content(1 << 20):
                    file.write(piece)
            return response.headers

        # Again from the beginning where the body breaks off, which the session can't see.
        return self._patience.repeating(fetch)()

    def _say(self, text: str) -> None:
        # Not bound once: every object of a run tells its own step.
        self.progress(text)

    def _rebase(self) -> None:
        # Some vendors name the host to ask only together with the token.
        self.client.base_url = self.base_url

    # Time, money and secrets

    def now(self) -> datetime:
        """Return the present by the earlier of two clocks, the vendor's and ours (UTC).

        The vendor stamps its records with its own clock; a window that ended later than that
        would leave out what happens until then.
        """
        if self._vendor_time is None:
            self.ping()
        ours = datetime.now(UTC)
        return ours if self._vendor_time is None else min(ours, self._vendor_time)

    def afford(self, requests_wanted: int = 1, tokens_wanted: int = 0) -> None:
        """Raise ``QuotaExhausted`` if the night's budget does not reach for so much more."""
        for limit, spent, wanted, what in (
            (self.settings.requests_per_night, self.requests, requests_wanted, "requests"),
            (self.settings.tokens_per_night, self.tokens, tokens_wanted, "tokens"),
        ):
            if limit is not None and spent + wanted > limit:
                raise QuotaExhausted(
                    f"{self.settings.name}: the budget of {limit:,} {what} a night is spent; "
                    f"the next night carries on. Raise {what}_per_night to get more in one night"
                )

    def secret(self, value: str) -> str:
        """Remember a secret, so that no text shows it; return it."""
        if value:
            self._secrets.add(value)
        return value

    def mask(self, text: str) -> str:
        """Return a text without any secret in it."""
        for value in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(value, "***")
        return text

    def mask_bytes(self, content: bytes) -> bytes:
        """Return bytes without any secret in them."""
        for value in self._secrets:
            content = content.replace(value.encode(), b"***")
        return content

    @property
    def token(self) -> Token:
        """The token of this run, fetched when first needed and renewed shortly before its end."""
        token = self._token
        is_old = (
            token is not None
            and token.expires_at is not None
            and token.expires_at <= datetime.now(UTC)
        )
        if token is None or is_old:
            token = self._renew()
        return token

    def _renew(self) -> Token:
        token = self.fetch_token()
        self.secret(token.value)
        self._token = token
        return token

    # What happens around every answer

    def _on_response(self, response: requests.Response, **kwargs: Any) -> requests.Response:
        request = response.request
        if getattr(request, "is_for_token", False):
            if response.status_code in TROUBLED or response.status_code == 429:
                why = f"the token endpoint answers {response.status_code}"
                response.pause = Pause(why, retry_after(response))  # type: ignore[attr-defined]
            return response
        self.requests += 1
        self.tokens += self.cost(response)
        with suppress(KeyError, ValueError, TypeError):
            stamp = parsedate_to_datetime(response.headers["Date"]).astimezone(UTC)
            self._vendor_time = self._vendor_time or stamp
        if self.is_expired(response) and not getattr(request, "has_new_token", False):
            self.progress(f"{self.settings.name}: the access token has expired, asking for another")
            again = request.copy()
            again.has_new_token = True  # type: ignore[attr-defined]
            self.authorize(again.headers, self._renew().value)
            response.close()
            # The same adapter that brought this answer: the way of requests' own digest scheme.
            connection: Any = response.connection
            answer = connection.send(again, **kwargs)
            answer.history.append(response)
            return self._on_response(answer, **kwargs)
        response.pause = self._pause_for(response, kwargs)  # type: ignore[attr-defined]
        return response

    def _pause_for(self, response: requests.Response, kwargs: Mapping[str, Any]) -> Pause | None:
        if response.status_code in TROUBLED:
            seconds = retry_after(response)
            return Pause(f"the server answers {response.status_code}", seconds)
        is_good = response.status_code < 400
        if is_good and not kwargs.get("stream") and response.content.strip():
            kind = response.headers.get("Content-Type", "")
            if "json" in kind and not is_json(response.content):
                return Pause("the answer breaks off in the middle")
            if "html" in kind:
                return self.judge(response) or Pause("a web page came instead of data")
        return self.judge(response)


class _TokenAuth(AuthBase):
    def __init__(self, account: Account) -> None:
        self._account = account

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        self._account.authorize(request.headers, self._account.token.value)
        return request


def ask_for_token(
    account: Account, url: str, form: Mapping[str, str], **options: Any
) -> dict[str, Any]:
    """Post a form to an OAuth token endpoint and return its JSON answer, whatever its status.

    The status is added as ``status_code``. Raises ``UnexpectedAnswer`` where it is not JSON, and
    ``SourceUnavailable`` where there is no answer.
    """
    request = requests.Request("POST", url, data=dict(form), **options)
    prepared = account.session.prepare_request(request)
    prepared.is_for_token = True  # type: ignore[attr-defined]
    response: requests.Response = account.session.send(prepared)  # type: ignore[no-untyped-call]
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise UnexpectedAnswer(
            f"{account.settings.name}: the token endpoint answered {response.status_code} "
            "without JSON; check base_url and the login host"
        )
    return {**answer, "status_code": response.status_code}


def origin_of(response: requests.Response) -> str:
    """Return the method and the path of an answer's request."""
    url = urlsplit(response.url or "")
    return f"{response.request.method} {url.path}"
