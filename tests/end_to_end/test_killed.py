"""A night that is killed in the middle, again and again, while it rebuilds all from the landing."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from pathlib import Path

from tests.end_to_end.nights import NightRun, published_rows, run, start

# From just after the start to the publication: an early moment, then a late one.
MOMENTS = [random.Random(seed).uniform(0.5, 12.0) for seed in (1, 2)]


def test_killed_during_a_rebuild_a_plain_rerun_gives_the_same_from_the_landing_alone(
    tmp_path: Path, sample: tuple[Path, NightRun]
) -> None:
    home = tmp_path / "home"
    shutil.copytree(sample[0], home, symlinks=True)
    shutil.rmtree(home / "warehouse")
    # Without what was delivered: the landing alone has to do.
    shutil.rmtree(home / "sample")
    (home / "sample" / "demo").mkdir(parents=True)
    release = (home / "published").resolve()
    before = published_rows(home)
    for after in MOMENTS:
        # The next one starts from what this one leaves. A quick machine may be done before.
        assert _kill(home, after) in (-signal.SIGKILL, 0), f"failed within {after:.1f} s"
        assert published_rows(home) == before, f"killed after {after:.1f} s"
    again = run(home)
    assert again.code == 0, f"killed after {MOMENTS} s\n{again.output}"
    assert (home / "published").resolve() != release
    assert published_rows(home) == before


def _kill(home: Path, after: float) -> int:
    """Kill a night some seconds after its start; return how it ended."""
    night = start(home)
    time.sleep(after)
    os.kill(night.pid, signal.SIGKILL)
    return night.finish()[0]
