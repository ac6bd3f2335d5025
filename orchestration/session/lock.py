"""The lock that admits one writer at a time to ``FUNNEL_HOME``.

Every job that writes holds it for its whole run, however it was started. Here belongs the lock
alone: what runs under it, and what becomes of runs that died, is the business of the jobs.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import time
import weakref
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

_POLL_SECONDS = 0.2
_REMIND_SECONDS = 30.0


class NightLockBusy(Exception):
    """Another process held the lock for longer than the caller would wait."""


class NightLock:
    """An exclusive lock on one file, freed by the kernel when its process ends, however it ends.

    The lock is on the open file, not its existence: the file stays behind and means nothing. Do not
    delete it while a run is on, or a second writer could lock a new file of the same name. Not
    re-entrant: a second ``NightLock`` of the same process waits like any other, for itself.
    Programs and forks started by the holder do not keep the lock.
    """

    def __init__(self, path: Path, remind_seconds: float = _REMIND_SECONDS) -> None:
        """Name the file; ``remind_seconds`` lie between two calls of ``on_wait``."""
        self.path = path
        self._remind_seconds = remind_seconds
        self._descriptor: int | None = None
        _locks.add(self)

    @property
    def is_held(self) -> bool:
        """Whether this object holds the lock."""
        return self._descriptor is not None

    def acquire(
        self, wait_seconds: float, on_wait: Callable[[str], None], what: str = "a run"
    ) -> None:
        """Take the lock, waiting up to ``wait_seconds`` for its holder; 0 tries once.

        While it waits, ``on_wait`` gets a sentence with the holder, at once and then repeatedly.
        ``what`` says in a few words what the lock is taken for; others see it. Raises
        ``NightLockBusy`` when the time is over, ``RuntimeError`` if this object holds it already.
        """
        if self._descriptor is not None:
            raise RuntimeError(f"this object holds {self.path} already")
        started = time.monotonic()
        next_reminder = started
        self.path.parent.mkdir(parents=True, exist_ok=True)
        while (descriptor := self._try()) is None:
            now = time.monotonic()
            left = started + wait_seconds - now
            if left <= 0:
                raise NightLockBusy(
                    f"{_holder(self.path)} Nothing was done after waiting {wait_seconds:.0f} s. "
                    "Start again when that run has ended, or end its process: the lock frees "
                    "itself. Don't delete the file."
                )
            if now >= next_reminder:
                on_wait(f"{_holder(self.path)} Waiting up to {left:.0f} s for it to end.")
                next_reminder = now + self._remind_seconds
            time.sleep(min(_POLL_SECONDS, left))
        try:
            _write(descriptor, what)
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lock back; without effect if this object doesn't hold it."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            try:
                os.ftruncate(descriptor, 0)
            finally:
                os.close(descriptor)

    @contextlib.contextmanager
    def holding(
        self, wait_seconds: float, on_wait: Callable[[str], None], what: str = "a run"
    ) -> Iterator[None]:
        """Hold the lock inside a ``with`` block; arguments and errors as ``acquire``."""
        self.acquire(wait_seconds, on_wait, what)
        try:
            yield
        finally:
            self.release()

    def _try(self) -> int | None:
        """Return the descriptor of the locked file, or null if another open file has the lock."""
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # A file deleted between opening and locking is no longer the one that others lock.
            if os.path.samestat(os.fstat(descriptor), os.stat(self.path)):
                return descriptor
        except (BlockingIOError, FileNotFoundError):
            pass
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        return None

    def _forget(self) -> None:
        """Drop a descriptor that a fork inherited; closing it leaves the parent's lock alone."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


_locks: weakref.WeakSet[NightLock] = weakref.WeakSet()


def _forget_all() -> None:
    for lock in list(_locks):
        lock._forget()


# O_CLOEXEC covers started programs. A fork that runs on, such as a worker of multiprocessing, would
# keep the lock of a parent that was killed.
os.register_at_fork(after_in_child=_forget_all)


def _write(descriptor: int, what: str) -> None:
    """Write into the locked file who holds it, for others to read."""
    holder = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
        "what": what,
    }
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(holder).encode(), 0)


def _holder(path: Path) -> str:
    """Return a sentence that says who holds the lock, as far as the file tells."""
    try:
        holder = json.loads(path.read_bytes())
        who = f"process {holder['pid']} on {holder['host']}, since {holder['since']}"
        return f"{path} is locked by {who}: {holder['what']}."
    except (OSError, ValueError, KeyError, TypeError):
        # Between taking the lock and writing the file, the holder is not known.
        return f"{path} is locked by another process."
