"""One night on the bundled sample, shared by the tests that only read it."""

from __future__ import annotations

import fcntl
import json
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.end_to_end.nights import NightRun, run_as_typed


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, NightRun]:
    """The home folder after the sample's first night, and what that night printed.

    The first worker that asks runs the night, any other waits for it.
    """
    base = tmp_path_factory.getbasetemp()
    # Each worker has a folder of its own below one that they share.
    shared = base.parent if base.name.startswith("popen-") else base
    home, told = shared / "sample", shared / "sample.json"
    with (shared / "sample.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not told.exists():
            night = run_as_typed(home)
            assert night.code == 0, night.output
            told.write_text(json.dumps(asdict(night)), "utf-8")
    return home, NightRun(**json.loads(told.read_text("utf-8")))
