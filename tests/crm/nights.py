"""Nights against a stand-in: extract into a landing, build the facts, read them back.

How one object is extracted is the product's own function, handed in; what the facts should be is
said by ``expected`` and by the reference on a ``projection``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from orchestration.home import Home
from orchestration.landing import Landing
from orchestration.settings import Settings
from orchestration.warehouse.layout import Night
from tests.crm.projection import CrmNight, Projection
from tests.crm.standin import StandIn
from tests.reference.company import reference_of
from tests.support.batch import MODELS, Built, build_facts, read_facts
from tests.support.compare import differences


class Result(Protocol):
    """What the extraction of one object says of itself."""

    @property
    def table(self) -> str:
        """The object."""

    @property
    def state(self) -> str:
        """The outcome in one word."""

    @property
    def message(self) -> str:
        """What somebody should do, or empty."""


# Extracts every object of the stand-in's account, in order, as one night does.
Extract = Callable[[StandIn, Landing, CrmNight], Iterable[Result]]


@dataclass(frozen=True)
class Extracted:
    """What one night's extraction came to, and what it spent and met."""

    night: CrmNight
    results: Sequence[Result]
    requests: Counter[str] = field(default_factory=Counter)
    tokens: int = 0
    faults: Counter[str] = field(default_factory=Counter)

    @property
    def unfinished(self) -> dict[str, str]:
        """Objects that were not extracted to their end, with what they say."""
        return {
            result.table: f"{result.state}: {result.message}"
            for result in self.results
            if result.state in ("interrupted", "failed")
        }


def extract_night(
    standin: StandIn, landing: Landing, night: CrmNight, extract: Extract
) -> Extracted:
    """Set the stand-in's clock to the night, with a new daily quota, and extract."""
    standin.now = night.starts_at
    standin.new_day()
    standin.forget_log()
    before = standin.faults.injected.copy()
    results = list(extract(standin, landing, night))
    return Extracted(
        night,
        results,
        standin.requests_by_endpoint(),
        standin.tokens,
        standin.faults.injected - before,
    )


def extract_nights(
    standin: StandIn, landing: Landing, nights: Iterable[CrmNight], extract: Extract
) -> list[Extracted]:
    """Extract night after night into one landing."""
    return [extract_night(standin, landing, night, extract) for night in nights]


@dataclass
class Warehouse:
    """A home folder and its settings: nights of building without the orchestrator."""

    folder: Path
    settings: Settings

    @property
    def home(self) -> Home:
        """The home folder."""
        return Home(self.folder)

    @property
    def landing(self) -> Landing:
        """The landing that the warehouse is built on."""
        return Landing(self.home.landing)

    def build(self, night: CrmNight, models: Sequence[str] = MODELS) -> Built:
        """Build a night's facts on what landed, and return them."""
        build_facts(self.home, self.settings, Night(night.as_of), models)
        return read_facts(self.home)

    def rebuild(self, night: CrmNight, models: Sequence[str] = MODELS) -> Built:
        """Build everything anew from the landing alone, and return it."""
        self.home.warehouse.unlink(missing_ok=True)
        return self.build(night, models)


def differences_from_telling(
    projection: Projection, nights: Sequence[CrmNight], built: Built, source: str
) -> list[str]:
    """Return a line for each row that only the reference, on what was told, or the facts have.

    ``nights`` are those run so far, in order; the last one is the one that ``built`` reports.
    """
    reference = reference_of(projection.deliveries(nights), projection.rules(nights[-1].as_of))
    return differences(reference, built, source)
