"""What a vendor's package offers: its account, how each object is pulled, and its check."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from orchestration.landing import Window
from orchestration.sources.crm.delivery import Delivery
from orchestration.sources.crm.findings import Finding
from orchestration.sources.crm.http import Account


@dataclass
class Pull:
    """One object's extraction under way: whom to ask, for what, and where to put it.

    ``resume`` is what the interrupted run before this one left with ``delivery.checkpoint``.
    """

    account: Any
    window: Window
    delivery: Delivery
    resume: Any
    progress: Callable[[str], None]
    landed_ids: Callable[[str], list[str]]
    """Object -> ids, in order, of its records that landed since this object's last complete load
    (or, when resuming, that the interrupted load had to ask for)."""
    folder: Path
    """A folder for files of its own, gone after the extraction."""

    @property
    def start(self) -> datetime | None:
        """From when on changes are wanted (aware); null: everything."""
        return self.window.start

    @property
    def end(self) -> datetime:
        """Up to when, exclusive (aware, by the vendor's clock)."""
        return self.window.end


@dataclass(frozen=True)
class Vendor:
    """How a CRM is extracted from.

    ``open`` makes its account from settings, a progress function and (tests) a way to sleep;
    ``pulls`` holds the extraction of each of its objects, by name; ``check`` tries everything that
    a night needs and says what it found.
    """

    label: str
    open: Callable[..., Account]
    pulls: Mapping[str, Callable[[Pull], None]]
    check: Callable[[Account], Iterator[Finding]]
