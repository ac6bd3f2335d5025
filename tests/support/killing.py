"""Work in a process of its own that is killed in the middle, as by a power cut or an operator.

The process is a fork, so it has what is loaded and parsed already, and begins at once. No engine
may be open for writing when it begins.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable

_LONGEST = 120.0


def kill_this_process() -> None:
    """End this process at once: nothing is flushed, closed or rolled back."""
    os.kill(os.getpid(), signal.SIGKILL)


class Countdown:
    """Kills this process some seconds after the n-th time that it is called."""

    def __init__(self, calls: int, seconds: float = 0.0) -> None:
        self._calls = calls
        self._seconds = seconds
        self._lock = threading.Lock()

    def __call__(self, *_: object) -> None:
        """Count; whatever is told of the occasion is not looked at."""
        with self._lock:
            self._calls -= 1
            is_over = self._calls == 0
        if is_over and self._seconds:
            threading.Timer(self._seconds, kill_this_process).start()
        elif is_over:
            kill_this_process()


def kill_as_soon_as(happened: Callable[[], bool]) -> None:
    """Kill this process when something has happened, looked for by a thread beside the work."""

    def watch() -> None:
        while not happened():
            time.sleep(0.0002)
        kill_this_process()

    threading.Thread(target=watch, daemon=True).start()


def killed(work: Callable[[], None]) -> None:
    """Do work that kills its process; at the latest it is killed at its end."""

    def work_and_die() -> None:
        work()
        kill_this_process()

    process = multiprocessing.get_context("fork").Process(target=work_and_die)
    process.start()
    process.join(_LONGEST)
    if process.is_alive():
        process.kill()
        process.join()
        raise TimeoutError(f"nothing killed the process within {_LONGEST:.0f} s")
    assert process.exitcode == -signal.SIGKILL, f"not killed: {process.exitcode}"
