"""What goes wrong on the way between a client and a CRM, planned and counted.

Here belongs when which fault is due. How a fault looks on the wire is done by ``standin``, in the
vendor's words where it has its own.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

FaultKind = Literal[
    "throttled",  # too many requests in a short time: the vendor's own answer
    "server_error",  # 500, 502 or 503
    "reset_before",  # the connection breaks before the request is worked on
    "reset_after",  # it is worked on, but the answer never comes
    "reset_in_body",  # the answer breaks off in the middle
    "truncated",  # half the text, with the right length of that half
    "html",  # a gateway's page in the place of the answer, with status 200 or 403
    "slow",  # the answer takes `seconds`, longer than the client's patience if it is meant to
    "expired_token",  # every token given out so far stops working
    "skewed_clock",  # this answer's Date is wrong by `skew`
]

KINDS: tuple[FaultKind, ...] = (
    *("throttled", "server_error", "reset_before", "reset_after", "reset_in_body"),
    *("truncated", "html", "slow", "expired_token", "skewed_clock"),
)
# After these the client gets what it asked for, so that they never use up its attempts.
HARMLESS: frozenset[FaultKind] = frozenset({"skewed_clock"})


@dataclass(frozen=True)
class Fault:
    """One fault. ``status`` counts for ``server_error`` and ``html``, null is the usual one."""

    kind: FaultKind
    status: int | None = None
    seconds: float = 0.5
    skew: timedelta = timedelta(minutes=5)


class FaultPlan:
    """Decides per request, deterministic from its script or its seed, and counts what it did.

    Requests are counted from 1, those to ``only`` paths (parts of them; empty: all). Every counter
    goes on over nights, since a plan belongs to a stand-in and not to a night.
    """

    def __init__(self, *, only: Sequence[str] = (), quota: int | None = None) -> None:
        """``quota`` is how many requests a day may hold before the vendor says that it is over."""
        self.only = tuple(only)
        self.quota = quota
        self.injected: Counter[str] = Counter()
        self.requests = 0
        self._today = 0

    @property
    def total(self) -> int:
        """How many faults were injected so far."""
        return self.injected.total()

    def new_day(self) -> None:
        """Give a new daily quota."""
        self._today = 0

    def next(self, path: str) -> Fault | None:
        """Return the fault that is due for this request, if one is."""
        if self.only and not any(part in path for part in self.only):
            return None
        self.requests += 1
        fault = self._due(self.requests)
        if fault is not None:
            self.injected[fault.kind] += 1
        return fault

    def is_over_quota(self) -> bool:
        """Count a request against the day's quota; true once that is used up."""
        self._today += 1
        over = self.quota is not None and self._today > self.quota
        if over:
            self.injected["quota"] += 1
        return over

    def _due(self, number: int) -> Fault | None:
        return None


class ScriptedFaults(FaultPlan):
    """Faults at named requests: ``{1: "slow", 4: Fault("html", status=403)}``."""

    def __init__(
        self,
        script: Mapping[int, Fault | FaultKind],
        *,
        only: Sequence[str] = (),
        quota: int | None = None,
    ) -> None:
        super().__init__(only=only, quota=quota)
        self._script = {
            number: Fault(fault) if isinstance(fault, str) else fault
            for number, fault in script.items()
        }

    def _due(self, number: int) -> Fault | None:
        return self._script.get(number)


@dataclass
class _Run:
    """How many faults came in a row."""

    length: int = 0


@dataclass(frozen=True)
class Mix:
    """What random faults are made of: ``rate`` per request, at most ``in_a_row`` after another."""

    rate: float = 0.1
    kinds: Sequence[FaultKind] = KINDS
    in_a_row: int = 2
    slow_seconds: float = 0.5
    statuses: Sequence[int] = (500, 502, 503)
    skews: Sequence[timedelta] = (timedelta(minutes=5), timedelta(minutes=-5))
    spared: Collection[str] = field(default_factory=frozenset)


class RandomFaults(FaultPlan):
    """Faults by chance, the same for the same seed and sequence of requests."""

    def __init__(
        self,
        seed: int,
        mix: Mix | None = None,
        *,
        only: Sequence[str] = (),
        quota: int | None = None,
    ) -> None:
        super().__init__(only=only, quota=quota)
        self._seed = seed
        self._mix = mix or Mix()
        self._run = _Run()

    def next(self, path: str) -> Fault | None:
        """Return the fault that is due, sparing paths that the mix names."""
        if any(part in path for part in self._mix.spared):
            return None
        return super().next(path)

    def _due(self, number: int) -> Fault | None:
        chance = random.Random(self._seed * 1_000_003 + number)
        mix = self._mix
        if chance.random() >= mix.rate or self._run.length >= mix.in_a_row:
            self._run.length = 0
            return None
        kind = chance.choice(list(mix.kinds))
        if kind not in HARMLESS:
            self._run.length += 1
        status = None
        if kind == "server_error":
            status = chance.choice(list(mix.statuses))
        elif kind == "html":
            status = chance.choice((200, 403))
        return Fault(kind, status, mix.slow_seconds, chance.choice(list(mix.skews)))
