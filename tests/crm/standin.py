"""A CRM on loopback: the frame that every vendor's stand-in fills with its own endpoints.

Routing, the simulated clock, the log of requests, the wire and its faults belong here. Endpoints,
error bodies, paging and authentication belong to the vendors' stand-ins, which subclass
``StandIn`` and mark their endpoints with ``endpoint``.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, ClassVar, Self, TypeVar
from urllib.parse import unquote

from tests.crm.faults import Fault, FaultPlan
from tests.crm.messages import Answer, BadParameter, Refused, Request
from tests.crm.truth import Truth
from tests.crm.view import View
from tests.crm.wire import Server

Handler = TypeVar("Handler", bound=Callable[..., Answer])
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Logged:
    """One request that came in. ``endpoint`` is the route's pattern, empty if there is none."""

    number: int
    method: str
    endpoint: str
    path: str
    query: Mapping[str, list[str]]
    status: int | None
    tokens: int
    now: datetime
    fault: str | None


@dataclass(frozen=True)
class Route:
    """Where an endpoint is; ``tokens`` is its price in the vendor's own measure."""

    method: str
    pattern: str
    tokens: int
    is_open: bool
    name: str

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """Return the values of the placeholders if a request is for this route."""
        if method != self.method:
            return None
        found = re.fullmatch(_PLACEHOLDER.sub(r"(?P<\1>[^/]+)", self.pattern), path)
        return {k: unquote(v) for k, v in found.groupdict().items()} if found else None


def endpoint(
    method: str, pattern: str, *, tokens: int = 0, is_open: bool = False
) -> Callable[[Handler], Handler]:
    """Mark a method as an endpoint: ``{name}`` in the pattern stands for one part of the path.

    The method takes a ``Request`` and returns an ``Answer``. ``is_open`` endpoints are asked
    without a token, such as the one that gives tokens out.
    """

    def mark(handler: Handler) -> Handler:
        routes = [*getattr(handler, "routes", [])]
        name = handler.__name__
        handler.routes = [*routes, Route(method, pattern, tokens, is_open, name)]  # type: ignore[attr-defined]
        return handler

    return mark


class StandIn:
    """A server with a clock of its own. Use it as a context manager; ``url`` is where it listens.

    Requests are worked on one at a time, in the order in which they come in. ``now`` may be set
    at any time; ``tick`` moves it on before each request, so that the company changes during an
    extraction.
    """

    vendor: ClassVar[str] = "none"

    def __init__(self, truth: Truth, now: datetime, faults: FaultPlan | None = None) -> None:
        self.truth = truth
        self.view = View(truth)
        self.now = now
        self.tick = timedelta()
        self.faults = faults or FaultPlan()
        self.log: list[Logged] = []
        self._lock = threading.RLock()
        self._server: Server | None = None
        self._routes = [
            route
            for name in dir(type(self))
            for route in getattr(getattr(type(self), name), "routes", [])
        ]

    def __enter__(self) -> Self:
        self._server = Server(self.serve)
        self._server.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.stop()
        self._server = None

    @property
    def url(self) -> str:
        """The base of every address, without a slash at its end."""
        assert self._server is not None, "the stand-in is not running"
        return self._server.url

    # What a vendor words for itself.

    def authorize(self, request: Request) -> None:
        """Raise ``Refused`` for a request without a token that holds at this moment."""

    def expire_tokens(self) -> None:
        """Let every token given out so far stop working."""

    def not_found(self, request: Request) -> Answer:
        """Return what the vendor says to a path that it doesn't have."""
        return Answer(404)

    def bad_parameter(self, request: Request, problem: BadParameter) -> Answer:
        """Return what the vendor says to a parameter that it doesn't take."""
        return Answer(400, str(problem).encode())

    def throttled(self) -> Answer:
        """Return what the vendor says to too many requests in a short time."""
        return Answer(429, headers={"Retry-After": "1"})

    def quota_exhausted(self) -> Answer:
        """Return what the vendor says once the daily quota is used up."""
        return self.throttled()

    def server_error(self, status: int) -> Answer:
        """Return what the vendor says when it fails itself."""
        return Answer(status)

    def price(self, request: Request, route: Route) -> int:
        """Return what a request costs in the vendor's measure."""
        return route.tokens

    def new_day(self) -> None:
        """Give a new daily quota."""
        self.faults.new_day()

    # What tests read.

    def requests_by_endpoint(self) -> Counter[str]:
        """Return how many requests came in for each method and route."""
        return Counter(f"{entry.method} {entry.endpoint or entry.path}" for entry in self.log)

    @property
    def tokens(self) -> int:
        """What all requests have cost in the vendor's measure."""
        return sum(entry.tokens for entry in self.log)

    def forget_log(self) -> None:
        """Start counting requests and tokens anew."""
        self.log.clear()

    # Serving.

    def serve(self, request: Request) -> tuple[Answer | None, Fault | None, datetime]:
        """Work on one request: the answer (null: none is due), the fault, the Date to send."""
        with self._lock:
            self.now += self.tick
            fault = self.faults.next(request.path)
            route, at = self._route(request)
            asked = Request(
                request.method, request.path, request.query, request.headers, request.body, at
            )
            tokens = self.price(asked, route) if route else 0
            answer = self._answer(asked, route, fault)
            status = None if answer is None else answer.status
            self.log.append(
                Logged(
                    number=len(self.log) + 1,
                    method=request.method,
                    endpoint=route.pattern if route else "",
                    path=request.path,
                    query=request.query,
                    status=status,
                    tokens=tokens,
                    now=self.now,
                    fault=fault.kind if fault else None,
                )
            )
            skew = fault.skew if fault and fault.kind == "skewed_clock" else timedelta()
            return answer, fault, self.now.astimezone(UTC) + skew

    def _route(self, request: Request) -> tuple[Route | None, dict[str, str]]:
        for route in self._routes:
            at = route.match(request.method, request.path)
            if at is not None:
                return route, at
        return None, {}

    def _answer(self, request: Request, route: Route | None, fault: Fault | None) -> Answer | None:
        match fault.kind if fault else None:
            case "throttled":
                return self.throttled()
            case "server_error":
                return self.server_error((fault and fault.status) or 503)
            case "reset_before":
                return None
            case "expired_token":
                self.expire_tokens()
        if route is None:
            return self.not_found(request)
        try:
            if not route.is_open:
                self.authorize(request)
                if self.faults.is_over_quota():
                    return self.quota_exhausted()
            handler: Callable[[Request], Any] = getattr(self, route.name)
            answer: Answer = handler(request)
        except BadParameter as problem:
            return self.bad_parameter(request, problem)
        except Refused as refused:
            return refused.answer
        return answer
