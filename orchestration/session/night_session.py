"""One run of the orchestrator on one home folder: the lock, the stamp, the settings.

Every asset that writes takes the session, so that whoever starts a run (schedule, UI, command
line) holds the night's lock from its first step to its last. What the steps do is theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import PrivateAttr

from orchestration.home import Home
from orchestration.landing import Landing
from orchestration.publication.night import finish_publication
from orchestration.sample.bundle import is_bundled, prepare
from orchestration.session.dead_runs import bury_dead_runs
from orchestration.session.lock import NightLock
from orchestration.settings import CrmSource, Settings, load_settings
from orchestration.sources.registry import vendor_of

if TYPE_CHECKING:
    from orchestration.sources.crm.http import Account


class NightSession(dg.ConfigurableResource):
    """The home folder, held by this run alone while it lasts."""

    wait_seconds: float = 3600.0
    """How long to wait for another run on the same home folder before giving up."""

    _settings: Settings | None = PrivateAttr(default=None)
    _known_at: datetime | None = PrivateAttr(default=None)
    _accounts: dict[str, Any] = PrivateAttr(default_factory=dict)
    _done: set[str] = PrivateAttr(default_factory=set)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[NightSession]:
        """Hold the lock for the whole run; sweep what a killed run left behind."""
        log = context.log or dg.get_dagster_logger()
        home = Home.from_environment()
        self._settings = load_settings()
        self._accounts = {}
        self._done = set()
        lock = NightLock(home.lock)
        run_id = context.run.run_id if context.run else "a run without an id"
        with lock.holding(self.wait_seconds, log.info, what=f"run {run_id}"):
            # Taken under the lock: a run that waited must not stamp what another one landed.
            self._known_at = datetime.now(UTC)
            if is_bundled(self._settings):
                prepare(home)
            if context.instance is not None:
                bury_dead_runs(context.instance, log.warning)
            for leftover in Landing(home.landing).sweep():
                log.warning(f"Removed what an interrupted run left behind: {leftover}")
            for done in finish_publication(home):
                log.warning(done)
            yield self

    def account(self, source: CrmSource, progress: Callable[[str], None]) -> Account:
        """Return the account of a CRM source: one a run, so that its objects share the token."""
        account: Account | None = self._accounts.get(source.name)
        if account is None:
            account = vendor_of(source).open(source, progress)
            self._accounts[source.name] = account
        account.progress = progress
        return account

    def is_due(self, what: str) -> bool:
        """Whether something has to be done in this run: true the first time that it is asked."""
        due = what not in self._done
        self._done.add(what)
        return due

    @property
    def home(self) -> Home:
        """The home folder."""
        return Home.from_environment()

    @property
    def settings(self) -> Settings:
        """The settings, read once a run."""
        if self._settings is None:
            raise RuntimeError("the session has not begun")
        return self._settings

    @property
    def known_at(self) -> datetime:
        """The one stamp of everything that this run learns."""
        if self._known_at is None:
            raise RuntimeError("the session has not begun")
        return self._known_at

    @property
    def as_of(self) -> date:
        """The last business day that this run reports."""
        return self.settings.as_of_day(self.known_at)
