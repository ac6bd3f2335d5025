"""A night that is killed in the middle, again and again, while it rebuilds all from the landing."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.settings import DEFAULT_SETTINGS_FILE
from tests.end_to_end.nights import NightRun, published_rows, run, start

# From just after the start to the publication: an early moment, then a late one.
MOMENTS = [random.Random(seed).uniform(0.5, 12.0) for seed in (1, 2)]
# Each past day of the forecast's record takes a second, and is like the others.
PAST_DAYS = 2
RECORD = "mart_forecast_accuracy"
# What judges the days of the record together.
JUDGEMENTS = ("mart_forecast_scorecard", "mart_win_rate_calibration")


def test_killed_during_a_rebuild_a_plain_rerun_gives_the_same_from_the_landing_alone(
    tmp_path: Path, sample: tuple[Path, NightRun]
) -> None:
    home = tmp_path / "home"
    shutil.copytree(sample[0], home, symlinks=True)
    shutil.rmtree(home / "warehouse")
    # Without what was delivered: the landing alone has to do.
    shutil.rmtree(home / "sample")
    (home / "sample" / "demo").mkdir(parents=True)
    settings = _with_few_past_days(tmp_path / "funnel.toml")
    release = (home / "published").resolve()
    before = published_rows(home)
    for after in MOMENTS:
        # The next one starts from what this one leaves. A quick machine may be done before.
        assert _kill(home, settings, after) in (-signal.SIGKILL, 0), f"failed within {after:.1f} s"
        assert _differing(published_rows(home), before) == [], f"killed after {after:.1f} s"
    again = run(home, settings)
    assert again.code == 0, f"killed after {MOMENTS} s\n{again.output}"
    assert (home / "published").resolve() != release
    after_all = published_rows(home)
    assert _differing(after_all, before) == []
    assert len(pc.unique(after_all[RECORD]["as_of"])) == PAST_DAYS


def _with_few_past_days(path: Path) -> Path:
    bundled = Path(DEFAULT_SETTINGS_FILE)
    text = bundled.read_text("utf-8").replace(
        'path = "maven"', f'path = "{bundled.with_name("maven")}"'
    )
    path.write_text(f"{text}\n[forecast]\npast_days = {PAST_DAYS}\n", "utf-8")
    return path


def _differing(found: dict[str, pa.Table], expected: dict[str, pa.Table]) -> list[str]:
    """Return the tables that differ: of the forecast's record, on days that both hold."""
    days = pc.unique(found[RECORD]["as_of"])
    same_days = expected[RECORD].filter(pc.is_in(expected[RECORD]["as_of"], value_set=days))
    return [
        table
        for table, rows in {**expected, RECORD: same_days}.items()
        if table not in JUDGEMENTS and not found[table].equals(rows)
    ]


def _kill(home: Path, settings: Path, after: float) -> int:
    """Kill a night some seconds after its start; return how it ended."""
    night = start(home, settings)
    time.sleep(after)
    os.kill(night.pid, signal.SIGKILL)
    return night.finish()[0]
