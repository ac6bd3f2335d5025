"""Commands of the project in processes of their own that begin with the libraries loaded.

Every command starts from the same process, which has imported the libraries and nothing of the
project: loading them takes a command six of its seconds, and tests nothing after the first time.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

_TIMEOUT = 300.0
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.end_to_end.libraries"])


class WarmCommand:
    """A command of the project that runs in ``folder``, in a process of its own."""

    def __init__(self, words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        self._told = " ".join(words)
        self._printed = tempfile.NamedTemporaryFile("r", encoding="utf-8")  # noqa: SIM115
        arguments = (list(words), str(folder), dict(environment), self._printed.name)
        self._process = _context.Process(target=_work, args=arguments)
        self._process.start()

    @property
    def pid(self) -> int:
        """The number of its process."""
        assert self._process.pid is not None
        return self._process.pid

    def finish(self) -> tuple[int, str]:
        """Wait for its end; return its exit code and what it printed."""
        with self._printed as printed:
            self._process.join(_TIMEOUT)
            if self._process.is_alive():
                self._process.kill()
                self._process.join()
                raise TimeoutError(f"{self._told} took longer than {_TIMEOUT:.0f} s")
            assert self._process.exitcode is not None
            return self._process.exitcode, printed.read()


def _work(words: list[str], folder: str, environment: dict[str, str], printed: str) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    descriptor = os.open(printed, os.O_WRONLY)
    for standard in (1, 2):
        os.dup2(descriptor, standard)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115
    sys.path[0:0] = [folder]
    sys.argv = ["orchestration", *words]
    runpy.run_module("orchestration", run_name="__main__", alter_sys=True)
