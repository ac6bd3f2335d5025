"""An account of a stand-in during one run: opened by its CRM's own package, asked as a night asks.

Settings of an account belong to the CRM's folder; the nights, and the stand-in's clock, to
``nights``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

from orchestration.landing import Landing
from orchestration.settings import CrmSource
from orchestration.sources.crm.extract import extract_object
from orchestration.sources.crm.http import Account
from orchestration.sources.registry import crm_objects, vendor_of
from orchestration.sources.result import ExtractResult
from tests.crm.nights import Extract
from tests.crm.projection import CrmNight
from tests.crm.standin import StandIn


def open_account(source: CrmSource, told: list[str] | None = None) -> Account:
    """Return the account of one run, which doesn't really wait; what it says goes to ``told``."""
    progress = (lambda text: None) if told is None else told.append
    return vendor_of(source).open(source, progress, sleep=lambda seconds: None)


def extract_objects(
    account: Account,
    landing: Landing,
    night: CrmNight,
    told: list[str] | None = None,
    only: Collection[str] = (),
) -> Iterator[ExtractResult]:
    """Extract every object of the account, or ``only`` these, as one night does."""
    pulls = vendor_of(account.settings).pulls
    for item in crm_objects(account.settings.type):
        if not only or item.name in only:
            yield extract_object(
                account,
                item,
                pulls[item.name],
                landing,
                known_at=night.starts_at,
                as_of=night.as_of,
                progress=None if told is None else told.append,
            )


def extracting(
    source_of: Callable[..., CrmSource],
    told: list[str] | None = None,
    only: Collection[str] = (),
    **options: Any,
) -> Extract:
    """Return a night's extraction from a running stand-in, with an account of its own.

    ``source_of`` makes the account's settings of the stand-in and ``options``.
    """

    def extract(standin: StandIn, landing: Landing, night: CrmNight) -> Iterator[ExtractResult]:
        account = open_account(source_of(standin, **options), told)
        return extract_objects(account, landing, night, told, only)

    return extract
