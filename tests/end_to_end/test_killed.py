"""Nights that are killed in the middle, while they rebuild everything from the landing."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from orchestration.home import PROJECT_ROOT
from tests.end_to_end.nights import NightRun, command, environment, published_rows, run


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_during_a_rebuild_a_plain_rerun_gives_the_same_from_the_landing_alone(
    tmp_path: Path, sample: tuple[Path, NightRun], seed: int
) -> None:
    home = tmp_path / "home"
    shutil.copytree(sample[0], home, symlinks=True)
    shutil.rmtree(home / "warehouse")
    # Without what was delivered: the landing alone has to do.
    shutil.rmtree(home / "sample")
    (home / "sample" / "demo").mkdir(parents=True)
    release = (home / "published").resolve()
    # From just after the start to the publication.
    after = random.Random(seed).uniform(1.0, 16.0)
    night = subprocess.Popen(
        command("run"),
        cwd=PROJECT_ROOT,
        env=environment(home),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    time.sleep(after)
    os.killpg(night.pid, signal.SIGKILL)
    night.wait(30)
    assert (home / "published" / "funnel.duckdb").exists(), f"killed after {after:.1f} s"
    assert published_rows(home) == published_rows(sample[0]), f"killed after {after:.1f} s"
    again = run(home)
    assert again.code == 0, f"killed after {after:.1f} s\n{again.output}"
    assert (home / "published").resolve() != release
    assert published_rows(home) == published_rows(sample[0])
