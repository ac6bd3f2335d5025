"""Two nights at once."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from orchestration.home import PROJECT_ROOT
from tests.end_to_end.nights import (
    command,
    environment,
    query,
    run,
    write_company,
    write_settings,
)

DEALS = "deal_id,stage,created_at,amount,currency\n" + "".join(
    f"d{number},first,2024-01-{number % 28 + 1:02},{number},EUR\n" for number in range(500)
)


def _start(home: Path, settings: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command("run", *words),
        cwd=PROJECT_ROOT,
        env=environment(home, settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def test_of_nights_at_once_one_runs_and_the_others_wait_or_say_why_not(tmp_path: Path) -> None:
    write_company(tmp_path / "files", deals=DEALS)
    settings = write_settings(tmp_path / "funnel.toml", "2024-01-31")
    home = tmp_path / "home"
    nights = [_start(home, settings), _start(home, settings)]
    deadline = time.monotonic() + 90
    while not (home / "landing").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    hasty = run(home, settings, "run", "--wait", "0")
    outputs = [night.communicate(timeout=300)[0] for night in nights]
    assert [night.returncode for night in nights] == [0, 0], "\n".join(outputs)
    assert sum("Waiting up to" in output for output in outputs) == 1, "\n".join(outputs)
    assert hasty.code == 3, hasty.output
    assert any(str(night.pid) in hasty.output for night in nights), hasty.output
    assert query(home, "select count(*) from marts.fct_deals") == [(500,)]
    assert len(list((home / "releases").iterdir())) == 2
