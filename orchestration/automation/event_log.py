"""Where the orchestrator keeps its events: its own SQLite files, held open and written in batches.

Named in ``profiles/dagster.yaml``. What an event is, and in which file it stands, is Dagster's.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

from dagster import EventLogEntry
from dagster._core.storage.event_log.sqlite.sqlite_event_log import (
    INDEX_SHARD_NAME,
    SqliteEventLogStorage,
)
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

# The UI looks into the files of many runs; each that is open costs a descriptor or two.
_FILES_KEPT_OPEN = 8


class HeldOpenEventLog(SqliteEventLogStorage):
    """Dagster's event log in SQLite, without opening and closing a file for each event.

    With the last connection to a file SQLite also folds its log into it and forces it to disk: of
    a first night on the sample, with 2,400 events, that took a quarter. Events are committed
    without waiting for the disk: they outlive a killed process, and a power cut takes the last
    ones at most, never the file.
    """

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._guard = threading.RLock()
        self._engines: dict[str, Engine] = {}
        self._within: dict[str, Connection] = {}
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Any
    ) -> HeldOpenEventLog:
        """Return the storage that the instance's settings name, its folder in the instance's."""
        folder = Path(os.environ["DAGSTER_HOME"], config_value["base_dir"])
        return cls(str(folder), inst_data)

    def run_connection(self, run_id: str | None = None) -> AbstractContextManager[Connection]:
        """Give a transaction on the events of a run."""
        return self._transaction(run_id or "")

    def index_connection(self) -> AbstractContextManager[Connection]:
        """Give a transaction on what is known across runs."""
        return self._transaction(INDEX_SHARD_NAME)

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store events in one transaction a file: all of them or none."""
        shards = dict.fromkeys([*(told.run_id for told in events), INDEX_SHARD_NAME])
        with self._guard, ExitStack() as stack:
            for shard in shards:
                self._within[shard] = stack.enter_context(self._transaction(shard))
                stack.callback(self._within.pop, shard)
            for told in events:
                self.store_event(told)

    def wipe(self) -> None:
        """Remove all events, and the files that hold them."""
        self._close()
        super().wipe()

    def dispose(self) -> None:
        """Close every file."""
        self._close()
        super().dispose()

    @contextmanager
    def _transaction(self, shard: str) -> Iterator[Connection]:
        with self._guard:
            within = self._within.get(shard)
            if within is not None:
                yield within
                return
            with self._engine(shard).begin() as connection:
                yield connection

    def _engine(self, shard: str) -> Engine:
        """Return the open file of a shard, made first if there is none."""
        engine = self._engines.pop(shard, None)
        if engine is None:
            with super()._connect(shard):
                pass
            engine = create_engine(
                self.conn_string_for_shard(shard),
                poolclass=QueuePool,
                pool_size=1,
                max_overflow=0,
                connect_args={
                    "timeout": SQLITE_BUSY_TIMEOUT_SECONDS,
                    # The guard lets one thread in at a time.
                    "check_same_thread": False,
                },
            )
            event.listen(engine, "connect", _without_waiting_for_the_disk)
        self._engines[shard] = engine  # last: the one that was used last
        for other in [*self._engines][:-_FILES_KEPT_OPEN]:
            self._engines.pop(other).dispose()
        return engine

    def _close(self) -> None:
        with self._guard:
            while self._engines:
                self._engines.popitem()[1].dispose()


def _without_waiting_for_the_disk(connection: Any, _: object) -> None:
    connection.execute("PRAGMA synchronous = NORMAL")
